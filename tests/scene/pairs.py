"""The key-value pairs that a user writes on an image, as OMERO's clients do: one annotation, written whole."""

from __future__ import annotations

from typing import Any

import omero
import omero.model
from omero.rtypes import rstring

from irods_omero.settings.mapping import CLIENT_NAMESPACE


class Pairs:
    """The pairs of one user on one image."""

    def __init__(self, client: Any, group: int, image: int) -> None:
        self._services = client.getSession()
        self._context = {"omero.group": str(group)}
        self._image = image

    def read(self) -> list[tuple[str, str]]:
        """All pairs in the clients' namespace."""
        return [(pair.name, pair.value) for each in self._annotations() for pair in each.getMapValue()]

    def write(self, *pairs: tuple[str, str]) -> None:
        """Replace them."""
        (annotation, *_) = self._annotations() or [omero.model.MapAnnotationI()]
        annotation.ns = rstring(CLIENT_NAMESPACE)
        annotation.setMapValue([omero.model.NamedValue(key, value) for key, value in pairs])
        if annotation.id is not None:
            self._services.getUpdateService().saveObject(annotation, self._context)
            return
        link = omero.model.ImageAnnotationLinkI()
        link.parent, link.child = omero.model.ImageI(self._image, False), annotation
        self._services.getUpdateService().saveObject(link, self._context)

    def add(self, key: str, value: str) -> None:
        """Write one more."""
        self.write(*self.read(), (key, value))

    def remove(self, key: str, value: str) -> None:
        """Take one away."""
        self.write(*(pair for pair in self.read() if pair != (key, value)))

    def _annotations(self) -> list[Any]:
        parameters = omero.sys.ParametersI().addLong("image", self._image).addString("ns", CLIENT_NAMESPACE)
        text = (
            "select a from ImageAnnotationLink l, MapAnnotation a where l.child.id = a.id and l.parent.id = :image "
            "and a.ns = :ns order by a.id"
        )
        return list(self._services.getQueryService().findAllByQuery(text, parameters, self._context))
