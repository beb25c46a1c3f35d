"""One user's session at the OMERO server: plain calls of its services, and what their failures mean."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar

import Glacier2
import Ice
import omero
import omero.callbacks
import omero.clients
from omero.constants import CLIENTUUID
from omero.rtypes import rlist, rlong, rstring, rtime

from irods_omero.errors import ForbiddenError, PolicyError, RefusedError, SideError, StalledError, UnreachableError

T = TypeVar("T")

AGENT = "irods-omero"
"""The user agent of the sessions, by which the event log tells the agent's own events (``Session.userAgent``)."""

COMMAND_POLL_MS, LONGEST_POLL_MS = 250, 5000
"""Milliseconds between two questions whether a command is done, at first and at last; the server tells it at once, if
it is alive."""

PATIENCE = 3600.0
"""Seconds after which a command is given up that has not come one step further."""

LOOK_SECONDS = 60.0
"""Seconds between two looks at how far a command has come."""

FIND_OR_MAKE = threading.Lock()
"""Held while something is looked for that is made if it is not there: OMERO takes two of the same name."""

TAG_OF_LINK = "l.child.id + 0 = t.id"
"""The condition for the tag of a link, where the tags of given images are read.

Without the sum the database may go from the tags to all of their links: it takes every annotation to have the same few,
but ``registered`` is on each image. With a million images the tags of a thousand take it 2.5 s so, and 12 ms the other
way (omero-102).
"""

Values = Mapping[str, int | str | datetime | Sequence[int] | Sequence[str]]
"""The named parameters of a query."""

DOWN = (
    Ice.LocalException,
    Glacier2.CannotCreateSessionException,
    omero.SessionException,
)
"""No answer, or an answer that says that the session is over."""

WRONG_PASSWORD = "Password check failed"  # noqa: S105 - what OMERO says, not a password
"""The one reason for a denied log-in that is about the account: for a dead server its router denies log-ins, too."""

_FORBIDDEN = re.compile("SecurityViolation|not permitted to|may not|cannot read all")
"""What OMERO says of things that another user may be able to do; deletions are refused by commands, in words only."""

_SERVER_PATH = re.compile(r"(?<![\w/])/(?:[^\s/:]+/)+(?=[^\s/:])")
"""The folders of an absolute path: OMERO's messages name where files lie on its server."""


class OmeroSession:
    """A session of one user, in one group or across all that the user may read.

    Attributes:
        client: The omero-py client.
        uuid: By which others may join it.
        client_uuid: What OMERO knows the client by.
        user: OMERO id of the user.
        name: Login name of the user.
        group: OMERO id of the group that the session is in.
        shares_annotations: Whether members of that group may link each other's tags.
    """

    def __init__(self, client: Any, context: dict[str, str]) -> None:
        self.client = client
        self.context = context
        self._works = False  # at a command that is to go on without us
        self._last_call = time.monotonic()
        factory = self.call("opening the session", "", client.getSession)
        self.query_service = self.call("opening the session", "", factory.getQueryService)
        self.update_service = self.call("opening the session", "", factory.getUpdateService)
        self._admin = self.call("opening the session", "", factory.getAdminService)
        event_context = self.call("opening the session", "", self._admin.getEventContext)
        self.uuid = str(client.getSessionId())
        self.client_uuid = str(client.getImplicitContext().get(CLIENTUUID))
        self.user = int(event_context.userId)
        self.name = str(event_context.userName)
        self.group = int(event_context.groupId)
        permissions = event_context.groupPermissions
        self.shares_annotations = permissions.isGroupAnnotate() or permissions.isGroupWrite()

    def idle_seconds(self) -> float:
        """How long ago the last call was."""
        return time.monotonic() - self._last_call

    def file_context(self) -> dict[str, str]:
        """The context of calls on files: an explicit one takes the place of the one with the session's id."""
        return {**self.client.getImplicitContext().getContext(), **self.context}

    def proxy(self, like: Any, reference: str) -> Any:
        """An object of the server by its reference, reached over this connection; of the same kind as another one."""
        return type(like).uncheckedCast(self.client.getCommunicator().stringToProxy(reference))

    def ping(self) -> None:
        """Ask for nothing: raises UnreachableError if the server is down or the session is over."""
        self.call("asking whether the session goes on", "", self._admin.getEventContext)

    def database_uuid(self) -> str:
        """What tells this OMERO from all others, and stays the same when it is restored from a backup."""
        config = self.call("opening the session", "", self.client.getSession().getConfigService)
        return str(self.call("asking which OMERO this is", "", config.getDatabaseUuid))

    def rows(self, doing: str, text: str, values: Values) -> list[list[Any]]:
        """The rows of a query that selects single values, as plain Python values."""
        given = _parameters(values)
        rows = self.call(doing, "", lambda: self.query_service.projection(text, given, self.context))
        # A row whose only value is null comes as an empty one. (omero.rtypes.unwrap takes six times as long.)
        return [[None if value is None else value.getValue() for value in row] or [None] for row in rows]

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
        handle = self.call(doing, on, lambda: self.client.getSession().submit(request, self.context))
        return self.wait(doing, on, handle)

    def wait(self, doing: str, on: str, handle: Any, patience: float = PATIENCE) -> Any:
        """Wait for the end of a command that was submitted, however long it takes, and return its response.

        The command goes on where the waiting is broken off: closing its handle would cancel it.

        Args:
            doing: What is being done, for messages.
            on: To what, for messages.
            handle: The handle of the command.
            patience: Seconds after which it is given up that shows no progress, which is another step.

        Raises:
            UnreachableError: The server went away meanwhile.
            StalledError: It was cancelled, as it has shown no progress.
            RefusedError: The command failed.
        """
        callback = self.call(doing, on, lambda: omero.callbacks.CmdCallbackI(self.client, handle))
        step, since, looked, poll, self._works = None, time.monotonic(), time.monotonic(), COMMAND_POLL_MS, True
        try:
            while not callback.block(poll):
                # The callback's own loop waits for a word from the server, which never comes from a dead one.
                self.call(doing, on, callback.poll)
                now, poll = time.monotonic(), min(2 * poll, LONGEST_POLL_MS)
                if now - looked < min(LOOK_SECONDS, patience):
                    continue
                looked, before = now, step
                step = self.call(doing, on, handle.getStatus).currentStep
                since = since if step == before else now
                if now - since >= patience:
                    self._works = False
                    raise StalledError(doing, on, f"OMERO is at step {step}, as it was {patience / 3600:.0f} hours ago")
            self._works = False
            return check_response(doing, on, callback.getResponse())
        finally:
            with suppress(Ice.Exception):
                callback.close(not self._works)

    def call(self, doing: str, on: str, function: Callable[[], T]) -> T:
        """Call the server.

        Raises:
            UnreachableError: It is down, or the session is over.
            RefusedError: It answered with an error.
        """
        self._last_call = time.monotonic()
        try:
            return function()
        except PolicyError:
            raise
        except (Ice.Exception, omero.ClientError) as error:
            if is_down(error):
                raise UnreachableError(doing, on, describe(error)) from error
            raise refusal(doing, on, describe(error)) from error
        except Exception as error:  # what the client cannot send, for instance half a character
            raise RefusedError(doing, on, describe(error)) from error

    def close(self) -> None:
        """End the session; it does not matter if it is over already."""
        with suppress(Ice.Exception, omero.ClientError):
            self.client.closeSession()

    def kill(self) -> None:
        """End a session that was made by sudo: it has a reference of its own, and would outlive those who join it.

        One in which a command goes on, an import for instance, does: it would be cancelled otherwise.
        """
        if self._works:
            self.close()
            return
        with suppress(Ice.Exception, omero.ClientError):
            self.client.killSession()
        self.close()


