"""The command that makes a facility's report."""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from irods_omero.cli.common import FAILED, settings_of

if TYPE_CHECKING:
    from irods_omero.settings import Settings
    from irods_omero.status.facility import Cell, Facility, Table

EVERYTHING = "images"
"""The table that all figures of images can be made of."""


@click.command(short_help="Say what there is, by tier, group and month.")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write one page, with charts.")
@click.option(
    "--csv", "csv_to", type=click.Path(path_type=Path), help="Write images to a file, or all tables to files."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def report(ctx: click.Context, html: Path | None, csv_to: Path | None, as_json: bool) -> None:
    """Say what is stored where, since when, and what moves next: images and bytes by tier, group and month.

    With --csv FILE the images by group, tier and month; where FILE is a directory, each table as a file of its own.
    Without any option the tables are printed. What is wrong goes to standard error as well.
    """
    if html is not None:
        _need_charts()
    from irods_omero.status.facility import as_dict, problems_of, tables  # noqa: PLC0415
    from irods_omero.status.omero_reading import read_facility  # noqa: PLC0415 - it brings omero-py

    settings = settings_of(ctx)
    facility = read_facility(settings)
    if html is not None:
        from irods_omero.cli.report_page import page  # noqa: PLC0415

        _write(html, page(facility, settings))
    if csv_to is not None:
        _write_csv(csv_to, tables(facility, settings))
    if as_json:
        click.echo(json.dumps(as_dict(facility, settings), ensure_ascii=False))
    elif html is None and csv_to is None:
        _print(facility, settings)
    for problem in problems_of(facility):
        click.echo(f"irods-omero: {problem}", err=True)
    if facility.unreachable:
        ctx.exit(FAILED)


def _need_charts() -> None:
    from importlib.util import find_spec  # noqa: PLC0415

    if find_spec("matplotlib") is None:
        install = f'{sys.executable} -m pip install "irods-omero-policies[report]"'
        raise click.ClickException(f"--html needs matplotlib, which is not installed here: {install}")


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot write {path}: {error.strerror}") from error


def _write_csv(path: Path, listed: tuple[Table, ...]) -> None:
    """Write the tables; what is there of one that nobody could be asked for is left as it is."""
    if path.is_dir():
        files = {path / f"{table.key}.csv": table for table in listed}
    else:
        files = {path: next(table for table in listed if table.key == EVERYTHING)}
    for file, table in files.items():
        if table.unread:
            click.echo(f"irods-omero: {file} is not written", err=True)
        else:
            _write(file, csv_of(table))


def csv_of(table: Table) -> str:
    """A table for spreadsheets, which take texts that begin like formulas for such."""
    from io import StringIO  # noqa: PLC0415

    text = StringIO()
    # In quotes all of them: Python before 3.13 leaves a carriage return bare, which ends the row.
    keys = [column.key for column in table.columns]
    writer = csv.DictWriter(text, keys, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    writer.writeheader()
    writer.writerows({key: _inert(value) for key, value in record.items()} for record in table.records())
    return text.getvalue()


def _inert(value: Cell) -> Cell:
    return f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _print(facility: Facility, settings: Settings) -> None:
    from rich.console import Console  # noqa: PLC0415
    from rich.filesize import decimal  # noqa: PLC0415
    from rich.table import Table as Printed  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from irods_omero.status.facility import BYTES, TEXT, tables  # noqa: PLC0415

    console = Console()
    for table in tables(facility, settings):
        if table.key == EVERYTHING or not table.rows:
            continue
        printed = Printed(title=table.title, title_justify="left")
        for column in table.columns:
            printed.add_column(column.heading, justify="left" if column.kind == TEXT else "right", overflow="fold")
        for row in table.rows:
            shown = [
                decimal(int(cell)) if column.kind == BYTES else str(cell)
                for column, cell in zip(table.columns, row, strict=True)
            ]
            printed.add_row(*map(Text, shown))
        console.print(printed)
