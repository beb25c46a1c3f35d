"""Listens to OMERO: finds the data objects whose images users have changed, in whichever way that can be known."""

from __future__ import annotations

import time
from collections.abc import Iterator

from irods_omero.agent.connections import Connections
from irods_omero.agent.hints import EDITS, data_ids, load_cursor, save_cursor
from irods_omero.agent.identity import check_identity
from irods_omero.domain.state.places import KEY
from irods_omero.gateways.omero.edits import EditReader
from irods_omero.gateways.omero.events import EventReader, Hints
from irods_omero.gateways.zone.object_pages import pages
from irods_omero.logs import log

SAVED_EVERY = 10_000
"""Number of rows of OMERO's event log after which the cursor is saved, even if none of them was followed."""

EDITS_SECONDS = 300.0
"""How often edited key-value pairs are looked for that the search indexer may not have told of."""


class Walk:
    """Through all units with images, a page at each sweep: nobody can tell which of them has lost an annotation.

    Attributes:
        cursor: As long as it goes on an agent that starts anew has to read the log from here; None when it is over.
    """

    def __init__(self, connections: Connections) -> None:
        self.cursor: int | None = None
        self._connections = connections
        self._pages: Iterator[list[int]] = iter(())
        self._next: int | None = None

    def begin(self, cursor: int) -> None:
        """Begin, or when it is over begin once more: what was passed already may have lost something since."""
        if self._next is None:
            self._next = cursor

    def page(self) -> list[int]:
        """The catalog ids to look at now."""
        page = next(self._pages, None)
        if page is None:
            self.cursor, self._next = self._next, None
            if self.cursor is not None:
                fileset = self._connections.names.fileset
                self._pages = pages(self._connections.zone, (), fileset)
                page = next(self._pages, None)
        return page or []


class Listener:
    """Reads the event log of OMERO and what it leaves out, and remembers in the zone how far it has come."""

    def __init__(self, connections: Connections) -> None:
        """Raises IdentityError if OMERO is another one than the zone knows, or has forgotten something."""
        check_identity(connections)
        self._connections = connections
        cursor, place = load_cursor(connections), load_cursor(connections, EDITS)
        follows = any(rule.follow_names for rule in connections.placement_rules())
        self._events, self._saved = EventReader(cursor, follows_names=follows), cursor or 0
        self._edits, self._saved_place = EditReader(place), place
        self._edits_at = 0.0
        self._hints = Hints()
        self._walk = Walk(connections)

    def heard(self) -> set[int]:
        """Catalog ids of the data objects to look at."""
        session = self._connections.omero.service()
        self._hints = self._events.read(session)
        edited = frozenset(self._edited())
        if self._hints.untold:
            log.warning("OMERO's search indexer does not answer: all units are looked at for annotations taken away")
            self._walk.begin(self._hints.cursor)
        ids = data_ids(self._connections, self._hints) | data_ids(self._connections, Hints(edited))
        return ids.union(self._walk.page())

    def followed(self) -> None:
        """All that was heard has been looked at.

        The cursor is saved when something was followed, at the first start, when it has moved on by a lot, or back. It
        moves back when the log was reset: one beyond the end would leave out what happens while no agent runs.
        """
        cursor = self._hints.cursor if self._walk.cursor is None else min(self._hints.cursor, self._walk.cursor)
        is_far = not 0 <= cursor - self._saved <= SAVED_EVERY
        if self._hints.newest > self._saved or not self._saved or is_far:
            save_cursor(self._connections, cursor)
            self._saved = cursor
        self._connections.activity.followed_events(max(self._hints.end - cursor, 0))
        place = self._edits.place
        if place is not None and place != self._saved_place:
            save_cursor(self._connections, place, EDITS)
            self._saved_place = place

    def _edited(self) -> set[int]:
        """The filesets with edited key-value pairs, when it is time to look for them."""
        now = time.monotonic()
        if now < self._edits_at:
            return set()
        self._edits_at = now + EDITS_SECONDS
        return self._edits.read(self._connections.omero.service(), self._connections.scope().namespaces(KEY))
