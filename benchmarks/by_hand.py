"""What a script by hand would do when units have moved to the archive: one unit and one call after the other.

It is given what it would otherwise have to find out: one connection to each side that stays open, and the OMERO session
of the user who owns the images.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import irods.keywords as kw
import omero
import omero.model
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject, Resource
from omero.rtypes import rbool

from irods_omero.domain.state.agreement import VERSION, decode, encode
from irods_omero.domain.state.unit import Content
from irods_omero.vocabulary import OBJECT_NAMESPACE, PENDING, TIER_NAMESPACE, Names
from tests.scene.accounts import ARCHIVE

NAMES = Names()
AS_ADMIN = {kw.ADMIN_KW: ""}


class Script:
    """Shows on its images that a data object is in the archive."""

    def __init__(self, session: Any, client: Any, group: int) -> None:
        self._session = session
        self._client = client
        self._query = client.getSession().getQueryService()
        self._update = client.getSession().getUpdateService()
        self._context = {"omero.group": str(group)}

    def show_moved(self, path: str) -> None:
        """Do all that is to be done about one data object."""
        content = self._content(path)
        avus = {avu.name: avu for avu in self._session.metadata.get(DataObject, path)}
        image, since = int(avus[NAMES.image].value), _now()
        self._exchange_tag(image, "tier:fast", "tier:archive")
        self._lock(image)
        self._write_key_values(image, {"tier": "archive", "since": since})
        agreed = replace(decode(avus[NAMES.agreement].value, VERSION), content=content, tier="archive", since=since)
        told = iRODSMeta(NAMES.agreement, encode(agreed), VERSION)
        self._session.metadata.set(DataObject, path, told, **AS_ADMIN)
        mark = iRODSMeta(NAMES.sync, PENDING, avus[NAMES.sync].units)
        self._session.metadata.remove(DataObject, path, mark, **AS_ADMIN)

    def _content(self, path: str) -> Content:
        """What is in the archive."""
        collection, _, name = path.rpartition("/")
        query = self._session.query(DataObject.replica_number, DataObject.size, DataObject.modify_time)
        conditions = (Collection.name == collection, DataObject.name == name, Resource.name == ARCHIVE)
        row = query.filter(*conditions).one()
        modified = int(row[DataObject.modify_time].timestamp())
        return Content(row[DataObject.size], "", row[DataObject.replica_number], modified)

    def _exchange_tag(self, image: int, old: str, new: str) -> None:
        tag = self._one("select t from TagAnnotation t where t.ns = :ns and t.textValue = :text", text=new)
        link = omero.model.ImageAnnotationLinkI()
        link.parent = omero.model.ImageI(image, False)
        link.child = omero.model.TagAnnotationI(tag.id.val, False)
        self._update.saveObject(link, self._context)
        text = (
            "select l from ImageAnnotationLink l, TagAnnotation t where l.child.id = t.id and t.ns = :ns "
            "and t.textValue = :text and l.parent.id = :id"
        )
        gone = omero.cmd.Delete2(targetObjects={"ImageAnnotationLink": [self._one(text, image, text=old).id.val]})
        self._client.submit(gone, ctx=self._context).close(True)

    def _lock(self, image: int) -> None:
        loaded = self._one("select i from Image i where i.id = :id", image)
        loaded.archived = rbool(True)
        self._update.saveObject(loaded, self._context)

    def _write_key_values(self, image: int, changed: dict[str, str]) -> None:
        text = "select a from ImageAnnotationLink l join l.child a where l.parent.id = :id and a.ns = :ns"
        annotation = self._one(text, image, ns=OBJECT_NAMESPACE)
        pairs = [(pair.name, changed.get(pair.name, pair.value)) for pair in annotation.getMapValue()]
        annotation.setMapValue([omero.model.NamedValue(*pair) for pair in pairs])
        self._update.saveObject(annotation, self._context)

    def _one(self, query: str, image: int | None = None, **texts: str) -> Any:
        parameters = omero.sys.ParametersI()
        if image is not None:
            parameters.addId(image)
        if ":ns" in query:
            texts.setdefault("ns", TIER_NAMESPACE)
        for name, value in texts.items():
            parameters.addString(name, value)
        return self._query.findByQuery(query, parameters, self._context)


def _now() -> str:
    return datetime.fromtimestamp(time.time(), tz=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