def check_response(doing: str, on: str, response: Any) -> Any:
    """The response of a command, or a RefusedError if it says that it failed."""
    if isinstance(response, omero.cmd.ERR):
        raise refusal(doing, on, describe_err(response))
    if response is None:
        raise UnreachableError(doing, on, "no answer in time")
    return response


def refusal(doing: str, on: str, cause: str) -> RefusedError:
    """The error for an answer that OMERO will not do it."""
    kind = ForbiddenError if _FORBIDDEN.search(cause) else RefusedError
    return kind(doing, on, cause)


def is_down(error: Exception) -> bool:
    """Whether an exception says that the server or the session is gone, and nothing about what was asked for.

    ``Ice.UnknownException`` is an answer: the server's word for an exception of its own that has no other name. Its
    kind ``UnknownLocalException`` is the router's word for a server that does not answer.
    """
    if isinstance(error, Ice.UnknownLocalException):
        return True
    if isinstance(error, Ice.UnknownException):
        return False
    if isinstance(error, Glacier2.PermissionDeniedException):
        return WRONG_PASSWORD not in error.reason
    return isinstance(error, DOWN)


def is_broken(error: SideError) -> bool:
    """Whether a connection broke, or was not made: what is asked for may be there all the same."""
    cause = error.__cause__
    return isinstance(cause, Ice.LocalException) and not isinstance(cause, Ice.ObjectNotExistException)


def describe(error: BaseException) -> str:
    """An Ice or OMERO exception in one line, without its stack trace and without folders of the server."""
    if isinstance(error, omero.CmdError):
        return describe_err(error.err)
    texts = (getattr(error, name, "") for name in ("message", "reason", "unknown"))
    message = next(
        (str(text).strip() for text in texts if text), "" if isinstance(error, Ice.Exception) else str(error)
    )
    name = type(error).__name__
    return without_folders(f"{name}: {message.splitlines()[0]}") if message else name


def describe_err(response: Any) -> str:
    """A failed command in one line: the text is in the message, or in the first line of the stack trace."""
    parameters = dict(response.parameters or {})
    text = parameters.get("message") or parameters.get("stacktrace") or ""
    first = str(text).strip().splitlines()[:1]
    name = str(response.name or response.category or "command failed")
    return without_folders(": ".join(part for part in (name, *first) if part))


def without_folders(message: str) -> str:
    """A message of the server with the names of files, without the folders that they are in on its disk."""
    return _SERVER_PATH.sub("", message)


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
    if isinstance(value, datetime):
        return rtime(int(value.timestamp() * 1000))
    return rlist([_rtype(item) for item in value])
