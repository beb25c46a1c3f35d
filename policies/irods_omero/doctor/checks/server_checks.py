"""Judges the iRODS server on this machine, and the rights of the files that it and the agent read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from irods_omero.doctor.facts.records import Facts, FileFacts
from irods_omero.doctor.finding import Finding, failure, ok, warning
from irods_omero.install.layout import PACKAGE

UPDATE = f"run irods-omero install, or update the package {PACKAGE}"
OTHERS = 0o077
OTHERS_WRITE = 0o022
OTHERS_READ = 0o004

_SECRET = re.compile(r"password|passwd|secret|token", re.IGNORECASE)


def rule_engines(facts: Facts) -> Iterator[Finding]:
    """Whether the rule engines are there, in the right order."""
    check = "rule engines"
    if facts.server is None:
        yield warning(check, "not looked at: no iRODS server on this machine", "run this on the catalog provider too")
    elif facts.server.unreadable:
        yield warning(
            check, f"not looked at: {facts.server.unreadable}", "run this as the iRODS service account or root"
        )
    elif facts.server.concerns:
        for concern in facts.server.concerns:
            text, _, advice = concern.rpartition(": ")
            yield failure(check, text, advice)
    else:
        yield ok(check, "tiering, Python, native and default policy, in this order")


def in_server_part(facts: Facts) -> Iterator[Finding]:
    """Whether the hooks on this machine are those of this version."""
    check, server = "in-server part", facts.server
    if server is None:
        return
    if not server.joined:
        yield failure(
            check, "core.py does not import the hooks", "run irods-omero install, and do what it says of core.py"
        )
    if not server.installed:
        yield warning(check, "was not installed by this program", "run irods-omero install")
    elif server.changed:
        yield warning(check, f"changed since it was installed: {', '.join(server.changed)}", "run irods-omero install")
    elif server.installed != facts.version:
        yield warning(check, f"is of version {server.installed}, this is {facts.version}", UPDATE)
    elif server.joined:
        yield ok(check, f"version {server.installed}, unchanged")


def policy_file(facts: Facts) -> Iterator[Finding]:
    """Whether the server may read the policy file, nobody else may write it, and it holds no secrets."""
    check, policy = "policy file", facts.policy
    secrets = [name for name in facts.options if _SECRET.search(name)]
    findings = []
    if policy.mode & OTHERS_WRITE:
        findings.append(failure(check, f"{policy.path} can be written by others", f"chmod 644 {policy.path}"))
    service = facts.server.service if facts.server else policy.owner
    if not policy.mode & OTHERS_READ and policy.owner != service:
        findings.append(failure(check, f"{policy.path} cannot be read by the iRODS server", f"chmod 644 {policy.path}"))
    if secrets:
        text = f"zone.options holds {', '.join(secrets)}, and everybody may read the file"
        findings.append(failure(check, text, "name a password_file instead"))
    yield from findings or [ok(check, f"{policy.path} can be read by the server and holds no secrets")]


def secret_files(facts: Facts) -> Iterator[Finding]:
    """Whether only the agent may read the passwords."""
    for secret in facts.secrets:
        yield _secret_file(facts.me, secret)


def _secret_file(me: int, secret: FileFacts) -> Finding:
    check = "password files"
    if not secret.exists:
        return failure(check, f"{secret.path} does not exist", "write the password into it, and chmod 600 it")
    if secret.mode & OTHERS:
        return failure(check, f"{secret.path} can be read or written by others", f"chmod 600 {secret.path}")
    if not secret.readable:
        return failure(check, f"{secret.path} cannot be read", "run this as the agent's own account")
    if me not in (0, secret.owner):
        return warning(check, f"{secret.path} belongs to somebody else", "give it to the agent's own account")
    return ok(check, f"{secret.path} can be read by its owner only")
