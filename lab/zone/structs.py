"""The arguments of hooks as the Python rule engine shows them, and the inputs of the API calls that they come from."""

import types
from collections.abc import Iterator
from typing import Any

from lab.zone.wire import Element


class CharArray:
    """A C string: it prints as its text, and is equal to no string."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __len__(self) -> int:
        return len(self._text)

    def __getitem__(self, index: int) -> str:
        return self._text[index]


class KeyValPair:
    """Keywords and values: `pairs[key]`, no `in`, no `get`."""

    def __init__(self, pairs: dict[str, str] | None = None) -> None:
        self._pairs = dict(pairs or {})

    @property
    def len(self) -> int:
        """How many pairs there are."""
        return len(self._pairs)

    @property
    def key(self) -> list[CharArray]:
        """The keywords in order."""
        return [CharArray(key) for key in self._pairs]

    @property
    def value(self) -> list[CharArray]:
        """The values in order."""
        return [CharArray(value) for value in self._pairs.values()]

    def __getitem__(self, key: str) -> str:
        if not isinstance(key, str):
            raise TypeError("Python argument types in KeyValPair.__getitem__ did not match C++ signature")
        if key not in self._pairs:
            raise KeyError(f"{key} was not found in the list of keys.")
        return self._pairs[key]


class BytesBuf:
    """A buffer of bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def len(self) -> int:
        """How many bytes there are."""
        return len(self._data)

    def get_byte(self, index: int) -> int:
        """One byte."""
        return self._data[index]

    def get_bytes(self) -> list[int]:
        """All bytes, as numbers."""
        return list(self._data)


class PluginContext:
    """Who called which API: shown by `map()` only."""

    def __init__(self, context: dict[str, str]) -> None:
        self._context = context
        self.rule_results = ""

    def map(self) -> dict[str, str]:
        """What is known of the connection."""
        return dict(self._context)


class CStruct(types.SimpleNamespace):
    """A C structure: its class is named as the rule engine names it."""


class CollInp(CStruct):
    """What collection calls ask for."""


class CollInfo(CStruct):
    """A row of the collection table."""


class CollOprStat(CStruct):
    """How far a call over a collection got."""


class DataObjInp(CStruct):
    """What data object calls ask for."""


class DataObjCopyInp(CStruct):
    """What copy and rename ask for."""


class DataObjInfo(CStruct):
    """A row of the data object table."""


class OpenedDataObjInp(CStruct):
    """What calls on an open descriptor ask for."""


class BulkOprInp(CStruct):
    """What a bulk put asks for."""


class ModAccessControlInp(CStruct):
    """What a change of permissions asks for."""


class TransferStat(CStruct):
    """How much was moved."""


class PortalOprOut(CStruct):
    """Where bytes that are not in the message would come from."""


class RodsObjStat(CStruct):
    """What is at a path."""


class GenQueryInp(CStruct):
    """A query."""

    def __init__(self, **fields: Any) -> None:
        pairs = types.SimpleNamespace
        empty = {"maxRows": 0, "continueInx": 0, "rowOffset": 0, "options": 0, "condInput": KeyValPair()}
        super().__init__(**{**empty, "selectInp": pairs(len=0), "sqlCondInp": pairs(len=0), **fields})


class SqlResult(CStruct):
    """One column of the answer to a query."""

    def row(self, index: int) -> str:
        """The value in a row."""
        return str(self.values[index])


class GenQueryOut(CStruct):
    """The answer to a query."""

    def __init__(self, **fields: Any) -> None:
        empty: dict[str, Any] = {"rowCnt": 0, "attriCnt": 0, "continueInx": 0, "totalRowCount": 0, "sqlResult": []}
        super().__init__(**{**empty, **fields})


class CondInput(dict[str, str]):
    """The keywords of a call while the server works on it."""

    def shown(self) -> KeyValPair:
        """The keywords as hooks see them now."""
        return KeyValPair(self)


class DataObjectInput:
    """The input of a data object call, in the server."""

    def __init__(self, body: Element) -> None:
        self.path = normal_path(body.get("objPath"))
        self.mode = body.number("createMode")
        self.flags = body.number("openFlags")
        self.offset = body.number("offset")
        self.size = body.number("dataSize")
        self.threads = body.number("numThreads")
        self.operation = body.number("oprType")
        self.keywords = CondInput(body.pairs())

    def shown(self) -> DataObjInp:
        """The input as hooks see it now."""
        return DataObjInp(
            objPath=CharArray(self.path),
            createMode=self.mode,
            openFlags=self.flags,
            offset=self.offset,
            dataSize=self.size,
            numThreads=self.threads,
            oprType=self.operation,
            specColl=None,
            condInput=self.keywords.shown(),
        )


class DescriptorInput:
    """The input of a call on an open descriptor, in the server."""

    def __init__(self, body: Element) -> None:
        self.descriptor = body.number("l1descInx")
        self.length = body.number("len")
        self.whence = body.number("whence")
        self.operation = body.number("oprType")
        self.offset = body.number("offset")
        self.written = body.number("bytesWritten")
        self.keywords = CondInput(body.pairs())
        self.data = b""

    def shown(self) -> OpenedDataObjInp:
        """The input as hooks see it now."""
        return OpenedDataObjInp(
            l1descInx=self.descriptor,
            len=self.length,
            whence=self.whence,
            oprType=self.operation,
            offset=self.offset,
            bytesWritten=self.written,
            condInput=self.keywords.shown(),
        )


class CollectionInput:
    """The input of a collection call, in the server."""

    def __init__(self, body: Element) -> None:
        self.path = normal_path(body.get("collName"))
        self.flags = body.number("flags")
        self.operation = body.number("oprType")
        self.keywords = CondInput(body.pairs())

    def shown(self) -> CollInp:
        """The input as hooks see it now."""
        return CollInp(
            collName=CharArray(self.path), flags=self.flags, oprType=self.operation, condInput=self.keywords.shown()
        )


def normal_path(path: str) -> str:
    """A logical path without doubled or trailing slashes."""
    return "/" + "/".join(part for part in path.split("/") if part)


def parents(path: str) -> Iterator[str]:
    """The collections above a path, nearest first."""
    while path != "/":
        path = parent(path)
        yield path


def parent(path: str) -> str:
    """The collection that a path is in."""
    return path.rpartition("/")[0] or "/"


def name(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]
