"""Observes what is in OMERO's repository in place of the files of units."""

from __future__ import annotations

import re
from collections import Counter

from irods_omero.agent.connections import Connections
from irods_omero.agent.foreign import ForeignFound, find_foreign
from irods_omero.doctor.facts.records import ForeignFacts, ForeignKind
from irods_omero.errors import PolicyError
from irods_omero.settings import Settings

SECONDS = 30.0
"""For so long the doctor looks at most."""


def observe_foreign(settings: Settings) -> ForeignFacts | None:
    """What is there, by kind; None where that cannot be seen, of which others tell."""
    try:
        with Connections(settings) as connections:
            found = find_foreign(connections, SECONDS)
    except PolicyError:
        return None
    return kinds_of(found) if found else None


def kinds_of(found: ForeignFound) -> ForeignFacts:
    """What was found, by kind: those of which one number or another is said are of one kind."""
    kinds = [(re.sub(r"\d+", "N", each.file.disk.what), each.file.disk.readable) for each in found.files]
    examples = dict(zip(reversed(kinds), reversed(found.files), strict=True))
    return ForeignFacts(
        units=found.units,
        is_all=found.is_all,
        kinds=tuple(
            ForeignKind(example.file.disk.what, count, example.path, example.file.path, is_readable)
            for (kind, is_readable), count in sorted(Counter(kinds).items())
            for example in [examples[kind, is_readable]]
        ),
    )
