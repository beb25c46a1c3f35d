"""Which column of which table each GenQuery column is, and how the tables hang together."""

from collections import deque
from typing import NamedTuple

from lab.zone.errors import ZoneError


class Column(NamedTuple):
    """A GenQuery column."""

    number: int
    name: str
    table: str
    column: str

    @property
    def sql(self) -> str:
        """The column in SQL."""
        if self.column == "resc_hier":
            return f"resc_hier({self.table}.resc_id)"
        return f"{self.table}.{self.column}"


def _family(table: str, prefix: str, columns: dict[int, str]) -> list[Column]:
    family = []
    for number, pair in columns.items():
        column, _, label = pair.partition(" ")
        family.append(Column(number, prefix + (label or column.upper()), table, column))
    return family


def _metadata(table: str, kind: str, first: int) -> list[Column]:
    return [
        Column(first, f"META_{kind}_ATTR_NAME", table, "meta_attr_name"),
        Column(first + 1, f"META_{kind}_ATTR_VALUE", table, "meta_attr_value"),
        Column(first + 2, f"META_{kind}_ATTR_UNITS", table, "meta_attr_unit"),
        Column(first + 3, f"META_{kind}_ATTR_ID", table, "meta_id"),
        Column(first + 4, f"META_{kind}_CREATE_TIME", table, "create_ts"),
        Column(first + 5, f"META_{kind}_MODIFY_TIME", table, "modify_ts"),
    ]


_TIMES = ("create_ts CREATE_TIME", "modify_ts MODIFY_TIME")
_ZONE = {101: "zone_id ID", 102: "zone_name NAME", 103: "zone_type_name TYPE", 104: "zone_conn_string CONNECTION",
         105: "r_comment COMMENT", 106: _TIMES[0], 107: _TIMES[1]}  # fmt: skip
_USER = {201: "user_id ID", 202: "user_name NAME", 203: "user_type_name TYPE", 204: "zone_name ZONE",
         206: "user_info INFO", 207: "r_comment COMMENT", 208: _TIMES[0], 209: _TIMES[1]}  # fmt: skip
_RESOURCE = {301: "resc_id ID", 302: "resc_name NAME", 303: "zone_name ZONE_NAME", 304: "resc_type_name TYPE_NAME",
             305: "resc_class_name CLASS_NAME", 306: "resc_net LOC", 307: "resc_def_path VAULT_PATH",
             308: "free_space FREE_SPACE", 309: "resc_info INFO", 310: "r_comment COMMENT", 311: _TIMES[0],
             312: _TIMES[1], 313: "resc_status STATUS", 314: "free_space_ts FREE_SPACE_TIME",
             315: "resc_children CHILDREN", 316: "resc_context CONTEXT", 317: "resc_parent PARENT",
             318: "resc_parent_context PARENT_CONTEXT", 319: "modify_ts_millis MODIFY_TIME_MILLIS"}  # fmt: skip
_DATA = {401: "data_id ID", 402: "coll_id COLL_ID", 403: "data_name NAME", 404: "data_repl_num REPL_NUM",
         405: "data_version VERSION", 406: "data_type_name TYPE_NAME", 407: "data_size SIZE", 410: "data_path PATH",
         411: "data_owner_name OWNER_NAME", 412: "data_owner_zone OWNER_ZONE", 413: "data_is_dirty REPL_STATUS",
         414: "data_status STATUS", 415: "data_checksum CHECKSUM", 416: "data_expiry_ts EXPIRY",
         417: "data_map_id MAP_ID", 418: "r_comment COMMENTS", 419: _TIMES[0], 420: _TIMES[1], 421: "data_mode MODE",
         422: "resc_hier RESC_HIER", 423: "resc_id RESC_ID", 424: "access_ts ACCESS_TIME"}  # fmt: skip
_COLLECTION = {500: "coll_id ID", 501: "coll_name NAME", 502: "parent_coll_name PARENT_NAME",
               503: "coll_owner_name OWNER_NAME", 504: "coll_owner_zone OWNER_ZONE", 505: "coll_map_id MAP_ID",
               506: "coll_inheritance INHERITANCE", 507: "r_comment COMMENTS", 508: _TIMES[0], 509: _TIMES[1],
               510: "coll_type TYPE", 511: "coll_info1 INFO_1", 512: "coll_info2 INFO_2"}  # fmt: skip
