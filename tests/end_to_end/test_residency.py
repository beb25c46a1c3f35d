"""A site says where bytes really are: lock, imports and requests follow, and no copy goes by what a user says."""

from __future__ import annotations

import os
import runpy
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO

import irods.keywords as kw
import pytest
from irods.meta import iRODSMeta
from irods.models import DataObject

from irods_omero.gateways.programs import Program
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.streaming import open_object
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import PICTURE, OneCopy, make
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST
from tests.scene.places import REPOSITORY

AT = "site::residency"
AT_ARCHIVE = "site::archive residency"


def tiers() -> dict[str, dict[str, object]]:
    """Both tiers are on file systems with tape behind them."""
    return {
        FAST: {"name": "fast", "residency": AT, "recall_hours": 2.0},
        ARCHIVE: {"name": "archive", "offline": True, "residency": AT_ARCHIVE, "recall_hours": 2.0},
    }


def say(scene: Scene, path: str, value: str, attribute: str = AT, by_user: bool = False) -> None:
    """The site's script, or the owner, says where the bytes of a data object are."""
    session = scene.user if by_user else scene.admin
    options = {} if by_user else {kw.ADMIN_KW: ""}
    for avu in session.metadata.get(DataObject, path):
        if avu.name == attribute:
            session.metadata.remove(DataObject, path, avu, **options)
    session.metadata.add(DataObject, path, iRODSMeta(attribute, value, "2026-05-01"), **options)
    scene.mark_on_a_real_zone(path)


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    scene = new_scene(tiers=tiers())
    scene.watch()
    return scene


@pytest.fixture
def one(new_scene: SceneFactory) -> OneCopy:
    return make(new_scene, tiers=tiers())


def test_the_lock_follows_what_the_site_says(scene: Scene) -> None:
    path = scene.put("cells.ome.tiff", PICTURE)
    scene.sweep()
    assert not scene.shown(path).image.archived
    for value, locked in (("offline", True), ("moving", True), ("online", False), ("offline", True), ("lost", False)):
        say(scene, path, value)
        scene.sweep()
        assert bool(scene.shown(path).image.archived) is locked
        assert "tier:fast" in scene.shown(path).image.texts
        assert scene.avus(path, "omero::sync") == []


def test_an_import_waits_for_the_bytes_says_so_and_needs_nobody(scene: Scene) -> None:
    path = scene.put("cells.ome.tiff", PICTURE)
    for value, words in (("offline", "restage it to have it imported"), ("moving", "it is imported then")):
        say(scene, path, value)
        assert scene.sweep().imported == 0
        (error,) = scene.avus(path, "omero::error")
        assert words in error
        assert scene.avus(path, "omero::sync") == []
    say(scene, path, "online")
    assert scene.sweep().imported == 1
    assert scene.avus(path, "omero::error") == []


