"""OMERO's copies are changed by the workers: nobody waits for them, they are shown while they go on, and rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

import pytest

from irods_omero.agent.connections import Connections
from irods_omero.agent.monitoring.heartbeat import Heartbeat
from irods_omero.agent.report import Report
from irods_omero.agent.retry import retry
from irods_omero.agent.service import run
from irods_omero.domain.rules.causes import HINDERED
from irods_omero.domain.state.one_copy.managed_files import ManagedFile
from irods_omero.gateways.repository.copies import refill
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.status.heartbeat_record import SECONDS
from irods_omero.status.reading import read_status
from irods_omero.status.summary import summarise
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.one_copy import PICTURE, OneCopy, make


def serving(one: OneCopy, interval: float, **imports: int) -> Connections:
    """The connections of an agent of the scene that sweeps at such an interval, seconds."""
    numbers = {**one.scene.settings.imports.model_dump(), **imports}
    one.scene.settings = one.scene.with_settings(agent={"interval_seconds": interval}, imports=numbers)
    return one.scene.connections()


@pytest.fixture
def one(new_scene: SceneFactory) -> OneCopy:
    return make(new_scene)


def test_nobody_waits_for_a_refill_that_takes_long_and_status_shows_it(
    one: OneCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = one.put()
    one.settle()
    one.move(path)
    one.settle()
    begun, let_go, stop = threading.Event(), threading.Event(), threading.Event()

    def slowly(repository: Repository, file: ManagedFile, blocks: Iterable[bytes]) -> int:
        def waiting() -> Iterator[bytes]:
            yield from blocks
            begun.set()
            assert let_go.wait(60)

        return refill(repository, file, waiting())

    monkeypatch.setattr("irods_omero.agent.one_copy.cache.refill", slowly)
    one.restore(path)
    with serving(one, 0.1) as connections:
        # It comes after the agent's own.
        heart = Heartbeat(connections.settings, connections.activity, lambda: time.time() + SECONDS)
        agent = threading.Thread(target=run, args=(connections, stop, lambda _: None))
        agent.start()
        try:
            assert begun.wait(60)
            other = one.put("other.ome.tiff")
            one.scene.wait_until(lambda: bool(one.scene.avus(other, "omero::image")), "another file is imported")
            assert not one.place(path).exists()
            assert one.is_locked(path)
            assert heart.beat()
            with ZoneConnection(one.scene.settings.zone) as zone:
                status = summarise(read_status(one.scene.settings, zone), one.scene.settings)
            (shown,) = status.under_way
            assert (shown.what, shown.path, shown.done, shown.size) == ("refill", path, len(PICTURE), len(PICTURE))
            let_go.set()
            one.scene.wait_until(lambda: one.scene.avus(path, "omero::sync") == [], "it is brought back")
        finally:
            let_go.set()
            stop.set()
            agent.join(60)
        assert connections.activity.under_way() == ()
    assert one.place(path).read_bytes() == PICTURE
    assert not one.is_locked(path)


def test_the_agent_goes_on_as_soon_as_a_copy_is_done(one: OneCopy) -> None:
    paths = [one.put(f"{number}.ome.tiff") for number in range(3)]
    one.settle()
    places, stop = [one.place(path) for path in paths], threading.Event()
    for path in paths:
        one.move(path)

    def swept(_: Report) -> None:
        if not any(place.exists() for place in places):
            stop.set()

    with serving(one, 3600.0, parallel=2, per_sweep=1) as connections:
        run(connections, stop, swept)
    assert all(one.is_locked(path) for path in paths)


class Watched(threading.Event):
    """Counts how often somebody has waited for it."""

    waited = 0

    def wait(self, timeout: float | None = None) -> bool:
        self.waited += 1
        return super().wait(timeout)


def test_the_agent_pauses_while_what_is_too_much_waits_for_a_worker(
    one: OneCopy, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports = one.scene.settings.imports.model_dump()
    one.scene.settings = one.scene.with_settings(imports={**imports, "backoff_seconds": 3600.0})
    spoilt, *paths = [one.put(f"{number}.ome.tiff") for number in range(3)]
    one.settle()
    one.spoil(spoilt)
    one.move(spoilt)
    one.settle()  # it rests, but is looked at by each sweep
    for path in paths:
        one.place(path).unlink()
        one.scene.mark(path)
    let_go, stop, swept = threading.Event(), Watched(), list[Report]()

    def slowly(repository: Repository, file: ManagedFile, blocks: Iterable[bytes]) -> int:
        assert let_go.wait(60)
        return refill(repository, file, blocks)

    monkeypatch.setattr("irods_omero.agent.one_copy.cache.refill", slowly)
    with serving(one, 3600.0, parallel=2, per_sweep=1) as connections:
        agent = threading.Thread(target=run, args=(connections, stop, swept.append))
        agent.start()
        try:
            one.scene.wait_until(lambda: stop.waited > 2 or len(swept) > 3, "it waits")
            assert stop.waited > 2
            assert (swept[-1].postponed, swept[-1].observed) == (1, 1)
            let_go.set()
            one.scene.wait_until(lambda: all(one.place(path).exists() for path in paths), "both are back")
        finally:
            let_go.set()
            stop.set()
            agent.join(60)


def test_a_copy_that_cannot_be_removed_is_listed_with_its_cause_and_tried_anew_when_somebody_says_so(
    one: OneCopy,
) -> None:
    imports = one.scene.settings.imports.model_dump()
    one.scene.settings = one.scene.with_settings(imports={**imports, "backoff_seconds": 3600.0})
    path = one.put()
    one.settle()
    place = one.spoil(path)
    one.move(path)
    one.settle(3)
    assert place.exists()
    with ZoneConnection(one.scene.settings.zone) as zone:
        status = summarise(read_status(one.scene.settings, zone), one.scene.settings)
    (cause,) = [each for each in status.causes if each.example == path]
    assert cause.kind == HINDERED
    assert "are not those that OMERO knows" in cause.text
    assert any(cause.text in problem for problem in status.problems)
    place.write_bytes(PICTURE)
    one.settle()
    assert place.exists()
    with one.scene.connections() as connections:
        (retried,) = retry(connections, [path])
    assert "are not those that OMERO knows" in retried.reason
    one.settle()
    assert not place.exists()
    assert one.scene.avus(path, "omero::error") == []
