"""The agent's connection to the zone, and what its failures mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar
from xml.etree.ElementTree import ParseError

from irods.exception import (
    CAT_INVALID_AUTHENTICATION,
    PAM_AUTH_PASSWORD_FAILED,
    NetworkException,
    PycommandsException,
    iRODSException,
)
from irods.helpers import xml_mode
from irods.session import iRODSSession

from irods_omero.errors import PolicyError, RefusedError, UnreachableError
from irods_omero.gateways.zone.sign_in import open_session, scheme_of
from irods_omero.settings import ZoneSettings
from irods_omero.vocabulary import AGENT_PROGRAM

T = TypeVar("T")

BROKEN = (NetworkException, ConnectionError, TimeoutError, OSError, EOFError)
"""What python-irodsclient lets through when a server is gone or a connection breaks in the middle."""

REFUSALS = (PycommandsException, iRODSException, KeyError)
"""What it raises for an answer that is an error: two families, and KeyError for a code that it does not know."""

NOT_LET_IN = (CAT_INVALID_AUTHENTICATION, PAM_AUTH_PASSWORD_FAILED)
"""Answers to signing in, which the first call over a connection does, whatever that is about (zone-101)."""

TOLERANT = "QUASI_XML"
"""The one parser of python-irodsclient that reads names and AVUs with control characters, which any user may write; it
takes a hundred times as long as the other one."""

TIMEOUT = 300.0
"""Seconds to wait for one answer."""


class ZoneConnection:
    """One session of the service account, used by one thread at a time."""

    def __init__(self, settings: ZoneSettings, attempts: int = 2) -> None:
        """``attempts`` is how often a call is tried when the connection breaks: all calls may be repeated."""
        self.settings = settings
        self._attempts = attempts
        self._session: iRODSSession | None = None

    @property
    def zone(self) -> str:
        """Name of the zone."""
        return self.settings.name

    def session(self) -> iRODSSession:
        """The session, made anew after ``close``; connections are made at the first call."""
        if self._session is None:
            self._session = open_session(self.settings, application_name=AGENT_PROGRAM, connection_timeout=TIMEOUT)
        return self._session

    def call(self, doing: str, on: str, function: Callable[[iRODSSession], T]) -> T:
        """Call ``function`` with the session.

        Args:
            doing: What is being done, for messages.
            on: The object that it is done to, for messages.
            function: May be called twice, when the connection breaks.

        Raises:
            UnreachableError: The zone is down, the connection broke again, or the zone does not let the account in:
                that is no unit's fault, and would be answered to each of them.
            RefusedError: The zone answered with an error.
        """
        try:
            return self._answer(function)
        except PolicyError:
            raise
        except BROKEN as error:
            raise UnreachableError(doing, on, describe(error)) from error
        except NOT_LET_IN as error:
            doing = f"signing in to the zone by {scheme_of(self.settings)} as"
            raise UnreachableError(doing, self.settings.user, describe(error)) from error
        except REFUSALS as error:
            raise RefusedError(doing, on, describe(error)) from error
        except Exception as error:
            # Something that the client cannot send or understand; what is left of the answer is in the connection.
            self.close()
            raise RefusedError(doing, on, describe(error)) from error

    def _answer(self, function: Callable[[iRODSSession], T]) -> T:
        """Call; where the connection breaks, again over a new one."""
        for _ in range(self._attempts - 1):
            try:
                return self._read(function)
            except BROKEN:
                self.close()
        return self._read(function)

    def _read(self, function: Callable[[iRODSSession], T]) -> T:
        """Call once; where the answer holds what XML cannot, once more with the parser that does not mind."""
        try:
            return function(self.session())
        except ParseError:
            self.close()
        with xml_mode(TOLERANT):
            return function(self.session())

    def close(self) -> None:
        """Leave the zone; the next call connects again."""
        if self._session is not None:
            with suppress(*REFUSALS, OSError):  # a broken connection cannot say goodbye
                self._session.cleanup()
            self._session = None

    def __enter__(self) -> ZoneConnection:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


@contextmanager
def in_our_words(doing: str, on: str) -> Iterator[None]:
    """Say what python-irodsclient's errors mean, where a call cannot be made again: on a stream that is open.

    Raises:
        UnreachableError: The zone is down, or the connection broke.
        RefusedError: The zone answered with an error.
    """
    try:
        yield
    except BROKEN as error:
        raise UnreachableError(doing, on, describe(error)) from error
    except REFUSALS as error:
        raise RefusedError(doing, on, describe(error)) from error


def describe(error: BaseException) -> str:
    """An exception of python-irodsclient in words: the name of the error code, and what the server adds."""
    text = str(error).strip()
    name = "error code" if isinstance(error, KeyError) and isinstance(error.args[0], int) else type(error).__name__
    return f"{name}: {text}" if text and text != "None" else name
