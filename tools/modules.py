"""The page docs/modules.md: what each module is for, from the first paragraph of its docstring."""

from __future__ import annotations

import ast
from pathlib import Path

TOP = Path(__file__).parents[1]
PLACES = ("core.py", "policies", "lab", "tests/scene", "tests/demo", "benchmarks", "tools")
HEAD = """# What each module is for

Made by `make generate` from the modules themselves.
"""


def purpose(module: Path) -> str:
    """The first paragraph of a module's docstring on one line."""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def table() -> str:
    """The whole page."""
    lines = [HEAD]
    folder = None
    for place in PLACES:
        start = TOP / place
        for module in [start] if start.is_file() else sorted(start.rglob("*.py"), key=_order):
            sentence = purpose(module)
            if not sentence or "lab/tests" in module.as_posix():
                continue
            if module.parent != folder:
                folder = module.parent
                lines += [
                    "",
                    f"## {folder.relative_to(TOP) if folder != TOP else 'Top level'}",
                    "",
                    "| module | |",
                    "|---|---|",
                ]
            lines.append(f"| `{module.name}` | {sentence.replace('|', '&#124;')} |")
    return "\n".join(lines) + "\n"


def _order(module: Path) -> tuple[str, bool, str]:
    return (str(module.parent), module.name != "__init__.py", module.name)
