"""Every recorded action fires the policy enforcement points that it fired on a real zone, in the same order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.tests.zone.actions import ACTIONS, NOT_DONE
from lab.tests.zone.commands import FAST, MEDIUM, SLOW, Place
from lab.tests.zone.recording import ORDER, TYPES, are_as_recorded, order_of, program_of
from lab.zone import LabZone
from lab.zone.setup import add_user

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("record") / "peps"


@pytest.fixture(scope="module")
def zone(record: Path) -> Iterator[LabZone]:
    with LabZone(
        core=HERE / "recorder", resources=(FAST, MEDIUM, SLOW), environment={"RECORD": str(record)}
    ) as running:
        with running.session() as session:
            add_user(session, "alice")
        yield running


def test_no_recorded_action_is_forgotten() -> None:
    assert set(ORDER) == set(ACTIONS) | set(NOT_DONE)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_same_enforcement_points_in_the_same_order(
    action: str, zone: LabZone, record: Path, tmp_path: Path
) -> None:
    program = program_of(action)
    with zone.session("alice", application_name=program) as alice, zone.session(application_name=program) as rods:
        collection = f"/tempZone/home/alice/{list(ACTIONS).index(action)}"
        alice.collections.create(collection)
        act = ACTIONS[action](Place(alice, rods, collection, tmp_path))
        record.unlink(missing_ok=True)
        act()
        lines = record.read_text(encoding="utf-8").splitlines() if record.exists() else []
    fired = [line.partition("|")[0] for line in lines]
    assert fired == [f"{pep} {user} {program}" for pep, user in order_of(action)]
    for line in lines:
        pep, types = line.split()[0], line.partition("|")[2].split()
        assert are_as_recorded(pep, types), (pep, types, TYPES[pep])
