"""Looks at the OMERO server with the agent's account."""

from __future__ import annotations

import time

from irods_omero.doctor.facts.records import OmeroFacts
from irods_omero.errors import PolicyError, RefusedError
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.settings import OmeroSettings


def look_at_omero(settings: OmeroSettings) -> OmeroFacts:
    """All that there is to see, or why nothing is."""
    try:
        with OmeroConnection(settings) as connection:
            return _look(connection)
    except PolicyError as error:
        return OmeroFacts(unreachable=str(error), refused=isinstance(error, RefusedError))


def _look(connection: OmeroConnection) -> OmeroFacts:
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
        clock=max(stamp - after, 0.0) or min(stamp - before, 0.0),
    )
