"""Decides what the rule engines in a server_config.json of iRODS 4.3 or 5 lack for the hooks to be called."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from irods_omero import hooks
from irods_omero.errors import PolicyError
from irods_omero.install.jsontext import JsonText, Path

PREFIX = "irods_rule_engine_plugin-"
TIERING = PREFIX + "unified_storage_tiering"
PYTHON = PREFIX + "python"
NATIVE = PREFIX + "irods_rule_language"
DEFAULT_POLICY = PREFIX + "cpp_default_policy"

CONFIGURATION = "plugin_configuration"
RULE_ENGINES = "rule_engines"
ENGINES: Path = (CONFIGURATION, RULE_ENGINES)
SPECIFIC = "plugin_specific_configuration"
REGEXES = "regexes_for_supported_peps"

Engine = dict[str, Any]


@dataclass(frozen=True)
class Additions:
    """What the installer added to a server_config.json.

    Attributes:
        engines: Whole entries of the list of rule engines.
        regex: The expression that was added to a Python rule engine which the site had already; empty for none.
    """

    engines: list[Engine] = field(default_factory=list)
    regex: str = ""


def engine(plugin: str) -> Engine:
    """The entry of a rule engine, as this policy needs it."""
    specific: dict[str, Any] = {REGEXES: [hooks.SUPPORTED_PEPS]} if plugin == PYTHON else {}
    return {"instance_name": plugin + "-instance", "plugin_name": plugin, SPECIFIC: specific}


def fragment_text() -> str:
    """What a server_config.json has to contain, as it is published for those who edit it by hand."""
    engines = [engine(plugin) for plugin in (TIERING, PYTHON, DEFAULT_POLICY)]
    return json.dumps({CONFIGURATION: {RULE_ENGINES: engines}}, indent=4) + "\n"


def put_in(text: str, with_tiering: bool) -> tuple[str, Additions]:
    """Add what is missing.

    Args:
        text: A server_config.json.
        with_tiering: Whether to add the storage tiering plugin if it is missing.

    Raises:
        PolicyError: This is no server_config.json that can be understood.
    """
    document = parsed(text)
    added: list[Engine] = []
    regex = ""
    plugins = [DEFAULT_POLICY, PYTHON, *([TIERING] if with_tiering else [])]
    for plugin in plugins:
        present = listed(document.value)
        index = index_of(present, plugin)
        if index is None:
            document = document.inserted(ENGINES, place_for(present, plugin), engine(plugin))
            added.append(engine(plugin))
        elif plugin == PYTHON and not is_asked(present[index]):
            regex = hooks.SUPPORTED_PEPS
            count = len(regexes_of(present[index]) or [])
            document = document.inserted((*ENGINES, index, SPECIFIC, REGEXES), count, regex)
    return document.text, Additions(added, regex)


def taken_out(text: str, additions: Additions) -> tuple[str, list[str]]:
    """Remove what was added, unless it was changed since.

    Returns:
        The text, and what was left in it and why.
    """
    document = parsed(text)
    left = []
    for added in reversed(additions.engines):
        present = listed(document.value)
        if added in present:
            document = document.removed(ENGINES, present.index(added))
        elif index_of(present, added["plugin_name"]) is not None:
            left.append(f"the rule engine {added['plugin_name']} was changed since it was added, and stays")
    index = index_of(listed(document.value), PYTHON)
    if additions.regex and index is not None:
        regexes = regexes_of(listed(document.value)[index]) or []
        if additions.regex in regexes:
            array = (*ENGINES, index, SPECIFIC, REGEXES)
            document = document.removed(array, regexes.index(additions.regex))
    return document.text, left


def parsed(text: str, name: str = "server_config.json") -> JsonText:
    """A server_config.json with a list of rule engines; ``name`` is what messages call it."""
    try:
        document = JsonText(text)
    except json.JSONDecodeError as error:
        raise PolicyError(f"{name} is not JSON: line {error.lineno}: {error.msg}") from None
    configuration = document.value.get(CONFIGURATION) if isinstance(document.value, dict) else None
    engines = configuration.get(RULE_ENGINES) if isinstance(configuration, dict) else None
    if not isinstance(engines, list) or not all(isinstance(one, dict) and "plugin_name" in one for one in engines):
        raise PolicyError(f"{name} has no list plugin_configuration.rule_engines, as iRODS 4.3 and 5 have")
    return document


def listed(config: Mapping[str, Any]) -> list[Engine]:
    """The rule engines of a server_config.json, in their order."""
    engines: list[Engine] = config[CONFIGURATION][RULE_ENGINES]
    return engines


def regexes_of(python: Mapping[str, Any]) -> list[str] | None:
    """For which events the server asks a rule engine; None for the plugin's own choice, which is all of them."""
    regexes: list[str] | None = python.get(SPECIFIC, {}).get(REGEXES)
    return regexes


def index_of(engines: Sequence[Mapping[str, Any]], plugin: str) -> int | None:
    """Which place a plugin has in the list of rule engines."""
    return next((index for index, one in enumerate(engines) if one["plugin_name"] == plugin), None)


def place_for(engines: Sequence[Mapping[str, Any]], plugin: str) -> int:
    """Where a missing rule engine goes: tiering, Python, native, default policy is the order."""
    order = [TIERING, PYTHON, NATIVE, DEFAULT_POLICY]
    later = order[order.index(plugin) + 1 :]
    return min((index for index, one in enumerate(engines) if one["plugin_name"] in later), default=len(engines))


def is_asked(python: Mapping[str, Any]) -> bool:
    """Whether the server asks this Python rule engine for all the events that the hooks need."""
    regexes = regexes_of(python)
    return regexes is None or all(any(_matches(regex, pep) for regex in regexes) for pep in hooks.PEPS)


def _matches(regex: str, pep: str) -> bool:
    try:
        return re.fullmatch(regex, pep) is not None
    except re.error:
        return False


def concerns(config: Mapping[str, Any]) -> list[str]:
    """What about a server_config.json keeps the hooks from working as they should, each with what to do."""
    entries = listed(config)
    engines = [one["plugin_name"] for one in entries]
    problems = []
    if PYTHON not in engines:
        problems.append("the Python rule engine is not configured: run irods-omero install")
    if DEFAULT_POLICY not in engines:
        problems.append(
            "the rule engine cpp_default_policy is missing, which storage tiering needs: run irods-omero install"
        )
    if TIERING not in engines:
        problems.append("storage tiering is not configured: images get no tiers, and requests are not served")
    problems += [_misplaced(first, second) for first, second in _wrong_pairs(engines)]
    if "" not in config.get("rule_engine_namespaces", [""]):
        problems.append('rule_engine_namespaces lacks "": no hook is ever called; add it')
    python = index_of(entries, PYTHON)
    if python is not None and not is_asked(entries[python]):
        problems.append(f"{REGEXES} of the Python rule engine leaves out events of the hooks: run irods-omero install")
    return problems


def _wrong_pairs(engines: Sequence[str]) -> list[tuple[str, str]]:
    order = [name for name in (TIERING, PYTHON, NATIVE) if name in engines]
    pairs = pairwise(order)
    return [(first, second) for first, second in pairs if engines.index(first) > engines.index(second)]


def _misplaced(first: str, second: str) -> str:
    name, other = (plugin.removeprefix(PREFIX) for plugin in (first, second))
    return f"the rule engine {name} comes after {other}, which may keep events from it: put it before"
