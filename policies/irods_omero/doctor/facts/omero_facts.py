"""Observes the OMERO server with the agent's account."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from irods_omero.doctor.facts.records import OmeroFacts, RepositoryFacts, VaultFacts
from irods_omero.errors import PolicyError, RefusedError
from irods_omero.gateways.omero.events import unanswered_since
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.omero.managed_rows import repository_uuid
from irods_omero.gateways.omero.people import has_directory
from irods_omero.gateways.omero.sources import groups_of
from irods_omero.gateways.repository.copies import try_out
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.repository.linking import why_not_linked_there
from irods_omero.gateways.repository.sharing import why_not_shared
from irods_omero.gateways.repository.vault import Vault
from irods_omero.settings import CacheSettings, OmeroSettings


def observe_omero(settings: OmeroSettings, trying: bool, cache: CacheSettings, with_groups: bool = False) -> OmeroFacts:
    """What the agent's account sees of OMERO, or why it cannot reach it.

    Args:
        settings: How it is reached.
        trying: Whether to write there.
        cache: The vaults of some resources, with whose files OMERO's copies are to share blocks, or to be links to.
        with_groups: Whether to ask which groups it has.
    """
    try:
        with OmeroConnection(settings) as connection:
            facts = _observe(connection)
            if with_groups:
                facts = replace(facts, groups=groups_of(connection.service()))
            if settings.create_users:
                facts = replace(facts, has_directory=has_directory(connection.service()))
            if settings.repository is None:
                return facts
            return replace(facts, repository=_repository(connection, settings.repository, trying, cache))
    except PolicyError as error:
        return OmeroFacts(unreachable=str(error), refused=isinstance(error, RefusedError))


def _observe(connection: OmeroConnection) -> OmeroFacts:
    session = connection.service()
    factory = session.client.getSession()
    config, admin = factory.getConfigService(), factory.getAdminService()
    before = time.time()
    stamp = session.call("asking for the time", "", lambda: config.getServerTime().getValue()) / 1000
    after = time.time()
    return OmeroFacts(
        version=str(session.call("asking for the version", "", config.getVersion)),
        is_admin=bool(session.call("asking for rights", "", admin.getEventContext).isAdmin),
        privileges=frozenset(
            str(privilege.getValue().getValue())
            for privilege in session.call("asking for privileges", "", admin.getCurrentAdminPrivileges)
        ),
        indexer_owes=stamp - asked_at if (asked_at := unanswered_since(session)) is not None else 0.0,
        clock=max(stamp - after, 0.0) or min(stamp - before, 0.0),
    )


def _repository(connection: OmeroConnection, path: str, trying: bool, cache: CacheSettings) -> RepositoryFacts:
    session, repository = connection.service(), Repository(path)
    try:
        repository.prove(session.database_uuid(), repository_uuid(session))
    except RefusedError as error:
        return RepositoryFacts(path, trouble=str(error))
    owner, noting = Path(path).stat().st_uid, repository.notes_reading()
    links = (
        VaultFacts(resource, vault, why_not_linked_there(repository, Vault(vault)))
        for resource, vault in cache.link.items()
    )
    facts = RepositoryFacts(path, owner=owner, tried=trying, notes_reading=noting, links=tuple(links))
    if trying:
        try:
            try_out(repository)
        except RefusedError as error:
            return replace(facts, refused=str(error))
        shares = (
            VaultFacts(resource, vault, why_not_shared(repository, Vault(vault)))
            for resource, vault in cache.share.items()
        )
        return replace(facts, shares=tuple(shares))
    return facts