_RULE = {1000: "rule_exec_id ID", 1001: "rule_name NAME", 1002: "rei_file_path REI_FILE_PATH",
         1003: "user_name USER_NAME", 1004: "exe_address ADDRESS", 1005: "exe_time TIME",
         1006: "exe_frequency FREQUENCY", 1007: "priority PRIORITY", 1008: "estimated_exe_time ESTIMATED_EXE_TIME",
         1009: "notification_addr NOTIFICATION_ADDR", 1010: "last_exe_time LAST_EXE_TIME", 1011: "exe_status STATUS",
         1012: "exe_context CONTEXT", 1013: "lock_host LOCK_HOST", 1014: "lock_host_pid LOCK_HOST_PID",
         1015: "lock_ts LOCK_TIME"}  # fmt: skip

_ALL = [
    *_family("r_zone_main", "ZONE_", _ZONE),
    *_family("r_user_main", "USER_", _USER),
    *_family("r_resc_main", "RESC_", _RESOURCE),
    *_family("r_data_main", "DATA_", _DATA),
    Column(409, "DATA_RESC_NAME", "r_resc_main", "resc_name"),
    *_family("r_coll_main", "COLL_", _COLLECTION),
    *_metadata("r_data_meta_main", "DATA", 600),
    *_metadata("r_coll_meta_main", "COLL", 610),
    *_metadata("r_resc_meta_main", "RESC", 630),
    *_metadata("r_user_meta_main", "USER", 640),
    Column(700, "DATA_ACCESS_TYPE", "r_data_access", "access_type_id"),
    Column(701, "DATA_ACCESS_NAME", "r_data_tokn_accs", "token_name"),
    Column(702, "DATA_TOKEN_NAMESPACE", "r_data_tokn_accs", "token_namespace"),
    Column(703, "DATA_ACCESS_USER_ID", "r_data_access", "user_id"),
    Column(704, "DATA_ACCESS_DATA_ID", "r_data_access", "object_id"),
    Column(710, "COLL_ACCESS_TYPE", "r_coll_access", "access_type_id"),
    Column(711, "COLL_ACCESS_NAME", "r_coll_tokn_accs", "token_name"),
    Column(712, "COLL_TOKEN_NAMESPACE", "r_coll_tokn_accs", "token_namespace"),
    Column(713, "COLL_ACCESS_USER_ID", "r_coll_access", "user_id"),
    Column(714, "COLL_ACCESS_COLL_ID", "r_coll_access", "object_id"),
    Column(900, "USER_GROUP_ID", "r_user_group", "group_user_id"),
    Column(901, "USER_GROUP_NAME", "r_group_main", "user_name"),
    *_family("r_rule_exec", "RULE_EXEC_", _RULE),
    Column(1100, "TOKEN_NAMESPACE", "r_tokn_main", "token_namespace"),
    Column(1101, "TOKEN_ID", "r_tokn_main", "token_id"),
    Column(1102, "TOKEN_NAME", "r_tokn_main", "token_name"),
    Column(1300, "COLL_USER_NAME", "r_coll_user_main", "user_name"),
    Column(1301, "COLL_ZONE_NAME", "r_coll_user_main", "zone_name"),
    Column(1310, "DATA_USER_NAME", "r_data_user_main", "user_name"),
    Column(1311, "DATA_ZONE_NAME", "r_data_user_main", "zone_name"),
]
BY_NUMBER = {column.number: column for column in _ALL}
BY_NAME = {column.name: column for column in _ALL}

COLLECTION_NAME, DATA_NAME, REPLICA_NUMBER = (BY_NUMBER[number] for number in (501, 403, 404))
DATA_ATTRIBUTE, DATA_VALUE, COLLECTION_ATTRIBUTE, COLLECTION_VALUE = (BY_NUMBER[n] for n in (600, 601, 610, 611))
SINGLE_ATTRIBUTES = (630, 640)
"""Attribute columns that the server takes only one condition on."""

