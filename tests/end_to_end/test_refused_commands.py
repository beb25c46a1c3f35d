"""Commands of which the zone refuses a part, or which are killed: the rest is done, and all of it by the next one."""

from __future__ import annotations

import pytest

from irods_omero.agent import apply, removals, retry
from irods_omero.agent.apply import Applier
from irods_omero.domain.state.actions import RemoveAvu
from tests.end_to_end.refusing import (
    KilledError,
    die,
    refusing_actions,
    refusing_records,
    sweeps,
)
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.units import errors

NO_PICTURE = b"no picture"
ONCE = {"imports": {"attempts": 1}}
LIMITED = {"attributes": [{"avu": "note", "tag_namespace": "example.org/note"}], "safety": {"removals": 1}}


def with_held_removals(scene: Scene) -> list[str]:
    """Data objects of which removals are held."""
    paths = [scene.put(f"{number}.ome.tiff", retina(32 + number)) for number in range(3)]
    for path in paths:
        scene.set_avu(path, "note", "kept")
    scene.sweep(**LIMITED)
    for path in paths:
        scene.take_tag_away(scene.shown(path).image.id, "kept")
    scene.sweep(**LIMITED)
    assert all("irods-omero removals" in str(errors(scene, path)) for path in paths)
    return paths


@pytest.mark.parametrize("attribute", ["note", "omero::error"])
def test_what_is_refused_while_removals_are_accepted_is_tried_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, attribute: str
) -> None:
    paths = with_held_removals(scene)
    with monkeypatch.context() as patched, scene.connections(**LIMITED) as connections:
        patched.setattr(apply, "apply_to_zone", refusing_actions(paths[0], RemoveAvu, attribute))
        removals.settle(connections, restore=False)
    sweeps(scene, 2, **LIMITED)
    assert [(scene.avus(path, "note"), errors(scene, path)) for path in paths] == [([], [])] * 3


def test_a_unit_that_cannot_be_released_keeps_no_other_from_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = with_held_removals(scene)
    monkeypatch.setattr(removals, "record_agreement", refusing_records(paths[0]))
    with scene.connections(**LIMITED) as connections:
        assert removals.settle(connections, restore=False).failed == 1
    assert [scene.avus(path, "note") for path in paths] == [["kept"], [], []]


@pytest.mark.parametrize(("restore", "left"), [(False, []), (True, ["kept"])])
def test_removals_are_settled_by_the_next_command_when_one_was_killed(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, restore: bool, left: list[str]
) -> None:
    paths = with_held_removals(scene)
    with scene.connections(**LIMITED) as connections:
        with monkeypatch.context() as patched:
            patched.setattr(Applier, "apply", die)
            with pytest.raises(KilledError):
                removals.settle(connections, restore=restore)
        removals.settle(connections, restore=restore)
    assert [(scene.avus(path, "note"), errors(scene, path)) for path in paths] == [(left, [])] * 3


def test_what_was_to_be_tried_anew_is_when_the_command_is_killed(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scene.put("a.ome.tiff", NO_PICTURE)
    scene.sweep(**ONCE)
    assert scene.avus(path, "omero::sync") == []
    monkeypatch.setattr(retry, "record_agreement", die)
    with scene.connections(**ONCE) as connections, pytest.raises(KilledError):
        retry.retry(connections, [path])
    assert scene.avus(path, "omero::sync") == ["pending"]


def test_one_that_cannot_be_tried_anew_keeps_no_other(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [scene.put(f"{number}.ome.tiff", NO_PICTURE) for number in range(3)]
    scene.sweep(**ONCE)
    monkeypatch.setattr(retry, "record_agreement", refusing_records(paths[0]))
    with scene.connections(**ONCE) as connections:
        retry.retry(connections, [])
    assert [scene.avus(path, "omero::sync") for path in paths[1:]] == [["pending"]] * 2
