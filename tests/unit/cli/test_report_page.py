"""The facility's page, as a parser reads it; tests/deployment shows it to a browser."""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from irods_omero.cli import main
from irods_omero.cli.charts import SERIES_SHOWN, STAND_INS, chart_of
from irods_omero.cli.report_page import DARK, LIGHT, ROWS_SHOWN, page
from irods_omero.status.facility import BYTES, NUMBER, Column, Table, tables
from tests.unit.cli.reading import Element, contrast, read_page
from tests.unit.status.facility import EMPTY, FACILITY, HOSTILE, SETTINGS


@pytest.fixture(scope="module")
def text() -> str:
    return page(FACILITY, SETTINGS)


@pytest.fixture(scope="module")
def shown(text: str) -> Element:
    return read_page(text)


def test_headings_are_in_order_and_sections_are_named_by_them(shown: Element) -> None:
    levels = [int(each.name[1]) for each in shown.all("h1", "h2", "h3", "h4")]
    assert (levels[0], levels.count(1)) == (1, 1)
    assert all(level - before <= 1 for before, level in pairwise(levels))
    for section in shown.all("section"):
        (heading,) = [each for each in section.all("h2") if each.attributes["id"]]
        assert section.attributes["aria-labelledby"] == heading.attributes["id"]


def test_every_chart_has_words_and_a_table_after_it(shown: Element) -> None:
    charted = [section for section in shown.all("section") if section.all("svg")]
    assert [each.attributes["aria-labelledby"] for each in charted] == ["tiers", "groups", "arrivals", "since"]
    for section in charted:
        (picture,) = section.all("svg")
        assert picture.attributes["role"] == "img"
        assert re.search(r"\d+ bars?.*The highest is .+ with \d", picture.attributes["aria-label"])
        names = [each.name for each in section.all("figure", "table")]
        assert names == ["figure", "table"]
        assert section.all("figcaption")


def test_tables_say_what_their_rows_and_columns_are(shown: Element) -> None:
    for table in shown.all("table"):
        assert table.all("caption")[0].text
        assert {each.attributes["scope"] for each in table.all("th")} == {"col", "row"}
        columns = len(table.all("thead")[0].all("th"))
        assert {len(row.all("th", "td")) for row in table.all("tr")} == {columns}
    for region in [each for each in shown.all("div") if each.attributes.get("role") == "region"]:
        assert (region.attributes["tabindex"], bool(region.attributes["aria-label"])) == ("0", True), "keys scroll it"


def test_the_keyboard_comes_to_the_figures_at_once(shown: Element) -> None:
    assert shown.all("html")[0].attributes["lang"] == "en"
    first = shown.all("a")[0]
    assert (first.attributes["href"], first.attributes["class"]) == ("#main", "skip")
    assert [each.attributes["id"] for each in shown.all("main")] == ["main"]
    assert not [each for each in shown.all() if int(each.attributes.get("tabindex", "0")) > 0], "no order of its own"


