"""Stands in for the Python rule engine, which is C++: arguments that behave as recorded, and a catalog small enough.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: B905, N802, UP006, UP032, UP035, UP045

import json
import re
import sys
import types
from typing import Any, Dict, List, Optional, Set, Tuple

NO_PERMISSION = -818000
ALREADY_THERE = -809000
UNKNOWN_FILE = -817000


class ArgumentError(TypeError):
    """What Boost raises for an operation that a struct has not."""


class CharArray:
    """A char array of a struct: no text until str() makes it one."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return self is other


class KeyValPair:
    """Pairs that can be had by key or by index, and neither tested with `in` nor looked up with get."""

    def __init__(self, pairs: Dict[str, str]) -> None:
        self._pairs = pairs
        self.len = len(pairs)
        self.key = [CharArray(key) for key in pairs]
        self.value = [CharArray(value) for value in pairs.values()]

    def __getitem__(self, key: str) -> str:
        if not isinstance(key, str):
            raise ArgumentError("did not match C++ signature")
        if key not in self._pairs:
            raise KeyError("{} was not found in the list of keys.".format(key))
        return self._pairs[key]

    def __contains__(self, key: object) -> bool:
        raise ArgumentError("did not match C++ signature")


class BytesBuf:
    """A buffer whose bytes come as a list of numbers."""

    def __init__(self, content: bytes) -> None:
        self.len = len(content)
        self._content = content

    def get_bytes(self) -> List[int]:
        return list(self._content)


class Struct:
    """Any other C struct: numbers are numbers, texts are char arrays."""

    def __init__(self, members: Dict[str, Any]) -> None:
        for name, value in members.items():
            setattr(self, str(name), CharArray(value) if isinstance(value, str) else argument(value))


def argument(recorded: Any) -> Any:
    """An argument as the rule engine would pass it, from what was recorded of one: {kind: members} is a struct."""
    kind, members = next(iter(recorded.items())) if isinstance(recorded, dict) and len(recorded) == 1 else (None, None)
    if not isinstance(members, dict):
        return recorded
    if kind == "KeyValPair":
        return KeyValPair(members)
    if kind == "BytesBuf":
        return BytesBuf(str(members.get("bytes")).encode("utf-8", "surrogatepass"))
    return members if kind == "__dict__" else Struct(members)


def client(user: str = "alice", rights: int = 3, program: str = "iput", zone: str = "tempZone") -> Any:
    """The context that a hook is given: who the client is, with which rights and program."""
    identity = types.SimpleNamespace(
        userName=CharArray(user), rodsZone=CharArray(zone), authInfo=types.SimpleNamespace(authFlag=rights)
    )
    return types.SimpleNamespace(rsComm=types.SimpleNamespace(clientUser=identity, option=CharArray(program)))


class GenQueryOut:
    """The answer to a query, column by column."""

    def __init__(self, rows: Optional[List[Tuple[str, ...]]] = None) -> None:
        self.rowCnt = len(rows or [])
        columns = list(zip(*rows)) if rows else []
        self.sqlResult = [types.SimpleNamespace(row=column.__getitem__) for column in columns]


sys.modules["irods_types"] = types.SimpleNamespace(GenQueryOut=GenQueryOut)  # type: ignore[assignment]

Avu = Tuple[str, str, str]


class Catalog:
    """Data objects, collections and their AVUs, by id."""

    def __init__(self) -> None:
        self.objects = {}  # type: Dict[str, str]
        self.collections = {}  # type: Dict[str, str]
        self.avus = {}  # type: Dict[str, Set[Avu]]
        self.closed = set()  # type: Set[str]
        """Ids of what the client may not write, unless it is an administrator who says so."""
        self.hidden = set()  # type: Set[str]
        """Ids of what the client may not see."""

    def find(self, kind: str, path: str) -> Optional[str]:
        paths = self.objects if kind == "-d" else self.collections
        return next((identifier for identifier, name in paths.items() if name == path), None)

    def marked(self, attribute: str = "omero::sync") -> Set[str]:
        """The ids of everything that bears the mark, which says the right shard."""
        identifiers = set()
        for identifier, avus in self.avus.items():
            for name, value, units in avus:
                if name == attribute:
                    assert (value, units) == ("pending", str(int(identifier) % 64)), (identifier, avus)
                    identifiers.add(identifier)
        return identifiers


