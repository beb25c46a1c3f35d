"""Carries out a plan, has what was installed compiled, and tidies up after a removal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from irods_omero.errors import PolicyError
from irods_omero.install import files, interpreter
from irods_omero.install.files import Change
from irods_omero.install.layout import ServerLayout
from irods_omero.install.planner import InstallPlan


def apply(plan: InstallPlan, layout: ServerLayout, done: Callable[[Change, Path | None], None]) -> None:
    """Make the changes one after the other.

    Args:
        plan: Must be without problems.
        layout: Whose server_config.json tells to whom new files belong.
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
    for path in outdated(plan):
        path.unlink(missing_ok=True)
        files.remove_empty(path.parent)
    gone = {change.path.parent for change in plan.changes if change.after is None}
    for folder in sorted((folder for folder in gone if folder != layout.etc), key=lambda one: -len(one.parts)):
        files.remove_empty(folder)


def outdated(plan: InstallPlan) -> list[Path]:
    """What Pythons have compiled from the files that a plan changes or removes."""
    modules = [change.path for change in plan.changes if change.path.suffix == ".py"]
    return [path for module in modules for path in interpreter.compiled_files(module)]


def uncompiled(plan: InstallPlan) -> list[Path]:
    """What is to be compiled because no Python has done so, or because it changes."""
    changed = {change.path for change in plan.changes}
    return [path for path in plan.modules if path in changed or not interpreter.compiled_files(path)]


def compile_modules(plan: InstallPlan, layout: ServerLayout) -> list[Path]:
    """Have what was installed compiled, so that connections need not do it; adds to what is left if that fails.

    Returns:
        The modules that were not compiled yet.
    """
    if not plan.modules:
        return []
    try:
        return interpreter.compile_files(layout, plan.modules)
    except PolicyError as error:
        plan.left.append(f"{error}: until they are compiled each connection takes longer, run this again to try")
        return []
