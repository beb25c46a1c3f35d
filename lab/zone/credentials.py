"""Passwords: proving that one is known, and reading new ones that clients send scrambled."""

import hashlib

_LENGTH = 50
_PADDING = "1gCBizHWbwIYyWLoysGzTe6SyzqFKMniZX05faZHWAwQKXf6Fs"
_LEADING = 7


def digest(challenge: str, password: str) -> bytes:
    """What proves that a client knows a password."""
    padded = password.encode()[:_LENGTH].ljust(_LENGTH, b"\0")
    return hashlib.md5(challenge.encode() + padded, usedforsecurity=False).digest().replace(b"\0", b"\1")


def signature(challenge: str) -> str:
    """What both sides know of a connection since its challenge."""
    return "".join(f"{byte:02x}" for byte in challenge.encode()[:16])


def unscrambled(text: str, sender_password: str, connection_signature: str) -> str:
    """A new password, sent scrambled with the sender's own and the connection's signature."""
    from irods import password_obfuscation  # the client's own routine, needed only when passwords are changed

    key = (sender_password[:90] + connection_signature[:100]).ljust(100, "\0")
    hashed = hashlib.md5(key.encode(), usedforsecurity=False).hexdigest()
    plain: str = password_obfuscation.unscramble(text, key=hashed, scramble_prefix="", block_chaining=True)
    return plain[_LEADING:].partition(_PADDING[:15])[0]


def unscrambled_with_key(text: str, key: str) -> str:
    """A new user's password, sent scrambled with the sender's own only."""
    from irods import password_obfuscation

    plain: str = password_obfuscation.unscramble(text, key=key, scramble_prefix="")
    return plain.partition(_PADDING[:15])[0]
