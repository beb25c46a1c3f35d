"""Policy enforcement points: an operation, and what the rule engines say before and after it."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from lab.zone.engines.callback import Callback
from lab.zone.engines.python import PythonEngine
from lab.zone.engines.tiering import TieringEngine
from lab.zone.errors import RULE_ENGINE_CONTINUE, RULE_ENGINE_SKIP_OPERATION, ZoneError
from lab.zone.structs import PluginContext

if TYPE_CHECKING:
    from lab.zone.agent import Agent

Result = TypeVar("Result")
Arguments = Callable[[], list[Any]]


class Peps:
    """The enforcement points of one agent."""

    def __init__(self, agent: "Agent", python: PythonEngine | None, tiering: TieringEngine | None) -> None:
        self._agent = agent
        self.python = python
        self.tiering = tiering
        self.running: list[str] = []
        self._subject: Any = None

    def api(self, name: str, subject: Any, arguments: Arguments, operation: Callable[[], Result]) -> Result | None:
        """Run an API call between its enforcement points; None when a hook has it skipped."""
        self._subject = subject
        leading: list[Any] = ["api_instance"]
        return self._run(
            "pep_api_" + name, lambda: [*leading, self._context(), *arguments()], operation, lambda _: None
        )

    def database(self, name: str, arguments: Arguments, operation: Callable[[], Result]) -> Result | None:
        """Run a database operation between its enforcement points; None when a hook has it skipped."""
        out = [""]

        def failed(error: ZoneError) -> None:
            out[0] = f"error={error.code};message=[-]\t{error.message}\n\n"

        return self._run(
            "pep_database_" + name, lambda: ["postgres", self._context(), out[0], *arguments()], operation, failed
        )

    def static(self, name: str, words: list[str]) -> None:
        """Ask a static enforcement point, which has words for arguments."""
        if self.python is not None and self.python.has(name):
            self._call_python(name, list(words))

    def _run(
        self, name: str, arguments: Arguments, operation: Callable[[], Result], failed: Callable[[ZoneError], None]
    ) -> Result | None:
        result: Result | None = None
        try:
            if self._fire(name + "_pre", arguments) != RULE_ENGINE_SKIP_OPERATION:
                result = operation()
            self._fire(name + "_post", arguments)
        except ZoneError as error:
            failed(error)
            self._fire_quietly(name + "_except", arguments)
            raise
        finally:
            self._fire_quietly(name + "_finally", arguments)
        return result

    def _fire_quietly(self, name: str, arguments: Arguments) -> None:
        try:
            self._fire(name, arguments)
        except ZoneError as error:
            self._agent.log.write(f"{name}: {error}")

    def _fire(self, name: str, arguments: Arguments) -> int:
        """Ask the engines in turn; the code of the one that wanted to be the last, or to go on."""
        if self.tiering is not None:
            self.tiering.react(name, self._subject)
        if self.python is not None and self.python.has(name):
            return self._call_python(name, arguments())
        return RULE_ENGINE_CONTINUE

    def _call_python(self, name: str, arguments: list[Any]) -> int:
        assert self.python is not None
        self.running.append(name)
        try:
            return self.python.call(name, arguments, Callback(self._agent), self._agent.rule_context())
        finally:
            self.running.pop()

    def _context(self) -> PluginContext:
        return PluginContext(self._agent.plugin_context())
