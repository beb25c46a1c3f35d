"""What people look at in OMERO is not taken for unused by storage tiering."""

from __future__ import annotations

import os
import time
from pathlib import Path

import irods.keywords as kw
import pytest
from irods.meta import iRODSMeta
from irods.models import DataObject, Resource

from irods_omero.domain.state.views import Avu
from irods_omero.errors import UnreachableError
from irods_omero.gateways.zone.avus import change_value
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.vocabulary import ACCESS_TIME
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import OneCopy, make
from tests.scene.accounts import ARCHIVE, FAST

LONG_AGO = "1000000000"
DAY = 86_400
SCHEDULED = "irods::storage_tiering::migration_scheduled"


@pytest.fixture
def one(new_scene: SceneFactory) -> OneCopy:
    """A scene in which OMERO's reading counts when it is a day later than iRODS knows."""
    one = make(new_scene, evict="never")
    one.scene.settings = one.scene.with_settings(tiers={FAST: {"name": "fast", "access_hours": 24}})
    return one


def read_in_omero(place: Path, days_ago: float = 0) -> int:
    """A copy was last read the given number of days ago; returns when."""
    seconds = int(time.time() - days_ago * DAY) - 10
    os.utime(place, (seconds, place.stat().st_mtime))
    return seconds


def replica_times(one: OneCopy, path: str) -> list[int]:
    """The access times of its replicas."""
    query = one.scene.admin.query(DataObject.replica_number, DataObject.access_time)
    rows = query.filter(DataObject.id == one.scene.admin.data_objects.get(path).id)
    return [int(row[DataObject.access_time].timestamp()) for row in rows]


def times(one: OneCopy, path: str) -> list[str]:
    return one.scene.avus(path, ACCESS_TIME)


def test_storage_tiering_leaves_what_people_look_at_in_omero_and_moves_the_rest(one: OneCopy) -> None:
    seen, unseen = one.put("seen.ome.tiff"), one.put("unseen.ome.tiff")
    one.settle()
    one.scene.grow_old(seen, unseen)
    at = read_in_omero(one.place(seen))
    os.utime(one.place(unseen), (int(LONG_AGO), one.place(unseen).stat().st_mtime))
    one.scene.sweep()
    assert (times(one, seen), times(one, unseen)) == ([str(at)], [LONG_AGO])
    assert one.scene.avus(seen, "omero::sync") == []
    one.scene.run_tiering()
    one.scene.wait_for(ARCHIVE, unseen)
    assert [each.resource_name for each in one.scene.admin.data_objects.get(seen).replicas] == [FAST]


def test_it_is_told_once_and_not_again_before_a_day_has_passed(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    one.scene.grow_old(path)
    first = read_in_omero(one.place(path), days_ago=3)
    assert one.scene.sweep().zone_actions == 1
    read_in_omero(one.place(path), days_ago=2.5)
    assert one.scene.sweep().zone_actions == 0
    assert times(one, path) == [str(first)]
    second = read_in_omero(one.place(path), days_ago=1)
    one.scene.sweep()
    assert times(one, path) == [str(second)]


def test_what_is_not_storage_tierings_to_move_is_left_alone(one: OneCopy) -> None:
    """Without an access time, or about to be moved: and a user may write anything there."""
    paths = [one.put(f"{name}.ome.tiff") for name in ("never", "scheduled", "odd")]
    one.settle()
    never, scheduled, odd = paths
    for path in paths:
        for avu in one.scene.admin.metadata.get(DataObject, path):
            if avu.name == ACCESS_TIME:
                one.scene.user.metadata.remove(DataObject, path, avu)
    one.scene.user.metadata.add(DataObject, scheduled, iRODSMeta(ACCESS_TIME, LONG_AGO, SCHEDULED))
    one.scene.user.metadata.add(DataObject, odd, iRODSMeta(ACCESS_TIME, "yesterday"))
    for path in paths:
        read_in_omero(one.place(path))
    one.scene.sweep()
    assert (times(one, never), times(one, scheduled), times(one, odd)) == ([], [LONG_AGO], ["yesterday"])


def test_it_is_told_by_the_next_agent_where_one_was_killed(one: OneCopy, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [one.put(f"{number}.ome.tiff") for number in range(2)]
    one.settle()
    one.scene.grow_old(*paths)
    at = {path: str(read_in_omero(one.place(path))) for path in paths}
    done: list[str] = []

    def killed(zone: ZoneConnection, path: str, avu: Avu, value: str) -> bool:
        if done:
            raise UnreachableError("changing", path, "killed by a test")
        done.append(path)
        return change_value(zone, path, avu, value)

    one.scene.settings = one.scene.with_settings(zone={**one.scene.settings.zone.model_dump(), "connections": 1})
    with monkeypatch.context() as patch:
        patch.setattr("irods_omero.agent.one_copy.cache_trimming.change_value", killed)
        with pytest.raises(UnreachableError):
            one.scene.sweep()
    assert [times(one, path) for path in paths].count([LONG_AGO]) == 1
    one.scene.sweep()
    assert {path: times(one, path) for path in paths} == {path: [value] for path, value in at.items()}


def test_by_default_nothing_is_told(one: OneCopy) -> None:
    path = one.put()
    one.settle()
    one.scene.grow_old(path)
    read_in_omero(one.place(path))
    other = {ARCHIVE: {"name": "archive", "access_hours": 24}}
    one.scene.settings = one.scene.with_settings(cache={"most_bytes": 10**12}, tiers={FAST: {"name": "fast"}, **other})
    one.scene.sweep()
    assert times(one, path) == [LONG_AGO]


@pytest.mark.lab_only("gives the resource of a zone another query")
def test_where_storage_tiering_goes_by_the_times_of_replicas_these_are_brought_forward_too(one: OneCopy) -> None:
    query = iRODSMeta("irods::storage_tiering::query", "select DATA_NAME where DATA_ACCESS_TIME < '0' and DATA_RESC_ID")
    path, metadata = one.put(), one.scene.admin.metadata
    one.settle()
    before = [avu for avu in metadata.get(Resource, FAST) if avu.name == query.name]
    for avu in before:
        metadata.remove(Resource, FAST, avu)
    metadata.add(Resource, FAST, query)
    try:
        at, later = read_in_omero(one.place(path)), int(time.time()) + DAY
        for known, expected in ((int(LONG_AGO), at), (later, later)):  # it goes forward only
            one.scene.grow_old(path)
            change = {"dataAccessTime": f"{known:011}", kw.ADMIN_KW: ""}
            one.scene.admin.data_objects.modDataObjMeta({"objPath": path, "replNum": 0}, change)
            one.scene.sweep()
            assert (times(one, path), replica_times(one, path)) == ([str(at)], [expected])
            assert one.scene.avus(path, "omero::sync") == []
    finally:
        metadata.remove(Resource, FAST, query)
        for avu in before:
            metadata.add(Resource, FAST, avu)
