"""The Python rule engine: `core.py`, loaded once per agent, and its functions called by name."""

import builtins
import sys
import traceback
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.zone import structs
from lab.zone.errors import CODES, ZoneError, code_in

INSTANCE = "irods_rule_engine_plugin-python-instance"


class PythonEngine:
    """The functions of one `core.py`; made in an agent, never in the server that forks agents."""

    def __init__(self, directory: Path, log: Callable[[str], None]) -> None:
        self._log = log
        _provide_modules()
        sys.path.append(str(directory))
        try:
            self._core = _load(directory / "core.py")
        except BaseException as error:
            log("".join(traceback.format_exception(error)))
            raise ZoneError("RULE_ENGINE_ERROR", f"core.py cannot be imported: {error}") from error

    def has(self, name: str) -> bool:
        """Whether `core.py` answers to a name."""
        return hasattr(self._core, name)

    def call(self, name: str, arguments: list[Any], callback: Any, rei: Any) -> int:
        """Call a function; the code that its return value stands for, or ZoneError if it raises."""
        try:
            result = getattr(self._core, name)(arguments, callback, rei)
        except BaseException as error:
            text = "".join(traceback.format_exception(error))
            self._log(text)
            raise ZoneError(code_in(text), text) from error
        code = int(result) if isinstance(result, int) else 0
        if code < 0:
            raise ZoneError(code, f"{name} returned {code}")
        return code

    def run_text(self, text: str, variables: dict[str, str], callback: Any, rei: Any) -> None:
        """Run a rule that an administrator sent: `main` of its source, or a function of `core.py` that it names."""
        builtins.irods_rule_vars = variables  # type: ignore[attr-defined]
        if text.startswith("@external\n"):
            self._run(text.partition("\n")[2], "main", callback, rei)
        elif text.startswith("@external rule { "):
            name = text.removeprefix("@external rule { ").split(" ")[0]
            if not self.has(name):
                raise ZoneError("RULE_ENGINE_ERROR", f"core.py has no {name}")
            self.call(name, [], callback, rei)
        else:
            raise ZoneError("RULE_ENGINE_ERROR", "improperly formatted rule text")

    def run_delayed(self, text: str, callback: Any, rei: Any) -> None:
        """Run a rule from the delay queue: the body of a function."""
        self._run(
            "def expressionFcn(rule_args, callback, rei):\n " + text.replace("\n", "\n "),
            "expressionFcn",
            callback,
            rei,
        )

    def _run(self, source: str, name: str, callback: Any, rei: Any) -> None:
        names: dict[str, Any] = {module: sys.modules[module] for module in ("irods_types", "irods_errors")}
        try:
            exec(source, names)
            names[name]([], callback, rei)
        except BaseException as error:
            text = "".join(traceback.format_exception(error))
            self._log(text)
            raise ZoneError("RULE_ENGINE_ERROR", text) from error


def _load(path: Path) -> types.ModuleType:
    """Import `core.py` from its source: bytecode is told apart by size and whole seconds, and tests edit faster."""
    module = types.ModuleType("core")
    module.__file__ = str(path)
    sys.modules["core"] = module
    exec(compile(path.read_bytes(), str(path), "exec"), module.__dict__)
    return module


def _provide_modules() -> None:
    """Make `irods_types` and `irods_errors`, which the engine has built in."""
    kinds = types.ModuleType("irods_types")
    for name in ("GenQueryInp", "GenQueryOut", "KeyValPair", "BytesBuf", "RodsObjStat"):
        setattr(kinds, name, getattr(structs, name))
    errors = types.ModuleType("irods_errors")
    for name, code in CODES.items():
        setattr(errors, name, code)
    sys.modules["irods_types"], sys.modules["irods_errors"] = kinds, errors
