"""The JSON Schema of the configuration, published as ``irods_config/omero_policy.schema.json``."""

from __future__ import annotations

import json

from irods_omero.settings.model import Settings


def schema_text() -> str:
    """The schema as it is published."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
