"""Sees AVUs change that the agent acts on: requests, units, tier group, residency, mapped attributes, a target,
and what says of a directory that it is complete.

The agent does not act on the access time that storage tiering sets at every reading, nor on the AVUs that it keeps for
itself. Changes inside a larger one are left to the event of the larger: their transaction is still open.
"""

from irods_omero.hooks import arguments, catalog, marking, watching
from irods_omero.hooks.adapter import hook
from irods_omero.hooks.watching import memory
from irods_omero.vocabulary import TIER_GROUP, is_part_of_zarr, zarr_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Optional

    from irods_omero.hooks.event import HookEvent

KINDS = {"-d": catalog.DATA_OBJECT, "-D": catalog.DATA_OBJECT, "-c": catalog.COLLECTION, "-C": catalog.COLLECTION}
ENTITY_TYPES = {"data_object": catalog.DATA_OBJECT, "collection": catalog.COLLECTION}

EXACT = 0
"""How a removal names its AVUs: written out; the other ways are by patterns and by id."""


@hook
def pep_database_add_avu_metadata_post(event: "HookEvent") -> None:
    """An AVU was added."""
    observe(event, KINDS.get(event.text(3)), event.text(4), (event.text(5),))


@hook
def pep_database_set_avu_metadata_post(event: "HookEvent") -> None:
    """The value of an AVU was changed in place; other ways of setting one fire the events for adding."""
    observe(event, KINDS.get(event.text(3)), event.text(4), (event.text(5),))


@hook
def pep_database_mod_avu_metadata_post(event: "HookEvent") -> None:
    """An AVU was replaced by another, which was an event of its own."""
    observe(event, KINDS.get(event.text(3)), event.text(4), (event.text(5),))


@hook
def pep_database_del_avu_metadata_post(event: "HookEvent") -> None:
    """AVUs were removed, unless something else is to be done in the same transaction."""
    option, in_transaction = int(event.args[3]), int(event.args[9])
    if not in_transaction:
        observe(event, KINDS.get(event.text(4)), event.text(5), (event.text(6),) if option == EXACT else None)


@hook
def pep_database_copy_avu_metadata_post(event: "HookEvent") -> None:
    """All AVUs of one object were copied to another."""
    observe(event, KINDS.get(event.text(4)), event.text(6), None)


@hook
def pep_database_add_avu_metadata_wild_post(event: "HookEvent") -> None:
    """An AVU was added to all data objects whose paths match a pattern: their collection is to be looked at."""
    if concerns(event, catalog.DATA_OBJECT, event.text(5)):
        certain = watching.parent(event.text(4).partition("%")[0])
        if watching.is_watched(event, certain):
            mark(event, catalog.COLLECTION, certain)


@hook
def pep_api_atomic_apply_metadata_operations_post(event: "HookEvent") -> None:
    """Several AVUs were changed at once, which fires no other event."""
    request = arguments.document(bytes(event.args[2].get_bytes()))
    attributes = [operation["attribute"] for operation in request["operations"]]
    observe(event, ENTITY_TYPES.get(request["entity_type"]), request["entity_name"], attributes)


def observe(event: "HookEvent", kind: "Optional[str]", path: str, attributes: "Optional[Iterable[str]]") -> None:
    """Mark what has got or lost one of the attributes, or any attributes at all, if these are on what is watched.

    Of the parts of a Zarr hierarchy it only matters that storage tiering has moved one: their collection is marked, and
    once only until the agent has come.
    """
    if kind is None or not watching.is_below(event, path):
        return
    if is_part_of_zarr(path):
        if attributes is not None and TIER_GROUP in attributes:
            mark(event, catalog.COLLECTION, zarr_of(path))
    elif attributes is None or any(concerns(event, kind, attribute) for attribute in attributes):
        if kind == catalog.COLLECTION:
            memory.forget_places()
        mark(event, kind, path)
    elif kind == catalog.COLLECTION and any(is_mapped(event, attribute) for attribute in attributes):
        gather = event.settings.names.gather
        marking.post_as(event, gather, kind, path, catalog.id_of(event.callback, kind, path))


def concerns(event: "HookEvent", kind: str, attribute: str) -> bool:
    """Whether the agent acts on this attribute."""
    settings = event.settings
    if kind == catalog.COLLECTION:
        names = settings.names
        return attribute in (names.import_, names.target, names.complete, names.request, names.unit)
    return attribute in (settings.names.request, settings.names.unit, TIER_GROUP) or is_mapped(event, attribute)


def is_mapped(event: "HookEvent", attribute: str) -> bool:
    """Whether it is a mapped attribute, or says where bytes are: on a collection that matters only if it is a unit."""
    return attribute in event.settings.acted_on or attribute.startswith(event.settings.acted_on_beginnings)


def mark(event: "HookEvent", kind: str, path: str) -> None:
    """Post the mark on what the event names by its path."""
    if event.is_by_agent() or (kind == catalog.DATA_OBJECT and marking.is_on_directory(event, path)):
        return
    identifier = catalog.id_of(event.callback, kind, path)
    marking.post_as(event, event.settings.names.sync, kind, path, identifier)
