"""The command Delete2: deletes objects with what belongs to them, or nothing; and what other commands share with it."""

from __future__ import annotations

from typing import Any

import omero
import omero.cmd

from lab.omero.commands.graph import Plan, UnreadableError
from lab.omero.commands.handle import error
from lab.omero.commands.refusals import problem
from lab.omero.commands.rules import Key
from lab.omero.model import ENTITIES
from lab.omero.servants import Call
from lab.omero.work import Work

GRAPH_FAIL = "graph-fail"

Rows = dict[str, list[int]]
"""Ids by entity."""


def targets_of(request: Any) -> set[Key]:
    """Return what a command is asked to work on."""
    targets: set[Key] = set()
    for name, identities in request.targetObjects.items():
        simple = name.rsplit(".", 1)[-1]
        if simple not in ENTITIES or ENTITIES[simple].is_global:
            raise error(request, "bad-target", f"cannot target {simple}")
        targets |= {(simple, identity) for identity in identities}
    return targets


def planned(work: Work, request: Any) -> Plan:
    """Return what a command is to do, worked out and not yet done."""
    plan = Plan(work, request.childOptions or [])
    try:
        plan.make(targets_of(request))
    except UnreadableError as failure:
        # The real server says so in the trace only (omero-23).
        trace = f"ome.services.graphs.GraphException: {failure}\n"
        raise error(request, GRAPH_FAIL, "", omero.cmd.GraphException, stacktrace=trace) from None
    return plan


def carry_out(work: Work, changed: Rows, lost: Rows, values: dict[str, Any]) -> None:
    """Change some rows, and delete the links that this costs."""
    for name, identities in lost.items():
        work.store.delete(ENTITIES[name], identities)
        work.log("DELETE", ENTITIES[name], identities)
    for name, identities in changed.items():
        for identity in identities:
            work.store.update(ENTITIES[name], identity, values)
        work.log("UPDATE", ENTITIES[name], identities)


def delete(call: Call, request: Any) -> Any:
    """Delete, across all groups, as the caller may."""
    with call.working(call.caller.everywhere()) as work:
        plan = planned(work, request)
        reason = problem(plan)
        if reason:
            raise error(request, GRAPH_FAIL, reason, omero.cmd.GraphException)
        files = [] if request.dryRun else plan.execute(call.host.repository)
    for path in files:
        path.unlink(missing_ok=True)
    return omero.cmd.Delete2Response(plan.deleted())
