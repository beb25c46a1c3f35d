"""What manifests say: read once, as long as their content stays the same."""

from __future__ import annotations

from irods_omero.domain.state.directory_manifest import MOST_BYTES, DirectoryManifest, parse_manifest
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import DataObject
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.streaming import BLOCK, open_object

MOST = 20
"""So many are remembered: each may list very many files."""


class Manifests:
    """Manifests by the catalog id and the content of their data objects."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Content | None], DirectoryManifest] = {}

    def read(self, zone: ZoneConnection, data_object: DataObject) -> DirectoryManifest:
        """What a manifest says; one that cannot be read says why."""
        key = (data_object.data_id, data_object.content())
        if key not in self._known:
            try:
                content = _read(zone, data_object.path)
            except RefusedError as error:
                return DirectoryManifest(trouble=str(error))
            while len(self._known) >= MOST:
                del self._known[next(iter(self._known))]
            self._known[key] = parse_manifest(content)
        return self._known[key]


def _read(zone: ZoneConnection, path: str) -> bytes:
    """The bytes of a data object, of a very large one only more than a manifest may have."""
    content = bytearray()
    with open_object(zone, path) as stream:
        while len(content) <= MOST_BYTES and (block := stream.read(BLOCK)):
            content += block
    return bytes(content)
