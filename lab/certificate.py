"""Makes the self-signed certificate that the lab's servers show to clients."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import datetime, timedelta, timezone
from pathlib import Path

# The elliptic curve P-256 (FIPS 186-4, D.1.2.3): y^2 = x^3 - 3x + b modulo P, with a generator of order N.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
CERTIFICATE = "server.pem"
Point = tuple[int, int] | None

ECDSA_SHA256 = bytes.fromhex("06082a8648ce3d040302")
PUBLIC_KEY = bytes.fromhex("06072a8648ce3d0201")
PRIME256V1 = bytes.fromhex("06082a8648ce3d030107")
COMMON_NAME = bytes.fromhex("0603550403")
INTEGER, BITS, OCTETS, TEXT, TIME, SEQUENCE, SET = 0x02, 0x03, 0x04, 0x0C, 0x18, 0x30, 0x31


def _add(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % P == 0:
            return None
        slope = (3 * one[0] ** 2 - 3) * pow(2 * one[1], -1, P) % P
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P) % P
    x = (slope**2 - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def _multiply(factor: int, point: Point) -> tuple[int, int]:
    result: Point = None
    while factor:
        if factor & 1:
            result = _add(result, point)
        point = _add(point, point)
        factor >>= 1
    if result is None:
        raise ValueError("a multiple of the order of the curve")
    return result


def _sign(key: int, message: bytes) -> bytes:
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    while True:
        once = secrets.randbelow(N - 1) + 1
        r = _multiply(once, G)[0] % N
        s = pow(once, -1, N) * (digest + r * key) % N
        if r and s:
            return _der(SEQUENCE, _integer(r), _integer(s))


def _der(tag: int, *contents: bytes) -> bytes:
    body = b"".join(contents)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def _integer(value: int) -> bytes:
    return _der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def _time(moment: datetime) -> bytes:
    return _der(TIME, moment.strftime("%Y%m%d%H%M%SZ").encode())


def _pem(label: str, content: bytes) -> str:
    text = base64.encodebytes(content).decode()
    return f"-----BEGIN {label}-----\n{text}-----END {label}-----\n"


def write_certificate(folder: Path) -> Path:
    """Write a fresh key and its certificate to one file, unless there is one, and return its path."""
    path = folder / CERTIFICATE
    if path.exists():
        return path
    key = secrets.randbelow(N - 1) + 1
    x, y = _multiply(key, G)
    point = b"\x00\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    name = _der(SEQUENCE, _der(SET, _der(SEQUENCE, COMMON_NAME, _der(TEXT, b"lab"))))
    start = datetime.now(timezone.utc) - timedelta(days=1)
    signed = _der(
        SEQUENCE,
        _integer(secrets.randbits(63) + 1),
        _der(SEQUENCE, ECDSA_SHA256),
        name,
        _der(SEQUENCE, _time(start), _time(start + timedelta(days=3650))),
        name,
        _der(SEQUENCE, _der(SEQUENCE, PUBLIC_KEY, PRIME256V1), _der(BITS, point)),
    )
    certificate = _der(SEQUENCE, signed, _der(SEQUENCE, ECDSA_SHA256), _der(BITS, b"\x00", _sign(key, signed)))
    private = _der(
        SEQUENCE,
        _integer(1),
        _der(OCTETS, key.to_bytes(32, "big")),
        _der(0xA0, PRIME256V1),
        _der(0xA1, _der(BITS, point)),
    )
    path.touch(mode=0o600)
    path.write_text(_pem("EC PRIVATE KEY", private) + _pem("CERTIFICATE", certificate))
    return path
