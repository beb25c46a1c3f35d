"""Zones that refuse something for one object, and agents that end in the middle."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from irods_omero.agent.sweep import Sweeper
from irods_omero.domain.state.actions import AddAvu, RecordAgreement, RemoveAvu, ZoneAction
from irods_omero.domain.state.views import Avu
from irods_omero.domain.state.views import DataObject as ObjectView
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone import zone_actions
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.objects import read_objects
from irods_omero.vocabulary import Names
from tests.scene import Scene

Writer = Callable[[ZoneConnection, str, Avu, bool], None]


class KilledError(BaseException):
    """The agent is no more."""


def die(*_: Any) -> None:
    raise KilledError


def refusing(write: Writer, path: str, such: Callable[[Avu], bool] = lambda _: True) -> Callable[..., None]:
    """The same call, which refuses one path."""

    def call(zone: ZoneConnection, on: str, avu: Avu, collection: bool = False) -> None:
        if on == path and such(avu):
            raise RefusedError("writing", on, "refused by a test")
        write(zone, on, avu, collection)

    return call


def refusing_actions(path: str, kind: type, attribute: str) -> Callable[[ZoneConnection, ZoneAction], None]:
    """What carries out actions in the zone, but for one kind on one path."""

    def call(zone: ZoneConnection, action: ZoneAction) -> None:
        if isinstance(action, AddAvu | RemoveAvu) and (type(action), action.path, action.avu.attribute) == (
            kind,
            path,
            attribute,
        ):
            raise RefusedError("writing", path, "refused by a test")
        zone_actions.apply_to_zone(zone, action)

    return call


def refusing_to_read(culprit: int) -> Callable[..., dict[int, ObjectView]]:
    def call(zone: ZoneConnection, ids: Iterable[int], *rest: Any) -> dict[int, ObjectView]:
        asked = list(ids)
        if culprit in asked:
            raise RefusedError("reading replicas", "", "the zone does not like one of them")
        return read_objects(zone, asked, *rest)

    return call


def refusing_records(path: str) -> Callable[[ZoneConnection, Names, RecordAgreement], None]:
    def call(zone: ZoneConnection, names: Names, action: RecordAgreement) -> None:
        if action.path == path:
            raise RefusedError("recording", path, "refused by a test")
        zone_actions.record_agreement(zone, names, action)

    return call


def sweeps(scene: Scene, times: int, **changes: Any) -> None:
    """Have one agent sweep ``times`` times."""
    with scene.connections(**changes) as connections:
        sweeper = Sweeper(connections)
        for _ in range(times):
            sweeper.sweep()


def id_of(scene: Scene, path: str) -> int:
    return int(scene.admin.data_objects.get(path).id)
