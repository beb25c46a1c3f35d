"""What is at a path, as the object stat call and its microservice say."""

from typing import TYPE_CHECKING

from lab.zone.catalog import access, collections, replicas
from lab.zone.errors import ZoneError

if TYPE_CHECKING:
    from lab.zone.agent import Agent

DATA_OBJECT, COLLECTION = 1, 2


def of_path(agent: "Agent", path: str) -> tuple[int, dict[str, str | int]]:
    """The kind of object at a path, and its status; USER_FILE_DOES_NOT_EXIST when the client can see none."""
    if there := replicas.of_path(agent.store, path):
        replica = there[0]
        if access.sees(agent.store, agent.client, replica.data_id, replica.coll_id):
            return DATA_OBJECT, _of_replica(replica)
        raise ZoneError("USER_FILE_DOES_NOT_EXIST", path)
    collection = collections.find(agent.store, path)
    if collection and access.sees(agent.store, agent.client, collection.id, collection.id):
        return COLLECTION, _of_collection(collection)
    raise ZoneError("USER_FILE_DOES_NOT_EXIST", path)


def _of_replica(replica: replicas.Replica) -> dict[str, str | int]:
    return {
        "objSize": replica.data_size,
        "objType": DATA_OBJECT,
        "dataMode": replica.data_mode,
        "dataId": replica.data_id,
        "chksum": replica.data_checksum,
        "ownerName": replica.data_owner_name,
        "ownerZone": replica.data_owner_zone,
        "createTime": replica.create_ts,
        "modifyTime": replica.modify_ts,
    }


def _of_collection(collection: collections.Collection) -> dict[str, str | int]:
    return {
        "objSize": 0,
        "objType": COLLECTION,
        "dataMode": 0,
        "dataId": collection.id,
        "chksum": "",
        "ownerName": collection.owner,
        "ownerZone": collection.owner_zone,
        "createTime": collection.created,
        "modifyTime": collection.modified,
    }
