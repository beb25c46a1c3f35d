"""Many data objects at once, written into the catalog behind the server's back; benchmarks only."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lab.zone.catalog import access, collections, metadata, replicas, resources, users
from lab.zone.catalog.replicas import COLUMNS, GOOD
from lab.zone.catalog.store import CatalogStore, Row, now, stamp

Triple = tuple[str, str, str]


@dataclass(frozen=True)
class BulkObject:
    """A data object with one replica: its name, size, resource, AVUs, the replica's number and time (0: now).

    Without a file it cannot be opened; several may have the same one.
    """

    name: str
    size: int = 0
    resource: str = "demoResc"
    avus: tuple[Triple, ...] = ()
    replica: int = 0
    modified: int = 0
    file: str = ""


def load(store: CatalogStore, zone: str, path: str, objects: Sequence[BulkObject], owner: str) -> range:
    """Put data objects into a collection that exists; their ids."""
    who = users.need(store, owner, zone)
    time = now()
    with store.transaction():
        above = collections.need(store, path)
        first = store.new_ids(len(objects))
        ids = {one.resource: resources.need(store, one.resource).id for one in objects}
        rows: list[Row] = []
        for place, one in enumerate(objects):
            replica = replicas.fresh(f"{path}/{one.name}", above.id, ids[one.resource], (owner, zone)).copy(
                data_id=first + place,
                data_repl_num=one.replica,
                data_size=one.size,
                data_is_dirty=GOOD,
                data_path=one.file or f"/nowhere/{first + place}",
                modify_ts=stamp(one.modified) if one.modified else time,
            )
            rows.append(tuple(getattr(replica, column) for column in COLUMNS))
        store.write_many(f"insert into r_data_main values ({', '.join('?' * len(COLUMNS))})", rows)
        grants = [(first + place, who.id, access.OWN, time, time) for place in range(len(objects))]
        store.write_many("insert into r_objt_access values (?, ?, ?, ?, ?)", grants)
        attach(store, {first + place: one.avus for place, one in enumerate(objects)})
    return range(first, first + len(objects))


def carry_out(store: CatalogStore) -> int:
    """Do all movements in the delay queue, in the catalog alone; their number."""
    rules = store.rows(
        "select rule_exec_id, rule_name from r_rule_exec where rule_name like '%irods_policy_data_movement%'"
    )
    with store.transaction():
        for identifier, text in rules:
            rule = json.loads(text)
            path, _, name = rule["object-path"].rpartition("/")
            resource = resources.need(store, rule["destination-resource"])
            store.write(
                "update r_data_main set resc_id = ?, data_repl_num = data_repl_num + 1 where data_name = ?"
                " and coll_id = ?",
                resource.id,
                name,
                collections.need(store, path).id,
            )
            store.write("delete from r_rule_exec where rule_exec_id = ?", identifier)
    return len(rules)


def attach(store: CatalogStore, avus: Mapping[int, Sequence[Triple]]) -> None:
    """Put AVUs on data objects, by their ids."""
    time = now()
    with store.transaction():
        every = {triple for some in avus.values() for triple in some}
        known = {triple: metadata.row_of(store, metadata.Avu(*triple)) for triple in every}
        fresh = sorted(triple for triple, identifier in known.items() if identifier is None)
        start = store.new_ids(len(fresh))
        known.update({triple: start + place for place, triple in enumerate(fresh)})
        store.write_many(
            "insert into r_meta_main values (?, ?, ?, ?, '', '', ?, ?)",
            [(known[triple], *triple, time, time) for triple in fresh],
        )
        store.write_many(
            "insert into r_objt_metamap values (?, ?, ?, ?)",
            [(data_id, known[avu], time, time) for data_id, some in avus.items() for avu in some],
        )
    store.write("analyze")  # without it SQLite begins with the attributes, which all units have
