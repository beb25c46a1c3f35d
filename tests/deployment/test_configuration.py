from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from irods_omero.cli import main
from irods_omero.settings import load_settings
from irods_omero.settings.model import Settings
from irods_omero.settings.reference import keys, reference_text, schema_text

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "irods_config" / "omero_policy.example.json"


def properties(schema: Any) -> set[str]:
    """All names of keys in a schema, wherever they are."""
    if isinstance(schema, list):
        return set().union(*map(properties, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})).union(*map(properties, schema.values()))


def used(document: Any, path: str = "") -> set[str]:
    """The keys of a configuration file, as the reference writes them."""
    if isinstance(document, list):
        return set().union(*(used(item, f"{path}[]") for item in document))
    if not isinstance(document, dict):
        return {path}
    chosen = path in (
        "tiers",
        "cache.share",
        "cache.link",
        "omero.users",
        "zone.options",
        "tiers.*.residency_words",
        "attributes[].values",
        "omero_first[].acl",
        "omero_first[].avus",
    )
    return set().union(
        *(used(value, f"{path}.*" if chosen else f"{path}.{key}".lstrip(".")) for key, value in document.items())
    )


SECTIONS = ("tiers", "attributes", "notify.webhooks", "omero_first", "imports.file_rules")
"""Keys that only hold others."""


def test_the_command_prints_what_is_published() -> None:
    assert CliRunner().invoke(main, ["config", "--schema"]).output == schema_text()
    assert CliRunner().invoke(main, ["config", "--reference"]).output == reference_text()


def test_every_key_of_the_schema_is_explained() -> None:
    rows = dict(re.findall(r"^\| `([^`]+)` \| .* \| ([^|]*) \|$", reference_text(), re.MULTILINE))
    explained = {part for key in rows for part in re.findall(r"\w+", key)}
    assert properties(Settings.model_json_schema()) <= explained
    assert [key for key, text in rows.items() if not text.strip()] == []


def test_the_example_is_valid_and_shows_every_key_there_is() -> None:
    load_settings(EXAMPLE)
    schema = Settings.model_json_schema()
    possible = {key for key, subschema in keys(schema) if "$ref" not in subschema and key not in SECTIONS}
    shown = {re.sub(r"(\[\]|\.\*)$", "", key) for key in used(json.loads(EXAMPLE.read_text()))}
    assert shown == possible


def test_the_example_keeps_no_secrets() -> None:
    settings = load_settings(EXAMPLE)
    assert not [key for key in settings.zone.options if "password" in key]
    assert settings.zone.password_file
    assert settings.omero.password_file
