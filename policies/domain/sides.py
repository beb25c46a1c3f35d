"""What the data objects of a unit say together, and what its images say together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

from policies.domain.agreement import Agreement
from policies.domain.situation import Situation
from policies.domain.texts import remembered
from policies.domain.views import DataObject, Subject
from policies.vocabulary import Names

Carried = Mapping[str, Set[str]]
"""For each attribute, or namespace of tags, the values that one data object or image carries."""

NO_VALUES: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Side:
    """One side of a unit.

    Attributes:
        carriers: What each data object, or each image, carries.
        partakers: Those of them that took part in the last agreement. Only they can have taken away what was agreed:
            a file that joined the directory, the images of a new content and images that were moved to another group
            never had it.
    """

    carriers: tuple[Carried, ...]
    partakers: tuple[Carried, ...]

    @property
    def all_took_part(self) -> bool:
        """Whether nobody is new."""
        return len(self.partakers) == len(self.carriers)

    def anywhere(self, name: str) -> frozenset[str]:
        """The values that any of them carries."""
        return NO_VALUES.union(*(carried.get(name, NO_VALUES) for carried in self.carriers))

    def says(self, name: str, base: Set[str]) -> frozenset[str]:
        """What they say together.

        A new value counts when any of them has it. An agreed one counts only while all that took part in the
        agreement have it, so that taking it away from one takes it away.
        """
        kept = frozenset(base).intersection(*(carried.get(name, NO_VALUES) for carried in self.partakers))
        return (self.anywhere(name) - base) | kept


@dataclass(frozen=True)
class Sides:
    """Both sides of a unit.

    Attributes:
        omero: The images, and those of the last agreement where a new content has taken their place: users may have
            changed them until then.
        images: The images of the present content alone.
        texts: For each value, as agreements remember it, its text.
    """

    zone: Side
    omero: Side
    images: Side
    texts: Mapping[str, str]

    def agreed(self, base: Set[str]) -> frozenset[str]:
        """What was agreed, as far as anybody who is there took part in it."""
        return frozenset(base) if self.zone.partakers or self.omero.partakers else NO_VALUES

    def taken_over(self, name: str, base: Set[str]) -> frozenset[str]:
        """What was agreed and all the images of a new content have: an agent that was killed gave it to them."""
        if self.images.partakers or not self.images.carriers:
            return NO_VALUES
        return frozenset(base).intersection(*(carried.get(name, NO_VALUES) for carried in self.images.carriers))


def sides_of(situation: Situation) -> Sides:
    """Both sides of a unit, with values as agreements remember them."""
    zone, omero, base, names = situation.zone, situation.omero, situation.base, situation.policy.names
    texts: dict[str, str] = {}
    objects = [(found, _carried(found.avus, texts)) for found in zone.objects]
    images, known = _images(omero.subjects, texts), base.fileset is not None and base.fileset == omero.fileset
    present = Side(
        tuple(carried for _, carried in images),
        tuple(carried for found, carried in images if known and _is_where_it_was(found, base)),
    )
    earlier = _images(omero.earlier, texts)
    return Sides(
        Side(
            tuple(carried for _, carried in objects),
            tuple(carried for found, carried in objects if _is_known(found, base, names)),
        ),
        Side(
            present.carriers + tuple(carried for _, carried in earlier),
            present.partakers + tuple(carried for found, carried in earlier if _is_where_it_was(found, base)),
        ),
        present,
        texts,
    )


def _images(subjects: Iterable[Subject], texts: dict[str, str]) -> list[tuple[Subject, Carried]]:
    tags = ((found, ((link.namespace, link.text) for link in found.tags)) for found in subjects)
    return [(found, _carried(links, texts)) for found, links in tags]


def _carried(values: Iterable[tuple[str, ...]], texts: dict[str, str]) -> Carried:
    carried: dict[str, set[str]] = {}
    for name, text, *_ in values:
        value = remembered(text)
        texts[value] = text
        carried.setdefault(name, set()).add(value)
    return carried


def _is_known(found: DataObject, base: Agreement, names: Names) -> bool:
    """Whether a data object took part in the agreement: then it carries the id of a fileset, if there was one."""
    return base.fileset is None or bool(found.values(names.fileset))


def _is_where_it_was(found: Subject, base: Agreement) -> bool:
    """Whether an image is in the group of the agreement: OMERO takes tags away when it moves one to another."""
    return base.group is None or found.group == base.group
