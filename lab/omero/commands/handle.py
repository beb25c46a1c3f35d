"""The handle of a command that runs beside its client: callbacks, status and response."""

from __future__ import annotations

import threading
import traceback
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import Ice
import omero
import omero.cmd

from lab.omero.servants import Call
from lab.omero.work import now

Run = Callable[[], Any]


class CommandError(Exception):
    """A command ended in an error response."""

    def __init__(self, response: Any) -> None:
        super().__init__(response.name)
        self.response = response


def error(request: Any, name: str, message: str, kind: Any = None, **parameters: str) -> CommandError:
    """Return the failure of a command, in the words of the real server."""
    response = (kind or omero.cmd.ERR)()
    response.category, response.name = request.ice_id(), name
    response.parameters = {"message": message, **parameters}
    if isinstance(response, omero.cmd.GraphException):
        response.message = message
    return CommandError(response)


class Handle:
    """One command: started when it is made, answered by callback or by asking."""

    def __init__(self, request: Any, run: Run, steps: int = 1) -> None:
        self._request = request
        self._run = run
        self._done = threading.Event()
        self._callbacks: dict[str, Any] = {}
        self._response: Any = None
        self._status = omero.cmd.Status()
        self._status.flags, self._status.steps, self._status.startTime = [], steps, now()
        self._lock = threading.Lock()

    def start(self) -> None:
        """Run the command beside the caller."""
        threading.Thread(target=self._work, name=self._request.ice_id(), daemon=True).start()

    def _work(self) -> None:
        try:
            response = self._run()
        except CommandError as failure:
            response = failure.response
        except Exception as unexpected:
            traceback.print_exc()
            message = getattr(unexpected, "message", "") or str(unexpected)
            response = error(self._request, "graph-fail", message, stacktrace=traceback.format_exc()).response
        if isinstance(response, omero.cmd.ERR):
            self._status.flags = [omero.cmd.State.FAILURE, omero.cmd.State.CANCELLED]
        self._status.stopTime, self._status.currentStep = now(), self._status.steps
        with self._lock:
            self._response = response
            waiting = list(self._callbacks.values())
        self._done.set()
        for callback in waiting:
            self._notify(callback)

    def _notify(self, callback: Any) -> None:
        with suppress(Ice.LocalException):  # the client has gone, or goes at this moment
            callback.finished(self._response, self._status)

    def addCallback(self, call: Call, callback: Any) -> None:
        identity = callback.ice_getIdentity()
        proxy = call.current.con.createProxy(identity).ice_oneway()
        known = omero.cmd.CmdCallbackPrx.uncheckedCast(proxy)
        with self._lock:
            self._callbacks[f"{identity.category}/{identity.name}"] = known

    def removeCallback(self, call: Call, callback: Any) -> None:
        identity = callback.ice_getIdentity()
        with self._lock:
            self._callbacks.pop(f"{identity.category}/{identity.name}", None)

    def getRequest(self, call: Call) -> Any:
        return self._request

    def getResponse(self, call: Call) -> Any:
        return self._response

    def getStatus(self, call: Call) -> Any:
        return self._status

    def cancel(self, call: Call) -> bool:
        """Answer that it cannot be stopped any more: commands of the lab are over soon."""
        return False

    def close(self, call: Call) -> None:
        call.host.withdraw(call.session, call.current.id)


def offer_handle(call: Call, request: Any, run: Run, steps: int = 1) -> Any:
    """Start a command and return a proxy of its handle."""
    handle = Handle(request, run, steps)
    name = f"IHandle{uuid.uuid4()}"
    proxy = call.host.offer(call.session, call.client, omero.cmd.Handle, handle, name, stateful=True)
    handle.start()
    return omero.cmd.HandlePrx.uncheckedCast(proxy)
