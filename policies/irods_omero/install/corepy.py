"""Joins the hooks to a core.py that a site has already, and says how a person would do it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator

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

_JOINS = re.compile(
    rf"^[ \t]*(?:from[ \t]+{re.escape(HOOKS)}[ \t]+import[ \t]+\*|[\w.]*\bchain\(globals\(\)\))", re.MULTILINE
)
_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w.]+)(?:[ \t]+import[ \t]+(\w+))?", re.MULTILINE)


def is_joined(text: str, peps: Collection[str]) -> bool:
    """Whether the hooks are what a core.py answers with, as far as can be seen without running it.

    A star puts them into it, or ``chain``, where the module itself runs it. What a later line defines, or may bring in
    by another star, replaces them, and nobody would be told.
    """
    tree = _parsed(text)
    if tree is None:
        # For an older Python than this program's: line by line it can still be seen.
        return bool(_JOINS.search(text))
    joined = False
    for statement in _run_by(tree):
        if _joins(statement):
            joined = True
        elif _has_star(statement) or _defined(statement) & set(peps):
            joined = False
    return joined and imports(text, HOOKS)


def imports(text: str, module: str) -> bool:
    """Whether a core.py imports a module or anything in it; as long as it does, the module must stay."""
    return any(name == module or name.startswith(module + ".") for name in _imported(text))


def advice(text: str, peps: Iterable[str]) -> str:
    """What to add to a core.py by hand, so that the hooks are called and the site's own functions still are.

    One line at the top is enough where nothing below it can replace a hook. What a star imports cannot be seen here.
    """
    tree = _parsed(text) or ast.Module([], [])
    shared = sorted(_defined(tree) & set(peps))
    if not shared and not _has_star(tree):
        return f"add this line at its top:\n{IMPORT_LINE}"
    why = f"defines {', '.join(shared)} itself" if shared else "imports whatever another module defines"
    return f"it {why}, so add these lines at its end:\n{CHAIN_LINES}"


def objection(text: str) -> str:
    """Why the hooks cannot safely be joined to a core.py by a program; empty if they can."""
    try:
        names = _defined(ast.parse(text))
    except (SyntaxError, ValueError) as error:
        return f"it is not valid Python ({error})"
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


def _parsed(text: str) -> ast.Module | None:
    """A module, if it is one for the Python of this program."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError):
        return None


def _run_by(node: ast.AST) -> Iterator[ast.stmt]:
    """The statements that are run when a module is imported, in their order; what is not seen to run counts as run."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If | ast.For | ast.While | ast.With | ast.Try | ast.ExceptHandler):
            yield from _run_by(child)
        elif isinstance(child, ast.stmt):
            yield child


def _joins(statement: ast.stmt) -> bool:
    """Whether a statement puts the hooks into the module."""
    if isinstance(statement, ast.ImportFrom):
        return statement.module == HOOKS and statement.names[0].name == "*"
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    called = ast.unparse(statement.value)
    return called == "chain(globals())" or called.endswith(".chain(globals())")


def _has_star(code: ast.AST) -> bool:
    """Whether code imports all that another module, which is not ours, defines."""
    stars = (node for node in ast.walk(code) if isinstance(node, ast.ImportFrom) and node.names[0].name == "*")
    return any(node.module != HOOKS for node in stars)


def _defined(code: ast.AST) -> set[str]:
    """The names that code defines, as far as can be seen without running it; an import of our package is none."""
    names = set()
    for node in ast.walk(code):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Import):
            names |= {
                each.asname or each.name.split(".")[0] for each in node.names if each.asname or not _is_ours(each)
            }
        elif isinstance(node, ast.ImportFrom) and node.module != HOOKS:
            names |= {each.asname or each.name for each in node.names}
    return names


def _is_ours(alias: ast.alias) -> bool:
    return alias.name.split(".")[0] == HOOKS.split(".", maxsplit=1)[0]
