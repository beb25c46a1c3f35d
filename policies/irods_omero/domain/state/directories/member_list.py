"""The list of the data objects that are the unit of a directory, as texts that each fit into an AVU of its collection.

A list is written as a whole, and a newer one beside the one that is there: until the last of its texts is written the
older one is in force, and afterwards the newer one.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Iterable
from itertools import accumulate, pairwise
from typing import NamedTuple

from irods_omero.domain.state.directories.compression import compress_json, decompress_json
from irods_omero.domain.state.texts import MAXIMUM_BYTES

LONGEST = MAXIMUM_BYTES - 200
"""Characters of ids in one text: there is more in it, and the index of a PostgreSQL catalog takes less."""

Head = tuple[str, str, str, str, str]
"""What all texts of a list begin with: first, number of data objects, version, checksum; and their number."""

_TEXT = re.compile(r"(\d{1,18}) (\d{1,9}) (\d{1,9})-([0-9a-f]{8}) (\d{1,6})/(\d{1,6}) ([A-Za-z0-9+/=]*)", re.ASCII)


class MemberList(NamedTuple):
    """The data objects that are a unit together.

    Attributes:
        first: Catalog id of the one that is opened.
        ids: Catalog ids of all of them.
        version: The highest of several lists of one collection is in force.
    """

    first: int
    ids: frozenset[int]
    version: int = 1


def texts_of(member_list: MemberList) -> tuple[str, ...]:
    """A list as texts: first, number of data objects, version and checksum, which part of how many; and the ids."""
    ordered = sorted(member_list.ids)
    steps = [after - before for before, after in pairwise((0, *ordered))]
    encoded = compress_json(steps)
    parts = [encoded[begin : begin + LONGEST] for begin in range(0, len(encoded), LONGEST)]
    head = f"{member_list.first} {len(ordered)} {member_list.version}-{zlib.crc32(encoded.encode()):08x}"
    return tuple(f"{head} {number}/{len(parts)} {part}" for number, part in enumerate(parts, 1))


def list_in(texts: Iterable[str]) -> MemberList | None:
    """The list in force among the texts of a collection; None where none of them is whole, and understood."""
    parts: dict[Head, dict[int, str]] = defaultdict(dict)
    for text in texts:
        if (match := _TEXT.fullmatch(text)) is not None:
            first, size, version, checksum, number, count, part = match.groups()
            parts[first, size, version, checksum, count][int(number)] = part
    lists = (_decoded(head, of_list) for head, of_list in parts.items())
    return max(filter(None, lists), key=lambda each: (each.version, each.first, sorted(each.ids)), default=None)


def highest_version(texts: Iterable[str]) -> int:
    """The highest version of any list of which there is a part; 0 where there is none."""
    return max((int(match[3]) for text in texts if (match := _TEXT.fullmatch(text))), default=0)


def _decoded(head: Head, parts: dict[int, str]) -> MemberList | None:
    first, size, version, checksum, count = head
    if len(parts) != int(count) or parts.keys() != set(range(1, len(parts) + 1)):
        return None
    encoded = "".join(parts[each] for each in sorted(parts))
    if f"{zlib.crc32(encoded.encode()):08x}" != checksum:
        return None
    try:
        ids = frozenset(accumulate(int(step) for step in decompress_json(encoded)))
    except (ValueError, TypeError, OverflowError):
        return None
    return MemberList(int(first), ids, int(version)) if len(ids) == int(size) else None
