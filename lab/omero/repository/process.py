"""One import: uploads of its files, the check of their checksums, and the reading of images that follows."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import omero
import omero.api
import omero.grid

from lab.omero import errors
from lab.omero.commands.handle import offer_handle
from lab.omero.loading import Loader
from lab.omero.model import ENTITIES
from lab.omero.repository.files import StoredFile
from lab.omero.repository.importing import Importing
from lab.omero.repository.rows import file_row, repository_uuid
from lab.omero.servants import Call, writes
from lab.omero.work import now, working


class ImportProcess:
    """The import of one fileset; lost when its session ends, and its fileset stays without images."""

    def __init__(self, call: Call, fileset: Any, settings: Any, files: list[int], paths: list[str]) -> None:
        self._host = call.host
        self._caller = call.caller
        self._client = call.client
        self._fileset = int(fileset._id.val)
        self._upload_job = int(fileset._jobLinksSeq[0]._child._id.val)
        self._settings = settings
        self._files = files
        self._paths = paths
        self._uploads: dict[int, tuple[StoredFile, Any]] = {}
        self._handle: Any = None
        self.proxy: Any = None

    @property
    def group(self) -> int:
        """Return the group that is imported into."""
        return self._caller.group

    def getUploader(self, call: Call, place: int) -> Any:
        if not 0 <= place < len(self._files):
            raise errors.api_usage(f"no file {place} in an import of {len(self._files)}")
        known = self._uploads.get(place)
        if known is not None and known[1].ice_getIdentity().name in call.host.names(call.session):
            return known[1]
        if not call.host.has_client(call.session, self._client):
            return None  # who began the import is gone, and nothing can be opened in that client's name (omero-106)
        stored = StoredFile(self._host.store, self._host.control, self._caller)
        writable = call.current.ctx.get("omero.fs.mode", "rw") != "r"
        stored.open(self._host.repository, self._files[place], writable)
        name = f"{uuid.uuid4()}omero.api.RawFileStore"
        interface = omero.api.RawFileStore
        offered = call.host.offer(call.session, self._client, interface, stored, name, stateful=True)
        proxy = omero.api.RawFileStorePrx.uncheckedCast(offered)
        self._uploads[place] = (stored, proxy)
        return proxy

    def getUploadOffset(self, call: Call, place: int) -> int:
        known = self._uploads.get(place)
        return known[0].offset if known is not None else 0

    def getHandle(self, call: Call) -> Any:
        return self._handle

    def getImportSettings(self, call: Call) -> Any:
        return self._settings

    @writes
    def verifyUpload(self, call: Call, hashes: list[str]) -> Any:
        call.objects = len(self._files)
        if len(hashes) != len(self._files):
            raise errors.api_usage(f"hashes size should be {len(self._files)} not {len(hashes)}")
        checksums = [file_row(self._host.store, identity)["hash"] for identity in self._files]
        failing = {
            n: seen or "" for n, (given, seen) in enumerate(zip(hashes, checksums, strict=True)) if given != seen
        }
        if failing:
            raise omero.ChecksumValidationException(
                None, "class omero.ChecksumValidationException", "A checksum mismatch has occurred.", failing
            )
        self._finish_upload()
        request = self._request()
        importing = Importing(self._host, self._caller, self._fileset, self._settings, self._first_file(), request)
        self._handle = offer_handle(call, request, importing.run, steps=5)
        return self._handle

    @writes
    def close(self, call: Call) -> None:
        self.abandon()
        call.host.withdraw(call.session, call.current.id)

    def abandon(self) -> None:
        """Close what is still being uploaded."""
        for stored, _ in self._uploads.values():
            stored.abandon()
        self._uploads.clear()

    def _first_file(self) -> Path:
        return self._host.repository / self._paths[0]

    def _finish_upload(self) -> None:
        job = ENTITIES["Job"]
        with working(self._host.store, self._caller, self._host.control) as work:
            status = work.store.run("select id from \"jobstatus\" where value = 'Finished'")[0][0]
            work.store.update(job, self._upload_job, {"status": status, "message": "Finished", "finished": now()})
            work.log("UPDATE", ENTITIES["UploadJob"], [self._upload_job])

    def _request(self) -> Any:
        query = (
            "select l from FilesetJobLink l join fetch l.parent join fetch l.child where l.parent.id = :id "
            "order by l.id"
        )
        links = Loader(self._host.store, self._caller, query, {"id": self._fileset}).objects(None, None)
        metadata = next(link for link in links if isinstance(link.child, omero.model.MetadataImportJob))
        location = omero.grid.ImportLocation(str(Path(self._paths[0]).parent), 0, list(self._paths), None)
        return omero.grid.ImportRequest(
            str(uuid.uuid4()),
            repository_uuid(self._host.store),
            self.proxy,
            metadata,
            self._settings,
            location,
            None,
        )
