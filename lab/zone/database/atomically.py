"""Several AVU operations on one object at once, all or none; no enforcement point of the database sees them."""

import json
from typing import TYPE_CHECKING, Any

from lab.zone.catalog import access, collections, metadata, replicas, resources, users
from lab.zone.catalog.metadata import Avu
from lab.zone.errors import CODES, ZoneError

if TYPE_CHECKING:
    from lab.zone.agent import Agent


def read(data: bytes) -> dict[str, Any]:
    """The document of a call."""
    try:
        document = json.loads(data.rstrip(b"\0"))
    except ValueError as error:
        raise ZoneError("INPUT_ARG_NOT_WELL_FORMED_ERR", str(error)) from error
    if not isinstance(document, dict):
        raise ZoneError("INPUT_ARG_NOT_WELL_FORMED_ERR", "not an object")
    return document


def apply(agent: "Agent", document: dict[str, Any]) -> None:
    """Do what a document says."""
    kind, name = document.get("entity_type"), str(document.get("entity_name"))
    object_id = _object_id(agent, kind, name)
    if document.get("admin_mode"):
        if not agent.client.is_administrator:
            raise ZoneError("CAT_INSUFFICIENT_PRIVILEGE_LEVEL", "user is not an administrator")
    elif kind in ("user", "resource"):
        if not agent.client.is_administrator:
            raise ZoneError("CAT_NO_ACCESS_PERMISSION", "user not allowed to modify metadata")
    else:
        agent.check_access(object_id, access.WRITE, False, name)
    with agent.store.transaction():
        for operation in document["operations"]:
            _apply_one(agent, object_id, operation)


def _object_id(agent: "Agent", kind: Any, name: str) -> int:
    entity_id: int | None = None
    if kind == "collection":
        collection = collections.find(agent.store, name)
        entity_id = collection.id if collection else None
    elif kind == "data_object":
        there = replicas.of_path(agent.store, name)
        entity_id = there[0].data_id if there else None
    elif kind == "user":
        user = users.find(agent.store, name, agent.zone)
        entity_id = user.id if user else None
    elif kind == "resource":
        resource = resources.find(agent.store, name)
        entity_id = resource.id if resource else None
    if entity_id is None or not _visible(agent, kind, entity_id):
        raise ZoneError("SYS_INVALID_INPUT_PARAM", f"entity does not exist [entity_name={name}]")
    return entity_id


def _visible(agent: "Agent", kind: Any, object_id: int) -> bool:
    if agent.client.is_administrator or kind in ("user", "resource"):
        return True
    return access.level(agent.store, agent.client, object_id) >= access.READ


def _apply_one(agent: "Agent", object_id: int, operation: dict[str, Any]) -> None:
    try:
        avu = Avu(operation["attribute"], operation["value"], operation.get("units", ""))
        what = operation["operation"]
    except KeyError as error:
        raise ZoneError("JSON_VALIDATION_ERROR", f"{error} is missing") from error
    if not avu.attribute or not avu.value:
        raise ZoneError("SYS_INVALID_INPUT_PARAM", "empty metadata attribute name or value")
    if what == "add":
        try:
            metadata.add(agent.store, object_id, avu)
        except ZoneError as error:
            if error.code == CODES["CAT_SQL_ERR"]:
                raise ZoneError("SYS_LIBRARY_ERROR", error.message) from error
            if error.code != CODES["CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME"]:
                raise
    elif what == "remove":
        metadata.detach(agent.store, object_id, avu)
    else:
        raise ZoneError("INVALID_OPERATION", "invalid metadata operation")
