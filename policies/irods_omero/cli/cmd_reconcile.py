"""The command that looks at everything, marked or not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from irods_omero.cli.common import FAILED, settings_of, with_shards
from irods_omero.domain.state.texts import timestamp
from irods_omero.status.heartbeat_record import CACHE_BYTES, CACHE_MOST_BYTES

if TYPE_CHECKING:
    from irods_omero.agent.reconcile import Assessment, Orphan, Reconciled
    from irods_omero.domain.rules.one_copy.cache_limit import Cached

DRIFTED = 3


@click.command(short_help="Look at everything, and make both sides agree.")
@click.option("--dry-run", "only", flag_value="dry-run", help="Print what would be done, and change nothing.")
@click.option(
    "--mark", "only", flag_value="mark", help="Leave the work to the running agent: only mark what has drifted."
)
@click.option("--after", type=int, default=0, metavar="ID", help="Resume after this catalog id, where a run broke off.")
@click.option("--shards", metavar="LIST", help="Look at these shards only, as in 0-31, while others do the rest.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object for each unit that drifted, and a last one."
)
@click.pass_context
def reconcile(ctx: click.Context, only: str | None, after: int, shards: str | None, as_json: bool) -> None:
    """Look at everything, marked or not, and make both sides agree.

    Exits with 0 if both sides agreed on everything, with 3 if there was drift, repaired or not, or removals are held,
    and with 1 if a unit failed. Without --mark or --dry-run no agent may be working on the same shards meanwhile.

    If it ends early, it prints the --after with which to resume; the log repeats it once a minute.
    """
    # Imported here: omero-py takes half a second that no other command should wait for.
    from irods_omero.agent.connections import Connections  # noqa: PLC0415
    from irods_omero.agent.reconcile import Manner, Reconciler  # noqa: PLC0415

    manner = {"dry-run": Manner.DRY_RUN, "mark": Manner.MARK}.get(only or "", Manner.REPAIR)
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with (
        Connections(with_shards(settings_of(ctx), shards)) as connections,
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress,
    ):
        task = progress.add_task("reconciling", total=None)
        reconciler = Reconciler(connections, manner)
        try:
            for assessments in reconciler.run(after):
                done = reconciler.done
                progress.update(task, description=f"{done.units} units, {done.drifted} drifted, id {done.position}")
                for assessment in assessments:
                    _show_drift(assessment, as_json)
            for orphans in reconciler.orphans():
                for orphan in orphans:
                    _show_orphan(orphan, as_json)
            for filesets in reconciler.missed():
                for fileset in filesets:
                    click.echo(json.dumps({"missed": fileset}) if as_json else f"Fileset:{fileset}, to be taken in")
            for cached in reconciler.leaving():
                _show_leaving(cached, as_json)
        except BaseException:  # somebody may interrupt it, too
            click.echo(f"irods-omero: broken off; to resume: reconcile --after {reconciler.done.position}", err=True)
            raise
    done = reconciler.done
    verb = {Manner.DRY_RUN: "to repair", Manner.MARK: "marked", Manner.REPAIR: "repaired"}[manner]
    _show_counts(done, verb, as_json)
    if done.report.failed:
        ctx.exit(FAILED)
    ctx.exit(DRIFTED if done.drifted or done.held or done.orphaned or done.missed else 0)


def _show_counts(done: Reconciled, verb: str, as_json: bool) -> None:
    room = {CACHE_BYTES: done.room.size, CACHE_MOST_BYTES: done.room.most} if done.room else {}
    if as_json:
        counts = {"units": done.units, "drifted": done.drifted, "removals_held": done.held}
        counts |= {"orphaned": done.orphaned, "missed": done.missed, "position": done.position}
        click.echo(json.dumps({**counts, **room, "evictable_bytes": done.evictable, **done.report.as_dict()}))
        return
    if done.room:
        click.echo(f"OMERO's copies take {done.room.size} bytes, of at most {done.room.most}")
    settled = done.drifted - done.report.held
    held = f", removals of {done.held} held: see irods-omero removals" if done.held else ""
    gone = f"{done.orphaned} filesets without their data object or without images"
    freed = f", {done.evictable} bytes of OMERO's copies to remove" if done.evictable else ""
    click.echo(f"{done.units} units looked at, {settled} {verb}{held}, {gone}, {done.report.failed} failed{freed}")


def _show_drift(assessment: Assessment, as_json: bool) -> None:
    from irods_omero.cli.rendering import as_dict, drift_lines  # noqa: PLC0415

    if as_json:
        click.echo(json.dumps(as_dict(assessment), ensure_ascii=False))
    else:
        click.echo("\n  ".join(drift_lines(assessment)))


def _show_leaving(cached: Cached, as_json: bool) -> None:
    used = timestamp(cached.used)
    if as_json:
        click.echo(json.dumps({"path": cached.path, "leaving_bytes": cached.size, "used": used}, ensure_ascii=False))
    else:
        click.echo(f"{cached.path}\n  remove OMERO's copy to make room: {cached.size} bytes, last read {used}")


def _show_orphan(orphan: Orphan, as_json: bool) -> None:
    from irods_omero.cli.rendering import action_text  # noqa: PLC0415

    lines = [action_text(action) for action in orphan.actions] or ["delete it"]
    head = f"Fileset:{orphan.fileset}, whose data object {orphan.data_id} is gone"
    if orphan.half_made:
        head = f"Fileset:{orphan.fileset}, an import of data object {orphan.data_id} that was cut off"
    if as_json:
        click.echo(json.dumps({"fileset": orphan.fileset, "data_id": orphan.data_id, "plan": lines}))
    else:
        click.echo("\n  ".join([head, *lines]))
