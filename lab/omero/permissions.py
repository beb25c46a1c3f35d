"""Who may read, change, delete, link and annotate what: the rules of OMERO's group permissions."""

from __future__ import annotations

from collections.abc import Sequence

from lab.omero import errors
from lab.omero.caller import ALL_GROUPS, ANNOTATE, READ, SYSTEM, USER, WRITE, Caller, granted
from lab.omero.model import Entity
from lab.omero.store import Row

# The order of the restrictions that a client finds in an object's permissions.
SCOPES = {"link": WRITE, "edit": WRITE, "delete": WRITE, "annotate": ANNOTATE}
GLOBAL_PRIVILEGES = {
    "Experimenter": "ModifyUser",
    "ExperimenterGroup": "ModifyGroup",
    "GroupExperimenterMap": "ModifyGroupMembership",
}


def visible(caller: Caller, entity: Entity, alias: str) -> str:
    """Return the SQL condition on what the caller sees of an entity; none if that is everything."""
    if entity.root.name == "Session":
        real = caller.session.sudoer if caller.session.sudoer is not None else caller.user
        return "" if caller.has("ReadSession") else f"coalesce({alias}.sudoer, {alias}.owner) = {real}"
    if entity.root.is_global or (caller.group == ALL_GROUPS and caller.is_admin):
        return ""
    owned = f"{alias}.owner_id = {caller.user}"
    if caller.group == ALL_GROUPS:
        groups = ", ".join(str(group) for group in _readable(caller))
        return f"({alias}.group_id in ({groups}) or {owned})"
    if _reads_whole_group(caller):
        return f"{alias}.group_id in ({caller.group}, {USER})"
    return f"(({alias}.group_id = {caller.group} and {owned}) or {alias}.group_id = {USER})"


def _readable(caller: Caller) -> list[int]:
    return [
        group
        for group, permissions in caller.permissions.items()
        if group in caller.leader_of
        or granted(permissions, "world", READ)
        or (group in caller.member_of and granted(permissions, "group", READ))
    ]


def _reads_whole_group(caller: Caller) -> bool:
    permissions = caller.group_permissions
    shared = granted(permissions, "group", READ) or granted(permissions, "world", READ)
    return shared or caller.is_admin or caller.group in caller.leader_of


def is_critical(caller: Caller, group: int) -> bool:
    """Tell whether the caller is a supervisor in a private group, whose writing would be visible to nobody else."""
    permissions = caller.permissions.get(group, "------")
    if granted(permissions, "world", READ) or granted(permissions, "group", READ):
        return False
    return caller.is_admin or group in caller.leader_of


def _privilege(entity: Entity, row: Row, scope: str) -> str:
    verb = "Delete" if scope == "delete" else "Write"
    if entity.root.name == "OriginalFile":
        return f"{verb}ManagedRepo" if row.get("repo") else f"{verb}File"
    return f"{verb}Owned"


def allowed(caller: Caller, entity: Entity, row: Row) -> set[str]:
    """Return which of link, edit, delete and annotate the caller may do with an object."""
    if entity.root.is_global:
        return _allowed_global(caller, entity)
    owner, group = row["owner_id"], row["group_id"]
    scopes = set(SCOPES)
    check = group if caller.group == ALL_GROUPS else caller.group
    if group != USER and is_critical(caller, check) and owner != caller.user:
        scopes -= {"link", "annotate"}
    permissions = "rw----" if group == USER and row.get("mimetype") != "Directory" else caller.permissions[group]
    return {scope for scope in scopes if _grants(caller, entity, row, scope, permissions)}


def _grants(caller: Caller, entity: Entity, row: Row, scope: str, permissions: str) -> bool:
    owner, group, right = row["owner_id"], row["group_id"], SCOPES[scope]
    if caller.has(_privilege(entity, row, scope)) or group in caller.leader_of:
        return True
    if granted(permissions, "world", right) or (owner == caller.user and granted(permissions, "user", right)):
        return True
    if group in caller.member_of and granted(permissions, "group", right):
        return True
    return scope in ("link", "annotate") and group in (SYSTEM, USER)


def _allowed_global(caller: Caller, entity: Entity) -> set[str]:
    privilege = GLOBAL_PRIVILEGES.get(entity.root.name)
    may = caller.has(privilege) if privilege else caller.is_admin
    return set(SCOPES) if may else {"link", "annotate"}


def restrictions(caller: Caller, entity: Entity, row: Row) -> list[bool]:
    """Return what a client may not do: link, edit, delete, annotate, chgrp, chown."""
    may = allowed(caller, entity, row)
    if entity.root.is_global:
        moves = caller.has("Chgrp"), caller.has("Chown")
    else:
        moves = caller.has("Chgrp") or row["owner_id"] == caller.user, caller.has("Chown")
        moves = moves[0], moves[1] or row["group_id"] in caller.leader_of
    return [*(scope not in may for scope in SCOPES), not moves[0], not moves[1]]


def check_creation(caller: Caller, entity: Entity, owner: int) -> None:
    """Refuse to create an object that the caller may not."""
    if entity.root.is_global:
        if not _allowed_global(caller, entity) & {"edit"}:
            raise errors.violation(f"{entity.java} is a System-type, and may be created only through privileged APIs.")
        return
    if caller.group == ALL_GROUPS:
        raise errors.api_usage(
            "No valid permissions available! DUMMY permissions are not intended for copying. "
            "Make sure that you have not passed omero.group=-1 for a save without context",
        )
    privileged = caller.has(_privilege(entity, {}, "edit"))
    if owner != caller.user and not privileged:
        raise errors.violation(
            f"You are not authorized to set the Experimenter for {entity.java} to Experimenter:{owner}"
        )
    if privileged or caller.group in caller.member_of:
        return
    right = ANNOTATE if entity.name.endswith("AnnotationLink") else WRITE
    if not granted(caller.group_permissions, "world", right):
        raise errors.violation(f"You are not authorized to create {entity.java}")


def check_links(caller: Caller, entity: Entity, owner: int | None, linked: Sequence[tuple[Entity, Row]]) -> None:
    """Refuse an object that refers to others which the caller may not link to."""
    if entity.root.is_global:
        return
    right = ANNOTATE if entity.name.endswith("AnnotationLink") else WRITE
    for target, row in linked:
        if target.root.is_global or row["group_id"] in (SYSTEM, USER):
            continue
        _check_link(caller, entity, owner, right, target, row)


def _check_link(  # noqa: PLR0917
    caller: Caller, entity: Entity, owner: int | None, right: str, target: Entity, row: Row
) -> None:
    name = f"{target.java}:{row['id']}"
    if row["group_id"] != caller.group:
        raise errors.made(
            "GroupSecurityViolation",
            f"MIXED GROUP: {entity.java}(group={caller.group}) and {name}(group={row['group_id']}) cannot be linked.",
        )
    is_owner = row["owner_id"] == caller.user
    if not is_owner and is_critical(caller, caller.group) and owner != row["owner_id"]:
        raise errors.made(
            "ReadOnlyGroupSecurityViolation",
            f"Cannot link to {name}\nCurrent user ({caller.user_name}) is an admin or the owner of\n"
            f"the private group ({caller.group}={caller.group_permissions}). It is not allowed to\n"
            "link to users' data.",
        )
    supervisor = caller.group in caller.leader_of or caller.has(_privilege(target, row, "edit"))
    role = "user" if is_owner else "group" if row["group_id"] in caller.member_of else "world"
    if (is_owner or not supervisor) and not granted(caller.group_permissions, role, right):
        raise errors.violation(f"Group is {caller.group_permissions}. Cannot link to object: {name}")
