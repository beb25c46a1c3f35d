"""How things stand on one screen, for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from irods_omero.domain.rules.causes import GIVEN_UP, HELD_BACK, HINDERED
from irods_omero.domain.state.texts import timestamp
from irods_omero.status.agents import AgentState
from irods_omero.status.heartbeat_record import CACHE_BYTES, CACHE_MOST_BYTES
from irods_omero.status.summary import OVERDUE, Status

MINUTE, HOUR, DAY = 60, 3600, 86400

CAUSES_SHOWN = 12

STYLES = {GIVEN_UP: "yellow", HINDERED: "bold red", HELD_BACK: "bold red", OVERDUE: "bold red"}


def screen(status: Status) -> Group:
    """The whole screen; what there is nothing of is left out, except for agents and the backlog."""
    parts: list[RenderableType] = [_problems(status), _agents(status), _backlog(status)]
    parts += [table for table in (_under_way(status), _requests(status), _causes(status), _tiers(status)) if table]
    if copies := _copies(status):
        parts.append(copies)
    if status.cut:
        parts.append(Text(f"There are more {', '.join(status.cut)} than were counted.", "italic"))
    return Group(*parts)


def _problems(status: Status) -> RenderableType:
    at = timestamp(status.now)
    if not status.problems:
        return Text(f"{at}: all is well", "green")
    return Text("\n").join([Text(f"{at}: needs attention", "bold red"), *map(Text, status.problems)])


def _agents(status: Status) -> RenderableType:
    headings = ("agent of shards", "host", "version", "last sweep", "rows of OMERO's log not yet read")
    table = _table("Agents", headings, [_agent(agent, status) for agent in status.agents])
    if table is None:
        return Text("No agent has been heard from.", "bold red")
    return Group(table, *(Text(f"{agent.shards}: {_did(agent)}") for agent in status.agents))


def _did(agent: AgentState) -> str:
    """What an agent did in its last sweep, or what keeps it from one: too much for a column of a narrow screen."""
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in agent.beat.report.items())
    return agent.beat.trouble or counts or "nothing to do"


def _agent(agent: AgentState, status: Status) -> list[Text]:
    beat = agent.beat
    swept = f"{age(status.now - beat.swept)} ago, in {beat.seconds:.1f} s" if beat.swept else "none yet"
    said = Text(f"silent for {age(status.now - beat.at)}", "bold red") if not agent.speaks else Text(swept)
    behind = "?" if status.behind is None else str(status.behind.get(agent.shards, "?"))
    return [Text(agent.shards), Text(beat.host), Text(beat.version), said, Text(behind)]


def _copies(status: Status) -> Text | None:
    """What became of OMERO's copies, of all agents together."""
    total = sum((Counter(agent.beat.copies) for agent in status.agents), Counter[str]())
    if not total:
        return None
    size, most = total[CACHE_BYTES], total[CACHE_MOST_BYTES]
    now = f" {decimal(size)} of at most {decimal(most)}" if most else ""
    over = f", {decimal(size - most)} over the limit" if size > most > 0 else ""
    away = f"{total['evicted']} removed, {decimal(total['freed_bytes'])} freed"
    back = f"{total['refilled']} brought back, {decimal(total['refilled_bytes'])}"
    back += f"; {total['hits']} hits, {total['misses']} misses" if most else ""
    return Text(f"OMERO's copies:{now}{over}; since the agents were started {away}; {back}".replace(":;", ":"))


def _backlog(status: Status) -> RenderableType:
    rows = [
        [
            Text(each.kind),
            Text(str(each.pending)),
            Text(str(each.taken)),
            Text("" if each.oldest_seconds is None else age(each.oldest_seconds)),
        ]
        for each in status.backlog
    ]
    headings = ("what is marked", "pending", "being worked on", "age of oldest")
    return _table("Marks", headings, rows) or Text("Nothing is marked.")


def _under_way(status: Status) -> Table | None:
    rows = []
    for each in status.under_way:
        done = f"{decimal(each.done)} of {decimal(each.size)}"
        rate = f"{decimal(each.done // max(each.at - each.since, 1))}/s"
        cells = (each.what, each.path, done, rate, age(status.now - each.since))
        rows.append([Text(cell) for cell in cells])
    return _table("Under way", ("", "path", "done", "rate", "for"), rows)


def _requests(status: Status) -> Table | None:
    rows = [
        [
            Text(each.word),
            Text(each.state, STYLES.get(each.state, "")),
            Text(str(each.units)),
            Text(age(status.now - each.since) if each.since else ""),
        ]
        for each in status.requests
    ]
    return _table("Requests", ("request", "state", "units", "age of oldest"), rows)


def _causes(status: Status) -> Table | None:
    rows = [
        [Text(each.kind, STYLES.get(each.kind, "")), Text(str(each.units)), Text(each.text), Text(each.example)]
        for each in status.causes[:CAUSES_SHOWN]
    ]
    table = _table("Errors by cause", ("", "units", "cause", "for example"), rows)
    if table is not None and len(status.causes) > CAUSES_SHOWN:
        table.caption = f"and {len(status.causes) - CAUSES_SHOWN} more causes: see --json"
    return table


def _tiers(status: Status) -> Table | None:
    rows = [
        [Text(each.tier), Text(each.resource), Text(f"{each.replicas:,}"), Text(decimal(each.size))]
        for each in status.tiers
    ]
    return _table("Tiers, below the watched roots", ("tier", "resource", "data objects", "bytes"), rows)


def _table(title: str, headings: Sequence[str], rows: Iterable[Sequence[Text]]) -> Table | None:
    listed = list(rows)
    if not listed:
        return None
    table = Table(*headings, title=title, title_justify="left")
    for column in table.columns:
        column.overflow = "fold"
    for row in listed:
        table.add_row(*row)
    return table


def age(seconds: float) -> str:
    """A length of time in its largest two units."""
    whole = max(int(seconds), 0)
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    if whole < DAY:
        return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
    return f"{whole // DAY} d {whole % DAY // HOUR} h"
