"""The gateway to OMERO as the agent puts it together, on the server of the suite."""

from __future__ import annotations

from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any, BinaryIO
from uuid import uuid4

from policies.domain.plan import Import
from policies.domain.target import Target
from policies.domain.unit import Content, import_key, import_prefix
from policies.domain.views import OmeroView, Subject
from policies.gateways.omero.annotating import Annotating
from policies.gateways.omero.connection import OmeroConnection
from policies.gateways.omero.importing import Importing
from policies.gateways.omero.people import People
from policies.gateways.omero.reading import Looked, read_filesets
from policies.gateways.omero.tags import Tags
from policies.vocabulary import OBJECT_NAMESPACE, REQUEST_NAMESPACE, TIER_NAMESPACE
from tests.conformance.server import ALICE, ANNOTATE, Server

LABORATORY = "site.example/laboratory"
LOOKED = Looked((TIER_NAMESPACE, REQUEST_NAMESPACE), ("Stain", "A set"), (OBJECT_NAMESPACE, LABORATORY))
ZONE = "conformance Zone"


class Agent:
    """The gateway as the agent puts it together."""

    def __init__(self, server: Server, connection: OmeroConnection) -> None:
        self.server = server
        self.connection = connection
        self.people = People(connection, {"zone user": ALICE})
        self.tags = Tags()
        self.annotating = Annotating(self.people, self.tags)
        self.importing = Importing(connection.service, self.people, self.tags)
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
            "owner": "zone user",
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
