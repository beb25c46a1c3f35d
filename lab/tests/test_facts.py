"""The facts that the lab rests on: each has one number, and what is cited is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
CITED = re.compile(r"\b(?:omero|zone)-\d+\b")


def test_each_fact_has_a_number_of_its_own() -> None:
    numbers = re.findall(r"^\| ((?:omero|zone)-\d+) \|", (ROOT / "lab/FACTS.md").read_text(), re.MULTILINE)
    assert [number for number, times in Counter(numbers).items() if times > 1] == []


def test_each_fact_that_is_cited_is_there() -> None:
    facts = (ROOT / "lab/FACTS.md").read_text()
    missing = {
        f"{path.relative_to(ROOT)}: {number}"
        for folder in ("lab", "tests", "policies", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        for number in CITED.findall(path.read_text())
        if f"| {number} |" not in facts
    }
    assert sorted(missing) == []
