"""server_config.json files as iRODS 4.3 and 5 write them: the documented keys, with values of this project's own."""

from __future__ import annotations

import json
from typing import Any

NATIVE: dict[str, Any] = {
    "instance_name": "irods_rule_engine_plugin-irods_rule_language-instance",
    "plugin_name": "irods_rule_engine_plugin-irods_rule_language",
    "plugin_specific_configuration": {
        "re_data_variable_mapping_set": ["core"],
        "re_function_name_mapping_set": ["core"],
        "re_rulebase_set": ["site", "core"],
        "regexes_for_supported_peps": ["ac[^ ]*", "msi[^ ]*", "[^ ]*pep_[^ ]*_(pre|post|except|finally)"],
    },
    "shared_memory_instance": "irods_rule_language_rule_engine",
}
DEFAULT_POLICY: dict[str, Any] = {
    "instance_name": "irods_rule_engine_plugin-cpp_default_policy-instance",
    "plugin_name": "irods_rule_engine_plugin-cpp_default_policy",
    "plugin_specific_configuration": {},
}
TIERING: dict[str, Any] = {
    "instance_name": "irods_rule_engine_plugin-unified_storage_tiering-instance",
    "plugin_name": "irods_rule_engine_plugin-unified_storage_tiering",
    "plugin_specific_configuration": {"data_transfer_log_level": "LOG_NOTICE"},
}
AUDIT: dict[str, Any] = {
    "instance_name": "irods_rule_engine_plugin-audit_amqp-instance",
    "plugin_name": "irods_rule_engine_plugin-audit_amqp",
    "plugin_specific_configuration": {"pep_regex_to_match": "audit_.*"},
}
PYTHON: dict[str, Any] = {
    "instance_name": "irods_rule_engine_plugin-python-instance",
    "plugin_name": "irods_rule_engine_plugin-python",
    "plugin_specific_configuration": {},
}

COMMON: dict[str, Any] = {
    "client_server_policy": "CS_NEG_REFUSE",
    "default_hash_scheme": "SHA256",
    "default_resource_name": "fast",
    "environment_variables": {},
    "federation": [],
    "host_access_control": {"access_entries": []},
    "negotiation_key": "a-negotiation-key-of-32-letters-",
    "rule_engine_namespaces": [""],
    "zone_auth_scheme": "native",
    "zone_key": "a-zone-key",
    "zone_name": "lab",
    "zone_port": 1247,
    "zone_user": "rods",
    "site_specific": {"kept": [1.0, 1e3, 12345678901234567890, "µ"]},
}


def document(version: int, *engines: dict[str, Any]) -> dict[str, Any]:
    """A server_config.json of iRODS 4.3 (schema 4) or 5 (schema 5)."""
    own: dict[str, Any] = (
        {"client_api_allowlist_policy": "enforce", "server_control_plane_key": "a-control-key"}
        if version == 4
        else {"graceful_shutdown_timeout_in_seconds": 30, "host": "icat.example.org"}
    )
    database: dict[str, Any] = {"technology": "postgres", "password": "a-database-password"}
    configuration = {
        "authentication": {},
        "database": database if version == 5 else {"postgres": {"db_password": "a-database-password"}},
        "network": {},
        "resource": {},
        "rule_engines": list(engines),
    }
    head = {"schema_name": "server_config", "schema_version": f"v{version}"}
    return {**head, **own, "plugin_configuration": configuration, **COMMON}


def as_text(value: dict[str, Any], indent: int | str | None = 4) -> str:
    """The text of a file; 4.3 and 5 indent by four and end without a newline."""
    return json.dumps(value, indent=indent, ensure_ascii=False)


WITH_TIERING = (TIERING, NATIVE, DEFAULT_POLICY)
