"""Importing: what is imported, when, and why not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.rules.imports import decide_import, next_attempt
from irods_omero.domain.state.actions import Expected, Import
from irods_omero.domain.state.agreement import Agreement, Failure
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.target import Target
from irods_omero.domain.state.unit import OF_SEVERAL, Unit, import_key
from irods_omero.domain.state.views import ImageState, OmeroView, Replica, ZoneView
from irods_omero.vocabulary import UNIT_KINDS
from tests.unit.domain.agreed import RULE, data_object
from tests.unit.domain.strategies import NOW, TIERS

POLICY = Policy("z", "omero.example", TIERS, attempts=3, backoff=60)
ARRIVED = Observation(ZoneView(Unit(10), (data_object(10), data_object(11)), RULE), POLICY, NOW)
CONTENT = ARRIVED.content
assert CONTENT is not None
OTHER = replace(CONTENT, size=11, checksum="")
IMPORTED = OmeroView(5, (ImageState(50),))


def with_replica(place: int, **changes: object) -> Observation:
    """What arrived, with one replica changed."""
    objects = list(ARRIVED.zone.objects)
    replica = replace(objects[place].replicas[0], **changes)  # type: ignore[arg-type]
    objects[place] = replace(objects[place], replicas=(replica,))
    return replace(ARRIVED, zone=replace(ARRIVED.zone, objects=tuple(objects)))


def failed(attempts: int, at: int = NOW) -> Observation:
    return replace(ARRIVED, base=Agreement(failure=Failure(attempts, at, "no reader for it", CONTENT)))


def test_what_arrives_under_a_watched_collection_is_imported() -> None:
    assert CONTENT is not None
    assert decide_import(ARRIVED).do_import == Import(
        prefix="irods/z/10/",
        key=import_key("z", 10, CONTENT),
        paths=("/z/home/lab/10.tiff", "/z/home/lab/11.tiff"),
        content=CONTENT,
        user="alice",
        target=Target(project="Project", dataset="Dataset"),
        expected=(Expected(10, "sha2:x"), Expected(10, "sha2:x")),
    )


@pytest.mark.parametrize(
    ("observation", "rule"),
    [
        (replace(ARRIVED, zone=replace(ARRIVED.zone, rule=None)), "no collection above it is watched"),
        (with_replica(0, size=0), "it is empty"),
        (with_replica(0, good=False), "no replica is good"),
        (with_replica(1, good=False), "no replica is good"),
        (with_replica(0, resource="tape"), "its bytes cannot be read"),
        (with_replica(1, resource="tape"), "its bytes cannot be read"),
        (replace(ARRIVED, omero=IMPORTED), "its present content is imported"),
        (replace(ARRIVED, omero=IMPORTED, base=Agreement(content=CONTENT, fileset=5)), "is imported"),
        (replace(ARRIVED, omero=IMPORTED, base=Agreement(content=OTHER), imported=CONTENT), "is imported"),
        (replace(ARRIVED, base=Agreement(content=CONTENT, fileset=5)), "its images were deleted"),
        (replace(ARRIVED, base=Agreement(fileset=5)), "its images were deleted"),
        (replace(ARRIVED, base=Agreement(content=CONTENT, gone=True)), "its images were deleted"),
    ],
)
def test_why_nothing_is_imported(observation: Observation, rule: str) -> None:
    importing = decide_import(observation)
    assert importing.do_import is None
    assert rule in importing.rule


@pytest.mark.parametrize(
    "observation",
    [
        replace(ARRIVED, omero=IMPORTED, base=Agreement(content=OTHER, fileset=5)),
        replace(ARRIVED, base=Agreement(content=OTHER, fileset=5)),
        replace(ARRIVED, base=Agreement(content=OTHER, gone=True)),
        replace(ARRIVED, base=Agreement(failure=Failure(3, NOW, "broken", OTHER))),
        replace(ARRIVED, base=Agreement(failure=Failure(3, NOW, "broken", None))),
    ],
)
def test_another_content_is_imported_whatever_became_of_the_earlier_one(observation: Observation) -> None:
    assert decide_import(observation).do_import is not None


def test_an_invalid_target_is_an_error_that_names_the_collection() -> None:
    importing = decide_import(replace(ARRIVED, zone=replace(ARRIVED.zone, rule=replace(RULE, target="/"))))
    assert importing.do_import is None
    assert importing.error.startswith("/z/home/lab: the target '/' names no place")


@pytest.mark.parametrize("rule", UNIT_KINDS)
@pytest.mark.parametrize("kind", OF_SEVERAL)
def test_units_of_several_are_imported_wherever_anything_is(kind: str, rule: str) -> None:
    zone = replace(ARRIVED.zone, unit=Unit(10, kind), rule=replace(RULE, kind=rule))
    assert decide_import(replace(ARRIVED, zone=zone)).do_import is not None


@pytest.mark.parametrize(
    ("path", "rule"),
    [("/z/home/lab/run/a.tiff", "it is a file of /z/home/lab/run, "), ("/z/home/lab/a.tiff", "it lies in none")],
)
def test_where_directories_are_imported_single_files_wait_without_an_error(path: str, rule: str) -> None:
    first = replace(ARRIVED.zone.first, path=path)
    zone = replace(ARRIVED.zone, objects=(first,), rule=replace(RULE, kind="directory"))
    importing = decide_import(replace(ARRIVED, zone=zone))
    assert (importing.do_import, importing.error, importing.wait) == (None, "", False)
    assert rule in importing.rule


def test_where_lists_are_imported_single_files_wait_without_an_error() -> None:
    zone = replace(ARRIVED.zone, objects=ARRIVED.zone.objects[:1], rule=replace(RULE, kind="list"))
    importing = decide_import(replace(ARRIVED, zone=zone))
    assert (importing.do_import, importing.error, importing.wait) == (None, "", False)
    earlier = replace(ARRIVED, zone=zone, omero=IMPORTED, base=Agreement(content=OTHER, fileset=5))
    assert decide_import(earlier).do_import is not None, "it was imported by itself before"


@pytest.mark.parametrize(
    ("name", "is_imported"),
    [("a.czi", True), ("a.tiff", False), ("a.xyz", False), (".a.czi", False), ("a.ndpi", False)],
)
def test_where_it_is_told_what_belongs_together_only_files_that_are_alone_are_imported_by_themselves(
    name: str, is_imported: bool
) -> None:
    first = replace(ARRIVED.zone.first, path=f"/z/home/lab/{name}")
    zone = replace(ARRIVED.zone, objects=(first,), rule=replace(RULE, kind="auto"))
    importing = decide_import(replace(ARRIVED, zone=zone))
    assert (importing.do_import is not None, importing.error, importing.wait) == (is_imported, "", False)


def test_nothing_is_imported_while_it_is_not_clear_where_it_belongs() -> None:
    importing = decide_import(replace(ARRIVED, zone=replace(ARRIVED.zone, trouble="its first is gone")))
    assert (importing.do_import, importing.error) == (None, "its first is gone")


def test_files_that_omero_would_give_the_same_name_are_an_error() -> None:
    objects = (replace(ARRIVED.zone.first, path="/z/a?"), replace(ARRIVED.zone.first, path="/z/a%"))
    assert (
        "/z/a? and /z/a% would be" in decide_import(replace(ARRIVED, zone=replace(ARRIVED.zone, objects=objects))).error
    )


def test_what_is_out_of_reach_says_how_to_have_it_imported() -> None:
    assert "restage it to have it imported" in decide_import(with_replica(0, resource="tape")).error


@pytest.mark.parametrize(("attempts", "seconds"), [(1, 60), (2, 120)])
def test_a_failed_import_is_tried_again_later_and_later(attempts: int, seconds: int) -> None:
    early = decide_import(failed(attempts, NOW - seconds + 1))
    assert (early.do_import, early.error, early.attempts, early.wait) == (None, "no reader for it", attempts, True)
    assert decide_import(failed(attempts, NOW - seconds)).do_import is not None


def test_it_is_given_up_after_so_many_attempts() -> None:
    given_up = decide_import(failed(3, 0))
    assert (given_up.do_import, given_up.error, given_up.wait) == (None, "no reader for it", False)


def test_the_time_between_attempts_has_a_limit() -> None:
    assert next_attempt(Failure(2**62, NOW, ""), 60.0) == next_attempt(Failure(100, NOW, ""), 60.0)


def test_the_fastest_good_replica_decides_whether_it_can_be_read() -> None:
    first = ARRIVED.zone.first
    replicas = (Replica(1, "tape", good=True, size=10, checksum="sha2:x"), *first.replicas)
    objects = (replace(first, replicas=replicas), *ARRIVED.zone.objects[1:])
    assert decide_import(replace(ARRIVED, zone=replace(ARRIVED.zone, objects=objects))).do_import is not None
