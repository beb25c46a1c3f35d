"""A name stands for one thing, and says which: who looks for a class or a module by its name meets no other."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import irods_omero

PRODUCT = Path(irods_omero.__file__).parent
ROOT = Path(__file__).parents[2]
CODE = ("policies", "lab", "tests", "benchmarks", "tools")

WORD = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])")
"""A word of a name: of ``one_name``, ``OneName`` and ``ONE_NAME``."""


def test_no_two_modules_have_one_name() -> None:
    named = (path for path in _modules(PRODUCT) if path.name not in {"__init__.py", "__main__.py"})
    assert _several((path.name, str(path.relative_to(PRODUCT))) for path in named) == {}


@pytest.mark.parametrize("folder", [PRODUCT, ROOT / "lab"], ids=["product", "lab"])
def test_no_two_classes_have_one_name(folder: Path) -> None:
    assert (
        _several(
            (node.name, str(path.relative_to(folder)))
            for path in _modules(folder)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ClassDef)
        )
        == {}
    )


def test_no_name_says_only_that_a_thing_was_found() -> None:
    """It says what was found. Names of tests are sentences, in which things may be found."""
    assert [
        f"{path.relative_to(ROOT)}: {name}"
        for folder in CODE
        for path in sorted((ROOT / folder).rglob("*.py"))
        if "found" in (text := path.read_text(encoding="utf-8")).lower()
        for name in _bound(ast.parse(text))
        if _names_nothing(name) and not name.startswith("test_")
    ] == []


@pytest.mark.parametrize(
    "text",
    [
        "found = 1",
        "for rows_found in (): pass",
        "def read(found_by): pass",
        "def _found(): pass",
        "class LinksFound: pass",
        "import rows as found",
        "self.FOUND = 1",
        "try: pass\nexcept OSError as found: pass",
    ],
)
def test_names_are_seen_wherever_they_are_bound(text: str) -> None:
    assert any(_names_nothing(name) for name in _bound(ast.parse(text)))


def _names_nothing(name: str) -> bool:
    return "found" in map(str.lower, WORD.findall(name))


def _bound(tree: ast.Module) -> Iterator[str]:
    """The names that a module gives to things; those that libraries have given are only used."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.alias(asname=str(name)) | ast.ExceptHandler(name=str(name)):
                yield name


def _modules(folder: Path) -> Iterator[Path]:
    """All but tests."""
    return (path for path in sorted(folder.rglob("*.py")) if "tests" not in path.relative_to(folder).parts)


def _several(named: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    places = defaultdict(list)
    for name, place in named:
        places[name].append(place)
    return {name: where for name, where in places.items() if len(where) > 1}
