"""The configuration: one JSON file, checked before anything is done with it."""

from irods_omero.settings.load import (
    OMERO_PASSWORD_VARIABLE,
    ZONE_PASSWORD_VARIABLE,
    load_settings,
    read_secret,
    settings_path,
)
from irods_omero.settings.mapping import AttributeSettings
from irods_omero.settings.model import OmeroSettings, Settings, ZoneSettings, parse_address, parse_shards

__all__ = [
    "OMERO_PASSWORD_VARIABLE",
    "ZONE_PASSWORD_VARIABLE",
    "AttributeSettings",
    "OmeroSettings",
    "Settings",
    "ZoneSettings",
    "load_settings",
    "parse_address",
    "parse_shards",
    "read_secret",
    "settings_path",
]
