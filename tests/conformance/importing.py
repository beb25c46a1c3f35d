"""The import sequence of a client without Java, step by step so that tests can go wrong in the middle of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import omero
import omero.callbacks
import omero.clients
import omero.grid
import omero.model
import tifffile
from omero.rtypes import rbool, rstring

from tests.conformance.server import Context, rows

BLOCK = 4096


def picture(*names: str, shape: tuple[int, ...] = (2, 3, 16, 24), axes: str = "CZYX") -> bytes:
    """An OME-TIFF with one image for each name."""
    buffer = BytesIO()
    with tifffile.TiffWriter(buffer, ome=True) as writer:
        for name in names or ("only",):
            plane = np.arange(np.prod(shape), dtype="uint16").reshape(shape)
            writer.write(plane, metadata={"axes": axes, "Name": name}, photometric="minisblack")
    return buffer.getvalue()


def fileset(*client_paths: str) -> Any:
    """A fileset that is to be imported: its entries, and the one job that the server wants."""
    made = omero.model.FilesetI()
    for path in client_paths:
        entry = omero.model.FilesetEntryI()
        entry.clientPath = rstring(path)
        made.addFilesetEntry(entry)
    made.linkJob(omero.model.UploadJobI())
    return made


def settings(target: Any = None, algorithm: str = "SHA1-160") -> Any:
    """How to import."""
    made = omero.grid.ImportSettings()
    made.checksumAlgorithm = omero.model.ChecksumAlgorithmI()
    made.checksumAlgorithm.value = rstring(algorithm)
    made.userSpecifiedTarget = target
    made.doThumbnails, made.noStatsInfo = rbool(False), rbool(True)
    return made


def upload(process: Any, index: int, content: bytes, size: int = BLOCK) -> str:
    """Write a file in blocks, and return its hash."""
    store = process.getUploader(index)
    for start in range(0, len(content), size):
        block = content[start : start + size]
        store.write(block, start, len(block))
    store.close()
    return sha1(content)


def sha1(content: bytes) -> str:
    """The hash that the server computes by default."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


def finish(client: Any, process: Any, hashes: Sequence[str]) -> Any:
    """Have the upload checked and the images read; returns what the server answers."""
    try:
        callback = omero.callbacks.CmdCallbackI(client, process.verifyUpload(list(hashes)))
        try:
            callback.loop(600, 500)
            return callback.getResponse()
        finally:
            callback.close(True)
    finally:
        process.close()


def bring_in(client: Any, client_path: str, content: bytes, given: Any = None) -> Any:
    """Import one file; returns what the server answers."""
    process = client.getManagedRepository().importFileset(fileset(client_path), given or settings())
    return finish(client, process, [upload(process, 0, content)])


def imported(client: Any, client_path: str, *names: str) -> tuple[int, list[int]]:
    """Import a picture; returns the ids of the fileset and of its images."""
    images = [pixels.image.id.val for pixels in bring_in(client, client_path, picture(*names)).pixels]
    ((fileset_id,),) = rows(client, "select distinct i.fileset.id from Image i where i.id in (:ids)", ids=images)
    return int(fileset_id), sorted(images)


def filesets_of(client: Any, client_path: str, context: Context | None = None) -> list[list[Any]]:
    """Ids and numbers of images of the filesets with an entry of this client path."""
    text = "select f.id from FilesetEntry e join e.fileset f where e.clientPath = :path order by f.id"
    ids = [row[0] for row in rows(client, text, context, path=client_path)]
    # Counted by a query of its own: size(f.images) beside other columns is refused (omero-04).
    text = "select i.id from Image i where i.fileset.id = :id"
    return [[id_, len(rows(client, text, context, id=id_))] for id_ in ids]
