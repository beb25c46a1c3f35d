"""Joins the hooks to a core.py that a site has already, and says how a person would do it."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Sequence

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

STAR, CHAIN, THEIRS = "star", "chain", "theirs"
"""Statements that put the hooks into a module, and those that define, or may bring in, functions of the same names."""

_JOINS = re.compile(
    rf"^[ \t]*(?:from[ \t]+{re.escape(HOOKS)}[ \t]+import[ \t]+\*|[\w.]*\bchain\(globals\(\)\))", re.MULTILINE
)
_IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+([\w.]+)(?:[ \t]+import[ \t]+(\w+))?", re.MULTILINE)


def is_joined(text: str, peps: Collection[str]) -> bool:
    """Whether a core.py answers with the hooks and with the site's functions, as far as can be seen without running it.

    A star puts the hooks into it, or ``chain``, where the module itself runs it. What a later line defines, or may
    bring in by another star, replaces them; a star replaces what the site had before it. Nobody is told of either.
    """
    tree = _parsed(text)
    if tree is None:
        # For an older Python than this program's: line by line it can still be seen.
        return bool(_JOINS.search(text))
    kinds = _kinds(tree, peps)
    return bool(kinds) and kinds[-1] != THEIRS and not _hides(kinds) and imports(text, HOOKS)


def imports(text: str, module: str) -> bool:
    """Whether a core.py imports a module or anything in it; as long as it does, the module must stay."""
    return any(name == module or name.startswith(module + ".") for name in _imported(text))


def advice(text: str, peps: Collection[str]) -> str:
    """What to do with a core.py by hand, so that the hooks are called and the site's own functions still are.

    One line at the top is enough where nothing below it can replace a hook. What a star imports cannot be seen here.
    """
    tree = _parsed(text) or ast.Module([], [])
    shared = sorted(_defined(tree) & set(peps))
    if not shared and not _has_star(tree):
        return f"add this line at its top:\n{IMPORT_LINE}"
    why = f"defines {', '.join(shared)} itself" if shared else "imports whatever another module defines"
    taken_out = f"take out '{IMPORT_LINE}', and " if _hides(_kinds(tree, peps)) else ""
    return f"it {why}, so {taken_out}add these lines at its end:\n{CHAIN_LINES}"


def objection(text: str, peps: Collection[str]) -> str:
    """Why the hooks cannot safely be joined to a core.py by a program; empty if they can."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError) as error:
        return f"it is not valid Python ({error})"
    names = _defined(tree)
    if "irods_omero" in names:
        return "it uses the name 'irods_omero' for something else"
    if "__getattr__" in names:
        return "it answers for names by __getattr__, which the hooks would hide"
    if _hides(_kinds(tree, peps)):
        return f"its line '{IMPORT_LINE}' replaces functions of the site that come before it"
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


def _kinds(tree: ast.Module, peps: Collection[str]) -> list[str]:
    """What the statements of a module do about policy enforcement points, in their order."""
    return [kind for statement in _run_by(tree) if (kind := _kind(statement, peps))]


def _kind(statement: ast.stmt, peps: Collection[str]) -> str:
    if isinstance(statement, ast.ImportFrom) and statement.module == HOOKS and statement.names[0].name == "*":
        return STAR
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        called = ast.unparse(statement.value)
        return CHAIN if called == "chain(globals())" or called.endswith(".chain(globals())") else ""
    return THEIRS if _has_star(statement) or _defined(statement) & set(peps) else ""


def _hides(kinds: Sequence[str]) -> bool:
    """Whether our star comes after what the site has, which it replaces."""
    return STAR in kinds[kinds.index(THEIRS) :] if THEIRS in kinds else False


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
