"""Carries out a plan, and tidies up after a removal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from policies.errors import PolicyError
from policies.install import files
from policies.install.files import Change
from policies.install.plan import Place, Plan


def apply(plan: Plan, place: Place, done: Callable[[Change, Path | None], None]) -> None:
    """Make the changes one after the other.

    Args:
        plan: Must be without problems.
        place: Whose server_config.json tells to whom new files belong.
        done: Called after each change, with the backup if there is one.
    """
    if plan.problems:
        raise PolicyError("; ".join(plan.problems))
    if not plan.changes:
        return
    reference = place.server_config if place.server_config.exists() else place.etc
    owner = reference.stat()
    for change in plan.changes:
        done(change, files.make(change, owner))
    gone = {change.path.parent for change in plan.changes if change.after is None}
    for folder in sorted((folder for folder in gone if folder != place.etc), key=lambda one: -len(one.parts)):
        files.remove_empty(folder)
