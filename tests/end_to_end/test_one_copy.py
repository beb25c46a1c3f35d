"""OMERO's copy of a file is removed when its tier is offline, and brought back with the data; the lock says which."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import irods.keywords as kw
import omero
import pytest
from click.testing import CliRunner

from irods_omero.agent.reconcile import Manner, Reconciler
from irods_omero.cli.main import main
from irods_omero.domain.state.actions import OmeroAction, Refusal, SetArchived
from irods_omero.gateways.omero.annotations import AnnotationWriter
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import PICTURE, OneCopy, make
from tests.scene import Scene
from tests.scene.accounts import FAST


@pytest.fixture
def one(new_scene: SceneFactory) -> OneCopy:
    return make(new_scene)


def test_the_copy_goes_with_the_tier_and_comes_back_the_same(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    place, rows, before = one.place(path), one.rows(path), one.place(path).stat()
    one.move(path)
    report = one.scene.sweep()
    assert (report.evicted, report.freed_bytes) == (1, len(PICTURE))
    assert not place.exists()
    assert one.is_locked(path)
    one.restore(path)
    report = one.scene.sweep()
    assert (report.refilled, report.refilled_bytes) == (1, len(PICTURE))
    assert place.read_bytes() == PICTURE
    assert not one.is_locked(path)
    assert one.rows(path) == rows
    assert int(place.stat().st_mtime * 1000) == int(before.st_mtime * 1000)
    assert (place.stat().st_uid, place.stat().st_mode) == (before.st_uid, before.st_mode)
    assert one.pixels_of(path) == PICTURE
    assert one.rows(path) == rows
    assert [each.name for each in place.parent.iterdir() if each.name.startswith(".irods-omero")] == []
    one.settle()
    assert one.scene.avus(path, "omero::sync") == []
    assert drifted(one.scene) == 0


def test_while_it_is_away_reading_fails_and_changes_nothing_in_omero(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    rows = one.rows(path)
    one.move(path)
    one.settle()
    with pytest.raises(omero.ResourceError):
        one.pixels_of(path)
    assert one.rows(path) == rows


def test_a_restage_by_tag_brings_the_copy_back(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    one.move(path)
    one.settle()
    (image,) = one.scene.avus(path, "omero::image")
    one.scene.ask_by_tag(int(image), "restage")
    one.scene.sweep()
    one.scene.wait_for(FAST, path)
    one.settle()
    assert one.place(path).read_bytes() == PICTURE
    assert not one.is_locked(path)


@pytest.mark.parametrize("word", ["keep", "restage"])
def test_nothing_is_removed_while_a_request_stands(one: OneCopy, word: str) -> None:
    path = one.put()
    one.settle()
    one.scene.lose_marks(path)
    one.move(path)
    one.scene.ask_by_avu(path, word)
    one.scene.sweep()
    assert one.place(path).exists()


def test_without_the_policy_the_copy_stays_and_is_shown_without_a_lock(new_scene: SceneFactory) -> None:
    one = make(new_scene, evict="never")
    path = one.put()
    one.settle()
    one.move(path)
    one.settle()
    assert one.place(path).exists()
    assert not one.is_locked(path)


def test_a_copy_whose_checksum_nobody_has_compared_is_never_removed(one: OneCopy) -> None:
    path = one.put(checksum=False)
    one.settle()
    one.move(path)
    one.scene.admin.data_objects.chksum(path, **{kw.ADMIN_KW: ""})
    one.scene.mark(path)
    one.settle()
    assert one.place(path).exists()
    one.restore(path)
    one.settle()  # compared while it can be read
    one.move(path)
    one.settle()
    assert not one.place(path).exists()


def test_a_copy_is_not_removed_when_the_data_object_has_other_bytes_by_now(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    place = one.place(path)
    one.put(content=PICTURE[:-1] + b"x")
    one.move(path)
    one.settle()
    assert place.exists()


def test_a_copy_that_omero_does_not_know_by_its_hash_is_left_alone_and_told_of(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    place = one.place(path)
    time = place.stat().st_mtime
    place.write_bytes(PICTURE[:-1] + b"x")
    os.utime(place, (time, time))
    one.move(path)
    one.settle()
    assert place.read_bytes() == PICTURE[:-1] + b"x"
    assert any("are not those that OMERO knows" in error for error in one.scene.avus(path, "omero::error"))
    place.write_bytes(PICTURE)
    one.settle()
    assert not place.exists()
    assert one.scene.avus(path, "omero::error") == []


def test_links_are_left_alone(one: OneCopy, tmp_path: Path) -> None:
    """A symbolic link, and a second name: nothing would be freed, and somebody else has made them."""
    symbolic, hard = one.put("symbolic.ome.tiff"), one.put("hard.ome.tiff")
    one.settle()
    target = one.repository / f"elsewhere-{tmp_path.name}"
    one.place(symbolic).rename(target)
    one.place(symbolic).symlink_to(target)
    other = one.place(hard).with_name("other")
    os.link(one.place(hard), other)
    try:
        for path in (symbolic, hard):
            one.move(path)
        one.settle()
        assert one.place(symbolic).is_symlink()
        assert target.read_bytes() == one.place(hard).read_bytes() == PICTURE
        assert not one.is_locked(symbolic)
    finally:
        target.unlink()
        other.unlink()


def test_a_stub_is_told_of_and_locked(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    one.place(path).write_bytes(b"stub")
    one.scene.mark(path)
    one.settle()
    assert one.is_locked(path)
    assert any("a file of 4 bytes" in error for error in one.scene.avus(path, "omero::error"))
    assert one.place(path).read_bytes() == b"stub"


def test_a_copy_that_somebody_else_removed_is_brought_back(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    one.place(path).unlink()
    assert drifted(one.scene, Manner.MARK) == 1
    one.settle()
    assert one.place(path).read_bytes() == PICTURE


def test_files_of_several_go_and_come_back_by_their_bytes_whatever_their_names(one: OneCopy) -> None:
    scene, paths = one.scene, one.put_several()
    places = one.places(paths[0])
    before = [hashlib.sha1(place.read_bytes()).hexdigest() for place in places]
    for path in paths:
        one.move(path)
    one.settle()
    assert [place.exists() for place in places] == [False, False]
    paths[1] = scene.move(paths[1], "renamed.ome.tiff")
    for path in paths:
        one.restore(path)
    one.settle()
    assert [hashlib.sha1(place.read_bytes()).hexdigest() for place in places] == before


def test_an_image_that_cannot_be_locked_keeps_its_copy(one: OneCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    path = one.put()
    one.settle()
    one.move(path)
    write = AnnotationWriter.apply

    def refusing(writer: AnnotationWriter, actions: list[tuple[int, OmeroAction]]) -> dict[int, list[Refusal]]:
        locks = [(unit, action) for unit, action in actions if isinstance(action, SetArchived)]
        refused = write(writer, [each for each in actions if each not in locks])
        for unit, action in locks:
            refused[unit] = [*refused.get(unit, []), Refusal(action, "refused by a test")]
        return refused

    with monkeypatch.context() as patch:
        patch.setattr(AnnotationWriter, "apply", refusing)
        one.settle(3)
    assert one.place(path).exists()
    one.scene.mark(path)
    one.settle()
    assert not one.place(path).exists()


def test_a_repository_that_is_not_mounted_changes_no_lock_and_removes_nothing(one: OneCopy, tmp_path: Path) -> None:
    path = one.put()
    one.settle()
    one.move(path)
    section = {**one.scene.settings.omero.model_dump(mode="json"), "repository": str(tmp_path)}
    one.scene.sweep(omero=section, cache={"evict": "with-tier"})
    assert one.place(path).exists()
    assert not one.is_locked(path)
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_says_how_much_would_be_freed_and_status_how_much_was(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    one.scene.config.write_text(one.scene.settings.model_dump_json())
    one.scene.lose_marks(path)
    one.move(path)
    one.scene.lose_marks(path)
    shown = run_command(one.scene, "reconcile", "--dry-run")
    assert f"remove OMERO's copy: {len(PICTURE)} bytes" in shown
    assert f"{len(PICTURE)} bytes of OMERO's copies to remove" in shown
    assert one.place(path).exists()
    one.scene.mark(path)
    samples, beat = one.told()
    assert samples["irods_omero_copy_bytes_total", "freed"] == len(PICTURE)
    assert beat.copies == {"evicted": 1, "freed_bytes": len(PICTURE)}
    assert "evict" in run_command(one.scene, "explain", path)


def drifted(scene: Scene, manner: Manner = Manner.DRY_RUN) -> int:
    """How many units of the scene a reconcile finds that are not as they should be."""
    with scene.connections() as connections:
        reconciler = Reconciler(connections, manner)
        for _ in reconciler.run():
            pass
    return reconciler.done.drifted


def run_command(scene: Scene, *arguments: str) -> str:
    """What a command prints."""
    return CliRunner().invoke(main, ["--config", str(scene.config), *arguments]).stdout
