"""Key-value annotations that users have edited, found by the event of their last change.

Changing the pairs of an annotation leaves no row in OMERO's event log until the search indexer notes it. While that is
down this is the way to know. It reads the annotations and not the log, so that it is for every few minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone

from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.events import filesets_with
from irods_omero.gateways.omero.log_position import HOLE_SECONDS
from irods_omero.gateways.omero.session import AGENT, OmeroSession

DOING = "looking for edits"

MOST_EVENTS = 1000
"""Number of events after which the place moves on even if nothing was edited: those after it are read each time."""


class EditReader:
    """Reads edits from a place on: the id of an event, which OMERO gives out in ascending order.

    As an event may become visible below others that were seen before, the place stays some time behind the last one,
    and what was read already is left out.

    Attributes:
        place: Up to this event nothing is missing; None before the first reading.
    """

    def __init__(self, place: int | None = None, clock: Callable[[], float] = time.time) -> None:
        """Without a place reading starts with what is edited from now on: what was before is for a reconcile."""
        self.place = place
        self._clock = clock
        self._known: set[tuple[int, int]] = set()

    def read(self, session: OmeroSession, namespaces: Sequence[str]) -> set[int]:
        """The filesets of which annotations in some namespaces were edited by others than this project's agents."""
        end = _last_event(session)
        place = end if self.place is None else min(self.place, end)
        text = (
            "select a.id, a.details.updateEvent.id from MapAnnotation a "
            "where a.ns in (:namespaces) and a.details.updateEvent.id > :place"
        )
        rows = session.rows(DOING, text, {"namespaces": list(namespaces), "place": place})
        edits = {(int(annotation), int(event)) for annotation, event in rows}
        new = edits - self._known
        own = _own(session, sorted({event for _, event in new}))
        if edits or end - place > MOST_EVENTS:
            place = max(place, self._settled(session, place))
        self.place, self._known = place, {edit for edit in edits if edit[1] > place}
        return filesets_with(session, sorted({annotation for annotation, event in new if event not in own}))

    def _settled(self, session: OmeroSession, place: int) -> int:
        """The last event of which none before it can still become visible."""
        before = datetime.fromtimestamp(self._clock() - HOLE_SECONDS, timezone.utc)
        text = "select max(e.id) from Event e where e.id > :place and e.time < :before"
        ((last,),) = session.rows(DOING, text, {"place": place, "before": before})
        return int(last or 0)


def _last_event(session: OmeroSession) -> int:
    ((last,),) = session.rows(DOING, "select max(e.id) from Event e", {})
    return int(last or 0)


def _own(session: OmeroSession, events: Sequence[int]) -> set[int]:
    """Those of some events that this project's agents have caused."""
    text = "select e.id from Event e join e.session s where e.id in (:ids) and s.userAgent = :agent"
    chunks = in_batches(events, BATCH)
    rows = (row for ids in chunks for row in session.rows(DOING, text, {"ids": ids, "agent": AGENT}))
    return {int(row[0]) for row in rows}
