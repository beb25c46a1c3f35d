"""Objects to save, and the import sequence, for the tests of the lab OMERO server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import omero
import omero.callbacks
import omero.clients
import omero.grid
import omero.model
import tifffile
from omero.rtypes import rbool, rlist, rlong, rstring, unwrap, wrap

from lab.omero.repository.checksums import checksum

Context = dict[str, str]


def named(kind: str, name: str) -> Any:
    """Return a new object with a name."""
    made = getattr(omero.model, f"{kind}I")()
    made.name = rstring(name)
    return made


def tag(text: str, namespace: str | None = None) -> Any:
    made = omero.model.TagAnnotationI()
    made.textValue = rstring(text)
    made.ns = rstring(namespace) if namespace is not None else None
    return made


def mapped(namespace: str, *pairs: tuple[str, str]) -> Any:
    made = omero.model.MapAnnotationI()
    made.ns = rstring(namespace)
    made.setMapValue([omero.model.NamedValue(*pair) for pair in pairs])
    return made


def linked(kind: str, parent: Any, child: Any) -> Any:
    made = getattr(omero.model, f"{kind}I")()
    made.parent = parent.proxy() if parent.id is not None else parent
    made.child = child.proxy() if child.id is not None else child
    return made


def save(client: Any, instance: Any, context: Context | None = None) -> Any:
    return client.sf.getUpdateService().saveAndReturnObject(instance, context)


def typed(value: Any) -> Any:
    """Return a value as a parameter: whole numbers are long ones, as a query wants them (omero-02)."""
    if isinstance(value, (list, set)):
        return rlist([typed(member) for member in value])
    return rlong(value) if isinstance(value, int) and not isinstance(value, bool) else wrap(value)


def query(client: Any, hql: str, context: Context | None = None, **given: Any) -> list[Any]:
    """Return the values of a projection."""
    parameters = omero.sys.ParametersI()
    for name, value in given.items():
        parameters.add(name, typed(value))
    rows: list[Any] = unwrap(client.sf.getQueryService().projection(hql, parameters, context))
    return rows


def objects(client: Any, hql: str, context: Context | None = None, **given: Any) -> list[Any]:
    parameters = omero.sys.ParametersI()
    for name, value in given.items():
        parameters.add(name, typed(value))
    instances: list[Any] = client.sf.getQueryService().findAllByQuery(hql, parameters, context)
    return instances


def delete(client: Any, **targets: list[int]) -> dict[str, list[int]]:
    callback = client.submit(omero.cmd.Delete2(targetObjects=targets), loops=100)
    deleted: dict[str, list[int]] = callback.getResponse().deletedObjects
    callback.close(True)
    return deleted


def picture(path: Path, *names: str, shape: tuple[int, ...] = (2, 3, 16, 24), axes: str = "CZYX") -> Path:
    """Write an OME-TIFF with one image for each name."""
    with tifffile.TiffWriter(path, ome=True) as writer:
        for name in names or ("only",):
            metadata = {"axes": axes, "Name": name, "Channel": {"Name": ["DAPI", "GFP"][: shape[axes.find("C")]]}}
            writer.write(np.zeros(shape, "uint16"), metadata=metadata, photometric="minisblack")
    return path


def settings(algorithm: str = "SHA1-160", target: Any = None) -> Any:
    made = omero.grid.ImportSettings()
    made.checksumAlgorithm = omero.model.ChecksumAlgorithmI()
    made.checksumAlgorithm.value = rstring(algorithm)
    made.userSpecifiedTarget = target
    made.doThumbnails, made.noStatsInfo = rbool(False), rbool(True)
    return made


def fileset(*client_paths: str) -> Any:
    made = omero.model.FilesetI()
    for path in client_paths:
        entry = omero.model.FilesetEntryI()
        entry.clientPath = rstring(path)
        made.addFilesetEntry(entry)
    made.linkJob(omero.model.UploadJobI())
    return made


def upload(process: Any, place: int, content: bytes, block: int = 4096) -> None:
    uploader = process.getUploader(place)
    for start in range(0, max(len(content), 1), block):
        part = content[start : start + block]
        uploader.write(part, start, len(part))
    uploader.close()


def import_file(client: Any, path: Path, given: Any = None, client_path: str = "", wrong: str = "") -> Any:
    """Import one file, and return the response."""
    given = given or settings()
    made = fileset(client_path or f"tempZone/home/lab/{path.name}")
    process = client.getManagedRepository().importFileset(made, given)
    try:
        upload(process, 0, path.read_bytes())
        handle = process.verifyUpload([wrong or checksum(given.checksumAlgorithm.value.val, path)])
        callback = omero.callbacks.CmdCallbackI(client, handle)
        try:
            callback.loop(60, 500)
            return callback.getResponse()
        finally:
            callback.close(True)
    finally:
        process.close()


FILES = (
    "select e.clientPath, o.path, o.name, o.size, o.hash from Fileset f join f.usedFiles e join e.originalFile o "
    "where f.id = :id order by e.id"
)


def fileset_of(client: Any, response: Any) -> int:
    """Return the fileset of an import by its response."""
    rows = query(client, "select i.fileset.id from Image i where i.id = :id", id=response.pixels[0].image.id.val)
    return int(rows[0][0])
