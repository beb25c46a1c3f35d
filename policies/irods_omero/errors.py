"""What can go wrong outside the iRODS server: each error says what was being done, on which object, and what to do."""

from __future__ import annotations


class PolicyError(Exception):
    """The base of all errors that this project raises on purpose."""


class SettingsError(PolicyError):
    """The configuration cannot be used; one line for each mistake, with file, line and key."""


class IdentityError(PolicyError):
    """OMERO is another one than the zone knows, or an earlier state of it: what is missing there proves nothing."""


class SideError(PolicyError):
    """A call to the zone or to OMERO did not work.

    Attributes:
        doing: What was being done.
        on: The object that it was done to: a path, ``Image:7``; empty for none.
        cause: What the other side or the network said.
        plain: All of this without the advice, which is for the agent's log.
    """

    advice = ""

    def __init__(self, doing: str, on: str, cause: str) -> None:
        self.doing, self.on, self.cause = doing, on, cause
        subject = f" {on!r}" if on else ""
        self.plain = f"{doing}{subject}: {cause}"
        super().__init__(self.plain + (f" ({self.advice})" if self.advice else ""))


class UnreachableError(SideError):
    """A side is down, the connection broke, or the zone does not let the agent in.

    Nothing is wrong with the unit, and the next sweep goes on with it.
    """

    advice = "it is tried again at the next sweep"


class RefusedError(SideError):
    """A side answered that it will not do it: something about this unit, or about rights, has to change."""


class ForbiddenError(RefusedError):
    """The user in whose name it was tried may not do it, or is not there: another one may be able to."""


class StalledError(RefusedError):
    """OMERO goes on with a command for ever: it was cancelled, and nobody knows why."""


class ContentError(RefusedError):
    """OMERO has read a unit's bytes and can make no images of them: trying again soon will not help."""


class DestinationError(RefusedError):
    """The account, group or container that an import needs is missing, which concerns all units that need it."""
