"""Plans and situations in words, for the commands that show them."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from irods_omero.agent.reconcile import Assessment
from irods_omero.domain.planning.plan import Plan
from irods_omero.domain.state.actions import (
    Action,
    AddAvu,
    AddTag,
    Import,
    Move,
    RecordAgreement,
    Relocate,
    RemoveAvu,
    RemoveKeyValues,
    RemoveTag,
    SetAddress,
    SetArchived,
    SetRight,
    WriteKeyValues,
    ZoneAction,
)
from irods_omero.domain.state.agreement import encode
from irods_omero.domain.state.carried import place_of_tag
from irods_omero.domain.state.one_copy.managed_files import Clear, CopyAction, Evict, Link, Refill, Share, Verify
from irods_omero.domain.state.views import Avu, DataObject, Subject

HELD_LINE = "what would be removed is held until somebody decides: irods-omero removals"

MOVES_LISTED = 10
"""More movements than this are told of by their number."""


def actions(plan: Plan) -> list[str]:
    """Each action of a plan in one line, in the order in which they are done."""
    ordered = plan.actions()
    paths = {action.path for action in ordered if isinstance(action, ZoneAction)}
    lines = list[str]()
    for is_movement, run in groupby(ordered, lambda action: isinstance(action, Move)):
        of_run = list(run)
        are_many = is_movement and len(of_run) > MOVES_LISTED
        lines += _movements(of_run) if are_many else [_with_path(action, len(paths) > 1) for action in of_run]
    return lines


def _movements(actions: Iterable[Action | CopyAction]) -> list[str]:
    """Many movements in words: those from one tier to another together."""
    counts = Counter((move.source, move.destination) for move in actions if isinstance(move, Move))
    return [
        f"queue the movements of {count} data objects from {source} to {destination}"
        for (source, destination), count in sorted(counts.items())
    ]


def drift_lines(assessment: Assessment) -> list[str]:
    """A unit of which the sides do not agree, with what is to be done, and how much is to be moved."""
    decision = assessment.decision
    lines = [assessment.observation.zone.first.path, *actions(decision.plan)]
    if any(isinstance(action, Move) for action in decision.plan.ids):
        lines += [f"{reason.value}: {reason.rule}" for reason in decision.reasons if reason.field == "request"]
    return [*lines, HELD_LINE] if assessment.observation.is_held else lines


def _with_path(action: Any, several: bool) -> str:
    """One action in words, with the data object where there are several."""
    text = action_text(action)
    return f"{text}: {action.path}" if several and isinstance(action, ZoneAction) else text


def copy_text(action: CopyAction) -> str:
    """What is to be done in OMERO's repository, in words."""
    match action:
        case Verify():
            return f"compare OMERO's copy with iRODS: {action.size} bytes"
        case Refill():
            return f"bring back OMERO's copy: {action.size} bytes"
        case Evict():
            return f"remove OMERO's copy: {action.size} bytes"
        case Share():
            return f"have OMERO's copy share its blocks with the file in the vault: {action.size} bytes"
        case Link():
            return f"have OMERO's file be a link to the one in the vault: {action.size} bytes to compare"
        case Clear():
            return "remove leftovers beside OMERO's copy"
    raise TypeError(f"not an action: {action!r}")


def action_text(action: Any) -> str:  # noqa: C901, PLR0911, PLR0912 - one line for each kind
    """One action in words."""
    match action:
        case Import():
            return _import_text(action)
        case CopyAction():
            return copy_text(action)
        case AddTag(subject, place, text):
            return f"{place.word} {_name(subject)} with {text!r}"
        case RemoveTag(subject, link, _):
            taken = next(
                (f"{tag.place.word} {tag.text!r}" for tag in subject.tags if tag.link == link), f"tag '{link}'"
            )
            return f"remove the {taken} from {_name(subject)}"
        case SetArchived(image, _, _, archived):
            return f"show Image:{image} {'with' if archived else 'without'} a lock"
        case SetAddress(image, _, _, address):
            return f"have OMERO read Image:{image} at {address}"
        case WriteKeyValues(subject, _, pairs, _):
            return f"write key-value pairs on {_name(subject)}: {dict(pairs)}"
        case RemoveKeyValues(subject, _, _):
            return f"remove key-value pairs from {_name(subject)}"
        case AddAvu(_, _, avu):
            return f"add AVU {' '.join(part for part in avu if part)!r}"
        case RemoveAvu(_, _, avu):
            return f"remove AVU {' '.join(part for part in avu if part)!r}"
        case SetRight(_, _, grant):
            return f"let {grant.name} {grant.level}" if grant.level else f"take the rights of {grant.name}"
        case Relocate(_, _, new):
            return f"move to {new}"
        case Move(_, _, replica, source, destination, _):
            return f"queue the movement of replica {replica} from {source} to {destination}"
        case RecordAgreement():
            return "record the agreement"
    raise TypeError(f"not an action: {action!r}")


