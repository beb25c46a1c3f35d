"""Makes Ice servants of plain classes: looks after sessions, counts, faults and exceptions around every operation."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import Glacier2
import Ice
import omero

from lab.omero import errors
from lab.omero.caller import Caller, caller_of
from lab.omero.requests_log import LoggedRequest
from lab.omero.work import Work, working

if TYPE_CHECKING:
    from lab.omero.host import Host
    from lab.omero.sessions import Session

Operation = TypeVar("Operation", bound=Callable[..., Any])
KNOWN = (omero.ServerError, Ice.Exception, Glacier2.PermissionDeniedException, Glacier2.CannotCreateSessionException)


def writes(operation: Operation) -> Operation:
    """Mark an operation as one that writes."""
    operation.writes = True  # type: ignore[attr-defined]
    return operation


class Call:
    """One call of a remote operation."""

    def __init__(self, host: Host, session: Session, current: Any) -> None:
        self.host = host
        self.session = session
        self.current = current
        self.objects = 0
        self._caller: Caller | None = None

    @property
    def caller(self) -> Caller:
        """Return who calls."""
        if self._caller is None:
            self._caller = caller_of(self.host.store, self.session, self.current.ctx)
        return self._caller

    @property
    def client(self) -> str:
        """Return the id of the client that calls."""
        return str(self.current.ctx.get("omero.client.uuid", ""))

    @contextmanager
    def working(self, caller: Caller | None = None) -> Iterator[Work]:
        """Run a unit of work on the caller's behalf."""
        with working(self.host.store, caller or self.caller, self.host.control) as work:
            yield work


def servant(host: Host, session: Session, interface: Any, implementation: Any) -> Any:
    """Return an Ice object that offers an interface by the methods of an implementation.

    A method gets the call and the operation's arguments. An operation without a method is refused by name.
    """
    made = _class(interface, implementation.__class__)()
    made.lab = (host, session, implementation)
    return made


@cache
def _class(interface: Any, kind: Any) -> Any:
    """The class of the Ice objects that offer an interface by implementations of a class."""
    service = interface.ice_staticId().rsplit("::", 1)[-1]
    members: dict[str, Any] = {}
    for name in (name.removeprefix("_op_") for name in dir(interface) if name.startswith("_op_")):
        method = getattr(kind, name, None)
        run = _runner(service, name, method)
        if hasattr(interface, f"{name}_async"):
            members[f"{name}_async"] = _asynchronous(run, _is_void(method))
        elif not name.startswith("ice_"):
            members[name] = _synchronous(run)
    return type(f"Lab{service}", (interface,), members)


def _is_void(method: Any) -> bool:
    return method is not None and method.__annotations__.get("return") in (None, "None")


def _synchronous(run: Callable[..., Any]) -> Callable[..., Any]:
    def operation(servant: Any, *arguments: Any, current: Any = None) -> Any:
        if current is None:
            *arguments, current = arguments  # type: ignore[assignment]
        return run(servant.lab, current, *arguments)

    return operation


def _asynchronous(run: Callable[..., Any], void: bool) -> Callable[..., Any]:
    def operation(servant: Any, callback: Any, *arguments: Any) -> None:
        *given, current = arguments
        result = run(servant.lab, current, *given)
        if void:
            callback.ice_response()
        else:
            callback.ice_response(result)

    return operation


def _runner(service: str, name: str, method: Any) -> Callable[..., Any]:
    def run(lab: tuple[Host, Session, Any], current: Any, *arguments: Any) -> Any:
        host, session, implementation = lab
        request = LoggedRequest(service, name, session.user_name, session.uuid, getattr(method, "writes", False))
        started = time.monotonic()
        call = Call(host, session, current)
        host.check_reach(session, current)
        try:
            host.refresh()
            after = host.control.strike(service, name, current)
            host.sessions.get(session.uuid)
            if method is None:
                raise errors.refused(f"{service}.{name}")
            result = method(implementation, call, *arguments)
            if after == "cut-after":
                current.con.close(True)
            return result
        except KNOWN as error:
            request.error = type(error).__name__
            raise
        except Exception as error:
            request.error = type(error).__name__
            traceback.print_exc()
            raise errors.made("InternalException", f"{type(error).__name__}: {error}") from None
        finally:
            request.objects = call.objects
            request.milliseconds = round((time.monotonic() - started) * 1000, 3)
            host.requests.add(request)

    return run
