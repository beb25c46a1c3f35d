"""Situations that people who do this work have reported in public: one test for each, named by what happens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import omero
import omero.cmd
import pytest
from click.testing import CliRunner
from irods.helpers import xml_mode
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject, RuleExec

from irods_omero.agent import apply
from irods_omero.agent.sweep import Sweeper
from irods_omero.cli import main
from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.state.actions import Import
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import RefusedError, UnreachableError
from irods_omero.gateways.omero.importer import Imported, Importer
from irods_omero.gateways.zone import member_lists, zone_actions
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.objects import read_objects
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST

MAPPED = {"attributes": [{"avu": "note", "tag_namespace": "example.org/note"}]}


def test_a_control_character_in_an_avu_stops_nobody(scene: Scene) -> None:
    first, second = scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(48))
    with xml_mode("QUASI_XML"):
        scene.user.metadata.add(DataObject, first, iRODSMeta("note", "before\x01after"))
    scene.sweep(**MAPPED)
    assert scene.shown(second).image.texts == {"registered", "tier:fast"}


def test_a_control_character_in_a_name_stops_nobody(scene: Scene) -> None:
    with xml_mode("QUASI_XML"):
        scene.put("a\x01.ome.tiff", retina(32))
    second = scene.put("b.ome.tiff", retina(48))
    scene.sweep()
    assert scene.shown(second).image.texts == {"registered", "tier:fast"}


def test_reading_for_an_import_is_no_access(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.grow_old(path)
    scene.sweep()
    assert scene.avus(path, "irods::access_time") == ["1000000000"]


def test_a_disk_of_omero_that_fills_up_is_freed_by_archiving(scene: Scene) -> None:
    if scene.omero.repository is None:
        pytest.skip("the managed repository of this OMERO cannot be seen from here")
    section = {**scene.settings.omero.model_dump(mode="json"), "repository": str(scene.omero.repository)}
    seeing = {"omero": section, "cache": {"evict": "with-tier"}}
    name = f"{uuid4().hex}.ome.tiff"
    path = scene.put(name, retina(32))
    scene.user.data_objects.chksum(path)
    scene.sweep(**seeing)
    assert len(list(scene.omero.repository.rglob(name))) == 1
    scene.ask_by_tag(scene.shown(path).image.id, "archive")
    scene.sweep(**seeing)
    scene.wait_for(ARCHIVE, path)
    scene.sweep(**seeing)
    assert list(scene.omero.repository.rglob(name)) == []
    assert scene.shown(path).image.archived


def test_a_unit_that_nobody_can_decide_about_stops_nobody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(48))
    scene.sweep()
    for path in (first, second):
        scene.ask_by_avu(path, "keep")

    def broken(observation: Observation) -> Decision:
        if observation.zone.first.path == first:
            raise ZeroDivisionError("nobody has thought of this")
        return decide(observation)

    with monkeypatch.context() as patch:
        patch.setattr(apply, "decide", broken)
        scene.sweep()
    assert "keep" in scene.shown(second).image.texts
    assert "nobody has thought of this" in str(scene.avus(first, "omero::error"))
    assert scene.avus(first, "omero::sync") == ["pending"], "it is looked at again"
    scene.sweep()
    assert "keep" in scene.shown(first).image.texts


def test_a_data_object_that_cannot_be_read_stops_nobody(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(48))
    culprit = scene.admin.data_objects.get(first).id

    def refused(zone: ZoneConnection, ids: Iterable[int], *arguments: Any) -> dict[int, Any]:
        if culprit in ids:
            raise RefusedError("reading replicas", "", "the zone does not like one of them")
        return read_objects(zone, ids, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(member_lists, "read_objects", refused)
        scene.sweep()
    assert scene.shown(second).image.texts == {"registered", "tier:fast"}
    assert scene.avus(first, "omero::sync") == ["pending"], "it is looked at again"
    scene.sweep()
    assert scene.shown(first).image.texts == {"registered", "tier:fast"}


def test_a_movement_on_request_is_verified_and_keeps_replicas_as_the_resources_say(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.ask_by_avu(path, "archive")
    with scene.connections() as connections:
        tiers = connections.policy().tiers
    fast, archive = tiers.of_resource(FAST), tiers.of_resource(ARCHIVE)
    scene.sweep()
    queued = [json.loads(row[RuleExec.name]) for row in scene.admin.query(RuleExec.name)]
    (rule,) = [rule.get("parameters", rule) for rule in queued if path in str(rule)]
    assert (rule["verification-type"], rule["preserve-replicas"]) == (archive.verification, fast.preserve)


def test_a_movement_whose_queued_rule_has_vanished_is_asked_for_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.ask_by_avu(path, "archive")
    patient = {"name": "fast", "recall_hours": 24.0}
    with scene.connections(tiers={FAST: patient}) as connections, monkeypatch.context() as lost:
        lost.setattr(zone_actions, "queue_movement", lambda *_: None)
        Sweeper(connections).sweep()
        assert dict(scene.shown(path).image.pairs)["waiting"].startswith("archive since "), "the image says so"
    scene.sweep()  # nothing has told of it
    scene.wait_for(ARCHIVE, path)


def test_an_owner_without_an_account_stops_nobody_and_is_imported_when_there_is_one(scene: Scene) -> None:
    path, other = scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(48))
    nobody = {"omero": {"users": {scene.user.username: "nobody-here"}}}
    for _ in range(5):  # more often than a bad file would be tried
        report = scene.sweep(**nobody)
    assert report.failed == 2
    assert "nobody-here" in str(scene.avus(path, "omero::error"))
    scene.sweep()  # the configuration was mended
    for mended in (path, other):
        assert scene.shown(mended).image.texts == {"registered", "tier:fast"}
        assert scene.avus(mended, "omero::error") == []


def test_a_group_that_was_mistyped_is_no_reason_to_give_up(scene: Scene) -> None:
    scene.watch(group="microscopi")
    path = scene.put("a.ome.tiff", retina(32))
    for _ in range(5):
        scene.sweep()
    assert "microscopi" in str(scene.avus(path, "omero::error"))
    scene.watch()
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


def test_a_file_that_cannot_be_read_is_tried_anew_by_command(scene: Scene) -> None:
    path = scene.put("broken.ome.tiff", b"no image at all")
    for _ in range(5):
        report = scene.sweep()
    assert report.failed == 0, "given up"
    run = CliRunner().invoke(main, ["--config", str(scene.policy_file), "retry", path])
    assert "1 will be retried" in run.output
    assert scene.sweep().failed == 1


def test_an_image_that_was_deleted_by_mistake_is_had_again_on_request(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.set_avu(path, "note", "kept in iRODS")
    scene.sweep(**MAPPED)
    image = scene.shown(path).image.id
    request = omero.cmd.Delete2(targetObjects={"Image": [image]})
    scene.microscopist.submit(request, ctx={"omero.group": str(scene.group_id)}).close(True)
    scene.mark(path)
    scene.sweep(**MAPPED)
    assert scene.avus(path, "omero::image") == []
    scene.ask_by_avu(path, "import")
    for _ in range(2):
        scene.sweep(**MAPPED)
    assert scene.avus(path, "omero::request") == []
    assert scene.shown(path).image.id != image
    assert scene.tags(path, "example.org/note") == {"kept in iRODS"}


def test_a_file_that_was_given_up_is_tried_anew_on_request(scene: Scene) -> None:
    path = scene.put("broken.ome.tiff", b"no image at all")
    for _ in range(4):
        scene.sweep()
    scene.ask_by_avu(path, "import")
    scene.sweep()
    assert scene.avus(path, "omero::request") == []
    assert scene.sweep().failed == 1
    assert "error-on-init" in str(scene.avus(path, "omero::error"))


def test_a_request_for_an_import_that_cannot_be_is_answered(scene: Scene) -> None:
    scene.watch("off")
    path = scene.put("a.ome.tiff", retina(32))
    scene.ask_by_avu(path, "import")
    scene.sweep()
    assert scene.avus(path, "omero::request") == []
    assert "request import refused: no collection above it is watched" in str(scene.avus(path, "omero::error"))


def test_what_breaks_a_server_each_time_rests_and_comes_last(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    culprit, other = scene.put("a.ome.tiff", retina(32)), scene.put("b.ome.tiff", retina(48))
    bring_in = Importer.bring_in

    def broken(importer: Importer, action: Import, opener: Any, begin: Any) -> Imported:
        if culprit in action.paths:
            begin()
            raise UnreachableError("importing", culprit, "the server went away")
        return bring_in(importer, action, opener, begin)

    with monkeypatch.context() as patch:
        patch.setattr(Importer, "bring_in", broken)
        for _ in range(3):
            with pytest.raises(UnreachableError):
                scene.sweep(imports={"backoff_seconds": 60.0})
        assert scene.shown(other).image.texts == {"registered", "tier:fast"}
        assert scene.sweep(imports={"backoff_seconds": 60.0}).waiting >= 1, "it rests"


def test_a_file_that_is_still_being_written_to_is_left_alone(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    assert scene.sweep(imports={"settle_seconds": 3600.0}).imported == 0
    assert scene.avus(path, "omero::sync") == ["pending"]
    assert scene.avus(path, "omero::error") == []
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


@pytest.mark.lab_only("spoils a file in a vault")
def test_bytes_that_are_not_those_of_the_catalog_are_not_shown(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(64))
    scene.user.data_objects.chksum(path)
    replica = scene.admin.data_objects.get(path).replicas[0]
    file = Path(replica.path)
    content = file.read_bytes()
    file.write_bytes(content[: len(content) // 2])
    assert scene.sweep().imported == 0
    assert f"{len(content) // 2} bytes, and {len(content)} by the catalog" in str(scene.avus(path, "omero::error"))
    file.write_bytes(content[:-1] + b"x")
    assert scene.sweep().imported == 0
    assert "checksum of the catalog" in str(scene.avus(path, "omero::error"))
    file.write_bytes(content)
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}


@pytest.mark.parametrize(
    ("attribute", "value", "told"),
    [
        ("omero::import", "off", "says file and off"),
        ("omero::target", "Another/place", "omero::target has 2 values"),
    ],
)
def test_a_collection_that_says_two_things_is_told_of(scene: Scene, attribute: str, value: str, told: str) -> None:
    scene.user.metadata.add(Collection, scene.collection, iRODSMeta(attribute, value, "microscopy"))
    path = scene.put("a.ome.tiff", retina(32))
    assert scene.sweep().imported == 0
    assert told in str(scene.avus(path, "omero::error"))
    scene.watch()
    scene.sweep()
    assert scene.shown(path).image.texts == {"registered", "tier:fast"}
    assert scene.avus(path, "omero::error") == []


@pytest.mark.parametrize("word", ["accept", "restore"])
def test_removals_of_many_at_once_wait_for_a_person(scene: Scene, word: str) -> None:
    paths = [scene.put(f"{number}.ome.tiff", retina(32 + number)) for number in range(3)]
    limited = {**MAPPED, "safety": {"removals": 1}}
    for path in paths:
        scene.set_avu(path, "note", "kept")
    scene.sweep(**limited)
    assert all(scene.tags(path, "example.org/note") == {"kept"} for path in paths)
    for path in paths:
        scene.take_tag_away(scene.shown(path).image.id, "kept")
        scene.ask_by_avu(path, "keep")
    scene.sweep(**limited)
    assert all(scene.avus(path, "note") == ["kept"] for path in paths), "held"
    assert all("keep" in scene.shown(path).image.texts for path in paths), "all else goes on"
    assert "irods-omero removals" in str(scene.avus(paths[0], "omero::error"))
    scene.policy_file.write_text(scene.connections(**limited).settings.model_dump_json())
    try:
        run = partial(CliRunner().invoke, main)
        listed = run(["--config", str(scene.policy_file), "removals", "list"]).output
        assert all(path in listed for path in paths)
        assert run(["--config", str(scene.policy_file), "removals", word]).exit_code == 0
    finally:
        scene.policy_file.write_text(scene.settings.model_dump_json(indent=1))
    for path in paths:
        assert scene.avus(path, "note") == ([] if word == "accept" else ["kept"])
        assert scene.tags(path, "example.org/note") == (set() if word == "accept" else {"kept"})
        assert scene.avus(path, "omero::error") == []
