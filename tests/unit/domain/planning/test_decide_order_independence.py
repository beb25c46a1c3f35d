"""Order independence: neither the order of what is seen, nor that of edits of different fields, matters."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.views import DataObject
from tests.unit.domain.agreed import AGREED_WORLDS, EDITS, REQUESTS_MADE, Edit, overwritten
from tests.unit.domain.comparing import shape
from tests.unit.domain.strategies import WORLDS
from tests.unit.domain.world import World, actions_of, settle


def shuffled(observation: Observation, seed: int) -> Observation:
    """The same situation, seen in another order; only which data object is the first one means something."""
    chance = random.Random(seed)

    def shuffle(things: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(chance.sample(things, len(things)))

    def change(data_object: DataObject) -> DataObject:
        return replace(data_object, replicas=shuffle(data_object.replicas), asked_at=shuffle(data_object.asked_at))

    zone, omero = observation.zone, observation.omero
    objects = tuple(change(data_object) for data_object in (zone.objects[0], *shuffle(zone.objects[1:])))
    return replace(
        observation,
        zone=replace(zone, objects=objects, movements=shuffle(zone.movements)),
        omero=replace(
            omero,
            images=shuffle(omero.images),
            subjects=shuffle(omero.subjects),
            superseded=shuffle(omero.superseded),
            earlier=shuffle(omero.earlier),
        ),
    )


@given(WORLDS, st.integers(0, 99))
def test_order_of_what_is_seen_does_not_matter(world: World, seed: int) -> None:
    one, other = decide(world.look()), decide(shuffled(world.look(), seed))
    assert one.agreement == other.agreement
    assert (one.reasons, one.wait) == (other.reasons, other.wait)
    if one.plan.do_import and other.plan.do_import:
        assert set(one.plan.do_import.paths) == set(other.plan.do_import.paths)
    else:
        assert set(actions_of(one.plan)) == set(actions_of(other.plan))


@given(AGREED_WORLDS, EDITS | REQUESTS_MADE, EDITS | REQUESTS_MADE)
def test_edits_of_different_fields_commute_with_new_content(world: World, one: Edit, other: Edit) -> None:
    assume(one.field != other.field)
    one, other = replace(one, side="zone"), replace(other, side="omero")
    together = shape(settle(other.do(one.do(overwritten(world)))))
    assert shape(settle(one.do(other.do(overwritten(world))))) == together
    assert shape(settle(overwritten(one.do(other.do(world))))) == together


@given(AGREED_WORLDS, EDITS | REQUESTS_MADE, EDITS | REQUESTS_MADE)
def test_edits_of_different_fields_commute(world: World, one: Edit, other: Edit) -> None:
    assume(one.field != other.field)
    one, other = replace(one, side="zone"), replace(other, side="omero")
    together = shape(settle(other.do(one.do(world))))
    assert shape(settle(other.do(settle(one.do(world))))) == together
    assert shape(settle(one.do(settle(other.do(world))))) == together
