"""Which policy enforcement points fire, in which order and with which arguments, as recorded on a real zone.

A real zone needs the tracing ``core.py``, which says itself how it is put in and taken out again. Some actions register
files of this machine: run the suite on the catalog provider.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from irods.exception import SYS_PACK_INSTRUCT_FORMAT_ERR
from irods.meta import AVUOperation, iRODSMeta
from irods.models import DataObject

from lab.tests.zone.actions import ACTIONS, NOT_DONE
from lab.tests.zone.commands import Place, imeta, iput_bulk
from lab.tests.zone.recording import ORDER, TYPES, are_as_recorded, order_of
from tests.conformance.trace import Fired, Trace
from tests.conformance.tracing.core import TRACE, TRACE_VARIABLE
from tests.conformance.zone import ALICE, Zone
from tests.scene.accounts import PASSWORD

MOMENTS = ("pre", "post", "except")
OPERATIONS = {line.split()[0].rpartition("_")[0] for lines in ORDER.values() for line in lines}
KINDS = {f"{operation}_{moment}" for operation in OPERATIONS for moment in MOMENTS}
"""What was recorded; a real zone fires more, such as for checks of permissions, and ``finally`` of everything."""


@dataclass(frozen=True)
class Stage:
    """A zone whose enforcement points are written down.

    Attributes:
        zone: The zone.
        trace: Where that is read.
        program: What the clients of this test call themselves, so that nobody else's events are taken for theirs.
    """

    zone: Zone
    trace: Trace
    program: str

    @contextmanager
    def place(self) -> Iterator[Place]:
        """Where a recorded action happens."""
        address, program = self.zone.place, {"application_name": self.program}
        with address.session(ALICE, PASSWORD, **program) as alice, address.session(**program) as rods:
            folder = self.zone.folder / self.program
            folder.mkdir()
            there = Place(alice, rods, self.zone.collection, folder)
            try:
                yield there
            finally:
                _unregister(there)

    def all_fired_by(self, act: Callable[[], object]) -> list[Fired]:
        """The enforcement points that an action fires."""
        with self.trace.of(self.program) as fired:
            act()
        return fired

    def fired_by(self, act: Callable[[], object]) -> list[Fired]:
        """Those of them that are of the recorded kinds."""
        return [one for one in self.all_fired_by(act) if one.pep in KINDS]


def _unregister(place: Place) -> None:
    """Take out of the administrator's home what an action registered there."""
    registered = f"{place.rods_home}/{place.folder.name}"
    for path in (registered, f"{registered}.unreg"):
        if place.rods.data_objects.exists(path):
            place.rods.data_objects.unregister(path)
    if place.rods.collections.exists(f"{registered}.d"):
        place.rods.collections.remove(f"{registered}.d", recurse=True, force=True)


@pytest.fixture
def stage(zone: Zone) -> Stage:
    """The zone, if it is traced."""
    trace = Trace(Path(os.environ.get(TRACE_VARIABLE) or TRACE))
    if zone.place.lab is None and not trace.path.exists():
        pytest.skip(f"the zone has no tracing core.py that writes to {trace.path}: tests/conformance/tracing/core.py")
    return Stage(zone, trace, f"traced-{uuid4().hex[:8]}")


def test_no_recorded_action_is_forgotten() -> None:
    assert set(ORDER) == set(ACTIONS) | set(NOT_DONE)


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_fires_what_it_was_recorded_to_fire(action: str, stage: Stage) -> None:
    """zone-05 to zone-16: what happened, and the PEPs in order; each with as many arguments of the same types."""
    with stage.place() as place:
        everything = stage.all_fired_by(ACTIONS[action](place))
    fired = [one for one in everything if one.pep in KINDS]
    assert [(one.pep, one.user) for one in fired] == _expected(action, everything)
    for one in fired:
        assert are_as_recorded(one.pep, list(one.types)), (one.pep, one.types, TYPES[one.pep])


def _expected(action: str, everything: list[Fired]) -> list[tuple[str, str]]:
    """What was recorded; without ``except`` of the database where ``finally`` shows that the zone asks for neither."""
    asks = any(one.pep.startswith("database_") and one.pep.endswith("_finally") for one in everything)
    return [
        (pep, user)
        for pep, user in order_of(action)
        if asks or not (pep.startswith("database_") and pep.endswith("_except"))
    ]


