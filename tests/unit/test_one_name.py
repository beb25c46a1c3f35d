"""A name stands for one thing: who looks for a class or a module of the product by its name finds it, and no other."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import irods_omero

PRODUCT = Path(irods_omero.__file__).parent


def test_no_two_modules_have_one_name() -> None:
    assert _several((path.name, str(path.relative_to(PRODUCT))) for path in _modules()) == {}


def test_no_two_classes_have_one_name() -> None:
    assert (
        _several(
            (node.name, str(path.relative_to(PRODUCT)))
            for path in _modules()
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.ClassDef)
        )
        == {}
    )


def _modules() -> Iterator[Path]:
    for path in sorted(PRODUCT.rglob("*.py")):
        if path.name not in {"__init__.py", "__main__.py"}:
            yield path


def _several(named: Iterator[tuple[str, str]]) -> dict[str, list[str]]:
    places = defaultdict(list)
    for name, place in named:
        places[name].append(place)
    return {name: where for name, where in places.items() if len(where) > 1}
