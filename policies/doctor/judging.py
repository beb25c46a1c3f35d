"""The checks, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from policies.doctor import judging_omero, judging_server, judging_tiers, judging_zone
from policies.doctor.facts import Facts
from policies.doctor.finding import Finding

CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    judging_server.policy_file,
    judging_server.secret_files,
    judging_server.rule_engines,
    judging_server.in_server_part,
    judging_zone.reachable,
    judging_zone.account,
    judging_zone.roots,
    judging_zone.hooks,
    judging_tiers.tier_groups,
    judging_zone.delay_server,
    judging_omero.reachable,
    judging_omero.account,
    judging_zone.clocks,
)


def judge(facts: Facts) -> list[Finding]:
    """All findings."""
    return [finding for check in CHECKS for finding in check(facts)]
