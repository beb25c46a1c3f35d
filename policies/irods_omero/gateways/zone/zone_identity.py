"""The identity of the zone: an AVU on the agent's home collection, made once."""

from __future__ import annotations

from irods.models import Collection, CollectionMeta

from irods_omero.domain.state.views import Avu
from irods_omero.domain.state.zone_key import ZoneKey, is_identity
from irods_omero.errors import IdentityError
from irods_omero.gateways.zone.avus import add_avu, remove_avu
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.queries import rows
from irods_omero.vocabulary import Names


def read_zone_key(zone: ZoneConnection, names: Names, home: str) -> ZoneKey:
    """The name of the zone in keys; without an identity if it has none yet.

    Of several identities the first that was written counts: two agents may have been started at the same moment.

    Args:
        zone: The zone.
        names: The AVU attributes.
        home: The agent's home collection.

    Raises:
        IdentityError: What is written there is none.
    """
    columns = (CollectionMeta.id, CollectionMeta.value, CollectionMeta.units)
    conditions = (Collection.name == home, CollectionMeta.name == names.identity)
    identities = sorted(rows(zone, "reading the identity of the zone", columns, *conditions))
    if not identities:
        return ZoneKey(zone.zone)
    _, identity, unidentified = identities[0]
    if not is_identity(identity) or not (unidentified or "").isdecimal():
        raise IdentityError(f"{identity!r} {unidentified!r} is no identity: correct the AVU {names.identity} on {home}")
    return ZoneKey(zone.zone, identity, int(unidentified))


def write_zone_key(zone: ZoneConnection, names: Names, home: str, key: ZoneKey) -> None:
    """Give the zone an identity, unless another agent has done so meanwhile."""
    avu = Avu(names.identity, key.identity, str(key.unidentified))
    add_avu(zone, home, avu, collection=True)
    if read_zone_key(zone, names, home) != key:
        remove_avu(zone, home, avu, collection=True)
