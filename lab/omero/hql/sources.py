"""The tables of a query: what its aliases and paths stand for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from lab.omero.hql.nodes import HqlError, Path
from lab.omero.model import DETAILS, ENTITIES, Entity, Referrers
from lab.omero.store import kind_condition, values_table

Visibility = Callable[[Entity, str], str]


@dataclass(eq=False)
class Source:
    """One table of a query.

    `values` is set where it is a list of named values instead of an entity, `place` where it is a list of entities: to
    the column that says at which place of it they are.
    """

    alias: str
    entity: Entity
    parent: Source | None = None
    link: str = ""
    outer: bool = False
    fetch: bool = False
    collection: bool = False
    values: str = ""
    place: str = ""
    condition: str = ""
    implied: dict[tuple[Scope, str], Source] = field(default_factory=dict)


@dataclass(frozen=True)
class Value:
    """What a path stands for: SQL, the kind of value, and the source if it is a whole object."""

    sql: str
    kind: str
    entity: Entity | None = None
    source: Source | None = None


class Scope:
    """The sources of one query, found by alias; a subquery sees those of the query around it."""

    def __init__(self, visible: Visibility, outer: Scope | None = None) -> None:
        self.sources: list[Source] = []
        self._aliases: dict[str, Source] = {}
        self._visible = visible
        self._outer = outer
        self._counter: list[int] = outer._counter if outer is not None else [0]

    @property
    def is_filtered(self) -> bool:
        """Whether any of it is shown by the permissions of its group."""
        return any((made.parent is None or made.collection) and not made.entity.root.is_global for made in self.sources)

    def add(self, alias: str, made: Source) -> Source:
        """Add a source, under an alias if it has one."""
        self.sources.append(made)
        if alias:
            if alias in self._aliases:
                raise HqlError(f"duplicate alias: {alias}")
            self._aliases[alias] = made
        return made

    def root(self, entity: Entity, alias: str) -> Source:
        """Add a class of the from clause."""
        made = Source(self.next_alias(), entity)
        conditions = self._visible(entity, made.alias), kind_condition(entity, made.alias)
        made.condition = " and ".join(condition for condition in conditions if condition)
        return self.add(alias, made)

    def join(self, path: Path, alias: str, outer: bool, fetch: bool) -> Source:
        """Add an explicit join."""
        owner, name = self._before_last(path)
        made = self._linked(owner, name, path)
        made.outer, made.fetch = outer, fetch
        return self.add(alias, made)

    def next_alias(self) -> str:
        """Return a name for one more table."""
        self._counter[0] += 1
        return f"t{self._counter[0]}"

    def _linked(self, owner: Source, name: str, path: Path) -> Source:
        entity = owner.entity
        if name in entity.values:
            return Source(self.next_alias(), entity, owner, name, values=name)
        if name in entity.collections:
            known = entity.collections[name]
            made = Source(self.next_alias(), ENTITIES[known.target], owner, name, collection=True, place=known.place)
            made.condition = self._visible(made.entity, made.alias)
            return made
        target = DETAILS.get(name.removeprefix("details."), ("", ""))[1] if name.startswith("details.") else ""
        if name in entity.fields:
            target = entity.fields[name].target
        if not target:
            raise HqlError(f"could not resolve property: {name} of: {entity.java} [{path}]")
        return Source(self.next_alias(), ENTITIES[target], owner, name)

    def find(self, path: Path) -> tuple[Source, list[str]] | None:
        """Return the source that a path starts from, and the names after it."""
        first, *rest = path.parts
        if first in self._aliases:
            return self._aliases[first], rest
        if self._outer is not None and (resolution := self._outer.find(path)) is not None:
            return resolution
        roots = [source for source in self.sources if source.parent is None]
        if len(roots) == 1 and _has(roots[0].entity, first):
            return roots[0], [first, *rest]
        return None

    def _before_last(self, path: Path) -> tuple[Source, str]:
        resolution = self.find(path)
        if resolution is None or not resolution[1]:
            raise HqlError(f"Path expected for join! [{path}]")
        source, names = resolution
        names = _details_together(names)
        for name in names[:-1]:
            source = self._implied(source, name, path)
        return source, names[-1]

    def _implied(self, source: Source, name: str, path: Path) -> Source:
        if (self, name) not in source.implied:
            if name in source.entity.collections:
                raise HqlError(f"illegal attempt to dereference collection [{path}]")
            source.implied[self, name] = self.add("", self._linked(source, name, path))
        return source.implied[self, name]

    def value(self, path: Path) -> Value:
        """Resolve a path to a column, joining tables where it passes through references."""
        resolution = self.find(path)
        if resolution is None:
            raise HqlError(f"Invalid path: '{path}'")
        source, names = resolution
        if not names:
            return Value(f"{source.alias}.id", "entity", source.entity, source)
        names = _details_together(names)
        while len(names) > 1 and not (len(names) == 2 and names[1] == "id" and _is_reference(source.entity, names[0])):
            source = self._implied(source, names.pop(0), path)
        return _column(source, names, path)


def _has(entity: Entity, name: str) -> bool:
    return name in ("id", "version", "details", "class") or name in entity.fields or name in entity.collections


def _is_reference(entity: Entity, name: str) -> bool:
    return name.startswith("details.") or (name in entity.fields and entity.fields[name].kind == "reference")


def _details_together(names: list[str]) -> list[str]:
    """Join `details` with the name after it, since it is no table of its own."""
    if len(names) > 1 and "details" in names[:-1]:
        place = names.index("details")
        joined = f"details.{names[place + 1]}"
        return [*names[:place], joined, *_details_together(names[place + 2 :])]
    return list(names)


def _column(source: Source, names: list[str], path: Path) -> Value:
    name, entity = names[0], source.entity
    if source.values:
        if name in ("name", "value"):
            return Value(f"{source.alias}.{name}", "text")
        raise HqlError(f"could not resolve property: {name} of a named value [{path}]")
    if name == "class" and entity.has_kinds:
        return Value(f"{source.alias}.kind", "text")
    if name == "id" or (name == "version" and entity.is_mutable):
        return Value(f"{source.alias}.{name}", "long" if name == "id" else "int")
    if name.startswith("details."):
        column, target = DETAILS.get(name.removeprefix("details."), ("", ""))
        if not column or entity.is_global:
            raise HqlError(f"could not resolve property: {name} of: {entity.java} [{path}]")
    elif name in entity.fields:
        column, target = name, entity.fields[name].target
        if not target:
            return Value(f'{source.alias}."{column}"', entity.fields[name].kind)
    else:
        raise HqlError(f"could not resolve property: {name} of: {entity.java} [{path}]")
    kind = "long" if names[-1] == "id" and len(names) > 1 else "reference"
    return Value(f'{source.alias}."{column}"', kind, ENTITIES[target], source)


def table_of(source: Source) -> str:
    """Return the SQL of a source's table."""
    return values_table(source.entity, source.values) if source.values else source.entity.table


def on_clause(source: Source) -> str:
    """Return the SQL that joins a source to the one that it is reached from."""
    parent = source.parent
    if parent is None:
        return ""
    if source.values:
        return f"{source.alias}.owner = {parent.alias}.id"
    if source.collection:
        known: Referrers = parent.entity.collections[source.link]
        return f'{source.alias}."{known.inverse}" = {parent.alias}.id'
    column = DETAILS[source.link.removeprefix("details.")][0] if source.link.startswith("details.") else source.link
    return f'{source.alias}.id = {parent.alias}."{column}"'
