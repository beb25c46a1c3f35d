"""Arguments of events in their recorded shapes, about the data object, replica or collection that a test is about.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: PLR0917, UP006, UP035

import json
from typing import Any, Dict, List, Tuple

from tests.unit.hooks.connection import recorded

Event = Tuple[str, List[Any]]

LOCKED, LOCKED_SIBLING, GOOD, STALE, INTERMEDIATE = "2", "4", "1", "0", "2"


class Thing:
    """A data object: where it is and its ids."""

    def __init__(self, path: str, data_id: int = 10259, collection_id: int = 10258) -> None:
        self.path = path
        self.collection, _, self.name = path.rpartition("/")
        self.data_id = data_id
        self.collection_id = collection_id


def registered(thing: Thing, status: int = 2, flags: int = 0) -> Event:
    args = recorded("pep_database_reg_data_obj_post")
    fill(args[3], thing, replStatus=status, flags=flags)
    return "pep_database_reg_data_obj_post", args


def fill(info: Dict[str, Any], thing: Thing, **members: Any) -> None:
    info["DataObjInfo"].update(objPath=thing.path, dataId=thing.data_id, collId=thing.collection_id, **members)


def finalized(thing: Thing, *replicas: "Tuple[str, str, bool]") -> Event:
    """A finalize event: of each replica the status before and after, and whether it was written."""
    args = recorded("pep_database_data_object_finalize_post", "iput small")
    template = json.loads(args[3])["replicas"][0]
    entries = []
    for number, (before, after, written) in enumerate(replicas):
        entry = json.loads(json.dumps(template))
        for state, status in (("before", before), ("after", after)):
            entry[state].update(
                data_id=str(thing.data_id),
                coll_id=str(thing.collection_id),
                data_name=thing.name,
                data_is_dirty=status,
                data_repl_num=str(number),
                resc_id=str(10017 + number),
            )
        if not written:
            del entry["file_modified"]
        entries.append(entry)
    args[3] = json.dumps({"replicas": entries}, separators=(",", ":"), ensure_ascii=False)
    return "pep_database_data_object_finalize_post", args


def replica(thing: Thing, status: int = 2) -> Event:
    args = recorded("pep_database_reg_replica_post")
    fill(args[3], thing)
    fill(args[4], thing, replStatus=status)
    return "pep_database_reg_replica_post", args


def unregistered(thing: Thing, **why: str) -> Event:
    args = recorded("pep_database_unreg_replica_post")
    fill(args[3], thing)
    args[4] = {"KeyValPair": why}
    return "pep_database_unreg_replica_post", args


def changed(thing: Thing, flags: int = 0, **what: str) -> Event:
    args = recorded("pep_database_mod_data_obj_meta_post")
    fill(args[3], thing, flags=flags)
    args[4] = {"KeyValPair": what}
    return "pep_database_mod_data_obj_meta_post", args


def removed_collection(path: str) -> Event:
    args = recorded("pep_database_del_coll_post")
    args[3]["CollInfo"]["collName"] = path
    return "pep_database_del_coll_post", args


def renamed(identifier: int, name: str) -> Event:
    args = recorded("pep_database_rename_object_post")
    args[3:] = [identifier, name]
    return "pep_database_rename_object_post", args


def moved(identifier: int, collection_id: int) -> Event:
    args = recorded("pep_database_move_object_post")
    args[3:] = [identifier, collection_id]
    return "pep_database_move_object_post", args


def rename_over(source: str, target: str) -> Event:
    args = recorded("pep_api_data_obj_rename_post")
    args[2]["DataObjCopyInp"]["srcDataObjInp"]["DataObjInp"]["objPath"] = source
    args[2]["DataObjCopyInp"]["destDataObjInp"]["DataObjInp"]["objPath"] = target
    return "pep_api_data_obj_rename_post", args


def called(pep: str, path: str, **conditions: str) -> Event:
    """An API event that is about one data object or one collection."""
    args = recorded(pep)
    ((kind, members),) = args[2].items()
    members["collName" if kind == "CollInp" else "objPath"] = path
    members["condInput"]["KeyValPair"].update(conditions)
    return pep, args


def copy_called(source: str, target: str) -> Event:
    args = recorded("pep_api_data_obj_copy_pre")
    args[2]["DataObjCopyInp"]["srcDataObjInp"]["DataObjInp"]["objPath"] = source
    args[2]["DataObjCopyInp"]["destDataObjInp"]["DataObjInp"]["objPath"] = target
    return "pep_api_data_obj_copy_pre", args


def over(pep: str) -> Event:
    """An API event whose arguments nobody reads."""
    return pep, ["api_instance", {"PluginContext": {}}, None]


def avu(pep: str, kind: str, path: str, attribute: str, value: str = "v", units: str = "") -> Event:
    """An event of adding or setting an AVU, by the name of the operation and `_pre` or `_post`."""
    return "pep_database_" + pep, ["postgres", {"PluginContext": {}}, "", kind, path, attribute, value, units, pairs()]


def pairs() -> Dict[str, Any]:
    return {"KeyValPair": {}}


def avu_removed(when: str, kind: str, path: str, attribute: str, option: int = 0, no_commit: int = 0) -> Event:
    args = recorded("pep_database_del_avu_metadata_" + when)
    args[3:] = [option, kind, path, attribute, "v", "", no_commit, pairs()]
    return "pep_database_del_avu_metadata_" + when, args


def avu_replaced(when: str, kind: str, path: str, attribute: str, *changes: str) -> Event:
    args = recorded("pep_database_mod_avu_metadata_" + when)
    args[3:] = [kind, path, attribute, "v", *[*changes, "", "", "", ""][:4], pairs()]
    return "pep_database_mod_avu_metadata_" + when, args


def avus_copied(when: str, source: str, target: str, kinds: str = "-d") -> Event:
    args = recorded("pep_database_copy_avu_metadata_" + when)
    args[3:] = [kinds, kinds, source, target, pairs()]
    return "pep_database_copy_avu_metadata_" + when, args


def atomic(when: str, path: str, *operations: "Tuple[str, str, str]", kind: str = "data_object") -> Event:
    """An atomic operation: what, the attribute and the value of each."""
    return atomic_text(
        when,
        json.dumps(
            {
                "entity_name": path,
                "entity_type": kind,
                "operations": [{"operation": o, "attribute": a, "value": v, "units": ""} for o, a, v in operations],
            }
        ),
    )


def atomic_text(when: str, text: str) -> Event:
    pep = "pep_api_atomic_apply_metadata_operations_" + when
    args = recorded(pep)
    args[2] = {"BytesBuf": {"len": len(text), "bytes": text + "\0"}}
    return pep, args
