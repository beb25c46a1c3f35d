"""The command that makes one unit of several data objects."""

from __future__ import annotations

import json

import click

from irods_omero.cli.common import settings_of


@click.command(short_help="Have several data objects imported as one fileset.")
@click.argument("first", metavar="FIRST")
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Check only, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def unit(ctx: click.Context, first: str, others: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    """Have several data objects imported together, as one fileset; FIRST is the one that Bio-Formats opens.

    They must not have been imported yet: in collections where omero::import is `list` data objects wait for this
    command. All have to have the same owner.
    """
    from irods_omero.agent.units import unite  # noqa: PLC0415 - the other commands need not wait for it

    united = unite(settings_of(ctx), (first, *others), dry_run)
    if as_json:
        objects = [{"path": member.path, "data_id": member.data_id} for member in united.objects]
        click.echo(json.dumps({"unit": united.unit.data_id, "objects": objects, "new": united.new}, ensure_ascii=False))
        return
    done = "can be made one unit" if dry_run else f"are the unit {united.unit.data_id}, which is marked for the agent"
    click.echo(f"{len(united.objects)} data objects {done}")
