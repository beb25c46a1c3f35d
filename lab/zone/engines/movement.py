"""One movement of storage tiering: replicate, verify, trim, and say so in AVUs."""

from typing import TYPE_CHECKING, Any

from lab.zone import vault
from lab.zone.catalog import metadata, replicas, resources, users
from lab.zone.catalog.replicas import GOOD, Replica
from lab.zone.errors import ZoneError
from lab.zone.service import Service
from lab.zone.settings import ADMINISTRATOR

if TYPE_CHECKING:
    from lab.zone.agent import Agent

_ACCESS_TIME = "irods::access_time"
_GROUP = "irods::storage_tiering::group"
_REPLICATE, _TRIM = 695, 632


def service(agent: "Agent") -> Service:
    """A new connection as the zone's administrator, with the program name of the agent that makes it."""
    administrator = users.need(agent.store, ADMINISTRATOR, agent.zone)
    password = users.password(agent.store, administrator) or ""
    return Service(agent.port, agent.zone, password, agent.program)


def move(agent: "Agent", rule: dict[str, Any]) -> None:
    """Bring an object to another tier."""
    path, source, target = (str(rule[key]) for key in ("object-path", "source-resource", "destination-resource"))
    with service(agent) as connection:
        if not any(replica.data_is_dirty == GOOD for replica in _on(agent, path, target)):
            keywords = {"rescName": source, "destRescName": target, "irodsAdmin": ""}
            connection.on_object(_REPLICATE, path, 0, keywords)
        if not _verified(agent, path, source, target, str(rule["verification-type"])):
            raise ZoneError("UNMATCHED_KEY_OR_INDEX", f"verification failed for {path} on {target}")
        if not rule["preserve-replicas"]:
            connection.on_object(_TRIM, path, 0, {"rescName": source, "copies": "1", "irodsAdmin": ""})
        _tell(agent, connection, path, target, str(rule["group-name"]))


def _tell(agent: "Agent", connection: Service, path: str, target: str, group: str) -> None:
    """Take the flag off, and say to which group the object belongs and which of its replicas that is."""
    object_replicas = replicas.need(agent.store, path)
    times = [
        avu for avu in metadata.of_object(agent.store, object_replicas[0].data_id) if avu.attribute == _ACCESS_TIME
    ]
    if times:
        connection.set_avu(path, _ACCESS_TIME, times[0].value)
    numbers = [replica.data_repl_num for replica in _on(agent, path, target)]
    if not numbers:
        raise ZoneError("CAT_NO_ROWS_FOUND", "failed to fetch user name and replica number")
    connection.set_avu(path, _GROUP, group, str(numbers[0]))


def _on(agent: "Agent", path: str, resource: str) -> list[Replica]:
    """The replicas of an object at or below a resource."""
    leaves = {leaf.id for leaf in resources.leaves(agent.store, resources.need(agent.store, resource))}
    return [replica for replica in replicas.need(agent.store, path) if replica.resc_id in leaves]


def _verified(agent: "Agent", path: str, source: str, target: str, how: str) -> bool:
    """Whether the replica on the target is what the one on the source is."""
    sources, targets = _on(agent, path, source), _on(agent, path, target)
    if not sources or not targets:
        return False
    if how == "catalog":
        return sources[0].data_size == targets[0].data_size
    if how == "filesystem":
        return vault.size(targets[0].data_path) == sources[0].data_size
    if how == "checksum":
        return vault.checksum(targets[0].data_path) == (
            sources[0].data_checksum or vault.checksum(sources[0].data_path)
        )
    raise ZoneError("SYS_INVALID_INPUT_PARAM", f"invalid verification type {how}")
