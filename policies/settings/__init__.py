"""The configuration: one JSON file, checked before anything is done with it."""

from policies.settings.attributes import AttributeSettings
from policies.settings.load import (
    OMERO_PASSWORD_VARIABLE,
    ZONE_PASSWORD_VARIABLE,
    load_settings,
    read_secret,
    settings_path,
)
from policies.settings.model import OmeroSettings, Settings, ZoneSettings, parse_shards

__all__ = [
    "OMERO_PASSWORD_VARIABLE",
    "ZONE_PASSWORD_VARIABLE",
    "AttributeSettings",
    "OmeroSettings",
    "Settings",
    "ZoneSettings",
    "load_settings",
    "parse_shards",
    "read_secret",
    "settings_path",
]
