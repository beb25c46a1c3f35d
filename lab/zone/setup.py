"""Sets users and storage tiers up, by calls that any administrator can make on any zone."""

import json
from collections.abc import Sequence
from typing import Any

from irods.exception import GroupDoesNotExist, ResourceDoesNotExist, UserDoesNotExist
from irods.meta import iRODSMeta
from irods.models import Resource
from irods.rule import Rule

TIERING_INSTANCE = "irods_rule_engine_plugin-unified_storage_tiering-instance"
_PREFIX = "irods::storage_tiering::"


def add_user(session: Any, name: str, password: str | None = None, kind: str = "rodsuser") -> None:
    """Make a user who can log in, if there is none; his password is his name unless it is given."""
    try:
        session.users.get(name)
    except UserDoesNotExist:
        session.users.create(name, kind)
    session.users.modify(name, "password", password or name)


def add_group(session: Any, name: str, members: Sequence[str] = ()) -> None:
    """Make a group of users, if there is none, and put members into it."""
    try:
        session.groups.get(name)
    except GroupDoesNotExist:
        session.groups.create(name)
    present = {member.name for member in session.groups.getmembers(name)}
    for member in members:
        if member not in present:
            session.groups.addmember(name, member)


def add_resource(session: Any, name: str) -> None:
    """Make a storage resource beside the default one, on the same host, if there is none."""
    try:
        session.resources.get(name)
    except ResourceDoesNotExist:
        default = session.resources.get("demoResc")
        vault = default.vault_path.rstrip("/").rpartition("/")[0] + "/" + name
        session.resources.create(name, "unixfilesystem", default.location, vault)


def set_up_tiers(
    session: Any,
    group: str = "microscopy",
    tiers: Sequence[tuple[str, int]] = (("fast", 0), ("archive", 1)),
    seconds: int = 1800,
    delay: int = 1,
) -> None:
    """Make a tier group of resources, from the highest tier (0) down.

    Args:
        session: An administrator's session.
        group: Name of the tier group.
        tiers: Resource and index of each tier; resources that are missing are made.
        seconds: For how long a data object stays on a tier after it was last used.
        delay: Seconds that a movement waits in the delay queue.
    """
    for name, index in tiers:
        add_resource(session, name)
        _set(session, name, "group", group, str(index))
        _set(session, name, "minimum_delay_time_in_seconds", str(delay))
        _set(session, name, "maximum_delay_time_in_seconds", str(delay))
    for name, _ in sorted(tiers, key=lambda tier: tier[1])[:-1]:
        _set(session, name, "time", str(seconds))


def _set(session: Any, resource: str, attribute: str, value: str, units: str = "") -> None:
    session.metadata.set(Resource, resource, iRODSMeta(_PREFIX + attribute, value, units or None))


def schedule_tiering(session: Any, groups: Sequence[str], delay: int = 0) -> None:
    """Have storage tiering look for data that is to move, once, as its documentation's example does."""
    rule = {
        "rule-engine-instance-name": TIERING_INSTANCE,
        "rule-engine-operation": "irods_policy_schedule_storage_tiering",
        "delay-parameters": f"<INST_NAME>{TIERING_INSTANCE}</INST_NAME><PLUSET>{delay}s</PLUSET>",
        "storage-tier-groups": list(groups),
    }
    Rule(session, body=json.dumps(rule), instance_name=TIERING_INSTANCE, irods_3_literal_style=True).execute(
        session_cleanup=False
    )
