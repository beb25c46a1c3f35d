"""One user's session at the OMERO server: plain calls of its services, and what their failures mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import Glacier2
import Ice
import omero
import omero.clients
from omero.rtypes import rlist, rlong, rstring, unwrap

from irods_omero.errors import PolicyError, RefusedError, UnreachableError

T = TypeVar("T")

AGENT = "irods-omero"
"""The user agent of the sessions, by which the event log tells the agent's own events (``Session.userAgent``)."""

COMMAND_POLL_MS = 250
COMMAND_POLLS = 4 * 3600
"""A command (a deletion, an import) may take an hour before it is given up."""

Values = Mapping[str, int | str | Sequence[int] | Sequence[str]]
"""The named parameters of a query."""

DOWN = (
    Ice.LocalException,
    Glacier2.CannotCreateSessionException,
    omero.SessionException,
    omero.RemovedSessionException,
)
"""No answer, or an answer that says that the session is over."""


class OmeroSession:
    """A session of one user, in one group or across all that the user may read.

    Attributes:
        client: The omero-py client.
        user: OMERO id of the user.
        name: Login name of the user.
        group: OMERO id of the group that the session is in.
        shares_annotations: Whether members of that group may link each other's tags.
    """

    def __init__(self, client: Any, context: dict[str, str]) -> None:
        self.client = client
        self.context = context
        factory = self.call("opening the session", "", client.getSession)
        self.query_service = self.call("opening the session", "", factory.getQueryService)
        self.update_service = self.call("opening the session", "", factory.getUpdateService)
        admin = self.call("opening the session", "", factory.getAdminService)
        event_context = self.call("opening the session", "", admin.getEventContext)
        self.user = int(event_context.userId)
        self.name = str(event_context.userName)
        self.group = int(event_context.groupId)
        permissions = event_context.groupPermissions
        self.shares_annotations = permissions.isGroupAnnotate() or permissions.isGroupWrite()

    def rows(self, doing: str, text: str, values: Values) -> list[list[Any]]:
        """The rows of a query that selects single values, as plain Python values."""
        given = _parameters(values)
        found = self.call(doing, "", lambda: self.query_service.projection(text, given, self.context))
        return [[unwrap(value) for value in row] for row in found]

    def objects(self, doing: str, text: str, values: Values) -> list[Any]:
        """The model objects that a query finds."""
        given = _parameters(values)
        return list(self.call(doing, "", lambda: self.query_service.findAllByQuery(text, given, self.context)))

    def save(self, doing: str, on: str, items: Sequence[Any]) -> None:
        """Save model objects, all or none of them."""
        self.call(doing, on, lambda: self.update_service.saveArray(list(items), self.context))

    def save_and_return(self, doing: str, on: str, item: Any) -> Any:
        """Save one model object and return it as the server has it."""
        return self.call(doing, on, lambda: self.update_service.saveAndReturnObject(item, self.context))

    def delete(self, doing: str, kind: str, ids: Iterable[int]) -> None:
        """Delete objects of one class by their ids."""
        targets = {kind: [int(id_) for id_ in ids]}
        self.command(doing, kind, omero.cmd.Delete2(targetObjects=targets))

    def command(self, doing: str, on: str, request: Any) -> Any:
        """Run a command of the server to its end and return its response."""
        callback = self.call(
            doing, on, lambda: self.client.submit(request, loops=COMMAND_POLLS, ms=COMMAND_POLL_MS, ctx=self.context)
        )
        try:
            return check_response(doing, on, callback.getResponse())
        finally:
            with suppress(Ice.LocalException):
                callback.close(True)

    def call(self, doing: str, on: str, function: Callable[[], T]) -> T:
        """Call the server.

        Raises:
            UnreachableError: It is down, or the session is over.
            RefusedError: It answered with an error.
        """
        try:
            return function()
        except PolicyError:
            raise
        except DOWN as error:
            raise UnreachableError(doing, on, describe(error)) from error
        except omero.CmdError as error:
            raise RefusedError(doing, on, describe_err(error.err)) from error
        except (omero.ServerError, omero.ClientError, Ice.UserException, omero.LockTimeout) as error:
            raise RefusedError(doing, on, describe(error)) from error

    def close(self) -> None:
        """End the session; it does not matter if it is over already."""
        with suppress(Ice.Exception, omero.ClientError):
            self.client.closeSession()

    def kill(self) -> None:
        """End a session that was made by sudo: it has a reference of its own, and would outlive those who join it."""
        with suppress(Ice.Exception, omero.ClientError):
            self.client.killSession()
        self.close()


def check_response(doing: str, on: str, response: Any) -> Any:
    """The response of a command, or a RefusedError if it says that it failed."""
    if isinstance(response, omero.cmd.ERR):
        raise RefusedError(doing, on, describe_err(response))
    if response is None:
        raise UnreachableError(doing, on, "no answer in time")
    return response


def describe(error: BaseException) -> str:
    """An Ice or OMERO exception in one line, without its stack trace."""
    message = str(getattr(error, "message", "") or getattr(error, "reason", "") or "").strip()
    name = type(error).__name__
    return f"{name}: {message.splitlines()[0]}" if message else name


def describe_err(response: Any) -> str:
    """A failed command in one line: the server puts the exception's text into the parameters."""
    parameters = dict(response.parameters or {})
    text = parameters.get("message") or parameters.get("stacktrace") or ""
    first = str(text).strip().splitlines()[:1]
    return ": ".join(part for part in (str(response.name or response.category or "command failed"), *first) if part)


def _parameters(values: Values) -> Any:
    parameters = omero.sys.ParametersI()
    for name, value in values.items():
        parameters.add(name, _rtype(value))
    return parameters


def _rtype(value: Any) -> Any:
    if isinstance(value, bool):
        raise TypeError("a query takes no truth values")
    if isinstance(value, int):
        return rlong(value)
    if isinstance(value, str):
        return rstring(value)
    return rlist([_rtype(item) for item in value])
