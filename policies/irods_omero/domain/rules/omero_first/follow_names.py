"""Data follows names in OMERO: after a rename there it goes where the rule puts it now, unless somebody has moved it.

A three-way comparison: where the agent put it, where the template puts it now, where it is. Where the first two are the
same nothing is done, and where it is somewhere else than the agent put it a person has moved it, and it stays. A unit
goes as a whole, and alone: when all else is done and both the old and the new place are written down, as everything
that is written in the zone is written by path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from irods_omero.domain.state.actions import Relocate
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.omero_first.relocation import PlaceDigests, PlaceView, digest_of_place
from irods_omero.domain.state.views import DataObject

STAYS = "omero_first: somebody has moved it, or what belongs to it, and it stays"
WAITS = "omero_first: it waits for storage tiering"


@dataclass(frozen=True)
class PlaceDecision:
    """Where a unit goes.

    Attributes:
        agreed: The places where the agent has put it, or is going to.
        moves: What to do, once these are written down.
        error: Why nothing can be done.
        rule: Which rule decided, empty where nothing was to be decided.
    """

    agreed: PlaceDigests = ()
    moves: tuple[Relocate, ...] = ()
    error: str = ""
    rule: str = ""

    @property
    def wait(self) -> bool:
        """Whether it is to be looked at again soon."""
        return bool(self.moves)


def may_follow(observation: Observation) -> bool:
    """Whether a unit is where the agent may have put it: then the template counts."""
    base, fileset = observation.base, observation.omero.fileset
    if not base.places or fileset is None or fileset != base.fileset:
        return False
    return all(any(_known(each.path, base.places)) for each in observation.zone.objects)


def decide_place(observation: Observation, is_moving: bool) -> PlaceDecision:
    """Decide where the data objects of a unit belong.

    Args:
        observation: The unit.
        is_moving: Whether storage tiering has been asked to move it: that is done by path, too.
    """
    base, seen = observation.base, observation.place
    if observation.omero.fileset != base.fileset:
        return PlaceDecision()  # images of a content that came from iRODS have nothing to say about places
    if seen is None or seen.error:
        rule = "omero_first: nobody can tell where it goes" if seen else ""
        return PlaceDecision(base.places, error=seen.error if seen else "", rule=rule)
    where = _where(observation.zone.objects, base.places, seen)
    if where is None or is_moving:
        return PlaceDecision(base.places, rule=STAYS if where is None else WAITS)
    moves = tuple(_in_order(observation.zone.objects, where, seen))
    new, rule = digest_of_place(seen.collection), "omero_first: it follows what OMERO calls it"
    if not moves:
        return PlaceDecision((new,), rule=rule)
    known = {digest_of_place(place) for place, _ in where.values()}
    is_refused = any(isinstance(refusal.action, Relocate) for refusal in observation.refused or ())
    return PlaceDecision(tuple(sorted({*known, new})), () if is_refused else moves, rule=rule)


def _known(path: str, places: PlaceDigests) -> Iterator[tuple[str, str]]:
    """The places of the agent's that a data object is in, each with its path below it."""
    end = path.rfind("/")
    while end > 0:
        if digest_of_place(path[:end]) in places:
            yield path[:end], path[end + 1 :]
        end = path.rfind("/", 0, end)


def _where(
    objects: Sequence[DataObject], places: PlaceDigests, seen: PlaceView
) -> Mapping[int, tuple[str, str]] | None:
    """For each data object the place that it is in, and its name there; None where a person has moved anything.

    Where one place is within another, a path may have two meanings: each name is that of one data object.
    """
    names = set(seen.names)
    possible = {
        each.data_id: [(place, name) for place, name in _known(each.path, places) if name in names] for each in objects
    }
    where: dict[int, tuple[str, str]] = {}
    while possible:
        certain = {id_: left[0] for id_, left in possible.items() if len(left) == 1}
        taken = {name for _, name in certain.values()}
        if not certain or len(taken) < len(certain):
            return None
        where |= certain
        possible = {
            id_: [each for each in left if each[1] not in taken] for id_, left in possible.items() if id_ not in certain
        }
    return where if len(where) == len(names) else None


def _in_order(
    objects: Iterable[DataObject], where: Mapping[int, tuple[str, str]], seen: PlaceView
) -> Iterator[Relocate]:
    """The first goes last, as the agreement is on it, and none to where another one still is."""
    paths = {each.data_id: each.path for each in objects}
    targets = {id_: f"{seen.collection}/{name}" for id_, (_, name) in where.items()}
    first = min(paths, key=lambda id_: seen.names.index(where[id_][1]))
    left = [id_ for id_ in sorted(paths, key=lambda id_: (id_ == first, id_)) if paths[id_] != targets[id_]]
    opened = set[str]()
    while left:
        occupied = {paths[id_] for id_ in left}
        free = [id_ for id_ in left if targets[id_] not in occupied] or left
        for id_ in free:
            folder = targets[id_].rpartition("/")[0]
            yield Relocate(id_, paths[id_], targets[id_], seen.owner, seen.grants if folder not in opened else None)
            opened.add(folder)
        left = [id_ for id_ in left if id_ not in set(free)]
