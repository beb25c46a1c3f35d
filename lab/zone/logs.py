"""The zone's two logs: what the server says, and what it was asked."""

import json
import os
import time
from pathlib import Path
from typing import Any


class ServerLog:
    """Lines of text, from all processes of the server."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, text: str) -> None:
        """Add a line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S")
        os.write(self._file, f"{moment} [{os.getpid()}] {text}\n".encode("utf-8", "replace"))


class RequestLog:
    """A JSON object per request, from all processes of the server; tests count them."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, **fields: Any) -> None:
        """Add an object."""
        line = json.dumps({"time": round(time.time(), 6), "agent": os.getpid(), **fields}, ensure_ascii=False)
        os.write(self._file, line.encode("utf-8", "replace") + b"\n")
