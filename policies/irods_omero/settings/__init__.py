"""The configuration: one JSON file, checked before anything is done with it."""

from irods_omero.settings.load import (
    OMERO_PASSWORD_VARIABLE,
    ZONE_PASSWORD_VARIABLE,
    load_settings,
    read_secret,
    read_secret_file,
    settings_path,
)
from irods_omero.settings.mapping import AttributeSettings
from irods_omero.settings.model import (
    CacheSettings,
    OmeroSettings,
    Settings,
    WebhookSettings,
    ZoneSettings,
    parse_address,
    parse_shards,
)

__all__ = [
    "OMERO_PASSWORD_VARIABLE",
    "ZONE_PASSWORD_VARIABLE",
    "AttributeSettings",
    "CacheSettings",
    "OmeroSettings",
    "Settings",
    "WebhookSettings",
    "ZoneSettings",
    "load_settings",
    "parse_address",
    "parse_shards",
    "read_secret",
    "read_secret_file",
    "settings_path",
]
