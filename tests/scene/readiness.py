"""What the tests need of servers, checked once before they start: one message instead of tests that wait in vain."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import uuid4

import omero
import omero.model
import pytest
from irods.exception import ResourceDoesNotExist
from irods.models import DataObject
from omero.rtypes import rstring

from tests.scene.accounts import (
    AGENT_PASSWORD,
    ARCHIVE,
    FAST,
    GROUP,
    PASSWORD,
    SERVICE,
    USER,
    ensure_omero_accounts,
    ensure_zone_accounts,
)
from tests.scene.places import AGENT_PASSWORD_VARIABLE, AGENT_USER, OmeroPlace, ZonePlace, real_places
from tests.scene.turns import turn

PATIENCE = 120.0
"""Seconds in which OMERO's search indexer gets to a change on a server that has little to do."""

Check = Callable[[ZonePlace, OmeroPlace], str]


def ready_servers(*, rules: bool) -> tuple[ZonePlace, OmeroPlace] | None:
    """The real servers that the environment names; None if it names none.

    Args:
        rules: Whether the tests need the project's rules in the zone.

    Raises:
        pytest.fail.Exception: They lack something that the tests need.
    """
    places = real_places()
    if places is not None and (missing := what_is_missing(*places, rules=rules)):
        pytest.fail(f"The servers that the environment names are not ready for these tests: {missing}", pytrace=False)
    return places


@cache
def what_is_missing(zone: ZonePlace, omero_server: OmeroPlace, *, rules: bool) -> str:
    """The first thing that servers lack, as a sentence with what to do; empty if they are ready."""
    checks: tuple[Check, ...] = (_accounts, _logins, _tiers, *((_hooks,) if rules else ()), _indexer)
    with turn(zone):
        for check in checks:
            try:
                missing = check(zone, omero_server)
            except Exception as error:  # whatever a server answers, these tests cannot run on it
                return f"{check.__doc__} {type(error).__name__}: {error}"
            if missing:
                return missing
    return ""


def _accounts(zone: ZonePlace, omero_server: OmeroPlace) -> str:
    """Making accounts and tiers as the administrators whom the environment names does not succeed."""
    with zone.session() as session:
        ensure_zone_accounts(session)
    client = omero_server.client()
    try:
        ensure_omero_accounts(client)
    finally:
        client.closeSession()
    return ""


def _logins(zone: ZonePlace, omero_server: OmeroPlace) -> str:
    """Logging in does not succeed."""
    for user, password in ((USER, PASSWORD), (AGENT_USER, AGENT_PASSWORD)):
        try:
            with zone.session(user, password) as session:
                session.users.get(user)
        except Exception as error:
            return _refused("the zone", user, error)
    for user, password in ((USER, PASSWORD), (SERVICE, AGENT_PASSWORD)):
        try:
            omero_server.client(user, password).closeSession()
        except Exception as error:
            return _refused("OMERO", user, error)
    return ""


def _refused(side: str, user: str, error: Exception) -> str:
    how = f"set {AGENT_PASSWORD_VARIABLE} to its password" if user != USER else f"it wants the password {PASSWORD!r}"
    return f"{side} refuses the account {user!r}, which exists and is left as it is; {how} ({type(error).__name__})"


def _tiers(zone: ZonePlace, _: OmeroPlace) -> str:
    """Looking for the resources of the tiers does not succeed."""
    with zone.session() as session:
        for resource in (FAST, ARCHIVE, "demoResc"):
            try:
                session.resources.get(resource)
            except ResourceDoesNotExist:
                return f"the zone has no resource {resource!r}"
    return ""


def _hooks(zone: ZonePlace, _: OmeroPlace) -> str:
    """Putting a data object does not succeed."""
    collection = f"/{zone.zone}/home/{USER}/ready-{uuid4().hex[:8]}"
    path = f"{collection}/file"
    with zone.session(USER, PASSWORD) as session:
        session.collections.create(collection)
        try:
            with session.data_objects.open(path, "w") as stream:
                stream.write(b"is it marked?")
            attributes = {avu.name for avu in session.metadata.get(DataObject, path)}
        finally:
            session.collections.remove(collection, recurse=True, force=True)
    if "omero::sync" in attributes:
        return ""
    return (
        f"a data object that was put below /{zone.zone}/home has no mark: install the rules, with this collection "
        "among the watched roots, and stop all agents"
    )


def _indexer(_: ZonePlace, omero_server: OmeroPlace) -> str:
    """Following OMERO's event log does not succeed."""
    client = omero_server.client(USER, PASSWORD)
    try:
        services = client.getSession()
        context = {"omero.group": str(services.getAdminService().lookupGroup(GROUP).id.val)}
        link = omero.model.ImageAnnotationLinkI()
        link.parent, link.child = omero.model.ImageI(), omero.model.TagAnnotationI()
        link.parent.name = link.child.textValue = rstring("is it indexed?")
        saved = services.getUpdateService().saveAndReturnObject(link, context)
        _delete(client, context, ImageAnnotationLink=[saved.id.val])
        try:
            deadline = time.monotonic() + PATIENCE
            while not _is_indexed(services, saved.parent.id.val):
                if time.monotonic() > deadline:
                    return f"OMERO's search indexer has not told in {PATIENCE:.0f} s that a tag was removed: start it"
                time.sleep(0.1)
        finally:
            _delete(client, context, Image=[saved.parent.id.val], TagAnnotation=[saved.child.id.val])
    finally:
        client.closeSession()
    return ""


def _is_indexed(services: Any, image: int) -> bool:
    parameters = omero.sys.ParametersI().addId(image)
    text = (
        "select l.id from EventLog l where l.entityType = 'ome.model.core.Image' and l.entityId = :id "
        "and l.action = 'REINDEX'"
    )
    return bool(services.getQueryService().projection(text, parameters, {"omero.group": "-1"}))


def _delete(client: Any, context: dict[str, str], **targets: list[int]) -> None:
    client.submit(omero.cmd.Delete2(targetObjects=targets), ctx=context).close(True)
