"""Finds the HQL texts that the product can send, and notes those that it did send."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

import irods_omero
from irods_omero.gateways.omero import session
from irods_omero.gateways.omero.session import OmeroSession


@contextmanager
def asked() -> Iterator[set[str]]:
    """The texts of the queries that the gateway sends during the block."""
    texts: set[str] = set()

    def noting(method: Any) -> Any:
        @wraps(method)
        def ask(own: OmeroSession, doing: str, text: str, values: Any) -> Any:
            texts.add(text)
            return method(own, doing, text, values)

        return ask

    with pytest.MonkeyPatch.context() as patch:
        for name in ("rows", "objects"):
            patch.setattr(OmeroSession, name, noting(getattr(OmeroSession, name)))
        yield texts


def sendable() -> dict[str, re.Pattern[str]]:
    """The HQL texts in the product's source, each with the pattern of what is sent: names are put into some."""
    patterns = {}
    for path in sorted(Path(irods_omero.__file__).parent.rglob("*.py")):
        if {"hooks", "zone"} & set(path.parts):
            continue  # what is asked there is GenQuery
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        pieces = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in nodes:
            pattern = _pattern(node)
            if pattern.startswith("select\\ ") and id(node) not in pieces:
                patterns[f"{path.name}:{getattr(node, 'lineno', 0)}"] = re.compile(pattern)
    return patterns


def _pattern(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.escape(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(_pattern(part) or r"\w+" for part in node.values)
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name):
        return re.escape(getattr(session, node.value.id, ""))  # a condition that several queries have
    return ""
