"""Users, groups and tiers of a scene: made where they are missing, and left as they are where they exist.

On a real server an account or a tier group of the same name may be somebody's: no password is changed, and a tier
group is written only if it is not the one that the tests want.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import pytest
from irods.exception import CAT_INVALID_AUTHENTICATION, ResourceDoesNotExist, UserDoesNotExist
from irods.models import Resource
from irods.session import iRODSSession

from irods_omero.vocabulary import TIER_GROUP
from lab.omero.setup import add_group, add_restricted_admin, add_user
from lab.zone.setup import add_user as add_zone_user
from lab.zone.setup import set_up_tiers
from tests.scene.places import AGENT_PASSWORD_VARIABLE, AGENT_USER

USER = "alice"
PASSWORD = "microscopist"
AGENT_PASSWORD = os.environ.get(AGENT_PASSWORD_VARIABLE) or "agent of the lab"
GROUP = "microscopy"
SERVICE = "irods-service"
FAST, ARCHIVE = "fast", "archive"
TIERS = ((FAST, 0), (ARCHIVE, 1))
TIME_ON_TIER = "irods::storage_tiering::time"

_logged_in: set[tuple[str, int, str, str]] = set()
"""Who has logged in to which zone by which password, which need not be tried again."""


def ensure_zone_accounts(session: Any) -> None:
    """Make the user, the agent and the tiers of a scene."""
    ensure_zone_user(session, USER, PASSWORD)
    ensure_zone_user(session, AGENT_USER, AGENT_PASSWORD, kind="rodsadmin")
    ensure_tiers(session, GROUP, TIERS)


def ensure_omero_accounts(client: Any) -> None:
    """Make the user, the group and the service account of a scene."""
    group = add_group(client, GROUP, "rwra--")
    add_user(client, USER, PASSWORD, [group])
    add_restricted_admin(client, SERVICE, AGENT_PASSWORD, ("Sudo",))


def ensure_zone_user(session: Any, name: str, password: str, kind: str = "rodsuser") -> None:
    """Make a user of a zone unless there is one, whose password is then left as it is, and has to be this one."""
    try:
        session.users.get(name)
    except UserDoesNotExist:
        add_zone_user(session, name, password, kind)
        return
    if (session.host, session.port, name, password) in _logged_in:
        return
    account = {"user": name, "password": password, "zone": session.zone}
    with iRODSSession(host=session.host, port=session.port, **account) as own:
        try:
            own.collections.exists("/")
        except CAT_INVALID_AUTHENTICATION:
            pytest.exit(f"The tests need their own password: iadmin moduser {name} password ...", 2)
    _logged_in.add((session.host, session.port, name, password))


def ensure_tiers(session: Any, group: str, tiers: Sequence[tuple[str, int]]) -> None:
    """Make a tier group unless its resources belong to it already, each with its index."""
    slowest = max(index for _, index in tiers)
    if not all(_is_tier(session, group, name, index, index == slowest) for name, index in tiers):
        set_up_tiers(session, group=group, tiers=tiers)


def _is_tier(session: Any, group: str, resource: str, index: int, is_slowest: bool) -> bool:
    try:
        session.resources.get(resource)
    except ResourceDoesNotExist:
        return False
    avus = session.metadata.get(Resource, resource)
    is_left = any(avu.name == TIME_ON_TIER for avu in avus)
    groups = {(avu.value, avu.units) for avu in avus if avu.name == TIER_GROUP}
    return groups == {(group, str(index))} and (is_slowest or is_left)
