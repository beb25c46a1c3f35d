"""What the hooks read of the policy file: names of attributes, the watched roots, the agent's account.

Everything else in the file belongs to the agent. A file that is missing, unreadable or wrong makes the hooks do
nothing, with one line in the server log per connection that says what is wrong.
"""

import os

from irods_omero import vocabulary
from irods_omero.hooks import arguments

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
"""What a prefix may consist of: it becomes part of catalog queries."""


class HookSettings(object):
    """The policy file as the hooks see it."""

    def __init__(self, document: "Any") -> None:
        policy = checked("the file", document, dict)
        watch = part(policy, "watch", dict, {})
        zone = part(policy, "zone", dict, {})
        prefix = part(policy, "prefix", str, vocabulary.DEFAULT_PREFIX)
        if not prefix or not SAFE.issuperset(prefix):
            raise ValueError("prefix: expected letters, digits, '_', '-' and '.' only")
        self.names = vocabulary.Names(prefix)
        self.protect = part(watch, "watch.protect", bool, True)
        self.agent_user = part(zone, "zone.user", str, "")
        self.zone = part(zone, "zone.name", str, "")
        self.roots = tuple(self.root(path) for path in part(watch, "watch.roots", list, []))
        self.below = tuple(path + "/" for path in self.roots)
        self.trash = tuple("/{}/trash/".format(path.split("/")[1]) for path in self.roots)
        mapped = [entry.get("avu") for entry in part(policy, "attributes", list, []) if isinstance(entry, dict)]
        names = [name for name in mapped if isinstance(name, str)]
        tiers = [tier.get("residency") for tier in part(policy, "tiers", dict, {}).values() if isinstance(tier, dict)]
        exact = [name for name in names if not name.endswith("*")]
        self.acted_on = frozenset(exact + [name for name in tiers if isinstance(name, str)])
        self.acted_on_beginnings = tuple(name[:-1] for name in names if name.endswith("*"))

    def root(self, path: "Any") -> str:
        """A watched root without its last slash; only collections of this zone can be watched."""
        path = checked("watch.roots", path, str).rstrip("/")
        if not path.startswith("/") or (self.zone and path.split("/")[1] != self.zone):
            raise ValueError("watch.roots: expected paths of collections of this zone, found {!a}".format(path))
        return str(path)


def part(document: "Any", key: str, kind: type, default: "Any") -> "Any":
    """The value of a key, named with its section, which is missing or of the right type."""
    value = document.get(key.rpartition(".")[2])
    return default if value is None else checked(key, value, kind)


def checked(name: str, value: "Any", kind: type) -> "Any":
    """A value of the right type."""
    if not isinstance(value, kind):
        raise ValueError("{}: expected {}, found {}".format(name, kind.__name__, type(value).__name__))  # noqa: TRY004
    return value


def read() -> HookSettings:
    """The policy file, checked; raises ValueError with the file and what is wrong with it."""
    path = os.environ.get(vocabulary.POLICY_FILE_VARIABLE) or vocabulary.POLICY_FILE
    try:
        with open(path, "rb") as file:
            return HookSettings(arguments.decoded(file.read().decode("utf-8")))
    except BaseException as failure:
        raise ValueError("nothing is watched, since {} cannot be used: {}".format(path, failure)) from None
