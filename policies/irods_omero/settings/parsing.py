"""Texts of the configuration that stand for something else: addresses with ports, and shards."""

from __future__ import annotations

from irods_omero.vocabulary import SHARDS

LOOPBACK = "127.0.0.1"


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of a text like ``127.0.0.1:9410``, ``[::1]:9410`` or ``9410``; raises ValueError for others."""
    host, colon, port = text.rpartition(":")
    if not port.isdecimal() or not 1 <= int(port) <= 65535 or (colon and not host):
        raise ValueError(f"{text!r} is no address with a port, as in '127.0.0.1:9410'")
    return host.removeprefix("[").removesuffix("]") or LOOPBACK, int(port)


def parse_shards(text: str) -> frozenset[int]:
    """The numbers that a text like ``0-31,40`` names; raises ValueError for shards that do not exist."""
    shards: set[int] = set()
    for part in text.split(","):
        low, dash, high = part.partition("-")
        numbers = range(int(low), int(high if dash else low) + 1)
        if not numbers or numbers[-1] >= SHARDS:
            raise ValueError(f"{part!r} names no shards: they go from 0 to {SHARDS - 1}")
        shards.update(numbers)
    return frozenset(shards)
