"""Saves graphs of omero-py's objects: new ones are added, loaded ones changed, unloaded ones only referred to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from omero.rtypes import rint, rlong

from lab.omero import errors, permissions
from lab.omero.model import ENTITIES, LENGTH, Entity, Field, entity_of
from lab.omero.store import Row
from lab.omero.work import Work, now


class Saver:
    """Saves objects within one unit of work; each object of a graph once."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._store = work.store
        self._ids: dict[int, int] = {}
        self._saved: list[Any] = []  # kept, as the number of an object that is gone is given to the next one
        self._open: set[int] = set()
        self._rows: dict[tuple[str, int], Row] = {}

    def save(self, instance: Any) -> int:
        """Save an object with everything that it is loaded with, and return its id."""
        if instance is None:
            raise errors.api_usage("Cannot save null")
        known = self._ids.get(id(instance))
        if known is not None:
            return known
        entity = entity_of(instance)
        if not instance._loaded:
            return self._referred(entity, instance)
        self._refuse_unknown(entity, instance)
        self._open.add(id(instance))
        row, linked = self._row(entity, instance)
        if instance._id is None:
            identity = self._insert(entity, instance, row, linked)
        else:
            identity = self._update(entity, instance, row, linked)
        self._ids[id(instance)] = identity
        self._saved.append(instance)
        self._members(entity, instance, identity)
        return identity

    def _referred(self, entity: Entity, instance: Any) -> int:
        if instance._id is None:
            raise errors.validation(f"object references an unsaved transient instance: {entity.java}")
        return int(instance._id.val)

    @staticmethod
    def _refuse_unknown(entity: Entity, instance: Any) -> None:
        for name in entity.unknown:
            if getattr(instance, f"_{name}", None) is not None or getattr(instance, f"_{name}Seq", None):
                raise errors.refused(f"{entity.name}.{name}")

    def _row(self, entity: Entity, instance: Any) -> tuple[Row, list[tuple[Entity, Row]]]:
        row: Row = {}
        linked = []
        for name, field in entity.fields.items():
            given = getattr(instance, f"_{name}")
            if given is None:
                row[name] = None
            elif field.kind == "reference":
                row[name] = self._reference(entity, field, given)
                linked.append((ENTITIES[field.target], self._existing(ENTITIES[field.target], row[name])))
            elif field.kind == LENGTH:
                row[name] = f"{given.getValue()!r} {given.getUnit()}"
            else:
                row[name] = int(given.val) if field.kind == "bool" else given.val
        return row, linked

    def _reference(self, entity: Entity, field: Field, given: Any) -> int:
        target = ENTITIES[field.target]
        if given._id is None and given._loaded and "value" in target.fields and target.is_global:
            return self._enumeration(target, given)
        if id(given) in self._open and id(given) not in self._ids:
            raise errors.validation(f"not-null property references a transient value: {entity.java}.{field.name}")
        return self.save(given) if given._loaded and not target.is_global else self._referred(target, given)

    def _enumeration(self, target: Entity, given: Any) -> int:
        rows = self._store.run(f"select id from {target.table} where value = ?", [given._value.val])
        if not rows:
            raise errors.validation(f"unknown {target.name}: {given._value.val}")
        return int(rows[0][0])

    def _existing(self, entity: Entity, identity: int) -> Row:
        """Return the row of an object that is referred to; it must exist and be visible."""
        key = (entity.root.name, identity)
        if key not in self._rows:
            row = self._store.row(entity, identity)
            if row is None:
                raise errors.validation(
                    f"No row with the given identifier exists: [{entity.java}#{identity}]; could not be loaded"
                )
            self._rows[key] = row
        return self._rows[key]

    def _insert(self, entity: Entity, instance: Any, row: Row, linked: list[tuple[Entity, Row]]) -> int:
        caller, event = self._work.caller, self._work.event
        owner = instance._details._owner if instance._details is not None else None
        owner_id = int(owner._id.val) if owner is not None else caller.user
        permissions.check_creation(caller, entity, owner_id)
        permissions.check_links(caller, entity, owner_id if owner is not None else None, linked)
        self._group_must_match(entity, instance)
        if entity.root.name == "OriginalFile" and row["repo"] is not None:
            raise errors.violation(f"cannot set repo property of {entity.java} via ORM")
        _defaults(entity, row)
        if not entity.root.is_global:
            row |= {"owner_id": owner_id, "group_id": caller.group, "creation_id": event, "update_id": event}
            row["external_id"] = self._external(instance)
        if entity.name == "ExperimenterGroup":
            row["permissions"] = permission_text(instance._details._permissions)
        identity = int(self._written(entity, lambda: self._store.insert(entity, row)))
        for name in entity.values:
            self._set_values(entity, name, instance, identity)
        self._log("INSERT", entity, identity, row)
        instance._id = rlong(identity)
        if entity.is_mutable:
            instance._version = rint(0)
        return identity

    def _external(self, instance: Any) -> int | None:
        given = instance._details._externalInfo if instance._details is not None else None
        return self.save(given) if given is not None else None

    def _group_must_match(self, entity: Entity, instance: Any) -> None:
        group = instance._details._group if instance._details is not None else None
        if group is not None and group._id is not None and group._id.val != self._work.caller.group:
            raise errors.violation(
                f"You are not authorized to set the ExperimenterGroup for {entity.java} to {group._id.val}"
            )

    def _update(self, entity: Entity, instance: Any, row: Row, linked: list[tuple[Entity, Row]]) -> int:
        identity = int(instance._id.val)
        before = self._store.row(entity, identity)
        if before is None:
            raise errors.made(
                "OptimisticLockException",
                f"Row was updated or deleted by another transaction: [{entity.java}#{identity}]",
            )
        if not entity.is_mutable:
            return identity  # what is changed is lost without a word: omero-91
        if instance._details is not None and instance._details._externalInfo is not None:
            row["external_id"] = self._external(instance)
        changed = {name: value for name, value in row.items() if value != before[name] and name != "repo"}
        new_values = [name for name in entity.values if self._values_differ(entity, name, instance, identity)]
        if not changed and not new_values:
            return identity
        if instance._version is not None and instance._version.val != before["version"]:
            raise errors.made(
                "OptimisticLockException",
                f"Row was updated or deleted by another transaction: [{entity.java}#{identity}]",
            )
        self._may_update(entity, before, identity)
        permissions.check_links(self._work.caller, entity, None, linked)
        changed["version"] = before["version"] + 1
        if not entity.root.is_global:
            changed["update_id"] = self._work.event
        self._require(entity, row)
        self._written(entity, lambda: self._store.update(entity, identity, changed))
        for name in new_values:
            self._set_values(entity, name, instance, identity)
        if set(changed) - {"version", "update_id"}:
            self._log("UPDATE", entity, identity, row)
        else:
            self._touch_annotated(identity, times=2)  # of changed pairs only the indexer tells (omero-33)
        instance._version = rint(changed["version"])
        return identity

    def _log(self, action: str, entity: Entity, identity: int, row: Row) -> None:
        self._work.log(action, entity, [identity])
        if entity.name.endswith("AnnotationLink"):
            self._work.touch(entity, [row["parent"]])
        elif entity.root.name == "Annotation" and action == "UPDATE":
            self._touch_annotated(identity, times=1)

    def _touch_annotated(self, annotation: int, times: int) -> None:
        """Have the indexer told of everything that an annotation is on."""
        for link in (known for known in ENTITIES.values() if known.name.endswith("AnnotationLink")):
            parents = self._store.run(f"select distinct parent from {link.table} where child = ?", [annotation])
            self._work.touch(link, [parent for (parent,) in parents], times)

    def _may_update(self, entity: Entity, before: Row, identity: int) -> None:
        caller = self._work.caller
        if not entity.root.is_global and before["group_id"] not in (caller.group, 1):
            raise errors.violation(
                f"Currently logged into group {caller.group}. Cannot alter object in group {before['group_id']}"
            )
        if "edit" not in permissions.allowed(caller, entity, before):
            raise errors.violation(f"Updating {entity.java}:{identity} not allowed.")

    def _written(self, entity: Entity, write: Any) -> Any:
        try:
            return write()
        except sqlite3.IntegrityError as error:
            raise errors.validation(
                "could not execute statement; constraint violated; nested exception is "
                f"org.hibernate.exception.ConstraintViolationException: {entity.java}: {error}"
            ) from None

    @staticmethod
    def _require(entity: Entity, row: Row) -> None:
        for name, field in entity.fields.items():
            if not field.nullable and row[name] is None:
                raise errors.validation(f"not-null property references a null or transient value: {entity.java}.{name}")

    def _given_values(self, name: str, instance: Any) -> list[tuple[Any, Any]] | None:
        given = getattr(instance, f"_{name}")
        return None if given is None else [(pair.name, pair.value) for pair in given if pair is not None]

    def _values_differ(self, entity: Entity, name: str, instance: Any, identity: int) -> bool:
        given = self._given_values(name, instance)
        return given is not None and given != self._store.get_values(entity, name, [identity]).get(identity, [])

    def _set_values(self, entity: Entity, name: str, instance: Any, identity: int) -> None:
        given = self._given_values(name, instance)
        if given:
            self._store.set_values(entity, name, identity, given)

    def _members(self, entity: Entity, instance: Any, identity: int) -> None:
        """Save what the object's loaded collections hold, which refers back to it."""
        for inverse, member in _collected(entity, instance):
            if member is None or not member._loaded:
                continue
            if getattr(member, f"_{inverse}") is None:
                setattr(member, f"_{inverse}", type(instance)(identity, False))
            self.save(member)


def _collected(entity: Entity, instance: Any) -> Iterator[tuple[str, Any]]:
    for name, collection in entity.collections.items():
        if getattr(instance, f"_{name}Loaded", False):
            for member in list(getattr(instance, f"_{name}Seq")):
                yield collection.inverse, member


def _defaults(entity: Entity, row: Row) -> None:
    """Refuse missing values, except for those that the real server fills in."""
    if entity.root.name == "Job":
        row["submitted"] = row["submitted"] or now()
    Saver._require(entity, row)


def plain_row(entity: Entity, instance: Any) -> Row:
    """Return the values of an object's plain fields."""
    given = {name: getattr(instance, f"_{name}") for name, field in entity.fields.items() if field.kind != "reference"}
    return {name: None if value is None else value.val for name, value in given.items()}


def permission_text(given: Any) -> str:
    """Write permissions as `rwra--`; a group is private unless it is said otherwise."""
    if given is None:
        return "rw----"
    text = ""
    for role in ("User", "Group", "World"):
        text += "r" if getattr(given, f"is{role}Read")() else "-"
        write, annotate = getattr(given, f"is{role}Write")(), getattr(given, f"is{role}Annotate")()
        text += "w" if write else "a" if annotate else "-"
    return text
