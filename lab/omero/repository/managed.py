"""The managed repository: starts imports, and looks after the files of those that are done."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import omero
import omero.api
import omero.grid
import omero.model
from omero.rtypes import rlong, rmap, rstring

from lab.omero import errors
from lab.omero.loading import Loader
from lab.omero.repository.checksums import SUPPORTED, checksum
from lab.omero.repository.files import StoredFile
from lab.omero.repository.layout import template_path, used_files
from lab.omero.repository.process import ImportProcess
from lab.omero.repository.rows import (
    DIRECTORY,
    FILE,
    add_file,
    add_folders,
    algorithm_of,
    file_row,
    place_of,
    repository_uuid,
)
from lab.omero.saving import Saver
from lab.omero.servants import Call, writes
from lab.omero.work import Work, now

LOG_TYPE = "application/omero-log-file"


def description(call: Call) -> Any:
    """Describe the repository by its root folder."""
    made = omero.model.OriginalFileI()
    made.name, made.path = rstring("ManagedRepository"), rstring(str(call.host.state) + "/")
    made.hash = rstring(repository_uuid(call.host.store))
    made.mimetype = rstring("Repository")
    return made


def settle_down(repository: Path, database: str, identity: str) -> None:
    """Write down in a repository what it is known by, as Java's ``writeUTF`` does it (omero-78)."""
    place = repository / ".omero" / "repository" / database / "repo_uuid"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(len(identity).to_bytes(2, "big") + identity.encode())


def _algorithm(settings: Any) -> str:
    given = settings.checksumAlgorithm if settings is not None else None
    if given is None or given._value is None:
        raise errors.api_usage("must specify checksum algorithm")
    name = str(given._value.val)
    if name not in SUPPORTED:
        raise errors.refused(f"the checksum algorithm {name}")
    return name


def _check_job(fileset: Any) -> None:
    if len(fileset._jobLinksSeq) != 1:
        raise errors.validation("Found more than one job link. Link only updateJob on creation!")
    job = fileset._jobLinksSeq[0]._child
    if job is None:
        raise errors.validation("Found null-UploadJob on creation")
    if not isinstance(job, omero.model.UploadJob):
        raise errors.validation(f"Found non-UploadJob on creation: {type(job).__name__}")


def _submitted(call: Call, job: Any) -> Any:
    """Fill in what a client does not say of a job."""
    group = call.host.store.run('select name from "experimentergroup" where id = ?', [call.caller.group])[0][0]
    job.username, job.groupname = rstring(call.caller.user_name), rstring(group)
    job.type, job.message = rstring(call.session.event_type), rstring("")
    job.submitted = job.scheduledFor = omero.rtypes.rtime(now())
    job.status = omero.model.JobStatusI()
    job.status.value = rstring("Submitted")
    return job


def _add_jobs(call: Call, fileset: Any, settings: Any) -> None:
    """Add the server's own jobs to the client's upload job."""
    _submitted(call, fileset._jobLinksSeq[0]._child)
    jobs = [omero.model.MetadataImportJobI(), omero.model.PixelDataJobI()]
    if settings.doThumbnails is not None and settings.doThumbnails.val:
        jobs.append(omero.model.ThumbnailGenerationJobI())
    for job in (*jobs, omero.model.IndexingJobI()):
        fileset.linkJob(_submitted(call, job))


def _save(work: Work, fileset: Any, prefix: str, paths: list[str], algorithm: str) -> list[int]:
    """Save the fileset with rows for its files and jobs; this stays, whatever becomes of the import."""
    for path in paths:
        add_folders(work, path)
    identities = [add_file(work, path, algorithm, None) for path in paths]
    for entry, identity in zip(fileset._usedFilesSeq, identities, strict=True):
        entry._originalFile = omero.model.OriginalFileI(identity, False)
    fileset.templatePrefix = rstring(f"{prefix}/")
    log = add_file(work, f"{prefix}.log", algorithm, LOG_TYPE)
    fileset._jobLinksSeq[0]._child.linkOriginalFile(omero.model.OriginalFileI(log, False))
    Saver(work).save(fileset)
    return identities


