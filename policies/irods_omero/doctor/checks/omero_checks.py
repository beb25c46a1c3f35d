"""Judges the OMERO server and the agent's account there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from irods_omero.doctor.facts.records import Facts
from irods_omero.doctor.finding import Finding, failure, ok, warning
from irods_omero.install import omero_client

CHECK = "OMERO"
OLDEST = (5, 6)
SUDO = "Sudo"

INDEXER_LATE = 300.0
"""Seconds; the search indexer of a busy server answers within some seconds."""


def reachable(facts: Facts) -> Iterator[Finding]:
    """Whether the agent can log in to OMERO, and which version it is."""
    omero = facts.omero
    if omero.no_client:
        text = f"not looked at: omero-py is not installed here ({omero.unreachable})"
        yield warning(CHECK, text, f"run this where the agent runs, or {omero_client.advice()}")
        return
    if omero.unreachable:
        advice = "check omero.user and its password" if omero.refused else "check omero.host and omero.port"
        yield failure(CHECK, omero.unreachable, advice)
        return
    version = tuple(map(int, re.findall(r"\d+", omero.version)[:2]))
    if version < OLDEST:
        yield failure(CHECK, f"version {omero.version}", "OMERO 5.6 or later is needed")
    else:
        yield ok(CHECK, f"version {omero.version}")


def account(facts: Facts) -> Iterator[Finding]:
    """Whether the agent's account is an administrator who may act for users, and may no more than that."""
    omero, check = facts.omero, "agent's account in OMERO"
    make = "in OMERO.web, Admin, edit the user: Administrator with restricted privileges, Sudo only"
    if omero.unreachable:
        return
    if not omero.is_admin:
        yield failure(check, "is no administrator", make)
    elif SUDO not in omero.privileges:
        yield failure(check, "may not act for users: it has no privilege Sudo", make)
    elif omero.privileges != {SUDO}:
        more = ", ".join(sorted(omero.privileges - {SUDO}))
        yield warning(check, f"may do more than it needs: {more}", make)
    else:
        yield ok(check, "a restricted administrator with the privilege Sudo")


def directory(facts: Facts) -> Iterator[Finding]:
    """Whether OMERO has LDAP switched on, from which accounts are to be made."""
    check = "accounts from LDAP"
    if facts.omero.has_directory is False:
        text = "omero.create_users is on, but OMERO has LDAP switched off: nobody gets an account"
        yield warning(check, text, "omero config set omero.ldap.config true, or leave omero.create_users out")
    elif facts.omero.has_directory:
        yield ok(check, "OMERO has LDAP")


def repository(facts: Facts) -> Iterator[Finding]:
    """Whether the agent sees OMERO's managed repository, and may do there what it has to."""
    check, seen = "OMERO's managed repository", facts.omero.repository
    if seen is None:
        return
    if seen.trouble:
        yield failure(check, seen.trouble, "mount it, or name the right directory as omero.repository")
    elif facts.me not in {0, seen.owner}:
        text = f"{seen.path} belongs to the user with the id {seen.owner}, but doctor runs as {facts.me}"
        yield failure(check, text, "run the agent, and this, as the user that OMERO runs as")
    elif seen.refused:
        yield failure(check, seen.refused, "the agent has to be able to write there, and to make hard links")
    else:
        writing = "the agent may write there" if seen.tried else "whether the agent may write there was not tested"
        yield ok(check, f"{seen.path} is this OMERO's, and {writing}")
    if facts.limits_cache and not seen.notes_reading:
        text = "its file system does not note when files are read: the oldest copies go first, whether used or not"
        yield warning(check, text, "mount it with relatime instead of noatime, or leave cache.most_bytes out")
    if facts.access_hours and not seen.notes_reading:
        text = "its file system does not note when files are read: iRODS takes what people look at in OMERO for unused"
        yield warning(check, text, "mount it with relatime instead of noatime, or leave tiers.*.access_hours out")


def foreign(facts: Facts) -> Iterator[Finding]:
    """Whether something is in OMERO's repository in place of files that the agent removes and brings back.

    Links that lead nowhere are the only ones of these that agents have made.
    """
    check, foreign_facts = "files of others in OMERO", facts.foreign
    if foreign_facts is None:
        return
    looked_at = f"{'all' if foreign_facts.is_all else 'the first'} {foreign_facts.units:,} units with copies"
    back = "move it away, and irods-omero reconcile --mark has iRODS' bytes brought back"
    for what, number, path, file, is_readable, is_ours in foreign_facts.kinds:
        text = f"{file} of {path} is {what} ({number:,} such files in {looked_at})"
        if is_ours:
            advice = "irods-omero reconcile --mark makes it follow the data: a new link, a copy, or no file and a lock"
            yield warning("links into vaults", text, advice)
            continue
        text += ": the agent leaves it alone"
        if is_readable:
            advice = f"it may stay if somebody here made it, as OMERO's in-place imports do; if not, {back}"
        else:
            advice = f"OMERO must not read it, as it takes its size and hash for the image's: {back}"
        yield warning(check, text, advice)
    if all(kind.is_ours for kind in foreign_facts.kinds):
        yield ok(check, f"none in place of the files of {looked_at}")


def sharing(facts: Facts) -> Iterator[Finding]:
    """Whether OMERO's copies can share the blocks of the vaults that the policy file names."""
    check = "shared blocks"
    for resource, path, trouble in facts.omero.repository.shares if facts.omero.repository else ():
        if mistaken := _no_resource(check, "cache.share", resource, facts):
            yield mistaken
        elif trouble:
            advice = "see docs/one-copy.md for what it takes, or leave the resource out of cache.share"
            yield failure(check, f"with the vault of {resource} at {path}: {trouble}", advice)
        else:
            yield ok(check, f"OMERO's copies can share those of {path}")


def linking(facts: Facts) -> Iterator[Finding]:
    """Whether links may lead into the vaults that the policy file names, as far as one file of each tells."""
    check = "links into vaults"
    for resource, path, trouble in facts.omero.repository.links if facts.omero.repository else ():
        if mistaken := _no_resource(check, "cache.link", resource, facts):
            yield mistaken
        elif trouble:
            advice = "OMERO keeps its own copy of such files: see docs/one-copy.md"
            yield warning(check, f"not to all files of {resource}: {trouble}", advice)
        else:
            yield ok(check, f"they can lead into {path}, judging by one file")


def _no_resource(check: str, key: str, resource: str, facts: Facts) -> Finding | None:
    if facts.zone.unreachable or resource in facts.zone.resources:
        return None
    return warning(check, f"the policy file names a vault of {resource!r}, which is no resource", f"correct `{key}`")


def indexer(facts: Facts) -> Iterator[Finding]:
    """Whether OMERO's search indexer keeps up: the event log tells of edited pairs and taken tags by its rows only."""
    check = "OMERO's search indexer"
    if facts.omero.unreachable:
        return
    if facts.omero.indexer_owes > INDEXER_LATE:
        text = f"has not noticed what was done {facts.omero.indexer_owes / 60:.0f} minutes ago"
        advice = "omero admin ice server start Indexer-0; until then removed tags and edited pairs are seen later"
        yield warning(check, text, advice)
    else:
        yield ok(check, "keeps up")
