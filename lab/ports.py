"""Ports for servers that are stopped and started again on the same one."""

import secrets
import socket

FIRST, LAST = 16_000, 32_000
"""Below the range from which systems take the ports of outgoing connections: one of these could have the port of a
server while it is down."""


def free_port(host: str = "127.0.0.1") -> int:
    """A port on which nobody listens."""
    while True:
        # Not by the random module: tests give its generators the same seed in all processes.
        port = FIRST + secrets.randbelow(LAST - FIRST)
        with socket.socket() as probe:
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
