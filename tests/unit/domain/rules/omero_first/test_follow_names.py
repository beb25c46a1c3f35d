"""Data follows what OMERO calls it, what people have moved stays, and it may be broken off anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.rules.omero_first.follow_names import may_follow
from irods_omero.domain.state.actions import AddAvu, RecordAgreement, Refusal, Relocate, RemoveAvu
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.omero_first.relocation import (
    PlaceDigests,
    PlaceView,
    digest_of_place,
    is_what_a_template_gives,
    own_place,
)
from irods_omero.domain.state.omero_first.rights import Grant
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.tiers import Tiers
from irods_omero.domain.state.unit import Content, Unit
from irods_omero.domain.state.views import Avu, DataObject, ImageState, OmeroView, Replica, Subject, ZoneView

FILESET = 5
NAMES = ("d.tif", "1/d.tif", "1/1/d.tif")
COLLECTIONS = st.sampled_from(("/z/home/alice", "/z/home/alice/March", "/z/home/alice/1", "/z/home/alice/1/1", "/z/x"))
PLACES = st.tuples(COLLECTIONS, st.booleans())
"""What a template gives, and whether something is in the way there."""
Wanted = tuple[str, bool]


def collection_of(wanted: Wanted) -> str:
    said, is_taken = wanted
    return own_place(said, FILESET) if is_taken else said


@dataclass(frozen=True)
class State:
    """Where the files of a unit are, by their ids, and the agreement."""

    agreed: Agreement
    paths: tuple[str, ...]
    names: tuple[str, ...]
    avus: tuple[frozenset[Avu], ...] = ()

    def observe(self, wanted: Wanted, refused: tuple[Refusal, ...] | None = None) -> Observation:
        """What an agent observes when the template gives this."""
        replica = Replica(0, "fast", True, 10, "sha2:x", 1_700_000_000)
        objects = tuple(
            DataObject(id_, path, "alice", (replica,), avus)
            for id_, (path, avus) in enumerate(zip(self.paths, self.avus, strict=True), 1)
        )
        seen = Observation(
            zone=ZoneView(Unit(1), objects),
            policy=Policy("z", "omero", Tiers(())),
            now=1_700_000_000,
            omero=OmeroView(FILESET, (ImageState(6),), (Subject("Image", 6, 2, 3),)),
            base=self.agreed,
            refused=refused,
        )
        said = wanted[0]
        if not may_follow(seen) or is_what_a_template_gives(self.agreed.places, said, FILESET):
            return seen
        view = PlaceView(collection_of(wanted), self.names, "alice", (Grant("alice", "own"),))
        return replace(seen, place=view)

    def look(self, wanted: Wanted, most: int | None = None) -> State:
        """One look of an agent, which may be killed after some actions; what it does elsewhere is left out."""
        plan = decide(self.observe(wanted)).plan
        state = self
        for action in plan.actions()[:most]:
            state = state.after(action)
        return state

    def after(self, action: object) -> State:
        """The state after an action; none overwrites anything."""
        match action:
            case RecordAgreement(path=path, agreement=agreement):
                assert path == self.paths[0], "what is written in the zone is written by path"
                return replace(self, agreed=agreement)
            case AddAvu(data_id, path, avu) | RemoveAvu(data_id, path, avu):
                assert path == self.paths[data_id - 1], "what is written in the zone is written by path"
                before = self.avus[data_id - 1]
                after = before | {avu} if isinstance(action, AddAvu) else before - {avu}
                return replace(self, avus=(*self.avus[: data_id - 1], after, *self.avus[data_id:]))
            case Relocate(data_id, path, new):
                assert self.paths[data_id - 1] == path
                assert new not in self.paths
                return replace(self, paths=tuple(new if each == path else each for each in self.paths))
        return self

    def settle(self, wanted: Wanted) -> State:
        """Look until nothing is to be done."""
        state = self
        for _ in range(5):
            state = state.look(wanted)
        assert not any(isinstance(action, Relocate | RecordAgreement) for action in actions(state, wanted))
        assert not decide(state.observe(wanted)).wait
        return state

    def is_at(self, collection: str) -> bool:
        return self.paths == tuple(f"{collection}/{name}" for name in self.names)


def actions(state: State, wanted: Wanted) -> list[object]:
    return list(decide(state.observe(wanted)).plan.actions())


def put(wanted: Wanted, names: tuple[str, ...]) -> State:
    """A unit that the agent has taken in, and agreed on."""
    places: PlaceDigests = (digest_of_place(collection_of(wanted)),)
    content = Content(10 * len(names), "sha2:x" if len(names) == 1 else "", 0, 1_700_000_000)
    agreed = Agreement(content=content, fileset=FILESET, places=places)
    state = State(
        agreed, tuple(f"{collection_of(wanted)}/{name}" for name in names), names, (frozenset(),) * len(names)
    )
    return state.settle(wanted)


SOME_NAMES = st.integers(1, len(NAMES)).map(lambda number: NAMES[:number])


@given(PLACES, st.lists(st.tuples(PLACES, st.integers(0, 4)), max_size=4), PLACES, SOME_NAMES)
def test_wherever_it_is_broken_off_and_whatever_it_is_called_then_it_ends_where_the_template_says(
    before: Wanted, broken_off: list[tuple[Wanted, int]], after: Wanted, names: tuple[str, ...]
) -> None:
    state = put(before, names)
    for wanted, most in broken_off:
        state = state.look(wanted, most)
    was_there = is_what_a_template_gives(state.agreed.places, after[0], FILESET)
    state = state.settle(after)
    assert state.is_at(collection_of(after)) or (was_there and state.is_at(collection_of((after[0], not after[1]))))
    assert is_what_a_template_gives(state.agreed.places, after[0], FILESET)


@given(PLACES, PLACES, SOME_NAMES, st.data())
def test_what_somebody_has_moved_stays_with_all_that_belongs_to_it(
    before: Wanted, after: Wanted, names: tuple[str, ...], data: st.DataObject
) -> None:
    state = put(before, names)
    moved = data.draw(st.integers(0, len(names) - 1))
    paths = tuple(
        f"/z/elsewhere/{each}" if place == moved else path
        for place, (each, path) in enumerate(zip(names, state.paths, strict=True))
    )
    state = replace(state, paths=paths)
    assert state.settle(after).paths == paths


@given(PLACES, SOME_NAMES)
def test_where_nothing_is_called_otherwise_it_stays_whatever_is_free(before: Wanted, names: tuple[str, ...]) -> None:
    state = put(before, names)
    said, is_taken = before
    assert state.settle((said, not is_taken)).paths == state.paths


@given(PLACES, PLACES, SOME_NAMES, st.integers(0, 2))
def test_a_refusal_leaves_the_rest_where_it_is_and_is_told_until_it_is_over(
    before: Wanted, after: Wanted, names: tuple[str, ...], at: int
) -> None:
    state = put(before, names).look(after)
    moves = [action for action in actions(state, after) if isinstance(action, Relocate)]
    if not moves:
        return
    refused = moves[min(at, len(moves) - 1) :]
    partly = state
    for move in moves[: -len(refused)]:
        partly = partly.after(move)
    decision = decide(state.observe(after, tuple(Refusal(each, "not there") for each in refused)))
    assert not decision.plan.relocates
    assert "not there" in decision.agreement.refusals_told
    if partly.paths == state.paths:  # otherwise some of this is written by paths that are of the past, and refused
        for action in decision.plan.actions():
            partly = partly.after(action)
    assert partly.settle(after).is_at(collection_of(after))
