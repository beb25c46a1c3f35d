"""The commands that take filesets into iRODS that came through OMERO: those of before, and single ones."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from irods_omero.cli.common import FAILED, settings_of
from irods_omero.errors import SettingsError
from irods_omero.vocabulary import Names

if TYPE_CHECKING:
    from irods_omero.agent.intake import Taken

MEGABYTE = 1_000_000


@click.command()
@click.option("--group", default="", metavar="NAME", help="Only what is in this OMERO group.")
@click.option("--owner", default="", metavar="NAME", help="Only what this OMERO user owns.")
@click.option("--dataset", type=int, metavar="ID", help="Only what is in this dataset.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="Only what was imported on this day (UTC) or later.")
@click.option("--most", type=int, metavar="N", help="Stop after this many filesets.")
@click.option("--most-megabytes", type=int, metavar="N", help="Stop after this many megabytes.")
@click.option("--mark", is_flag=True, help="Leave the work to the running agent.")
@click.option("--dry-run", is_flag=True, help="Print what would go where, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for each fileset.")
@click.pass_context
def adopt(  # noqa: PLR0913, PLR0917 - one for each option
    ctx: click.Context,
    group: str,
    owner: str,
    dataset: int | None,
    since: datetime | None,
    most: int | None,
    most_megabytes: int | None,
    mark: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take into iRODS what OMERO had before: filesets that other clients imported.

    Where they go is said by `omero_first` of the configuration. Doing it again goes on where it was broken off. Without
    --mark or --dry-run no agent may be working on the same shards at the same time.
    """
    # Imported here: omero-py takes half a second that no other command should wait for.
    from irods_omero.agent.adopt import Wanted  # noqa: PLC0415
    from irods_omero.agent.adopt import adopt as take_in  # noqa: PLC0415
    from irods_omero.agent.connections import Connections  # noqa: PLC0415

    begin = since.replace(tzinfo=timezone.utc).timestamp() if since else 0.0
    done = failed = size = 0
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with (
        Connections(settings_of(ctx)) as connections,
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
    ):
        task = progress.add_task("adopting", total=most)
        for taken in take_in(connections, Wanted(group, owner, dataset, begin), mark, dry_run):
            _show(taken, as_json)
            failed += bool(taken.reason)
            done += not taken.reason
            size += taken.size if not taken.reason else 0
            text = f"{done} filesets, {size // MEGABYTE} MB, {failed} failed, Fileset:{taken.fileset}"
            progress.update(task, completed=done, description=text)
            if (most and done >= most) or (most_megabytes and size >= most_megabytes * MEGABYTE):
                break
    if not as_json:
        click.echo(f"{done} filesets, {size / MEGABYTE:.1f} MB; {failed} failed")
    ctx.exit(FAILED if failed else 0)


@click.command()
@click.argument("what", metavar="Fileset:ID|Image:ID")
@click.option("--to", metavar="TEMPLATE", help="The collection that the files go into.")
@click.option("--owner", default="", metavar="NAME", help="The iRODS user who shall own them.")
@click.option("--acl", multiple=True, metavar="NAME=LEVEL", help="Who else may read, write or own them.")
@click.option("--avu", multiple=True, metavar="ATTRIBUTE=VALUE", help="What describes them; values are templates.")
@click.option("--resource", default="", metavar="NAME", help="The resource that they are written to.")
@click.option("--dry-run", is_flag=True, help="Print what would go where, and change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def register(  # noqa: PLR0913, PLR0917 - one for each option
    ctx: click.Context,
    what: str,
    to: str | None,
    owner: str,
    acl: tuple[str, ...],
    avu: tuple[str, ...],
    resource: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take one fileset into iRODS that came through OMERO first; without --to as `omero_first` says."""
    from irods_omero.agent.adopt import register as take_in  # noqa: PLC0415
    from irods_omero.agent.connections import Connections  # noqa: PLC0415
    from irods_omero.domain.rules.placement import PlacementRule  # noqa: PLC0415
    from irods_omero.settings.mistakes import in_words  # noqa: PLC0415
    from irods_omero.settings.model import is_taken  # noqa: PLC0415
    from irods_omero.settings.omero_first import OmeroFirstSettings  # noqa: PLC0415

    settings, rule = settings_of(ctx), None
    if to is not None:
        taken_names = [name for name in _pairs(avu) if is_taken(name, Names(settings.prefix))]
        if taken_names:
            raise SettingsError(f"--avu: {taken_names[0]!r} belongs to this policy or to storage tiering")
        fields = {"groups": ["*"], "to": to, "resource": resource, "share": False}
        try:
            given = OmeroFirstSettings.model_validate({**fields, "acl": _pairs(acl), "avus": _pairs(avu)})
        except ValidationError as error:
            where, text = in_words(error.errors()[0])
            raise SettingsError(f"--{str(where[0]).removesuffix('s') if where else 'to'}: {text}") from None
        rule = PlacementRule(**given.model_dump())
    elif acl or avu or resource:
        raise click.UsageError("--acl, --avu and --resource come with --to")
    with Connections(settings) as connections:
        taken = take_in(connections, what, rule, owner, dry_run)
    _show(taken, as_json)
    ctx.exit(FAILED if taken.reason else 0)


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise click.UsageError(f"{text!r} has no = in it")
        pairs[name] = value
    return pairs


def _show(taken: Taken, as_json: bool) -> None:
    if as_json:
        fields = {"fileset": taken.fileset, "bytes": taken.size, "paths": taken.paths, "error": taken.reason}
        click.echo(json.dumps(fields, ensure_ascii=False))
    elif taken.reason:
        click.echo(f"Fileset:{taken.fileset}: {taken.reason}")
    else:
        click.echo(f"Fileset:{taken.fileset} -> " + "\n    ".join(taken.paths))
