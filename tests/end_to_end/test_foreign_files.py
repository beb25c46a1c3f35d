"""doctor finds what others have put in the place of OMERO's copies, and touches nothing of it."""

from __future__ import annotations

import os

import pytest

from irods_omero.doctor.facts.foreign_facts import find_foreign, kinds_of
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import PICTURE, OneCopy, make


@pytest.fixture
def one(new_scene: SceneFactory) -> OneCopy:
    return make(new_scene, evict="never")


def test_links_stubs_and_what_is_no_file_are_found_and_left_alone(one: OneCopy) -> None:
    names = ("right", "link", "hard", "stub", "other-stub", "gone")
    paths = {name: one.put(f"{name}.ome.tiff") for name in names}
    one.settle()
    places = {name: one.place(path) for name, path in paths.items()}
    elsewhere = places["link"].with_name("elsewhere")
    places["link"].rename(elsewhere)
    places["link"].symlink_to(elsewhere)
    os.link(places["hard"], places["hard"].with_name("second name"))
    for name, size in (("stub", 5), ("other-stub", 6)):
        places[name].write_bytes(b"a" * size)
    places["gone"].unlink()
    with one.scene.connections() as connections:
        foreign = find_foreign(connections, seconds=600.0)
    assert foreign is not None
    assert (foreign.is_all, foreign.units >= len(names)) == (True, True)
    mine = {each.path: each.file for each in foreign.files}
    files = {name: mine[path] for name, path in paths.items() if path in mine}
    assert {name: (file.disk.what, file.disk.readable) for name, file in files.items()} == {
        "link": ("a symbolic link", True),
        "hard": ("a file with another name (a hard link)", True),
        "stub": (f"a file of 5 bytes, and OMERO knows one of {len(PICTURE)}", False),
        "other-stub": (f"a file of 6 bytes, and OMERO knows one of {len(PICTURE)}", False),
    }
    assert {name: one.repository / file.path for name, file in files.items()} == {name: places[name] for name in files}
    kinds = {kind.what.partition(" of ")[0]: kind.number for kind in kinds_of(foreign).kinds}
    assert (kinds["a file"], kinds["a symbolic link"]) >= (2, 1)
    assert places["link"].is_symlink()
    assert places["stub"].read_bytes() == b"aaaaa"


def test_where_there_are_many_it_stops_and_says_so(one: OneCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    one.put()
    one.settle()
    monkeypatch.setattr("irods_omero.gateways.zone.object_pages.BATCH", 1)
    with one.scene.connections() as connections:
        some = find_foreign(connections, seconds=-1.0)
    assert some is not None
    assert not some.is_all
