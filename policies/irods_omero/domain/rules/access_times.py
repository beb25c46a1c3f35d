"""Which data objects were used in OMERO later than iRODS knows, so that storage tiering takes them for unused."""

from __future__ import annotations

from typing import NamedTuple

from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.views import Avu, DataObject
from irods_omero.vocabulary import ACCESS_TIME


class LaterUse(NamedTuple):
    """A data object that was used later than iRODS knows.

    Attributes:
        path: Logical path.
        known: Its access time.
        used: When OMERO's copy was read last, seconds since 1970.
    """

    path: str
    known: Avu
    used: int


def later_uses(observation: Observation) -> tuple[LaterUse, ...]:
    """The data objects of a unit whose access time is to be brought up to what OMERO's copies say.

    All of them were used when one was: an image is shown from all of its files, and storage tiering is not to take a
    unit apart.
    """
    hours, files = observation.policy.access_hours, observation.copies or ()
    used = int(max((file.disk.used for file in files), default=0.0))
    if hours is None or used > observation.now:  # a time in the future is of a clock that was wrong
        return ()
    known = ((each, _known(each)) for each in observation.zone.objects)
    oldest = used - 3600 * hours  # and not added to what is known: users may write numbers that no float can hold
    return tuple(LaterUse(each.path, avu, used) for each, avu in known if avu and int(avu.value) <= oldest)


def _known(data_object: DataObject) -> Avu | None:
    """The access time, None where there is none to be brought forward.

    One with units is about to be moved, and gets a new time with that. Without any, an object is never moved; and what
    is no time is not storage tiering's.
    """
    times = [avu for avu in data_object.avus if avu.attribute == ACCESS_TIME]
    return times[0] if len(times) == 1 and not times[0].units and times[0].value.isdecimal() else None
