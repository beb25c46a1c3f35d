"""A tag or an AVU asks, storage tiering moves, and both sides show what became of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from irods_omero.agent.reconcile import Reconciler
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.gateways.zone.movement import queued_movements
from tests.pictures import lab_book, retina
from tests.scene import Scene, Snapshot


@pytest.fixture
def path(scene: Scene) -> str:
    """An imported image on the fast tier."""
    made = scene.put("a.ome.tiff", retina())
    scene.sweep()
    return made


def is_quiet(shown: Snapshot) -> bool:
    return not shown.values("omero::request") and not shown.image.texts & {"archive", "restage", "keep"}


def run_reconcile(scene: Scene) -> None:
    with scene.connections() as connections:
        for _ in Reconciler(connections).run():
            pass


def test_a_tag_moves_the_data_there_and_back(scene: Scene, path: str) -> None:
    for request, resource in (("archive", "archive"), ("restage", "fast")):
        scene.ask_by_tag(scene.shown(path).image.id, request)
        scene.sweep()
        assert scene.shown(path).values("omero::request") == [request]
        scene.wait_for(resource, path)
        scene.sweep()
        shown = scene.shown(path)
        assert shown.image.texts == {"registered", f"tier:{resource}"}
        assert shown.image.archived == (resource == "archive")
        assert is_quiet(shown)


def test_an_avu_moves_the_data_there_and_back(scene: Scene, path: str) -> None:
    for request, resource in (("archive", "archive"), ("restage", "fast")):
        scene.ask_by_avu(path, request)
        scene.sweep()
        assert request in scene.shown(path).image.texts
        scene.wait_for(resource, path)
        scene.sweep()
        assert is_quiet(scene.shown(path))


@pytest.mark.parametrize("last", ["iRODS", "OMERO"])
def test_of_two_requests_the_last_one_stands(scene: Scene, path: str, last: str) -> None:
    if last == "iRODS":
        scene.need_times_of_avus()
    image = scene.shown(path).image.id
    asks: list[Callable[[], None]] = [
        lambda: scene.ask_by_avu(path, "archive"),
        lambda: scene.ask_by_tag(image, "keep"),
    ]
    for ask in asks if last == "OMERO" else asks[::-1]:
        ask()
        scene.let_a_second_pass()
    scene.sweep()
    shown = scene.shown(path)
    wanted = "keep" if last == "OMERO" else "archive"
    assert shown.values("omero::request") == [wanted]
    assert shown.image.texts & {"archive", "keep"} == {wanted}


def test_a_request_that_is_served_already_is_consumed_at_once(scene: Scene, path: str) -> None:
    scene.ask_by_avu(path, "restage")
    scene.sweep()
    assert is_quiet(scene.shown(path))


def test_a_movement_that_ends_while_the_agent_looks_is_not_queued_again(
    scene: Scene, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.ask_by_avu(path, "archive")
    scene.sweep()

    def late(zone: ZoneConnection) -> dict[str, set[str]]:
        scene.wait_for("archive", path)
        scene.wait_until(lambda: not scene.movements(), "the movement is out of the queue")
        return queued_movements(zone)

    with monkeypatch.context() as slow:
        slow.setattr("irods_omero.agent.movements.queued_movements", late)
        run_reconcile(scene)
    assert scene.movements() == []
    assert is_quiet(scene.shown(path))


def test_keep_stays_until_it_is_taken_away(scene: Scene, path: str) -> None:
    scene.ask_by_avu(path, "keep")
    scene.sweep()
    image = scene.shown(path).image
    assert "keep" in image.texts
    scene.take_tag_away(image.id, "keep")
    scene.sweep()
    assert is_quiet(scene.shown(path))


def test_a_request_that_nobody_can_serve_is_answered_with_a_reason_on_both_sides(scene: Scene) -> None:
    elsewhere = scene.put("b.ome.tiff", retina(), resource="demoResc")
    scene.sweep()
    scene.ask_by_avu(elsewhere, "archive")
    scene.sweep()
    shown = scene.shown(elsewhere)
    assert is_quiet(shown)
    (reason,) = shown.values("omero::error")
    assert "refused" in reason
    assert dict(shown.image.pairs)["error"] == reason


def test_tiering_by_itself_is_shown(scene: Scene, path: str) -> None:
    since = dict(scene.shown(path).image.pairs)["since"]
    scene.grow_old(path)
    scene.run_tiering()
    scene.wait_for("archive", path)
    scene.sweep()
    shown = scene.shown(path)
    assert shown.image.texts == {"registered", "tier:archive"}
    assert shown.image.archived
    assert dict(shown.image.pairs)["since"] >= since


def test_a_state_tag_that_a_user_takes_away_is_put_back(scene: Scene, path: str) -> None:
    scene.take_tag_away(scene.shown(path).image.id, "tier:fast")

    def is_put_back() -> bool:  # OMERO's indexer tells some seconds later of which image it was
        scene.sweep()
        return scene.shown(path).image.texts == {"registered", "tier:fast"}

    scene.wait_until(is_put_back, "the tag is back")


@pytest.mark.parametrize("side", ["iRODS", "OMERO"])
def test_a_request_does_not_wait_for_the_next_attempt_of_an_import(scene: Scene, path: str, side: str) -> None:
    image, later = scene.shown(path).image.id, {"imports": {"attempts": 3, "backoff_seconds": 3600.0}}
    scene.put("a.ome.tiff", lab_book())
    scene.sweep(**later)
    assert scene.avus(path, "omero::error"), "its new content was tried, and is no image"
    if side == "iRODS":
        scene.ask_by_avu(path, "keep")
    else:
        scene.ask_by_tag(image, "keep")

    def both_show_it() -> bool:  # a real OMERO tells of it some time later
        scene.sweep(**later)
        return scene.avus(path, "omero::request") == ["keep"] and "keep" in scene.image(image).texts

    scene.wait_until(both_show_it, "both sides show the request")
    assert scene.avus(path, "omero::sync") == ["pending"], "the next attempt is due later"
    assert scene.sweep(**later).waiting >= 1
