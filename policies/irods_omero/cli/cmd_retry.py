"""The command that retries what failed."""

from __future__ import annotations

import json
from collections import defaultdict

import click

from irods_omero.cli.common import settings_of


@click.command(short_help="Retry what failed; list it by cause.")
@click.argument("paths", metavar="PATH...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Everything that has failed.")
@click.option("--dry-run", is_flag=True, help="List them with the causes, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def retry(ctx: click.Context, paths: tuple[str, ...], everything: bool, dry_run: bool, as_json: bool) -> None:
    """Retry what failed, once the cause has been fixed; lists it by cause.

    This covers imports, and movements that storage tiering has given up: it would never look at these again by itself.
    """
    if bool(paths) == everything:
        raise click.UsageError("name data objects, or use --all")
    from irods_omero.agent.connections import Connections  # noqa: PLC0415 - the other commands need not wait for it
    from irods_omero.agent.retry import retry as try_anew  # noqa: PLC0415

    with Connections(settings_of(ctx)) as connections:
        retried = try_anew(connections, paths, dry_run)
    causes: dict[str, list[str]] = defaultdict(list)
    for unit in retried:
        causes[unit.reason].append(unit.path)
    if as_json:
        click.echo(json.dumps({"retried": causes, "dry_run": dry_run}, ensure_ascii=False))
        return
    for cause, units in sorted(causes.items()):
        click.echo("\n  ".join([cause, *units]))
    if not retried:
        click.echo("nothing has failed" + (" among the data objects named" if paths else ""))
        return
    click.echo(f"{len(retried)} " + ("have failed" if dry_run else "will be retried"))
