"""Which replica a call works on, and which resource a new one goes to."""

from lab.zone.catalog import resources
from lab.zone.catalog.replicas import GOOD, INTERMEDIATE, STALE, WRITE_LOCKED, Replica
from lab.zone.catalog.resources import Resource
from lab.zone.catalog.store import CatalogStore
from lab.zone.errors import ZoneError, unsupported
from lab.zone.structs import CondInput

DEFAULT_RESOURCE = "demoResc"


def target(store: CatalogStore, keywords: CondInput) -> Resource:
    """The resource that stores a new replica."""
    if keywords.get("resc_hier"):
        return resources.leaf_of(store, keywords["resc_hier"])
    wanted = keywords.get("destRescName") or keywords.get("rescName") or keywords.get("defRescName")
    root = resources.need(store, wanted or DEFAULT_RESOURCE)
    return leaf(store, root)


def leaf(store: CatalogStore, root: Resource) -> Resource:
    """The leaf of a hierarchy that takes a new file."""
    if root.parent:
        raise ZoneError("HIERARCHY_ERROR", f"{root.name} is not the root of a hierarchy")
    if root.kind == "replication":
        raise unsupported("writing to replication resources")
    for candidate in resources.storing_leaves(store, root):
        if not candidate.is_down:
            return candidate
    raise ZoneError("SYS_RESC_IS_DOWN", root.name)


def chosen(store: CatalogStore, replicas: list[Replica], keywords: CondInput, writing: bool = False) -> Replica:
    """The replica that a call works on: the one it names, else a good one on a resource that is up."""
    named = _named(store, replicas, keywords)
    usable = [replica for replica in named if not resources.by_id(store, replica.resc_id).is_down]
    preferred = keywords.get("destRescName") or keywords.get("defRescName")

    def rank(replica: Replica) -> tuple[bool, bool, int]:
        root = resources.root(resources.hierarchy(store, replica.resc_id))
        return replica.data_is_dirty == STALE, root != preferred, replica.data_repl_num

    readable = (GOOD, STALE) if not writing else (GOOD, STALE, INTERMEDIATE, WRITE_LOCKED)
    usable = sorted((replica for replica in usable if replica.data_is_dirty in readable), key=rank)
    if not usable:
        raise ZoneError("SYS_REPLICA_INACCESSIBLE", "no replica can be used now")
    return usable[0]


def _named(store: CatalogStore, replicas: list[Replica], keywords: CondInput) -> list[Replica]:
    candidates = replicas
    if keywords.get("replNum"):
        candidates = [replica for replica in candidates if str(replica.data_repl_num) == keywords["replNum"]]
    if keywords.get("resc_hier"):
        candidates = [r for r in candidates if resources.hierarchy(store, r.resc_id) == keywords["resc_hier"]]
    if keywords.get("rescName"):
        wanted = keywords["rescName"]
        candidates = [r for r in candidates if resources.root(resources.hierarchy(store, r.resc_id)) == wanted]
    if not candidates:
        raise ZoneError("SYS_REPLICA_DOES_NOT_EXIST", "no such replica")
    return candidates
