"""Prints what setup_irods.py of iRODS 5 takes for an unattended set-up; passwords and keys come from files."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ZONE = "tempZone"
ADMINISTRATOR = "rods"
RESOURCE = "fast"
PORT = 1247

ENGINE = "irods_rule_engine_plugin-"


def setup(host: str, database: str, secrets: Path) -> dict[str, Any]:
    """The answers to all questions of the set-up."""
    return {
        "admin_password": _secret(secrets, "irods_admin"),
        "default_resource_directory": "/var/lib/irods/fast",
        "default_resource_name": RESOURCE,
        "host_system_information": {"service_account_user_name": "irods", "service_account_group_name": "irods"},
        "service_account_environment": _environment(host),
        "server_config": {
            **_server(host, secrets),
            "advanced_settings": _advanced(),
            "plugin_configuration": {
                "authentication": {},
                "database": {
                    "technology": "postgres",
                    "host": database,
                    "name": "ICAT",
                    "odbc_driver": "PostgreSQL ANSI",
                    "password": _secret(secrets, "irods_database"),
                    "port": 5432,
                    "username": "irods",
                },
                "network": {},
                "resource": {},
                "rule_engines": [_native(), _engine("cpp_default_policy", {})],
            },
        },
    }


def _secret(secrets: Path, name: str) -> str:
    return (secrets / name).read_text(encoding="utf-8").strip()


def _environment(host: str) -> dict[str, Any]:
    home = f"/{ZONE}/home/{ADMINISTRATOR}"
    return {
        "irods_client_server_policy": "CS_NEG_REFUSE",
        "irods_connection_pool_refresh_time_in_seconds": 300,
        "irods_cwd": home,
        "irods_default_hash_scheme": "SHA256",
        "irods_default_number_of_transfer_threads": 4,
        "irods_default_resource": RESOURCE,
        "irods_encryption_algorithm": "AES-256-CBC",
        "irods_encryption_key_size": 32,
        "irods_encryption_num_hash_rounds": 16,
        "irods_encryption_salt_size": 8,
        "irods_home": home,
        "irods_host": host,
        "irods_match_hash_policy": "compatible",
        "irods_maximum_size_for_single_buffer_in_megabytes": 32,
        "irods_port": PORT,
        "irods_transfer_buffer_size_for_parallel_transfer_in_megabytes": 4,
        "irods_user_name": ADMINISTRATOR,
        "irods_zone_name": ZONE,
        "schema_name": "service_account_environment",
        "schema_version": "v5",
    }


def _server(host: str, secrets: Path) -> dict[str, Any]:
    areas = ["agent", "agent_factory", "api", "authentication", "database", "delay_server", "genquery1", "genquery2"]
    areas += ["legacy", "microservice", "network", "resource", "rule_engine", "server", "sql"]
    return {
        "schema_name": "server_config",
        "schema_version": "v5",
        "catalog_provider_hosts": [host],
        "catalog_service_role": "provider",
        "client_server_policy": "CS_NEG_REFUSE",
        "connection_pool_refresh_time_in_seconds": 300,
        "controlled_user_connection_list": {"control_type": "denylist", "users": []},
        "default_dir_mode": "0750",
        "default_file_mode": "0600",
        "default_hash_scheme": "SHA256",
        "default_resource_name": RESOURCE,
        "encryption": {"algorithm": "AES-256-CBC", "key_size": 32, "num_hash_rounds": 16, "salt_size": 8},
        "environment_variables": {},
        "federation": [],
        "graceful_shutdown_timeout_in_seconds": 30,
        "host": host,
        "host_access_control": {"access_entries": []},
        "host_resolution": {"host_entries": []},
        "log_level": dict.fromkeys(areas, "info"),
        "match_hash_policy": "compatible",
        "negotiation_key": _secret(secrets, "negotiation_key"),
        "rule_engine_namespaces": [""],
        "server_port_range_start": 20000,
        "server_port_range_end": 20199,
        "zone_auth_scheme": "native",
        "zone_key": _secret(secrets, "zone_key"),
        "zone_name": ZONE,
        "zone_port": PORT,
        "zone_user": ADMINISTRATOR,
    }


def _advanced() -> dict[str, Any]:
    cache = {"cache_clearer_sleep_time_in_seconds": 600, "eviction_age_in_seconds": 3600}
    return {
        "checksum_read_buffer_size_in_bytes": 1048576,
        "default_number_of_transfer_threads": 4,
        "default_temporary_password_lifetime_in_seconds": 120,
        "delay_rule_executors": [],
        "delay_server_sleep_time_in_seconds": 5,
        "dns_cache": {**cache, "shared_memory_size_in_bytes": 5000000},
        "hostname_cache": {**cache, "shared_memory_size_in_bytes": 2500000},
        "maximum_size_for_single_buffer_in_megabytes": 32,
        "maximum_size_of_delay_queue_in_bytes": 0,
        "maximum_temporary_password_lifetime_in_seconds": 1000,
        "migrate_delay_server_sleep_time_in_seconds": 5,
        "number_of_concurrent_delay_rule_executors": 4,
        "stacktrace_file_processor_sleep_time_in_seconds": 10,
        "transfer_buffer_size_for_parallel_transfer_in_megabytes": 4,
        "transfer_chunk_size_for_parallel_transfer_in_megabytes": 40,
    }


def _engine(name: str, specific: dict[str, Any]) -> dict[str, Any]:
    plugin = ENGINE + name
    return {
        "instance_name": f"{plugin}-instance",
        "plugin_name": plugin,
        "plugin_specific_configuration": specific,
    }


def _native() -> dict[str, Any]:
    names = ("re_data_variable_mapping_set", "re_function_name_mapping_set", "re_rulebase_set")
    events = ["ac[^ ]*", "msi[^ ]*", "[^ ]*pep_[^ ]*_(pre|post|except|finally)"]
    specific: dict[str, Any] = {**{name: ["core"] for name in names}, "regexes_for_supported_peps": events}
    return {**_engine("irods_rule_language", specific), "shared_memory_instance": "irods_rule_language_rule_engine"}


if __name__ == "__main__":
    print(json.dumps(setup(sys.argv[1], sys.argv[2], Path(sys.argv[3])), indent=4))
