"""What is published about the configuration, made from its classes so that it is true.

The JSON Schema is ``irods_config/omero_policy.schema.json``, the reference is ``docs/configuration.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from irods_omero.settings.model import Settings

HEAD = """# Configuration

One JSON file, by default `/etc/irods/omero_policy.json`; the environment variable `IRODS_OMERO_POLICY`, and for the
commands the option `--config`, name another. The hooks inside the iRODS server and the agent read the same file. The
hooks need `watch`, `prefix`, `zone.name` and `zone.user` of it, and the names of mapped attributes and residencies; all
else is the agent's.

- An edit counts for the hooks from the next connection to the zone on, and for the agent when it is started again.
- `irods-omero config` checks the file: one line for each mistake, with line, key and what was expected.
- `irods_config/omero_policy.schema.json` is its JSON Schema (`irods-omero config --schema`), and
  `irods_config/omero_policy.example.json` an example.
- Passwords are not in it: everybody on the server may read it. They are in files that it names, or in the environment
  variables `IRODS_OMERO_ZONE_PASSWORD` and `IRODS_OMERO_OMERO_PASSWORD`.

Whole files to begin with: the [example](../irods_config/omero_policy.example.json), and three recipes for what comes
through OMERO first: a [small lab, a facility with a directory service, an archive](omero-first.md#three-recipes).

`*` stands for a name of your choice, and `[]` for each item of a list. This page is made from the schema, by
`irods-omero config --reference`.
"""

COLUMNS = ("key", "type", "default", "what it is")


def schema_text() -> str:
    """The schema as it is published."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **Settings.model_json_schema()}
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def reference_text() -> str:
    """The reference as it is published."""
    schema = Settings.model_json_schema()
    return HEAD + "".join(_section(name, part, schema) for name, part in schema["properties"].items())


def keys(
    schema: dict[str, Any], part: dict[str, Any] | None = None, path: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The path of each key that a schema allows, with what the schema says of it."""
    section = _resolved(schema if part is None else part, schema)
    for name, inner in section.get("properties", {}).items():
        key = f"{path}.{name}" if path else name
        resolved = _resolved(inner, schema)
        yield key, {**resolved, **inner, "is_required": name in section.get("required", ())}
        yield from keys(schema, inner, key)
        for suffix, deeper in (("[]", resolved.get("items")), (".*", resolved.get("additionalProperties"))):
            if isinstance(deeper, dict):
                yield from keys(schema, deeper, key + suffix)


def _section(name: str, part: dict[str, Any], schema: dict[str, Any]) -> str:
    resolved = _resolved(part, schema)
    rows = [(key, inner) for key, inner in keys(schema) if key == name or key.startswith((f"{name}.", f"{name}["))]
    shown = [_row(key, inner, schema) for key, inner in rows if not _is_section(inner, schema)]
    head = f"\n## {name}\n\n{_about(part, resolved, schema)}\n\n"
    return head + "\n".join([_line(COLUMNS), _line(["---"] * len(COLUMNS)), *shown]) + "\n"


def _about(part: dict[str, Any], resolved: dict[str, Any], schema: dict[str, Any]) -> str:
    said = [str(part.get("description") or resolved.get("description") or "")]
    if part.get("default") in ([], {}):
        said.append("None by default.")
    for inner in (resolved.get("items"), resolved.get("additionalProperties")):
        if isinstance(inner, dict) and (about := _resolved(inner, schema).get("description")):
            said.append(f"Each: {about[0].lower()}{about[1:]}")
    return " ".join(said)


def _row(key: str, subschema: dict[str, Any], schema: dict[str, Any]) -> str:
    default = "required" if subschema["is_required"] else _code(subschema.get("default"))
    return _line([f"`{key}`", _type(subschema, schema), default, str(subschema.get("description", ""))])


def _line(cells: Any) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _code(value: Any) -> str:
    return "none" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def _type(subschema: dict[str, Any], schema: dict[str, Any]) -> str:
    """What a value may be, in words."""
    if "enum" in subschema:
        return " or ".join(_code(choice) for choice in subschema["enum"])
    if "anyOf" in subschema:
        kinds = [_type(_resolved(one, schema), schema) for one in subschema["anyOf"] if one.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    kind = str(subschema.get("type", ""))
    if kind == "array":
        return f"list of {_type(_resolved(subschema['items'], schema), schema)}s"
    if kind == "object":
        return f"for each name a {_type(_resolved(subschema['additionalProperties'], schema), schema)}"
    return {"boolean": "true or false"}.get(kind, kind) + _limits(subschema)


def _limits(subschema: dict[str, Any]) -> str:
    low, above, high = (subschema.get(name) for name in ("minimum", "exclusiveMinimum", "maximum"))
    if low is not None and high is not None:
        return f", {low} to {high}"
    if above is not None:
        return f", more than {above}"
    return "" if low is None else f", {low} or more"


def _is_section(subschema: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether a key only holds others, which have rows of their own."""
    inner = [subschema, subschema.get("items"), subschema.get("additionalProperties")]
    return any("properties" in _resolved(one, schema) for one in inner if isinstance(one, dict))


def _resolved(part: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """What a reference refers to."""
    if "$ref" in part:
        return dict(schema["$defs"][part["$ref"].rpartition("/")[2]])
    return part
