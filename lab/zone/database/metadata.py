"""AVU operations of the database plugin, with the order of enforcement points that a real one has."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lab.zone.catalog import access, collections, metadata, replicas, resources, users
from lab.zone.catalog.metadata import Avu
from lab.zone.errors import ZoneError
from lab.zone.structs import KeyValPair

if TYPE_CHECKING:
    from lab.zone.agent import Agent

ADMIN = "irodsAdmin"
REMOVALS = {"rm": 0, "rmw": 1, "rmi": 2}
"""How to remove: one AVU, those that match patterns, or one by its id."""


Given = Sequence[str | None]
"""Attribute, value and units as the client gave them: enforcement points see None for what it left out (zone-95)."""


class MetadataOperations:
    """AVU operations for the client of one agent."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        self._store = agent.store

    def object_id(self, kind: str, name: str, level: int, admin: bool) -> int:
        """The id of the object that a call names (`-d`, `-C`, `-R`, `-u`), if the client has the rights."""
        letter = kind[1:2]
        if letter in ("R", "r", "u", "U"):
            if not self._agent.client.is_administrator:
                raise ZoneError("CAT_INSUFFICIENT_PRIVILEGE_LEVEL", f"only administrators may, with {kind}")
            if letter in ("R", "r"):
                resource = resources.find(self._store, name)
                if resource is None:
                    raise ZoneError("CAT_INVALID_RESOURCE", name)
                return resource.id
            user, _, zone = name.partition("#")
            return users.need(self._store, user, zone or self._agent.zone).id
        if letter in ("d", "D"):
            object_id = self._data_object(name)
        elif letter in ("C", "c"):
            object_id = collections.need(self._store, name).id
        else:
            raise ZoneError("CAT_INVALID_ARGUMENT", f"not a kind of object: {kind}")
        self._agent.check_access(object_id, level, admin, name)
        return object_id

    def _data_object(self, path: str) -> int:
        object_replicas = replicas.of_path(self._store, path)
        if not object_replicas:
            raise ZoneError("CAT_UNKNOWN_FILE", path)
        return object_replicas[0].data_id

    def _operate(self, name: str, arguments: list[Any], pairs: dict[str, str], operation: Callable[[], None]) -> None:
        self._agent.peps.database(name, lambda: [*arguments, KeyValPair(pairs)], operation)

    def add(self, kind: str, name: str, avu: Given, pairs: dict[str, str]) -> None:
        """Add an AVU."""

        def operation() -> None:
            object_id = self.object_id(kind, name, access.CREATE_METADATA, ADMIN in pairs)
            with self._store.transaction():
                metadata.add(self._store, object_id, _valid(avu))

        self._operate("add_avu_metadata", [kind, name, *avu], pairs, operation)

    def remove(
        self, kind: str, name: str, avu: Given, pairs: dict[str, str], *, part: bool = False, option: int = 0
    ) -> None:
        """Remove an AVU, or (option 1) those that match a pattern; part of another operation or not."""

        def operation() -> None:
            object_id = self.object_id(kind, name, access.DELETE_METADATA, ADMIN in pairs)
            named = _filled(avu)
            if option == REMOVALS["rmi"]:
                metadata.remove_by_id(self._store, object_id, named.attribute)
            else:
                metadata.remove(self._store, object_id, named, wildcards=option == REMOVALS["rmw"])

        self._operate("del_avu_metadata", [option, kind, name, *avu, int(part)], pairs, operation)

    def set(self, kind: str, name: str, avu: Given, pairs: dict[str, str]) -> None:
        """Make an AVU the only one with its attribute: in place if its row is used once, else by other operations."""

        def operation() -> None:
            object_id = self.object_id(kind, name, access.CREATE_METADATA, ADMIN in pairs)
            new = _valid(avu)
            uses, row = metadata.own_row(self._store, object_id, new.attribute)
            if row is not None:
                metadata.change(self._store, row, new.value, new.units)
                return
            if uses:
                self.remove(kind, name, Avu(new.attribute, "%", "%"), pairs, part=True, option=1)
            self.add(kind, name, new, pairs)
            raise ZoneError(0, "get avu failed" if not uses else "delete avu metadata failed")

        try:
            self._operate("set_avu_metadata", [kind, name, *avu], pairs, operation)
        except ZoneError as error:
            if error.code:
                raise

    def modify(self, kind: str, name: str, words: Given, pairs: dict[str, str]) -> None:
        """Replace an AVU by one that differs where `n:`, `v:` or `u:` says so, behind its units or in their place."""

        def operation() -> None:
            if words[2] is None:
                raise ZoneError("CAT_INVALID_ARGUMENT", "neither units nor a change")
            has_units = words[2][1:2] != ":"
            old = _filled(words[:3] if has_units else words[:2])
            new = {"n": old.attribute, "v": old.value, "u": old.units}
            for change in filter(None, words[3:] if has_units else words[2:]):
                letter, colon, text = change.partition(":")
                if letter not in new or not colon:
                    raise ZoneError("CAT_INVALID_ARGUMENT", change)
                new[letter] = text
            with self._store.transaction():
                self.remove(kind, name, old, pairs, part=True)
                self.add(kind, name, Avu(new["n"], new["v"], new["u"]), pairs)

        self._operate("mod_avu_metadata", [kind, name, *words], pairs, operation)

    def copy(self, kinds: tuple[str, str], names: tuple[str, str], pairs: dict[str, str]) -> None:
        """Give an object the AVUs of another."""

        def operation() -> None:
            admin = ADMIN in pairs
            source = self.object_id(kinds[0], names[0], access.READ_METADATA, admin)
            target = self.object_id(kinds[1], names[1], access.CREATE_METADATA, admin)
            with self._store.transaction():
                for avu in metadata.of_object(self._store, source):
                    metadata.add(self._store, target, avu)

        self._operate("copy_avu_metadata", [*kinds, *names], pairs, operation)


def _filled(avu: Given) -> Avu:
    return Avu(*(part or "" for part in avu))


def _valid(avu: Given) -> Avu:
    new = _filled(avu)
    if not new.attribute or not new.value:
        raise ZoneError("CAT_INVALID_ARGUMENT", f"attribute and value may not be empty: {new}")
    return new
