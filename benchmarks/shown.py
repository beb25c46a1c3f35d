"""What the benchmarks have in common: their options, their tables and their sentences."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import structlog
from rich.console import Console
from rich.table import Table

Figures = dict[str, Any]

PLAIN = "plain copy"
"""What the rate of other ways to copy a large file is compared with."""


def run(
    what: str | None,
    measure: Callable[[bool], Figures],
    show: Callable[[Figures], Iterable[Table | str]],
    missed: Callable[[Figures], Iterable[str]],
) -> int:
    """Measure, and print either tables with sentences that can be quoted, or JSON.

    Args:
        what: One line about the benchmark.
        measure: Gives the figures; smaller ones when it is called with True.
        show: Makes tables and sentences of them.
        missed: Says what was to be reached and is not.

    Returns:
        How many figures are not reached.
    """
    parser = argparse.ArgumentParser(description=what)
    parser.add_argument("--quick", action="store_true", help="smaller numbers of units")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    given = parser.parse_args()
    quieten()
    figures = measure(given.quick)
    not_reached = [f"Not reached: {what}" for what in missed(figures)]
    if given.json:
        print(json.dumps(figures, indent=1))
    else:
        print_all([*show(figures), *not_reached])
    return len(not_reached)


def print_all(parts: Iterable[Table | str]) -> None:
    """Print tables and sentences."""
    console = Console(width=120, highlight=False)
    for part in parts:
        console.print(part)
        console.print()


def quieten() -> None:
    """Leave out what the agent logs about single units."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def table(title: str, *columns: str) -> Table:
    """A table whose first column is text and whose others are numbers."""
    made = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        made.add_column(column, justify="right" if number else "left")
    return made


def rates(title: str, figures: Figures, *ways: str) -> Table:
    """How fast bytes are copied in different ways: ``megabytes``, ``files``, and for each ``WAY, seconds``."""
    size, files = figures["megabytes"], figures.get("files", 1)
    what = "One file" if files == 1 else f"{files} files side by side, together"
    made = table(f"{what} of {size:,} MB {title}, on lab servers", "", "seconds", "MB a second")
    for way in ways:
        seconds = figures[_seconds(way)]
        made.add_row(way, f"{seconds:.1f}", f"{size / seconds:,.0f}")
    return made


def part_of_plain(figures: Figures, way: str) -> float:
    """Which part of the rate of the plain copy one way has."""
    return part_of(figures, PLAIN, way)


def part_of(figures: Figures, other: str, way: str) -> float:
    """Which part of the rate of another way one way has."""
    return float(figures[_seconds(other)] / figures[_seconds(way)])


def too_slow(figures: Figures, way: str, factor: float) -> Iterator[str]:
    """Says so if one way has less than this part of the rate of the plain copy."""
    if part_of_plain(figures, way) < factor:
        yield f"{way} at {factor} of the rate of the plain copy"


def fastest(ways: dict[str, list[float]]) -> Figures:
    """The figures of the fastest round of each way: others use the machine, too."""
    return {_seconds(way): min(seconds) for way, seconds in ways.items()}


def _seconds(way: str) -> str:
    return f"{way}, seconds"
