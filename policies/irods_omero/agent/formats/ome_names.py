"""What files say in their bytes of those that belong to them: read once, as long as their content stays the same."""

from __future__ import annotations

from dataclasses import replace

from irods_omero.domain.rules.directories.auto import CollectionContents, to_read
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import DataObject
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.ome_tiff import files_named
from irods_omero.gateways.zone.streaming import open_object

READS = 100
"""At most this many files are opened at one look; the others have to wait for the next one."""

MOST = 100_000
"""Number of files whose names are remembered."""


class OmeNames:
    """The names that files say, by catalog id and content."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, Content | None], frozenset[str]] = {}
        self._failed = set[tuple[int, Content | None]]()
        self._alike: dict[frozenset[str], frozenset[str]] = {}

    def with_names(self, zone: ZoneConnection, contents: CollectionContents, policy: Policy) -> CollectionContents:
        """What was seen of a collection, with what its files say; files that cannot be read are told of."""
        named, unreadable, room = dict[str, frozenset[str]](), dict[str, str](), READS
        while True:
            known, unread = to_read(replace(contents, named=named), policy)
            unread = [each for each in unread if each.path not in unreadable]
            unread.sort(key=lambda each: (each.data_id, each.content()) in self._failed)
            if not unread or not room:
                break
            for each in unread:
                inner, key = each.path.removeprefix(f"{contents.path}/"), (each.data_id, each.content())
                if key not in self._known and room:
                    room -= 1
                    self._read(zone, each, key, unreadable)
                if key in self._known:
                    named[inner] = self._known[key]
                elif not room:
                    break
        inner_paths = {path.removeprefix(f"{contents.path}/"): error for path, error in unreadable.items()}
        return replace(contents, named={**known, **named}, unreadable=inner_paths)

    def _read(
        self, zone: ZoneConnection, each: DataObject, key: tuple[int, Content | None], unreadable: dict[str, str]
    ) -> None:
        if len(self._known) >= MOST:
            self._known.clear()
            self._alike.clear()
        try:
            with open_object(zone, each.path) as stream:
                names = files_named(stream)
            self._known[key] = self._alike.setdefault(names, names)  # thousands may each name all of them
            self._failed.discard(key)
        except RefusedError as error:
            self._failed.add(key)  # others go before it the next time
            unreadable[each.path] = str(error)
