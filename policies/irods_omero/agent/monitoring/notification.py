"""What is told to webhooks, and when: one notification for each cause and interval, whatever the number of units."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from irods_omero.domain.planning.news import News
from irods_omero.domain.rules.causes import GIVEN_UP, HELD_BACK, HINDERED, REFUSED, UNANSWERED, cause_of
from irods_omero.domain.state.texts import timestamp

Event = Literal["given_up", "hindered", "removals_held", "request_refused", "request_unanswered"]

EVENTS: dict[str, Event] = {
    GIVEN_UP: "given_up",
    HINDERED: "hindered",
    HELD_BACK: "removals_held",
    REFUSED: "request_refused",
    UNANSWERED: "request_unanswered",
}

SENTENCES: dict[Event, str] = {
    "given_up": "given up after several attempts",
    "hindered": "cannot be imported, or have OMERO's copy changed, for a cause outside the file",
    "removals_held": "would lose values or images at once; nothing is removed until somebody decides",
    "request_refused": "had a request refused",
    "request_unanswered": "wait for an answer to a request",
}

MOST_CAUSES = 1000
MOST_UNITS = 100_000
"""More than these are not told apart, so that memory stays within bounds."""


class Notification(BaseModel):
    """What is posted to a webhook."""

    model_config = ConfigDict(title="Notification of irods-omero")

    version: Literal[1] = Field(default=1, description="Version of this format.")
    id: str = Field(description="The same for all attempts to deliver this notification, and for no other one.")
    event: Event = Field(description="What happened.")
    text: str = Field(description="All of it in one sentence, as chat systems show it.")
    cause: str = Field(description="Why, without what is only one unit's own; the same text for the same cause.")
    units: int = Field(ge=1, description="How many units it concerns since the last notification of this cause.")
    example: str = Field(description="Logical path of one of them.")
    first: str = Field(description="When it happened first, in UTC, as in 2026-01-31T12:00:00Z.")
    last: str = Field(description="When it happened last.")
    zone: str = Field(description="Name of the zone.")
    server: str = Field(description="Name of the OMERO server, as in the units of AVUs.")
    shards: str = Field(description="The shards of the agent.")


def schema_text() -> str:
    """The JSON Schema of what is posted, as it is published."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Notification.model_json_schema()}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


@dataclass(frozen=True)
class Sender:
    """Who tells: the zone, the OMERO server and the shards of the agent."""

    zone: str
    server: str
    shards: str


@dataclass
class _Told:
    """What is to be told of one cause."""

    first: float = 0.0
    last: float = 0.0
    sent: float | None = None
    units: set[str] = field(default_factory=set)


class NewsCollector:
    """Collects news, and gives for each cause a notification when one is due."""

    def __init__(self, sender: Sender, interval: float, many: int) -> None:
        """Set up.

        Args:
            sender: Who tells.
            interval: Seconds between two notifications of one cause.
            many: How many units a cause outside their files must concern to be told of.
        """
        self._sender = sender
        self._interval = interval
        self._many = many
        self._lock = threading.Lock()
        self._causes: dict[tuple[Event, str], _Told] = {}

    def add(self, news: News, now: float) -> None:
        """Take note of something; ``now`` is in seconds since 1970."""
        event = EVENTS.get(news.kind)
        if event is None:
            return
        with self._lock:
            key = (event, cause_of(news.text, news.path))
            if key not in self._causes and len(self._causes) >= MOST_CAUSES:
                key = (event, "other causes")
            told = self._causes.setdefault(key, _Told())
            if not told.units:
                told.first = now
            told.last = now
            if len(told.units) < MOST_UNITS:
                told.units.add(news.path)

    def due(self, now: float) -> list[Notification]:
        """The notifications that are due, each given once."""
        with self._lock:
            made = []
            for (event, cause), told in self._causes.items():
                enough = self._many if event == "hindered" else 1
                if len(told.units) >= enough and (told.sent is None or now - told.sent >= self._interval):
                    made.append(self._notification(event, cause, told))
                    told.units, told.sent = set(), now
            self._forget(now)
            return made

    def _forget(self, now: float) -> None:
        """Drop the causes of which nothing was heard for two intervals."""
        self._causes = {
            key: told
            for key, told in self._causes.items()
            if now - max(told.last, told.sent or 0.0) < 2 * self._interval
        }

    def _notification(self, event: Event, cause: str, told: _Told) -> Notification:
        units, sender = len(told.units), self._sender
        subject = "1 unit" if units == 1 else f"{units} units"
        example = min(told.units)
        return Notification(
            id=str(uuid4()),
            event=event,
            text=f"irods-omero, zone {sender.zone}: {subject} {SENTENCES[event]}: {cause} (for example {example})",
            cause=cause,
            units=units,
            example=example,
            first=timestamp(told.first),
            last=timestamp(told.last),
            zone=sender.zone,
            server=sender.server,
            shards=sender.shards,
        )
