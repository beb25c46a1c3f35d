"""What the commands share: exit codes and the configuration."""

from __future__ import annotations

import click

from irods_omero.settings import Settings, load_settings, settings_path

FAILED = 1
MISTAKE = 2


def settings_of(ctx: click.Context) -> Settings:
    """The checked configuration."""
    return load_settings(settings_path(ctx.obj))
