"""Finds Zarr hierarchies in collections that are not named ``*.zarr``, by their top-level documents.

Their parts have marks, as hooks go by names; without this each chunk would be tried as an image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from irods_omero.domain.state.formats.zarr_parts import collections_above, hierarchy_of
from irods_omero.domain.state.views import ZoneView
from irods_omero.gateways.zone.collection_paths import collections_with
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.vocabulary import ZARR_ROOTS


def hierarchies_of(zone: ZoneConnection, paths: Iterable[str]) -> dict[str, str]:
    """For those of some data objects that are parts of such a hierarchy its collection."""
    above = {path: collections for path in paths if (collections := collections_above(path))}
    asked = {collection for collections in above.values() for collection in collections}
    holding = collections_with(zone, asked, ZARR_ROOTS) if asked else set()
    by_path = {path: hierarchy_of(path, holding) for path in above}
    return {path: hierarchy for path, hierarchy in by_path.items() if hierarchy}


def with_hierarchies(zone: ZoneConnection, units: Mapping[int, ZoneView]) -> dict[int, ZoneView]:
    """Units, of which those of one file say whether it is such a part."""
    files = {id_: unit.first.path for id_, unit in units.items() if not unit.unit.is_of_several}
    hierarchies = hierarchies_of(zone, files.values())
    parts = {
        id_: replace(units[id_], hierarchy=hierarchies[path]) for id_, path in files.items() if path in hierarchies
    }
    return {**units, **parts}
