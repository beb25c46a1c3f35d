"""Carries out a plan, and tidies up after a removal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from irods_omero.errors import PolicyError
from irods_omero.install import files
from irods_omero.install.files import Change
from irods_omero.install.planner import InstallPlan, ServerLayout


def apply(plan: InstallPlan, layout: ServerLayout, done: Callable[[Change, Path | None], None]) -> None:
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
    reference = layout.server_config if layout.server_config.exists() else layout.etc
    owner = reference.stat()
    for change in plan.changes:
        done(change, files.make(change, owner))
    gone = {change.path.parent for change in plan.changes if change.after is None}
    for folder in sorted((folder for folder in gone if folder != layout.etc), key=lambda one: -len(one.parts)):
        files.remove_empty(folder)
