"""Manifests: what they say in each format, and that nothing that anybody writes into one leads anywhere else."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero.domain.state.formats import directory_manifest
from irods_omero.domain.state.formats.directory_manifest import MOST_BYTES, ListedFile, parse_manifest

MD5, SHA1 = hashlib.md5(b"a").hexdigest(), hashlib.sha1(b"a").hexdigest()
SHA256, SHA512 = hashlib.sha256(b"a"), hashlib.sha512(b"a").hexdigest()
SHA2 = "sha2:" + base64.b64encode(SHA256.digest()).decode()
HEAD = "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n## Invoked from: C:\\data\n## \n"


@pytest.mark.parametrize(
    ("line", "path", "size", "checksums"),
    [
        (f"{MD5}  a.tif", "a.tif", None, {MD5}),
        (f"{MD5.upper()} *a.tif", "a.tif", None, {MD5}),
        (f"{SHA256.hexdigest()}  ./more/an image.tif", "more/an image.tif", None, {SHA2}),
        (f"{SHA256.hexdigest()}\tdata/a.tif\r", "data/a.tif", None, {SHA2}),
        (f"{SHA256.hexdigest()}  data\\a.tif", "data/a.tif", None, {SHA2}),
        (f"\\{SHA256.hexdigest()}  a\\\\b.tif", "a\\b.tif", None, {SHA2}),
        (f"SHA256 (a (1).tif) = {SHA256.hexdigest()}", "a (1).tif", None, {SHA2}),
        (f"{SHA2}  a.tif", "a.tif", None, {SHA2}),
        (f"{HEAD}12,{MD5},{SHA256.hexdigest()},.\\data\\a, b.tif", "data/a, b.tif", 12, {MD5, SHA2}),
        (f"\ufeff{MD5}  ä.tif", "ä.tif", None, {MD5}),
    ],
)
def test_each_format_says_what_the_file_is_to_be(line: str, path: str, size: int | None, checksums: set[str]) -> None:
    manifest = parse_manifest(f"{line}\n\n".encode())
    assert (manifest.trouble, manifest.files) == ("", {path: ListedFile(size, frozenset(checksums))})


@pytest.mark.parametrize("digest", [MD5, SHA1, SHA256.hexdigest(), SHA512])
def test_how_long_a_checksum_is_says_of_which_kind(digest: str) -> None:
    (listed,) = parse_manifest(f"{digest}  a".encode()).files.values()
    assert len(listed.checksums) == 1


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (f"{MD5}  ../a.tif", "leads from the directory on"),
        (f"{MD5}  /etc/passwd", "leads from the directory on"),
        (f"{MD5}  C:\\data\\a.tif", "leads from the directory on"),
        (f"{MD5}  more/../../a.tif", "leads from the directory on"),
        (f"{MD5}  more//a.tif", "leads from the directory on"),
        (f"{MD5}  ", "leads from the directory on"),
        (f"{MD5}", "leads from the directory on"),
        (f"{MD5}  {'x' * 1001}", "none of a data object"),
        (f"{MD5}  a\0b", "none of a data object"),
        (f"\\{MD5}  a\\nb", "none of a data object"),
        ("a.tif", "should be a checksum is none"),
        (f"{MD5}0  a.tif", "should be a checksum is none"),
        (f"{MD5}  a\n{SHA1}  a", "line 2: its file is listed before, otherwise"),
        (f"{HEAD}-1,{MD5},{SHA256.hexdigest()},a", "line 5: its size is no number"),
        (f"{HEAD}{'9' * 30},{MD5},{SHA256.hexdigest()},a", "is no number"),
        (f"{HEAD}٣,{MD5},{SHA256.hexdigest()},a", "is no number"),
        (f"{HEAD}1,{MD5},a", "it has 3 columns, and not 4"),
        (f"{HEAD}1,{SHA256.hexdigest()},{MD5},a", "is none of that kind"),
        ("", "it lists no files"),
        ("# nothing\n", "it lists no files"),
    ],
)
def test_what_is_not_understood_is_named_and_nothing_of_the_rest_is_used(content: str, why: str) -> None:
    manifest = parse_manifest(content.encode())
    assert why in manifest.trouble
    assert manifest.files == {}


def test_the_same_line_twice_is_as_good_as_once() -> None:
    assert set(parse_manifest(f"{MD5}  a\n{MD5}  ./a".encode()).files) == {"a"}


def test_bytes_that_are_no_text_and_more_of_them_than_anybody_lists_are_no_manifest() -> None:
    assert "not UTF-8" in parse_manifest(MD5.encode() + b"  \xff.tif").trouble
    assert "more than" in parse_manifest(b" " * (MOST_BYTES + 1)).trouble


def test_reading_ends_with_the_third_bad_line_and_only_numbers_of_lines_are_told_of_what_may_be_anybodys() -> None:
    trouble = parse_manifest(b"password hunter2\n" * (MOST_BYTES // 17)).trouble
    assert [part.partition(":")[0] for part in trouble.split("; ")] == ["line 1", "line 2", "line 3"]
    assert trouble.endswith(", and maybe more")
    for line in ("hunter2", f"{MD5}  ../hunter2", f"{MD5}  hunter2\n{SHA1}  hunter2", f"{HEAD}hunter2,{MD5},b,a"):
        assert "hunter2" not in parse_manifest(line.encode()).trouble


def test_more_files_than_an_agent_can_keep_in_memory_are_no_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory_manifest, "MOST_FILES", 2)
    assert len(parse_manifest(f"{MD5}  a\n{MD5}  b".encode()).files) == 2
    assert parse_manifest(f"{MD5}  a\n{MD5}  b\n{MD5}  c".encode()).trouble == "it lists more than 2 files"


def test_a_hundred_thousand_lines_are_a_hundred_thousand_files() -> None:
    content = "".join(f"{number:032x}  data/{number}.tif\n" for number in range(100_000))
    assert len(parse_manifest(content.encode()).files) == 100_000


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_whatever_is_in_it_no_path_leads_out_of_the_directory(content: bytes) -> None:
    for prefix in (b"", f"{MD5}  ".encode(), f"{HEAD}1,{MD5},{SHA256.hexdigest()},".encode()):
        manifest = parse_manifest(prefix + content)
        assert bool(manifest.files) is not bool(manifest.trouble)
        assert all(not {"", ".", ".."} & set(path.split("/")) for path in manifest.files)
