"""The agent's own account in the zone: makes it with an administrator's login, or says how to make it by hand."""

from __future__ import annotations

import os
import secrets
import shlex
from pathlib import Path
from typing import Any

from irods.exception import NetworkException, PycommandsException, UserDoesNotExist, iRODSException
from irods.session import NonAnonymousLoginWithoutPassword, iRODSSession

from irods_omero.errors import PolicyError, SettingsError
from irods_omero.install import files
from irods_omero.settings import ZONE_PASSWORD_VARIABLE, ZoneSettings, read_secret

ADMINISTRATOR = "rodsadmin"
AUTHENTICATION_VARIABLE = "IRODS_AUTHENTICATION_FILE"
SECRET_MODE = 0o600
PASSWORD_BYTES = 24
"""Gives 32 characters; iRODS takes up to 42."""


def commands(zone: ZoneSettings) -> list[str]:
    """The icommands with which an administrator makes the account."""
    user = shlex.quote(zone.user)
    password = f'"$(cat {shlex.quote(zone.password_file)})"' if zone.password_file else "'the password'"
    return [f"iadmin mkuser {user} {ADMINISTRATOR}", f"iadmin moduser {user} password {password}"]


def create(zone: ZoneSettings, environment: Path) -> list[str]:
    """Make the account, if it is missing, and give it the password in its file, which is made if it is missing.

    Args:
        zone: Names the account and its password file.
        environment: The irods_environment.json of an administrator who has logged in with iinit.

    Returns:
        What was done.
    """
    if not environment.is_file():
        raise SettingsError(
            f"the account {zone.user} could not be made: there is no {environment}: log in as an iRODS administrator "
            "with iinit, or name the environment of one by --environment"
        )
    done = _make_password(zone)
    password = read_secret(zone.password_file, ZONE_PASSWORD_VARIABLE)
    try:
        with iRODSSession(irods_env_file=str(environment), **_authentication(environment)) as session:
            return done + _make_user(session, zone, password)
    except NonAnonymousLoginWithoutPassword as error:
        raise PolicyError(
            f"the account {zone.user} could not be made: whoever {environment} names is not logged in: "
            f"log in as an iRODS administrator with iinit ({error})"
        ) from error
    except (PycommandsException, iRODSException, NetworkException, OSError, ValueError, KeyError) as error:
        raise PolicyError(f"the account {zone.user} could not be made with {environment}: {_said(error)}") from error


def _authentication(environment: Path) -> dict[str, Any]:
    """The scrambled password beside an environment, which root may use, too: the owner's user id unscrambles it."""
    beside = environment.with_name(".irodsA")
    if AUTHENTICATION_VARIABLE in os.environ or not beside.exists():
        return {}
    return {"irods_authentication_file": str(beside), "irods_authentication_uid": beside.stat().st_uid}


def _make_password(zone: ZoneSettings) -> list[str]:
    path = Path(zone.password_file or "")
    if zone.password_file is None or path.exists():
        return []
    if os.environ.get(ZONE_PASSWORD_VARIABLE):
        return []
    try:
        files.write_atomically(path, secrets.token_urlsafe(PASSWORD_BYTES).encode(), SECRET_MODE, path.parent.stat())
    except OSError as error:
        raise SettingsError(f"{path}: the password file cannot be written: {error.strerror}") from None
    return [f"wrote a new password to {path}"]


def _make_user(session: Any, zone: ZoneSettings, password: str) -> list[str]:
    done = []
    try:
        kind = session.users.get(zone.user, zone.name).type
    except UserDoesNotExist:
        kind = session.users.create(zone.user, ADMINISTRATOR).type
        done.append(f"made the account {zone.user}")
    if kind != ADMINISTRATOR:
        raise PolicyError(f"{zone.user} is a {kind}: the agent needs an account of its own, of type {ADMINISTRATOR}")
    session.users.modify(zone.user, "password", password)
    return [*done, f"set the password of {zone.user}"]


def _said(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".strip()
