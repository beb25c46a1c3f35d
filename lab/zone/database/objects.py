"""Operations of the database plugin on collections, data objects and replicas."""

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lab.zone.catalog import access, collections, replicas, resources, users
from lab.zone.catalog.replicas import Replica
from lab.zone.catalog.store import now
from lab.zone.errors import ZoneError
from lab.zone.structs import CharArray, CollInfo, DataObjInfo, KeyValPair, name, parent

if TYPE_CHECKING:
    from lab.zone.agent import Agent

Pairs = Mapping[str, str]


class ObjectOperations:
    """Operations on collections, data objects and replicas for the client of one agent."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        self._store = agent.store

    def shown(self, replica: Replica, path: str, times: bool = True) -> DataObjInfo:
        """A replica as hooks see it."""
        hierarchy = resources.hierarchy(self._store, replica.resc_id) if replica.resc_id else ""
        texts = {
            "objPath": path,
            "rescName": resources.root(hierarchy),
            "rescHier": hierarchy,
            "dataType": replica.data_type_name,
            "chksum": replica.data_checksum,
            "version": replica.data_version,
            "filePath": replica.data_path,
            "dataOwnerName": replica.data_owner_name if times else "",
            "dataOwnerZone": replica.data_owner_zone if times else "",
            "statusString": replica.data_status,
            "dataMode": replica.data_mode,
            "dataExpiry": replica.data_expiry_ts if times else "",
            "dataCreate": replica.create_ts if times else "",
            "dataModify": replica.modify_ts if times else "",
            "dataAccessTime": replica.access_ts if times else "",
        }
        return DataObjInfo(
            **{field: CharArray(text) for field, text in texts.items()},
            dataSize=replica.data_size,
            replNum=replica.data_repl_num,
            replStatus=replica.data_is_dirty,
            dataId=replica.data_id,
            collId=replica.coll_id if replica.data_id else 0,
            dataMapId=replica.data_map_id,
            rescId=replica.resc_id,
            condInput=KeyValPair(),
            dataAccessInx=0,
            writeFlag=0,
            flags=0,
            otherFlags=0,
            regUid=0,
        )

    def register(self, replica: Replica, path: str) -> Replica:
        """Put the first replica of a new data object into the catalog; with its id."""
        seen = replica

        def operation() -> None:
            nonlocal seen
            above = collections.need(self._store, parent(path))
            self._agent.check_access(above.id, access.WRITE, False, path)
            if collections.find(self._store, path):
                raise ZoneError("CAT_NAME_EXISTS_AS_COLLECTION", path)
            if collections.object_in(self._store, above, name(path)):
                raise ZoneError("CATALOG_ALREADY_HAS_ITEM_BY_THAT_NAME", path)
            with self._store.transaction():
                seen = replica.copy(data_id=self._store.new_ids(), coll_id=above.id)
                replicas.insert(self._store, seen)
                if above.inherits:
                    access.inherit(self._store, above.id, seen.data_id)
                access.grant(self._store, self._agent.client.id, seen.data_id, access.OWN)

        self._agent.peps.database("reg_data_obj", lambda: [self.shown(seen, path, times=bool(seen.data_id))], operation)
        return seen

    def register_replica(self, source: Replica, new: Replica, path: str, keywords: Pairs) -> Replica:
        """Put a further replica into the catalog; with its number."""
        seen = new

        def operation() -> None:
            nonlocal seen
            with self._store.transaction():
                highest = max(replica.data_repl_num for replica in replicas.of_id(self._store, new.data_id))
                seen = new.copy(data_repl_num=highest + 1)
                replicas.insert(self._store, seen)

        self._agent.peps.database(
            "reg_replica",
            lambda: [self.shown(source, path), self.shown(seen, path), KeyValPair(dict(keywords))],
            operation,
        )
        return seen

    def unregister(
        self, replica: Replica, path: str, keywords: Pairs, *, admin: bool = False, level: int = access.DELETE
    ) -> None:
        """Take a replica out of the catalog, and with the last one its data object."""

        def operation() -> None:
            self._agent.check_access(replica.data_id, level, admin, path)
            with self._store.transaction():
                replicas.delete(self._store, replica)

        self._agent.peps.database(
            "unreg_replica", lambda: [self.shown(replica, path), KeyValPair(dict(keywords))], operation
        )

    def finalize(
        self, changes: Sequence[tuple[Replica, Replica]], modified: Pairs | None = None, to_now: bool = False
    ) -> None:
        """Write what became of the replicas of a data object; the first is the one that was worked on."""
        rows: list[dict[str, Any]] = [
            {"after": after.as_json(), "before": before.as_json()} for before, after in changes
        ]
        if to_now:
            rows[0]["after"]["modify_ts"] = "set time to now"
        if modified is not None:
            rows[0]["file_modified"] = dict(sorted(modified.items()))
        text = json.dumps({"replicas": rows}, separators=(",", ":"), ensure_ascii=False)

        def operation() -> None:
            with self._store.transaction():
                for place, (_, after) in enumerate(changes):
                    time = now() if to_now and place == 0 else after.modify_ts
                    replicas.update(self._store, after.copy(modify_ts=time))

        self._agent.peps.database("data_object_finalize", lambda: [text], operation)

    def modify(self, path: str, columns: dict[str, Any], shown: Pairs, which: Replica | None = None) -> None:
        """Change columns of one replica, or of all of a data object."""

        def operation() -> None:
            with self._store.transaction():
                for replica in replicas.need(self._store, path):
                    if which is None or replica.data_repl_num == which.data_repl_num:
                        replicas.update(self._store, replica.copy(**columns))

        def info() -> list[Any]:
            replica = which or replicas.need(self._store, path)[0]
            return [self.shown(replica, path), KeyValPair(dict(shown))]

        self._agent.peps.database("mod_data_obj_meta", info, operation)

    def rename(self, object_id: int, old: str, new: str, is_collection: bool) -> None:
        """Give a collection or data object another name in the same collection."""

        def operation() -> None:
            self._agent.check_access(object_id, access.OWN, False, old)
            self._check_free(new)
            with self._store.transaction():
                if is_collection:
                    collections.move(self._store, old, new)
                else:
                    replicas.rename(self._store, object_id, name(new))

        self._agent.peps.database("rename_object", lambda: [object_id, name(new)], operation)

    def move(self, object_id: int, old: str, new: str, is_collection: bool) -> None:
        """Put a collection or data object into another collection."""
        target = collections.need(self._store, parent(new))

        def operation() -> None:
            self._agent.check_access(object_id, access.OWN, False, old)
            self._agent.check_access(target.id, access.WRITE, False, parent(new))
            self._check_free(new)
            with self._store.transaction():
                if is_collection:
                    collections.move(self._store, old, new)
                else:
                    replicas.move(self._store, object_id, target.id)

        self._agent.peps.database("move_object", lambda: [object_id, target.id], operation)

    def _check_free(self, path: str) -> None:
        if collections.find(self._store, path):
            raise ZoneError("CAT_NAME_EXISTS_AS_COLLECTION", path)
        if replicas.of_path(self._store, path):
            raise ZoneError("CAT_NAME_EXISTS_AS_DATAOBJ", path)

    def _collection_info(self, path: str) -> CollInfo:
        return CollInfo(collId=0, collName=CharArray(path), collAccessInx=0, collMapId=0, condInput=KeyValPair())

    def register_collection(self, path: str) -> None:
        """Make a collection."""

        def operation() -> None:
            above = collections.need(self._store, parent(path))
            self._agent.check_access(above.id, access.WRITE, False, parent(path))
            with self._store.transaction():
                collections.add(self._store, path, self._agent.client)

        self._agent.peps.database("reg_coll", lambda: [self._collection_info(path)], operation)

    def delete_collection(self, path: str, admin: bool = False) -> None:
        """Take an empty collection away."""

        def operation() -> None:
            self._agent.check_access(collections.need(self._store, path).id, access.DELETE, admin, path)
            with self._store.transaction():
                collections.remove(self._store, path)

        self._agent.peps.database("del_coll", lambda: [self._collection_info(path)], operation)

    def set_access(self, path: str, level: str, user: tuple[str, str], recursive: bool) -> None:
        """Set what a user may do with a collection or data object, or whether a collection inherits."""
        admin = level.startswith("admin:")
        word = level.removeprefix("admin:").replace(" ", "_")

        def operation() -> None:
            if admin and not self._agent.client.is_administrator:
                raise ZoneError("CAT_NO_ACCESS_PERMISSION", "only administrators may use the admin mode")
            with self._store.transaction():
                self._change_access(path, word, user, recursive, admin)
            raise ZoneError(0, "commit failure")

        try:
            self._agent.peps.database("mod_access_control", lambda: [int(recursive), level, *user, path], operation)
        except ZoneError as error:
            if error.code:
                raise

    def _change_access(self, path: str, word: str, user: tuple[str, str], recursive: bool, admin: bool) -> None:
        collection = collections.find(self._store, path)
        object_replicas = replicas.of_path(self._store, path)
        if collection is None and not object_replicas:
            raise ZoneError("CAT_UNKNOWN_COLLECTION", path)
        object_id = collection.id if collection else object_replicas[0].data_id
        self._agent.check_access(object_id, access.OWN, admin, path)
        if word in ("inherit", "noinherit"):
            collections.set_inheritance(self._store, path, word == "inherit", recursive)
            return
        if word not in access.LEVELS:
            raise ZoneError("CAT_INVALID_ARGUMENT", f"not a permission: {word}")
        who = users.need(self._store, user[0], user[1] or self._agent.zone)
        targets = [object_id]
        if recursive and collection:
            targets = []
            for below in collections.below(self._store, path):
                rows = self._store.rows("select distinct data_id from r_data_main where coll_id = ?", below.id)
                targets += [below.id, *(row[0] for row in rows)]
        for target in targets:
            access.grant(self._store, who.id, target, access.LEVELS[word])