_ALIASES = {
    "r_data_access": "r_objt_access",
    "r_coll_access": "r_objt_access",
    "r_data_tokn_accs": "r_tokn_main",
    "r_coll_tokn_accs": "r_tokn_main",
    "r_group_main": "r_user_main",
    "r_coll_user_main": "r_user_main",
    "r_data_user_main": "r_user_main",
    **{f"r_{kind}_metamap": "r_objt_metamap" for kind in ("data", "coll", "resc", "user")},
    **{f"r_{kind}_meta_main": "r_meta_main" for kind in ("data", "coll", "resc", "user")},
}

_TOKENS = "{0}.token_namespace = 'access_type' and {0}.token_id = {1}.access_type_id"
_LINKS = [
    ("r_data_main", "r_coll_main", "r_data_main.coll_id = r_coll_main.coll_id"),
    ("r_data_main", "r_resc_main", "r_data_main.resc_id = r_resc_main.resc_id"),
    ("r_data_main", "r_data_metamap", "r_data_metamap.object_id = r_data_main.data_id"),
    ("r_data_metamap", "r_data_meta_main", "r_data_meta_main.meta_id = r_data_metamap.meta_id"),
    ("r_coll_main", "r_coll_metamap", "r_coll_metamap.object_id = r_coll_main.coll_id"),
    ("r_coll_metamap", "r_coll_meta_main", "r_coll_meta_main.meta_id = r_coll_metamap.meta_id"),
    ("r_resc_main", "r_resc_metamap", "r_resc_metamap.object_id = r_resc_main.resc_id"),
    ("r_resc_metamap", "r_resc_meta_main", "r_resc_meta_main.meta_id = r_resc_metamap.meta_id"),
    ("r_user_main", "r_user_metamap", "r_user_metamap.object_id = r_user_main.user_id"),
    ("r_user_metamap", "r_user_meta_main", "r_user_meta_main.meta_id = r_user_metamap.meta_id"),
    ("r_data_main", "r_data_access", "r_data_access.object_id = r_data_main.data_id"),
    ("r_data_access", "r_data_tokn_accs", _TOKENS.format("r_data_tokn_accs", "r_data_access")),
    ("r_data_access", "r_data_user_main", "r_data_user_main.user_id = r_data_access.user_id"),
    ("r_data_access", "r_user_main", "r_user_main.user_id = r_data_access.user_id"),
    ("r_coll_main", "r_coll_access", "r_coll_access.object_id = r_coll_main.coll_id"),
    ("r_coll_access", "r_coll_tokn_accs", _TOKENS.format("r_coll_tokn_accs", "r_coll_access")),
    ("r_coll_access", "r_coll_user_main", "r_coll_user_main.user_id = r_coll_access.user_id"),
    ("r_coll_access", "r_user_main", "r_user_main.user_id = r_coll_access.user_id"),
    ("r_user_main", "r_user_group", "r_user_group.user_id = r_user_main.user_id"),
    ("r_user_group", "r_group_main", "r_group_main.user_id = r_user_group.group_user_id"),
]


def declared(table: str) -> str:
    """A table in a FROM clause."""
    return f"{_ALIASES[table]} {table}" if table in _ALIASES else table


def joined(tables: list[str]) -> tuple[list[str], list[str]]:
    """All the tables that link the given ones, and the conditions that do it."""
    reached, conditions = [tables[0]], []
    for table in tables[1:]:
        for step, condition in _way(reached, table):
            reached.append(step)
            conditions.append(condition)
    return reached, conditions


def _way(reached: list[str], goal: str) -> list[tuple[str, str]]:
    if goal in reached:
        return []
    queue: deque[tuple[str, list[tuple[str, str]]]] = deque((table, []) for table in reached)
    seen = set(reached)
    while queue:
        table, way = queue.popleft()
        for left, right, condition in _LINKS:
            if table not in (left, right):
                continue
            other = right if table == left else left
            if other in seen:
                continue
            longer = [*way, (other, condition)]
            if other == goal:
                return longer
            seen.add(other)
            queue.append((other, longer))
    raise ZoneError("CAT_FAILED_TO_LINK_TABLES", goal)
