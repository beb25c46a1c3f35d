"""Reads the logs of what the lab's servers were asked, each line once, however often somebody asks for them."""

from __future__ import annotations

from pathlib import Path


class NewLines:
    """The lines of a file that others append to."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end = 0

    def read(self) -> list[bytes]:
        """The whole lines that were not read yet."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as file:
            file.seek(self._end)
            lines = file.read().splitlines(keepends=True)
        if lines and not lines[-1].endswith(b"\n"):
            lines.pop()  # it is being written
        self._end += sum(map(len, lines))
        return lines

    def truncate(self) -> None:
        """Empty the file, of which nothing is read then."""
        if self._path.exists():
            with self._path.open("r+") as file:
                file.truncate()
        self._end = 0
