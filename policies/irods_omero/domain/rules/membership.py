"""Which data objects form a unit together: what their AVUs say, what of it is believed, and what may be said."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from irods_omero.domain.state.agreement import read
from irods_omero.domain.state.directories.member_list import MemberList
from irods_omero.domain.state.unit import OF_SEVERAL, Unit
from irods_omero.domain.state.views import Avu, DataObject, ZoneView
from irods_omero.vocabulary import DIRECTORY, LIST, Names

LONGEST_ID = 18
"""At most this many digits has an id of the catalog."""


class Membership(NamedTuple):
    """Where a data object belongs.

    Attributes:
        unit: Its unit, which is its own where it names none, or something that is not believed.
        trouble: Why it is not believed, empty otherwise.
    """

    unit: Unit
    trouble: str = ""


def units_named(data_object: DataObject, names: Names) -> frozenset[Unit]:
    """The units of several that a data object says it belongs to: one, if any, unless somebody made a mistake."""
    return frozenset(
        Unit(int(avu.value), avu.units)
        for avu in data_object.avus
        if avu.attribute == names.unit and avu.units in OF_SEVERAL and _is_id(avu.value)
    )


def with_listed(
    objects: Mapping[int, DataObject], lists: Mapping[str, MemberList | None], names: Names
) -> dict[int, DataObject]:
    """The data objects, with what member lists on collections above say in their name.

    What a data object says by itself counts before any list, and of several lists the one of the nearest collection.

    Args:
        objects: By catalog id.
        lists: By the path of the collection; None where it has none.
        names: The AVU attributes.
    """
    there, members = {path: each for path, each in lists.items() if each}, dict(objects)
    alike = dict[tuple[int, frozenset[Avu]], frozenset[Avu]]()  # what ten thousand have alike takes memory once
    for data_id, each in objects.items() if there else ():
        if each.values(names.unit) or (first := _listed_by(each, there)) is None:
            continue
        avus = each.avus | {Avu(names.unit, str(first), DIRECTORY)}
        members[data_id] = replace(each, avus=alike.setdefault((first, each.avus), avus))
    return members


def _listed_by(data_object: DataObject, lists: Mapping[str, MemberList]) -> int | None:
    """The first of the unit of which lists say that a data object is."""
    path = data_object.path
    while path := path.rpartition("/")[0]:
        if path in lists and data_object.data_id in lists[path].ids:
            return lists[path].first
    return None


def changed_lists(
    path: str,
    united: tuple[Unit, Iterable[DataObject]] | None,
    leaving: Container[int],
    inside: Iterable[int],
    lists: Mapping[str, MemberList | None],
) -> dict[str, MemberList | None]:
    """The lists that are to be written anew, by their collections; None where one has to go.

    Args:
        path: The collection that is looked at.
        united: The unit that its data objects become, and they; None where they do not.
        leaving: Catalog ids of what is to be said of no longer what is.
        inside: Those of all that the collection holds.
        lists: Those that are there.
    """
    wanted = dict[str, MemberList | None]()
    for collection, there in lists.items():
        rest = frozenset(data_id for data_id in (there.ids if there else ()) if data_id not in leaving)
        is_empty = collection == path and rest.isdisjoint(inside)
        if there and (is_empty or rest != there.ids):
            wanted[collection] = there._replace(ids=rest) if rest and not is_empty else None
    if united:
        wanted[path] = MemberList(united[0].data_id, frozenset(each.data_id for each in united[1]))
    return wanted


def _is_id(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= LONGEST_ID


def membership(data_object: DataObject, objects: Mapping[int, DataObject], names: Names) -> Membership:
    """Where a data object belongs.

    What it says is believed only if the unit's first data object says the same and has the same owner: an AVU must not
    lead the agent to somebody else's images.

    Args:
        data_object: The data object that is asked about.
        objects: By catalog id the data objects that are named as the first, as far as they exist.
        names: The AVU attributes.
    """
    units, alone = units_named(data_object, names), Unit(data_object.data_id)
    if not units:
        return Membership(alone)
    if len(units) > 1:
        named = ", ".join(str(unit.data_id) for unit in sorted(units))
        return Membership(alone, f"it names several units ({named}): take all but one of its AVUs {names.unit} away")
    (unit,) = units
    trouble = "" if unit.data_id == data_object.data_id else _doubt(data_object, unit, objects.get(unit.data_id), names)
    return Membership(alone, trouble) if trouble else Membership(unit)


def _doubt(data_object: DataObject, unit: Unit, first: DataObject | None, names: Names) -> str:
    """Why what a data object says is not believed."""
    first_one = f"the first data object of its unit, {unit.data_id},"
    if first is None:
        return f"{first_one} is no longer in the zone: make the unit anew, or take the AVU {names.unit} away"
    if units_named(first, names) != {unit}:
        return f"{first_one} does not say the same: make the unit anew, or take the AVU {names.unit} away"
    if first.owner != data_object.owner:
        return f"{first_one} belongs to another owner: take the AVU {names.unit} away"
    return ""


def is_left_over(data_object: DataObject, names: Names) -> bool:
    """Whether what a data object says is the agent's to take away, where it makes no units any more."""
    return all(named.is_by_agent for named in units_named(data_object, names))


