"""Where imported images go in OMERO, as an administrator writes it on a collection."""

from __future__ import annotations

import re
from dataclasses import dataclass


class TargetError(ValueError):
    """A target AVU that names no place; says what was expected."""


@dataclass(frozen=True)
class Target:
    """A place in OMERO.

    Attributes:
        project: Name of the project, made if absent; empty for a dataset without one.
        dataset: Name of the dataset, made if absent.
        existing: ``Dataset`` or ``Screen`` when a container is named by its id.
        id: That id.
        group: Name of the OMERO group, empty for the owner's default group.
    """

    project: str = ""
    dataset: str = ""
    existing: str = ""
    id: int = 0
    group: str = ""


def parse_target(text: str, group: str = "") -> Target:
    """Read ``Project name/Dataset name``, ``Dataset name``, ``Dataset:ID`` or ``Screen:ID``.

    Only the first slash divides: a dataset's name may hold others.

    Raises:
        TargetError: When a name is empty.
    """
    by_id = re.fullmatch(r"\s*(Dataset|Screen):(\d+)\s*", text)
    if by_id:
        return Target(existing=by_id[1], id=int(by_id[2]), group=group)
    project, slash, dataset = (part.strip() for part in text.partition("/"))
    if not slash:
        project, dataset = "", project
    if not dataset or (slash and not project):
        expected = "expected 'Project name/Dataset name', 'Dataset name', 'Dataset:ID' or 'Screen:ID'"
        raise TargetError(
            f"the target {text!r} names no place: {expected}" if text else f"it has no omero::target: {expected}"
        )
    return Target(project=project, dataset=dataset, group=group)
