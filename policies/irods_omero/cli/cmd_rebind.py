"""The command that accepts another OMERO, or one that was restored from a backup."""

from __future__ import annotations

import json

import click

from irods_omero.cli.common import settings_of


@click.command(short_help="Accept another OMERO, or one from a backup.")
@click.option("--dry-run", is_flag=True, help="List what would be imported anew, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each unit.")
@click.pass_context
def rebind(ctx: click.Context, dry_run: bool, as_json: bool) -> None:
    """Accept OMERO as it is now: units whose images it does not have are imported anew.

    The agent stops when OMERO is another one than this zone knows, or an earlier state of it, as all images would seem
    to have been deleted by users. No agent may be running.
    """
    from irods_omero.agent.connections import Connections  # noqa: PLC0415 - the other commands need not wait for it
    from irods_omero.agent.identity import rebind as accept  # noqa: PLC0415

    count = 0
    with Connections(settings_of(ctx)) as connections:
        for count, first in enumerate(accept(connections, dry_run), 1):  # noqa: B007 - it is printed at the end
            line = {"path": first.path, "data_id": first.data_id}
            click.echo(json.dumps(line, ensure_ascii=False) if as_json else first.path)
    if not as_json:
        click.echo(f"{count} units " + ("would be" if dry_run else "are") + " imported anew")
