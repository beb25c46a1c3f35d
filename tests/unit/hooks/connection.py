"""One connection to a zone, which is one server process with a core.py of its own, and events of recorded shapes.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: UP006, UP032, UP035, UP045

import copy
import importlib
import itertools
import json
import os
import tempfile
from pathlib import Path
from typing import Any, Dict, Iterable, List, Optional, Tuple

from tests.unit.hooks.fakes import Callback, Catalog, argument, client

ROOT = "/tempZone/home/alice/t"
"""The collection that the recorded actions happened in."""

POLICY: Dict[str, Any] = {
    "watch": {"roots": [ROOT]},
    "zone": {"name": "tempZone", "user": "omero-agent"},
    "attributes": [{"avu": "microscope"}, {"avu": "lab::*"}],
    "tiers": {"fast": {}, "tape": {"residency": "site::residency"}},
}

STATES = (("adapter", "state"), ("watching", "memory"), ("marking", "pen"))
"""All that the hooks keep from one event to the next, which is gone in a new process."""

CONTINUE = 5000000

FOLDER = tempfile.TemporaryDirectory()
NUMBERS = itertools.count()

RECORDED = json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))


def recorded(pep: str, action: Optional[str] = None, occurrence: int = 0) -> List[Any]:
    """The recorded arguments of an event: of this action if they were, otherwise of the first that had it."""
    entries = RECORDED["arguments"][pep]
    of_action = [entry for entry in entries if entry["action"] == action] or entries
    return list(copy.deepcopy(of_action[min(occurrence, len(of_action) - 1)]["args"]))


def order(action: str, user: str) -> List[str]:
    """Which of the events that hooks answer a recorded action fired for a user, in order."""
    return ["pep_" + name for name, who, _ in RECORDED["actions"][action] if who == user]


class Connection:
    """What happens on one connection: events are fired, and everything that hooks do is kept."""

    def __init__(self, catalog: Optional[Catalog] = None, policy: Any = None, rei: Any = None) -> None:
        self.catalog = catalog or Catalog()
        self.core = fresh_core(POLICY if policy is None else policy)
        self.rei = rei or client()
        self.callback = Callback(self.catalog, self.core, self.rei)
        self.fired = []  # type: List[str]

    def fire(self, pep: str, args: List[Any]) -> None:
        """Fire an event; every answer but "go on" is a failure."""
        self.fired.append(pep)
        answer = getattr(self.core, pep)([argument(one) for one in args], self.callback, self.rei)
        assert answer == CONTINUE, (pep, answer)

    def play(self, events: "Iterable[Tuple[str, List[Any]]]") -> None:
        for pep, args in events:
            self.fire(pep, args)


def fresh_core(policy: Any) -> Any:
    """The core.py of a new server process; a policy that is bytes is put into the file as it is."""
    file = Path(FOLDER.name, "{}.json".format(next(NUMBERS)))
    file.write_bytes(policy if isinstance(policy, bytes) else json.dumps(policy).encode("utf-8"))
    os.environ["IRODS_OMERO_POLICY"] = str(file)
    core = importlib.import_module("core")
    for module, state in STATES:
        value = getattr(importlib.import_module("irods_omero.hooks." + module), state)
        value.__init__()
    return core
