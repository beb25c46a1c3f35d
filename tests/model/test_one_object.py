"""Whatever one object carries or raises, all others are on both sides as if it were not there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count
from typing import Any

import irods.keywords as kw
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from irods.helpers import xml_mode
from irods.meta import iRODSMeta
from irods.models import DataObject

from irods_omero.agent import apply, observe
from irods_omero.agent.reconcile import Reconciler
from irods_omero.domain.planning.decide import decide
from irods_omero.domain.planning.decision import Decision
from irods_omero.domain.state.actions import AddAvu, RemoveAvu, ZoneAction
from irods_omero.domain.state.observation import Observation
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.objects import read_objects
from irods_omero.gateways.zone.zone_actions import apply_to_zone
from tests.faults.cases import KEYWORD, KEYWORDS, NO_PICTURE, PICTURE
from tests.model.pool import POOL
from tests.model.profile import DEEP, profile
from tests.model.servers import connect
from tests.pictures import retina
from tests.scene import Scene

_runs = count(1)

AVUS = [
    (KEYWORD, "bell\x07", ""),
    (KEYWORD, "x" * 2700, "y" * 200),
    ("omero::agreement", "{no JSON", "1"),
    ("omero::agreement", "[]", "99"),
    ("omero::fileset", "not a number", "omero"),
    ("omero::fileset", "9" * 30, "omero"),
    ("omero::unit", "-1", "directory"),
    ("omero::request", "archive", ""),
    ("omero::request", "no such word", ""),
]
"""What one data object may carry, by users, administrators and other programs."""

WHERE = st.sampled_from(["reading", "deciding", "applying"])


class OneObject(RuleBasedStateMachine):
    """Two images of which all is well, and one object of which nothing need be."""

    @initialize()
    def begin(self) -> None:
        self.scene: Scene = POOL.take().scene(f"one-{next(_runs)}")
        connect(self.scene)
        self.values = count(1)
        self.culprit = self.scene.put("b culprit.ome.tiff", PICTURE)
        self.others = [self.scene.put(f"{name}.ome.tiff", retina(32)) for name in "ac"]
        self.wanted: dict[str, set[str]] = {path: set() for path in self.others}
        self.sweep()

    @rule(avu=st.sampled_from(AVUS))
    def culprit_carries(self, avu: tuple[str, str, str]) -> None:
        self.carry(avu)
        self.scene.mark(self.culprit)

    @rule(content=st.sampled_from([NO_PICTURE, b"", PICTURE]))
    def culprit_gets(self, content: bytes) -> None:
        self.scene.put("b culprit.ome.tiff", content)

    @rule(place=st.integers(0, 1), in_omero=st.booleans())
    def somebody_adds(self, place: int, in_omero: bool) -> None:
        path, value = self.others[place], f"keyword {next(self.values)}"
        if in_omero:
            self.scene.add_own_tag(self.scene.shown(path).image.id, KEYWORDS, value)
        else:
            self.scene.set_avu(path, KEYWORD, value)
        self.wanted[path].add(value)

    @rule(place=st.integers(0, 1), in_omero=st.booleans())
    def somebody_takes_away(self, place: int, in_omero: bool) -> None:
        path = self.others[place]
        carried = self.scene.tags(path, KEYWORDS) if in_omero else set(self.scene.avus(path, KEYWORD))
        for value in sorted(carried & self.wanted[path])[:1]:
            if in_omero:
                self.scene.take_tag_away(self.scene.shown(path).image.id, value)
            else:
                self.scene.remove_avu(path, KEYWORD, value)
            self.wanted[path].discard(value)

    @rule(where=WHERE)
    def sweep_while_it_raises(self, where: str) -> None:
        self.scene.mark(self.culprit)
        if where == "applying":
            self.carry(("omero::error", f"made up {next(self.values)}", ""))  # there is something to write
        culprit = self.scene.admin.data_objects.get(self.culprit).id
        raised: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            RAISING[where](patch, self.culprit, culprit, raised)
            self.scene.sweep()
        assert raised, f"nothing was {where}"
        self.all_is_well_with_the_others()

    @rule()
    def sweep(self) -> None:
        self.scene.sweep()
        self.all_is_well_with_the_others()

    @rule()
    def reconcile(self) -> None:
        with self.scene.connections() as connections:
            for _ in Reconciler(connections).run():
                pass
        self.all_is_well_with_the_others()

    def carry(self, avu: tuple[str, str, str]) -> None:
        with xml_mode("QUASI_XML"):
            metadata = self.scene.admin.metadata
            if avu not in [
                (each.name, each.value, each.units or "") for each in metadata.get(DataObject, self.culprit)
            ]:
                metadata.add(DataObject, self.culprit, iRODSMeta(*avu), **{kw.ADMIN_KW: ""})

    def all_is_well_with_the_others(self) -> None:
        for path in self.others:
            assert self.scene.tags(path, KEYWORDS) == self.wanted[path]
            assert set(self.scene.avus(path, KEYWORD)) == self.wanted[path]
            assert {"registered", "tier:fast"} <= self.scene.shown(path).image.texts
            assert self.scene.avus(path, "omero::error") == []

    def teardown(self) -> None:
        if hasattr(self, "others"):
            self.sweep()
            self.scene.user.collections.remove(self.scene.collection, recurse=True, force=True)
            self.scene.sweep()
            self.scene.close()
            POOL.give_back()


def reading(patch: pytest.MonkeyPatch, path: str, culprit: int, raised: list[str]) -> None:
    def refused(zone: ZoneConnection, ids: Iterable[int], *arguments: Any) -> dict[int, Any]:
        asked = list(ids)
        if culprit in asked:
            raised.append(path)
            raise RefusedError("reading", "", "the zone does not like one of them")
        return read_objects(zone, asked, *arguments)

    patch.setattr(observe, "read_objects", refused)


def deciding(patch: pytest.MonkeyPatch, path: str, _culprit: int, raised: list[str]) -> None:
    def broken(observation: Observation) -> Decision:
        if observation.zone.objects and observation.zone.first.path == path:
            raised.append(path)
            raise ZeroDivisionError("nobody has thought of this")
        return decide(observation)

    patch.setattr(apply, "decide", broken)


def applying(patch: pytest.MonkeyPatch, path: str, _culprit: int, raised: list[str]) -> None:
    def refused(zone: ZoneConnection, action: ZoneAction) -> None:
        if isinstance(action, AddAvu | RemoveAvu) and action.path == path:
            raised.append(path)
            raise RefusedError("writing", path, "the zone does not like it")
        apply_to_zone(zone, action)

    patch.setattr(apply, "apply_to_zone", refused)


RAISING: dict[str, Callable[[pytest.MonkeyPatch, str, int, list[str]], None]] = {
    "reading": reading,
    "deciding": deciding,
    "applying": applying,
}


@pytest.mark.usefixtures("servers")
@pytest.mark.timeout(24 * 3600 if DEEP else 900)
def test_one_object_stops_nobody() -> None:
    run_state_machine_as_test(OneObject, settings=profile(100 if DEEP else 3, 40 if DEEP else 15))
