"""What the status command says of both servers, and what agents say of themselves."""

from __future__ import annotations

import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from irods.models import Collection
from prometheus_client.parser import text_string_to_metric_families

from irods_omero.agent.activity import Activity
from irods_omero.agent.monitoring.heartbeat import Heartbeat
from irods_omero.agent.report import Report
from irods_omero.agent.service import run
from irods_omero.agent.sweep import Sweeper
from irods_omero.cli import main
from irods_omero.gateways.zone.connection import ZoneConnection
from irods_omero.status.heartbeat_record import SECONDS
from irods_omero.status.reading import read_beats
from irods_omero.vocabulary import DIRECTORY, Names
from lab.ports import free_port
from tests.end_to_end.conftest import Places
from tests.end_to_end.directories import put_run
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import FAST
from tests.scene.places import AGENT_USER
from tests.scene.units import put

pytestmark = pytest.mark.lab_only("counts what there is in the whole zone, or stops a server")


def status(scene: Scene, *options: str) -> tuple[int, dict[str, Any]]:
    run = CliRunner().invoke(main, ["--config", str(scene.config), "status", "--json", *options])
    assert run.exception is None or isinstance(run.exception, SystemExit), run.output
    return run.exit_code, json.loads(run.stdout)


def once(scene: Scene) -> None:
    scene.agent_once()


def test_of_a_zone_where_all_is_well_it_says_so(scene: Scene) -> None:
    picture = retina(32)
    scene.put("a.ome.tiff", picture)
    once(scene)
    code, shown = status(scene)
    assert (code, shown["problems"]) == (0, [])
    (agent,) = shown["agents"]
    assert (agent["shards"], agent["speaks"], agent["beat"]["report"]["imported"]) == ("0-63", True, 1)
    assert shown["backlog"] == []
    assert {"tier": "fast", "resource": FAST, "replicas": 1, "size": len(picture)} in shown["tiers"]
    assert shown["behind"] is not None


def test_it_says_what_waits_and_what_has_failed_and_why(scene: Scene) -> None:
    known = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    broken = [scene.put(f"{name}.ome.tiff", b"no image at all") for name in "bc"]
    for _ in range(3):
        scene.sweep()
    nobody = scene.put("nobody.ome.tiff", retina(48))
    scene.sweep(omero={"users": {scene.user.username: "nobody-here"}})
    scene.ask_by_avu(known, "archive")
    code, shown = status(scene)
    assert code == 1
    assert {(each["kind"], each["pending"], each["taken"]) for each in shown["backlog"]} == {
        ("to be imported", 1, 0),
        ("with images", 1, 0),
    }
    assert all(0 <= each["oldest_seconds"] <= shown["oldest_seconds"] for each in shown["backlog"])
    given_up, hindered = shown["causes"]
    assert (given_up["kind"], given_up["units"], given_up["example"]) == ("given up", 2, broken[0])
    assert "Unknown file format" in given_up["text"]
    assert (hindered["kind"], hindered["example"]) == ("hindered", nobody)
    assert [(each["word"], each["state"]) for each in shown["requests"]] == [("archive", "not seen yet")]
    assert any("nobody-here" in problem for problem in shown["problems"])
    assert not any("Unknown file format" in problem for problem in shown["problems"]), "its users were told"


