"""Whether the files of a directory are made one unit now, and if not, why."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace

from irods_omero.domain.rules.directories.completeness import CompletionSigns, Incomplete, Unread
from irods_omero.domain.rules.formats.format_rules import counted, is_left_out, listed, opened
from irods_omero.domain.rules.imports import out_of_reach
from irods_omero.domain.rules.membership import is_agreed, is_united, of_the_agent, units_named
from irods_omero.domain.state.agreement import read
from irods_omero.domain.state.policy import Policy
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import DataObject
from irods_omero.vocabulary import DIRECTORY, IMPORT, Names


@dataclass(frozen=True)
class DirectoryDecision:
    """The answer.

    Attributes:
        rule: Why, in words.
        error: What somebody has to correct first, empty for nothing.
        wait: Whether it is to be looked at again soon, without a new mark.
        unit: What its files are, or become, None for nothing.
        joining: The data objects that are to say so, the first of the unit last.
        members: All data objects of the unit, where any of them is to say so.
        opens: The first of the unit, if its bytes have to tell whether others belong to it.
        to_name: The others that the first has to name as its own; else nobody knows what belongs together.
        files: The data objects that it is about, where it is not about all of the collection.
        leaving: Data objects that are to say no longer that they belong to a unit.
        unread: Files that a manifest lists, and whose bytes have to be read first; now, if it waits.
    """

    rule: str
    error: str = ""
    wait: bool = False
    unit: Unit | None = None
    joining: tuple[DataObject, ...] = ()
    members: tuple[DataObject, ...] = ()
    opens: DataObject | None = None
    to_name: tuple[DataObject, ...] = ()
    files: tuple[DataObject, ...] = ()
    leaving: tuple[DataObject, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def is_listed(self) -> bool:
        """Whether the collection is to say for all data objects that they are its unit, and not each of them."""
        return bool(self.joining) and self.unit is not None and self.unit.kind == DIRECTORY


def decide_directory(
    path: str, objects: Iterable[DataObject], policy: Policy, signs: CompletionSigns, now: float
) -> DirectoryDecision:
    """Whether the data objects of a directory are made a unit, or taken into the one that it is.

    Args:
        path: The collection.
        objects: What it holds, at any depth.
        policy: The administrator's choices.
        signs: What says whether it is complete.
        now: Seconds since 1970.
    """
    inside = {each.path.removeprefix(f"{path}/"): each for each in objects}
    parts = {inner: each for inner, each in inside.items() if not is_no_part(inner, signs)}
    files = [each for inner, each in parts.items() if not signs.is_unlisted(inner)]
    lack = signs.lack(inside)
    decision = (
        _as_it_is(files, policy.names)
        or (_lacking(path, lack) if lack and not lack.error and not lack.unread else None)
        or why_not_yet(files, policy, now)
        or (_lacking(path, lack) if lack else _if_asked_for(path, _unite(path, files, policy), files, policy, signs))
    )
    decision = _told_of_late(path, decision, files, policy.names)
    errors = [decision.error]
    if decision.unit is not None:
        if lack and not decision.joining:
            errors.append(f"{path} is imported, and {lack.error}" if lack.error else "")
            # What was imported was compared before, by whichever agent: only another content is read, when it is due.
            is_new = bool(lack.unread) and not is_agreed(decision.unit, files, policy.names)
            is_new = is_new and why_not_yet(files, policy, now) is None
            decision = replace(decision, wait=is_new, unread=lack.unread)
        errors.append(signs.why_unlisted(inner for inner in parts if signs.is_unlisted(inner)))
    of_unit = {each.data_id for each in files}
    leaving = of_the_agent((each for each in inside.values() if each.data_id not in of_unit), policy.names)
    return replace(decision, error="; ".join(filter(None, errors)), leaving=leaving)


def _lacking(path: str, lack: Incomplete) -> DirectoryDecision:
    return DirectoryDecision(
        lack.rule, f"{path} is not imported: {lack.error}" if lack.error else "", lack.wait, unread=lack.unread
    )


def _told_of_late(
    path: str, decision: DirectoryDecision, files: Sequence[DataObject], names: Names
) -> DirectoryDecision:
    """The decision, which tells of files that came after the import, and are not taken in soon."""
    late = [each.path.removeprefix(f"{path}/") for each in files if not units_named(each, names)]
    imported = [each for each in files if any(named.kind == DIRECTORY for named in units_named(each, names))]
    is_imported = any(each.values(names.fileset) for each in imported)
    if not late or not is_imported or decision.unit is not None or decision.wait:
        return decision
    new = f"{path} is imported, and {counted(late)} new and not: {listed(sorted(late))}"
    return replace(decision, error=f"{new}; {decision.error or decision.rule}")


def _as_it_is(files: Sequence[DataObject], names: Names) -> DirectoryDecision | None:
    """What is so already, None if it is not."""
    if not files:
        return DirectoryDecision("it has no files that are part of an image")
    if any(not claim.is_by_agent for each in files for claim in units_named(each, names)):
        return DirectoryDecision("an administrator has made units of its files")
    if all(is_alone(each, names) for each in files):
        return DirectoryDecision("its files were imported one by one")
    unit = united(files, names, DIRECTORY)
    return DirectoryDecision("all its files are the unit", unit=unit) if unit is not None else None


def is_no_part(inside: str, signs: CompletionSigns) -> bool:
    """Whether a data object, by its path from its directory on, is no part of the unit, whatever else lies there."""
    return is_left_out(inside) or signs.is_one(inside)


def united(files: Sequence[DataObject], names: Names, kind: str) -> Unit | None:
    """The one unit of a kind that data objects say they are, with its first among them; None where they do not."""
    named = {unit for each in files for unit in units_named(each, names)}
    unit = named.pop() if len(named) == 1 else None
    if unit is None or unit.kind != kind or unit.data_id not in {each.data_id for each in files}:
        return None
    return unit if all(is_united(each, unit, names) for each in files) else None


def is_unassigned(data_object: DataObject, first_ones: Container[int], kind: str, names: Names) -> bool:
    """Whether a data object in a directory does not say that it belongs to a unit that begins there.

    Args:
        data_object: The data object.
        first_ones: Catalog ids of those that are named as the first of units, and are in the same directory.
        kind: Of the units that the agent makes there.
        names: The AVU attributes.
    """
    units = units_named(data_object, names)
    others = [unit for unit in units if unit.is_by_agent]
    return len(units) != 1 or any(unit.kind != kind or unit.data_id not in first_ones for unit in others)


def is_alone(data_object: DataObject, names: Names) -> bool:
    """Whether it was imported as a unit of its own, and not as the first of a directory whose list is lost."""
    agreed, _ = read(avu for avu in data_object.avus if avu.attribute == names.agreement)
    return agreed.fileset is not None and not agreed.members and not units_named(data_object, names)


def why_not_yet(files: Iterable[DataObject], policy: Policy, now: float) -> DirectoryDecision | None:
    """What is waited for, None if nothing is."""
    for each in files:
        content = each.content()
        if content is None:
            return DirectoryDecision(f"it waits for a good replica of {each.path}")
        if abs(now - content.modified) < policy.settle:
            rule = f"{each.path} has been written to in the last {policy.settle:g} seconds"
            return DirectoryDecision(rule, wait=True)
        tier = policy.tiers.of_object(each)
        if tier is not None and tier.offline:  # what it says of others cannot be read either
            return DirectoryDecision("a file is out of reach", f"{each.path} {out_of_reach(tier, 'imported')}")
    return None


def _unite(path: str, files: Sequence[DataObject], policy: Policy) -> DirectoryDecision:
    if why := why_not_together(files, [each for each in files if is_alone(each, policy.names)]):
        return _refused(path, why)
    inside = {each.path.removeprefix(f"{path}/"): each for each in files}
    opened_file = opened(inside, policy.own_rules)
    if not opened_file.path:
        return _refused(path, f"{opened_file.why}; irods-omero unit can say which")
    first = inside[opened_file.path]
    decision = uniting(files, first, DIRECTORY, opened_file.why, policy.names)
    return replace(
        decision,
        opens=first if opened_file.others else None,
        to_name=tuple(inside[other] for other in opened_file.others),
    )


def _if_asked_for(
    path: str, decision: DirectoryDecision, files: Sequence[DataObject], policy: Policy, signs: CompletionSigns
) -> DirectoryDecision:
    """The decision, unless it makes another unit of what is imported, and nobody asks for that."""
    there, unit = {each.data_id for each in files}, decision.unit
    imported = {
        named.data_id
        for each in files
        if each.values(policy.names.fileset)
        for named in units_named(each, policy.names)
    }
    if not policy.asks or signs.is_asked_for or unit is None or unit.data_id in imported or not imported & there:
        return decision
    why = f"another file would be opened now: to have that imported, request {IMPORT} on {path}"
    return DirectoryDecision("another file would be opened, and nobody asks for it", f"{path} is imported, and {why}")


def why_not_together(files: Sequence[DataObject], alone: Sequence[DataObject]) -> str:
    """What keeps data objects from being made a unit, of which some were imported by themselves; empty for nothing."""
    if alone:
        return f"{alone[0].path} was imported by itself: delete its images in OMERO, then reconcile"
    one, stranger = files[0], next((each for each in files if each.owner != files[0].owner), None)
    return f"{one.path} belongs to {one.owner}, and {stranger.path} to {stranger.owner}" if stranger else ""


def uniting(files: Sequence[DataObject], first: DataObject, kind: str, why: str, names: Names) -> DirectoryDecision:
    """The decision to make data objects a unit of a kind, ``first`` of which is opened, and ``why``."""
    unit = Unit(first.data_id, kind)
    # Until the first says so nobody believes the others: nothing is imported of what is united by half.
    ordered = (*(each for each in files if each is not first), first)
    to_say = tuple(each for each in ordered if not is_united(each, unit, names))
    return DirectoryDecision(
        f"it has come to rest, and {first.path.rpartition('/')[2]} is opened: {why}",
        unit=unit,
        joining=to_say,
        members=ordered if to_say else (),
    )


def _refused(path: str, error: str) -> DirectoryDecision:
    return DirectoryDecision("its files cannot be made a unit", f"{path} is not imported: {error}")


def if_named(path: str, decision: DirectoryDecision, named: Container[str]) -> DirectoryDecision:
    """The decision, if the first of the unit names the files that it has to name.

    Args:
        path: The collection.
        decision: What was decided without this.
        named: The names of the files, without collections, that the first says belong to its images.
    """
    strangers = [each for each in decision.to_name if each.path.rpartition("/")[2] not in named]
    if not strangers or decision.opens is None:
        return decision
    others = f"{strangers[0].path}, and {len(strangers) - 1} more" if len(strangers) > 1 else strangers[0].path
    refused = _refused(path, f"{decision.opens.path} does not name {others}: are they images of their own?")
    return replace(refused, leaving=decision.leaving)
