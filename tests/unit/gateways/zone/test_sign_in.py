"""Sessions of the service account: by TLS to other machines, with a certificate that is checked."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from irods_omero.errors import RefusedError, UnreachableError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.sign_in import is_encrypted, is_this_machine, session_options
from irods_omero.settings import ZONE_PASSWORD_VARIABLE, ZoneSettings
from lab.zone.lab import LabZone

REQUIRE = {"irods_client_server_policy": "CS_NEG_REQUIRE"}
REFUSE = {"client_server_policy": "CS_NEG_REFUSE"}


def settings(host: str = "icat.example.org", **options: Any) -> ZoneSettings:
    return ZoneSettings(name="tempZone", host=host, user="omero-agent", options=options)


@pytest.mark.parametrize(
    ("host", "stays"),
    [
        ("localhost", True),
        ("localhost.", True),
        ("127.0.0.1", True),
        ("127.8.0.1", True),
        ("::1", True),
        ("icat.example.org", False),
        ("localhost.example.org", False),
        ("10.0.0.1", False),
    ],
)
def test_traffic_to_other_machines_is_encrypted_unless_the_options_say_no(host: str, stays: bool) -> None:
    assert is_this_machine(host) is stays
    assert is_encrypted(settings(host)) is not stays
    assert is_encrypted(settings(host, **REQUIRE))
    assert not is_encrypted(settings(host, **REFUSE))


def test_the_certificate_is_checked_against_those_of_the_system_or_the_options() -> None:
    by_default = session_options(settings())
    assert by_default["ssl_verify_server"] == "hostname"
    # Without either python-irodsclient trusts any certificate.
    assert {"ssl_ca_certificate_file", "ssl_ca_certificate_path"} & set(by_default)
    own = session_options(settings(irods_ssl_ca_certificate_file="/etc/ca.pem", irods_ssl_verify_server="cert"))
    assert (own["ssl_ca_certificate_file"], own["ssl_verify_server"]) == ("/etc/ca.pem", "cert")
    assert "ssl_ca_certificate_path" not in own


def test_where_the_system_trusts_nobody_no_certificate_is_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ssl.get_default_verify_paths()
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: known._replace(cafile="", capath=""))
    assert session_options(settings())["ssl_ca_certificate_path"] == known.openssl_capath


@pytest.fixture(scope="module")
def encrypted() -> Iterator[LabZone]:
    """A zone that talks to nobody without TLS."""
    with LabZone(tls=True) as zone:
        yield zone


def ask(zone: LabZone, monkeypatch: pytest.MonkeyPatch, **options: Any) -> bool:
    monkeypatch.setenv(ZONE_PASSWORD_VARIABLE, zone.password)
    at = ZoneSettings(name=zone.name, host=zone.host, port=zone.port, user=zone.admin, options=options)
    with ZoneConnection(at, attempts=1) as connection:
        return bool(connection.call("looking for", "/", lambda session: session.collections.exists("/tempZone")))


def test_a_zone_that_demands_tls_gets_it(encrypted: LabZone, monkeypatch: pytest.MonkeyPatch) -> None:
    trusted = {"irods_ssl_ca_certificate_file": str(encrypted.certificate), "irods_ssl_verify_server": "cert"}
    assert ask(encrypted, monkeypatch, **REQUIRE, **trusted)


def test_a_wrong_password_is_told_as_that_whatever_was_asked_and_is_no_units_fault(
    encrypted: LabZone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encrypted, "password", "wrong")
    trusted = {"irods_ssl_ca_certificate_file": str(encrypted.certificate), "irods_ssl_verify_server": "cert"}
    with pytest.raises(UnreachableError, match=f"signing in to the zone by native as '{encrypted.admin}'"):
        ask(encrypted, monkeypatch, **REQUIRE, **trusted)


def test_a_certificate_that_nobody_vouches_for_is_refused(encrypted: LabZone, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((UnreachableError, RefusedError), match="certificate verify failed"):
        ask(encrypted, monkeypatch, **REQUIRE)


def test_a_certificate_of_another_host_is_refused(encrypted: LabZone, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((UnreachableError, RefusedError), match=r"certificate verify failed.*(?i:mismatch|match)"):
        ask(encrypted, monkeypatch, **REQUIRE, irods_ssl_ca_certificate_file=str(encrypted.certificate))


def test_plain_text_is_refused_by_a_zone_that_demands_tls(encrypted: LabZone, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises((UnreachableError, RefusedError)):
        ask(encrypted, monkeypatch)
