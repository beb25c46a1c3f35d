"""The log, on standard error: for people on a terminal, as JSON lines elsewhere.

structlog is loaded by the first line that is logged: that takes a tenth of a second, which monitoring would wait for
each time.
"""

from __future__ import annotations

import logging
import sys
from typing import Any


class Log:
    """A logger of structlog, which is not loaded before it is used."""

    def __init__(self) -> None:
        self._level: int | None = None

    def configure(self, verbose: bool) -> None:
        """Log to standard error from the next line on; other libraries' warnings join."""
        logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
        logging.getLogger("omero").setLevel(logging.ERROR)
        # What it says when a connection ends is what its exceptions say, several times over.
        logging.getLogger("irods.connection").setLevel(logging.CRITICAL)
        self._level = logging.DEBUG if verbose else logging.INFO
        if "structlog" in sys.modules:  # nothing to put off; who captures the log later on shall not lose it
            self._settle()

    def __getattr__(self, name: str) -> Any:
        """What the logger has: ``info``, ``warning``, ``error``, ``exception``."""
        import structlog  # noqa: PLC0415

        self._settle()
        return getattr(structlog.get_logger(), name)

    def _settle(self) -> None:
        """Configure structlog, unless that was done."""
        if self._level is not None:
            _configure(self._level)
            self._level = None


def _configure(level: int) -> None:
    import structlog  # noqa: PLC0415

    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
    )


log = Log()
"""The one log of the product."""
