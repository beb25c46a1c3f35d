"""The gateway to OMERO as the agent puts it together, on the server of the suite."""

from __future__ import annotations

from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any, BinaryIO
from uuid import uuid4

from irods_omero.domain.state.actions import Import
from irods_omero.domain.state.places import OWN_PLACES, ReadScope, key_in, tags_in
from irods_omero.domain.state.target import Target
from irods_omero.domain.state.unit import Content, import_key, import_prefix
from irods_omero.domain.state.views import OmeroView, Subject
from irods_omero.gateways.omero.annotations import AnnotationWriter
from irods_omero.gateways.omero.filesets import read_filesets
from irods_omero.gateways.omero.importer import Importer, find_existing
from irods_omero.gateways.omero.login import OmeroConnection
from irods_omero.gateways.omero.people import People
from irods_omero.gateways.omero.running import wait_for_earlier
from irods_omero.gateways.omero.tags import Tags
from tests.conformance.importing import fileset, picture, settings, upload
from tests.conformance.server import ALICE, ANNOTATE, Server

LABORATORY = "site.example/laboratory"
LOOKED = ReadScope((*OWN_PLACES, tags_in("Stain"), tags_in("A set"), key_in(LABORATORY, "Temperature")))
ZONE = "conformance Zone"


class Agent:
    """The gateway as the agent puts it together."""

    def __init__(self, server: Server, connection: OmeroConnection) -> None:
        self.server = server
        self.connection = connection
        self.people = People(connection)
        self.tags = Tags()
        self.annotating = AnnotationWriter(self.people, self.tags)
        self.importing = Importer(connection.service, self.people, self.tags)
        self.data_id = uuid4().int % 10**15
        self.target = Target(project=f"Project {self.data_id}", dataset="it's 100% \\ 😀", group=ANNOTATE)

    @property
    def service(self) -> Any:
        """The session that reads."""
        return self.connection.service()

    def action(self, size: int = 1, name: str = "a 'b' % 😀.ome.tiff", **changes: Any) -> Import:
        """An import of content of some size."""
        content = Content(size, "", 0, 1_000_000_000)
        fields: dict[str, Any] = {
            "prefix": import_prefix(ZONE, self.data_id),
            "key": import_key(ZONE, self.data_id, content),
            "paths": (f"/zone/home/{name}",),
            "content": content,
            "user": ALICE,
            "target": self.target,
        }
        return Import(**{**fields, **changes})

    def view(self, fileset_id: int) -> OmeroView:
        """What the gateway reads of a fileset."""
        return read_filesets(self.service, [fileset_id], LOOKED)[fileset_id]

    def subject(self, fileset_id: int) -> Subject:
        """The only image of a fileset, or the plate that it belongs to."""
        (subject,) = self.view(fileset_id).subjects
        return subject

    def texts(self, fileset_id: int) -> set[str]:
        """The tags that the gateway reads on it."""
        return {link.text for link in self.subject(fileset_id).tags}

    def apply(self, *actions: Any) -> None:
        """Apply actions, of which none may be refused."""
        assert self.annotating.apply([(self.data_id, action) for action in actions]) == {}


def opener(content: bytes) -> Any:
    """Opens whatever is asked for as these bytes."""

    def open_object(_path: str) -> AbstractContextManager[BinaryIO]:
        return BytesIO(content)

    return open_object


def wait_for_one_of_another_agent(agent: Agent) -> None:
    """Have somebody go as soon as the files are uploaded, without a word, and wait for what becomes of them."""
    action = agent.action(9)
    with agent.server.sudo(ALICE, ANNOTATE) as client:
        process = client.getManagedRepository().importFileset(fileset(action.key + "left"), settings())
        process.verifyUpload([upload(process, 0, picture())])
        (left,) = find_existing(agent.service, action.key)
        assert wait_for_earlier(agent.people, left.id, left.owner, left.group, "left")
    assert [existing.complete for existing in find_existing(agent.service, action.key)] == [True]
