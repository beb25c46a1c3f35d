"""Views: what a data object says about itself."""

from __future__ import annotations

from dataclasses import replace

from irods_omero.domain.state.unit import Content, Unit
from irods_omero.domain.state.views import Avu, DataObject, Replica, ZoneView

DATA_OBJECT = DataObject(
    1,
    "/z/a",
    "alice",
    (
        Replica(2, "disk", good=True, size=20, checksum="sha2:y", modified=300),
        Replica(1, "ssd", good=True, size=20, modified=200),
        Replica(0, "tape", good=False, size=10, checksum="sha2:x", modified=100),
    ),
    frozenset({Avu("a", "1"), Avu("a", "1", "u"), Avu("a", "2"), Avu("b", "3")}),
)


def test_only_good_replicas_hold_the_content() -> None:
    assert [replica.number for replica in DATA_OBJECT.good_replicas()] == [1, 2]


def test_the_content_is_that_of_the_first_good_replica_with_any_checksum() -> None:
    assert DATA_OBJECT.content() == Content(20, "sha2:y", 1, 200)


def test_there_is_no_content_while_no_replica_is_good() -> None:
    assert replace(DATA_OBJECT, replicas=DATA_OBJECT.replicas[2:]).content() is None


def test_what_is_too_long_is_no_checksum() -> None:
    content = replace(DATA_OBJECT, replicas=(replace(DATA_OBJECT.replicas[0], checksum="x" * 251),)).content()
    assert content is not None
    assert content.checksum == ""


def test_values_do_not_depend_on_units() -> None:
    assert DATA_OBJECT.values("a") == {"1", "2"}
    assert DATA_OBJECT.values("c") == frozenset()


def test_the_first_data_object_is_the_one_that_the_unit_is_named_after() -> None:
    assert ZoneView(Unit(1), (DATA_OBJECT,)).first is DATA_OBJECT
