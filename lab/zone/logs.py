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


class RequestsRead:
    """The requests in a log, of which each is read once, however often somebody asks for them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._requests: list[dict[str, Any]] = []
        self._end = 0

    def all(self) -> list[dict[str, Any]]:
        """All requests so far."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._end)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # it is being written
                self._requests.append(json.loads(line))
                self._end += len(line)
        return list(self._requests)
