"""Webhooks against a real HTTP server, which is slow, refuses, or dies."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from irods_omero.agent.activity import Activity
from irods_omero.agent.monitoring import webhooks
from irods_omero.agent.monitoring.notification import Notification
from irods_omero.agent.monitoring.webhooks import SIGNATURE, TIMESTAMP, Poster, Webhooks, sign
from irods_omero.agent.report import Report
from irods_omero.domain.planning.news import News
from irods_omero.domain.rules.causes import GIVEN_UP
from irods_omero.errors import SettingsError
from irods_omero.settings import Settings
from lab.ports import free_port

PATIENCE = 60.0


@dataclass
class Posted:
    """One request as the receiver has it."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def notification(self) -> Notification:
        return Notification.model_validate_json(self.body)


@dataclass
class Receiver:
    """An HTTP server that answers as a test says.

    Attributes:
        answers: Statuses of the next answers; 0 breaks the connection off. Later ones are 204.
        open: While this is not set, nothing is answered.
    """

    port: int
    answers: list[int] = field(default_factory=list)
    posted: list[Posted] = field(default_factory=list)
    open: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/very-secret-token"

    def take(self, posted: Posted) -> int:
        with self.arrived:
            self.posted.append(posted)
            self.arrived.notify_all()
            status = self.answers.pop(0) if self.answers else 204
        self.open.wait(PATIENCE)
        return status

    def wait_for(self, count: int) -> list[Posted]:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.posted) >= count, PATIENCE)
            return list(self.posted)


def serving(receiver: Receiver) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = receiver.take(Posted(self.path, dict(self.headers), body))
            if status == 0:
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", receiver.port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver(free_port())
    made.open.set()
    server = serving(made)
    yield made
    made.open.set()
    server.shutdown()
    server.server_close()


MakePoster = Callable[..., Poster]


@pytest.fixture
def poster() -> Iterator[MakePoster]:
    made: list[Poster] = []

    def make(address: str, secret: str | None = None, timeout: float = PATIENCE) -> Poster:
        made.append(Poster(address, secret, timeout, pause=0.01))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.stop()


def notification(number: int = 1) -> Notification:
    return Notification(
        id=f"id {number}",
        event="given_up",
        text=f"notification {number}",
        cause="no such user",
        units=1,
        example="/lab/home/alice/ä.tif",
        first="2026-01-31T12:00:00Z",
        last="2026-01-31T12:00:00Z",
        zone="lab",
        server="omero",
        shards="0-63",
    )


def test_what_is_told_arrives_once_as_json(receiver: Receiver, poster: MakePoster) -> None:
    poster(receiver.url).hand_over(notification())
    (posted,) = receiver.wait_for(1)
    assert posted.notification == notification()
    assert posted.headers["Content-Type"] == "application/json"
    assert SIGNATURE not in posted.headers


def test_it_is_signed_with_the_secret(receiver: Receiver, poster: MakePoster) -> None:
    poster(receiver.url, "sesame").hand_over(notification())
    (posted,) = receiver.wait_for(1)
    assert posted.headers[SIGNATURE] == sign("sesame", posted.headers[TIMESTAMP], posted.body)
    assert posted.headers[SIGNATURE] != sign("other", posted.headers[TIMESTAMP], posted.body)


@pytest.mark.parametrize("trouble", [500, 503, 429, 0])
def test_a_receiver_in_trouble_is_tried_again_with_the_same_id(
    receiver: Receiver, poster: MakePoster, trouble: int
) -> None:
    receiver.answers = [trouble, trouble]
    one = poster(receiver.url)
    one.hand_over(notification(1))
    one.hand_over(notification(2))
    posted = receiver.wait_for(4)
    assert [each.notification.id for each in posted] == ["id 1", "id 1", "id 1", "id 2"]


@pytest.mark.parametrize("refusal", [400, 401, 404, 302])
def test_a_refusal_is_told_in_the_log_and_keeps_nobody_waiting(
    receiver: Receiver, poster: MakePoster, refusal: int
) -> None:
    receiver.answers = [refusal]
    with capture_logs() as logs:
        one = poster(receiver.url)
        one.hand_over(notification(1))
        one.hand_over(notification(2))
        posted = receiver.wait_for(2)
    assert [each.notification.id for each in posted] == ["id 1", "id 2"]
    (refused,) = [line for line in logs if line["event"] == "notification refused"]
    assert (refused["status"], refused["notification"]) == (refusal, "notification 1")
    assert "very-secret-token" not in str(logs)


