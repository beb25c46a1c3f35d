"""The command that explains one data object or image."""

from __future__ import annotations

import json

import click
from rich.console import Console

from irods_omero.cli.common import settings_of


@click.command()
@click.argument("what", metavar="PATH|Image:ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def explain(ctx: click.Context, what: str, as_json: bool) -> None:
    """Say why an object or image is as it is: both views, what was agreed, and which rule decided."""
    from irods_omero.agent.connections import Connections  # noqa: PLC0415
    from irods_omero.agent.explain import assess  # noqa: PLC0415
    from irods_omero.cli.rendering import as_dict, print_explanation  # noqa: PLC0415

    with Connections(settings_of(ctx)) as connections:
        assessment = assess(connections, what)
    if as_json:
        click.echo(json.dumps(as_dict(assessment), ensure_ascii=False))
    else:
        print_explanation(Console(), assessment)
