"""The command that checks the configuration."""

from __future__ import annotations

import click

from irods_omero.cli.common import settings_of
from irods_omero.settings import settings_path


@click.command("config", short_help="Check the configuration file.")
@click.option("--schema", is_flag=True, help="Print the JSON Schema instead.")
@click.option("--reference", is_flag=True, help="Print what every key means instead, in Markdown.")
@click.pass_context
def check_config(ctx: click.Context, schema: bool, reference: bool) -> None:
    """Check the configuration file; exit with 2 and one line for each mistake if there are any."""
    if schema:
        from irods_omero.settings.reference import schema_text  # noqa: PLC0415

        click.echo(schema_text(), nl=False)
        return
    if reference:
        from irods_omero.settings.reference import reference_text  # noqa: PLC0415

        click.echo(reference_text(), nl=False)
        return
    settings_of(ctx)
    click.echo(f"{settings_path(ctx.obj)}: no mistakes found")
