"""What says that the files of a directory are complete, as an administrator writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from irods_omero.vocabulary import BY_AVU, COMPLETIONS, DONE, NAMING_COMPLETIONS, SETTLED

Saying = tuple[str, str]
"""The value of an AVU and its units."""


class Completion(NamedTuple):
    """What is waited for, besides that the files have come to rest.

    Attributes:
        kind: One of ``vocabulary.COMPLETIONS``.
        name: Of the file that has to be there, empty for none.
        trouble: Why nobody can tell what is meant, with the collection that says it; empty if everybody can.
    """

    kind: str = SETTLED
    name: str = ""
    trouble: str = ""

    @property
    def by_avu(self) -> bool:
        """Whether the collection itself has to say so."""
        return self.kind == BY_AVU and not self.trouble


def completion_of(text: str) -> Completion:
    """What the configuration says, on which ``why_no_completion`` has nothing to say."""
    kind, _, name = text.partition(" ")
    return Completion(kind, name)


def completion_said(collection: str, sayings: Sequence[Saying], attribute: str) -> Completion | None:
    """What the AVUs of a collection say; None where they say nothing about when directories are complete.

    That one directory is done is another thing, and may stand beside it.
    """
    rules = [saying for saying in sayings if saying != (DONE, "")]
    if not rules:
        return None
    if trouble := trouble_of_completion(rules, attribute):
        return Completion(trouble=f"{collection}: {trouble}")
    return Completion(*rules[0])


def trouble_of_completion(sayings: Sequence[Saying], attribute: str) -> str:
    """Why nobody can tell what the AVUs of a collection mean, empty if everybody can."""
    rules = [saying for saying in sayings if saying != (DONE, "")]
    if len(rules) > 1:
        return f"{attribute} says {' and '.join(' '.join(saying).rstrip() for saying in rules)}: leave one of them"
    return next((f"{attribute} says {why}" for saying in rules if (why := why_no_completion(*saying))), "")


def why_no_completion(kind: str, name: str) -> str:
    """What is wrong with a way to say when directories are complete, beginning with what it is; empty for nothing."""
    if kind == DONE:
        return f"{kind} with the units {name!r}, which can have none"
    if kind not in COMPLETIONS:
        return f"{kind!r}, which is none of {', '.join((*COMPLETIONS, DONE))}"
    if kind not in NAMING_COMPLETIONS:
        return f"{kind} with the units {name!r}, which can have none" if name else ""
    if not name:
        return (
            f"{kind} and does not name a file: that is the units of the AVU, and in the configuration the second word"
        )
    return f"{kind} with the units {name!r}, which is no name of a file" if "/" in name or name in (".", "..") else ""