def failure(code: int) -> RuntimeError:
    return RuntimeError("[iRods__Error__Code:{}] from the server".format(code))


def holds(condition: str, text: str) -> bool:
    """Whether a condition holds for a text: an equality, or a pattern."""
    operator, quoted = condition.split(" ", 1)
    assert re.match(r"'[^'\"\\\\\x00-\x1f]*'$", quoted), "this has a meaning of its own in a query: " + quoted
    if operator == "=":
        return text == quoted[1:-1]
    assert operator == "like", operator
    pattern = "".join("." if one == "_" else re.escape(one) for one in quoted[1:-1])
    return re.match(pattern + r"\Z", text, re.S) is not None


class Callback:
    """The way back into the server: the microservices that hooks use, with the client's rights; others do not exist."""

    QUERIES = (
        (r"select DATA_ID, COLL_NAME, DATA_NAME where COLL_NAME (.+) and DATA_NAME ((?:=|like) '.+')", "id_of_object"),
        (
            r"select COLL_NAME, META_COLL_ATTR_VALUE, META_COLL_ATTR_UNITS "
            r"where COLL_NAME parent_of '([^'\x00-\x1f]*)' and META_COLL_ATTR_NAME = '([\w.:-]+)'",
            "said_above",
        ),
        (
            r"select COLL_ID, COLL_NAME where COLL_NAME = '([^'\x00-\x1f]*)' "
            r"and META_COLL_ATTR_NAME = '([\w.:-]+)' and META_COLL_ATTR_VALUE = '(\w+)'",
            "collection_with_value",
        ),
        (r"select COLL_ID, COLL_NAME where COLL_NAME (.+)", "id_of_collection"),
        (r"select COLL_NAME, DATA_NAME where DATA_ID = '(\d+)'", "path_of_object"),
        (r"select COLL_NAME where COLL_ID = '(\d+)'", "path_of_collection"),
        (
            r"select (?:DATA_ID, COLL_ID|COLL_ID) where (?:DATA|COLL)_ID = '(\d+)' "
            r"and META_(?:DATA|COLL)_ATTR_NAME = '([\w.:-]+)' "
            r"and META_(?:DATA|COLL)_ATTR_VALUE = '(\w+)'",
            "with_value",
        ),
        (
            r"select META_(?:DATA|COLL)_ATTR_NAME(?:, COLL_ID)? where (?:DATA|COLL)_ID = '(\d+)' "
            r"and META_(?:DATA|COLL)_ATTR_NAME like '([\w.:-]+)%'",
            "attributes",
        ),
        (r"select META_(?:DATA|COLL)_ATTR_NAME where META_(?:DATA|COLL)_ATTR_ID = '(\d+)'", "attribute_of"),
    )

    def __init__(self, catalog: Catalog, core: Any, rei: Any) -> None:
        self.catalog = catalog
        self.core = core
        self.rei = rei
        self.calls = []  # type: List[Tuple[Any, ...]]
        self.log = []  # type: List[str]
        self.avu_names = {}  # type: Dict[str, str]
        self.failing = {}  # type: Dict[str, BaseException]
        """What a microservice raises instead of doing anything."""

    def __getattribute__(self, name: str) -> Any:
        if not name.startswith(("msi", "writeLine")):
            return object.__getattribute__(self, name)

        def call(*arguments: Any) -> Dict[str, Any]:
            self.calls.append((name, *arguments))
            method = getattr(Callback, "_" + name, None)
            if name in self.failing:
                raise self.failing[name]
            if method is None:
                raise failure(-1102000)
            answer = list(arguments)
            method(self, answer)
            return {"code": 0, "status": True, "arguments": answer}

        return call

    def count(self, *names: str) -> int:
        return sum(call[0] in names for call in self.calls)

    def writes(self) -> int:
        """How many calls changed the catalog, or tried to."""
        return self.count("msiModAVUMetadata", "msi_atomic_apply_metadata_operations")

    def reads(self) -> int:
        return self.count("msiExecStrCondQuery")

    def _writeLine(self, answer: List[Any]) -> None:
        assert answer[0] == "serverLog"
        assert "\n" not in answer[1]
        self.log.append(answer[1])

    def _msiExit(self, answer: List[Any]) -> None:
        assert all(isinstance(part, str) for part in answer)
        raise failure(int(answer[0]))

    def _msiExecStrCondQuery(self, answer: List[Any]) -> None:
        for pattern, name in self.QUERIES:
            match = re.match(pattern + "$", answer[0])
            if match:
                answer[1] = GenQueryOut(getattr(self, "query_" + name)(*match.groups()))
                return
        raise AssertionError("not a query that the lab knows: {!r}".format(answer[0]))

    def query_id_of_object(self, collection: str, name: str) -> List[Tuple[str, ...]]:
        named = [(identifier, *path.rsplit("/", 1)) for identifier, path in self.catalog.objects.items()]
        return [row for row in named if self._sees(row[0]) and holds(collection, row[1]) and holds(name, row[2])]

    def query_id_of_collection(self, condition: str) -> List[Tuple[str, ...]]:
        return [row for row in self.catalog.collections.items() if self._sees(row[0]) and holds(condition, row[1])]

    def _sees(self, identifier: str) -> bool:
        return identifier not in self.catalog.hidden

    def query_path_of_object(self, identifier: str) -> List[Tuple[str, ...]]:
        path = self.catalog.objects.get(identifier)
        return [tuple(path.rsplit("/", 1))] if path else []

    def query_path_of_collection(self, identifier: str) -> List[Tuple[str, ...]]:
        path = self.catalog.collections.get(identifier)
        return [(path,)] if path else []

    def query_with_value(self, identifier: str, attribute: str, value: str) -> List[Tuple[str, ...]]:
        return [(identifier,) for avu in self.catalog.avus.get(identifier, ()) if avu[:2] == (attribute, value)]

    def query_said_above(self, path: str, attribute: str) -> List[Tuple[str, ...]]:
        above = {path.rsplit("/", count)[0] for count in range(path.count("/"))}
        return [
            (collection, value, units)
            for identifier, collection in self.catalog.collections.items()
            for name, value, units in self.catalog.avus.get(identifier, ())
            if collection in above and name == attribute and self._sees(identifier)
        ]

    def query_collection_with_value(self, path: str, attribute: str, value: str) -> List[Tuple[str, ...]]:
        identifier = self.catalog.find("-C", path)
        if identifier is None or not self._sees(identifier):
            return []
        return [(identifier, path) for _ in self.query_with_value(identifier, attribute, value)]

    def query_attributes(self, identifier: str, beginning: str) -> List[Tuple[str, ...]]:
        names = {avu[0] for avu in self.catalog.avus.get(identifier, ())}
        return [(name,) for name in sorted(names) if name.startswith(beginning)]

    def query_attribute_of(self, avu_id: str) -> List[Tuple[str, ...]]:
        return [(self.avu_names[avu_id],)] if avu_id in self.avu_names else []

    def _msiModAVUMetadata(self, answer: List[Any]) -> None:
        kind, path, operation, attribute, value, units = answer
        assert operation == "add"
        fired = ["postgres", None, "", kind, path, attribute, value, units, KeyValPair({})]
        self.core.pep_database_add_avu_metadata_pre(fired, self, self.rei)
        identifier = self.catalog.find(kind, path)
        if identifier is None:
            raise failure(UNKNOWN_FILE)
        if identifier in self.catalog.closed:
            raise failure(NO_PERMISSION)
        avus = self.catalog.avus.setdefault(identifier, set())
        if (attribute, value, units) in avus:
            raise failure(ALREADY_THERE)
        avus.add((attribute, value, units))
        self.core.pep_database_add_avu_metadata_post(fired, self, self.rei)

    def _msi_atomic_apply_metadata_operations(self, answer: List[Any]) -> None:
        request = json.loads(answer[0])
        identifier = self.catalog.find(
            "-d" if request["entity_type"] == "data_object" else "-C", request["entity_name"]
        )
        assert identifier is not None
        if request.get("admin_mode"):
            if self.rei.rsComm.clientUser.authInfo.authFlag < 5:
                raise failure(-13000)
        elif identifier in self.catalog.closed:
            raise failure(NO_PERMISSION)
        for one in request["operations"]:
            assert one["operation"] == "add"
            avu = (one["attribute"], one["value"], one["units"])
            self.catalog.avus.setdefault(identifier, set()).add(avu)
