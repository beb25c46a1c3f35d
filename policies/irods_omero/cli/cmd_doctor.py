"""The command that checks an installation."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from irods_omero.doctor.finding import Finding, Level, worst
from irods_omero.settings import load_settings, settings_path

STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.FAILURE: "bold red"}


@click.command(short_help="Check the installation; each finding says what to do.")
@click.option("--etc", type=click.Path(path_type=Path), default=Path("/etc/irods"), show_default=True)
@click.option("--no-probe", is_flag=True, help="Do not try the hooks: nothing is written to the zone.")
@click.option("--omero-web", "web", is_flag=True, help="Also open OMERO.web, by a link as users have it.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.pass_context
def doctor(ctx: click.Context, etc: Path, no_probe: bool, web: bool, as_json: bool) -> None:
    """Check the installation; each finding says what to do.

    Exit code, as monitoring systems know it: 0 all is well, 1 there are warnings, 2 something does not work.
    """
    # Imported here: omero-py takes half a second that no other command should wait for.
    from irods_omero.doctor.checks.all_checks import judge  # noqa: PLC0415
    from irods_omero.doctor.facts.gather import observe  # noqa: PLC0415

    path = settings_path(ctx.obj)
    findings = judge(observe(load_settings(path), path, etc, not no_probe, web))
    if as_json:
        click.echo(as_text(findings))
    else:
        Console().print(table(findings))
    ctx.exit(int(worst(findings)))


def as_text(findings: list[Finding]) -> str:
    """The findings as JSON."""
    shown = [
        {"check": one.check, "level": one.level.name.lower(), "text": one.text, "advice": one.advice}
        for one in findings
    ]
    return json.dumps({"level": worst(findings).name.lower(), "findings": shown}, indent=2, ensure_ascii=False)


def table(findings: list[Finding]) -> Table:
    """The findings for people."""
    made = Table("", "check", Column("finding, and what to do", overflow="fold"))
    for one in findings:
        advice = Text(f"\n-> {one.advice}" if one.advice else "", "italic")
        made.add_row(Text(one.level.name.lower(), STYLES[one.level]), one.check, Text(one.text) + advice)
    return made
