"""The documents are true: what they point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from irods_omero.domain.rules.causes import AGAIN, GIVEN_UP, HELD_BACK, HINDERED, REFUSED, TO_CORRECT
from irods_omero.domain.state.recorded_event import CHANGE, IMPORT_EVENT, PAIRS, PLACE, TAG
from irods_omero.status.facility import tables
from irods_omero.vocabulary import REGISTERED, SUPERSEDED
from tests.unit.status.facility import EMPTY, SETTINGS

TOP = Path(__file__).parents[2]
PACKAGE = TOP / "policies" / "irods_omero"
DOCUMENTS = sorted(str(path.relative_to(TOP)) for path in (*TOP.glob("*.md"), *TOP.glob("docs/**/*.md")))


def anchors(document: Path) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    headings = re.findall(r"^#+ (.*)", document.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def without_code(document: str) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", (TOP / document).read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


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


@pytest.mark.parametrize("document", DOCUMENTS)
def test_all_rows_of_a_table_have_as_many_cells_as_its_head(document: str) -> None:
    wrong, width = [], 0
    for line in without_code(document).splitlines():
        is_row = line.startswith("|")
        cells = len(re.findall(r"(?<!\\)\|", line)) if is_row else 0
        width = (width or cells) if is_row else 0
        if cells != width:
            wrong.append(line)
    assert wrong == []


@pytest.mark.parametrize("document", [each for each in DOCUMENTS if each != "CHANGELOG.md"])
def test_the_modules_that_a_page_names_are_there(document: str) -> None:
    named = re.findall(r"`((?:[a-z_]+/)+[a-z_]+\.py)`", (TOP / document).read_text(encoding="utf-8"))
    assert [path for path in named if not any(TOP.glob(path)) and not any(PACKAGE.glob(f"**/{path}"))] == []


def test_the_architecture_names_every_folder_of_the_package() -> None:
    text = (TOP / "docs" / "architecture.md").read_text(encoding="utf-8")
    folders = [path.parent.relative_to(PACKAGE) for path in PACKAGE.glob("*/**/__init__.py")]
    within = [folder for folder in folders if not any(folder in other.parents for other in folders)]
    assert [str(folder) for folder in within if f"`{folder}/`" not in text and f"`{folder.name}/`" not in text] == []


def test_the_glossary_is_in_alphabetical_order_and_has_one_meaning_for_each_word() -> None:
    rows = re.findall(
        r"^\| (.+?) \| (.+) \|$", (TOP / "docs" / "glossary.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    (head, *words), (_, *meanings) = zip(*rows, strict=True)
    assert head == "word"
    assert words == sorted(words, key=str.lower)
    assert [meaning for meaning in meanings if "Also:" in meaning] == []


def test_unit_tests_are_in_folders_called_as_those_of_the_package() -> None:
    unit = TOP / "tests" / "unit"
    folders = [path.parent.relative_to(unit) for path in unit.glob("*/**/__init__.py")]
    assert [str(folder) for folder in folders if not (PACKAGE / folder).is_dir()] == ["benchmarks"]


def test_the_unit_tests_of_a_module_are_in_the_folder_called_as_that_of_the_module() -> None:
    unit = TOP / "tests" / "unit"
    modules = {f"test_{path.name}": path.parent.relative_to(PACKAGE) for path in PACKAGE.glob("**/[!_]*.py")}
    tests = [path.relative_to(unit) for path in unit.glob("**/test_*.py")]
    assert [str(path) for path in tests if path.parent != modules.get(path.name, path.parent)] == []


def test_the_commands_of_the_readme_are_there() -> None:
    text = (TOP / "README.md").read_text(encoding="utf-8")
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", text, flags=re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_the_page_on_the_report_names_all_tables_and_all_kinds_of_events() -> None:
    text = (TOP / "docs" / "report.md").read_text(encoding="utf-8")
    rows = {name for line in text.splitlines() if line.startswith("| `") for name in re.findall(r"`(\w+)`", line)}
    assert {table.key for table in tables(EMPTY, SETTINGS)} <= rows
    source = (TOP / "policies" / "irods_omero" / "status" / "history.py").read_text(encoding="utf-8")
    kinds = {
        IMPORT_EVENT,
        TAG,
        PAIRS,
        PLACE,
        CHANGE,
        REGISTERED,
        SUPERSEDED,
        *re.findall(r'(?:ZONE|AGREED), "(\w+)"', source),
    }
    wrong = {GIVEN_UP, AGAIN, HINDERED, REFUSED, HELD_BACK, TO_CORRECT}
    (errors,) = (line for line in text.splitlines() if line.startswith("| `errors` |"))
    assert set(re.findall(r"`([^`]+)`", errors)) == {"errors", *wrong}
    assert len(kinds) > 10
    assert kinds <= rows


def test_what_the_quick_tests_leave_out_is_there() -> None:
    makefile = (TOP / "Makefile").read_text(encoding="utf-8")
    (names,) = re.findall(r"^SLOW := ((?:.*\\\n)*.*)", makefile, flags=re.MULTILINE)
    missing = [name for name in names.replace("\\", " ").split() if not (TOP / "tests" / "unit" / name).exists()]
    assert missing == []


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len((TOP / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
