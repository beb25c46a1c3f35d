"""The command Chgrp2: moves objects to another group, with what belongs to them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import omero
import omero.cmd

from lab.omero.caller import READ, Caller, granted
from lab.omero.commands.delete import GRAPH_FAIL, Rows, carry_out, planned
from lab.omero.commands.graph import Plan
from lab.omero.commands.handle import error
from lab.omero.commands.refusals import split_fileset
from lab.omero.commands.rules import Key
from lab.omero.model import ENTITIES
from lab.omero.servants import Call
from lab.omero.store import Row


def move(call: Call, request: Any) -> Any:
    """Move to another group; links to what stays behind are deleted."""
    caller, group = call.caller.everywhere(), request.groupId
    if group not in caller.permissions:
        raise error(request, "bad-group", f"cannot find group {group}")
    if not (caller.is_admin or group in caller.member_of):
        raise error(request, "not-in-group", "not a member of the chgrp destination group")
    with call.working(caller) as work:
        plan = planned(work, request)
        reason = split_fileset(plan, "move") or _forbidden(caller, plan)
        if reason:
            raise error(request, GRAPH_FAIL, reason, omero.cmd.GraphException)
        private = not granted(caller.permissions[group], "group", READ)
        moved, dropped = _divided(plan.doomed, private)
        if not request.dryRun:
            carry_out(work, moved, dropped, {"group_id": group})
    java = [{ENTITIES[name].java: sorted(ids) for name, ids in part.items()} for part in (moved, dropped)]
    return omero.cmd.Chgrp2Response(*java)


def _forbidden(caller: Caller, plan: Plan) -> str:
    refused = [
        f"{ENTITIES[row.get('kind', root)].java}[{identity}]"
        for (root, identity), row in plan.doomed.items()
        if not (caller.has("Chgrp") or row["owner_id"] == caller.user or ENTITIES[root].is_link)
    ]
    return f"not permitted to move {', '.join(sorted(refused))}" if refused else ""


def _divided(rows: dict[Key, Row], private: bool) -> tuple[Rows, Rows]:
    """Part what goes along from the links that are lost: those of which one end stays."""
    moved: dict[str, list[int]] = defaultdict(list)
    dropped: dict[str, list[int]] = defaultdict(list)
    staying = _left_behind(rows) if private else set()
    for (root, identity), row in rows.items():
        if (root, identity) in staying:
            continue
        entity = ENTITIES[root]
        ends = (
            {(ENTITIES[entity.fields[side].target].root.name, row[side]) for side in ("parent", "child")}
            if (entity.is_link)
            else set()
        )
        whole = all(end in rows and end not in staying for end in ends)
        (moved if whole else dropped)[row.get("kind", root)].append(identity)
    return moved, dropped


def _left_behind(rows: dict[Key, Row]) -> set[Key]:
    """Return the annotations that cannot enter a private group, where nobody but their owners would see them."""
    owners = {row["owner_id"] for (root, _), row in rows.items() if root in ("Image", "Dataset", "Plate", "Project")}
    return {key for key, row in rows.items() if key[0] == "Annotation" and row["owner_id"] not in owners}
