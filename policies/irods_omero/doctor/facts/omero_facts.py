"""Observes the OMERO server with the agent's account."""

from __future__ import annotations

import time

from irods_omero.doctor.facts.records import OmeroFacts
from irods_omero.errors import PolicyError, RefusedError
from irods_omero.gateways.omero.events import unanswered_since
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.settings import OmeroSettings


def observe_omero(settings: OmeroSettings) -> OmeroFacts:
    """What the agent's account sees of OMERO, or why it cannot reach it."""
    try:
        with OmeroConnection(settings) as connection:
            return _observe(connection)
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
