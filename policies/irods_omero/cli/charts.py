"""Charts as SVG, drawn by matplotlib: no script and no network; their colours are those of the page, light and dark."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from io import StringIO
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.filesize import decimal

from irods_omero.domain.state.texts import printable
from irods_omero.status.facility import BYTES, Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SERIES_SHOWN = 6
"""Number of colours that people can tell apart; further tiers share one."""

MONTHS_SHOWN, BARS_SHOWN = 36, 20

MONTHS_UPRIGHT = 12
"""More names do not fit beside each other."""

LABEL_BYTES = 40

STAND_INS = {
    "#010101": "var(--text)",
    "#020202": "var(--line)",
    "#030303": "var(--page)",
    **{f"#0{number}0000": f"var(--series-{number})" for number in range(1, SERIES_SHOWN + 1)},
}
"""What is drawn with these colours has those of the page, which a program that draws does not know."""
TEXT, LINE, PAGE, *SERIES = STAND_INS

STYLE: dict[str, Any] = {
    "svg.fonttype": "none",
    "text.parse_math": False,  # names of groups may have dollar signs
    "font.family": "sans-serif",
    "text.color": TEXT,
    "axes.labelcolor": TEXT,
    "axes.edgecolor": LINE,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


class Series(NamedTuple):
    """What one part of all bars stands for, and its number in each category."""

    name: str
    numbers: tuple[int, ...]


@dataclass(frozen=True)
class Chart:
    """Bars, each of parts: one number for each category and series.

    Attributes:
        key: Tells it from the other charts of the page.
        title: What it shows.
        categories: One bar each.
        series: The parts of the bars, one colour each.
        is_size: Whether the numbers are bytes.
        across: Whether bars lie, as those with long names do.
    """

    key: str
    title: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    is_size: bool = False
    across: bool = False

    def described(self) -> str:
        """What people are told who do not see it."""
        totals = [sum(numbers) for numbers in zip(*(each.numbers for each in self.series), strict=True)]
        highest = max(range(len(totals)), key=totals.__getitem__)
        most = decimal(totals[highest]) if self.is_size else f"{totals[highest]:,}"
        names = ", ".join(each.name for each in self.series if each.name)
        parts = f", by {names}" if names else ""
        bars = f"{len(self.categories)} bar{'s' * (len(self.categories) != 1)}"
        return (
            f"{self.title}: {bars}{parts}. The highest is {self.categories[highest]} with {most}. All is in the table."
        )


def chart_of(table: Table, bar: str, part: str, number: str, ordered: bool = False) -> Chart | None:
    """The chart of a table; None where there is nothing to draw.

    Args:
        table: The table.
        bar: Key of the column with what bars stand for.
        part: Key of the column with what their parts stand for; empty for bars of one part.
        number: Key of the column with the numbers.
        ordered: Whether the bars are months: the last ones are shown, those without anything, too. Otherwise it is the
            highest, and one for all others.
    """
    sums: dict[tuple[str, str], int] = defaultdict(int)
    bars: dict[str, int] = defaultdict(int)
    parts: dict[str, int] = defaultdict(int)
    for record in table.records():
        name, of, count = str(record[bar]), str(record[part]) if part else "", int(record[number])
        sums[name, of] += count
        bars[name] += count
        parts[of] += count
    if not any(bars.values()):
        return None
    shown = (
        _months(bars)[-MONTHS_SHOWN:] if ordered else sorted(bars, key=lambda each: (-bars[each], each))[:BARS_SHOWN]
    )
    others = [] if ordered else [name for name in bars if name not in shown]
    kept = sorted(parts, key=lambda each: (-parts[each], each))[: SERIES_SHOWN - (len(parts) > SERIES_SHOWN)]
    rest = [name for name in parts if name not in kept]

    def added(names: Sequence[str], of: Sequence[str]) -> int:
        return sum(sums.get((name, one), 0) for name in names for one in of)

    columns = [[name] for name in shown] + ([others] if others else [])
    rows = [(name, [name]) for name in sorted(kept)] + ([("other tiers", rest)] if rest else [])
    labels = [printable(name, LABEL_BYTES) for name in shown] + ([f"{len(others)} others"] if others else [])
    return Chart(
        table.key,
        table.title,
        tuple(labels),
        tuple(Series(printable(name, LABEL_BYTES), tuple(added(names, of) for names in columns)) for name, of in rows),
        is_size=any(column.key == number and column.kind == BYTES for column in table.columns),
        across=not ordered,
    )


def _months(known: Iterable[str]) -> list[str]:
    """All months from the first to the last: where nothing came there is a gap to be seen."""
    first, last = min(known), max(known)
    numbers = range(_number(first), _number(last) + 1)
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in numbers]


def _number(month: str) -> int:
    year, _, of_year = month.partition("-")
    return int(year) * 12 + int(of_year) - 1


def svg(chart: Chart) -> str:
    """The chart, to be put into a page that has the colours.

    Raises:
        ImportError: matplotlib is not installed.
    """
    from matplotlib import style  # noqa: PLC0415 - it takes half a second, and need not be installed
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    text = StringIO()
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    with style.context(["default", {**STYLE, "svg.hashsalt": chart.key}]), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of letters that its own font lacks: the reader's has them
        height = max(0.34 * len(chart.categories) + 0.8, 1.6) if chart.across else 3.2
        figure = Figure(figsize=(8, height), layout="constrained")
        FigureCanvasSVG(figure)
        _draw(figure.add_subplot(), chart)
        figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    return _for_page(text.getvalue(), chart)


def _draw(axes: Axes, chart: Chart) -> None:
    from matplotlib.ticker import MaxNLocator  # noqa: PLC0415

    places = range(len(chart.categories))
    before = [0] * len(chart.categories)
    for (_, numbers), colour in zip(chart.series, SERIES, strict=False):
        look: dict[str, Any] = {"color": colour, "edgecolor": PAGE, "linewidth": 1}
        if chart.across:
            axes.barh(places, numbers, left=before, height=0.7, **look)
        else:
            axes.bar(places, numbers, bottom=before, width=0.7, **look)
        before = [one + other for one, other in zip(before, numbers, strict=True)]
    named, counted = (axes.yaxis, axes.xaxis) if chart.across else (axes.xaxis, axes.yaxis)
    named.set_ticks(list(places), list(chart.categories))
    if not chart.across and len(chart.categories) > MONTHS_UPRIGHT:
        axes.tick_params(axis="x", labelrotation=90)
    counted.set_major_formatter(lambda value, _: decimal(int(value)) if chart.is_size else f"{value:,.0f}")
    counted.set_major_locator(MaxNLocator(nbins=6, integer=True))
    counted.grid(True, color=LINE, linewidth=0.5)
    axes.set_axisbelow(True)
    if chart.across:
        axes.invert_yaxis()


def _for_page(text: str, chart: Chart) -> str:
    """The picture alone, with ids that no other one has, and with the colours of the page."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<style.*?</style>|<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r"<[^>]+>", lambda tag: _tag_for_page(tag[0], chart.key), text)  # and no names of users
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(chart.described())}"', 1)


def _tag_for_page(tag: str, key: str) -> str:
    tag = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{key}-", tag)
    return re.sub("|".join(STAND_INS), lambda match: STAND_INS[match[0]], tag)
