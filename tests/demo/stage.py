"""Prints the story: headings, what was done, a table of both sides, and what was checked."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.terminal_theme import DEFAULT_TERMINAL_THEME

from irods_omero.agent.report import Report
from tests.scene import Snapshot

SHOWN = ("sync", "request", "fileset", "image", "url", "error")
"""The AVUs that a table shows; the agreement is for the agent."""


class Stage:
    """Where the story is played; remembers what was not as it should be."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.failures: list[str] = []
        self.pictures: list[str] = []
        self._step = 0

    def step(self, title: str) -> None:
        """Begin a step of the story; a console that records gives a picture of each step that is over."""
        if self.console.record:
            self.pictures.append(_picture(self.console))
        self._step += 1
        self.console.print()
        self.console.rule(f"[bold]{self._step}. {escape(title)}", align="left")

    def did(self, who: str, what: str) -> None:
        """Say who did what."""
        self.console.print(f"[cyan]{who}[/cyan]  {escape(what)}")

    def swept(self, report: Report) -> None:
        """Say what a sweep of the agent did."""
        self.did("agent", f"sweep: {report}")

    def show(self, shown: Iterable[Snapshot]) -> None:
        """Print both sides of some data objects."""
        table = Table(show_lines=True, header_style="bold", expand=True)
        for heading, ratio in (("iRODS data object", 4), ("AVUs", 8), ("OMERO image", 3), ("tags", 4)):
            table.add_column(heading, ratio=ratio, overflow="fold")
        for snapshot in shown:
            table.add_row(_object(snapshot), _avus(snapshot), _images(snapshot), _tags(snapshot))
        self.console.print(table)

    def check(self, what: str, holds: bool) -> None:
        """Say whether something was observed that the story promises."""
        mark = "[green]✓[/green]" if holds else "[bold red]✗[/bold red]"
        self.console.print(f"  {mark} {escape(what)}")
        if not holds:
            self.failures.append(f"step {self._step}: {what}")


def _object(snapshot: Snapshot) -> str:
    name = snapshot.path.rpartition("/")[2]
    return f"{escape(name)}\n[dim]on {', '.join(snapshot.resources)}[/dim]"


def _avus(snapshot: Snapshot) -> str:
    lines = []
    for attribute, value, units in sorted(snapshot.avus):
        prefix, _, name = attribute.partition("::")
        if (prefix == "omero" and name in SHOWN) or name == "storage_tiering::group":
            text = escape(value if len(value) < 70 else value[:69] + "…")
            lines.append(f"[dim]{attribute}[/dim] {text}" + (f" [dim]{escape(units)}[/dim]" if units else ""))
    return "\n".join(lines) or "[dim]none[/dim]"


def _images(snapshot: Snapshot) -> str:
    lines = [f"{'🔒 ' if image.archived else ''}Image:{image.id} {escape(image.name)}" for image in snapshot.images]
    lines += sorted({f"[dim]in {escape(image.dataset)}[/dim]" for image in snapshot.images})
    return "\n".join(lines) or "[dim]none[/dim]"


def _tags(snapshot: Snapshot) -> str:
    if not snapshot.images:
        return ""
    image = snapshot.images[0]
    pairs = [f"[dim]{escape(key)}[/dim] {escape(value)}" for key, value in image.pairs if key in ("tier", "since")]
    return "\n".join([*(f"[reverse] {escape(text)} [/reverse]" for text in sorted(image.texts)), *pairs])


def _picture(console: Console) -> str:
    """What was printed since the last picture, as SVG with the fonts that are there."""
    template = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="make demo", theme=DEFAULT_TERMINAL_THEME, code_format=template, clear=True)
