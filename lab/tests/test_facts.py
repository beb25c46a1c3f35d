"""The facts that the lab rests on: each has one number and a source, and what is cited is there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CITED = re.compile(r"\b(?:omero|zone)-\d+\b")
FACTS = (ROOT / "lab/FACTS.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ((?:omero|zone)-\d+) \| (.+) \| (.+) \|$", FACTS, re.MULTILINE)
SOURCE = re.compile(r"(?:S\d+|M|I|R \S.*)(?:[;, ]|$)")


def test_each_fact_has_a_number_of_its_own() -> None:
    assert len(ROWS) == len(re.findall(r"^\| \S*(?:omero|zone)-\d", FACTS, re.MULTILINE))
    assert [number for number, times in Counter(number for number, _, _ in ROWS).items() if times > 1] == []


def test_no_number_is_missing_but_those_that_the_page_says_were_never_given() -> None:
    (sentence,) = re.findall(r"These numbers were never given: ([^.]*)\.", FACTS)
    assert [number for side in ("zone", "omero") for number in _missing(side)] == CITED.findall(sentence)


def test_each_fact_says_how_we_know_it() -> None:
    assert [number for number, _, source in ROWS if not SOURCE.match(source)] == []
    servers = {name for names in re.findall(r"^- (S\d.*?):", FACTS, re.MULTILINE) for name in names.split(", ")}
    assert {name for _, _, source in ROWS for name in re.findall(r"\bS\d+\b", source)} == servers


def test_a_fact_that_is_struck_says_by_which_it_was_replaced() -> None:
    assert [number for number, fact, _ in ROWS if "~~" in fact and not CITED.search(fact)] == []


def test_each_fact_that_is_cited_is_there() -> None:
    there = {number for number, _, _ in ROWS}
    missing = {
        f"{path.relative_to(ROOT)}: {number}"
        for path in _texts()
        for number in CITED.findall(path.read_text(encoding="utf-8"))
        if number not in there
    }
    assert sorted(missing) == []


def test_each_fact_that_a_fact_names_is_there() -> None:
    named = {number for _, *texts in ROWS for text in texts for number in CITED.findall(text)}
    assert sorted(named - {number for number, _, _ in ROWS}) == []


def _missing(side: str) -> Iterator[str]:
    numbers = {int(number.removeprefix(f"{side}-")) for number, _, _ in ROWS if number.startswith(side)}
    return (f"{side}-{number:02}" for number in range(1, max(numbers) + 1) if number not in numbers)


def _texts() -> Iterator[Path]:
    """What may cite facts: code, scripts and documents."""
    yield from ROOT.glob("*.md")
    for folder in ("lab", "tests", "policies", "benchmarks", "tools", "docs", "irods_config", "docker", "packaging"):
        paths = (ROOT / folder).rglob("*.*")
        yield from (path for path in paths if path.suffix in {".py", ".md", ".sh"} and path.name != "FACTS.md")
