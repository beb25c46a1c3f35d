"""The documents are true: what they point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
DOCUMENTS = sorted(str(path.relative_to(TOP)) for path in (*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")))


def anchors(document: Path) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    headings = re.findall(r"^#+ (.*)", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    text = (TOP / document).read_text(encoding="utf-8")
    missing = []
    for link in re.findall(r"\]\(([^)]+)\)", text):
        if "://" not in link:
            name, _, anchor = link.partition("#")
            target = TOP / document if not name else (TOP / document).parent / name
            if not target.exists() or (anchor and anchor not in anchors(target)):
                missing.append(link)
    assert missing == []


def test_the_commands_of_the_readme_are_there() -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", text, flags=re.MULTILINE):
        assert f"\n{target}:" in makefile
