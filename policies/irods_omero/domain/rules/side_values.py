"""The values that each side of a unit stands for: all its data objects together, and all its images together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Generic, TypeVar

from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.carried import values_on
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.places import Place
from irods_omero.domain.state.policy import MappedAttribute, Policy
from irods_omero.domain.state.texts import remembered
from irods_omero.domain.state.views import Avu, Subject
from irods_omero.vocabulary import Names

Name = TypeVar("Name", str, Place)
"""An attribute in the zone, a place in OMERO."""

Carried = Mapping[Name, Set[str]]
"""For each attribute, or place, the values that one data object or image carries."""

NO_VALUES: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Side(Generic[Name]):
    """One side of a unit.

    Attributes:
        carriers: What each data object, or each image, carries; once where several data objects carry the same. What
            the collection of the unit carries, too.
        participants: Those that were part of the last agreement. Only they can have lost an agreed value because a
            user removed it. The others are newcomers, which never had it: a file that joined the directory, the images
            of a new content, and images that were moved to another group.
    """

    carriers: tuple[Carried[Name], ...]
    participants: tuple[Carried[Name], ...]

    @property
    def has_newcomers(self) -> bool:
        """Whether any carrier was not part of the last agreement."""
        return len(self.participants) < len(self.carriers)

    @property
    def names(self) -> frozenset[Name]:
        """All attributes, or places, of which any carrier has a value."""
        return frozenset(name for carried in self.carriers for name in carried)

    def anywhere(self, name: Name) -> frozenset[str]:
        """The values of an attribute, or at a place, that any carrier has."""
        return NO_VALUES.union(*(carried.get(name, NO_VALUES) for carried in self.carriers))

    def says(self, name: Name, base: Set[str]) -> frozenset[str]:
        """The values on which the side as a whole stands.

        A new value counts when any carrier has it. An agreed one counts only while all participants have it, so that
        removing it from one of them removes it from all.
        """
        kept = frozenset(base).intersection(*(carried.get(name, NO_VALUES) for carried in self.participants))
        return (self.anywhere(name) - base) | kept


@dataclass(frozen=True)
class Sides:
    """Both sides of a unit.

    Attributes:
        omero: The images, and where a new content has replaced those of the last agreement these, too: users may have
            changed them until then.
        images: The images of the present content alone.
        texts: For each value, as agreements remember it, its text in OMERO.
    """

    zone: Side[str]
    omero: Side[Place]
    images: Side[Place]
    texts: Mapping[str, str]

    def agreed(self, base: Set[str]) -> frozenset[str]:
        """The agreed values; none when there is no participant left on either side to remove them."""
        return frozenset(base) if self.zone.participants or self.omero.participants else NO_VALUES

    def taken_over(self, name: Place, base: Set[str]) -> frozenset[str]:
        """The agreed values that all images of a new content have: an agent that was killed gave them these before."""
        if self.images.participants or not self.images.carriers:
            return NO_VALUES
        return frozenset(base).intersection(*(carried.get(name, NO_VALUES) for carried in self.images.carriers))


def sides_of(observation: Observation) -> Sides:
    """Both sides of a unit, with values as agreements remember them."""
    zone, omero, base, policy = observation.zone, observation.omero, observation.base, observation.policy
    texts: dict[str, str] = {}
    of_objects = [(avus, _carried(_avus(avus, policy), texts)) for avus in zone.avu_sets]
    collections = (zone.collection,) if zone.collection else ()
    is_same = zone.is_directory and zone.members == base.members
    of_collection = [(each, _carried(_avus(each.avus, policy), texts)) for each in collections]
    images, earlier = _images(omero.subjects, policy, texts), _images(omero.earlier, policy, texts)
    known = base.fileset is not None and base.fileset == omero.fileset
    present = Side(
        tuple(carried for _, carried in images),
        tuple(carried for subject, carried in images if known and _is_where_it_was(subject, base)),
    )
    return Sides(
        Side(
            tuple(carried for _, carried in (*of_objects, *of_collection)),
            tuple(carried for avus, carried in of_objects if is_same or _is_known(avus, base, policy.names))
            + tuple(carried for collection, carried in of_collection if collection.digest == base.collection),
        ),
        Side(
            present.carriers + tuple(carried for _, carried in earlier),
            present.participants + tuple(carried for subject, carried in earlier if _is_where_it_was(subject, base)),
        ),
        present,
        texts,
    )


def carried_in_zone(observation: Observation, attribute: str) -> frozenset[str]:
    """The values of a mapped attribute that any data object carries, as agreements remember them."""
    mapping = observation.policy.mapping_of(attribute)
    avus = (avu for avu in observation.zone.avus if avu.attribute == attribute)
    return frozenset(remembered(_in_omero(mapping, avu.value, avu.units)) for avu in avus)


def _images(subjects: Iterable[Subject], policy: Policy, texts: dict[str, str]) -> list[tuple[Subject, Carried[Place]]]:
    return [(subject, _carried(_shown(subject, policy), texts)) for subject in subjects]


def _avus(avus: Iterable[Avu], policy: Policy) -> Iterator[tuple[str, str]]:
    """The AVUs of a data object or collection, as OMERO would show them."""
    for attribute, value, units in avus:
        yield attribute, _in_omero(policy.mapping_of(attribute), value, units)


def _shown(subject: Subject, policy: Policy) -> Iterator[tuple[Place, str]]:
    """What an image carries; a user may have written a value as the zone has it."""
    for place, text in values_on(subject):
        yield place, _in_omero(policy.mapping_at(place), text)


def _in_omero(mapping: MappedAttribute | None, value: str, units: str = "") -> str:
    return mapping.in_omero(value, units) if mapping is not None else value


def _carried(values: Iterable[tuple[Name, str]], texts: dict[str, str]) -> Carried[Name]:
    carried: dict[Name, set[str]] = {}
    for name, text in values:
        value = remembered(text)
        texts[value] = text
        carried.setdefault(name, set()).add(value)
    return carried


def _is_known(avus: Iterable[Avu], base: Agreement, names: Names) -> bool:
    """Whether a data object was part of the agreement: then it carries the id of a fileset, if there was one.

    Of a directory only the first does, and others where an earlier version has written it: the agreement knows of all
    together whether they are the same as before.
    """
    return base.fileset is None or any(avu.attribute == names.fileset for avu in avus)


def _is_where_it_was(subject: Subject, base: Agreement) -> bool:
    """Whether an image is in the group of the agreement: OMERO removes tags when it moves images to another group."""
    return base.group is None or subject.group == base.group
