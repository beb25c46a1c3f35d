"""Units, their contents, and the key of an import."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.unit import (
    Content,
    Unit,
    entry_paths,
    import_key,
    import_prefix,
    parse_import_key,
    same_in_omero,
    together,
)
from irods_omero.vocabulary import SHARDS

CONTENT = Content(10, "sha2:x", 0, 1000)
CHECKSUMS = st.sampled_from(("", "sha2:x", "sha2:y", "sha512:x", "0cc175b9", "900150983"))
CONTENTS = st.lists(
    st.builds(Content, st.integers(0, 3), CHECKSUMS, st.integers(0, 2), st.integers(1000, 1003)), min_size=1, max_size=4
)
NAMES = st.text(st.sampled_from("ab.:;? \\😀"), min_size=1, max_size=3)
PATHS = st.lists(
    st.lists(NAMES, min_size=1, max_size=4).map(lambda parts: "/z/" + "/".join(parts)),
    min_size=1,
    max_size=5,
    unique=True,
)


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


def test_a_unit_of_one_has_its_content() -> None:
    assert together([CONTENT]) is CONTENT


@given(CONTENTS)
def test_the_content_of_several_can_be_agreed_on(contents: list[Content]) -> None:
    whole = together(contents)
    assert Content.decoded(whole.encoded()) == whole
    assert whole.same_as(together(list(contents)))
    assert whole.size == sum(content.size for content in contents)


@given(CONTENTS, st.data())
def test_any_of_several_that_is_overwritten_is_another_content(contents: list[Content], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(contents) - 1))
    for change in ({"size": 1_000_000}, {"modified": 2000, "checksum": ""}):
        changed = list(contents)
        changed[place] = replace(changed[place], **change)
        assert not together(changed).same_as(together(contents))


@given(CONTENTS, st.data())
def test_any_of_several_with_another_checksum_is_another_content(contents: list[Content], data: st.DataObject) -> None:
    contents = [replace(content, checksum=f"sha2:{place}") for place, content in enumerate(contents)]
    place = data.draw(st.integers(0, len(contents) - 1))
    changed = list(contents)
    changed[place] = replace(changed[place], checksum="sha2:other")
    assert not together(changed).same_as(together(contents))
    changed[place] = replace(changed[place], checksum="sha512:x" if len(contents) == 1 else "")
    assert together(changed).same_as(together(contents)), "no longer to be compared"


@given(CONTENTS, st.data())
def test_replication_of_any_of_several_is_no_other_content(contents: list[Content], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(contents) - 1))
    changed = list(contents)
    changed[place] = replace(changed[place], replica=9, modified=2000)
    assert together(changed).same_as(together(contents))


@given(st.lists(st.sampled_from(("", "sha2:x", "sha512:x", "0cc175b9")), min_size=2, max_size=4))
def test_several_have_a_checksum_where_all_have_one_of_the_same_kind(checksums: list[str]) -> None:
    kinds = {(bool(checksum), checksum.partition(":")[0] if ":" in checksum else "") for checksum in checksums}
    whole = together([replace(CONTENT, checksum=checksum) for checksum in checksums]).checksum
    assert bool(whole) == (len(kinds) == 1 and (False, "") not in kinds)
    assert not whole or (":" in whole) == (":" in checksums[0])


@given(PATHS)
def test_client_paths_keep_how_files_lie_to_each_other(paths: list[str]) -> None:
    key = import_key("tempZone", 7, CONTENT)
    entries = entry_paths(key, paths)
    assert len(set(entries)) == len(paths)
    assert all(parse_import_key(entry) == ("tempZone", 7) for entry in entries)
    assert {path.removesuffix(entry.removeprefix(key)) for path, entry in zip(paths, entries, strict=True)} == {
        paths[0].removesuffix(entries[0].removeprefix(key))
    }
    if len(paths) == 1:
        assert entries[0] == key + paths[0].rpartition("/")[2]


def test_files_that_are_one_keep_the_names_of_their_collection_and_of_the_one_above() -> None:
    paths = [f"/z/home/lab/001-B7/Well0001/mode{mode}.tif" for mode in "12"]
    assert entry_paths("key/", paths) == ("key/001-B7/Well0001/mode1.tif", "key/001-B7/Well0001/mode2.tif")
    assert entry_paths("key/", ["/z/a/1.tif", "/z/b/1.tif"]) == ("key/z/a/1.tif", "key/z/b/1.tif")


def test_files_that_omero_would_give_the_same_name_are_found() -> None:
    assert same_in_omero(["/z/a?.tiff", "/z/b.tiff", "/z/a%.tiff"]) == ("/z/a?.tiff", "/z/a%.tiff")
    assert same_in_omero(["/z/1/a.tiff", "/z/2/a.tiff", "/z/2/A.tiff"]) is None


def test_an_import_key_names_data_object_and_content() -> None:
    key = import_key("tempZone", 7, CONTENT)
    assert key.startswith(import_prefix("tempZone", 7))
    assert key != import_key("tempZone", 7, replace(CONTENT, modified=2000))
    assert not import_key("tempZone", 77, CONTENT).startswith(import_prefix("tempZone", 7))
    assert parse_import_key(key + "a.tiff") == ("tempZone", 7)


@pytest.mark.parametrize("path", ["", "a.tiff", "irods/z/x/1-0-0/a.tiff", "irods/z/7/a.tiff", "home/irods/z/7/1/a"])
def test_other_client_paths_name_none(path: str) -> None:
    assert parse_import_key(path) is None
