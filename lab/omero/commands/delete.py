"""The command Delete2: deletes objects with what belongs to them, or nothing."""

from __future__ import annotations

from typing import Any

import omero
import omero.cmd

from lab.omero.commands.graph import Plan
from lab.omero.commands.handle import error
from lab.omero.commands.refusals import problem
from lab.omero.commands.rules import Key
from lab.omero.model import ENTITIES
from lab.omero.servants import Call

GRAPH_FAIL = "graph-fail"


def targets_of(request: Any) -> set[Key]:
    """Return what a command is asked to work on."""
    found: set[Key] = set()
    for name, identities in request.targetObjects.items():
        simple = name.rsplit(".", 1)[-1]
        if simple not in ENTITIES or ENTITIES[simple].is_global:
            raise error(request, "bad-target", f"cannot target {simple}")
        found |= {(simple, identity) for identity in identities}
    return found


def delete(call: Call, request: Any) -> Any:
    """Delete, across all groups, as the caller may."""
    with call.working(call.caller.everywhere()) as work:
        plan = Plan(work, request.childOptions or [])
        reason = plan.make(targets_of(request)) or problem(plan)
        if reason:
            raise error(request, GRAPH_FAIL, reason, omero.cmd.GraphException)
        files = [] if request.dryRun else plan.execute(call.host.repository)
    for path in files:
        path.unlink(missing_ok=True)
    return omero.cmd.Delete2Response(plan.deleted())
