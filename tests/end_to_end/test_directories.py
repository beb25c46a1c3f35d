"""A directory as one unit: its files are imported together when they have come to rest, and stay together."""

from __future__ import annotations

import irods.keywords as kw
import pytest
from irods.meta import iRODSMeta
from irods.models import Collection

from benchmarks.counting import QUERY, counted
from irods_omero.vocabulary import DIRECTORY
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.directories import LOWER, NOTES, RUN, UPPER, errors_of, marks_of, put_run, units_of
from tests.end_to_end.test_collection_requests import said_of
from tests.pictures import companion, focal_halves, retina
from tests.scene import Scene
from tests.scene.units import LATER, assert_quiet, assert_waits, entries, explained, put, run, unite


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers that is watched for directories."""
    made = new_scene()
    made.watch(DIRECTORY)
    return made


@pytest.fixture
def paths(scene: Scene) -> list[str]:
    """The files of an imported directory."""
    made = put_run(scene)
    scene.sweep()
    return made


def test_a_directory_becomes_one_fileset_that_all_its_files_lead_to(scene: Scene, paths: list[str]) -> None:
    shown = [scene.shown(path) for path in paths]
    first = shown[0]
    assert first.image.texts == {"registered", "tier:fast"}
    for attribute in ("omero::fileset", "omero::image", "omero::url"):
        ids = first.values(attribute)
        assert said_of(scene, RUN, attribute) == ids != []
        assert [each.values(attribute) for each in shown] == [ids, [], []], "however many files there are"
    assert {avu[1:] for each in shown for avu in each.avus if avu[0] == "omero::unit"} == {
        (str(first.data_id), DIRECTORY)
    }
    folder = "/".join(paths[0].split("/")[-3:-1])
    in_omero = [path.split("/", 4)[4].removeprefix(f"{folder}/") for path, *_ in entries(scene, first)]
    assert in_omero == [LOWER, f"more/{NOTES}", UPPER]
    assert [each.values("omero::sync") for each in shown] == [[], [], []]
    assert marks_of(scene, f"{scene.collection}/{RUN}") == []


@pytest.mark.lab_only("counts all writes of both servers")
def test_nothing_is_written_where_both_sides_agree(scene: Scene, paths: list[str]) -> None:
    put(scene, f"{RUN}/README.md")
    put(scene, "broken/a.czi")
    put(scene, "broken/b.czi")
    scene.sweep()
    assert errors_of(scene, "broken") != []
    assert_quiet(scene)


@pytest.mark.lab_only("counts all writes of both servers")
def test_what_has_not_come_to_rest_waits_without_a_write_and_says_so(scene: Scene) -> None:
    made = put_run(scene)
    assert_waits(scene)
    assert marks_of(scene, f"{scene.collection}/{RUN}") == ["pending"]
    assert [scene.avus(path, "omero::sync") for path in made] == [[], [], []]
    assert units_of(scene, *made) == [[], [], []]
    scene.sweep()
    assert scene.shown(made[0]).image.texts == {"registered", "tier:fast"}


def test_each_directory_is_a_unit_and_what_lies_in_none_waits(scene: Scene) -> None:
    one, two = put_run(scene, "one"), put_run(scene, "two")
    loose = put(scene, "loose.ome.tiff", retina(32))
    scene.sweep()
    filesets = [scene.avus(path, "omero::fileset") for path in (one[0], two[0], loose)]
    assert filesets[0] != filesets[1]
    assert filesets[2] == []
    assert "it lies in none" in run(scene, "explain", loose).stdout.replace("\n", " ")


def test_the_collection_itself_is_the_unit_where_it_says_so(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.watch(DIRECTORY)
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", DIRECTORY, "self"))
    made = [put(scene, LOWER, retina(32)), put(scene, f"deep/er/{NOTES}")]
    scene.sweep()
    assert len({*map(tuple, units_of(scene, *made))}) == 1
    assert scene.shown(made[1]).image.texts == {"registered", "tier:fast"}


def test_the_nearest_watched_collection_wins(scene: Scene) -> None:
    inner = f"{scene.collection}/{RUN}/single"
    scene.user.collections.create(inner)
    scene.user.metadata.set(Collection, inner, iRODSMeta("omero::import", "file"))
    single = put(scene, f"{RUN}/single/a.ome.tiff", retina(32))
    made = put_run(scene)
    scene.sweep()
    assert scene.avus(single, "omero::fileset") != scene.avus(made[0], "omero::fileset") != []
    assert units_of(scene, single) == [[str(scene.shown(single).data_id)]]


def test_a_collection_that_becomes_watched_has_its_directories_imported(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.user.collections.create(scene.collection)
    made = put_run(scene)
    scene.sweep()
    assert units_of(scene, *made) == [[], [], []]
    scene.watch(DIRECTORY)
    assert scene.agent_once() == 0
    assert scene.shown(made[1]).image.texts == {"registered", "tier:fast"}


def test_requests_and_the_slowest_tier_are_those_of_all(scene: Scene, paths: list[str]) -> None:
    scene.ask_by_avu(paths[2], "keep")
    scene.sweep()
    assert [scene.avus(path, "omero::request") for path in paths] == [["keep"]] * 3
    assert "keep" in scene.shown(paths[0]).image.texts
    scene.take_tag_away(scene.shown(paths[0]).image.id, "keep")
    scene.sweep()
    scene.ask_by_tag(scene.shown(paths[0]).image.id, "archive")
    scene.sweep()
    scene.wait_for("archive", *paths)
    scene.sweep()
    image = scene.shown(paths[0]).image
    assert image.texts == {"registered", "tier:archive"}
    assert image.archived
    assert [scene.avus(path, "omero::request") for path in paths] == [[], [], []]


def test_the_slowest_of_its_files_says_on_which_tier_it_is(scene: Scene, paths: list[str]) -> None:
    scene.user.data_objects.replicate(paths[2], "archive")
    scene.user.data_objects.trim(paths[2], **{kw.REPL_NUM_KW: "0", kw.COPIES_KW: "1"})
    scene.sweep()
    assert scene.shown(paths[0]).image.texts == {"registered", "tier:archive"}


def test_mapped_attributes_of_any_file_are_those_of_its_images(new_scene: SceneFactory) -> None:
    scene = new_scene(attributes=[{"avu": "keyword", "tag_namespace": "lab/keyword"}])
    scene.watch(DIRECTORY)
    made = put_run(scene)
    scene.set_avu(made[2], "keyword", "before")
    scene.sweep()
    scene.set_avu(made[1], "keyword", "after")
    scene.sweep()
    assert scene.tags(made[0], "lab/keyword") == {"before", "after"}
    assert scene.avus(made[0], "keyword") == ["after", "before"]


def test_a_late_file_is_taken_in_when_it_has_come_to_rest(scene: Scene, paths: list[str]) -> None:
    image = scene.shown(paths[0]).image.id
    late = put(scene, f"{RUN}/late.txt")
    scene.sweep(**LATER)
    assert units_of(scene, late) == [[]]
    assert explained(scene, late)["unit"] == scene.shown(paths[0]).data_id
    scene.sweep()
    assert units_of(scene, late) == units_of(scene, paths[0])
    shown = scene.shown(late)
    assert shown.image.texts == {"registered", "tier:fast"}
    assert scene.image(image).texts == {"superseded"}
    assert len(entries(scene, shown)) == 4


def test_a_late_file_that_is_to_be_opened_itself_makes_another_unit(scene: Scene, paths: list[str]) -> None:
    image = scene.shown(paths[0]).image.id
    late = put(scene, f"{RUN}/all.companion.ome", companion((LOWER, UPPER)))
    scene.sweep()
    first = str(scene.shown(late).data_id)
    assert units_of(scene, late, *paths) == [[first]] * 4
    assert scene.image(image).texts == {"superseded"}
    assert scene.shown(paths[0]).image.texts == {"registered", "tier:fast"}
    assert scene.avus(paths[0], "omero::agreement") == []


def test_a_file_that_is_removed_leaves_a_new_content(scene: Scene, paths: list[str]) -> None:
    image = scene.shown(paths[0]).image.id
    scene.user.data_objects.unlink(paths[2], force=True)
    scene.sweep()
    assert scene.image(image).texts == {"superseded"}
    assert len(entries(scene, scene.shown(paths[0]))) == 2


def test_a_file_that_is_called_what_belongs_to_no_image_leaves_a_new_content(scene: Scene, paths: list[str]) -> None:
    renamed = scene.move(paths[2], f"{RUN}/README")
    scene.sweep()
    scene.sweep()
    assert units_of(scene, renamed) == [[]]
    assert len(entries(scene, scene.shown(paths[0]))) == 2


def test_where_the_first_is_removed_the_others_are_imported_by_another(scene: Scene) -> None:
    lower, upper = focal_halves((LOWER, UPPER))
    files = {"all.companion.ome": companion((LOWER, UPPER)), LOWER: lower, UPPER: upper}
    made = [put(scene, f"{RUN}/{name}", content) for name, content in files.items()]
    scene.sweep()
    scene.user.data_objects.unlink(made[0], force=True)
    scene.sweep()
    shown = scene.shown(made[1])
    assert units_of(scene, made[1]) == [[str(shown.data_id)]]
    assert shown.image.texts == {"registered", "tier:fast"}
    assert shown.values("omero::error") == []


def test_a_file_that_is_moved_to_another_directory_changes_both(scene: Scene) -> None:
    one, two = put_run(scene, "one"), put_run(scene, "two")
    scene.sweep()
    moved = scene.move(one[2], "two/moved.txt")
    scene.sweep()
    scene.sweep()
    assert units_of(scene, moved) == units_of(scene, two[0])
    assert [len(entries(scene, scene.shown(path))) for path in (one[0], two[0])] == [2, 4]


def test_a_file_that_is_moved_out_is_by_itself(scene: Scene, paths: list[str]) -> None:
    moved = scene.move(paths[2], "out.txt")
    assert scene.agent_once() == 0
    assert [name for name, *_ in scene.shown(moved).avus if name.startswith("omero::")] == []
    assert len(entries(scene, scene.shown(paths[0]))) == 2


def test_a_directory_keeps_its_images_when_it_is_renamed(scene: Scene, paths: list[str]) -> None:
    image, unit = scene.shown(paths[0]).image.id, units_of(scene, paths[0])
    scene.user.collections.move(f"{scene.collection}/{RUN}", f"{scene.collection}/run 2")
    scene.sweep()
    path = f"{scene.collection}/run 2/{LOWER}"
    assert dict(scene.image(image).pairs)["path"] == path
    assert units_of(scene, path) == unit


def test_nothing_is_guessed_and_an_administrator_can_say_it(scene: Scene) -> None:
    made = [put(scene, f"{RUN}/{name}.tiff", retina(32)) for name in "ab"]
    scene.sweep()
    (error,) = errors_of(scene)
    assert "a.tiff, b.tiff" in error
    assert units_of(scene, *made) == [[], []]
    assert error in run(scene, "explain", f"{scene.collection}/{RUN}").stdout
    unite(scene, *made)
    scene.sweep()
    assert errors_of(scene) == []
    assert len({*map(tuple, units_of(scene, *made))}) == 1
    assert explained(scene, made[0])["rule"] == "an administrator has made units of its files"


def test_images_that_do_not_know_of_each_other_are_not_taken_for_one(scene: Scene) -> None:
    made = [put(scene, f"{RUN}/{name}.ome.tiff", retina(32)) for name in "ab"]
    scene.sweep()
    (error,) = errors_of(scene)
    assert f"{made[0]} does not name {made[1]}: are they images of their own?" in error
    assert units_of(scene, *made) == [[], []]


@pytest.mark.lab_only("counts calls")
def test_a_file_costs_no_write_and_no_call_of_its_own_while_it_waits(scene: Scene) -> None:
    counts = list[tuple[int, int, int]]()
    for size in (4, 24):
        put(scene, f"{size}/a.ome.tiff", retina(32))
        for number in range(size - 1):
            put(scene, f"{size}/{number}.txt")
        with counted(scene) as first:
            scene.sweep(**LATER)
        with counted(scene) as waiting:
            scene.sweep(**LATER)
        with counted(scene) as importing:
            scene.sweep()
        written = [sum(count for name, count in each.zone.items() if " omero::" in name) for each in (first, importing)]
        counts.append((sum(written), waiting.zone_writes, waiting.zone[QUERY]))
    small, large = counts
    assert large[0] <= small[0], "the first one has what an agent writes once, too"
    assert (small[1], small[2]) == (large[1], large[2])
    assert small[1] == 0


def test_an_error_goes_with_its_cause(scene: Scene) -> None:
    made = [put(scene, f"{RUN}/{name}.tiff", retina(32)) for name in "ab"]
    scene.sweep()
    scene.user.data_objects.unlink(made[1], force=True)
    scene.sweep()
    assert errors_of(scene) == []
    assert scene.shown(made[0]).image.texts == {"registered", "tier:fast"}


def test_what_was_imported_file_by_file_is_not_made_a_directory(new_scene: SceneFactory) -> None:
    scene = new_scene()
    scene.watch()
    old = put(scene, f"{RUN}/a.ome.tiff", retina(32))
    scene.sweep()
    image = scene.shown(old).image.id
    scene.watch(DIRECTORY)
    scene.sweep()
    assert errors_of(scene) == []
    put(scene, f"{RUN}/b.txt")
    scene.sweep()
    assert "a.ome.tiff was imported by itself" in errors_of(scene)[0]
    assert scene.shown(old).image.id == image


def test_reconcile_finds_a_directory_whose_marks_are_lost(scene: Scene) -> None:
    made = put_run(scene)
    for path in (scene.collection, f"{scene.collection}/{RUN}"):
        scene.lose_marks(path, collection=True)
    assert run(scene, "reconcile").exit_code == 3
    scene.sweep()
    assert scene.shown(made[0]).image.texts == {"registered", "tier:fast"}


def test_agents_that_share_a_zone_import_a_directory_once(scene: Scene) -> None:
    made = put_run(scene)
    for _ in range(3):
        for shards in ("0-20", "21-41", "42-63"):
            scene.sweep(agent={"shards": shards})
    shown = [scene.shown(path) for path in made]
    assert shown[0].image.texts == {"registered", "tier:fast"}
    assert [each.values("omero::sync") for each in shown] == [[], [], []]
    assert marks_of(scene, f"{scene.collection}/{RUN}") == []


def test_units_of_a_kind_that_nobody_knows_are_an_error_on_the_collection(scene: Scene) -> None:
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", DIRECTORY, "all"))
    made = put_run(scene)
    scene.sweep()
    assert "says directory with the units 'all', which can be 'self' only" in errors_of(scene, "")[0]
    assert run(scene, "explain", scene.collection).stdout.count("which can be 'self' only") == 1
    assert units_of(scene, *made) == [[], [], []]
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", DIRECTORY))
    assert scene.agent_once() == 0
    assert errors_of(scene, "") == []
    assert scene.shown(made[0]).image.texts == {"registered", "tier:fast"}


def test_a_collection_that_is_no_directory_any_more_leads_to_no_images(scene: Scene) -> None:
    emptied, ignored = put_run(scene, "emptied"), put_run(scene, "ignored")
    scene.sweep()
    for path in emptied:
        scene.user.data_objects.unlink(path, force=True)
    scene.user.collections.move(f"{scene.collection}/ignored", f"{scene.collection}/new name")
    scene.sweep()
    assert said_of(scene, "emptied", "omero::fileset") == []
    assert said_of(scene, "new name", "omero::fileset") != []
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", "off"))
    scene.sweep()
    run(scene, "reconcile")
    assert said_of(scene, "new name", "omero::fileset") == said_of(scene, "new name", "omero::url") == []
    first = f"{scene.collection}/new name/{ignored[0].rpartition('/')[2]}"
    assert scene.shown(first).image.texts == {"registered", "tier:fast"}


def test_what_a_directory_says_goes_when_it_is_none_any_more(scene: Scene) -> None:
    for name in "ab":
        put(scene, f"{RUN}/{name}.czi")
    scene.sweep()
    assert len(errors_of(scene)) == 1
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", "off"))
    scene.sweep()
    run(scene, "reconcile")
    assert errors_of(scene) == []
