"""Walks over what marked collections hold: a page of each at a time, so that nobody else waits for a large one.

How far a walk has come is an AVU of the collection: an agent that was killed goes on there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from irods_omero.agent.connections import Connections
from irods_omero.agent.observe import Observer
from irods_omero.domain.state.views import Avu
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone.avus import add_avu, remove_avu, set_avu
from irods_omero.gateways.zone.collection_paths import avus_of
from irods_omero.gateways.zone.marks import Mark, claim
from irods_omero.gateways.zone.walk_positions import BEGINNING, WalkPosition
from irods_omero.gateways.zone.watched import Watched, owner_of
from irods_omero.logs import log
from irods_omero.vocabulary import PENDING, ZARR

COLLECTIONS = 10
"""Of at most this many collections a page is looked at in one sweep."""


LEAST_AT_ONCE, MOST_AT_ONCE = 100, 250
"""Number of data objects after whose marks a sweep ends, so that nobody who comes meanwhile waits for thousands: at
first, and where servers are slow; and at most, as more would save few calls."""

SWEEP_SECONDS = 1.0
"""How long a sweep should take if there is more to do."""

MOVING_SECONDS = 60.0
"""How long a hierarchy is not walked again, in seconds: its mark comes back with each part that moves."""


@dataclass(frozen=True)
class SweepState:
    """Where the last sweep left off, if there was more to do than one sweep takes on: the next one begins after these.

    Attributes:
        walked: Catalog id of the collection that was walked last.
        looked_at: Catalog id of the directory that was looked at last.
        taken: OMERO id of the fileset that was last tried to be taken in.
        hierarchies: When those of OME-Zarr were walked, by their catalog ids; seconds of a clock that only goes on.
        unmarked: Catalog ids of data objects that were to be marked, which the zone refused.
        marks_per_sweep: When the marks of as many data objects are done the next sweep ends.
    """

    walked: int = 0
    looked_at: int = 0
    taken: int = 0
    hierarchies: Mapping[int, float] = field(default_factory=dict)
    unmarked: frozenset[int] = frozenset()
    marks_per_sweep: int = LEAST_AT_ONCE

    def at_pace(self, seconds: float) -> SweepState:
        """The next turn, when a sweep that left something has taken so long."""
        in_time = int(self.marks_per_sweep * SWEEP_SECONDS / max(seconds, SWEEP_SECONDS / MOST_AT_ONCE))
        return replace(self, marks_per_sweep=min(max(in_time, LEAST_AT_ONCE), MOST_AT_ONCE))

    def rests(self, mark: Mark, now: float) -> bool:
        """Whether the collection of a mark is a hierarchy that was walked a moment ago, to its end."""
        return mark.states == {PENDING} and now < self.hierarchies.get(mark.id, -math.inf) + MOVING_SECONDS

    def after(self, mark: Mark, now: float) -> SweepState:
        """The next turn, when the collection of a mark was walked."""
        lately = {id_: at for id_, at in self.hierarchies.items() if now < at + MOVING_SECONDS}
        is_zarr = mark.path.endswith(ZARR)
        return replace(self, walked=mark.id, hierarchies={**lately, **({mark.id: now} if is_zarr else {})})


FIRST_TURN = SweepState()


def in_turn(marks: Iterable[Mark], last: int) -> list[Mark]:
    """The marks of collections in the order of their ids, those first that come after the last one walked."""
    return sorted(marks, key=lambda mark: (mark.id <= last, mark.id))


def begin_walk(connections: Connections, mark: Mark, position: WalkPosition) -> WalkPosition | None:
    """Claim the mark of a collection: where to go on, None where the collection is gone.

    A change after the beginning leads back to it; that must be so before its mark is gone.
    """
    zone, names = connections.zone, connections.names
    if PENDING in mark.states and position != BEGINNING:
        clear_position(connections, mark.path, position)
        position = BEGINNING
    return position if claim(zone, names, mark) else None


def save_position(connections: Connections, path: str, position: WalkPosition) -> bool:
    """Write down how far a walk has come; returns whether that could be done."""
    with _unless_refused(path):
        set_avu(connections.zone, path, _avu(connections, position), collection=True)
        return True
    return False


def clear_position(connections: Connections, path: str, position: WalkPosition) -> None:
    """Take that away."""
    with _unless_refused(path):
        remove_avu(connections.zone, path, _avu(connections, position), collection=True)


def write_corrections(connections: Connections, watched: Watched, path: str) -> None:
    """Have a collection say what is wrong with what it says, or no longer."""
    for avu, is_new in watched.corrections(path):
        with _unless_refused(path):
            (add_avu if is_new else remove_avu)(connections.zone, path, avu, collection=True)


def take_ids_away(connections: Connections, path: str) -> None:
    """Have a collection that is no unit any more lead to no images."""
    names = connections.names
    for avu in sorted(avus_of(connections.zone, [path], [names.fileset, names.image, names.url]).get(path, ())):
        with _unless_refused(path):
            remove_avu(connections.zone, path, avu, collection=True)


def offer_requests(connections: Connections, observer: Observer, path: str) -> None:
    """Have users find the request tags in the group of a collection before anything of it is imported."""
    rule, owner = observer.watched.rule_for(f"{path}/"), owner_of(connections.zone, path)
    if rule is None or rule.trouble or not owner:
        return
    _, importer = connections.writers()
    try:
        importer.offer_requests(observer.policy.omero_user(owner), rule.group)
    except RefusedError as error:  # whatever it is, the first import says so where users see it
        log.info("request tags cannot be offered", collection=path, error=str(error))


def _avu(connections: Connections, position: WalkPosition) -> Avu:
    return Avu(connections.names.walked, str(position.after), str(position.count))


@contextmanager
def _unless_refused(path: str) -> Iterator[None]:
    try:
        yield
    except RefusedError as error:
        log.info("nothing can be written on the collection, or it is gone", path=path, cause=error.cause)
