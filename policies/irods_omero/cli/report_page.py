"""The facility's report as one page: no script, nothing from a network, for eyes, keyboards and screen readers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from rich.filesize import decimal

from irods_omero.cli.charts import SERIES_SHOWN, Chart, chart_of, svg
from irods_omero.domain.state.texts import printable, timestamp
from irods_omero.settings import Settings
from irods_omero.status.facility import (
    BYTES,
    IN_IRODS,
    NOTES,
    TEXT,
    Cell,
    Column,
    Facility,
    Table,
    problems_of,
    summary_of,
    tables,
)

ROWS_SHOWN = 500
"""A longer table is one for programs."""

CELL_BYTES = 1000

LIGHT = {
    "page": "#ffffff",
    "text": "#1a1d21",
    "line": "#6f7780",
    "link": "#0b57a4",
    "series-1": "#0b63b0",
    "series-2": "#b0480b",
    "series-3": "#0b7a53",
    "series-4": "#8a3ba8",
    "series-5": "#8a6a00",
    "series-6": "#5c6670",
}
DARK = {
    "page": "#14181d",
    "text": "#e8eaed",
    "line": "#8b949e",
    "link": "#8ab8f5",
    "series-1": "#6cb0ff",
    "series-2": "#ff9d66",
    "series-3": "#4fd0a0",
    "series-4": "#d79bf0",
    "series-5": "#e0bd4a",
    "series-6": "#aab4be",
}
"""The colours: text 4.5 to 1 against the page at least, what is drawn 3 to 1 (WCAG 2.2, 1.4.3 and 1.4.11)."""

CSS = """
:root { color-scheme: light dark; %(light)s }
@media (prefers-color-scheme: dark) { :root { %(dark)s } }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { position: static; }
nav ul, .legend, .summary { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: 0; list-style: none; }
.summary dt { font-size: .9rem; }
.summary dd { margin: 0; font-size: 1.75rem; font-weight: 600; }
.problems { border-left: .35rem solid var(--series-2); padding-left: 1rem; }
figure { margin: 1rem 0; }
svg { display: block; width: 100%%; height: auto; max-width: 52rem; }
svg * { stroke-linejoin: round; }
.legend span { display: inline-block; width: .9em; height: .9em; margin-right: .4em; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere; }
th { font-weight: 600; }
tbody th { font-weight: 400; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
%(swatches)s
@media print { nav, .skip { display: none; } section { break-inside: avoid; } }
"""


def page(facility: Facility, settings: Settings) -> str:
    """The whole page.

    Raises:
        ImportError: matplotlib is not installed.
    """
    listed = tables(facility, settings)
    title = f"Images of {facility.zone} in {facility.server}, {timestamp(facility.now)[:10]}"
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        # Whatever a name may hold: nothing is loaded, and no script is run.
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(title)}</title><style>{_css()}</style></head><body>",
        '<a class="skip" href="#main">Skip to the figures</a>',
        f"<header><h1>{_text(title)}</h1>{_summary(facility)}</header>",
        '<nav aria-label="Tables"><ul>',
        *(f'<li><a href="#{table.key}">{_text(table.title)}</a></li>' for table in listed),
        '</ul></nav><main id="main" tabindex="-1">',
        *_problems(facility),
        *(part for table in listed for part in _section(table)),
        '<section aria-labelledby="notes"><h2 id="notes">What the figures mean</h2><ul>',
        *(f"<li>{_text(note)}</li>" for note in NOTES),
        "</ul></section></main></body></html>\n",
    ]
    return "\n".join(parts)


def _css() -> str:
    values = {
        name: " ".join(f"--{key}: {colour};" for key, colour in colours.items())
        for name, colours in (("light", LIGHT), ("dark", DARK))
    }
    swatches = (f".s{number} {{ background: var(--series-{number}); }}" for number in range(1, SERIES_SHOWN + 1))
    return CSS % {**values, "swatches": "\n".join(swatches)}


def _summary(facility: Facility) -> str:
    shown = {
        name: decimal(number) if name == IN_IRODS else f"{number:,}" for name, number in summary_of(facility).items()
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{number}</dd></div>" for name, number in shown.items())
    return f'<dl class="summary">{items}</dl>'


def _problems(facility: Facility) -> Iterator[str]:
    problems = list(problems_of(facility))
    if not problems:
        return
    items = "".join(f"<li>{_text(problem)}</li>" for problem in problems)
    heading = '<h2 id="problems">For an administrator</h2>'
    yield f'<section class="problems" aria-labelledby="problems">{heading}<ul>{items}</ul></section>'


def _section(table: Table) -> Iterator[str]:
    yield f'<section aria-labelledby="{table.key}"><h2 id="{table.key}">{_text(table.title)}</h2>'
    if table.rows:
        chart = _chart(table)
        if chart is not None:
            yield from _figure(chart)
        yield from _table(table)
    else:
        yield f"<p>{_text(table.empty)}</p>"
    yield "</section>"


def _chart(table: Table) -> Chart | None:
    match table.key:
        case "tiers":
            return chart_of(table, "tier", "", "bytes")
        case "groups":
            return chart_of(table, "group", "tier", "bytes")
        case "arrivals" | "since":
            return chart_of(table, "month", "tier", "images", ordered=True)
    return None


def _figure(chart: Chart) -> Iterator[str]:
    yield f"<figure>{svg(chart)}"
    named = [(number, name) for number, (name, _) in enumerate(chart.series, 1) if name]
    items = "".join(
        f'<li><span class="s{number}" aria-hidden="true"></span>{_text(name)}</li>' for number, name in named
    )
    of = "size" if chart.is_size else "number of images"
    legend = f'<ul class="legend">{items}</ul>' if items else ""
    yield f"<figcaption>{_text(chart.title)}: {of}{legend}</figcaption></figure>"


def _table(table: Table) -> Iterator[str]:
    yield f'<div class="wide" role="region" aria-label="Table: {_text(table.title)}" tabindex="0"><table>'
    yield f"<caption>{_text(table.title)}</caption><thead><tr>"
    yield "".join(f'<th scope="col"{_class(column)}>{_text(column.heading)}</th>' for column in table.columns)
    yield "</tr></thead><tbody>"
    for row in table.rows[:ROWS_SHOWN]:
        yield f"<tr>{''.join(_cells(zip(table.columns, row, strict=True)))}</tr>"
    yield "</tbody></table></div>"
    left = len(table.rows) - ROWS_SHOWN
    if left > 0:
        yield f"<p>{left:,} more rows are in what <code>--csv</code> and <code>--json</code> write.</p>"


def _cells(cells: Iterable[tuple[Column, Cell]]) -> Iterator[str]:
    for place, (column, cell) in enumerate(cells):
        if column.kind == TEXT:
            yield f'<th scope="row">{_text(str(cell))}</th>' if place == 0 else f"<td>{_text(str(cell))}</td>"
        else:
            shown = decimal(int(cell)) if column.kind == BYTES else f"{int(cell):,}"
            yield f'<td class="number"><data value="{int(cell)}">{shown}</data></td>'


def _class(column: Column) -> str:
    return "" if column.kind == TEXT else ' class="number"'


def _text(text: str) -> str:
    """A text of whoever wrote it, as text and nothing else."""
    return escape(printable(text, CELL_BYTES))
