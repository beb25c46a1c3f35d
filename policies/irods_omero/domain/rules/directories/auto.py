"""Which files of a collection are made units now, where the agent is to tell what belongs together, and if not, why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from irods_omero.domain.rules.directories.completeness import CompletionSigns
from irods_omero.domain.rules.directories.directory_decision import (
    DirectoryDecision,
    is_alone,
    united,
    uniting,
    why_not_together,
    why_not_yet,
)
from irods_omero.domain.rules.formats.grouping import Group, Named, groups
from irods_omero.domain.rules.formats.neighbour_rules import is_grouped, may_name, says_what_belongs_to_it
from irods_omero.domain.rules.membership import is_agreed, of_the_agent, units_named
from irods_omero.domain.state.formats.file_rule import OwnRules
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.texts import printable
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import Avu, Correction, DataObject
from irods_omero.vocabulary import AUTO, Names

Objects = Mapping[str, DataObject]
"""Data objects by their paths, from the collection on that they are looked at in."""


@dataclass(frozen=True)
class CollectionContents:
    """What was seen of a collection.

    Attributes:
        path: The collection.
        objects: The data objects in it, and in collections below it that may hold parts of its files.
        now: Seconds since 1970.
        named: For files that say in their bytes what belongs to them the names that they say; by inner paths.
        unreadable: For those that could not be read the errors.
    """

    path: str
    objects: Sequence[DataObject]
    now: float
    named: Named = field(default_factory=dict)
    unreadable: Mapping[str, str] = field(default_factory=dict)


def inside(path: str, objects: Iterable[DataObject], own: OwnRules) -> dict[str, DataObject]:
    """Those data objects of a collection of which it matters what lies beside them, by their paths from there on."""
    paths = {each.path.removeprefix(f"{path}/"): each for each in objects}
    return {inner: each for inner, each in sorted(paths.items()) if is_grouped(inner, own)}


def decide_auto(contents: CollectionContents, policy: Policy, signs: CompletionSigns) -> tuple[DirectoryDecision, ...]:
    """Which data objects of a collection are made units, or are some; each is in one of the decisions.

    Args:
        contents: The collection, of which those files were read that ``to_read`` names.
        policy: The administrator's choices.
        signs: What says whether it is complete.
    """
    names, files = policy.names, inside(contents.path, contents.objects, policy.own_rules)
    files = {inner: each for inner, each in files.items() if not signs.is_one(inner)}
    lack = signs.lack({each.path.removeprefix(f"{contents.path}/"): each for each in contents.objects})
    intact = intact_units(files, names)
    listed = [
        inner for inner, each in files.items() if any(not named.is_by_agent for named in units_named(each, names))
    ]
    decisions = [DirectoryDecision("an administrator has made a unit of it", files=(files[each],)) for each in listed]
    for group in groups(files.keys() - set(listed), contents.named, policy.own_rules):
        of_group = tuple(files[inner] for inner in group.files)
        decision = _as_it_is(group, files, names) or _waits(group, of_group, policy, contents)
        if decision is None and lack:
            decision = DirectoryDecision(lack.rule, wait=lack.wait, unread=lack.unread)
        decisions.append(replace(decision or _decide(group, files, names), files=of_group))
    grouped = {each.data_id for each in files.values()}
    left_out = of_the_agent((each for each in contents.objects if each.data_id not in grouped), names)
    told = [DirectoryDecision(lack.rule, f"{contents.path}: {lack.error}")] if lack and lack.error else []
    return (
        *told,
        *(replace(decision, leaving=_leaving(decision, intact, names)) for decision in decisions),
        *(DirectoryDecision("by its name it belongs to none", files=(each,), leaving=(each,)) for each in left_out),
    )


def _as_it_is(group: Group, files: Objects, names: Names) -> DirectoryDecision | None:
    """What is so already, None if it is not."""
    of_group = [files[inner] for inner in group.files]
    if len(of_group) == 1 and is_alone(of_group[0], names):
        return DirectoryDecision("it was imported by itself")
    unit = united(of_group, names, AUTO)
    if unit is None or not group.opened or unit.data_id != files[group.opened].data_id:
        return None
    return DirectoryDecision(f"it is the unit of {_name(group.opened)}: {group.rule}", unit=unit)


def _waits(
    group: Group, files: tuple[DataObject, ...], policy: Policy, contents: CollectionContents
) -> DirectoryDecision | None:
    if (waiting := why_not_yet(files, policy, contents.now)) is not None:
        return waiting
    if group.opened in contents.unreadable:
        error = f"it says what belongs to it, and cannot be read: {contents.unreadable[group.opened]}"
        return DirectoryDecision("it cannot be read", error, wait=True)
    if says_what_belongs_to_it(group.opened, policy.own_rules) and group.opened not in contents.named:
        return DirectoryDecision(f"{_name(group.opened)} says what belongs to it, and has not been read yet", wait=True)
    return None


def _decide(group: Group, files: Objects, names: Names) -> DirectoryDecision:
    of_group = [files[inner] for inner in group.files]
    alone = [each for each in of_group if is_alone(each, names)]
    error = group.error or why_not_together(of_group, alone)
    if error:
        return DirectoryDecision("it is part of no unit", f"it is not imported: {error}")
    return uniting(of_group, files[group.opened], AUTO, group.rule, names)


def _leaving(decision: DirectoryDecision, intact: Collection[Unit], names: Names) -> tuple[DataObject, ...]:
    """The files of a decision that leave their units: they are part of nothing, and the first is gone or elsewhere."""
    if not decision.error:
        return ()
    together = {each.data_id for each in decision.files}
    remaining = [frozenset({unit}) for unit in intact if unit.data_id in together]
    return tuple(each for each in decision.files if units_named(each, names) not in [frozenset(), *remaining])


def intact_units(files: Objects, names: Names) -> dict[Unit, list[str]]:
    """The units whose first is there, and says so, with the files that say that they belong to it; no lists."""
    of_unit: dict[Unit, list[str]] = defaultdict(list)
    for inner, each in files.items():
        own = units_named(each, names)
        if len(own) == 1:
            of_unit[next(iter(own))].append(inner)
    return {
        unit: inner_paths
        for unit, inner_paths in sorted(of_unit.items())
        if unit.is_by_agent and any(files[inner].data_id == unit.data_id for inner in inner_paths)
    }


class FileCorrection(NamedTuple):
    """What a data object is to say of itself, or no more."""

    data_object: DataObject
    correction: Correction


def corrections_of_files(
    decisions: Iterable[DirectoryDecision], objects: Iterable[DataObject], names: Names
) -> tuple[FileCorrection, ...]:
    """The AVUs that are to be added to data objects, or removed, so that they say what is wrong with them here.

    A decision that is about all of a collection is told of there, and not by its files.
    """
    errors = {each.data_id: decision.error for decision in decisions for each in _told(decision, names)}
    corrections = list[FileCorrection]()
    for each in objects:
        error = printable(errors.get(each.data_id, ""))
        wanted = {Avu(names.error, error, AUTO)} if error else set()
        there = {avu for avu in each.avus if _is_of_others(avu, names)}
        corrections += [FileCorrection(each, Correction(avu, is_new=True)) for avu in sorted(wanted - there)]
        corrections += [FileCorrection(each, Correction(avu, is_new=False)) for avu in sorted(there - wanted)]
    return tuple(corrections)


def to_observe(decisions: Iterable[DirectoryDecision], contents: CollectionContents, policy: Policy) -> set[int]:
    """Catalog ids of what the units of a collection leave to be done: they are made, changed, or of another kind."""
    names, files = policy.names, inside(contents.path, contents.objects, policy.own_rules)
    made = {decision.unit.data_id for decision in decisions if decision.unit and decision.joining}
    units = intact_units(files, names).items()
    return made | {
        unit.data_id
        for unit, of_unit in units
        if unit.kind != AUTO or not is_agreed(unit, (files[inner] for inner in of_unit), names)
    }


def is_anything_said(data_object: DataObject, names: Names) -> bool:
    """Whether a data object has AVUs of which it is not told by what lies beside it."""
    return any(avu.attribute != names.unit and not _is_of_others(avu, names) for avu in data_object.avus)


def _is_of_others(avu: Avu, names: Names) -> bool:
    return (avu.attribute, avu.units) == (names.error, AUTO)


def _told(decision: DirectoryDecision, names: Names) -> tuple[DataObject, ...]:
    """The data objects that are to show the error of a decision: those that are part of nothing else."""
    if not decision.error:
        return ()
    leaving = {each.data_id for each in decision.leaving}
    return tuple(
        each
        for each in decision.files
        if not is_alone(each, names) and (each.data_id in leaving or not units_named(each, names))
    )


def to_read(contents: CollectionContents, policy: Policy) -> tuple[Named, list[DataObject]]:
    """Which files have to be read before it can be decided, as they say themselves what belongs to them.

    What was imported as a unit is taken for what it says, unless another file names a part of it, or what is opened has
    another name now, and was no file that says anything when the unit was made.

    Args:
        contents: The collection, as far as its files were read.
        policy: The administrator's choices.

    Returns:
        What those say that need not be read, and the others, in order of their paths.
    """
    own, named = policy.own_rules, contents.named
    files = inside(contents.path, contents.objects, own)
    said = {(inner.rpartition("/")[0], those) for inner, those in named.items()}
    wanted = {f"{folder}/{name}".lstrip("/") for folder, those in said for name in those}
    known: dict[str, frozenset[str]] = {}
    for unit, of_unit in intact_units(files, policy.names).items():
        together = [files[inner] for inner in of_unit]
        first = next(inner for inner in of_unit if files[inner].data_id == unit.data_id)
        is_as_it_was = unit.kind == AUTO and is_agreed(unit, together, policy.names)
        if is_as_it_was and wanted.isdisjoint(of_unit) and may_name(first, of_unit, own):
            known |= dict.fromkeys(of_unit, frozenset())
            known[first] = frozenset(_name(inner) for inner in of_unit)
    unread = (inner for inner in files if inner not in named and inner not in known)
    return known, [
        files[inner]
        for inner in unread
        if says_what_belongs_to_it(inner, own) and why_not_yet([files[inner]], policy, contents.now) is None
    ]


def _name(inner: str) -> str:
    return inner.rpartition("/")[2]