def test_ids_are_there_once_and_every_reference_leads_to_one(shown: Element, text: str) -> None:
    ids = [each.attributes["id"] for each in shown.all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    links = [value for each in shown.all() for name, value in each.attributes.items() if name.endswith("href")]
    used = {link.removeprefix("#") for link in links} | set(re.findall(r"url\(#([^)]+)\)", text))
    assert used <= set(ids)


def test_nothing_is_run_and_nothing_comes_from_a_network(shown: Element, text: str) -> None:
    assert not shown.all("script", "iframe", "object", "link", "img", "image", "form")
    attributes = [(name, value) for each in shown.all() for name, value in each.attributes.items()]
    assert not [name for name, _ in attributes if name.startswith("on") or name in ("src", "srcset")]
    addresses = {value for name, value in attributes if "//" in value and not name.startswith("xmlns")}
    assert addresses == set()
    assert "@import" not in text
    (policy,) = [each for each in shown.all("meta") if "http-equiv" in each.attributes]
    assert policy.attributes["content"].startswith("default-src 'none'")


def test_names_are_shown_as_they_are_in_tables_charts_and_titles(shown: Element) -> None:
    cells = [each.text for each in shown.all("th", "td")]
    assert HOSTILE in cells
    assert f"/lab/{HOSTILE}" in cells
    assert "</title>" in shown.all("title")[0].text
    labels = [each.text for picture in shown.all("svg") for each in picture.all("text")]
    assert any(label.startswith('<b id="x" #010101><script>') for label in labels)


def test_dollars_in_names_are_no_formula() -> None:
    table = Table("t", "T", (Column("g", "g"), Column("n", "n", NUMBER)), (("$x^2$ 😀", 3), ("_hidden", 1)))
    shown = table_in_page(table)
    assert shown == ["$x^2$ 😀", "_hidden"]


def table_in_page(table: Table) -> list[str]:
    from irods_omero.cli.charts import svg

    chart = chart_of(table, "g", "", "n")
    assert chart is not None
    labels = [each.text.strip() for each in read_page(svg(chart)).all("text")]
    return [label for label in labels if not re.fullmatch(r"[\d,]+", label)]


def test_colours_are_those_of_the_page_and_can_be_told_from_it(text: str) -> None:
    assert {stand_in.removeprefix("var(--").removesuffix(")") for stand_in in STAND_INS.values()} <= set(LIGHT)
    tags = "".join(re.findall(r"<[^>]+>", text[text.index("<body>") :]))
    drawn = re.sub(r'aria-label="[^"]*"', "", tags)
    assert re.findall(r"#[0-9a-f]{6}\b", drawn) == [], "a colour that is not one of the page's"
    assert set(LIGHT) == set(DARK)
    for colours in (LIGHT, DARK):
        for key, colour in colours.items():
            if key != "page":
                least = 4.5 if key in ("text", "link") else 3
                assert contrast(colour, colours["page"]) >= least, f"{key} {colour}"


def test_light_and_dark_go_by_what_the_reader_prefers(text: str) -> None:
    assert "color-scheme: light dark" in text
    before, _, after = text.partition("@media (prefers-color-scheme: dark)")
    assert f"--page: {LIGHT['page']}" in before
    assert f"--page: {DARK['page']}" in after


def test_the_contrast_of_colours_is_computed_as_wcag_says() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_facility_without_anything_has_a_page_that_says_so() -> None:
    empty = read_page(page(EMPTY, SETTINGS))
    assert not empty.all("svg", "table")
    assert any("No image carries the tag of a tier." in each.text for each in empty.all("p"))


def test_a_long_table_ends_and_says_where_the_rest_is() -> None:
    from dataclasses import replace

    from irods_omero.domain.state.counts import ImageCount

    many = tuple(ImageCount(f"g{number}", "fast", "2026-01", 1, 1, 1) for number in range(ROWS_SHOWN + 7))
    shown = read_page(page(replace(FACILITY, images=many), SETTINGS))
    assert max(len(table.all("tr")) for table in shown.all("table")) == ROWS_SHOWN + 1
    assert any(each.text.startswith("7 more rows") for each in shown.all("p"))


GROUPED = (Column("group", "g"), Column("tier", "t"), Column("bytes", "b", BYTES))


def test_what_is_too_much_to_be_seen_is_one_bar_and_one_part_and_nothing_is_lost() -> None:
    rows = tuple((f"g{group:02d}", f"t{tier}", group + tier + 1) for group in range(30) for tier in range(9))
    chart = chart_of(Table("x", "X", GROUPED, rows), "group", "tier", "bytes")
    assert chart is not None
    assert (len(chart.categories), chart.categories[-1]) == (21, "10 others")
    assert (len(chart.series), chart.series[-1][0]) == (SERIES_SHOWN, "other tiers")
    assert sum(sum(numbers) for _, numbers in chart.series) == sum(row[2] for row in rows)


def test_months_without_anything_are_a_gap() -> None:
    rows = (("2025-11", "fast", 1), ("2026-02", "fast", 2))
    chart = chart_of(Table("x", "X", GROUPED, rows), "group", "tier", "bytes", ordered=True)
    assert chart is not None
    assert chart.categories == ("2025-11", "2025-12", "2026-01", "2026-02")
    assert chart.series == (("fast", (1, 0, 0, 2)),)


def test_every_table_has_a_key_of_its_own() -> None:
    keys = [table.key for table in tables(FACILITY, SETTINGS)]
    assert len(keys) == len(set(keys))


def test_without_matplotlib_the_page_is_refused_with_what_to_type(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    run = CliRunner().invoke(main, ["report", "--html", str(tmp_path / "page.html")])
    assert run.exit_code == 1
    assert "irods-omero-policies[report]" in run.output
    assert "Traceback" not in run.output
