"""The command that says how things stand."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from irods_omero.cli.common import FAILED, settings_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from irods_omero.settings import Settings
    from irods_omero.status.summary import Status


@click.command(short_help="Say how things stand, on one screen.")
@click.option("--watch", is_flag=True, help="Refresh every few seconds, until interrupted.")
@click.option("--interval", type=click.FloatRange(min=1), default=5.0, show_default=True, help="Seconds in between.")
@click.option("--no-omero", is_flag=True, help="Do not ask OMERO how far its event log goes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(ctx: click.Context, watch: bool, interval: float, no_omero: bool, as_json: bool) -> None:
    """Say how things stand: agents, what waits, requests, errors by cause, and what is on which tier.

    Exit code for monitoring: 0 all is well, 1 there is something that an administrator has to do, or the zone is down.
    """
    settings = settings_of(ctx)
    if watch:
        _watch(settings, interval, not no_omero)
        return
    summary = _look(settings, not no_omero)
    if as_json:
        click.echo(json.dumps(summary.as_dict(), ensure_ascii=False))
    else:
        from rich.console import Console  # noqa: PLC0415 - programs need no tables

        from irods_omero.cli.status_screen import screen  # noqa: PLC0415

        Console().print(screen(summary))
    ctx.exit(FAILED if summary.problems else 0)


def _look(settings: Settings, ask_omero: bool) -> Status:
    from dataclasses import replace  # noqa: PLC0415

    from irods_omero.gateways.zone.connection import ZoneConnection  # noqa: PLC0415
    from irods_omero.status.reading import read_status  # noqa: PLC0415
    from irods_omero.status.summary import summarise  # noqa: PLC0415

    with ZoneConnection(settings.zone) as zone:
        seen = read_status(settings, zone)
        if ask_omero:
            # Imported here: omero-py takes half a second, which those who do not ask OMERO need not wait for.
            from irods_omero.status.omero_reading import read_lag  # noqa: PLC0415

            seen = replace(seen, omero=read_lag(settings, zone))
    return summarise(seen, settings)


def _watch(settings: Settings, interval: float, ask_omero: bool) -> None:
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from irods_omero.cli.status_screen import screen  # noqa: PLC0415
    from irods_omero.errors import SideError  # noqa: PLC0415

    shown: RenderableType
    with Live(Text("reading ..."), auto_refresh=False, screen=True) as live:
        try:
            while True:
                try:
                    shown = screen(_look(settings, ask_omero))
                except SideError as error:
                    shown = Text(str(error), "bold red")
                live.update(shown, refresh=True)
                time.sleep(interval)
        except KeyboardInterrupt:
            return
