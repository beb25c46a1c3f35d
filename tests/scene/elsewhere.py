"""What a user imports into OMERO by another client: the sequence of OMERO's own importers, with their client paths."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import omero
import omero.model
from omero.rtypes import rstring

from tests.conformance.importing import fileset, finish, settings, upload

BLOCK = 1 << 20
"""Bytes in one call: large files would take long in the small blocks of the conformance suite."""


def import_elsewhere(client: Any, group: int, files: Mapping[str, bytes], project: str = "", dataset: str = "") -> int:
    """Import files as one fileset; returns its id.

    Args:
        client: A user's client.
        group: OMERO id of the group.
        files: For each client path its content; the one that Bio-Formats opens comes first.
        project: Name of a new project, empty for none.
        dataset: Name of a new dataset, empty for none.
    """
    # An explicit context takes the place of the one with the session's id.
    context = {**client.getImplicitContext().getContext(), "omero.group": str(group)}
    target = _dataset(client, context, project, dataset) if dataset else None
    process = client.getManagedRepository().importFileset(fileset(*files), settings(target), context)
    hashes = [upload(process, place, content, BLOCK) for place, content in enumerate(files.values())]
    response = finish(client, process, hashes)
    if isinstance(response, omero.cmd.ERR):
        raise RuntimeError(f"the import failed: {response.name} {response.parameters}")  # noqa: TRY004
    image = response.pixels[0].image.id.val
    query = "select i from Image i where i.id = :id"
    images = client.getSession().getQueryService().findAllByQuery(query, omero.sys.ParametersI().addId(image), context)
    return int(images[0].fileset.id.val)


def _dataset(client: Any, context: Mapping[str, str], project: str, dataset: str) -> Any:
    made = omero.model.DatasetI()
    made.name = rstring(dataset)
    update = client.getSession().getUpdateService()
    if not project:
        return omero.model.DatasetI(update.saveAndReturnObject(made, context).id.val, False)
    link = omero.model.ProjectDatasetLinkI()
    link.parent = omero.model.ProjectI()
    link.parent.name = rstring(project)
    link.child = made
    return omero.model.DatasetI(update.saveAndReturnObject(link, context).child.id.val, False)
