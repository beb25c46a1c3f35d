"""One result of the doctor, and how bad it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How bad it is; the numbers are the exit codes that monitoring systems know."""

    OK = 0
    WARNING = 1
    FAILURE = 2


@dataclass(frozen=True)
class Finding:
    """One result of a check.

    Attributes:
        check: What was looked at.
        level: How bad it is.
        text: What was found.
        advice: What to do; empty when all is well.
    """

    check: str
    level: Level
    text: str
    advice: str = ""


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, text)


def warning(check: str, text: str, advice: str) -> Finding:
    """It works, but not as well as it could, or it could not be seen whether it does."""
    return Finding(check, Level.WARNING, text, advice)


def failure(check: str, text: str, advice: str) -> Finding:
    """It does not work."""
    return Finding(check, Level.FAILURE, text, advice)


def worst(findings: Iterable[Finding]) -> Level:
    """How bad it is altogether."""
    return max((finding.level for finding in findings), default=Level.OK)
