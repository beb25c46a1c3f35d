"""Makes omero-py's objects of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import omero.model
from omero.rtypes import rbool, rdouble, rint, rlong, rstring, rtime

from lab.omero import permissions
from lab.omero.caller import USER, Caller
from lab.omero.model import DETAILS, ENTITIES, LENGTH, Entity
from lab.omero.store import Row, Store


def _length(text: str) -> Any:
    value, unit = text.split()
    return omero.model.LengthI(float(value), getattr(omero.model.enums.UnitsLength, unit))


WRAPPERS: dict[str, Callable[[Any], Any]] = {
    LENGTH: _length,
    "text": rstring,
    "int": rint,
    "long": rlong,
    "bool": lambda value: rbool(bool(value)),
    "time": rtime,
    "double": rdouble,
}
Key = tuple[str, int]


def wrap(kind: str, value: Any) -> Any:
    """Wrap a column's value as the client expects it; none stays none."""
    if value is None:
        return None
    if kind == "any":
        kind = {int: "long", float: "double", str: "text"}[type(value)]
    return WRAPPERS[kind](value)


class Objects:
    """The objects of one result: each object of the database once, as in one session of Hibernate."""

    def __init__(self, store: Store, caller: Caller) -> None:
        self._store = store
        self._caller = caller
        self._loaded: dict[Key, tuple[Entity, Row, Any]] = {}
        self._unloaded: dict[Key, Any] = {}
        self._restricted: dict[tuple[Any, ...], Any] = {}
        self._members: set[tuple[int, str, int]] = set()

    def loaded(self, entity: Entity, row: Row) -> Any:
        """Return the loaded object of a row."""
        key = (entity.root.name, row["id"])
        known = self._loaded.get(key)
        if known is not None:
            return known[2]
        kind = ENTITIES[row["kind"]] if "kind" in row else entity
        made = kind.python()
        made._id = rlong(row["id"])
        made.unloadCollections()
        for name, field in kind.fields.items():
            if field.kind != "reference":
                setattr(made, f"_{name}", wrap(field.kind, row[name]))
        if kind.is_mutable:
            made._version = rint(row["version"])
        self._loaded[key] = (kind, row, made)
        return made

    def add(self, owner: Any, name: str, member: Any | None) -> None:
        """Put an object into a collection of another, which counts as loaded from then on."""
        sequence = f"_{name}Seq"
        if not getattr(owner, f"_{name}Loaded"):
            setattr(owner, f"_{name}Loaded", True)
            setattr(owner, sequence, [])
        member_key = (id(owner), name, id(member))
        if member is not None and member_key not in self._members:
            self._members.add(member_key)
            getattr(owner, sequence).append(member)

    def finish(self) -> None:
        """Fill in references, named values and details, once all objects are known."""
        self._find_kinds()
        by_entity: dict[str, list[int]] = {}
        for kind, row, made in self._loaded.values():
            for name, field in kind.fields.items():
                if field.kind == "reference":
                    setattr(made, f"_{name}", self.reference(field.target, row[name]))
            self._details(kind, row, made)
            if kind.values:
                by_entity.setdefault(kind.name, []).append(row["id"])
        for name, identities in by_entity.items():
            self._named_values(ENTITIES[name], identities)

    def reference(self, target: str, identity: int | None) -> Any:
        """Return an object by its id: the loaded one, if it is part of the result."""
        if identity is None:
            return None
        entity = ENTITIES[target]
        key = (entity.root.name, identity)
        if key in self._loaded:
            return self._loaded[key][2]
        if key not in self._unloaded:
            if entity.root.has_kinds:
                self._kinds_of(entity.root, [identity])
            else:
                self._unloaded[key] = entity.python(identity, False)
        return self._unloaded.get(key)

    def _find_kinds(self) -> None:
        """Look up together the classes of what is referred to by a base class."""
        wanted: dict[str, set[int]] = {}
        for kind, row, _ in self._loaded.values():
            for name, field in kind.fields.items():
                if field.kind == "reference" and row[name] is not None and ENTITIES[field.target].root.has_kinds:
                    wanted.setdefault(ENTITIES[field.target].root.name, set()).add(row[name])
        for root, identities in wanted.items():
            self._kinds_of(ENTITIES[root], [i for i in identities if (root, i) not in self._loaded])

    def _kinds_of(self, root: Entity, identities: Iterable[int]) -> None:
        for row in self._store.rows(root, "id", list(identities)):
            self._unloaded[root.name, row["id"]] = ENTITIES[row["kind"]].python(row["id"], False)

    def _named_values(self, entity: Entity, identities: list[int]) -> None:
        for name in entity.values:
            values = self._store.get_values(entity, name, identities)
            for identity in identities:
                pairs = [omero.model.NamedValue(key, value) for key, value in values.get(identity, [])]
                setattr(self._loaded[entity.root.name, identity][2], f"_{name}", pairs)

    def describe(self, entity: Entity, row: Row, made: Any) -> None:
        """Give an object the details of a row."""
        if made._details is None:
            made._details = omero.model.DetailsI()
        self._details(entity, row, made)

    def _details(self, entity: Entity, row: Row, made: Any) -> None:
        details = made._details
        if not entity.is_global:
            for name, (column, target) in DETAILS.items():
                setattr(details, f"_{name}", self.reference(target, row[column]))
        details._permissions = self._permissions(entity, row)

    def _permissions(self, entity: Entity, row: Row) -> Any:
        key = (
            entity.root.name,
            row.get("owner_id"),
            row.get("group_id"),
            row.get("permissions"),
            bool(row.get("repo")),
        )
        if key not in self._restricted:
            text = row.get("permissions") or "rw----"
            if not entity.is_global and row["group_id"] != USER:
                text = self._caller.permissions[row["group_id"]]
            made = omero.model.PermissionsI(text)
            made._restrictions = permissions.restrictions(self._caller, entity, row)
            self._restricted[key] = made
        return self._restricted[key]
