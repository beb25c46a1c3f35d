"""What manifests say, and whether files have the checksums that they list: read once while their contents stay."""

from __future__ import annotations

from collections.abc import Sequence

from irods_omero.domain.rules.directories.completeness import Unread
from irods_omero.domain.state.formats.directory_manifest import (
    MOST_BYTES,
    MOST_FILES,
    DirectoryManifest,
    parse_manifest,
)
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import DataObject
from irods_omero.errors import RefusedError
from irods_omero.gateways.checksums import digest_of
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.streaming import BLOCK, blocks_of, open_object
from irods_omero.logs import log

MOST_LINES = 300_000
"""At most this many lines of manifests are remembered, or those of one: twenty manifests could fill the memory."""

MOST_COMPARED = MOST_FILES + 50_000
"""Number of files of which it is remembered whether they have their checksums: with fewer than one manifest may list,
its directory would be read again and again."""


class Manifests:
    """Manifests by the catalog id and the content of their data objects."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Content | None], DirectoryManifest] = {}
        self.compared: dict[tuple[int, Content, str], bool] = {}
        """Whether files that were read have the checksums that manifests list, by catalog id, content and checksum."""
        self.again_at: dict[str, float] = {}
        """When directories are to be tried again of which files could not be read, by the clock that only goes on."""

    def read(self, zone: ZoneConnection, data_object: DataObject) -> DirectoryManifest:
        """What a manifest says; one that cannot be read says why."""
        key = (data_object.data_id, data_object.content())
        if key not in self._known:
            try:
                content = _read(zone, data_object.path)
            except RefusedError as error:
                return DirectoryManifest(trouble=str(error))
            self._known[key] = parse_manifest(content)
            while len(self._known) > 1 and self._lines() > MOST_LINES:
                del self._known[next(iter(self._known))]
        return self._known[key]

    def _lines(self) -> int:
        return sum(1 + len(manifest.files) for manifest in self._known.values())

    def compare(self, zone: ZoneConnection, unread: Sequence[Unread]) -> bool:
        """Read files, and remember whether they have the checksums that they should have; returns whether all were."""
        are_all_read = True
        for data_object, checksum in unread:
            content, digest = data_object.content(), digest_of(checksum)
            if content is None or digest is None:
                continue
            try:
                for block in blocks_of(zone, data_object.path):
                    digest.update(block)
            except RefusedError as error:
                log.warning("file cannot be compared", path=data_object.path, error=str(error))
                are_all_read = False
                continue
            while len(self.compared) >= MOST_COMPARED:
                del self.compared[next(iter(self.compared))]
            self.compared[data_object.data_id, content, checksum] = digest.is_that_of(checksum)
        return are_all_read


def _read(zone: ZoneConnection, path: str) -> bytes:
    """The bytes of a data object, of a very large one only more than a manifest may have."""
    content = bytearray()
    with open_object(zone, path) as stream:
        while len(content) <= MOST_BYTES and (block := stream.read(BLOCK)):
            content += block
    return bytes(content)
