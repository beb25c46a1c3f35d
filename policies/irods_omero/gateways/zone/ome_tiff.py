"""What an OME-TIFF, or its companion, says of the files that its images are in, read without the pixels.

The description of the first directory of a TIFF is OME-XML, where ``TiffData/UUID`` names a file, and
``BinaryOnly/MetadataFile`` the one in which all is said (OME-TIFF specification); a companion is OME-XML by itself.
TIFF keeps offsets of 4 bytes, BigTIFF of 8 (TIFF 6.0, BigTIFF).
"""

from __future__ import annotations

import re
import struct
from html import unescape
from typing import BinaryIO

DESCRIPTION = 270
MOST_TAGS = 4096
MOST_BYTES = 64 * 1024 * 1024
FARTHEST = 2**63 - 1
_FILE_NAME = re.compile(
    r"""<(?:\w+:)?(?:UUID\s[^<>]*?FileName|BinaryOnly\s[^<>]*?MetadataFile)\s*=\s*(?:"([^"]*)"|'([^']*)')"""
)
"""Never beyond the next tag: of a file that begins thousands and ends none each would be read to the file's end."""

_XML = (b"<", b"\xef\xbb\xbf<")
"""What a file in XML begins with."""


def files_named(stream: BinaryIO) -> frozenset[str]:
    """The names, without folders, of the files that an OME-TIFF or a companion says its images are in; none without."""
    try:
        text = _description(stream)
    except (struct.error, KeyError):
        return frozenset()
    file_names = (unescape(one or other) for one, other in _FILE_NAME.findall(text))
    return frozenset(name.replace("\\", "/").rpartition("/")[2] for name in file_names)


def _description(stream: BinaryIO) -> str:
    """The description, empty if there is none; raises struct.error or KeyError where this is neither."""
    head = stream.read(16)
    if head.lstrip().startswith(_XML):
        return (head + stream.read(MOST_BYTES)).decode(errors="replace")
    order = {b"II": "<", b"MM": ">"}[head[:2]]
    (version,) = struct.unpack_from(f"{order}H", head, 2)
    is_big = {42: False, 43: True}[version]
    offset, count, tag = (
        (f"{order}Q", f"{order}Q", f"{order}HHQQ") if is_big else (f"{order}I", f"{order}H", f"{order}HHII")
    )
    (place,) = struct.unpack_from(offset, head, 8 if is_big else 4)
    _go_to(stream, place)
    (tags,) = struct.unpack(count, stream.read(struct.calcsize(count)))
    entries = stream.read(struct.calcsize(tag) * min(tags, MOST_TAGS))
    for code, _, size, where in struct.iter_unpack(tag, entries):
        if code == DESCRIPTION and size <= MOST_BYTES:
            _go_to(stream, where)
            return stream.read(size).rstrip(b"\0").decode(errors="replace")
    return ""


def _go_to(stream: BinaryIO, place: int) -> None:
    if place > FARTHEST:
        raise struct.error("no file is as long")
    stream.seek(place)
