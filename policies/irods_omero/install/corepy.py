"""Joins the hooks to a core.py that a site has already, and says how a person would do it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

IMPORT_LINE = "from irods_omero.hooks import *"
CHAIN_LINES = "import irods_omero.hooks\nirods_omero.hooks.chain(globals())"

BLOCK = """
# irods-omero: joins the hooks of the OMERO policies; written by `irods-omero install --compose`
try:
    import irods_omero.hooks

    irods_omero.hooks.chain(globals())
except BaseException:
    pass
# irods-omero: end
"""
"""What is put at the end of a site's core.py. Whatever is broken, core.py can still be imported: the zone needs it."""

_IMPORT = re.compile(r"^\s*(from|import)\s+irods_omero\b", re.MULTILINE)


def is_joined(text: str) -> bool:
    """Whether a core.py imports the hooks anywhere, so that they must not be taken away under it."""
    return _IMPORT.search(text) is not None


def advice(text: str, peps: Iterable[str]) -> str:
    """What to add to a core.py by hand."""
    shared = sorted(_defined(text) & set(peps))
    if not shared:
        return f"add this line at its top:\n{IMPORT_LINE}"
    return f"it defines {', '.join(shared)} itself, so add these lines at its end:\n{CHAIN_LINES}"


def objection(text: str) -> str:
    """Why the hooks cannot safely be joined to a core.py by a program; empty if they can."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError) as error:
        return f"it is not valid Python ({error})"
    names = _defined(text)
    if "irods_omero" in names:
        return "it uses the name 'irods_omero' for something else"
    if "__getattr__" in names:
        return "it answers for names by __getattr__, which the hooks would hide"
    return ""


def addition(text: str) -> str:
    """What to put at the end of a core.py to join the hooks to it."""
    return ("" if text.endswith("\n") or not text else "\n") + BLOCK


def taken_apart(text: str, added: str) -> str | None:
    """A core.py without what was added to it; nothing if that was changed since."""
    before, found, after = text.partition(added)
    return before + after if found else None


def _defined(text: str) -> set[str]:
    """The names that the top level of a module defines, as far as can be seen without running it."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return set()
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found
