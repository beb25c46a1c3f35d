"""Member lists of collections: which data objects are the unit of a directory, read and written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from irods_omero.domain.rules.membership import with_listed
from irods_omero.domain.state.directories.member_list import MemberList, highest_version, list_in, texts_of
from irods_omero.domain.state.views import Avu, DataObject
from irods_omero.gateways.zone.avus import add_avu, remove_avu
from irods_omero.gateways.zone.collection_paths import avus_of
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.objects import read_objects
from irods_omero.vocabulary import DIRECTORY, Names, zarr_of


class MemberReader:
    """Reads data objects with all that they say of their unit: what lists say is among their AVUs.

    It remembers the lists that it has read.
    """

    def __init__(self, zone: ZoneConnection, names: Names) -> None:
        self._zone, self._names = zone, names
        self.lists: dict[str, MemberList | None] = {}
        """For each collection that was looked at its list, None for none."""
        self.untidy = set[str]()
        """Those of these collections that say more than that list, as somebody was cut off while writing one."""

    def read(self, ids: Iterable[int], attributes: Sequence[str], of_one_unit: bool = False) -> dict[int, DataObject]:
        """As ``read_objects``; ``attributes`` have the one for units among them.

        What says by itself what it belongs to, as most files do, costs nothing more.
        """
        objects = read_objects(self._zone, ids, attributes, of_one_unit)
        return self.with_listed(objects)

    def with_listed(self, objects: Mapping[int, DataObject]) -> dict[int, DataObject]:
        """Data objects, by catalog id, whose own AVUs were read, with what lists say in their name."""
        self.read_lists(each.path for each in objects.values() if self._may_be_listed(each))
        return with_listed(objects, self.lists, self._names)

    def read_lists(self, paths: Iterable[str]) -> None:
        """Read the lists of the collections above some data objects, as far as they are not known yet."""
        above = {collection for path in paths for collection in _above(path)} - self.lists.keys()
        avus = avus_of(self._zone, above, [self._names.unit]) if above else {}
        for path in above:
            texts = {avu.value for avu in avus.get(path, ()) if avu.units == DIRECTORY}
            there = self.lists[path] = list_in(texts)
            if texts != set(texts_of(there) if there else ()):
                self.untidy.add(path)

    def _may_be_listed(self, data_object: DataObject) -> bool:
        """Whether a list may say something of it, or of others that say the same: earlier versions wrote no lists."""
        own = {avu.units for avu in data_object.avus if avu.attribute == self._names.unit}
        return not own or DIRECTORY in own


def _above(path: str) -> list[str]:
    """The collections above a data object that may have lists; a Zarr hierarchy is a unit by itself."""
    levels = [] if zarr_of(path) else path.split("/")
    return ["/".join(levels[:depth]) for depth in range(3, len(levels))]


def write_list(zone: ZoneConnection, names: Names, path: str, wanted: MemberList | None) -> None:
    """Have a collection say which data objects are its unit, and nothing else; None for none.

    Until the last part of the new list is written the old one is in force.
    """
    there = [avu for avu in avus_of(zone, [path], [names.unit]).get(path, ()) if avu.units == DIRECTORY]
    version = highest_version(avu.value for avu in there) + 1
    texts = texts_of(wanted._replace(version=version)) if wanted else ()
    for text in texts:
        add_avu(zone, path, Avu(names.unit, text, DIRECTORY), collection=True)
    for avu in sorted(there):
        remove_avu(zone, path, avu, collection=True)
