"""Posts notifications to webhooks: from threads of their own, so that a slow receiver keeps nobody waiting."""

from __future__ import annotations

import hashlib
import hmac
import queue
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import requests
from tenacity import (
    RetryError,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_attempt,
    stop_when_event_set,
    wait_random_exponential,
)

from irods_omero.agent.activity import Activity, ActivityListener
from irods_omero.agent.monitoring.notification import NewsCollector, Notification, Sender
from irods_omero.agent.report import Report
from irods_omero.domain.planning.news import News
from irods_omero.errors import SettingsError
from irods_omero.logs import log
from irods_omero.settings import Settings, WebhookSettings, read_secret_file

SIGNATURE = "X-Irods-Omero-Signature"
TIMESTAMP = "X-Irods-Omero-Timestamp"

WAITING = 100
"""At most this many notifications wait for one webhook; further ones are dropped, and the log says so."""

ATTEMPTS = 10
LONGEST_PAUSE = 300.0
TIMEOUT = 10.0
"""Seconds to wait for a connection, and for an answer."""

TO_BE_TRIED_AGAIN = (408, 425, 429)
"""Besides all answers from 500 on: the receiver says that it may take it later."""


class Undelivered(Exception):  # noqa: N818 - not yet an error
    """It may be tried again."""


class Webhooks(ActivityListener):
    """Tells the webhooks of the configuration what people should know; a context manager."""

    def __init__(self, settings: Settings, activity: Activity, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives the time, seconds since 1970.

        Raises:
            SettingsError: A file with a secret or an address cannot be read.
        """
        notify = settings.notify
        sender = Sender(settings.zone.name, settings.omero.name, settings.agent.shards)
        self._collector = NewsCollector(sender, notify.interval_seconds, notify.many)
        self._clock = clock
        self.posters: Sequence[Poster] = [_poster(webhook) for webhook in notify.webhooks]
        activity.listeners.append(self)

    def on_news(self, news: News) -> None:
        """Take note; what is told at the end of the sweep counts all its units."""
        self._collector.add(news, self._clock())

    def on_sweep(self, report: Report, seconds: float) -> None:
        """Hand over what is due."""
        self._hand_over()

    def on_trouble(self, error: str) -> None:
        """Hand over what is due."""
        self._hand_over()

    def _hand_over(self) -> None:
        for notification in self._collector.due(self._clock()):
            for poster in self.posters:
                poster.hand_over(notification)

    def __enter__(self) -> Webhooks:
        for poster in self.posters:
            poster.start()
        return self

    def __exit__(self, *_: Any) -> None:
        for poster in self.posters:
            poster.stop()


class Poster:
    """Posts to one webhook, one notification after the other."""

    def __init__(self, address: str, secret: str | None, timeout: float = TIMEOUT, pause: float = 5.0) -> None:
        """Set up.

        Args:
            address: The webhook, which may hold a secret of its own: it is in no log.
            secret: What notifications are signed with, None for no signature.
            timeout: Seconds to wait for a connection, and for an answer.
            pause: Seconds before the second attempt, twice as long before each further one, by chance less.
        """
        self._address = address
        self._host = urlsplit(address).hostname or ""
        self._secret = secret
        self._timeout = timeout
        self._pause = pause
        self._queue: queue.Queue[Notification | None] = queue.Queue(WAITING)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"webhook {self._host}", daemon=True)

    def start(self) -> None:
        """Begin to post."""
        self._thread.start()

    def hand_over(self, notification: Notification) -> None:
        """Have it posted; returns at once."""
        try:
            self._queue.put_nowait(notification)
        except queue.Full:
            log.error("notification dropped: too many wait", host=self._host, notification=notification.text)

    def stop(self) -> None:
        """Try what waits once more, but not for long; what is left then is in the log."""
        self._stopping.set()
        with suppress(queue.Full):  # then it is at work, and looks at the event after each
            self._queue.put_nowait(None)
        self._thread.join(timeout=self._timeout)
        if self._thread.is_alive():
            log.warning("a notification may not have been delivered: the agent ends", host=self._host)
        while not self._queue.empty():
            left = self._queue.get_nowait()
            if left is not None:
                log.error("notification dropped: the agent ends", host=self._host, notification=left.text)

    def _run(self) -> None:
        while (notification := self._next()) is not None:
            try:
                self._deliver(notification)
            except Exception:
                log.exception("notification dropped", host=self._host, notification=notification.text)

    def _next(self) -> Notification | None:
        """The next one, None when there is to be no more."""
        try:
            return self._queue.get(block=not self._stopping.is_set())
        except queue.Empty:
            return None

    def _deliver(self, notification: Notification) -> None:
        retrying = Retrying(
            retry=retry_if_exception_type(Undelivered),
            stop=stop_after_attempt(ATTEMPTS) | stop_when_event_set(self._stopping),
            wait=wait_random_exponential(multiplier=self._pause, max=LONGEST_PAUSE),
            sleep=sleep_using_event(self._stopping),
        )
        body = notification.model_dump_json().encode()
        try:
            retrying(self._post, body, notification.text)
        except RetryError as error:
            cause = str(error.last_attempt.exception())
            log.error("notification dropped", host=self._host, notification=notification.text, error=cause)

    def _post(self, body: bytes, text: str) -> None:
        headers = {"Content-Type": "application/json", "User-Agent": "irods-omero"}
        if self._secret is not None:
            now = str(int(time.time()))
            headers |= {TIMESTAMP: now, SIGNATURE: sign(self._secret, now, body)}
        try:
            # What the receiver says is of no interest, and may be long: it is not read.
            answer = requests.post(
                self._address, data=body, headers=headers, timeout=self._timeout, allow_redirects=False, stream=True
            )
        except requests.RequestException as error:
            # Its text has the address.
            raise Undelivered(type(error).__name__) from None
        answer.close()
        if answer.status_code >= 500 or answer.status_code in TO_BE_TRIED_AGAIN:
            raise Undelivered(f"it answered with {answer.status_code}")
        if not answer.ok or answer.is_redirect:
            log.error("notification refused", host=self._host, notification=text, status=answer.status_code)


def _poster(webhook: WebhookSettings) -> Poster:
    address, secret = webhook.url, None
    if webhook.url_file is not None:
        address = read_secret_file(webhook.url_file, "the file with the address of a webhook")
    assert address is not None
    if not address.startswith(("https://", "http://")):
        raise SettingsError(f"{webhook.url_file}: the address of a webhook starts with https://")
    if webhook.secret_file is not None:
        secret = read_secret_file(webhook.secret_file, "the file with the secret of a webhook")
    return Poster(address, secret)


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a body: HMAC-SHA256, in hexadecimal, over the timestamp, a full stop and the body."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"
