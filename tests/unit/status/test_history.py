from __future__ import annotations

from irods_omero.domain.state.agreement import Agreement, Failure
from irods_omero.domain.state.one_copy.eviction import ROOM, TIER, Eviction, Relied
from irods_omero.domain.state.recorded_event import CHANGE, IMPORT_EVENT, TAG, RecordedEvent
from irods_omero.domain.state.views import Avu, DataObject, Replica
from irods_omero.status.history import Event, History, Past, history_of
from irods_omero.vocabulary import ACCESS_TIME, REQUEST_NAMESPACE, TIER_NAMESPACE, Names

NAMES = Names()
OBJECT = DataObject(
    data_id=7,
    path="/lab/a",
    owner="alice",
    replicas=(Replica(1, "tape", True, 3, "", 400),),
    avus=frozenset({Avu(NAMES.request, "restage", "bob"), Avu(ACCESS_TIME, "390", "")}),
)


def told(past: Past) -> list[tuple[int, str, str, str]]:
    return [(each.at, each.kind, each.what, each.by) for each in history_of(past, NAMES)]


def test_what_the_zone_knows_is_told_in_the_order_of_time() -> None:
    past = Past((OBJECT,), created={7: 100}, asked={(7, "restage"): 500})
    written = "replica 1 on tape last written, by a client or by tiering"
    assert told(past) == [
        (100, "stored", "stored in iRODS", "alice"),
        (390, "used", "last used, as storage tiering sees it", ""),
        (400, "written", written, ""),
        (500, "request", "request restage, as an AVU", "bob"),
    ]


def test_what_has_no_time_is_not_told() -> None:
    """zone-79: a released iRODS does not know since when an AVU is on an object."""
    past = Past((OBJECT,), created={7: 100})
    assert "request" not in [kind for _, kind, _, _ in told(past)]


def test_the_agreement_tells_since_when_a_request_is_pending_and_of_failures() -> None:
    agreement = Agreement(request="archive", asked=5, moves=2, queued=8, failure=Failure(3, 2, "no image"))
    assert told(Past((), agreement=agreement)) == [
        (2, "failed", "import failed, attempt 3: no image", "irods-omero"),
        (5, "accepted", "request archive accepted, and pending since then", "irods-omero"),
        (8, "queued", "movement queued with storage tiering, attempt 2", "irods-omero"),
    ]


def test_the_agreement_tells_since_when_omero_has_no_copy_and_what_failed_of_it() -> None:
    evicted = Eviction(5, TIER, (Relied("tape", 1),))
    agreement = Agreement(evicted=evicted, copy_failure=Failure(2, 9, "no room"))
    assert told(Past((), agreement=agreement)) == [
        (
            5,
            "evicted",
            "OMERO's copy of its files removed as its tier was offline: replica 1 on tape has it",
            "irods-omero",
        ),
        (9, "failed", "changing OMERO's copy failed, attempt 2: no room", "irods-omero"),
    ]
    ((_, _, what, _),) = told(Past((), agreement=Agreement(evicted=Eviction(5, ROOM))))
    assert what.endswith("to make room")


def test_what_happened_to_many_images_at_once_is_one_event() -> None:
    images = [
        RecordedEvent(TAG, 20, f"Image:{id_}", "alice", True, "tier:fast", TIER_NAMESPACE, 4) for id_ in (9, 10, 11)
    ]
    asked = RecordedEvent(TAG, 30, "Image:9", "bob", False, "archive", REQUEST_NAMESPACE, 4)
    imported = RecordedEvent(IMPORT_EVENT, 10, "Fileset:4", "alice", True, fileset=4)
    assert told(Past(recorded=[asked, *images, imported])) == [
        (10, "import", "imported as Image:9 and 2 others", "alice"),
        (20, "tier", "seen on tier fast: Image:9 and 2 others", "alice"),
        (30, "request", "request archive, as a tag on Image:9", "bob"),
    ]


def test_what_two_people_do_at_the_same_time_is_told_of_both() -> None:
    noted = [RecordedEvent(CHANGE, 20, "Image:9", user, False, fileset=4) for user in ("alice", "bob")]
    assert [by for *_, by in told(Past(recorded=noted))] == ["alice", "bob"]


def test_json_has_times_as_numbers_and_as_texts() -> None:
    shown = History("/lab/a", 7, (Event(0, "iRODS", "stored", "stored in iRODS"),)).as_dict()
    assert set(shown) == {"path", "data_id", "events", "unknown"}
    assert shown["events"][0] == {
        "time": "1970-01-01T00:00:00Z",
        "at": 0,
        "side": "iRODS",
        "kind": "stored",
        "what": "stored in iRODS",
        "by": "",
        "agent": False,
        "subject": "",
    }
