"""What a user imports into OMERO by another client: the sequence of OMERO's own importers, with their client paths."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import omero
import omero.callbacks
import omero.grid
import omero.model
from omero.model.enums import ChecksumAlgorithmSHA1160
from omero.rtypes import rbool, rstring

BLOCK = 1 << 20


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
    fileset = omero.model.FilesetI()
    for path in files:
        entry = omero.model.FilesetEntryI()
        entry.clientPath = rstring(path)
        fileset.addFilesetEntry(entry)
    fileset.linkJob(omero.model.UploadJobI())
    process = client.getManagedRepository().importFileset(fileset, _settings(target), context)
    try:
        hashes = [_upload(process, place, content) for place, content in enumerate(files.values())]
        callback = omero.callbacks.CmdCallbackI(client, process.verifyUpload(hashes))
        try:
            callback.loop(600, 500)
            response = callback.getResponse()
        finally:
            callback.close(True)
    finally:
        process.close()
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


def _settings(target: Any) -> Any:
    settings = omero.grid.ImportSettings()
    settings.checksumAlgorithm = omero.model.ChecksumAlgorithmI()
    settings.checksumAlgorithm.value = rstring(ChecksumAlgorithmSHA1160)
    settings.userSpecifiedTarget = target
    settings.doThumbnails, settings.noStatsInfo = rbool(False), rbool(False)
    return settings


def _upload(process: Any, place: int, content: bytes) -> str:
    store = process.getUploader(place)
    for start in range(0, len(content), BLOCK):
        block = content[start : start + BLOCK]
        store.write(block, start, len(block))
    store.close()
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