def test_what_is_imported_is_read_from_a_replica_in_reach(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    path = scene.put("cells.ome.tiff", PICTURE)
    scene.user.data_objects.replicate(path, ARCHIVE)
    opened: list[int | None] = []

    def opening(zone: ZoneConnection, path: str, replica: int | None) -> AbstractContextManager[BinaryIO]:
        opened.append(replica)
        return open_object(zone, path, replica)

    monkeypatch.setattr("irods_omero.agent.apply.open_object", opening)
    say(scene, path, "offline")
    say(scene, path, "online", AT_ARCHIVE)
    assert scene.sweep().imported == 1
    assert set(opened) == {1}
    assert "tier:archive" in scene.shown(path).image.texts


def test_a_restage_is_answered_when_the_site_says_that_the_bytes_are_there(scene: Scene) -> None:
    path = scene.put("cells.ome.tiff", PICTURE)
    scene.sweep()
    say(scene, path, "offline")
    scene.sweep()
    (image,) = scene.avus(path, "omero::image")
    scene.ask_by_tag(int(image), "restage")
    for value in ("offline", "moving"):
        say(scene, path, value)
        scene.sweep()
        assert scene.avus(path, "omero::request") == ["restage"]
        assert "restage" in scene.shown(path).image.texts
        assert scene.movements() == []
    say(scene, path, "online")
    scene.sweep()
    assert scene.avus(path, "omero::request") == []
    assert "restage" not in scene.shown(path).image.texts
    assert not scene.shown(path).image.archived
    assert scene.avus(path, "omero::error") == []


def test_a_copy_goes_and_comes_back_by_what_the_site_says_of_an_offline_tier(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    say(one.scene, path, "online", AT_ARCHIVE)
    one.move(path)
    one.settle()
    assert one.place(path).exists()
    say(one.scene, path, "offline", AT_ARCHIVE)
    one.settle()
    assert not one.place(path).exists()
    assert one.is_locked(path)
    say(one.scene, path, "moving", AT_ARCHIVE)
    one.settle()
    assert not one.place(path).exists()
    assert one.is_locked(path)
    say(one.scene, path, "online", AT_ARCHIVE)
    one.settle()
    assert one.place(path).read_bytes() == PICTURE
    assert not one.is_locked(path)


def test_no_copy_goes_by_what_a_user_says(one: OneCopy) -> None:
    near, far = one.put("near.ome.tiff"), one.put("far.ome.tiff")
    one.settle()
    say(one.scene, near, "offline", by_user=True)
    report = one.scene.sweep()
    assert (report.evicted, one.place(near).exists(), one.is_locked(near)) == (0, True, False)
    one.scene.settings = one.scene.with_settings(cache={"most_bytes": 1})
    one.move(far)
    say(one.scene, far, "online", AT_ARCHIVE, by_user=True)
    for path in (near, far):
        os.utime(one.place(path), (1_000_000_000, one.place(path).stat().st_mtime))
    one.settle()
    assert (one.place(near).exists(), one.place(far).exists()) == (True, True)
    say(one.scene, near, "online", by_user=True)
    one.settle()
    assert (one.place(near).exists(), one.place(far).exists()) == (False, True)


def vault_file(scene: Scene, path: str) -> Path:
    (replica,) = scene.admin.data_objects.get(path).replicas
    return Path(replica.path)


@pytest.mark.lab_only("takes the blocks of a file in the vault away")
def test_the_example_says_what_is_on_tape_has_it_brought_back_and_writes_nothing_else(
    scene: Scene, tmp_path: Path
) -> None:
    example = runpy.run_path(str(REPOSITORY / "irods_config" / "residency.py"))
    path, content = scene.put("cells.ome.tiff", retina(96)), tmp_path / "on tape"
    scene.sweep()
    file = vault_file(scene, path)
    content.write_bytes(file.read_bytes())

    def run() -> list[str]:
        example["main"](scene.admin, FAST, AT, ["cp", str(content)])
        return scene.avus(path, AT)

    assert run() == ["online"]
    scene.sweep()
    assert run() == ["online"]
    assert scene.avus(path, "omero::sync") == [], "what is as it was leaves no mark"
    file.write_bytes(b"")
    os.truncate(file, content.stat().st_size)
    assert run() == ["offline"]
    scene.sweep()
    assert scene.shown(path).image.archived
    scene.ask_by_avu(path, "restage")
    assert run() == ["moving"]
    scene.sweep()
    assert scene.shown(path).image.archived
    assert scene.avus(path, "omero::request") == ["restage"]
    assert run() == ["online"]
    scene.sweep()
    assert not scene.shown(path).image.archived
    assert scene.avus(path, "omero::request") == []
    assert len(scene.triples(path, AT)) == 1


@pytest.mark.lab_only("makes a resource with children")
def test_what_is_in_the_cache_of_a_compound_resource_is_near_and_what_is_only_in_its_archive_is_not(
    new_scene: SceneFactory,
) -> None:
    scene = new_scene(tiers={"pool": {"name": "pool", "residency_child": "pool cache"}})
    scene.watch()
    resources, vault = scene.admin.resources, scene.admin.resources.get("demoResc")
    resources.create("pool", "deferred")
    leaves = ("pool cache", "pool archive")
    for leaf in leaves:
        resources.create(leaf, "unixfilesystem", vault.location, f"{vault.vault_path}/{leaf}")
    near, far = (scene.put(f"{leaf}.ome.tiff".replace(" ", "-"), PICTURE, leaf) for leaf in leaves)
    scene.user.data_objects.replicate(near, "pool archive")
    for leaf in leaves:
        resources.add_child("pool", leaf)
    try:
        assert scene.sweep().imported == 1
        assert (scene.avus(near, "omero::error"), scene.shown(near).image.archived) == ([], False)
        (error,) = scene.avus(far, "omero::error")
        assert "out of OMERO's reach" in error
        scene.user.data_objects.trim(near, **{kw.REPL_NUM_KW: "0", kw.COPIES_KW: "1"})
        resources.remove_child("pool", "pool cache")  # the lab stages nothing by itself
        scene.user.data_objects.replicate(far, "pool cache")
        resources.add_child("pool", "pool cache")
        assert scene.sweep().imported == 1, "it was staged into the cache"
        assert (scene.shown(near).image.archived, scene.shown(far).image.archived) == (True, False)
        assert "tier:pool" in scene.shown(near).image.texts
    finally:
        for path in (near, far):
            scene.user.data_objects.unlink(path, force=True)
        for leaf in leaves:
            resources.remove_child("pool", leaf)
        for name in ("pool", *leaves):
            resources.remove(name)


@pytest.mark.parametrize(
    ("head", "word"),
    [
        ("None\\tNone\\tNone", "online"),
        ("None\\tGLACIER\\tNone", "offline"),
        ("None\\tDEEP_ARCHIVE\\tNone", "offline"),
        ("None\\tGLACIER_IR\\tNone", "online"),
        ("None\\tINTELLIGENT_TIERING\\tARCHIVE_ACCESS", "offline"),
        ("None\\tINTELLIGENT_TIERING\\tNone", "online"),
        ('ongoing-request="true"\\tGLACIER\\tNone', "moving"),
        ('ongoing-request="false", expiry-date="Fri, 1 May 2026 00:00:00 GMT"\\tGLACIER\\tNone', "online"),
        ("", ""),
    ],
)
def test_the_example_for_s3_asks_by_head_and_says_what_it_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, head: str, word: str
) -> None:
    client = tmp_path / "aws"
    asked = '[ "$*" = "s3api head-object --bucket data --key a b/c.tiff --query $8 --output text" ] || exit 1'
    client.write_text(f"#!/bin/sh\n{asked}\n" + (f"printf '{head}\\n'\n" if head else "exit 254\n"))
    client.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    program = Program([str(REPOSITORY / "irods_config" / "residency_s3.sh")], {}, seconds=60.0)
    assert program.ask(["/data/a b/c.tiff"], patience=60.0).get("/data/a b/c.tiff", "") == word


@pytest.mark.lab_only("looks at the vault")
def test_a_command_says_where_the_bytes_of_a_file_are(new_scene: SceneFactory, tmp_path: Path) -> None:
    states = tmp_path / "states"
    states.mkdir()
    program = tmp_path / "where"
    program.write_text(f'#!/bin/sh\ntest -f "$2" && cat "{states}/${{2##*/}}"\n')
    program.chmod(0o755)
    command, words = [str(program), "--state"], {"REG": "online", "OFL": "offline", "UNM": "moving"}
    tier = {"name": "fast", "offline": True, "residency_command": command, "residency_words": words}
    scene = new_scene(tiers={FAST: tier})
    scene.watch()
    for name, state in (("a", "OFL"), ("b", "REG"), ("c", "?")):
        (states / f"{name}.ome.tiff").write_text(f"{state}\n")
    far, near, unknown = (scene.put(f"{name}.ome.tiff", PICTURE) for name in "abc")
    assert scene.sweep().imported == 1
    assert not scene.shown(near).image.archived
    for path in (far, unknown):
        (error,) = scene.avus(path, "omero::error")
        assert "out of OMERO's reach" in error
    for state, locked in (("UNM", True), ("REG", False)):
        (states / "b.ome.tiff").write_text(state)
        scene.mark(near)
        scene.sweep()
        assert bool(scene.shown(near).image.archived) is locked
