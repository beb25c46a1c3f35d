"""How sessions of the service account are opened: with what proves who it is, and whether the traffic is encrypted."""

from __future__ import annotations

import ssl
from ipaddress import ip_address
from typing import Any, TypeAlias

from irods import client_configuration
from irods.session import iRODSSession

from irods_omero.settings import ZONE_PASSWORD_VARIABLE, ZoneSettings, read_secret

Options: TypeAlias = dict[str, str | int | bool]

POLICY, REQUIRED, REFUSED = "client_server_policy", "CS_NEG_REQUIRE", "CS_NEG_REFUSE"
SCHEME, NATIVE, PAM = "authentication_scheme", "native", "pam_password"

ENCRYPTION: Options = {
    "client_server_negotiation": "request_server_negotiation",
    "encryption_algorithm": "AES-256-CBC",
    "encryption_key_size": 32,
    "encryption_num_hash_rounds": 16,
    "encryption_salt_size": 8,
    "ssl_verify_server": "hostname",
}
"""What python-irodsclient has to be told besides the policy; these are the values of the icommands."""

CERTIFICATES = ("ssl_ca_certificate_file", "ssl_ca_certificate_path")


def open_session(settings: ZoneSettings, **more: Any) -> iRODSSession:
    """A session of the service account; connections are made at the first call.

    Args:
        settings: The zone, and who the service account is there.
        more: What else python-irodsclient is told, such as the user on whose behalf it acts.
    """
    return iRODSSession(
        host=settings.host,
        port=settings.port,
        user=settings.user,
        zone=settings.name,
        password=read_secret(settings.password_file, ZONE_PASSWORD_VARIABLE),
        **session_options(settings),
        **more,
    )


def session_options(settings: ZoneSettings) -> Options:
    """The options of the settings, completed: to another machine connections are encrypted unless these say no.

    Returns:
        By names without ``irods_``, which files for the icommands have in front of them.
    """
    given = {name.removeprefix("irods_"): value for name, value in settings.options.items()}
    policy = given.setdefault(POLICY, REFUSED if is_this_machine(settings.host) else REQUIRED)
    if policy != REQUIRED:
        return given
    trusted = {} if any(name in given for name in CERTIFICATES) else _certificates_of_the_system()
    return {**ENCRYPTION, **trusted, **given}


def is_encrypted(settings: ZoneSettings) -> bool:
    """Whether connections are refused that are not encrypted."""
    return session_options(settings)[POLICY] == REQUIRED


def scheme_of(settings: ZoneSettings) -> str:
    """How the service account proves who it is."""
    return str(session_options(settings).get(SCHEME, NATIVE))


def uses_legacy_calls() -> bool:
    """Whether python-irodsclient's own settings, a file of the user's or the environment, ask for legacy sign-in."""
    return bool(client_configuration.legacy_auth.force_legacy_auth)


def is_this_machine(host: str) -> bool:
    """Whether what is sent to a host stays on this machine, by its name."""
    if host.rstrip(".") == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _certificates_of_the_system() -> Options:
    """Where the system keeps whom it trusts: without a place python-irodsclient trusts any certificate."""
    known = ssl.get_default_verify_paths()
    places = zip(CERTIFICATES, (known.cafile, known.capath or known.openssl_capath), strict=True)
    return {name: path for name, path in places if path}
