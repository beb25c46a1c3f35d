"""Whether an administrator may make one unit of several data objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence

from policies.domain.membership import claims
from policies.domain.unit import Unit
from policies.domain.views import DataObject
from policies.vocabulary import LIST, Names


def objection(objects: Sequence[DataObject], existing: Container[int], roots: Iterable[str], names: Names) -> str:
    """What is against it, empty for nothing.

    Args:
        objects: The data objects, first the one that Bio-Formats is to open.
        existing: Catalog ids, of those that any of them claims as the first of its unit, that data objects have.
        roots: The collections below which hooks leave marks.
        names: The AVU attributes.
    """
    twice = [path for path, count in Counter(found.path for found in objects).items() if count > 1]
    if twice:
        return f"{twice[0]} is named twice"
    unit, beginnings = Unit(objects[0].data_id, LIST), tuple(root.rstrip("/") + "/" for root in roots)
    for found in objects:
        if not found.path.startswith(beginnings):
            return f"{found.path} is below no watched root"
        if found.owner != objects[0].owner:
            return f"{found.path} belongs to {found.owner}, and {objects[0].path} to {objects[0].owner}"
        if found.values(names.fileset):
            return f"{found.path} is imported already: delete its images in OMERO, and sweep, before"
        others = [other for other in claims(found, names) - {unit} if other.data_id in existing]
        if others:
            return f"{found.path} belongs to the unit {min(others).data_id} already"
    return ""


def is_united(found: DataObject, unit: Unit, names: Names) -> bool:
    """Whether a data object claims to belong to a unit, and to no other."""
    return {avu[1:] for avu in found.avus if avu.attribute == names.unit} == {(str(unit.data_id), unit.kind)}
