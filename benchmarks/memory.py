"""How much memory a process has had."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def peak_mb() -> float:
    """The most memory that this process has had at once; what ``getrusage`` says begins with the parent's."""
    return _status("VmHWM")


@contextmanager
def noted_growth(megabytes: list[float]) -> Iterator[None]:
    """Add to a list how much more memory this process has at most during the block than before it."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak is what there is now, whatever there was before
    before = _status("VmRSS")
    yield
    megabytes.append(peak_mb() - before)


def _status(name: str) -> float:
    status = Path("/proc/self/status").read_text()
    (kilobytes,) = (line.split()[1] for line in status.splitlines() if line.startswith(f"{name}:"))
    return int(kilobytes) / 1024
