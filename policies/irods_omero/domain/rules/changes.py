"""What has changed in a unit of several files since its import, where it is imported again only on request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from irods_omero.domain.rules.formats.format_rules import counted, listed
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.unit import Content
from irods_omero.domain.state.views import DataObject, ZoneView


def asks_for_it(observation: Observation, content: Content) -> bool:
    """Whether a content is another one than was imported, and is imported only if somebody asks for it."""
    known = observation.known_content
    is_of_several = observation.zone.unit.is_of_several
    return observation.policy.asks and is_of_several and known is not None and not content.same_as(known)


def imported_and_late(observation: Observation, changes: str) -> tuple[ZoneView, ZoneView]:
    """The unit in two parts: what is in its fileset, and, if it has ``changes``, what has come since."""
    zone, late = observation.zone, _late(observation) if changes else ()
    ids = {each.data_id for each in late}
    imported = tuple(each for each in zone.objects if each.data_id not in ids)
    return (replace(zone, objects=imported), replace(zone, objects=late)) if late else (zone, replace(zone, objects=()))


def _late(observation: Observation) -> tuple[DataObject, ...]:
    """The data objects that do not name its fileset; none where nobody can tell: without one, and in a directory."""
    if observation.zone.is_directory:
        return ()
    fileset, attribute = str(observation.omero.fileset or ""), observation.policy.names.fileset
    return tuple(each for each in observation.zone.objects if fileset and fileset not in each.values(attribute))


def what_has_changed(observation: Observation, content: Content) -> str:
    """What is new, and what was written since the import, as far as that can be told of each file."""
    known, late = observation.known_content, {each.data_id for each in _late(observation)}
    objects = sorted(observation.zone.objects, key=lambda each: each.path)
    new = [each for each in objects if each.data_id in late]
    since = known.modified if known else 0
    written = [each for each in objects if each.data_id not in late and _modified(each) > since]
    since_then = "new, written or moved since" if observation.zone.is_directory else "written or moved since"
    told = [
        f"{counted(each)} {what}: {_named(observation, each)}"
        for each, what in ((new, "new"), (written, since_then))
        if each
    ]
    return "; ".join(told) or f"it had {known.size if known else 0} bytes, and has {content.size}"


def _modified(data_object: DataObject) -> int:
    content = data_object.content()
    return content.modified if content else 0


def _named(observation: Observation, objects: Sequence[DataObject]) -> str:
    collection = observation.zone.collection
    beginning = f"{collection.path}/" if collection else ""
    return listed([each.path.removeprefix(beginning) for each in objects])