def test_a_receiver_that_was_down_gets_it_when_it_is_back(poster: MakePoster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "ATTEMPTS", 10_000)
    monkeypatch.setattr(webhooks, "LONGEST_PAUSE", 0.05)
    failed, post = threading.Event(), Poster._post

    def noticed(self: Poster, *arguments: Any) -> None:
        try:
            post(self, *arguments)
        except webhooks.Undelivered:
            failed.set()
            raise

    monkeypatch.setattr(Poster, "_post", noticed)
    receiver = Receiver(free_port())
    receiver.open.set()
    poster(receiver.url).hand_over(notification())
    assert failed.wait(PATIENCE)
    server = serving(receiver)
    try:
        assert [each.notification for each in receiver.wait_for(1)] == [notification()]
    finally:
        server.shutdown()
        server.server_close()


def test_what_cannot_be_delivered_is_dropped_and_the_log_says_so_without_the_address(
    receiver: Receiver, poster: MakePoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "ATTEMPTS", 3)
    receiver.answers = [0, 0, 0]
    with capture_logs() as logs:
        one = poster(receiver.url)
        one.hand_over(notification(1))
        one.hand_over(notification(2))
        assert receiver.wait_for(4)[-1].notification.id == "id 2"
    (dropped,) = [line for line in logs if line["event"] == "notification dropped"]
    assert dropped["notification"] == "notification 1"
    assert "very-secret-token" not in str(logs)


def test_a_receiver_that_does_not_answer_is_given_up_in_time(receiver: Receiver, poster: MakePoster) -> None:
    receiver.open.clear()
    poster(receiver.url, timeout=0.2).hand_over(notification())
    assert [each.notification.id for each in receiver.wait_for(2)] == ["id 1", "id 1"]


def test_a_slow_receiver_keeps_nobody_waiting_and_what_is_too_much_is_dropped(
    receiver: Receiver, poster: MakePoster
) -> None:
    receiver.open.clear()
    one = poster(receiver.url)
    one.hand_over(notification(0))
    receiver.wait_for(1)  # it is at work on this, and does not come to the end of it
    with capture_logs() as logs:
        for number in range(webhooks.WAITING + 2):
            one.hand_over(notification(number + 1))
    dropped = [line["notification"] for line in logs]
    assert dropped == [f"notification {webhooks.WAITING + 1}", f"notification {webhooks.WAITING + 2}"]
    receiver.open.set()
    receiver.wait_for(webhooks.WAITING + 1)


def test_at_its_end_the_agent_tries_once_more_and_says_what_is_left(receiver: Receiver) -> None:
    receiver.answers = [503] * 3
    one = Poster(receiver.url, None, PATIENCE, pause=PATIENCE)
    one.start()
    for number in (1, 2):
        one.hand_over(notification(number))
    receiver.wait_for(1)
    with capture_logs() as logs:
        one.stop()
    ids = [each.notification.id for each in receiver.posted]
    assert ids in (["id 1", "id 2"], ["id 1", "id 1", "id 2"])
    assert [line["notification"] for line in logs if "dropped" in line["event"]] == ["notification 1", "notification 2"]


def configured(**webhook: str) -> Settings:
    sections = {
        "zone": {"name": "lab", "host": "icat", "user": "omero-agent"},
        "omero": {"host": "omero", "user": "irods-agent"},
        "watch": {"roots": ["/lab/home/lab"]},
        "notify": {"webhooks": [webhook]},
    }
    return Settings.model_validate(sections)


def test_a_sweep_tells_each_webhook_of_what_happened_in_it(receiver: Receiver, tmp_path: Path) -> None:
    address, secret = tmp_path / "url", tmp_path / "secret"
    address.write_text(f"{receiver.url}\n")
    secret.write_text("sesame\n")
    activity = Activity()
    with Webhooks(configured(url_file=str(address), secret_file=str(secret)), activity):
        for number in range(3):
            activity.tell(News(GIVEN_UP, "unknown file format", f"/lab/home/lab/{number}.tif"))
        assert receiver.posted == []
        activity.swept(Report(), 0.1)
        (posted,) = receiver.wait_for(1)
    assert (posted.notification.units, posted.notification.zone) == (3, "lab")
    assert posted.headers[SIGNATURE] == sign("sesame", posted.headers[TIMESTAMP], posted.body)


def test_an_address_or_secret_that_cannot_be_read_is_a_mistake_in_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("chat.example.org")
    for webhook, said in [
        ({"url_file": str(tmp_path / "none")}, "with the address of a webhook cannot be read"),
        ({"url_file": str(tmp_path / "url")}, "starts with https://"),
        (
            {"url": "https://a.example.org", "secret_file": str(tmp_path / "none")},
            "with the secret of a webhook",
        ),
    ]:
        with pytest.raises(SettingsError, match=said):
            Webhooks(configured(**webhook), Activity())


def test_a_webhook_has_one_address() -> None:
    for webhook in ({}, {"url": "https://a.example.org", "url_file": "/etc/url"}):
        with pytest.raises(ValueError, match="either url or url_file"):
            configured(**webhook)
