"""The list of remote operations that a server was asked for, one line of JSON each."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from pathlib import Path


@dataclass
class LoggedRequest:
    """One remote operation; `objects` counts what a write was given, `error` names the exception that it ended in."""

    service: str
    operation: str
    user: str = ""
    session: str = ""
    write: bool = False
    objects: int = 0
    error: str = ""
    milliseconds: float = 0.0


class RequestsLog:
    """Appends requests to a file."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")
        self._lock = threading.Lock()

    def add(self, request: LoggedRequest) -> None:
        """Note a request when it is done."""
        with self._lock:
            self._file.write(json.dumps(vars(request)) + "\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()
