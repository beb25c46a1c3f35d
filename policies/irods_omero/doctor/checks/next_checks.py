"""Judges what will stop working with the next iRODS, as far as its sources and its project's plans tell."""

from __future__ import annotations

from collections.abc import Iterator

from irods_omero.doctor.facts.records import Facts, SystemFacts
from irods_omero.doctor.finding import Finding, ok, warning
from irods_omero.gateways.zone.sign_in import NATIVE

CHECK = "next iRODS"

FIVE, UNTRIED = (5, 0, 0), (6, 0, 0)

OLDEST_SYSTEMS = {"debian": (12,), "ubuntu": (22, 4), "rhel": (9,)}
"""The first of each that iRODS 5 is built for."""


def next_release(facts: Facts) -> Iterator[Finding]:
    """Whether something that this installation uses is deprecated, or not to be had with the next iRODS."""
    if facts.zone.unreachable:
        return
    findings = [*_legacy_calls(facts), *_old_system(facts), *_untried(facts)]
    yield from findings or [ok(CHECK, f"nothing that is used here will be removed; {_outlook(facts.sign_in.scheme)}")]


def _legacy_calls(facts: Facts) -> Iterator[Finding]:
    """See zone-102 of lab/FACTS.md."""
    if facts.sign_in.legacy:
        text = "python-irodsclient is told to sign in by calls that iRODS 5 has deprecated and will drop"
        yield warning(CHECK, text, "take legacy_auth.force_legacy_auth out of the settings of python-irodsclient")


def _old_system(facts: Facts) -> Iterator[Finding]:
    """See zone-104 of lab/FACTS.md."""
    system = facts.server.system if facts.server else None
    if system is not None and facts.zone.version < FIVE and _is_too_old(system):
        advice = "it is built for Debian 12, Ubuntu 22.04, Enterprise Linux 9 and later: upgrade the system first"
        yield warning(CHECK, f"iRODS 5 is not built for {system.name}", advice)


def _is_too_old(system: SystemFacts) -> bool:
    oldest = next((OLDEST_SYSTEMS[kind] for kind in system.kinds if kind in OLDEST_SYSTEMS), ())
    return system.version < oldest


def _untried(facts: Facts) -> Iterator[Finding]:
    if facts.zone.version >= UNTRIED:
        text = "this version of irods-omero was not tried with iRODS " + ".".join(map(str, facts.zone.version))
        yield warning(CHECK, text, "look for a newer version of irods-omero")


def _outlook(scheme: str) -> str:
    """See zone-103 of lab/FACTS.md."""
    if scheme == NATIVE:
        return f"{NATIVE} passwords still work in iRODS 5.1, unless its password_storage_mode is set to hashed"
    return f"{scheme} still works in iRODS 5.1"
