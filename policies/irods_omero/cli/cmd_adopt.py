"""The commands that take filesets from OMERO into iRODS: those that were there before, or a single one."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

import click
from pydantic import ValidationError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from irods_omero.cli.common import FAILED, settings_of
from irods_omero.errors import SettingsError
from irods_omero.vocabulary import Names

if TYPE_CHECKING:
    from irods_omero.agent.omero_first.intake import Taken

MEGABYTE = 1_000_000
AT_LEAST_ONE = click.IntRange(min=1)
ID = click.IntRange(min=1, max=2**63 - 1)


@click.command(short_help="Take into iRODS what other clients imported into OMERO.")
@click.option("--group", default="", metavar="NAME", help="Only what is in this OMERO group.")
@click.option("--owner", default="", metavar="NAME", help="Only what this OMERO user owns.")
@click.option("--dataset", type=ID, metavar="ID", help="Only what has images in this dataset.")
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="YYYY-MM-DD",
    help="Only what was imported on this day (UTC) or later.",
)
@click.option("--most", type=AT_LEAST_ONE, metavar="N", help="Stop when this many filesets are done.")
@click.option("--most-megabytes", type=AT_LEAST_ONE, metavar="N", help="Stop when this many megabytes are done.")
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

    `omero_first` in the configuration says where they go; groups that it does not name are left out. If it is
    interrupted or killed, run it again to resume. What an agent is taking in at the moment is left to that agent.

    Exits with 1 if any could not be taken in: the reason is printed for each, and shown on the images of most.
    """
    # Imported here: omero-py takes half a second that no other command should wait for.
    from irods_omero.agent import adopt as adopting  # noqa: PLC0415
    from irods_omero.agent.connections import Connections  # noqa: PLC0415
    from irods_omero.errors import SideError  # noqa: PLC0415

    begin = since.replace(tzinfo=timezone.utc).timestamp() if since else 0.0
    done = failed = size = 0
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with (
        Connections(settings_of(ctx)) as connections,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("looking for filesets", total=None)
        chosen, left_out = adopting.choose(connections, adopting.Wanted(group, owner, dataset, begin))
        progress.update(task, total=min(len(chosen), most or len(chosen)))
        only_marked = mark and not dry_run
        work = adopting.leave_to_agent if only_marked else partial(adopting.adopt, dry_run=dry_run)
        try:
            for taken in work(connections, chosen):
                _show(taken, as_json, only_marked)
                failed += bool(taken.reason)
                done += not taken.reason
                size += taken.size if not taken.reason else 0
                text = f"{size // MEGABYTE} MB, {failed} failed, Fileset:{taken.fileset}"
                progress.update(task, completed=done, description=text)
                if (most and done >= most) or (most_megabytes and size >= most_megabytes * MEGABYTE):
                    break
        except SideError:
            click.echo(f"irods-omero: broken off after {done} filesets; run it again to resume", err=True)
            raise
    if not as_json:
        omitted = f"; {left_out} left out, as omero_first names no place for their groups" if left_out else ""
        click.echo(f"{done} filesets, {size / MEGABYTE:.1f} MB; {failed} failed{omitted}")
    ctx.exit(FAILED if failed else 0)


@click.command(short_help="Take one fileset from OMERO into iRODS.")
@click.argument("what", metavar="Fileset:ID|Image:ID")
@click.option("--to", metavar="TEMPLATE", help="The collection that the files go into.")
@click.option("--owner", default="", metavar="NAME", help="The iRODS user who is to own them.")
@click.option("--acl", multiple=True, metavar="NAME=LEVEL", help="Who else may read, write or own them.")
@click.option("--avu", multiple=True, metavar="ATTRIBUTE=VALUE", help="What describes them; values are templates.")
@click.option("--resource", default="", metavar="NAME", help="The resource that they are written to.")
@click.option("--mark", is_flag=True, help="Leave the work to the running agent.")
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
    mark: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Take into iRODS one fileset that came through OMERO first; without --to, as `omero_first` says.

    Templates may have fields in braces, as in --to '/{zone}/home/{user}/{project}' (see docs/omero-first.md). If it is
    killed or refused, run it again to do the rest. What an agent is taking in at the moment is left to that agent.

    Exits with 1 if it could not be taken in, or had been taken in before.
    """
    from irods_omero.agent.adopt import Adoption  # noqa: PLC0415
    from irods_omero.agent.adopt import register as take_in  # noqa: PLC0415
    from irods_omero.agent.connections import Connections  # noqa: PLC0415
    from irods_omero.settings.mistakes import in_words  # noqa: PLC0415
    from irods_omero.settings.model import is_taken  # noqa: PLC0415
    from irods_omero.settings.omero_first import OmeroFirstSettings, rules_of  # noqa: PLC0415

    settings, rule = settings_of(ctx), None
    manner = Adoption.DRY_RUN if dry_run else Adoption.MARK if mark else Adoption.TAKE
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
        (rule,) = rules_of([given], None)
    elif acl or avu or resource:
        raise click.UsageError("--acl, --avu and --resource come with --to")
    with Connections(settings) as connections:
        taken = take_in(connections, what, rule, owner, manner)
    _show(taken, as_json, manner is Adoption.MARK)
    ctx.exit(FAILED if taken.reason else 0)


def _pairs(texts: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign:
            raise click.UsageError(f"{text!r} has no = in it")
        if name in pairs:
            raise click.UsageError(f"{name!r} is given twice")
        pairs[name] = value
    return pairs


def _show(taken: Taken, as_json: bool, only_marked: bool = False) -> None:
    if as_json:
        fields = {"fileset": taken.fileset, "bytes": taken.size, "paths": taken.paths, "error": taken.reason}
        click.echo(json.dumps(fields, ensure_ascii=False))
    elif taken.reason:
        click.echo(f"Fileset:{taken.fileset}: {taken.reason}")
    elif only_marked:
        click.echo(f"Fileset:{taken.fileset}, left to the agent")
    else:
        click.echo(f"Fileset:{taken.fileset} -> " + "\n    ".join(taken.paths))
