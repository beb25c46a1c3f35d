from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from irods.password_obfuscation import encode
from irods.session import iRODSSession

from irods_omero.errors import PolicyError, SettingsError
from irods_omero.install import account
from irods_omero.settings import ZONE_PASSWORD_VARIABLE, ZoneSettings
from lab.zone import LabZone
from lab.zone.setup import add_user


@pytest.fixture(scope="module")
def zone() -> Iterator[LabZone]:
    with LabZone() as started:
        yield started


@pytest.fixture
def environment(zone: LabZone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What an administrator has after iinit."""
    monkeypatch.delenv("IRODS_AUTHENTICATION_FILE", raising=False)
    authentication = tmp_path / ".irodsA"
    authentication.write_text(encode(zone.password))
    path = tmp_path / "irods_environment.json"
    known = {
        "irods_host": zone.host,
        "irods_port": zone.port,
        "irods_user_name": zone.admin,
        "irods_zone_name": zone.name,
    }
    path.write_text(json.dumps(known))
    return path


def settings(zone: LabZone, user: str, password_file: Path | None) -> ZoneSettings:
    file = str(password_file) if password_file else None
    return ZoneSettings(name=zone.name, host=zone.host, port=zone.port, user=user, password_file=file)


def kind(zone: LabZone, user: str, password: str) -> str:
    """The type of an account, seen after logging in to it."""
    with iRODSSession(host=zone.host, port=zone.port, zone=zone.name, user=user, password=password) as session:
        return str(session.users.get(user).type)


def test_the_account_is_made_with_a_new_password_that_only_its_owner_may_read(
    zone: LabZone, environment: Path, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    wanted = settings(zone, "first", file)
    assert account.create(wanted, environment)[1] == "made the account first"
    password = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert 30 < len(password) <= 42
    assert kind(zone, "first", password) == "rodsadmin"
    assert account.create(wanted, environment) == ["set the password of first"]
    assert file.read_text() == password


def test_a_password_that_is_there_is_given_to_the_account(
    zone: LabZone, environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "password"
    file.write_text("chosen by hand\n")
    account.create(settings(zone, "second", file), environment)
    assert kind(zone, "second", "chosen by hand") == "rodsadmin"
    monkeypatch.setenv(ZONE_PASSWORD_VARIABLE, "from the environment")
    account.create(settings(zone, "third", tmp_path / "none"), environment)
    assert kind(zone, "third", "from the environment") == "rodsadmin"
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can use somebody else's login")
def test_root_may_use_the_login_of_the_service_account(zone: LabZone, environment: Path, tmp_path: Path) -> None:
    login = tmp_path / ".irodsA"
    login.write_text(encode(zone.password, uid=12345))
    os.chown(login, 12345, 12345)
    account.create(settings(zone, "sixth", tmp_path / "password"), environment)
    assert kind(zone, "sixth", (tmp_path / "password").read_text()) == "rodsadmin"


def test_a_login_elsewhere_can_be_named(
    zone: LabZone, environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".irodsA").rename(tmp_path / "elsewhere")
    monkeypatch.setenv("IRODS_AUTHENTICATION_FILE", str(tmp_path / "elsewhere"))
    assert "made the account seventh" in account.create(settings(zone, "seventh", tmp_path / "password"), environment)


def test_an_ordinary_users_account_is_not_taken(zone: LabZone, environment: Path, tmp_path: Path) -> None:
    with zone.session() as session:
        add_user(session, "alice")
    with pytest.raises(PolicyError, match="alice is a rodsuser"):
        account.create(settings(zone, "alice", tmp_path / "password"), environment)
    assert kind(zone, "alice", "alice") == "rodsuser"


def test_somebody_who_is_no_administrator_is_told_so(zone: LabZone, environment: Path, tmp_path: Path) -> None:
    with zone.session() as session:
        add_user(session, "bob")
    (tmp_path / ".irodsA").write_text(encode("bob"))
    environment.write_text(environment.read_text().replace('"rods"', '"bob"'))
    with pytest.raises(PolicyError, match="could not be made with"):
        account.create(settings(zone, "fourth", tmp_path / "password"), environment)


def test_what_is_missing_is_said(zone: LabZone, environment: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        account.create(settings(zone, "fifth", tmp_path / "no" / "folder"), environment)
    with pytest.raises(SettingsError, match="no password"):
        account.create(settings(zone, "fifth", None), environment)
    with pytest.raises(SettingsError, match=r"there is no .*nothing\.json: log in"):
        account.create(settings(zone, "fifth", tmp_path / "password"), tmp_path / "nothing.json")
    assert not (tmp_path / "password").exists()


def test_the_commands_for_doing_it_by_hand_quote_what_they_are_given(zone: LabZone) -> None:
    assert account.commands(settings(zone, "an agent", Path("/etc/a b"))) == [
        "iadmin mkuser 'an agent' rodsadmin",
        """iadmin moduser 'an agent' password "$(cat '/etc/a b')\"""",
    ]