def of_the_agent(objects: Iterable[DataObject], names: Names) -> tuple[DataObject, ...]:
    """Those of some data objects that say that they belong to a unit that the agent has made."""
    return tuple(each for each in objects if units_named(each, names) and is_left_over(each, names))


def is_agreed(unit: Unit, objects: Iterable[DataObject], names: Names) -> bool:
    """Whether the content of a unit, the first of which is among its data objects, is the one that was imported."""
    view = ZoneView(unit, tuple(objects))
    first = next(each for each in view.objects if each.data_id == unit.data_id)
    agreed, _ = read(avu for avu in first.avus if avu.attribute == names.agreement)
    content = view.content()
    return content is not None and agreed.content is not None and content.same_as(agreed.content)


def units_of(ids: Iterable[int], objects: Mapping[int, DataObject], names: Names) -> dict[int, ZoneView]:
    """The units that some data objects belong to, by the id of their first.

    Args:
        ids: Catalog ids.
        objects: By catalog id these data objects and all that are, or say that they are, of the same unit.
        names: The AVU attributes.
    """
    places = {data_id: membership(data_object, objects, names) for data_id, data_object in objects.items()}
    together: dict[Unit, list[DataObject]] = defaultdict(list)
    for data_id, place in places.items():
        together[place.unit].append(objects[data_id])
    units = {places[data_id].unit for data_id in ids if data_id in places}
    return {
        unit.data_id: ZoneView(unit, _first_one_first(unit, together[unit]), trouble=places[unit.data_id].trouble)
        for unit in sorted(units)
    }


def _first_one_first(unit: Unit, objects: Iterable[DataObject]) -> tuple[DataObject, ...]:
    return tuple(sorted(objects, key=lambda each: (each.data_id != unit.data_id, each.path)))


def objection(objects: Sequence[DataObject], existing: Container[int], roots: Iterable[str], names: Names) -> str:
    """What keeps data objects from being made a unit, empty for nothing.

    Args:
        objects: The data objects, first the one that Bio-Formats is to open.
        existing: Catalog ids, of those that any of them names as the first of its unit, that data objects have.
        roots: The collections below which hooks leave marks.
        names: The AVU attributes.
    """
    twice = [path for path, count in Counter(data_object.path for data_object in objects).items() if count > 1]
    if twice:
        return f"{twice[0]} is named twice"
    unit, beginnings = Unit(objects[0].data_id, LIST), tuple(root.rstrip("/") + "/" for root in roots)
    for data_object in objects:
        if not data_object.path.startswith(beginnings):
            return f"{data_object.path} is below no watched root"
        if data_object.owner != objects[0].owner:
            return f"{data_object.path} belongs to {data_object.owner}, and {objects[0].path} to {objects[0].owner}"
        if data_object.values(names.fileset):
            return f"{data_object.path} is imported already: delete its images in OMERO, and sweep, before"
        others = [other for other in units_named(data_object, names) - {unit} if other.data_id in existing]
        if others:
            return f"{data_object.path} belongs to the unit {min(others).data_id} already"
    return ""


def is_united(data_object: DataObject, unit: Unit, names: Names) -> bool:
    """Whether a data object says that it belongs to a unit, and to no other."""
    return {avu[1:] for avu in data_object.avus if avu.attribute == names.unit} == {(str(unit.data_id), unit.kind)}
