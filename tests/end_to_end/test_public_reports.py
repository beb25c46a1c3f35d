"""Situations that people who do this work have reported in public: one test for each, named by what happens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from irods.helpers import xml_mode
from irods.meta import iRODSMeta
from irods.models import DataObject, RuleExec

from irods_omero.agent import apply, observe
from irods_omero.agent.sweep import Sweeper
from irods_omero.domain.planning.decide import Decision, decide
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone import avus
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
        patch.setattr(observe, "read_objects", refused)
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
        lost.setattr(avus, "queue_movement", lambda *_: None)
        Sweeper(connections).sweep()
        assert dict(scene.shown(path).image.pairs)["waiting"].startswith("archive since "), "the image says so"
    scene.sweep()  # nothing has told of it
    scene.wait_for(ARCHIVE, path)
