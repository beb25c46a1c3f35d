"""OMERO's copies are a cache with a size: over its limit the right ones go, and ``show`` brings one back."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from irods_omero.agent.one_copy.cache_trimming import Before, look_at_cache
from irods_omero.agent.report import Report
from irods_omero.agent.service import run
from irods_omero.agent.sweep import Sweeper
from irods_omero.cli.status_screen import screen
from irods_omero.domain.rules.one_copy.cache_limit import Room
from irods_omero.domain.state.agreement import decode
from irods_omero.domain.state.one_copy.managed_files import ManagedFile
from irods_omero.errors import UnreachableError
from irods_omero.gateways.repository.copies import Version
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.status.reading import read_status
from irods_omero.status.summary import summarise
from irods_omero.vocabulary import SHARDS, shard_of
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import PICTURE, OneCopy, make
from tests.end_to_end.test_one_copy import drifted, run_command
from tests.scene.accounts import FAST

pytestmark = pytest.mark.lab_only("counts all copies that OMERO has")

SIZE = len(PICTURE)
DAY = 86_400.0


@pytest.fixture
def one(new_scene: SceneFactory) -> OneCopy:
    """A scene whose cache may have three copies."""
    one = make(new_scene, evict="never")
    one.scene.settings = one.scene.with_settings(cache={"most_bytes": 3 * SIZE})
    return one


def bring(one: OneCopy, *days: int) -> list[str]:
    """Images, one for each number of days since its last use."""
    most = one.scene.settings.cache
    one.scene.settings = one.scene.with_settings(cache={})
    paths = [one.put(f"{number}-{ago}.ome.tiff") for number, ago in enumerate(days)]
    one.settle()
    for path, ago in zip(paths, days, strict=True):
        used(one.place(path), ago)
    one.scene.settings = one.scene.with_settings(cache=most.model_dump())
    return paths


def used(place: Path, days: float) -> None:
    """A file was last read the given number of days ago."""
    os.utime(place, (time.time() - days * DAY, place.stat().st_mtime))


def there(one: OneCopy, paths: list[str]) -> list[bool]:
    return [one.place(path).exists() for path in paths]


def ask_by_tag(one: OneCopy, path: str) -> None:
    (image,) = one.scene.avus(path, "omero::image")
    one.scene.ask_by_tag(int(image), "show")


def ask_by_avu(one: OneCopy, path: str) -> None:
    one.scene.ask_by_avu(path, "show")


@pytest.mark.parametrize("ask", [ask_by_tag, ask_by_avu])
def test_the_least_recently_used_go_and_show_brings_one_back(one: OneCopy, ask: Callable[[OneCopy, str], None]) -> None:
    paths = bring(one, 2, 9, 1, 8, 7)
    report = one.scene.sweep()
    assert (report.evicted, report.freed_bytes) == (3, 3 * SIZE)
    assert there(one, paths) == [True, False, True, False, False]
    assert [one.is_locked(path) for path in paths] == [False, True, False, True, True]
    assert "tag it show to have it back" in dict(one.scene.shown(paths[1]).image.pairs)["in OMERO"]
    one.settle()
    assert there(one, paths) == [True, False, True, False, False]
    rows = one.rows(paths[1])
    ask(one, paths[1])
    one.settle()
    assert one.place(paths[1]).read_bytes() == PICTURE
    assert not one.is_locked(paths[1])
    assert one.scene.avus(paths[1], "omero::request") == []
    assert "show" not in one.scene.shown(paths[1]).image.texts
    assert "in OMERO" not in dict(one.scene.shown(paths[1]).image.pairs)
    assert one.rows(paths[1]) == rows
    assert [replica.resource_name for replica in one.scene.admin.data_objects.get(paths[1]).replicas] == [FAST]
    bring(one, 5, 5, 5)
    one.scene.sweep()
    assert there(one, paths) == [False, True, True, False, False]
    assert one.scene.avus(paths[1], "omero::sync") == []
    assert drifted(one.scene) == 0


def test_a_copy_that_is_read_is_a_hit_and_one_that_is_asked_for_a_miss(one: OneCopy) -> None:
    if not Repository(str(one.repository)).notes_reading():
        pytest.skip("the file system of the repository notes no reading")
    paths, report = bring(one, 9, 8, 2, 1), Report()
    one.settle()
    one.scene.let_a_second_pass()
    looked = time.time()
    one.scene.let_a_second_pass()
    one.place(paths[2]).read_bytes()
    with one.scene.connections() as connections:
        look_at_cache(connections, 3 * SIZE, time.time, report, Before(looked, time.time()))
    assert report.hits == 1
    ask_by_tag(one, paths[0])
    assert one.scene.sweep().misses == 1


def test_restage_brings_back_what_made_room_too(one: OneCopy) -> None:
    paths = bring(one, 9, 3, 2, 1)
    one.settle()
    assert there(one, paths) == [False, False, True, True]
    one.scene.ask_by_avu(paths[0], "restage")
    one.settle()
    assert one.place(paths[0]).read_bytes() == PICTURE
    assert one.scene.avus(paths[0], "omero::request") == []


def test_what_is_asked_for_stays_and_what_was_just_used_does(one: OneCopy) -> None:
    paths = bring(one, 9, 8, 7, 0, 0)
    one.scene.ask_by_avu(paths[0], "keep")
    one.settle()
    assert there(one, paths) == [True, False, False, True, True]


def test_a_copy_that_irods_is_not_known_to_have_stays(one: OneCopy) -> None:
    unsure = one.put("unsure.ome.tiff", checksum=False)
    paths = bring(one, 5, 4, 3)
    used(one.place(unsure), 99)
    one.settle()
    assert one.place(unsure).exists()
    assert there(one, paths) == [False, False, True]


@pytest.mark.parametrize("ask", [ask_by_tag, ask_by_avu])
def test_show_brings_back_what_is_kept_and_it_stays_kept(one: OneCopy, ask: Callable[[OneCopy, str], None]) -> None:
    paths = bring(one, 9, 8, 7, 6)
    one.settle()
    assert there(one, paths) == [False, False, True, True]
    one.scene.ask_by_avu(paths[0], "keep")
    one.settle()
    ask(one, paths[0])
    one.settle()
    assert there(one, paths) == [True, False, True, True]
    assert one.scene.avus(paths[0], "omero::request") == ["keep"]
    assert one.scene.shown(paths[0]).image.texts & {"keep", "show"} == {"keep"}
    used(one.place(paths[0]), 99)
    bring(one, 5)
    one.settle()
    assert one.place(paths[0]).exists()


def test_show_of_what_is_out_of_reach_is_refused_with_the_advice_to_restage(one: OneCopy) -> None:
    paths = bring(one, 9, 8, 7, 6)
    one.settle()
    one.move(paths[0])
    one.settle()
    ask_by_tag(one, paths[0])
    one.settle()
    (error,) = one.scene.avus(paths[0], "omero::error")
    assert "request show refused" in error
    assert "request restage" in error
    assert "show" not in one.scene.shown(paths[0]).image.texts
    assert one.is_locked(paths[0])


def test_what_is_shown_already_is_answered_at_once(one: OneCopy) -> None:
    (path,) = bring(one, 1)
    ask_by_tag(one, path)
    one.settle()
    assert one.scene.avus(path, "omero::request") == []
    assert one.scene.avus(path, "omero::error") == []
    assert "show" not in one.scene.shown(path).image.texts


def test_what_was_compared_too_long_ago_is_read_from_irods_once_more_before_its_copy_goes(one: OneCopy) -> None:
    paths = bring(one, 9, 8, 7, 6)
    (rotten, right), later = paths[:2], time.time() + 40 * DAY
    (replica,) = one.scene.admin.data_objects.get(rotten).replicas
    vault = Path(replica.path)
    vault.write_bytes(PICTURE[::-1])
    one.scene.settings = one.scene.with_settings(cache={"most_bytes": 3 * SIZE, "verify_days": 30})
    with one.scene.connections() as connections:
        assert Sweeper(connections, lambda: later).sweep().evicted == 1
    one.settle()
    assert there(one, paths) == [True, False, True, True]
    assert any("do not have the checksum of the catalog" in error for error in one.scene.avus(rotten, "omero::error"))
    (agreement,) = one.scene.avus(right, "omero::agreement")
    verified = decode(agreement).verified
    assert verified is not None
    assert verified.at == int(later)


def test_other_bytes_stay_are_told_of_and_do_not_keep_the_others(one: OneCopy) -> None:
    one.scene.settings = one.scene.with_settings(
        imports={**one.scene.settings.imports.model_dump(), "backoff_seconds": 3600.0}
    )
    paths = bring(one, 9, 8, 7, 6, 5)
    place = one.spoil(paths[0])
    used(place, 99)
    one.settle(3)
    assert place.read_bytes() == PICTURE[::-1]
    assert any("are not those that OMERO knows" in error for error in one.scene.avus(paths[0], "omero::error"))
    assert not one.is_locked(paths[0])
    assert there(one, paths) == [True, False, False, True, True]


def test_what_somebody_puts_in_its_place_before_its_turn_is_left_alone(
    one: OneCopy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    paths = bring(one, 9, 8, 7, 1)
    symbolic, hard = one.place(paths[0]), one.place(paths[1])
    target, other = one.repository / f"elsewhere-{tmp_path.name}", hard.with_name("other")

    def looking(*arguments: Any) -> Room | None:
        room = look_at_cache(*arguments)
        if not target.exists():
            symbolic.rename(target)
            symbolic.symlink_to(target)
            os.link(hard, other)
        return room

    monkeypatch.setattr("irods_omero.agent.one_copy.cache_trimming.look_at_cache", looking)
    try:
        report = one.scene.sweep()
        assert report.evicted == 0
        assert symbolic.is_symlink()
        assert target.read_bytes() == other.read_bytes() == hard.read_bytes() == PICTURE
        assert not any(one.is_locked(path) for path in paths[:2])
    finally:
        target.unlink()
        other.unlink()


def test_an_image_whose_copy_was_about_to_go_is_looked_at_once_more(
    one: OneCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the lock already; and by the time that the next agent comes there is room enough."""
    paths = bring(one, 9, 8, 7, 6)

    def broken_off(_: Repository, file: ManagedFile, __: Version | None) -> int:
        raise UnreachableError("removing", file.path, "broken off by a test")

    with monkeypatch.context() as patch:
        patch.setattr("irods_omero.agent.one_copy.cache.remove", broken_off)
        with pytest.raises(UnreachableError):
            one.scene.sweep()
    locked = [path for path in paths if one.is_locked(path)]
    assert locked
    one.scene.settings = one.scene.with_settings(cache={"most_bytes": 5 * SIZE})
    one.settle()
    assert there(one, paths) == [True] * 4
    assert not any(one.is_locked(path) for path in paths)
    assert all(one.scene.avus(path, "omero::sync") == [] for path in paths)


