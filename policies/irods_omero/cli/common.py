"""What the commands share: exit codes and the configuration."""

from __future__ import annotations

import click
from pydantic import ValidationError

from irods_omero.errors import SettingsError
from irods_omero.settings import Settings, load_settings, settings_path
from irods_omero.settings.mistakes import in_words

FAILED = 1
MISTAKE = 2


def settings_of(ctx: click.Context) -> Settings:
    """The checked configuration."""
    return load_settings(settings_path(ctx.obj))


def with_shards(settings: Settings, shards: str | None) -> Settings:
    """The configuration with other shards, if any are given by the option."""
    if shards is None:
        return settings
    fields = settings.model_dump(mode="json")
    fields["agent"]["shards"] = shards
    try:
        return Settings.model_validate(fields)
    except ValidationError as error:
        raise SettingsError(f"--shards: {in_words(error.errors()[0])[1]}") from None
