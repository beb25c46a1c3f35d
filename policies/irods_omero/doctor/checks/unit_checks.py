"""Judges what is wrong with units: imports that were given up or that are hindered, and removals that are held."""

from __future__ import annotations

from collections.abc import Iterator

from irods_omero.doctor.facts.records import Facts
from irods_omero.doctor.finding import Finding, failure, ok, warning
from irods_omero.domain.rules.causes import GIVEN_UP, HELD_BACK, HINDERED


def imports(facts: Facts) -> Iterator[Finding]:
    """Whether imports were given up, or fail for causes outside their files; by cause."""
    check, any_failure = "imports", False
    for cause in facts.causes:
        if cause.kind in (GIVEN_UP, HINDERED):
            any_failure = True
            advice = f"mend it, then irods-omero retry --all; for one: irods-omero explain {cause.example}"
            if cause.example.startswith("Fileset:"):
                advice = f"fix it: it is tried again later, and at once by irods-omero register {cause.example}"
            yield warning(check, f"{cause.units} {cause.kind}: {cause.text}", advice)
    if not any_failure and not facts.zone.unreachable:
        yield ok(check, "none was given up, none is hindered")


def removals(facts: Facts) -> Iterator[Finding]:
    """Whether removals wait for a person to decide about them."""
    held = sum(cause.units for cause in facts.causes if cause.kind == HELD_BACK)
    if held:
        yield failure("removals", f"those of {held} units are held", "irods-omero removals list, and then decide")
