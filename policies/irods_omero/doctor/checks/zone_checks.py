"""Judges the zone: version, the agent's account, delay server, hooks, clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from irods_omero.doctor.facts.records import Facts
from irods_omero.doctor.finding import Finding, failure, ok, warning
from irods_omero.gateways.zone.sign_in import NATIVE, PAM, POLICY, REFUSED, REQUIRED
from irods_omero.install.engines import TIERING

OLDEST = (4, 3, 0)
TIERING_AS_ADMIN = (4, 3, 3)
BROKEN_ARGUMENTS = (4, 3, 4)
ADMINISTRATOR = "rodsadmin"
LATER_SCHEME = "irods"
TIERING_RULE = "irods_policy_storage_tiering"
LATE = timedelta(minutes=10)
"""A rule that is due for longer waits for a delay server that is busy or gone."""

CLOCK_WARNING = 5.0
CLOCK_FAILURE = 60.0


def reachable(facts: Facts) -> Iterator[Finding]:
    """Whether the agent can log in to the zone, and which version it is."""
    check, version = "zone", facts.zone.version
    if facts.zone.unreachable:
        advice = "check zone.host, zone.port, zone.user and its password"
        if facts.sign_in.encrypted:
            advice += f"; for a zone without TLS, zone.options needs irods_{POLICY}: {REFUSED}"
        yield failure(check, facts.zone.unreachable, advice)
        return
    text = "iRODS " + ".".join(map(str, version))
    if version < OLDEST:
        yield failure(check, text, "iRODS 4.3 or later is needed")
    elif version == BROKEN_ARGUMENTS:
        yield warning(check, f"{text} hands some arguments to Python rules wrongly", "update the server (irods#8265)")
    elif version < TIERING_AS_ADMIN:
        yield warning(
            check, f"{text}: storage tiering moves data with the rights of its owner only", "update the server"
        )
    else:
        yield ok(check, text)


def sign_in(facts: Facts) -> Iterator[Finding]:
    """Whether the agent can sign in by the scheme that it is to use, and whether its traffic is encrypted."""
    check, used = "sign-in", facts.sign_in
    if used.scheme == LATER_SCHEME:
        text = "python-irodsclient does not know the scheme irods of iRODS 5.1 yet"
        yield failure(check, text, "give the agent a password, and take the scheme out of zone.options")
    elif used.scheme not in (NATIVE, PAM):
        yield failure(check, f"an agent cannot sign in by the scheme {used.scheme}", f"use {NATIVE} or {PAM}")
    elif used.scheme == PAM and not used.encrypted:
        yield failure(check, f"{PAM} needs TLS", f"set irods_{POLICY} to {REQUIRED} in zone.options")
    elif used.leaves and not used.encrypted:
        text = "what the agent sends to the zone is not encrypted"
        yield warning(
            check, text, f"set up TLS on the servers of the zone, and take irods_{POLICY} out of zone.options"
        )
    else:
        yield ok(check, f"{used.scheme}, {'by TLS' if used.encrypted else 'on this machine'}")


def account(facts: Facts) -> Iterator[Finding]:
    """Whether the agent's account has the rights that it needs."""
    if facts.zone.unreachable:
        return
    if facts.zone.user_type == ADMINISTRATOR:
        yield ok("agent's account", f"of type {ADMINISTRATOR}")
    else:
        yield failure(
            "agent's account",
            f"of type {facts.zone.user_type or 'unknown'}",
            f"iadmin moduser ... type {ADMINISTRATOR}",
        )


def delay_server(facts: Facts) -> Iterator[Finding]:
    """Whether the delay server runs, as far as its queue shows it: a recurring rule is its heartbeat."""
    if facts.zone.unreachable:
        return
    check, queue = "delay server", facts.zone.queue
    late = [rule for rule in queue if rule.due < facts.now - LATE]
    recent = [rule for rule in queue if rule.last is not None and rule.last > facts.now - LATE]
    if late and not recent:
        minutes = (facts.now - min(rule.due for rule in late)).total_seconds() / 60
        text = f"{len(late)} rules wait, one of them for {minutes:.0f} minutes, and none has run lately"
        yield failure(check, text, "make sure that irodsDelayServer runs on the catalog provider, and look at its log")
    elif late:
        text = f"{len(late)} rules have waited for more than {LATE.seconds // 60} minutes"
        yield warning(check, text, "raise number_of_concurrent_delay_rule_executors, or name more delay_rule_executors")
    elif queue:
        yield ok(check, f"{len(queue)} rules in the queue, none of them late")
    if not any(TIERING_RULE in rule.text for rule in queue):
        text = "no rule for storage tiering is in the queue" + ("" if queue else ", and nothing else shows if it runs")
        command = f"irule -r {TIERING}-instance -F {facts.examples}/tiering.r"
        yield warning(check, text, f"queue the recurring rule, as the iRODS service account: {command}")


def agents(facts: Facts) -> Iterator[Finding]:
    """Whether each shard is one agent's alone: two would do the same work, and may import twice."""
    for overlap in facts.overlaps:
        yield failure("agents", str(overlap), "give each shard to one agent only, by agent.shards or --shards")


def roots(facts: Facts) -> Iterator[Finding]:
    """Whether the watched roots exist; only an administrator sees all collections."""
    if facts.zone.user_type != ADMINISTRATOR:
        return
    for root in facts.zone.roots:
        if not root.owner:
            yield failure("watched roots", f"{root.path} does not exist", "make the collection, or correct watch.roots")


def hooks(facts: Facts) -> Iterator[Finding]:
    """Whether hooks post marks."""
    for probe in facts.probes:
        if probe.broken:
            yield warning(
                "hooks", f"could not be tested below {probe.root}: {probe.broken}", "repair this and try again"
            )
        elif probe.marked:
            yield ok("hooks", f"a data object put below {probe.root} was marked")
        else:
            yield failure(
                "hooks",
                f"a data object put below {probe.root} was not marked",
                "look for 'irods-omero' in the server log, and run irods-omero doctor on the catalog provider",
            )


def clocks(facts: Facts) -> Iterator[Finding]:
    """Whether the clocks agree: requests are ordered by time, and tiering goes by age."""
    seen = [(f"the zone's clock ({probe.root})", probe.clock) for probe in facts.probes if not probe.broken]
    if not facts.omero.unreachable:
        seen.append(("OMERO's clock", facts.omero.clock))
    for whose, difference in seen:
        text = f"{whose} is {abs(difference):.0f} s {'ahead' if difference > 0 else 'behind'}"
        if abs(difference) > CLOCK_FAILURE:
            yield failure("clocks", text, "set up time synchronisation (NTP) on all machines")
        elif abs(difference) > CLOCK_WARNING:
            yield warning("clocks", text, "set up time synchronisation (NTP) on all machines")
        else:
            yield ok("clocks", f"{whose} agrees with this machine's")
