"""Makes policy enforcement points of plain functions: nothing they do can fail or stop what the client is doing.

Whatever a hook raises is logged, once per reason and connection, and the server goes on with the next rule engine; only
Refused, whose purpose that is, reaches the client.
"""

from irods_omero.hooks import arguments, settings
from irods_omero.hooks.event import HookEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Optional

    Hook = Callable[[HookEvent], None]
    Pep = Callable[[Any, Any, Any], int]

CONTINUE = 5000000
"""RULE_ENGINE_CONTINUE: every other answer keeps the rule engines after this one from being asked."""

NO_PERMISSION = -818000

MOST_REPORTS = 100
"""At most this many lines does one connection write to the server log."""


class Refused(Exception):  # noqa: N818 - what it says to the client is no error of ours
    """The one exception that reaches the client, with the code and the reason that it is shown."""

    def __init__(self, reason: str) -> None:
        Exception.__init__(self, "[{}:{}] {}".format("iRods__Error__Code", NO_PERMISSION, reason))
        self.reason = reason


class ConnectionState(object):
    """What this connection keeps: its settings, read at the first event, and what it has reported."""

    def __init__(self) -> None:
        self.settings = None  # type: Optional[settings.HookSettings]
        self.is_read = False
        self.reported = set()  # type: set[str]

    def current(self, callback: "Any") -> "Optional[settings.HookSettings]":
        """The settings, or nothing if the policy file is of no use."""
        if not self.is_read:
            self.is_read = True
            try:
                self.settings = settings.read()
            except ValueError as failure:
                self.report(callback, str(failure))
        return self.settings

    def report(self, callback: "Any", text: str) -> None:
        """Write one line to the server log, unless it was written before or there were too many."""
        try:
            line = "irods-omero: " + arguments.plain(text)
            if line not in self.reported and len(self.reported) < MOST_REPORTS:
                self.reported.add(line)
                callback.writeLine("serverLog", line)
        except BaseException:  # noqa: S110 - there is nowhere left to report to
            pass


state = ConnectionState()


def hook(function: "Hook") -> "Pep":
    """Make a policy enforcement point of a function."""

    def pep(rule_args: "Any", callback: "Any", rei: "Any") -> int:
        try:
            current = state.settings or state.current(callback)
            if current is not None:
                function(HookEvent(current, rule_args, callback, rei))
        except Refused:
            raise
        except BaseException as failure:
            state.report(callback, describe(function.__name__, rule_args, failure))
        return CONTINUE

    pep.__name__ = function.__name__
    pep.__doc__ = function.__doc__
    return pep


def describe(name: str, rule_args: "Any", failure: BaseException) -> str:
    """Where a hook failed, over what, and why."""
    try:
        return "{}: {}: {} ({})".format(name, type(failure).__name__, failure, subject(rule_args))
    except BaseException:
        return "{}: {}".format(name, type(failure).__name__)


def subject(rule_args: "Any") -> str:
    """The path that an event was about, if its arguments have one."""
    for argument in rule_args[2:]:
        path = argument if isinstance(argument, str) else str(getattr(argument, "objPath", ""))
        if path.startswith("/"):
            return path
    return "no path"
