"""Which data objects were used in OMERO later than iRODS knows, so that storage tiering takes them for unused."""

from __future__ import annotations

from typing import NamedTuple

from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.views import Avu, DataObject
from irods_omero.vocabulary import ACCESS_TIME


class LaterUse(NamedTuple):
    """A data object that was used later than iRODS knows.

    Attributes:
        data_id: Catalog id.
        path: Logical path.
        known: Its access time.
        used: When OMERO's copy was read last, seconds since 1970.
        replicas: The numbers of those of its replicas that have access times of their own by which it is moved.
    """

    data_id: int
    path: str
    known: Avu
    used: int
    replicas: tuple[int, ...] = ()


def later_uses(observation: Observation) -> tuple[LaterUse, ...]:
    """The data objects of a unit whose access time is to be brought up to what OMERO's copies say.

    All of them were used when one was: an image is shown from all of its files, and storage tiering is not to take a
    unit apart.
    """
    tiers, files = observation.policy.tiers, observation.copies or ()
    used = int(max((file.disk.used for file in files), default=0.0))
    if used > observation.now:  # a time in the future is of a clock that was wrong
        return ()
    known = ((each, _known(each), tiers.access_hours(each)) for each in observation.zone.objects)
    # Hours are taken off here, and not added to what is known: users may write numbers that no float can hold.
    return tuple(
        LaterUse(each.data_id, each.path, avu, used, tiers.with_times_of_their_own(each))
        for each, avu, hours in known
        if avu and hours is not None and int(avu.value) <= used - 3600 * hours
    )


def _known(data_object: DataObject) -> Avu | None:
    """The access time, None where there is none to be brought forward.

    One with units is about to be moved, and gets a new time with that. Without any, an object is never moved; and what
    is no time is not storage tiering's.
    """
    times = [avu for avu in data_object.avus if avu.attribute == ACCESS_TIME]
    return times[0] if len(times) == 1 and not times[0].units and times[0].value.isdecimal() else None
