"""The command that decides about removals that are held."""

from __future__ import annotations

import json

import click

from irods_omero.cli.common import FAILED, settings_of


@click.command(short_help="Decide about removals that are held.")
@click.argument("what", type=click.Choice(["list", "accept", "restore"]))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def removals(ctx: click.Context, what: str, as_json: bool) -> None:
    """Decide about removals that are held because more units than `safety.removals` lost something at once.

    `list` names the units; `accept` repeats the removals on the other side; `restore` puts back what was removed,
    and imports again where images are missing. No agent may be running for `accept` and `restore`.
    """
    from irods_omero.agent.connections import Connections  # noqa: PLC0415 - the other commands need not wait for it
    from irods_omero.agent.removals import held, settle  # noqa: PLC0415

    with Connections(settings_of(ctx)) as connections:
        if what == "list":
            paths = [each.zone.first.path for units in held(connections) for each in units.values()]
            click.echo(json.dumps(paths, ensure_ascii=False) if as_json else "\n".join([*paths, f"{len(paths)} units"]))
            return
        report = settle(connections, restore=what == "restore")
    click.echo(json.dumps(report.as_dict()) if as_json else str(report))
    ctx.exit(FAILED if report.failed else 0)
