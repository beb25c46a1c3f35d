"""Agrees with a client on TLS, and starts it, in the steps of an iRODS 4.3 or 5 server."""

import socket
import ssl
from pathlib import Path

from lab.zone import wire
from lab.zone.wire import DisconnectedError, Message

ASKING = "request_server_negotiation"
REFUSED, REQUIRED = "CS_NEG_REFUSE", "CS_NEG_REQUIRE"
FAILURE = "CS_NEG_FAILURE"


def negotiate(connection: socket.socket, tls: bool) -> bool:
    """Say what the server wants, and hear what the client makes of it; whether they can agree (zone-86)."""
    offer = wire.pack("CS_NEG_PI", [("status", 1), ("result", REQUIRED if tls else REFUSED)])
    Message("RODS_CS_NEG_T", offer.encode()).send(connection)
    answer = wire.parse(wire.receive(connection).body)
    return answer.number("status") == 1 and FAILURE not in answer.get("result")


def start(connection: socket.socket, certificate: Path) -> socket.socket:
    """Go on by TLS; the client then names a cipher and a key, for parallel transfers, which the lab has not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    try:
        encrypted = context.wrap_socket(connection, server_side=True)
    except (ssl.SSLError, OSError) as error:
        raise DisconnectedError from error
    wire.receive_header(encrypted)
    wire.receive(encrypted)
    return encrypted
