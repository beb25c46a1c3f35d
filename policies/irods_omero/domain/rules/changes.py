"""What has changed of a unit of several since its import, where it is imported anew only if somebody asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from irods_omero.domain.rules.membership import OF_SEVERAL
from irods_omero.domain.rules.opening import listed
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import DataObject, ZoneView


def asks_for_it(observation: Observation, content: Content) -> bool:
    """Whether a content is another one than was imported, and is imported only if somebody asks for it."""
    known = observation.known_content
    is_of_several = observation.zone.unit.kind in OF_SEVERAL
    return observation.policy.asks and is_of_several and known is not None and not content.same_as(known)


def imported_part(observation: Observation, changes: str) -> ZoneView:
    """The unit, of which what has come since the import is left out, if it has ``changes``: it is in no fileset."""
    return replace(observation.zone, objects=_imported(observation)) if changes else observation.zone


def _imported(observation: Observation) -> tuple[DataObject, ...]:
    """The data objects that were there when it was imported: they name its fileset."""
    return tuple(each for each in observation.zone.objects if each.values(observation.policy.names.fileset))


def what_has_changed(observation: Observation, content: Content) -> str:
    """What is new, and what was written since the import, as far as that can be told of each file."""
    known, imported = observation.known_content, {each.data_id for each in _imported(observation)}
    objects = sorted(observation.zone.objects, key=lambda each: each.path)
    new = [each for each in objects if each.data_id not in imported]
    since = known.modified if known else 0
    written = [each for each in objects if each.data_id in imported and _modified(each) > since]
    told = [
        f"{_counted(each)} {what}: {_named(observation, each)}"
        for each, what in ((new, "new"), (written, "written or moved since"))
        if each
    ]
    return "; ".join(told) or f"it had {known.size if known else 0} bytes, and has {content.size}"


def _modified(data_object: DataObject) -> int:
    content = data_object.content()
    return content.modified if content else 0


def _counted(objects: Sequence[DataObject]) -> str:
    return "1 file is" if len(objects) == 1 else f"{len(objects)} files are"


def _named(observation: Observation, objects: Sequence[DataObject]) -> str:
    collection = observation.zone.collection
    beginning = f"{collection.path}/" if collection else ""
    return listed([each.path.removeprefix(beginning) for each in objects])
