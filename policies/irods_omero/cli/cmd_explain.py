"""The command that explains one data object or image."""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from rich.console import Console

from irods_omero.cli.common import settings_of


@click.command()
@click.argument("what", metavar="PATH|COLLECTION|Image:ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def explain(ctx: click.Context, what: str, as_json: bool) -> None:
    """Say why an object or image is as it is: both views, what was agreed, and which rule decided.

    Of a collection: what is imported that arrives in it, and where to.
    """
    from irods_omero.agent.connections import Connections  # noqa: PLC0415
    from irods_omero.agent.explain import assess, look_at_collection  # noqa: PLC0415
    from irods_omero.cli.rendering import as_dict, collection_lines, print_explanation  # noqa: PLC0415

    with Connections(settings_of(ctx)) as connections:
        collection = look_at_collection(connections, what.rstrip("/")) if what.startswith("/") else None
        if collection is not None:
            shown = json.dumps(asdict(collection), ensure_ascii=False) if as_json else collection_lines(collection)
            click.echo(shown)
            return
        assessment = assess(connections, what)
    if as_json:
        click.echo(json.dumps(as_dict(assessment), ensure_ascii=False))
    else:
        print_explanation(Console(), assessment)
