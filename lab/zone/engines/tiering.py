"""The storage tiering plugin: access times, the violating queries, migrations and restages."""

import json
import random
import time
from typing import TYPE_CHECKING, Any

from lab.zone.catalog import collections, delayed, replicas, resources
from lab.zone.catalog.resources import Resource
from lab.zone.engines import movement
from lab.zone.errors import ZoneError
from lab.zone.query import text
from lab.zone.service import Service
from lab.zone.structs import DataObjectInput, name, parent

if TYPE_CHECKING:
    from lab.zone.agent import Agent

INSTANCE = "irods_rule_engine_plugin-unified_storage_tiering-instance"
DEFAULT_POLICY_INSTANCE = "irods_rule_engine_plugin-cpp_default_policy-instance"
PREFIX = "irods::storage_tiering::"
ACCESS_TIME = "irods::access_time"
GROUP = PREFIX + "group"
SCHEDULED = PREFIX + "migration_scheduled"
SCHEDULE = "irods_policy_schedule_storage_tiering"
SCAN = "irods_policy_storage_tiering"
MOVEMENT = "irods_policy_data_movement"
_DEFAULT_REPETITION = "<EF>60s REPEAT UNTIL SUCCESS OR 5 TIMES</EF>"
_COLUMNS_OF_VIOLATING_QUERIES = 5

_WITH_PATH = ("data_obj_put", "data_obj_get", "data_obj_repl", "phy_path_reg")
_OPENING = ("data_obj_open", "data_obj_create", "replica_open")


def quoted(path: str) -> str:
    """A path as it can stand in a query."""
    return path.replace("'", "\\x27")


