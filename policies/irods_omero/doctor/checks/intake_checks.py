"""Judges `omero_first` by what both sides have: whether what comes through OMERO can be taken in at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from irods_omero.doctor.checks.zone_checks import ADMINISTRATOR
from irods_omero.doctor.facts.records import Facts
from irods_omero.doctor.finding import Finding, failure, ok, warning
from irods_omero.domain.rules.omero_first.in_place import why_not_in_place
from irods_omero.domain.rules.omero_first.placement import EVERYBODY_IN_ZONE, REGISTER, PlacementRule
from irods_omero.domain.state.policy import EVERYBODY

CHECK = "omero_first"
GROUP_TYPE = "rodsgroup"
SYSTEM = frozenset({"system", "user", "guest"})
"""OMERO's own groups, in which nobody has images."""
MOST_NAMES = 5


def omero_first(facts: Facts) -> Iterator[Finding]:
    """Whether the rules name what there is, and whether it can be told whose things are."""
    if not facts.placement or facts.zone.unreachable:
        return
    findings = [finding for rule in facts.placement for finding in _of_rule(facts, rule)]
    findings += [*_of_groups(facts), *_of_users(facts)]
    yield from findings or [ok(CHECK, "its rules name what there is on both sides")]


def _of_rule(facts: Facts, rule: PlacementRule) -> Iterator[Finding]:
    groups, zone = facts.omero.groups, facts.zone
    unknown = sorted(set(rule.groups) - {EVERYBODY} - groups.keys()) if groups else []
    if unknown:
        yield warning(CHECK, f"OMERO has no group {_listed(unknown)}", "correct `groups`, or make it in OMERO")
    if rule.resource and rule.resource not in zone.resources:
        yield failure(CHECK, f"there is no resource {rule.resource!r} in the zone", "correct `resource`")
    elif (root := zone.roots_of.get(rule.resource, rule.resource)) != rule.resource:
        text = (
            f"the resource {rule.resource} is below {root}, and iRODS writes nothing to parts of a hierarchy directly"
        )
        yield failure(CHECK, text, f"name {root} in `resource`")
    elif rule.how == REGISTER:
        why = why_not_in_place(rule.resource, zone.storages.get(rule.resource), rule.repository)
        if why:
            yield failure(CHECK, why, "name a root resource with a vault elsewhere in `resource`")
    nobody = sorted(name for name in rule.acl or {} if "{" not in name and name not in zone.accounts)
    if nobody:
        text = f"there is no iRODS user or group {_listed(nobody)}"
        yield failure(CHECK, text, "correct `acl`, or make it: nothing is taken in until then")
    place = _known_part(rule.to)
    roots = [f"{root.path.rstrip('/')}/" for root in zone.roots]
    if not any(place.startswith(root) or root.startswith(place) for root in roots):
        yield failure(CHECK, f"{rule.to} is below no watched root", "correct `to`, or add the place to watch.roots")
    elif zone.user_type != ADMINISTRATOR:
        text = f"the agent's account has no right to write below {place}, nor to give itself one"
        yield failure(CHECK, text, f"iadmin moduser ... type {ADMINISTRATOR}")


def _of_groups(facts: Facts) -> Iterator[Finding]:
    """Groups that are shared with, and are none in the zone; for each the first rule counts that covers it."""
    missing, users = [], []
    for group, is_shared in sorted(facts.omero.groups.items()):
        rule = next((rule for rule in facts.placement if rule.covers(group)), None)
        if rule is None or not rule.share or not is_shared or (group in SYSTEM and group not in rule.groups):
            continue
        kind = facts.zone.accounts.get(group, "")
        if kind not in ("", GROUP_TYPE) or group == EVERYBODY_IN_ZONE:
            users.append(group)
        elif not kind and not rule.make_groups:
            missing.append(group)
    if missing:
        text = f"there is no iRODS group {_listed(missing)}: what is imported there is not taken in"
        yield warning(CHECK, text, "make it, or set `make_groups` to true or `share` to false")
    if users:
        text = f"{_listed(users)}: in iRODS this name is not that of a group with the members of the OMERO group"
        yield warning(CHECK, text, "set `share` to false, and name in `acl` who may read")


def _of_users(facts: Facts) -> Iterator[Finding]:
    """OMERO users of whom nobody can tell which iRODS user they are."""
    times = Counter(owner for name, owner in facts.users.items() if name != EVERYBODY)
    several = sorted(owner for owner, number in times.items() if number > 1 and owner != facts.users.get(EVERYBODY))
    if several:
        text = f"several iRODS users are {_listed(several)} in OMERO: which of them owns the images cannot be told"
        yield warning(CHECK, text, "have omero.users name one iRODS user for each")
    if everybody := facts.users.get(EVERYBODY):
        text = f"omero.users makes everybody {everybody} in OMERO: what {everybody} imports there is not taken in"
        yield warning(CHECK, text, "name iRODS users one by one in omero.users, those of the same name, too")


def _known_part(template: str) -> str:
    """The collection that a template puts all filesets below, with a slash at its end."""
    known, brace, _ = template.partition("{")
    return f"{known.rpartition('/')[0] if brace else known}/"


def _listed(names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - MOST_NAMES} more" if len(shown) > MOST_NAMES else ""
    return ", ".join(shown[:MOST_NAMES]) + more
