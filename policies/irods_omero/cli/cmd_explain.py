"""The command that explains one data object or image."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from irods_omero.cli.common import settings_of
from irods_omero.vocabulary import zarr_of

if TYPE_CHECKING:
    from irods_omero.settings import Settings
    from irods_omero.status.collection import CollectionState, DirectoryState


@click.command(short_help="Say why an object, image or collection is as it is.")
@click.argument("what", metavar="PATH|COLLECTION|Image:ID")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def explain(ctx: click.Context, what: str, as_json: bool) -> None:
    """Say why an object or image is as it is: both views, what was agreed, and which rule decided.

    For a collection: whether what arrives in it is imported, and into which target.
    """
    settings = settings_of(ctx)
    collection = _look_at_collection(settings, what.rstrip("/")) if what.startswith("/") else None
    if collection is not None:
        click.echo(json.dumps(asdict(collection), ensure_ascii=False) if as_json else _lines(collection))
        return
    from irods_omero.agent.connections import Connections  # noqa: PLC0415
    from irods_omero.agent.explain import assess  # noqa: PLC0415
    from irods_omero.cli.rendering import as_dict, print_explanation  # noqa: PLC0415

    with Connections(settings) as connections:
        assessment = assess(connections, what)
    if as_json:
        click.echo(json.dumps(as_dict(assessment), ensure_ascii=False))
    else:
        from rich.console import Console  # noqa: PLC0415

        print_explanation(Console(), assessment)


def _look_at_collection(settings: Settings, path: str) -> CollectionState | None:
    """What the zone says of a collection: without omero-py, which takes half a second to load."""
    from irods_omero.gateways.zone.connection import ZoneConnection  # noqa: PLC0415
    from irods_omero.status.collection import look_at_collection  # noqa: PLC0415
    from irods_omero.vocabulary import Names  # noqa: PLC0415

    def look_at_directory(path: str) -> DirectoryState:
        from irods_omero.agent import explain  # noqa: PLC0415
        from irods_omero.agent.connections import Connections  # noqa: PLC0415

        with Connections(settings) as connections:
            return explain.look_at_directory(connections, path)

    with ZoneConnection(settings.zone) as zone:
        return look_at_collection(zone, Names(settings.prefix), path, look_at_directory)


def _lines(collection: CollectionState) -> str:
    """What a collection says, for people."""
    rule, lines, zarr = collection.rule, [collection.path], zarr_of(f"{collection.path}/")
    if zarr:
        lines.append(f"it is, or lies in, the OME-Zarr {zarr}, which is one unit: explain its zarr.json or .zattrs")
    elif rule is None:
        lines.append("nothing that arrives here is imported: no collection above is watched, or the nearest says off")
    elif not rule.target:
        lines.append(f"what arrives here cannot be imported: {rule.collection} has no omero::target")
    else:
        place = f"{rule.target} of {rule.group or 'the default group of its owner'}"
        lines.append(f"what arrives here is imported ({rule.kind}) into {place}: {rule.collection} says so")
    if collection.directory:
        lines.append(str(collection.directory))
    below = "" if rule is None or rule.trouble in collection.trouble else rule.trouble
    lines += [f"but what it says is not clear: {error}" for error in (collection.trouble, below) if error]
    if collection.marked:
        lines.append(f"the agent is working through what is here already; {collection.walked} data objects so far")
    return "\n".join(lines)
