"""What the commands share: exit codes, the configuration, and logs on standard error."""

from __future__ import annotations

import logging
import sys

import click
import structlog

from irods_omero.settings import Settings, load_settings, settings_path

FAILED = 1
MISTAKE = 2


def settings_of(ctx: click.Context) -> Settings:
    """The checked configuration."""
    return load_settings(settings_path(ctx.obj))


def configure_logs(verbose: bool) -> None:
    """Set up structured logs, for people on a terminal and as JSON lines elsewhere; other libraries' warnings join."""
    level = logging.DEBUG if verbose else logging.INFO
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("omero").setLevel(logging.ERROR)
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
