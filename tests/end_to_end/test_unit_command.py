"""The command that makes a unit of several data objects: what it refuses, and what was made by half."""

from __future__ import annotations

import json

from irods_omero.vocabulary import shard_of
from tests.end_to_end.test_units import claim, paths, put_halves
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.units import run

__all__ = ["paths"]


def test_a_dry_run_makes_no_unit(scene: Scene) -> None:
    made = put_halves(scene)
    before = [scene.shown(path).avus for path in made]
    result = run(scene, "unit", *made, "--dry-run", "--json")
    assert json.loads(result.stdout)["new"] == made[::-1]
    assert [scene.shown(path).avus for path in made] == before


def test_a_unit_that_was_made_half_is_not_imported_and_can_be_completed(scene: Scene) -> None:
    made = put_halves(scene)
    first = scene.shown(made[0]).data_id
    claim(scene, made[1], first)
    scene.sweep(agent={"shards": str(shard_of(scene.shown(made[1]).data_id))})
    assert "does not say the same" in "".join(scene.avus(made[1], "omero::error"))
    assert json.loads(run(scene, "unit", *made, "--json").stdout)["new"] == [made[0]]
    scene.sweep()
    second = scene.shown(made[1])
    assert second.image.texts == {"registered", "tier:fast"}
    assert second.values("omero::error") == second.values("omero::agreement") == []


def test_what_cannot_be_a_unit_is_one_message_and_nothing_is_written(scene: Scene, paths: list[str]) -> None:
    new = [scene.put("new.ome.tiff", retina(32)), scene.put("newer.ome.tiff", retina(32))]
    elsewhere = scene.put_elsewhere(f"{scene.collection.rpartition('/')[2]}.tiff", retina(32))
    before = [scene.shown(path).avus for path in new]
    for others, message in [
        ([f"{scene.collection}/nothing"], "there is no such data object"),
        ([scene.collection], "it is a collection: name a data object"),
        ([new[1], new[0]], "is named twice"),
        ([elsewhere], "is below no watched root"),
        ([paths[1]], "is imported already"),
    ]:
        result = run(scene, "unit", new[0], *others)
        assert result.exit_code == 1
        assert message in result.stderr
        assert len(result.stderr.splitlines()) == 1
    assert [scene.shown(path).avus for path in new] == before
