"""What the commands of iRODS do, done by python-irodsclient.

Where that has no method for it, the message that the command sends is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import irods.keywords as kw
from irods.message import (
    CollectionRequest,
    FileOpenRequest,
    GenQueryResponse,
    GenQueryResponseColumn,
    JSON_Message,
    MetadataRequest,
    StringStringMap,
    iRODSMessage,
)
from irods.message.message import Message
from irods.message.property_types import StringProperty, SubmessageProperty
from irods.meta import AVUOperation, iRODSMeta
from irods.models import DataObject

ACCESS_TIME = "irods::access_time"
FAST, MEDIUM, SLOW = "fast_resc", "medium_resc", "slow_resc"
LARGE = 40 * 1024 * 1024
MOST_COLUMNS = 50
"""Number of columns that the server takes out of each table it is sent, empty ones among them (zone-97)."""


@dataclass
class Place:
    """Where an action happens: alice's session, an administrator's, a fresh collection, a local folder."""

    alice: Any
    rods: Any
    collection: str
    folder: Path

    @property
    def zone(self) -> str:
        return self.collection.split("/")[1]

    @property
    def rods_home(self) -> str:
        return f"/{self.zone}/home/{self.rods.username}"

    def path(self, name: str) -> str:
        return f"{self.collection}/{name}"

    def local(self, name: str, content: bytes) -> str:
        file = self.folder / name
        file.write_bytes(content)
        return str(file)

    def have(self, name: str, content: bytes = b"hello iRODS\n") -> str:
        """A data object that is there already, with an access time that no other object has."""
        path = self.path(name)
        self.alice.data_objects.put(self.local("had", content), path, **{kw.DEST_RESC_NAME_KW: FAST})
        unique = iRODSMeta(ACCESS_TIME, f"1{abs(hash(path)) % 10**9:09d}")
        self.rods.metadata.set(DataObject, path, unique, **{kw.ADMIN_KW: ""})
        return path

    def have_folder(self, name: str) -> str:
        """A collection with four data objects, one of them in a collection below."""
        path = self.path(name)
        self.alice.collections.create(f"{path}/sub")
        for entry in ("1", "2", "3", "sub/x"):
            self.have(f"{name}/{entry}")
        return path


def call(session: Any, number: int, message: Any, content: bytes = b"") -> int:
    """Send a message that the client has no method for; the number that the server answers with."""
    with session.pool.get_connection() as connection:
        connection.send(iRODSMessage("RODS_API_REQ", msg=message, bs=content, int_info=number))
        return int(connection.recv().int_info)


def on_object(session: Any, number: int, path: str, content: bytes = b"", **fields: Any) -> int:
    """Send a message about a data object."""
    keywords = {str(key): str(value) for key, value in fields.pop("keywords", {}).items()}
    numbers = {"createMode": 0, "openFlags": 0, "offset": 0, "dataSize": 0, "numThreads": 0, "oprType": 0, **fields}
    return call(
        session, number, FileOpenRequest(objPath=path, KeyValPair_PI=StringStringMap(keywords), **numbers), content
    )


def iput(place: Place, name: str, content: bytes = b"hello iRODS\n", **keywords: str) -> None:
    included = {"dataType": "generic", "destRescName": FAST, "dataSize": len(content), "dataIncluded": "", **keywords}
    on_object(place.alice, 606, place.path(name), content, dataSize=len(content), oprType=1, keywords=included)


def imeta(place: Place, *words: str) -> None:
    call(place.alice, 706, MetadataRequest(*words))


def iput_folder(place: Place) -> None:
    for name in ("", "1", "2", "sub/", "sub/3", "4"):
        if name and not name.endswith("/"):
            iput(place, f"dir/{name}")
        else:
            place.alice.collections.create(place.path(f"dir/{name}".rstrip("/")), recurse=False)


class BulkRequest(Message):  # type: ignore[misc]
    _name = "BulkOprInp_PI"
    objPath = StringProperty()  # noqa: N815
    GenQueryOut_PI = SubmessageProperty(GenQueryResponse)
    KeyValPair_PI = SubmessageProperty(StringStringMap)


def iput_bulk(place: Place, columns_sent: int = MOST_COLUMNS) -> None:
    top = place.path("dir")
    for name in (top, f"{top}/sub", f"{top}/sub"):
        try:
            place.alice.collections.create(name, recurse=False)
        except Exception:  # the command makes the last one twice, too
            assert name.endswith("sub")
    names = [f"{top}/{name}" for name in ("1", "2", "sub/x", "3")]
    columns = {403: names, 421: ["0"] * 4, 999998: ["2", "4", "6", "8"]}
    results = [GenQueryResponseColumn(attriInx=inx, reslen=200, value=values) for inx, values in columns.items()]
    results += [GenQueryResponseColumn(attriInx=0, reslen=0, value=[])] * (columns_sent - len(results))
    attributes = GenQueryResponse(rowCnt=4, attriCnt=3, continueInx=-1, totalRowCount=0, SqlResult_PI=results)
    request = BulkRequest(objPath=top, GenQueryOut_PI=attributes, KeyValPair_PI=StringStringMap({"destRescName": FAST}))
    call(place.alice, 689, request, b"1\n2\nx\n3\n")


def iget(place: Place, path: str) -> None:
    on_object(place.alice, 608, path, oprType=2, keywords={"forceFlag": ""})


def istream(place: Place, path: str, flags: int, content: bytes | None) -> None:
    descriptor = on_object(place.alice, 20003, path, dataSize=-1, openFlags=flags, keywords={"rescName": FAST})
    with place.alice.pool.get_connection() as connection:
        if content is None:
            connection.read_file(descriptor, 100)
        else:
            connection.write_file(descriptor, content)
    call(place.alice, 20004, JSON_Message({"fd": descriptor}, (5, 0, 0)))


def remove_collection(session: Any, path: str, **keywords: str) -> None:
    call(session, 679, CollectionRequest(collName=path, flags=0, oprType=0, KeyValPair_PI=StringStringMap(keywords)))


def register(place: Place, target: str, file: Path, **keywords: str) -> None:
    place.rods.data_objects.register(str(file), target, dataType="generic", destRescName="demoResc", **keywords)


def prc_put(place: Place, name: str, content: bytes = b"hello iRODS\n", **options: Any) -> None:
    place.alice.data_objects.put(place.local("new", content), place.path(name), destRescName=FAST, **options)


def prc_write(place: Place) -> None:
    with place.alice.data_objects.open(place.path("w"), "w", destRescName=FAST) as stream:
        stream.write(b"hello")


def prc_atomic(place: Place, path: str) -> None:
    add, remove = (AVUOperation(operation=word, avu=iRODSMeta("a", "v", "u")) for word in ("add", "remove"))
    place.alice.metadata.apply_atomic_operations(DataObject, path, add, remove)


def prc_replicate(place: Place, path: str) -> None:
    place.alice.data_objects.replicate(path, MEDIUM)


def imv_collection(place: Place, path: str) -> None:
    place.alice.collections.move(path, place.path("moved"))


def trimmed(place: Place, path: str) -> None:
    place.alice.data_objects.trim(path, rescName=FAST, copies="1")


def folder_to_register(place: Place) -> Path:
    folder = place.folder / "registered"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / name).write_text(name)
    return folder


def iput_at(place: Place, path: str) -> None:
    on_object(place.alice, 606, path, b"x", dataSize=1, oprType=1, keywords={"dataIncluded": ""})
