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
"""What is added at the end of a site's core.py. It can be imported even if the hooks are broken: the zone needs it."""

HOOKS = "irods_omero.hooks"

_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w.]+)(?:[ \t]+import[ \t]+(\w+))?", re.MULTILINE)


def is_joined(text: str) -> bool:
    """Whether a core.py imports the hooks: an import of this name alone is ours, however the others are called."""
    return imports(text, HOOKS)


def imports(text: str, module: str) -> bool:
    """Whether a core.py imports a module or anything in it; as long as it does, the module must stay."""
    return any(name == module or name.startswith(module + ".") for name in _imported(text))


def advice(text: str, peps: Iterable[str]) -> str:
    """What to add to a core.py by hand, so that the hooks are called and the site's own functions still are.

    One line at the top is enough where nothing below it can replace a hook. What a star imports cannot be seen here.
    """
    shared = sorted(_defined(text) & set(peps))
    if not shared and not _has_star(text):
        return f"add this line at its top:\n{IMPORT_LINE}"
    why = f"defines {', '.join(shared)} itself" if shared else "imports whatever another module defines"
    return f"it {why}, so add these lines at its end:\n{CHAIN_LINES}"


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
    """A core.py without what was added to it; None if that was changed since."""
    before, separator, after = text.partition(added)
    return before + after if separator else None


def _imported(text: str) -> set[str]:
    """The dotted names of all that a module imports, each as `from package import name` may mean it."""
    tree = _parsed(text)
    if tree is None:
        # For an older Python than this program's: line by line it can still be seen.
        return {name for parts in _IMPORT.findall(text) for name in (parts[0], ".".join(filter(None, parts)))}
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def _has_star(text: str) -> bool:
    """Whether a module imports all that another one, which is not ours, defines."""
    tree = _parsed(text)
    nodes = [] if tree is None else ast.walk(tree)
    stars = [node for node in nodes if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"]
    return any(node.module != HOOKS for node in stars)


def _parsed(text: str) -> ast.Module | None:
    """A module, if it is one for the Python of this program."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _defined(text: str) -> set[str]:
    """The names that the top level of a module defines, as far as can be seen without running it."""
    tree = _parsed(text)
    names = set()
    for node in [] if tree is None else ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.alias):
            names.add((node.asname or node.name).split(".")[0])
    return names
