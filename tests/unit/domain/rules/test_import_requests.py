"""The request for an import: what was deleted or given up is had again, or it is said why not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.failures import decide_failure
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.views import ImportRule
from tests.unit.domain.agreed import AGREED_WORLDS, EDITS, Edit, agreed_world, deleted, onto_tape, overwritten
from tests.unit.domain.comparing import errors, shape
from tests.unit.domain.strategies import NAMES, TIERS
from tests.unit.domain.world import World, actions_of, apply, killed, settle

POLICY = Policy("z", "omero.example", TIERS)
IN_ZONE = Edit("zone", 0, "request", "import")
IN_OMERO = Edit("omero", 0, "request", "import")


def requests(world: World) -> frozenset[str]:
    return world.zone.first.values(NAMES.request)


def given_up(world: World) -> World:
    """Importing the present content has failed too often."""
    for _ in range(POLICY.attempts):
        world = apply(world, actions_of(decide_failure(world.look(), "no reader for it").plan))
    return killed(world)


def test_images_that_were_deleted_are_had_again() -> None:
    world = settle(deleted(agreed_world(POLICY)))
    assert world.omero.fileset is None
    world = settle(IN_ZONE.do(world))
    assert world.omero.fileset is not None
    assert (requests(world), errors(world), world.base.gone) == (frozenset(), frozenset(), False)


def test_a_file_that_was_given_up_is_tried_anew_once() -> None:
    world = IN_ZONE.do(given_up(deleted(agreed_world(POLICY))))
    world = killed(apply(world, actions_of(decide(world.look()).plan)))
    assert decide(world.look()).plan.do_import is not None
    world = given_up(world)
    assert decide(world.look()).plan.do_import is None, "the request was for one time"


@pytest.mark.parametrize("edit", [IN_ZONE, IN_OMERO])
def test_new_content_that_was_given_up_is_asked_for_on_either_side(edit: Edit) -> None:
    world = edit.do(given_up(overwritten(agreed_world(POLICY))))
    world = settle(world)
    assert len(world.filesets) == 2
    assert (requests(world), errors(world)) == (frozenset(), frozenset())


@pytest.mark.parametrize("edit", [IN_ZONE, IN_OMERO])
def test_where_the_images_are_there_it_is_served_at_once(edit: Edit) -> None:
    world = agreed_world(POLICY)
    assert shape(settle(edit.do(world))) == shape(world)


def test_what_cannot_be_imported_is_refused_with_the_reason_and_holds_on_to_nothing() -> None:
    gone = settle(deleted(agreed_world(POLICY)))
    unwatched = replace(gone, zone=replace(gone.zone, rule=None))
    nowhere = replace(gone, zone=replace(gone.zone, rule=ImportRule("/z/home/lab", "file", "", "")))
    for world, reason in (
        (unwatched, "no collection above it is watched"),
        (onto_tape(gone), "restage it to have it imported"),
        (nowhere, "it has no omero::target"),
    ):
        refused = settle(IN_ZONE.do(world))
        assert requests(refused) == frozenset()
        assert "request import refused: " in str(errors(refused))
        assert reason in str(errors(refused))
        assert refused.base.gone


def test_another_request_goes_on_and_the_reason_stays_beside_it() -> None:
    world = Edit("zone", 0, "request", "keep").do(settle(onto_tape(settle(deleted(agreed_world(POLICY))))))
    world = settle(IN_ZONE.do(world))
    assert requests(world) == {"keep"}
    assert "request import refused: " in str(errors(settle(world)))


@given(AGREED_WORLDS, st.lists(EDITS, max_size=3), st.integers(0, 6))
def test_an_agent_that_is_killed_on_the_way_comes_to_the_same_end(world: World, edits: list[Edit], after: int) -> None:
    for edit in edits:
        world = edit.do(world)
    world = IN_ZONE.do(settle(deleted(settle(world))))
    disturbed = killed(apply(world, actions_of(decide(world.look()).plan)[:after]))
    assert shape(settle(disturbed)) == shape(settle(world))
