"""The command that runs the agent."""

from __future__ import annotations

import json

import click

from irods_omero.cli.common import FAILED, settings_of, with_shards


@click.command(short_help="Make both sides agree about all that is marked.")
@click.option("--once", is_flag=True, help="Work through all that is marked once, and exit.")
@click.option(
    "--shards",
    metavar="LIST",
    help="Work on these shards only, as in 0-31 (default: agent.shards of the configuration).",
)
@click.option("--json", "as_json", is_flag=True, help="Print what a sweep did as JSON.")
@click.pass_context
def agent(ctx: click.Context, once: bool, shards: str | None, as_json: bool) -> None:
    """Make both sides agree about all that is marked; without --once, until stopped."""
    # Imported here: omero-py takes half a second that no other command should wait for.
    from irods_omero.agent.connections import Connections  # noqa: PLC0415
    from irods_omero.agent.report import Report  # noqa: PLC0415
    from irods_omero.agent.service import run, run_once, stop_on_signals  # noqa: PLC0415

    settings = with_shards(settings_of(ctx), shards)

    def show(report: Report) -> None:
        if once or report.changed:
            click.echo(json.dumps(report.as_dict()) if as_json else str(report))

    with Connections(settings) as connections:
        if once:
            report = run_once(connections)
            show(report)
            ctx.exit(FAILED if report.failed else 0)
        run(connections, stop_on_signals(), show)
