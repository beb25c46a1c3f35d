"""Runs the commands that a client submits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import omero
import omero.cmd

from lab.omero.commands.delete import delete
from lab.omero.commands.give import give
from lab.omero.commands.handle import error, offer_handle
from lab.omero.commands.move import move
from lab.omero.servants import Call

COMMANDS: dict[str, Callable[[Call, Any], Any]] = {
    "::omero::cmd::Chgrp2": move,
    "::omero::cmd::Chown2": give,
    "::omero::cmd::Delete2": delete,
}


def submit(call: Call, request: Any) -> Any:
    """Start a command, or a handle that says why not."""
    if request is None:
        return None
    targets = getattr(request, "targetObjects", None) or {}
    call.objects = sum(len(identities) for identities in targets.values())
    call.caller  # noqa: B018  (found out while the call's context is at hand)
    return offer_handle(call, request, lambda: _run(call, request))


def _run(call: Call, request: Any) -> Any:
    if isinstance(request, omero.cmd.DoAll):
        return _do_all(call, request)
    command = COMMANDS.get(request.ice_id())
    if command is None:
        name = request.ice_id().rsplit("::", 1)[-1]
        raise error(request, "unsupported", f"lab OMERO does not offer the command {name}")
    return command(call, request)


def _do_all(call: Call, request: Any) -> Any:
    """Run several commands as one: all of them, or none."""
    with call.host.store.transaction():
        responses = [_run(call, part) for part in request.requests]
    return omero.cmd.DoAllRsp(responses, [])