def test_an_agent_of_some_shards_has_their_part_of_the_limit_and_leaves_the_copies_of_others_alone(
    one: OneCopy,
) -> None:
    paths = bring(one, 99, 98, 97, 9, 8, 7)
    others, ours = paths[:3], paths[3:]
    shards = ",".join(str(shard_of(one.scene.admin.data_objects.get(path).id)) for path in ours)
    most = 2 * SIZE * SHARDS // len(ours) + SHARDS
    one.scene.settings = one.scene.with_settings(agent={"shards": shards}, cache={"most_bytes": most})
    before = [one.scene.shown(path) for path in others]
    assert one.scene.sweep().evicted == 2
    one.settle()
    assert there(one, ours) == [False, False, True]
    assert there(one, others) == [True] * 3
    assert [one.scene.shown(path) for path in others] == before


def test_a_repository_that_cannot_be_looked_into_frees_nothing_and_holds_up_nobody(
    one: OneCopy, tmp_path: Path
) -> None:
    paths = bring(one, 9, 8, 7, 6)
    section = {**one.scene.settings.omero.model_dump(mode="json"), "repository": str(tmp_path)}
    one.scene.sweep(omero=section, cache={"most_bytes": 1})
    assert there(one, paths) == [True] * 4


def test_a_dry_run_says_what_would_go_and_status_and_metrics_how_much_there_is(one: OneCopy) -> None:
    paths = bring(one, 9, 8, 7, 6)
    one.scene.config.write_text(one.scene.settings.model_dump_json())
    shown = run_command(one.scene, "reconcile", "--dry-run")
    assert f"{paths[0]}\n  remove OMERO's copy to make room: {SIZE} bytes, last read " in shown
    assert paths[2] not in shown
    assert f"OMERO's copies take {4 * SIZE} bytes, of at most {3 * SIZE}" in shown
    assert f"{2 * SIZE} bytes of OMERO's copies to remove" in shown
    last = json.loads(run_command(one.scene, "reconcile", "--dry-run", "--json").splitlines()[-1])
    assert (last["cache_bytes"], last["cache_most_bytes"], last["evictable_bytes"]) == (4 * SIZE, 3 * SIZE, 2 * SIZE)
    assert there(one, paths) == [True] * 4
    samples, beat = one.told()
    assert samples["irods_omero_cache_bytes",] == 4 * SIZE
    assert samples["irods_omero_cache_most_bytes",] == 3 * SIZE
    assert (beat.copies["cache_bytes"], beat.copies["cache_most_bytes"]) == (4 * SIZE, 3 * SIZE)
    assert there(one, paths) == [False, False, True, True]
    assert "show" in run_command(one.scene, "explain", paths[0])
    with ZoneConnection(one.scene.settings.zone) as zone:
        status = summarise(read_status(one.scene.settings, zone), one.scene.settings)
    texts = [str(part) for part in screen(status).renderables]
    assert any("of at most" in text and "over the limit" in text for text in texts)


def test_an_agent_that_serves_makes_room_beside_everything_else(one: OneCopy) -> None:
    paths, stop = bring(one, 9, 8, 7, 6), threading.Event()
    one.scene.settings = one.scene.with_settings(agent={"interval_seconds": 0.1})
    with one.scene.connections() as connections:
        agent = threading.Thread(target=run, args=(connections, stop, lambda _: None))
        agent.start()
        try:
            one.scene.wait_until(lambda: there(one, paths) == [False, False, True, True], "the oldest are gone")
            one.scene.wait_until(lambda: not one.scene.avus(paths[1], "omero::sync"), "it was looked at once more")
        finally:
            stop.set()
            agent.join(60)
    assert [one.is_locked(path) for path in paths] == [True, True, False, False]
