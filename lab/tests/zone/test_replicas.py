"""Replicas: where they are, which are good, and what changes their times."""

from __future__ import annotations

from typing import Any

import irods.exception as ex
import irods.keywords as kw
import pytest

from lab.tests.zone.conftest import World, wait_until

LONG_AGO = 1_000_000_000


def replicas(world: World, path: str) -> list[tuple[int, str, str]]:
    return [(r.number, r.status, r.resource_name) for r in world.alice.data_objects.get(path).replicas]


def times(world: World, path: str) -> dict[str, float]:
    return {r.resource_name: r.modify_time.timestamp() for r in world.alice.data_objects.get(path).replicas}


def test_replicate_makes_a_good_replica_and_trim_takes_it_away(world: World) -> None:
    path = world.put("file", b"bytes")
    world.alice.data_objects.replicate(path, "archive")
    assert replicas(world, path) == [(0, "1", "fast"), (1, "1", "archive")]
    world.alice.data_objects.trim(path, **{kw.COPIES_KW: "1", kw.RESC_NAME_KW: "fast"})
    assert replicas(world, path) == [(1, "1", "archive")]
    assert world.read(path) == b"bytes"
    world.alice.data_objects.replicate(path, "fast")
    assert replicas(world, path) == [(1, "1", "archive"), (2, "1", "fast")]


def test_the_last_good_replica_is_not_trimmed(world: World) -> None:
    path = world.put("file")
    world.alice.data_objects.trim(path, **{kw.COPIES_KW: "1", kw.RESC_NAME_KW: "fast"})
    world.alice.data_objects.replicate(path, "archive")
    world.alice.data_objects.trim(path)
    assert [status for _, status, _ in replicas(world, path)] == ["1", "1"]
    with pytest.raises(ex.USER_INCOMPATIBLE_PARAMS):
        world.alice.data_objects.trim(path, **{kw.RESC_NAME_KW: "fast", kw.REPL_NUM_KW: "0"})


def test_new_content_makes_the_other_replicas_stale_until_they_are_updated(world: World) -> None:
    path = world.put("file", b"old")
    world.alice.data_objects.replicate(path, "archive")
    world.put("file", b"newer")
    assert replicas(world, path) == [(0, "1", "fast"), (1, "0", "archive")]
    assert world.read(path) == b"newer"
    world.alice.data_objects.replicate(path, "archive")
    assert replicas(world, path) == [(0, "1", "fast"), (1, "1", "archive")]
    assert {r.size for r in world.alice.data_objects.get(path).replicas} == {5}


def test_a_good_replica_is_not_made_twice(world: World) -> None:
    path = world.put("file")
    world.alice.data_objects.replicate(path, "archive")
    with pytest.raises(ex.SYS_COPY_ALREADY_IN_RESC):
        world.alice.data_objects.replicate(path, "archive")
    with pytest.raises(ex.SYS_RESC_DOES_NOT_EXIST):
        world.alice.data_objects.replicate(path, "no such resource")


def test_replication_dates_the_new_replica_now_and_leaves_the_old_one(world: World) -> None:
    path = world.put("file")
    world.alice.data_objects.touch(path, seconds_since_epoch=LONG_AGO)
    world.alice.data_objects.replicate(path, "archive")
    after = times(world, path)
    assert after["fast"] == LONG_AGO
    assert after["archive"] > LONG_AGO


def test_avus_and_names_leave_the_times_of_a_replica(world: World) -> None:
    path = world.put("file")
    world.alice.data_objects.touch(path, seconds_since_epoch=LONG_AGO)
    world.alice.data_objects.get(path).metadata.add("a", "v")
    world.alice.data_objects.move(path, world.path("renamed"))
    assert times(world, world.path("renamed")) == {"fast": LONG_AGO}


def test_an_object_that_is_written_is_locked(world: World) -> None:
    path = world.put("file", b"old")
    world.alice.data_objects.replicate(path, "archive")
    with world.alice.data_objects.open(path, "r+") as stream:
        assert replicas(world, path) == [(0, "2", "fast"), (1, "4", "archive")]
        for refused in (_write, _replicate, _unlink):
            with pytest.raises(ex.LOCKED_DATA_OBJECT_ACCESS):
                refused(world, path)
        stream.write(b"new")
    assert replicas(world, path) == [(0, "1", "fast"), (1, "0", "archive")]


def _write(world: World, path: str) -> Any:
    return world.rods.data_objects.open(path, "w", **{kw.ADMIN_KW: ""})


def _replicate(world: World, path: str) -> Any:
    return world.alice.data_objects.replicate(path, "demoResc")


def _unlink(world: World, path: str) -> Any:
    return world.alice.data_objects.unlink(path, force=True)


def test_opening_for_writing_and_closing_leaves_everything_as_it_was(world: World) -> None:
    path = world.put("file", b"old")
    world.alice.data_objects.replicate(path, "archive")
    world.alice.data_objects.open(path, "r+").close()
    assert replicas(world, path) == [(0, "1", "fast"), (1, "1", "archive")]


def test_a_client_that_is_gone_leaves_a_stale_replica(world: World) -> None:
    path = world.path("cut")
    with world.zone.session("alice") as alice:
        stream, raw = alice.data_objects.open_with_FileRaw(path, "w", auto_close=False)
        raw.write(b"half")
        raw.conn.socket.close()
        raw.conn._disconnected = True
        stream.raw.close = lambda: None
    wait_until(lambda: [status for _, status, _ in replicas(world, path)] == ["0"])


def test_a_hierarchy_is_named_from_its_root(world: World) -> None:
    session = world.rods
    session.resources.create("top", "passthru")
    session.resources.create("bottom", "unixfilesystem", "localhost", str(world.zone.state / "bottom"))
    session.resources.add_child("top", "bottom")
    path = world.put("file", b"x", destRescName="top")
    replica = world.alice.data_objects.get(path).replicas[0]
    assert (replica.resource_name, replica.resc_hier) == ("bottom", "top;bottom")
    assert session.resources.get("bottom").hierarchy_string == "top;bottom"
    with pytest.raises(ex.HIERARCHY_ERROR):
        world.put("other", b"x", destRescName="bottom")
    with pytest.raises(ex.CAT_RESOURCE_NOT_EMPTY):
        session.resources.remove("bottom")
