"""A connection that the zone makes to itself as its administrator, as the storage tiering plugin does."""

import base64
import json
import socket
from types import TracebackType
from typing import Any

from lab.zone import wire
from lab.zone.credentials import digest
from lab.zone.errors import ZoneError
from lab.zone.settings import ADMINISTRATOR, HOST, RELEASE
from lab.zone.wire import Element, Message

MARK = "server"
"""What the connection says in place of its API version, so that it is not counted as a client's."""


class Service:
    """A connection to the zone; errors are ZoneError."""

    def __init__(self, port: int, zone: str, password: str, program: str, client: str = ADMINISTRATOR) -> None:
        self._socket = socket.create_connection((HOST, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._greet(zone, program, client)
        self._log_in(zone, password)

    def __enter__(self) -> "Service":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            Message("RODS_DISCONNECT").send(self._socket)
        except wire.DisconnectedError:
            pass
        finally:
            self._socket.close()

    def _greet(self, zone: str, program: str, client: str) -> None:
        fields: list[tuple[str, str | int]] = [
            ("irodsProt", 1),
            ("reconnFlag", 0),
            ("connectCnt", 0),
            ("proxyUser", ADMINISTRATOR),
            ("proxyRcatZone", zone),
            ("clientUser", client),
            ("clientRcatZone", zone),
            ("relVersion", RELEASE),
            ("apiVersion", MARK),
            ("option", program),
        ]
        Message("RODS_CONNECT", wire.pack("StartupPack_PI", fields).encode()).send(self._socket)
        _checked(wire.receive(self._socket))

    def _log_in(self, zone: str, password: str) -> None:
        step: dict[str, Any] = {"scheme": "native", "user_name": ADMINISTRATOR, "zone_name": zone}
        step = self.call_json(110000, {**step, "next_operation": "auth_agent_auth_request"})
        step["digest"] = base64.b64encode(digest(step["request_result"], password)).decode()
        self.call_json(110000, {**step, "next_operation": "auth_agent_auth_response"})

    def call(self, number: int, body: str) -> tuple[int, Element]:
        """Call an API; its number and message."""
        Message("RODS_API_REQ", body.encode("utf-8", "surrogateescape"), int_info=number).send(self._socket)
        reply = _checked(wire.receive(self._socket))
        return reply.int_info, wire.parse(reply.body)

    def call_json(self, number: int, document: Any) -> Any:
        """Call an API that takes and gives JSON."""
        data = json.dumps(document).encode()
        packed = wire.pack("BinBytesBuf_PI", [("buflen", len(data)), ("buf", base64.b64encode(data).decode())])
        _, answer = self.call(number, packed)
        return json.loads(base64.b64decode(answer.get("buf")).rstrip(b"\0") or b"{}")

    def set_avu(self, path: str, attribute: str, value: str, units: str | None = None) -> None:
        """Set an AVU on a data object, with the admin keyword."""
        words = ("set", "-d", path, attribute, value, units)
        fields: list[tuple[str, str | int]] = [
            (f"arg{place}", word) for place, word in enumerate(words) if word is not None
        ]
        self.call(706, wire.pack("ModAVUMetadataInp_PI", fields, wire.pack_pairs({"irodsAdmin": ""})))

    def on_object(self, number: int, path: str, operation: int, keywords: dict[str, str]) -> None:
        """Make a call on a data object."""
        fields: list[tuple[str, str | int]] = [
            ("objPath", path),
            ("createMode", 0o600 if number == 695 else 0),
            ("openFlags", 0),
            ("offset", 0),
            ("dataSize", 0),
            ("numThreads", 0),
            ("oprType", operation),
        ]
        self.call(number, wire.pack("DataObjInp_PI", fields, wire.pack_pairs(keywords)))

    def execute_rule(self, text: str, instance: str) -> None:
        """Have a rule executed by a rule engine now."""
        self.call(625, wire.pack("ExecMyRuleInp_PI", [("myRule", text)], wire.pack_pairs({"instance_name": instance})))


def _checked(message: Message) -> Message:
    if message.int_info < 0:
        errors = wire.parse(message.error).all("RErrMsg_PI") if message.error else []
        raise ZoneError(message.int_info, "; ".join(error.get("msg") for error in errors))
    return message