def _import_text(action: Import) -> str:
    target, others = action.target, len(action.paths) - 1
    place = f"{target.existing}:{target.id}" if target.existing else f"{target.project}/{target.dataset}"
    files = f" with {others} other file{'s' * (others > 1)}" if others else ""
    return f"import{files} into {place} of {target.group or 'the default group'} for {action.user}"


def _name(subject: Subject) -> str:
    return f"{subject.kind}:{subject.id}"


def as_dict(assessment: Assessment) -> dict[str, Any]:
    """A situation and what is decided about it, for JSON."""
    zone, omero = assessment.observation.zone, assessment.observation.omero
    return {
        "path": zone.first.path,
        "data_id": zone.unit.data_id,
        "unit": zone.unit.kind,
        "others": [
            {"path": other.path, "data_id": other.data_id, "replicas": _replicas(other), "avus": sorted(other.avus)}
            for other in zone.objects[1:]
        ],
        "directory": asdict(assessment.directory) if assessment.directory else None,
        "zone": {
            "replicas": _replicas(zone.first),
            "avus": sorted(zone.first.avus),
            "watched_by": zone.rule.collection if zone.rule else None,
            "queued_to": sorted({destination for _, destination in zone.movements}),
            "given_up_by_tiering": list(assessment.stranded),
        },
        "omero": {
            "fileset": omero.fileset,
            "subjects": [
                {
                    "id": _name(subject),
                    "tags": sorted((link.text, str(place_of_tag(link)), link.owner_name) for link in subject.tags),
                    "pairs": [dict(annotation.pairs) for annotation in sorted(subject.key_values)],
                }
                for subject in omero.subjects
            ],
            "archived": [image.id for image in omero.images if image.archived],
        },
        "agreed": encode(assessment.observation.base),
        "decided": [[reason.field, reason.value, reason.rule] for reason in assessment.decision.reasons],
        "plan": actions(assessment.decision.plan),
    }


def _replicas(data_object: DataObject) -> list[list[Any]]:
    return [[replica.number, replica.resource, "good" if replica.good else "stale"] for replica in data_object.replicas]


def print_explanation(console: Console, assessment: Assessment) -> None:
    """Both views, the agreement, and the reasons, for people."""
    shown = as_dict(assessment)
    console.print(f"[bold]{escape(shown['path'])}[/bold]  data id {shown['data_id']}")
    if assessment.directory:
        console.print(escape(str(assessment.directory)), soft_wrap=True)
    views = Table("in iRODS", "in OMERO", expand=True, show_lines=True)
    zone, omero = shown["zone"], shown["omero"]
    watched = f"watched by {escape(zone['watched_by'])}" if zone["watched_by"] else "not watched"
    told = [avu for avu in zone["avus"] if avu[1] != shown["agreed"]]  # it has a line of its own
    left = [*_replica_lines(zone), watched, *_avu_lines(told)]
    for other in shown["others"]:
        left += [
            f"with {escape(other['path'])}  data id {other['data_id']}",
            *_replica_lines(other),
            *_avu_lines(other["avus"]),
        ]
    right = [f"Fileset:{omero['fileset']}" if omero["fileset"] else "no fileset"]
    for subject in omero["subjects"]:
        right.append(f"{subject['id']}: " + ", ".join(escape(text) for text, _, _ in subject["tags"]))
        right += [
            f"  {escape(key)} [bold]{escape(value)}[/bold]"
            for pairs in subject["pairs"]
            for key, value in pairs.items()
        ]
    right += [f"locked: Image:{image}" for image in omero["archived"]]
    views.add_row("\n".join(left), "\n".join(right))
    console.print(views)
    reasons = Table("field", "should be", "because", expand=True)
    for field, value, rule in shown["decided"]:
        reasons.add_row(escape(field), escape(value), escape(rule))
    console.print(reasons)
    for path in zone["given_up_by_tiering"]:
        advice = f"storage tiering has given it up: irods-omero retry {shlex.quote(path)}"
        console.print(escape(advice), soft_wrap=True)
    console.print("agreed last: " + escape(shown["agreed"]), soft_wrap=True)
    plan = shown["plan"]
    if plan:
        console.print("To do:\n" + "\n".join(f"  {escape(action)}" for action in plan))
    if assessment.observation.is_held:
        console.print(f"{HELD_LINE[0].upper()}{HELD_LINE[1:]}.", soft_wrap=True)
    elif not plan:
        console.print("Both sides agree: nothing to do.")


def _replica_lines(shown: dict[str, Any]) -> list[str]:
    return [f"replica {number} on {resource}, {state}" for number, resource, state in shown["replicas"]]


def _avu_lines(avus: Iterable[Avu]) -> list[str]:
    return [f"{attribute} [bold]{escape(value)}[/bold] {escape(units)}" for attribute, value, units in avus]
