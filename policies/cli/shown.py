"""Plans and situations in words, for the commands that show them."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from policies.agent.reconcile import Drift
from policies.domain.agreement import encode
from policies.domain.plan import (
    AddAvu,
    AddTag,
    Move,
    Plan,
    RecordAgreement,
    RemoveAvu,
    RemoveKeyValues,
    RemoveTag,
    SetArchived,
    WriteKeyValues,
)
from policies.domain.views import Subject


def actions(plan: Plan) -> list[str]:
    """Each action of a plan in one line, in the order in which they are done."""
    if plan.do_import is not None:
        target = plan.do_import.target
        place = f"{target.existing}:{target.id}" if target.existing else f"{target.project}/{target.dataset}"
        return [f"import into {place} of {target.group or 'the default group'} for {plan.do_import.owner}"]
    done = [plan.first, *plan.omero, *plan.zone, *plan.superseded, *plan.ids, plan.record]
    return [action_text(action) for action in done if action is not None]


def action_text(action: Any) -> str:  # noqa: PLR0911 - one line for each kind
    """One action in words."""
    match action:
        case AddTag(subject, _, text):
            return f"tag {_name(subject)} with {text!r}"
        case RemoveTag(subject, link, _):
            text = next((tag.text for tag in subject.tags if tag.link == link), str(link))
            return f"take the tag {text!r} away from {_name(subject)}"
        case SetArchived(image, _, _, archived):
            return f"show Image:{image} {'with' if archived else 'without'} a lock"
        case WriteKeyValues(subject, _, pairs):
            return f"write key-value pairs on {_name(subject)}: {dict(pairs)}"
        case RemoveKeyValues(subject, _, _):
            return f"take a copy of the key-value pairs away from {_name(subject)}"
        case AddAvu(_, _, avu):
            return f"add AVU {' '.join(part for part in avu if part)!r}"
        case RemoveAvu(_, _, avu):
            return f"remove AVU {' '.join(part for part in avu if part)!r}"
        case Move(_, _, replica, source, destination, _):
            return f"queue the movement of replica {replica} from {source} to {destination}"
        case RecordAgreement():
            return "write down what is agreed"
    raise TypeError(f"not an action: {action!r}")


def _name(subject: Subject) -> str:
    return f"{subject.kind}:{subject.id}"


def as_dict(drift: Drift) -> dict[str, Any]:
    """A situation and what is decided about it, for JSON."""
    zone, omero = drift.situation.zone, drift.situation.omero
    return {
        "path": zone.first.path,
        "data_id": zone.unit.data_id,
        "zone": {
            "replicas": [[r.number, r.resource, "good" if r.good else "stale"] for r in zone.first.replicas],
            "avus": sorted(zone.first.avus),
            "watched_by": zone.rule.collection if zone.rule else None,
            "queued_to": [destination for _, destination in zone.movements],
        },
        "omero": {
            "fileset": omero.fileset,
            "subjects": [
                {
                    "id": _name(subject),
                    "tags": sorted((link.text, link.namespace, link.owner_name) for link in subject.tags),
                    "pairs": [dict(annotation.pairs) for annotation in sorted(subject.key_values)],
                }
                for subject in omero.subjects
            ],
            "archived": [image.id for image in omero.images if image.archived],
        },
        "agreed": encode(drift.situation.base),
        "decided": [[reason.field, reason.value, reason.rule] for reason in drift.decision.reasons],
        "plan": actions(drift.decision.plan),
    }


def print_explanation(console: Console, drift: Drift) -> None:
    """Both views, the agreement, and the reasons, for people."""
    shown = as_dict(drift)
    console.print(f"[bold]{escape(shown['path'])}[/bold]  data id {shown['data_id']}")
    views = Table("in iRODS", "in OMERO", expand=True, show_lines=True)
    zone, omero = shown["zone"], shown["omero"]
    avus = [f"{attribute} [bold]{escape(value)}[/bold] {escape(units)}" for attribute, value, units in zone["avus"]]
    left = [f"replica {number} on {resource}, {state}" for number, resource, state in zone["replicas"]]
    left += [f"watched by {escape(zone['watched_by'])}" if zone["watched_by"] else "not watched", *avus]
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
    console.print("agreed last: " + escape(shown["agreed"]), soft_wrap=True)
    plan = shown["plan"]
    console.print(
        "Both sides agree: nothing to do." if not plan else "To do:\n" + "\n".join(f"  {escape(a)}" for a in plan)
    )
