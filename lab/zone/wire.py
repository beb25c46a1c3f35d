"""The iRODS protocol on the wire: framed messages, and their XML read and written."""

import re
import socket
import struct
from collections.abc import Iterable, Mapping
from typing import NamedTuple

_TOKEN = re.compile(r"<(/?)([A-Za-z_]\w*)>|([^<]+)")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))
_MAX_HEADER = 10_000


class DisconnectedError(Exception):
    """The other side is gone."""


class Element:
    """One XML element: its text, or its children in order."""

    def __init__(self, tag: str, text: str = "", children: "list[Element] | None" = None) -> None:
        self.tag = tag
        self.text = text
        self.children: list[Element] = children or []

    def all(self, tag: str) -> "list[Element]":
        """The children with a tag."""
        return [child for child in self.children if child.tag == tag]

    def sub(self, tag: str) -> "Element":
        """The first child with a tag; an empty element when there is none."""
        for child in self.children:
            if child.tag == tag:
                return child
        return Element(tag)

    def get(self, tag: str, default: str = "") -> str:
        """The text of the first child with a tag."""
        for child in self.children:
            if child.tag == tag:
                return child.text
        return default

    def number(self, tag: str, default: int = 0) -> int:
        """The number in the first child with a tag."""
        return int(self.get(tag) or default)

    def pairs(self, tag: str = "KeyValPair_PI") -> dict[str, str]:
        """The keywords and values of a KeyValPair child."""
        child = self.sub(tag)
        return dict(zip((e.text for e in child.all("keyWord")), (e.text for e in child.all("svalue")), strict=True))


def parse(data: bytes) -> Element:
    """Read a message; control characters pass, as they do in the server."""
    root = Element("")
    open_elements = [root]
    for closing, tag, text in _TOKEN.findall(data.decode("utf-8", "surrogateescape")):
        if closing:
            open_elements.pop()
        elif tag:
            element = Element(tag)
            open_elements[-1].children.append(element)
            open_elements.append(element)
        else:
            open_elements[-1].text = unescape(text)
    return root.children[0] if root.children else root


def escape(text: str) -> str:
    """Text as the server puts it into XML."""
    for entity, character in reversed(_ENTITIES):
        text = text.replace(character, entity)
    return text


def unescape(text: str) -> str:
    """The text behind its XML form."""
    if "&" in text:
        for entity, character in _ENTITIES:
            text = text.replace(entity, character)
    return text


def pack(tag: str, fields: "Iterable[tuple[str, str | int]]", inner: str = "") -> str:
    """Write an element: fields with plain values, then XML that is ready."""
    body = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in fields)
    return f"<{tag}>{body}{inner}</{tag}>"


def pack_pairs(pairs: Mapping[str, str]) -> str:
    """Write a KeyValPair."""
    fields: list[tuple[str, str | int]] = [("ssLen", len(pairs))]
    fields += [("keyWord", key) for key in pairs]
    fields += [("svalue", value) for value in pairs.values()]
    return pack("KeyValPair_PI", fields)


class Message(NamedTuple):
    """One message of the protocol."""

    kind: str
    body: bytes = b""
    error: bytes = b""
    bs: bytes = b""
    int_info: int = 0

    def send(self, connection: socket.socket) -> None:
        """Write the message to a connection."""
        header = (
            f"<MsgHeader_PI><type>{self.kind}</type><msgLen>{len(self.body)}</msgLen>"
            f"<errorLen>{len(self.error)}</errorLen><bsLen>{len(self.bs)}</bsLen>"
            f"<intInfo>{self.int_info}</intInfo></MsgHeader_PI>"
        ).encode()
        try:
            connection.sendall(b"".join((struct.pack(">i", len(header)), header, self.body, self.error)))
            if self.bs:
                connection.sendall(self.bs)
        except OSError as error:
            raise DisconnectedError from error


def receive(connection: socket.socket) -> Message:
    """Read the next message from a connection."""
    header = receive_header(connection)
    parts = [receive_exactly(connection, header.number(name)) for name in ("msgLen", "errorLen", "bsLen")]
    return Message(header.get("type"), parts[0], parts[1], parts[2], header.number("intInfo"))


def receive_header(connection: socket.socket) -> Element:
    """Read what comes before the parts of a message, and says how long they are."""
    (length,) = struct.unpack(">i", receive_exactly(connection, 4))
    if not 0 < length < _MAX_HEADER:
        raise DisconnectedError(f"a header of {length} bytes")
    return parse(receive_exactly(connection, length))


def receive_exactly(connection: socket.socket, length: int) -> bytes:
    """Read the given number of bytes."""
    buffer = bytearray(length)
    view = memoryview(buffer)
    while view:
        try:
            got = connection.recv_into(view)
        except OSError as error:
            raise DisconnectedError from error
        if not got:
            raise DisconnectedError
        view = view[got:]
    return bytes(buffer)
