"""The command that says what happened to one data object or image."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from irods_omero.cli.common import settings_of
from irods_omero.vocabulary import AGENT_PROGRAM

if TYPE_CHECKING:
    from irods_omero.status.history import Event, History


@click.command(short_help="Say what happened to an object or image, when, by whom.")
@click.argument("what", metavar="PATH|Image:ID|Fileset:ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def log(ctx: click.Context, what: str, as_json: bool) -> None:
    """Say what happened to an object or image, when, and by whom, as far as both servers know.

    Oldest first. Nothing is kept for this: what neither server remembers is named at the end.
    """
    from irods_omero.agent.connections import Connections  # noqa: PLC0415 - the other commands need not wait for it
    from irods_omero.agent.look_back import look_back  # noqa: PLC0415

    with Connections(settings_of(ctx)) as connections:
        history = look_back(connections, what)
    if as_json:
        click.echo(json.dumps(history.as_dict(), ensure_ascii=False))
    else:
        _print(history)


def _print(history: History) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Column, Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from irods_omero.domain.state.texts import timestamp  # noqa: PLC0415

    console = Console()
    path = history.path or "the data object is no longer in the zone"
    console.print(Text.assemble((path, "bold"), f"  data id {history.data_id}"), soft_wrap=True)
    table = Table(Column("when", no_wrap=True), "what", "by", "says", expand=True)
    for event in history.events:
        table.add_row(Text(timestamp(event.at)), Text(event.what), Text(_who(event)), Text(event.side))
    console.print(table)
    console.print("Not recorded by either server: " + "; ".join(history.unknown) + ".", soft_wrap=True, markup=False)


def _who(event: Event) -> str:
    """Who did it; of what the agent did by sudo for whom."""
    if not event.agent or event.by == AGENT_PROGRAM:
        return event.by
    return f"{AGENT_PROGRAM} for {event.by}"