def test_what_is_held_where_it_is_by_request_is_told(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.ask_by_avu(path, "keep")
    scene.sweep()
    _, shown = status(scene, "--no-omero")
    assert [(each["word"], each["state"], each["units"]) for each in shown["requests"]] == [("keep", "holds", 1)]


def test_a_unit_of_several_counts_once_and_a_directory_that_cannot_be_imported_counts(scene: Scene) -> None:
    scene.watch(DIRECTORY)
    paths = put_run(scene)
    for name in "ab":
        put(scene, f"other/{name}.tiff", retina(32))
    scene.sweep()
    scene.ask_by_avu(paths[0], "keep")
    scene.sweep()
    _, shown = status(scene, "--no-omero")
    assert [(each["word"], each["units"]) for each in shown["requests"]] == [("keep", 1)]
    (cause,) = shown["causes"]
    assert (cause["kind"], cause["units"]) == ("to be corrected", 1)
    assert cause["example"] == f"{scene.collection}/other"


def test_with_omero_down_it_says_so_and_all_else(scene: Scene, places: Places) -> None:
    lab = places[1].lab
    assert lab is not None
    lab.stop()
    try:
        scene.put("a.ome.tiff", retina(32))
        once(scene)
        code, shown = status(scene)
        quiet, _ = status(scene, "--no-omero")
    finally:
        lab.start()
    scene.connect_to_omero()
    assert (code, quiet) == (1, 1)
    assert any(problem.startswith("OMERO cannot be asked") for problem in shown["problems"])
    assert "cannot sweep" in shown["problems"][0], "so says the agent, too"
    assert {each["kind"]: each["pending"] for each in shown["backlog"]} == {"collection": 1, "to be imported": 1}


def test_people_get_one_screen(scene: Scene) -> None:
    scene.put("[b]broken[.ome.tiff", b"no image at all")
    for _ in range(3):
        scene.sweep()
    once(scene)
    run = CliRunner().invoke(main, ["--config", str(scene.config), "status"], env={"COLUMNS": "200"})
    assert run.exit_code == 0
    for word in ("all is well", "agent of shards", "given up", "[b]broken[.ome.tiff", "fast"):
        assert word in run.output


def test_a_heartbeat_is_written_at_most_once_a_minute_and_marks_nothing(scene: Scene) -> None:
    now, activity = [1_800_000_000.0], Activity()

    def started() -> Heartbeat:
        return Heartbeat(scene.settings, activity, clock=lambda: now[0])

    agent = started()
    activity.swept(Report(observed=3), 0.5)
    assert [agent.beat(), agent.beat(), started().beat()] == [True, False, False]
    now[0] += SECONDS - 1
    assert [agent.beat(), started().beat()] == [False, False]
    now[0] += 1
    before = scene.writes()[0]
    agent = started()
    activity.broken_off("OMERO is down")
    assert [agent.beat(), agent.beat()] == [True, False]
    assert scene.writes()[0] == before + 1
    with ZoneConnection(scene.settings.zone) as zone:
        (beat,) = read_beats(scene.settings, zone, Names()).values()
    assert (beat.at, beat.report, beat.trouble) == (now[0], {}, "OMERO is down")
    home = f"/{scene.zone.zone}/home/{AGENT_USER}"
    assert not [avu for avu in scene.admin.metadata.get(Collection, home) if avu.name == "omero::sync"]


def test_two_agents_that_were_given_the_same_shards_tell_of_each_other(scene: Scene) -> None:
    now = [1_800_000_000.0]
    one = Heartbeat(scene.settings, Activity(), clock=lambda: now[0])
    assert one.beat()
    now[0] += 10
    other = Heartbeat(scene.settings, Activity(), clock=lambda: now[0])

    def beside(agent: Heartbeat) -> str:
        now[0] += SECONDS
        assert agent.beat()
        with ZoneConnection(scene.settings.zone) as zone:
            (beat,) = read_beats(scene.settings, zone, Names()).values()
        return beat.beside

    assert [beside(other), beside(one), beside(other)] == ["", socket.gethostname(), socket.gethostname()]
    assert [beside(other), beside(other)] == ["", ""], "the one beside it has ended"


def test_an_import_under_way_is_told_while_it_lasts(scene: Scene, places: Places) -> None:
    lab = places[1].lab
    assert lab is not None
    picture = retina(32)
    path = scene.put("a.ome.tiff", picture)
    lab.disturb("verifyUpload", "delay", seconds=8)
    try:
        with scene.connections() as connections, ThreadPoolExecutor() as pool:
            heart = Heartbeat(scene.settings, connections.activity)
            sweeping = pool.submit(Sweeper(connections).sweep)
            scene.wait_until(lambda: lab.is_delaying("verifyUpload"), "the agent is importing")
            assert heart.beat()
            _, shown = status(scene, "--no-omero")
            assert sweeping.result().imported == 1
            assert connections.activity.under_way() == ()
    finally:
        lab.calm()
    (under_way,) = shown["under_way"]
    assert (under_way["path"], under_way["done"], under_way["size"]) == (path, len(picture), len(picture))


def test_the_agent_serves_metrics_while_it_runs_and_no_longer(scene: Scene) -> None:
    picture, address = retina(32), f"127.0.0.1:{free_port()}"
    scene.put("a.ome.tiff", picture)
    scene.put("broken.ome.tiff", b"no image at all")
    stop, texts, reports = threading.Event(), list[str](), list[Report]()

    def swept(report: Report) -> None:
        reports.append(report)
        if sum(each.imported for each in reports) and sum(each.failed for each in reports):
            texts.append(requests.get(f"http://{address}/metrics", timeout=60).text)
            stop.set()

    with scene.connections(agent={"metrics": address}, imports={"backoff_seconds": 3600.0}) as connections:
        run(connections, stop, swept)
    families = {family.name: family for text in texts for family in text_string_to_metric_families(text)}
    samples = {
        " ".join([one.name, *one.labels.values()]): one.value for each in families.values() for one in each.samples
    }
    assert samples["irods_omero_units_total imported"] == 1
    assert samples["irods_omero_imported_bytes_total"] == len(picture)
    assert samples["irods_omero_import_seconds_count"] == 1
    assert samples["irods_omero_failures_total tried again"] == 1
    assert samples["irods_omero_zone_up"] == 1
    assert samples["irods_omero_tier_objects fast"] == 2
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://{address}/metrics", timeout=60)


def test_webhooks_are_told_what_needs_a_person_while_the_agent_runs(scene: Scene) -> None:
    posted, stop = list[dict[str, Any]](), threading.Event()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()
            stop.set()

    broken = [scene.put(f"{name}.ome.tiff", b"no image at all") for name in "bc"]
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    webhooks = {"webhooks": [{"url": f"http://127.0.0.1:{server.server_port}/"}]}
    try:
        one_by_one = {**scene.settings.imports.model_dump(), "parallel": 1}  # otherwise they may end in two sweeps
        with scene.connections(notify=webhooks, agent={"interval_seconds": 0.01}, imports=one_by_one) as connections:
            run(connections, stop, lambda _: None)
    finally:
        server.shutdown()
        server.server_close()
    (told,) = posted
    assert (told["event"], told["units"], told["example"]) == ("given_up", 2, broken[0])
    assert "Unknown file format" in told["cause"]
