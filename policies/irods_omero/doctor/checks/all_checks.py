"""The checks, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from irods_omero.doctor.checks import (
    intake_checks,
    next_checks,
    omero_checks,
    server_checks,
    tier_checks,
    unit_checks,
    web_checks,
    zone_checks,
)
from irods_omero.doctor.facts.records import Facts
from irods_omero.doctor.finding import Finding

CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    server_checks.policy_file,
    server_checks.secret_files,
    server_checks.rule_engines,
    server_checks.in_server_part,
    zone_checks.reachable,
    zone_checks.sign_in,
    next_checks.next_release,
    zone_checks.account,
    zone_checks.agents,
    zone_checks.roots,
    zone_checks.hooks,
    tier_checks.tier_groups,
    tier_checks.residencies,
    tier_checks.other_residencies,
    tier_checks.given_up,
    zone_checks.delay_server,
    omero_checks.reachable,
    omero_checks.account,
    omero_checks.directory,
    omero_checks.repository,
    omero_checks.foreign,
    omero_checks.sharing,
    omero_checks.linking,
    web_checks.links,
    omero_checks.indexer,
    zone_checks.clocks,
    intake_checks.omero_first,
    unit_checks.imports,
    unit_checks.removals,
)


def judge(facts: Facts) -> list[Finding]:
    """All findings."""
    return [finding for check in CHECKS for finding in check(facts)]
