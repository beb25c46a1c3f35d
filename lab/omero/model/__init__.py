"""The OMERO model as the lab keeps it: entities with their fields, read from omero-py's classes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import omero
import omero.clients
import omero.model

from lab.omero.model.description import ABSTRACT, ANNOTATED, CLASSES, ENUMERATIONS, UNIQUE

DETAILS = {
    "owner": ("owner_id", "Experimenter"),
    "group": ("group_id", "ExperimenterGroup"),
    "creationEvent": ("creation_id", "Event"),
    "updateEvent": ("update_id", "Event"),
    "externalInfo": ("external_id", "ExternalInfo"),
}
KINDS = {"rstring": "text", "rint": "int", "rlong": "long", "rbool": "bool", "rtime": "time", "rdouble": "double"}

LENGTH = "length"


@dataclass(frozen=True)
class Field:
    """One column: a plain value, a length with its unit, or a reference to another entity."""

    name: str
    kind: str
    nullable: bool
    target: str = ""


@dataclass(frozen=True)
class Referrers:
    """The objects of another entity that refer back by `inverse`; of a list, a column of theirs says at which place."""

    name: str
    target: str
    inverse: str
    place: str = ""


@dataclass
class Entity:
    """One class of the model."""

    name: str
    java: str
    base: str = ""
    fields: dict[str, Field] = field(default_factory=dict)
    collections: dict[str, Referrers] = field(default_factory=dict)
    values: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    is_global: bool = False
    is_mutable: bool = True
    unknown: tuple[str, ...] = ()

    @property
    def root(self) -> Entity:
        """Return the entity whose table holds this one."""
        return ENTITIES[self.base].root if self.base else self

    @property
    def table(self) -> str:
        """Return the name of its table, quoted for SQL."""
        return f'"{self.root.name.lower()}"'

    @property
    def python(self) -> Any:
        """Return omero-py's class for instances."""
        return getattr(omero.model, f"{self.name}I")

    @property
    def has_kinds(self) -> bool:
        """Tell whether its table holds several classes."""
        return bool(self.base) or len(self.root.kinds) > 1

    @property
    def is_link(self) -> bool:
        """Tell whether it joins a parent and a child."""
        return self.name.endswith("Link") and "parent" in self.fields


ENTITIES: dict[str, Entity] = {}


def entity(name: str) -> Entity:
    """Find an entity by its simple name, its Java name, or the name of omero-py's class."""
    simple = name.rsplit(".", 1)[-1]
    known = ENTITIES.get(simple) or ENTITIES.get(simple.removesuffix("I"))
    if known is None or ("." in name and known.java != name):
        raise omero.ApiUsageException(None, None, f"lab OMERO does not keep objects of class {name}")
    return known


def entity_of(instance: Any) -> Entity:
    """Return the entity of one of omero-py's objects."""
    return entity(type(instance).__name__.removesuffix("I"))


def _lines() -> list[str]:
    links = [f"{name}AnnotationLink parent>{name} child>Annotation" for name in ANNOTATED]
    collections = [f"{name} annotationLinks<{name}AnnotationLink.parent" for name in ANNOTATED]
    return [*ENUMERATIONS, *CLASSES.strip().splitlines(), *links, *collections]


def _define(name: str, base: str) -> Entity:
    if name in ABSTRACT:
        made = Entity(name, ABSTRACT[name], base)
    else:
        python = getattr(omero.model, f"{name}I")
        made = Entity(name, python.DETAILS.removesuffix("_details"), base)
        instance = python()
        made.is_global, made.is_mutable = instance.isGlobal(), instance.isMutable()
    if base:
        made.fields.update(ENTITIES[base].fields)
        made.values.extend(ENTITIES[base].values)
        made.collections.update(ENTITIES[base].collections)
    return made


def _declare(made: Entity, word: str) -> None:
    if word.endswith("="):
        made.values.append(word[:-1])
    elif word.endswith("@"):
        made.fields[word[:-1]] = Field(word[:-1], LENGTH, True)
    elif ">" in word:
        name, target = word.split(">")
        made.fields[name] = Field(name, "reference", True, target)
    else:
        name, back = word.split("<")
        target, inverse = back.removesuffix("[]").split(".")
        place = f"{inverse}_index" if back.endswith("[]") else ""
        made.collections[name] = Referrers(name, target, inverse, place)


def _plain_fields(made: Entity) -> None:
    unknown = []
    for name, info in made.python._field_info._asdict().items():
        known = made.fields.get(name)
        if known is not None:
            made.fields[name] = Field(name, known.kind, info.nullable, known.target)
        elif name in made.collections or name in made.values or name == "details":
            continue
        elif info.wrapper.__name__ in KINDS:
            made.fields[name] = Field(name, KINDS[info.wrapper.__name__], info.nullable)
        else:
            unknown.append(name)
    made.unknown = tuple(unknown)


def _join_bases() -> None:
    """Give every base the kinds and the fields of what is kept in its table, as Hibernate's queries see them."""
    for made in list(ENTITIES.values()):
        if made.name not in ABSTRACT:
            _plain_fields(made)
        above: Entity | None = made
        while above is not None:
            if made.name not in ABSTRACT:
                above.kinds.append(made.name)
            parent = ENTITIES[above.base] if above.base else None
            if parent is not None:
                for name, known in made.fields.items():
                    parent.fields.setdefault(name, Field(name, known.kind, True, known.target))
                parent.values.extend(name for name in made.values if name not in parent.values)
            above = parent


def _build() -> None:
    for line in _lines():
        head, *words = line.split()
        name, _, base = head.partition(":")
        if name not in ENTITIES:
            ENTITIES[name] = _define(name, base)
        for word in words:
            _declare(ENTITIES[name], word)
    for made in list(ENTITIES.values()):
        if made.base:
            made.collections.update(ENTITIES[made.base].collections)
    _join_bases()


_build()

LISTS: dict[str, list[Referrers]] = defaultdict(list)
"""For each class the lists that its objects have a place in."""

for _collection in (each for made in ENTITIES.values() for each in made.collections.values() if each.place):
    LISTS[_collection.target].append(_collection)

__all__ = ["DETAILS", "ENTITIES", "LENGTH", "LISTS", "UNIQUE", "Entity", "Field", "Referrers", "entity", "entity_of"]
