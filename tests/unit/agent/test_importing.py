from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from irods_omero.agent.connections import Connections
from irods_omero.agent.importing import Imports
from irods_omero.agent.workers import Workers
from irods_omero.domain.state.unit import Unit
from irods_omero.domain.state.views import ZoneView
from irods_omero.gateways.zone.marks import Mark
from irods_omero.vocabulary import PENDING
from tests.unit.domain.agreed import data_object


def imports_of(owners: dict[int, str], per_sweep: int) -> Imports:
    """The imports of a sweep that has seen units of some owners."""
    settings = SimpleNamespace(imports=SimpleNamespace(per_sweep=per_sweep, parallel=2, backoff_seconds=60.0))
    connections = cast(Connections, SimpleNamespace(settings=settings))
    imports = Imports(connections, Workers(connections), lambda: 0.0)
    imports.know(
        ZoneView(Unit(data_id), (replace(data_object(data_id), owner=owner),)) for data_id, owner in owners.items()
    )
    return imports


def put_off(imports: Imports, unit: int) -> bool:
    """Put a unit off, if there is room for it."""
    if not imports.has_room(unit):
        return False
    imports.put_off(unit, Mark(unit, f"/lab/{unit}", unit, frozenset({PENDING})))
    return True


def test_the_backlog_of_one_leaves_room_for_the_first_of_each_other() -> None:
    imports = imports_of({1: "alice", 2: "alice", 3: "alice", 4: "bob", 5: "bob", 6: "carol"}, per_sweep=2)
    assert [unit for unit in range(1, 7) if put_off(imports, unit)] == [1, 2, 4, 6]
    assert 4 in imports
    assert imports.has_room(4), "of what is to be imported already there may be more marks"