class TieringEngine:
    """The plugin in one agent."""

    def __init__(self, agent: "Agent") -> None:
        self._agent = agent
        self._store = agent.store
        self._opened: dict[int, tuple[str, str]] = {}

    def service(self) -> Service:
        """A new connection as the zone's administrator."""
        return movement.service(self._agent)

    def react(self, pep: str, subject: Any) -> None:
        """Do what the plugin does at an enforcement point."""
        if not (pep.startswith("pep_api_") and pep.endswith("_post")):
            return
        call = pep.removeprefix("pep_api_").removesuffix("_post")
        if call in _WITH_PATH:
            self._accessed_tree(subject)
            if call == "data_obj_get":
                self._restage(subject.path, resources.root(subject.keywords["resc_hier"]))
        elif call == "touch":
            path = str(subject.document["logical_path"])
            if collections.find(self._store, path) is None:
                self._accessed([path])
        elif call in _OPENING:
            self._remember(subject)
        elif call == "data_obj_close":
            self._closed(subject.descriptor)
        elif call == "replica_close" and subject.document.get("update_status", True):
            self._closed(int(subject.document["fd"]))

    def _remember(self, subject: DataObjectInput) -> None:
        for number, opened in self._agent.open_descriptors():
            if opened.path == subject.path:
                self._opened[number] = (opened.path, opened.resource)

    def _closed(self, descriptor: int) -> None:
        if descriptor in self._opened:
            path, resource = self._opened[descriptor]
            self._accessed([path])
            self._restage(path, resource)

    def _accessed_tree(self, subject: DataObjectInput) -> None:
        if "collection" not in subject.keywords:
            self._accessed([subject.path])
            return
        below = sorted(collections.below(self._store, subject.path), key=lambda collection: collection.path)
        self._accessed([f"{c.path}/{n}" for c in below for n in replicas.in_collection(self._store, c.id)])

    def _accessed(self, paths: list[str]) -> None:
        with self.service() as service:
            for path in paths:
                service.set_avu(path, ACCESS_TIME, str(int(time.time())), "")

    def execute_text(self, rule: dict[str, Any]) -> None:
        """Execute a rule that an administrator sent: put a scan into the delay queue."""
        if not self._agent.client.is_administrator:
            raise ZoneError("CAT_INSUFFICIENT_PRIVILEGE_LEVEL", "only administrators may execute storage tiering rules")
        if rule["rule-engine-instance-name"] != INSTANCE:
            raise ZoneError("SYS_NOT_SUPPORTED", "instance name not found")
        if rule["rule-engine-operation"] != SCHEDULE:
            raise ZoneError("SYS_NOT_SUPPORTED", "supported rule name not found")
        scan = {"rule-engine-operation": SCAN, "storage-tier-groups": rule["storage-tier-groups"]}
        user = self._agent.client.name
        delayed.enqueue(self._store, json.dumps(scan), str(rule["delay-parameters"]), user)

    def execute_expression(self, rule: dict[str, Any]) -> bool:
        """Execute a rule from the delay queue; whether it was for this engine."""
        operation = rule.get("rule-engine-operation")
        if operation == SCAN:
            for group in rule["storage-tier-groups"]:
                self._scan(str(group))
        elif operation == MOVEMENT:
            movement.move(self._agent, rule)
        else:
            return False
        return True

    def _scan(self, group: str) -> None:
        tiers = [resources.need(self._store, tier) for _, tier in sorted(self._tiers(group))]
        if not tiers:
            self._agent.log.write(f"storage tiering: no resources found for group {group}")
        for place, source in enumerate(tiers[:-1]):
            self._migrate(group, source, tiers[place + 1], tiers[place + 1 :])

    def _tiers(self, group: str) -> list[tuple[str, str]]:
        """Index and name of each resource of a group."""
        rows = self._query(
            f"select META_RESC_ATTR_UNITS, RESC_NAME where META_RESC_ATTR_VALUE = '{group}'"
            f" and META_RESC_ATTR_NAME = '{GROUP}'"
        )
        return [(row[0], row[1]) for row in rows]

    def _query(self, query: str) -> list[tuple[str, ...]]:
        return self._agent.statements.all(text.parse(query))

    def _migrate(self, group: str, source: Resource, target: Resource, lower: list[Resource]) -> None:
        preserve = self._preserves(source)
        limit = int(self._setting(source, "object_limit", "0") or 0)
        seen = set()
        for query in self._violating_queries(source):
            rows = self._query(query)
            for row in rows[: limit or None]:
                if len(row) != _COLUMNS_OF_VIOLATING_QUERIES:
                    self._agent.log.write(f"storage tiering: the query on {source.name} selects {len(row)} columns")
                    break
                path = f"{row[1].rstrip('/')}/{row[0]}"
                if path in seen or (preserve and self._is_on(path, lower)):
                    continue
                seen.add(path)
                try:
                    self._queue(group, path, row[4], source=source, target=target)
                except ZoneError as error:
                    self._agent.log.write(f"storage tiering: scheduling failed for {path}: {error}")

    def _violating_queries(self, source: Resource) -> list[str]:
        age = self._setting(source, "time", "")
        if not age.lstrip("-").isdigit():
            raise ZoneError("SYS_INVALID_INPUT_PARAM", f"failed to get tiering time for resource {source.name}")
        limit = str(int(time.time()) - int(age))
        custom = self._settings(source, "query")
        if any(kind not in ("", "general", "genquery") for _, kind in custom):
            raise ZoneError("SYS_NOT_SUPPORTED", "the lab zone does not support specific queries for tiering")
        if custom:
            return [query.replace("TIME_CHECK_STRING", limit, 1) for query, _ in custom]
        ids = ", ".join(f"'{leaf.id}'" for leaf in resources.leaves(self._store, source))
        return [
            "select DATA_NAME, COLL_NAME, USER_NAME, USER_ZONE, DATA_REPL_NUM where META_DATA_ATTR_NAME ="
            f" '{ACCESS_TIME}' and META_DATA_ATTR_VALUE < '{limit}' and META_DATA_ATTR_UNITS <> '{SCHEDULED}'"
            f" and DATA_RESC_ID in ({ids})"
        ]

    def _settings(self, resource: Resource, attribute: str) -> list[tuple[str, ...]]:
        return self._query(
            "select META_RESC_ATTR_VALUE, META_RESC_ATTR_UNITS where META_RESC_ATTR_NAME ="
            f" '{PREFIX}{attribute}' and RESC_NAME = '{resource.name}'"
        )

    def _setting(self, resource: Resource, attribute: str, default: str) -> str:
        settings = self._settings(resource, attribute)
        return settings[0][0] if settings else default

    def _preserves(self, source: Resource) -> bool:
        return self._setting(source, "preserve_replicas", "").lower() == "true"

    def _is_on(self, path: str, where: list[Resource]) -> bool:
        ids = {leaf.id for resource in where for leaf in resources.leaves(self._store, resource)}
        return any(replica.resc_id in ids for replica in replicas.of_path(self._store, path))

    def _queue(self, group: str, path: str, number: str, *, source: Resource, target: Resource) -> None:
        """Have an object moved, unless that is on its way; flag it, and put the movement into the delay queue."""
        times = self._query(
            "select META_DATA_ATTR_VALUE, META_DATA_ATTR_UNITS where META_DATA_ATTR_NAME ="
            f" '{ACCESS_TIME}' and DATA_NAME = '{quoted(name(path))}' and COLL_NAME = '{quoted(parent(path))}'"
        )
        if any(units == SCHEDULED for _, units in times):
            return
        if not times:
            raise ZoneError("CAT_NO_ROWS_FOUND", f"no results found for object {path} with attribute {ACCESS_TIME}")
        rule = {
            "policy_to_invoke": "irods_policy_enqueue_rule",
            "parameters": {
                "rule-engine-operation": MOVEMENT,
                "rule-engine-instance-name": INSTANCE,
                "group-name": group,
                "object-path": path,
                "source-replica-number": number,
                "source-resource": source.name,
                "destination-resource": target.name,
                "preserve-replicas": self._preserves(source),
                "verification-type": self._setting(target, "verification", "catalog"),
                "delay_conditions": self._delay(source),
            },
        }
        with self.service() as service:
            service.set_avu(path, ACCESS_TIME, times[0][0], SCHEDULED)
            service.execute_rule(json.dumps(rule), DEFAULT_POLICY_INSTANCE)

    def _delay(self, source: Resource) -> str:
        repetition = self._setting(source, "data_movement_parameters", _DEFAULT_REPETITION)
        shortest = int(self._setting(source, "minimum_delay_time_in_seconds", "1"))
        longest = int(self._setting(source, "maximum_delay_time_in_seconds", "30"))
        seconds = random.randint(shortest, max(shortest, longest))
        return f"<INST_NAME>{INSTANCE}</INST_NAME>{repetition}<PLUSET>{seconds}s</PLUSET>"

    def _restage(self, path: str, source_name: str) -> None:
        """Have an object that was accessed brought back to the restage tier of its group, if it is below that."""
        try:
            self._restage_if_lower(path, source_name)
        except ZoneError as error:
            if error.code != -808000:
                self._agent.log.write(f"storage tiering: failed to restage {path}: {error}")

    def _restage_if_lower(self, path: str, source_name: str) -> None:
        source = resources.need(self._store, source_name)
        leaves = {leaf.id for leaf in resources.leaves(self._store, source)}
        numbers = [r.data_repl_num for r in replicas.of_path(self._store, path) if r.resc_id in leaves]
        groups = self._query(
            f"select META_DATA_ATTR_VALUE where DATA_NAME = '{quoted(name(path))}' and COLL_NAME ="
            f" '{quoted(parent(path))}' and META_DATA_ATTR_NAME = '{GROUP}'"
        )
        if not numbers or not groups:
            return
        group = groups[0][0]
        tiers = {tier: int(index) for index, tier in self._tiers(group)}
        if source.name not in tiers:
            raise ZoneError("CAT_NO_ROWS_FOUND", f"resource {source.name} has no tier for group {group}")
        wanted = [tier for tier in tiers if self._setting_of(tier, "minimum_restage_tier") == "true"]
        lowest = wanted[0] if wanted else min(tiers, key=lambda tier: str(tiers[tier]))
        if tiers[source.name] <= tiers[lowest]:
            return
        self._queue(group, path, str(numbers[0]), source=source, target=resources.need(self._store, lowest))

    def _setting_of(self, resource: str, attribute: str) -> str:
        return self._setting(resources.need(self._store, resource), attribute, "")