class ManagedRepository:
    """The one repository that can be imported into."""

    def __init__(self, client: str) -> None:
        self._client = client

    def root(self, call: Call) -> Any:
        return description(call)

    @writes
    def importFileset(self, call: Call, fileset: Any, settings: Any) -> Any:
        if fileset is None or not fileset._usedFilesSeq:
            raise errors.api_usage("No paths provided")
        algorithm = _algorithm(settings)
        _check_job(fileset)
        call.objects = len(fileset._usedFilesSeq)
        prefix = template_path(call.host.repository, call.caller.user_name, call.caller.user)
        paths = [f"{prefix}/{path}" for path in used_files([e._clientPath.val for e in fileset._usedFilesSeq])]
        _add_jobs(call, fileset, settings)
        with call.working() as work:
            identities = _save(work, fileset, prefix, paths, algorithm)
        (call.host.repository / f"{prefix}.log").write_text("lab OMERO: import started\n")
        process = ImportProcess(call, fileset, settings, identities, paths)
        name = f"ImportProcess{uuid.uuid4()}"
        proxy = call.host.offer(call.session, self._client, omero.grid.ImportProcess, process, name, stateful=True)
        process.proxy = omero.grid.ImportProcessPrx.uncheckedCast(proxy)
        return process.proxy

    def listImports(self, call: Call) -> list[Any]:
        """Return the processes of open sessions in the caller's groups, those that are closed left out (omero-74)."""
        return [
            omero.grid.ImportProcessPrx.uncheckedCast(proxy)
            for process, proxy in call.host.offers(ImportProcess)
            if process.group in call.caller.member_of
        ]

    def listChecksumAlgorithms(self, call: Call) -> list[Any]:
        query = "select a from ChecksumAlgorithm a where a.value in (:names)"
        algorithms = Loader(call.host.store, call.caller, query, {"names": list(SUPPORTED)}).objects(None, None)
        return sorted(algorithms, key=lambda algorithm: SUPPORTED.index(algorithm.value.val))

    def suggestChecksumAlgorithm(self, call: Call, offered: list[Any]) -> Any:
        names = {algorithm.value.val for algorithm in offered}
        return next((known for known in self.listChecksumAlgorithms(call) if known.value.val in names), None)

    def verifyChecksums(self, call: Call, identities: list[int]) -> list[int]:
        """Return the ids of those files whose bytes are not what they were when they were written down."""
        wrong = []
        for identity in identities:
            row = file_row(call.host.store, identity)
            algorithm = algorithm_of(call.host.store, row)
            place = place_of(call.host.repository, row)
            if algorithm is None or row["hash"] is None:
                continue
            if not place.exists():
                raise errors.unknown("FileNotFoundException", f"{place} (No such file or directory)")
            if checksum(algorithm, place) != row["hash"]:
                wrong.append(identity)
        return wrong

    def fileById(self, call: Call, identity: int) -> Any:
        stored = StoredFile(call.host.store, call.host.control, call.caller)
        stored.setFileId(call, identity)
        name = f"{uuid.uuid4()}omero.api.RawFileStore"
        interface = omero.api.RawFileStore
        proxy = call.host.offer(call.session, self._client, interface, stored, name, stateful=True)
        return omero.api.RawFileStorePrx.uncheckedCast(proxy)

    def fileExists(self, call: Call, path: str) -> bool:
        return self._row_of(call, path) is not None

    def treeList(self, call: Call, path: str) -> Any:
        return rmap(self._tree(call, path.strip("/")))

    def _row_of(self, call: Call, path: str) -> Any:
        folder, _, name = path.strip("/").rpartition("/")
        rows = call.host.store.rows(FILE, "path", [f"{folder}/"])
        return next((row for row in rows if row["name"] == name), None)

    def _tree(self, call: Call, path: str) -> dict[str, Any]:
        files = {}
        for row in call.host.store.rows(FILE, "path", [f"{path}/"]):
            described = {"id": rlong(row["id"]), "mimetype": rstring(row["mimetype"]), "size": rlong(row["size"] or 0)}
            if row["mimetype"] == DIRECTORY:
                described["files"] = rmap(self._tree(call, f"{path}/{row['name']}".strip("/")))
            files[row["name"]] = rmap(described)
        return files
