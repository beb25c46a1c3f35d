"""Units, their contents, and the key of an import."""

from __future__ import annotations

from dataclasses import replace

import pytest

from policies.domain.unit import Content, Unit, import_key, import_prefix, parse_import_key
from policies.vocabulary import SHARDS

CONTENT = Content(10, "sha2:x", 0, 1000)


def test_the_shard_of_a_unit_is_a_stable_number() -> None:
    assert {Unit(number).shard for number in range(1000)} == set(range(SHARDS))
    assert Unit(SHARDS + 3).shard == 3


@pytest.mark.parametrize(
    "other",
    [
        CONTENT,
        replace(CONTENT, modified=2000),
        replace(CONTENT, replica=1),
        replace(CONTENT, checksum=""),
        replace(CONTENT, checksum="", replica=1, modified=2000),
        replace(CONTENT, checksum="0cc175b9c0f1b6a831c399e269772661"),
        replace(CONTENT, checksum="sha512:y", replica=1, modified=2000),
    ],
)
def test_the_same_content(other: Content) -> None:
    assert other.same_as(CONTENT)
    assert CONTENT.same_as(other)


@pytest.mark.parametrize(
    "other",
    [
        replace(CONTENT, size=11),
        replace(CONTENT, checksum="sha2:y"),
        replace(CONTENT, checksum="sha2:y", replica=1, modified=2000),
        replace(CONTENT, checksum="", modified=2000),
        replace(CONTENT, checksum="sha512:y", modified=2000),
    ],
)
def test_another_content(other: Content) -> None:
    assert not other.same_as(CONTENT)
    assert not CONTENT.same_as(other)


def test_a_content_comes_back_from_its_list() -> None:
    assert Content.decoded(CONTENT.encoded()) == CONTENT


@pytest.mark.parametrize("value", [None, [], [1, "x", 0], ["1", "x", 0, 0], [1, "x" * 300, 0, 0], {"size": 1}])
def test_what_is_no_content_says_so(value: object) -> None:
    with pytest.raises(ValueError, match="not a content"):
        Content.decoded(value)


def test_an_import_key_names_data_object_and_content() -> None:
    key = import_key("tempZone", 7, CONTENT)
    assert key.startswith(import_prefix("tempZone", 7))
    assert key != import_key("tempZone", 7, replace(CONTENT, modified=2000))
    assert not import_key("tempZone", 77, CONTENT).startswith(import_prefix("tempZone", 7))
    assert parse_import_key(key + "a.tiff") == ("tempZone", 7)


@pytest.mark.parametrize("path", ["", "a.tiff", "irods/z/x/1-0-0/a.tiff", "irods/z/7/a.tiff", "home/irods/z/7/1/a"])
def test_other_client_paths_name_none(path: str) -> None:
    assert parse_import_key(path) is None
