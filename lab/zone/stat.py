"""What is at a path, as the object stat call and its microservice say."""

from typing import TYPE_CHECKING

from lab.zone.catalog import access, collections, replicas
from lab.zone.errors import ZoneError

if TYPE_CHECKING:
    from lab.zone.agent import Agent

DATA_OBJECT, COLLECTION = 1, 2


def of_path(agent: "Agent", path: str) -> tuple[int, dict[str, str | int]]:
    """The kind of object at a path, and its status; USER_FILE_DOES_NOT_EXIST when the client can see none."""
    status: dict[str, str | int] | None = None
    kind = COLLECTION
    if found := replicas.of_path(agent.store, path):
        kind, status = DATA_OBJECT, _of_replica(found[0])
    elif collection := collections.find(agent.store, path):
        status = _of_collection(collection)
    if status is None or not _visible(agent, int(status["dataId"])):
        raise ZoneError("USER_FILE_DOES_NOT_EXIST", path)
    return kind, status


def _visible(agent: "Agent", object_id: int) -> bool:
    return agent.client.is_administrator or access.level(agent.store, agent.client, object_id) >= access.READ


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