def test_what_a_client_leaves_out_of_an_avu_is_none(stage: Stage) -> None:
    """zone-95: units that are not given, and the parts of a change that stay; what is given is text."""
    with stage.place() as place:
        path = stage.zone.put("file")
        added = stage.fired_by(lambda: place.alice.metadata.add(DataObject, path, iRODSMeta("a", "v")))
        changed = stage.fired_by(lambda: imeta(place, "mod", "-d", path, "a", "v", "v:w"))
    for moment in ("pre", "post"):
        (event,) = [one for one in added if one.pep == f"database_add_avu_metadata_{moment}"]
        assert event.types[3:8] == ("str", "str", "str", "str", "NoneType")
        (event,) = [one for one in changed if one.pep == f"database_mod_avu_metadata_{moment}"]
        assert event.texts[3:8] == ("-d", path, "a", "v", "v:w")
        assert event.types[8:11] == ("NoneType", "NoneType", "NoneType")


def _finalized(fired: list[Fired]) -> list[tuple[str, str, bool]]:
    """Of each finalize: the status before and after, and whether it says that the file was modified."""
    states_of = []
    for one in fired:
        if one.pep == "database_data_object_finalize_post":
            replica = json.loads((one.texts[3] or "").rstrip("\0"))["replicas"][0]
            states = replica["before"]["data_is_dirty"], replica["after"]["data_is_dirty"]
            states_of.append((*states, "file_modified" in replica))
    return states_of


def test_new_content_is_finalized_once(stage: Stage) -> None:
    """zone-03: content has arrived when ``file_modified`` is there and ``after.data_is_dirty`` is 1."""
    with stage.place() as place:
        fired = stage.fired_by(ACTIONS["PRC open(w)/write/close"](place))
    assert _finalized(fired) == [("2", "1", True)]


def test_an_overwrite_is_finalized_three_times_and_only_the_last_says_modified(stage: Stage) -> None:
    """zone-06: overwrite: ``data_object_finalize`` three times (lock, truncate, close)."""
    with stage.place() as place:
        fired = stage.fired_by(ACTIONS["iput -f overwrite small"](place))
    assert [modified for _, _, modified in _finalized(fired)] == [False, False, True]
    assert _finalized(fired)[-1][1] == "1"


def test_a_replication_never_says_modified(stage: Stage) -> None:
    """zone-08: replicate: finalize (lock), ``reg_replica``, finalize without ``file_modified``."""
    with stage.place() as place:
        fired = stage.fired_by(ACTIONS["PRC replicate"](place))
    assert [modified for _, _, modified in _finalized(fired)] == [False, False]


def test_atomic_operations_fire_no_event_of_the_database(stage: Stage) -> None:
    """zone-14: PRC atomic operations: no database PEP."""
    with stage.place() as place:
        path = stage.zone.put("file")
        operation = AVUOperation(operation="add", avu=iRODSMeta("a", "v"))
        fired = stage.fired_by(lambda: place.alice.metadata.apply_atomic_operations(DataObject, path, operation))
    assert {one.pep.partition("_")[0] for one in fired} == {"api"}


def test_a_bulk_put_without_all_columns_cannot_be_read(stage: Stage) -> None:
    """zone-97: the server takes all columns out of the message, empty ones among them, before any event."""

    def act(place: Place) -> None:
        with pytest.raises(SYS_PACK_INSTRUCT_FORMAT_ERR):
            iput_bulk(place, columns_sent=3)

    with stage.place() as place:
        fired = stage.fired_by(lambda: act(place))
    assert not [one.pep for one in fired if one.pep.startswith("api_bulk")]


def test_the_events_of_an_avu_carry_it_as_text(stage: Stage) -> None:
    """zone-12: ``'-d', path, attribute, value, units, KeyValPair``."""
    avu = ("ä 'quoted' attribute", "v%", "u")
    with stage.place() as place:
        path = stage.zone.put("file")
        fired = stage.fired_by(lambda: place.alice.metadata.add(DataObject, path, iRODSMeta(*avu)))
    (event,) = [one for one in fired if one.pep == "database_add_avu_metadata_post"]
    assert event.texts[3:8] == ("-d", path, *avu)
