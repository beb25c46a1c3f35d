"""The command Chown2: gives objects to another user, with what belongs to them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import omero
import omero.cmd

from lab.omero.caller import ANNOTATE, READ, WRITE, Caller, granted
from lab.omero.commands.delete import GRAPH_FAIL, Rows, carry_out, planned
from lab.omero.commands.graph import Plan
from lab.omero.commands.handle import error
from lab.omero.commands.refusals import split_fileset
from lab.omero.commands.rules import CONTAINERS, Key
from lab.omero.model import ENTITIES, Entity
from lab.omero.servants import Call
from lab.omero.store import Row


def give(call: Call, request: Any) -> Any:
    """Give to another user; links of containers that stay are deleted, but for those in read-write groups."""
    if request.targetUsers or request.childOptions:
        raise error(
            request, "unsupported", "lab OMERO gives away objects that are named, with all that belongs to them"
        )
    caller = call.caller.everywhere()
    with call.working(caller) as work:
        plan = planned(work, request)
        reason = _refused(caller) or split_fileset(plan, "give") or _forbidden(caller, plan, request.userId, work.store)
        if reason:
            raise error(request, GRAPH_FAIL, reason, omero.cmd.GraphException)
        given, dropped = _divided(plan.doomed, caller)
        if not request.dryRun:
            carry_out(work, given, dropped, {"owner_id": request.userId})
    java = [{ENTITIES[name].java: sorted(ids) for name, ids in part.items()} for part in (given, dropped)]
    return omero.cmd.Chown2Response(*java)


def _refused(caller: Caller) -> str:
    return "" if caller.has("Chown") or caller.leader_of else "not an owner of any group"


def _forbidden(caller: Caller, plan: Plan, user: int, store: Any) -> str:
    """An owner of groups gives what is in them, to their members."""
    if caller.has("Chown"):
        return ""
    rows = store.rows(ENTITIES["GroupExperimenterMap"], "child", [user])
    known = {row["parent"] for row in rows}
    for group in sorted({row["group_id"] for row in plan.doomed.values()}):
        if group not in caller.leader_of:
            return f"user {caller.user} is not an owner of group {group}"
        if group not in known:
            return f"user {user} is not a member of group {group}"
    return ""


def _divided(rows: dict[Key, Row], caller: Caller) -> tuple[Rows, Rows]:
    given: dict[str, list[int]] = defaultdict(list)
    dropped: dict[str, list[int]] = defaultdict(list)
    staying = {key for key, row in rows.items() if _stays(key, row, caller)}
    for key, row in rows.items():
        entity = ENTITIES[row.get("kind", key[0])]
        if key in staying:
            continue
        if not entity.is_link or _goes(entity, row, rows, staying):
            given[entity.name].append(key[1])
        elif _is_lost(entity, row, caller):
            dropped[entity.name].append(key[1])
    return given, dropped


def _stays(key: Key, row: Row, caller: Caller) -> bool:
    """Annotations in groups that annotate together stay with whom they belong to."""
    permissions = caller.permissions[row["group_id"]]
    return key[0] == "Annotation" and granted(permissions, "group", ANNOTATE)


def _goes(entity: Entity, row: Row, rows: dict[Key, Row], staying: set[Key]) -> bool:
    """Tell whether a link is given: both its ends are, and it does not belong to a third party."""
    ends = [(ENTITIES[entity.fields[side].target].root.name, row[side]) for side in ("parent", "child")]
    if not all(end in rows and end not in staying for end in ends):
        return False
    is_of_people = entity.name.endswith(("AnnotationLink", *CONTAINERS))
    return not is_of_people or row["owner_id"] in {rows[end]["owner_id"] for end in ends}


def _is_lost(entity: Entity, row: Row, caller: Caller) -> bool:
    permissions = caller.permissions[row["group_id"]]
    if entity.name in CONTAINERS:
        return not granted(permissions, "group", WRITE)
    return entity.name.endswith("AnnotationLink") and not granted(permissions, "group", READ)
