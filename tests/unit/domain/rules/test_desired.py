"""What both sides should say about an imported unit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from irods_omero.domain.rules.desired import (
    IMAGES_LISTED,
    DesiredAvu,
    Error,
    error_avus,
    errors_of,
    id_avus,
    state_pairs,
    state_tags,
)
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, ImageState, ImportRule, OmeroView, Subject, ZoneView
from tests.unit.domain.agreed import data_object
from tests.unit.domain.strategies import NAMES, TIERS

POLICY = Policy("z", "omero.example", TIERS, web="https://omero.example")
ZONE = ZoneView(Unit(10, "directory"), (data_object(10), data_object(11)))
OMERO = OmeroView(5, (ImageState(51), ImageState(50)), (Subject("Image", 51, 7, 3), Subject("Image", 50, 7, 3)))


def test_state_tags_say_registered_and_the_tier() -> None:
    assert state_tags(TIERS.of_resource("tape")) == {"registered", "tier:archive"}
    assert state_tags(None) == {"registered"}


def test_pairs_say_where_the_bytes_are_and_leave_out_what_is_not_known() -> None:
    agreement = Agreement(tier="medium", since="2023-11-14T22:13:20Z")
    assert state_pairs(ZONE, POLICY, agreement, (Error("one"), Error("two")), "") == (
        ("zone", "z"),
        ("path", "/z/home/lab/10.tiff"),
        ("data id", "10"),
        ("checksum", "sha2:x"),
        ("tier", "medium"),
        ("since", "2023-11-14T22:13:20Z"),
        ("error", "one"),
        ("error", "two"),
    )
    nothing = replace(ZONE, objects=(replace(ZONE.first, replicas=()),))
    assert [key for key, _ in state_pairs(nothing, POLICY, Agreement(), (), "")] == ["zone", "path", "data id"]


def test_avus_lead_to_fileset_and_images() -> None:
    assert id_avus(ZONE, OMERO, POLICY) == {
        NAMES.unit: {DesiredAvu("10", "directory")},
        NAMES.fileset: {DesiredAvu("5", "omero.example")},
        NAMES.image: {DesiredAvu("50", "omero.example"), DesiredAvu("51", "omero.example")},
        NAMES.url: {DesiredAvu("https://omero.example/webclient/?show=image-50")},
    }


def test_a_plate_is_shown_as_a_plate() -> None:
    plate = replace(OMERO, subjects=(Subject("Plate", 9, 7, 3),))
    assert id_avus(ZONE, plate, POLICY)[NAMES.url] == {DesiredAvu("https://omero.example/webclient/?show=plate-9")}


def test_there_is_no_link_without_omero_web() -> None:
    assert id_avus(ZONE, OMERO, replace(POLICY, web=""))[NAMES.url] == frozenset()


def test_at_most_a_number_of_images_is_listed() -> None:
    many = replace(OMERO, images=tuple(ImageState(number) for number in reversed(range(1000))))
    listed = {int(avu.value) for avu in id_avus(ZONE, many, POLICY)[NAMES.image]}
    assert listed == set(range(IMAGES_LISTED))


def test_without_a_fileset_nothing_leads_anywhere() -> None:
    one = replace(ZONE, unit=Unit(10), objects=(ZONE.first,))
    assert set(id_avus(one, OmeroView(), POLICY).values()) == {frozenset()}


def test_several_data_objects_stay_a_unit_without_a_fileset() -> None:
    avus = id_avus(ZONE, OmeroView(), POLICY)
    assert avus.pop(NAMES.unit) == {DesiredAvu("10", "directory")}
    assert set(avus.values()) == {frozenset()}


def test_a_membership_that_is_not_believed_is_left_to_an_administrator() -> None:
    for omero in (OMERO, OmeroView()):
        assert NAMES.unit not in id_avus(replace(ZONE, trouble="its first object is gone"), omero, POLICY)


@pytest.mark.parametrize(
    ("kind", "name", "stays"), [("auto", "a.dv.log", True), ("auto", "a.czi", False), ("file", "a", False)]
)
def test_what_neighbours_say_is_wrong_stays_where_they_are_asked(kind: str, name: str, stays: bool) -> None:
    said = Avu(NAMES.error, "it belongs to nothing", "auto")
    first = replace(ZONE.first, path=f"/z/home/{name}", avus=frozenset({said}))
    zone = ZoneView(Unit(10), (first,), ImportRule("/z/home", kind, "", ""))
    assert (DesiredAvu(*said[1:]) in error_avus(zone, POLICY, ())[NAMES.error]) is stays


def test_errors_are_short_lines_and_those_without_text_are_none() -> None:
    errors = errors_of(Error(""), Error("two\nlines", 3), Error("a" * 2000), Error("two lines"))
    assert [(len(error.text.encode()), error.attempts) for error in errors] == [(1000, 0), (9, 3)]
    assert error_avus(ZONE, POLICY, errors)[NAMES.error] == {
        DesiredAvu("two lines", "3"),
        DesiredAvu(errors[0].text, "0"),
    }
