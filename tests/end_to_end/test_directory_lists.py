"""Which files are the unit of a directory stands on its collection, once, and whoever was cut off is found out."""

from __future__ import annotations

import irods.keywords as kw
import pytest
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from irods_omero.domain.state.directories.member_list import MemberList, list_in, texts_of
from irods_omero.vocabulary import DIRECTORY
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.directories import LOWER, RUN, UPPER, put_run, units_of
from tests.pictures import companion
from tests.scene import Scene
from tests.scene.units import entries, put


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A collection of its own on both servers that is watched for directories."""
    made = new_scene()
    made.watch(DIRECTORY)
    return made


def ids(scene: Scene, *paths: str) -> frozenset[int]:
    return frozenset(scene.admin.data_objects.get(path).id for path in paths)


def lists_of(scene: Scene, path: str = RUN) -> list[str]:
    """What a collection says of which files are its unit."""
    avus = scene.admin.metadata.get(Collection, f"{scene.collection}/{path}")
    return sorted(avu.value for avu in avus if (avu.name, avu.units) == ("omero::unit", DIRECTORY))


def say(scene: Scene, text: str, path: str = "", of: str = RUN) -> None:
    """Have a data object, or else a collection, say what it belongs to, as an agent does."""
    kind, path = (DataObject, path) if path else (Collection, f"{scene.collection}/{of}")
    scene.admin.metadata.add(kind, path, iRODSMeta("omero::unit", text, DIRECTORY), **{kw.ADMIN_KW: ""})


def take_list_away(scene: Scene) -> None:
    for text in lists_of(scene):
        avu = iRODSMeta("omero::unit", text, DIRECTORY)
        scene.admin.metadata.remove(Collection, f"{scene.collection}/{RUN}", avu, **{kw.ADMIN_KW: ""})


def test_one_avu_says_which_files_are_the_unit(scene: Scene) -> None:
    made = put_run(scene)
    scene.sweep()
    first = scene.admin.data_objects.get(made[0]).id
    (text,) = lists_of(scene)
    assert text.startswith(f"{first} 3 "), "a person sees which file is opened, and how many there are"
    assert list_in([text]) == MemberList(first, ids(scene, *made))
    assert [scene.avus(path, "omero::unit") for path in made] == [[], [], []]
    late = put(scene, f"{RUN}/late.txt")
    scene.sweep()
    (text,) = lists_of(scene)
    assert list_in([text]) == MemberList(first, ids(scene, *made, late), 2)


def test_what_somebody_left_who_was_cut_off_is_tidied_up(scene: Scene) -> None:
    made = put_run(scene)
    scene.sweep()
    (text,) = lists_of(scene)
    image, run = scene.shown(made[0]).image.id, f"{scene.collection}/{RUN}"
    first = scene.admin.data_objects.get(made[0]).id
    scattered = frozenset(number * number * 7919 + 1 for number in range(1, 3000))
    say(scene, texts_of(MemberList(first, ids(scene, *made), 9))[0])
    say(scene, texts_of(MemberList(first, scattered, 10))[0])
    assert len(lists_of(scene)) == 3
    scene.admin.metadata.set(Collection, run, iRODSMeta("omero::gather", "pending", "0"), **{kw.ADMIN_KW: ""})
    scene.sweep()
    (tidied,) = lists_of(scene)
    assert tidied != text
    assert list_in([tidied]) == MemberList(first, ids(scene, *made), 11)
    assert scene.image(image).texts == {"registered", "tier:fast"}, "it is the same unit"


def test_an_administrator_who_takes_the_list_away_has_it_written_anew(scene: Scene) -> None:
    made = put_run(scene)
    scene.sweep()
    unit, image = units_of(scene, *made), scene.shown(made[0]).image.id
    take_list_away(scene)
    scene.sweep()
    assert units_of(scene, *made) == unit
    assert scene.image(image).texts == {"registered", "tier:fast"}


def test_files_of_an_earlier_version_say_for_themselves_until_another_is_opened(scene: Scene) -> None:
    made = put_run(scene)
    scene.sweep()
    first = str(scene.admin.data_objects.get(made[0]).id)
    take_list_away(scene)
    for path in made:
        say(scene, first, path)
    scene.sweep()
    assert lists_of(scene) == []
    assert [scene.avus(path, "omero::unit") for path in made] == [[first]] * 3
    late = put(scene, f"{RUN}/late.txt")
    scene.sweep()
    assert units_of(scene, late, *made) == [[first]] * 4
    assert len(entries(scene, scene.shown(made[0]))) == 4
    opened = put(scene, f"{RUN}/all.companion.ome", companion((LOWER, UPPER)))
    scene.sweep()
    another = str(scene.admin.data_objects.get(opened).id)
    assert units_of(scene, opened, late, *made) == [[another]] * 5
    assert [scene.avus(path, "omero::unit") for path in (opened, late, *made)] == [[]] * 5
    assert len(entries(scene, scene.shown(opened))) == 5


def test_a_directory_that_is_moved_into_another_is_part_of_that(scene: Scene) -> None:
    inner, outer = put_run(scene, "inner"), put(scene, "outer/all.companion.ome", companion((LOWER, UPPER)))
    scene.sweep()
    scene.user.collections.move(f"{scene.collection}/inner", f"{scene.collection}/outer/inner")
    scene.sweep()
    scene.sweep()
    moved = [path.replace("/inner/", "/outer/inner/") for path in inner]
    unit = [str(scene.admin.data_objects.get(outer).id)]
    assert units_of(scene, outer, *moved) == [unit] * 4
    assert lists_of(scene, "outer/inner") == []
    assert len(lists_of(scene, "outer")) == 1
