"""Whether a directory is complete, by the sign that its administrators have chosen, and which file is that sign."""

from __future__ import annotations

from collections.abc import Container
from typing import NamedTuple

from irods_omero.domain.state.completion import Completion
from irods_omero.vocabulary import DONE, MARKER


class Signs(NamedTuple):
    """What says whether a directory is complete.

    Attributes:
        completion: What has to say so.
        is_done: Whether the collection itself says so, which is looked for only where that is what counts.
        attribute: Of the AVU by which it does.
    """

    completion: Completion = Completion()
    is_done: bool = False
    attribute: str = ""

    def why_incomplete(self, inside: Container[str]) -> str:
        """What a directory waits for; empty for nothing.

        Args:
            inside: The paths of its files, from the directory on.
        """
        completion = self.completion
        if completion.trouble:
            return f"it waits until it is clear when it is complete: {completion.trouble}"
        if completion.by_avu and not self.is_done:
            return f"it waits for the AVU {self.attribute} {DONE} on its collection"
        if completion.kind == MARKER and completion.name not in inside:
            return f"it waits for a file named {completion.name}"
        return ""

    def is_one(self, inside: str) -> bool:
        """Whether a file, by its path from the directory on, is the sign, and so no part of the unit."""
        return bool(self.completion.name) and inside == self.completion.name


SETTLED_ONLY = Signs()
"""Nothing but that the files have come to rest."""
