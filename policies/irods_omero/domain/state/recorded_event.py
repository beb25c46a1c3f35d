"""What OMERO has recorded about the past of a fileset, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

IMPORT_EVENT, TAG, PAIRS, PLACE, CHANGE = "import", "tag", "pairs", "place", "change"


@dataclass(frozen=True)
class RecordedEvent:
    """Something that OMERO has written down.

    Attributes:
        kind: An import, a tag, key-value pairs, a place (a dataset or screen), or another change.
        at: When, seconds since 1970, by the clock of the OMERO server.
        subject: What it is about, as ``Image:12``.
        user: Login name of who did it, or for whom the agent did.
        agent: Whether an agent of this project did it.
        text: Text of the tag, name of the place, namespace of the pairs; empty for none.
        namespace: Namespace of the tag.
        fileset: OMERO id of the fileset.
    """

    kind: str
    at: int
    subject: str
    user: str
    agent: bool
    text: str = ""
    namespace: str = ""
    fileset: int = 0
