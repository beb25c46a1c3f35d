"""What a manifest in a directory says of its files: names, checksums and, in some formats, sizes.

Lines are read as ``md5sum``, ``sha256sum`` and their like write them (also with ``--tag``), as manifests of BagIt have
them, and as hashdeep does, which knows sizes. A checksum may be written as iRODS does, too. Paths lead from the
directory on. Whoever writes a manifest may be anybody: a line that is not understood makes the manifest useless, rather
than shorter. Whoever says that a file is one need not be allowed to read it: of such a line only the number is told.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

MOST_BYTES = 32 * 1024 * 1024
"""A larger manifest is none."""

MOST_FILES = 250_000
"""One that lists more files is none: the agent keeps what it has read in memory."""

LONGEST_PATH = 1000
"""At most this many bytes has a path: iRODS takes little more for all of it."""

SHOWN = 3
"""At most this many lines are named: with the last of them reading ends."""

SCHEMES = {32: "", 40: "sha1:", 64: "sha2:", 128: "sha512:"}
"""By the number of hexadecimal digits how iRODS begins a checksum; for MD5 it does not."""

HASHDEEP_COLUMNS = {"md5": 32, "sha1": 40, "sha256": 64}
HASHDEEP_OTHERS = ("tiger", "whirlpool")

_HEXADECIMAL = re.compile("[0-9a-fA-F]+")
_IRODS = re.compile("(?:sha1|sha2|sha512|adler32):[0-9A-Za-z+/=]+")
_TAGGED = re.compile(r"(?:MD5|SHA1|SHA2?-?256|SHA2?-?512) ?\((.+)\) ?= ?([0-9a-fA-F]+)")
_SIZE = re.compile("[0-9]{1,18}")
_UNUSABLE = re.compile("[\x00-\x1f\x7f]")
_ESCAPED = re.compile(r"\\(.)")


class ManifestError(ValueError):
    """A line that is not understood; says why."""


class ListedFile(NamedTuple):
    """What a manifest says of one file.

    Attributes:
        size: Bytes, None where it does not say so.
        checksums: As iRODS writes them, at most one of each kind.
    """

    size: int | None = None
    checksums: frozenset[str] = frozenset()


@dataclass(frozen=True)
class DirectoryManifest:
    """What a manifest says.

    Attributes:
        files: By their paths from the directory on.
        trouble: Why it cannot be used, empty if it can.
    """

    files: Mapping[str, ListedFile] = field(default_factory=dict)
    trouble: str = ""


def parse_manifest(content: bytes) -> DirectoryManifest:
    """Read a manifest, of which at most a little more than ``MOST_BYTES`` is needed."""
    if len(content) > MOST_BYTES:
        return DirectoryManifest(trouble=f"it has more than {MOST_BYTES} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return DirectoryManifest(trouble=f"it is not UTF-8, as byte {error.start + 1} says")
    files, wrong = dict[str, ListedFile](), list[str]()
    for number, said in _said(io.StringIO(text, newline="\n")):
        if isinstance(said, ManifestError):
            wrong.append(f"line {number}: {said}")
        elif files.setdefault(said[0], said[1]) != said[1]:
            wrong.append(f"line {number}: its file is listed before, otherwise")
        if len(wrong) == SHOWN:
            return DirectoryManifest(trouble="; ".join(wrong) + ", and maybe more")
        if len(files) > MOST_FILES:
            return DirectoryManifest(trouble=f"it lists more than {MOST_FILES} files")
    if wrong:
        return DirectoryManifest(trouble="; ".join(wrong))
    return DirectoryManifest(files) if files else DirectoryManifest(trouble="it lists no files")


def _said(lines: Iterable[str]) -> Iterator[tuple[int, tuple[str, ListedFile] | ManifestError]]:
    """What each line says of a file, or why it is not understood, with the number of the line."""
    columns = tuple[str, ...]()
    for number, ended in enumerate(lines, 1):
        line = ended.rstrip("\r\n")
        if line.startswith("%%%% "):
            columns = _columns(line.removeprefix("%%%% ")) or columns
        if not line.strip() or line.startswith(("#", "%%%% ")):
            continue
        try:
            yield number, _hashdeep(line, columns) if columns else _summed(line)
        except ManifestError as error:
            yield number, error


def _summed(line: str) -> tuple[str, ListedFile]:
    """A line of ``sha256sum`` and the like, or of BagIt: a checksum and a path."""
    if tagged := _TAGGED.fullmatch(line):
        return _path(tagged[1]), ListedFile(checksums=frozenset({_checksum(tagged[2])}))
    is_escaped = line.startswith("\\")
    checksum, _, rest = (line[1:] if is_escaped else line).replace("\t", " ", 1).partition(" ")
    path = rest[1:] if rest.startswith("*") else rest.lstrip(" \t")
    if is_escaped:
        path = _ESCAPED.sub(lambda match: {"n": "\n", "r": "\r"}.get(match[1], match[1]), path)
    listed = ListedFile(checksums=frozenset({_checksum(checksum)}))
    return _path(path, is_escaped), listed


def _columns(text: str) -> tuple[str, ...]:
    """The columns that hashdeep names in its head; empty for another line of it."""
    columns = tuple(text.split(","))
    return columns if columns[-1] == "filename" and columns[0] == "size" else ()


def _hashdeep(line: str, columns: tuple[str, ...]) -> tuple[str, ListedFile]:
    values = line.split(",", len(columns) - 1)
    if len(values) != len(columns):
        raise ManifestError(f"it has {len(values)} columns, and not {len(columns)}")
    size, checksums = values[0], set[str]()
    if not _SIZE.fullmatch(size):
        raise ManifestError("its size is no number")
    for column, value in zip(columns[1:-1], values[1:-1], strict=True):
        if column in HASHDEEP_OTHERS:
            continue
        if len(value) != HASHDEEP_COLUMNS.get(column):
            raise ManifestError("what is in the column of a checksum is none of that kind")
        checksums.add(_checksum(value))
    return _path(values[-1]), ListedFile(int(size), frozenset(checksums))


def _checksum(text: str) -> str:
    """A checksum as iRODS writes it."""
    if _IRODS.fullmatch(text):
        return text
    if len(text) not in SCHEMES or not _HEXADECIMAL.fullmatch(text):
        raise ManifestError("what should be a checksum is none")
    scheme = SCHEMES[len(text)]
    return scheme + base64.b64encode(bytes.fromhex(text)).decode() if scheme else text.lower()


def _path(text: str, is_escaped: bool = False) -> str:
    """A path that stays in the directory; programs on Windows write it with backslashes."""
    path = text if is_escaped else text.replace("\\", "/")
    while path.startswith("./"):
        path = path[2:]
    if len(path.encode(errors="replace")) > LONGEST_PATH or _UNUSABLE.search(path):
        raise ManifestError("its path is none of a data object")
    if any(part in ("", ".", "..") for part in path.split("/")) or re.match("[A-Za-z]:/", path):
        raise ManifestError("its path is none that leads from the directory on to a file")
    return path


def kinds_of(checksums: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Checksums by their kinds, as iRODS begins them: with a colon, but for MD5."""
    return ((f"{checksum.partition(':')[0]}:" if ":" in checksum else "", checksum) for checksum in checksums)
