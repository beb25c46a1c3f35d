"""Brings files into OMERO's managed repository by streaming, without Java and without a temporary copy."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import omero
import omero.clients
import omero.grid
import omero.model
from omero.model.enums import ChecksumAlgorithmSHA1160
from omero.rtypes import rbool, rstring

from irods_omero.domain.state.actions import Import
from irods_omero.domain.state.unit import entry_paths
from irods_omero.errors import ContentError, DestinationError, RefusedError, SideError, UnreachableError
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.checksums import digest_of
from irods_omero.gateways.omero.containers import find_container
from irods_omero.gateways.omero.fileset_files import read_files
from irods_omero.gateways.omero.fileset_pages import filesets_below, last_fileset
from irods_omero.gateways.omero.people import People
from irods_omero.gateways.omero.running import wait_for_earlier, wait_for_import
from irods_omero.gateways.omero.session import OmeroSession, Values
from irods_omero.gateways.omero.tags import Tags
from irods_omero.gateways.omero.uploading import BLOCK, Opener, Rejoin, Uploading, upload
from irods_omero.gateways.omero.zarr_filesets import make_zarr_fileset, read_hierarchy

UNCOMMITTED = 1000
"""A fileset may become visible after this many later ones."""

NONE_KNOWN = (-1,)
"""A query takes no empty list."""


@dataclass(frozen=True)
class Existing:
    """A fileset that was once made for a data object.

    Attributes:
        id: OMERO id.
        path: Client path of its first entry.
        complete: Whether it has images; one without was cut off or failed.
        owner: OMERO id of its owner.
        group: OMERO id of its group.
    """

    id: int
    path: str
    complete: bool
    owner: int
    group: int


@dataclass(frozen=True)
class Imported:
    """What an import came to.

    Attributes:
        fileset: OMERO id of the fileset with the present content.
        earlier: OMERO ids of the filesets with earlier contents of the same data object.
        compared: Whether the bytes that OMERO got were seen to have the checksums of the catalog.
    """

    fileset: int
    earlier: tuple[int, ...]
    compared: bool = False


@dataclass(frozen=True)
class Searched:
    """What a search through all client paths has found for one unit: later ones need look at few filesets only.

    Attributes:
        known: OMERO ids of its filesets.
        end: Up to this fileset nothing was missed.
    """

    known: tuple[int, ...]
    end: int


UNSEARCHED = Searched((), 0)
"""Nothing was searched yet: all client paths are to be read."""


def search(session: OmeroSession, prefixes: Iterable[str]) -> dict[str, Searched]:
    """Go through the client paths of all filesets once for many units: OMERO has no index of them.

    Args:
        session: A session that may read across groups.
        prefixes: The start of the client paths of each unit.
    """
    # Asked for before the search. The import of an agent that was killed may be committed after later ones.
    end = max(last_fileset(session) - UNCOMMITTED, 0)
    filesets_by_prefix: dict[str, list[int]] = {prefix: [] for prefix in prefixes}
    lengths = {len(prefix) for prefix in filesets_by_prefix}
    for fileset, path in filesets_below(session, filesets_by_prefix).items():
        for prefix in {path[:length] for length in lengths} & filesets_by_prefix.keys():
            filesets_by_prefix[prefix].append(fileset)
    return {prefix: Searched(tuple(known), end) for prefix, known in filesets_by_prefix.items()}


def find_existing(
    session: OmeroSession, prefix: str, searched: Searched = UNSEARCHED, present: int | None = None
) -> list[Existing]:
    """The filesets of a unit, oldest first.

    Args:
        session: A session that may read across groups.
        prefix: What the first of their client paths starts with.
        searched: What a search has found of them; later ones are looked for.
        present: One that is among them whatever its client paths, if it is there; None for none.
    """
    # Asked for the prefix as well, PostgreSQL takes so few to be left that it reads all entries there are.
    text = (
        "select f.id, e.clientPath, f.details.owner.id, f.details.group.id from Fileset f join f.usedFiles e "
        "where (f.id > :end or f.id in (:known)) and index(e) = 0"
    )
    values: Values = {"end": searched.end, "known": searched.known or NONE_KNOWN}
    entries = session.rows("looking for an earlier import", text, values)
    entries = [entry for entry in entries if entry[1].startswith(prefix)]
    if present is not None and all(entry[0] != present for entry in entries):
        entries += _entries_of(session, present)
    if not entries:
        return []
    text = "select distinct i.fileset.id from Image i where i.fileset.id in (:ids)"
    ids = [entry[0] for entry in entries]
    complete = {row[0] for row in session.rows("looking for its images", text, {"ids": ids})}
    return [Existing(id_, path, id_ in complete, owner, group) for id_, path, owner, group in sorted(entries)]


def _entries_of(session: OmeroSession, fileset: int) -> list[list[Any]]:
    text = (
        "select f.id, e.clientPath, f.details.owner.id, f.details.group.id from Fileset f join f.usedFiles e "
        "where f.id = :id and index(e) = 0"
    )
    return session.rows("looking for the present import", text, {"id": fileset})


def half_made(session: OmeroSession, filesets: Iterable[int]) -> list[Existing]:
    """Those of some filesets that have no images: their import was cut off, failed, or goes on."""
    text = (
        "select f.id, f.details.owner.id, f.details.group.id from Fileset f where f.id in (:ids) "
        "and not exists (select i.id from Image i where i.fileset.id = f.id)"
    )
    chunks = in_batches(sorted(set(filesets)))
    rows = (row for ids in chunks for row in session.rows("looking for half-made imports", text, {"ids": ids}))
    return [Existing(id_, "", False, owner, group) for id_, owner, group in rows]


class Importer:
    """Imports units, each content exactly once: what was cut off is taken up where it stands, or cleared away."""

    def __init__(self, service: Callable[[], OmeroSession], people: People, tags: Tags) -> None:
        self._service = service
        self._people = people
        self._tags = tags
        self._searched: dict[str, Searched] = {}

    def expect(self, prefixes: Iterable[str]) -> None:
        """Search for what was imported of many units before, at once, as they are going to be imported.

        Args:
            prefixes: The start of the client paths of each unit.
        """
        self._searched |= search(self._service(), prefixes)

    def knows_as(self, other: Importer) -> None:
        """Take over what another one has searched for."""
        self._searched = other._searched

    def bring_in(self, action: Import, open_object: Opener, begin: Callable[[], None] = lambda: None) -> Imported:
        """Import a unit, unless that was done already, or is being done by OMERO: then that is waited for.

        Args:
            action: What to import.
            open_object: Opens a data object for reading.
            begin: Called before anything is uploaded.

        Returns:
            The fileset, and those of earlier contents.

        Raises:
            ContentError: OMERO can make no images of the files.
            DestinationError: The owner or the target does not exist.
            RefusedError: Something else is refused, for instance as a disk is full.
            UnreachableError: One of the sides is down.
        """
        complete = self._complete(action)
        done = _with_key(complete, action) or self._unchanged(complete, action, open_object)
        if done is not None:
            return done
        # Before the owner's session is opened, which would idle out.
        hierarchy = read_hierarchy(action, open_object) if action.address else None
        try:
            session = self._people.owner_session(action.user, action.target.group, is_arrival=True)
            container = find_container(session, action.target)
        except RefusedError as error:
            raise DestinationError(error.doing, error.on, error.cause) from error
        self._tags.offer_requests(session, session.group)
        begin()
        try:
            if hierarchy is not None:
                make_zarr_fileset(session, action, container, hierarchy)
            else:
                _import(session, action, container, open_object, self._people.rejoin)
        except RefusedError:
            with suppress(RefusedError):
                self._complete(action, wait=False)  # clears away what the server leaves behind
            raise
        done = _with_key(self._complete(action), action)
        if done is None:
            raise ContentError("importing", action.paths[0], "OMERO found no images in it")
        compared = bool(action.expected) and all(digest_of(each.checksum) is not None for each in action.expected)
        return replace(done, compared=compared)

    def offer_requests(self, user: str, group: str) -> None:
        """See to it that a user finds the request tags in a group, before the first import.

        Args:
            user: Login name of the OMERO user.
            group: Name of the OMERO group, empty for the user's default group.

        Raises:
            RefusedError: There is no such user or group, or the user is not in the group.
        """
        session = self._people.owner_session(user, group)
        self._tags.offer_requests(session, session.group)

    def _complete(self, action: Import, wait: bool = True) -> list[Existing]:
        """The filesets of a unit that have images; what was left half-made is cleared away.

        With ``wait`` it is not as long as OMERO is at work on it: files must not vanish under a server that reads them.
        """
        complete = []
        if action.prefix not in self._searched:
            self.expect([action.prefix])
        for existing in find_existing(self._service(), action.prefix, self._searched[action.prefix], action.present):
            if existing.complete or (wait and self._is_completed(existing, action.paths[0])):
                complete.append(existing)
            else:
                self.clear_away(existing)
        return complete

    def _is_completed(self, existing: Existing, path: str) -> bool:
        """Whether a half-made fileset gets its images after all, as OMERO is at work on it."""
        try:
            return wait_for_earlier(self._people, existing.id, existing.owner, existing.group, path)
        except RefusedError:
            with suppress(RefusedError):
                self.clear_away(existing)
            raise

    def clear_away(self, existing: Existing) -> None:
        """Delete a fileset without images, which nobody could use."""
        session = self._people.acting_as(existing.owner, existing.group)
        session.delete("clearing away a half-made import of", "Fileset", [existing.id])

    def _unchanged(self, complete: list[Existing], action: Import, open_object: Opener) -> Imported | None:
        """The last fileset, if its bytes are those of the data object.

        A new modification time is not always a new content: moving a data object to another collection, or touching
        it, changes it too. Where OMERO has as many files of the same size together, reading tells.
        """
        if not complete:
            return None
        last = complete[-1]
        known = _sha1s_of(self._service(), last.id, action)
        if not known or not _are_those_of(known, action.paths, open_object):
            return None
        return Imported(last.id, tuple(existing.id for existing in complete[:-1]))


def _with_key(complete: list[Existing], action: Import) -> Imported | None:
    """The fileset of exactly this content among those of a unit."""
    present = [existing.id for existing in complete if existing.path.startswith(action.key)]
    if not present:
        return None
    return Imported(present[-1], tuple(existing.id for existing in complete if existing.id != present[-1]))


def _sha1s_of(session: OmeroSession, fileset: int, action: Import) -> list[str]:
    """The SHA-1 of a fileset's files; none if their number or size is another, or the kind of a hash."""
    files = list(read_files(session, [fileset]))
    if len(files) != len(action.paths) or sum(file.size for file in files) != action.content.size:
        return []
    return [file.digest for file in files if file.kind == ChecksumAlgorithmSHA1160]


def _are_those_of(known: list[str], paths: Iterable[str], open_object: Opener) -> bool:
    """Whether these are the hashes of the data objects, whatever their names; read up to the first that differs."""
    left = Counter(known)
    for path in paths:
        digest = _digest(path, open_object)
        if not left[digest]:
            return False
        left[digest] -= 1
    return True


def _digest(path: str, open_object: Opener) -> str:
    digest = hashlib.sha1(usedforsecurity=False)
    with open_object(path) as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _import(session: OmeroSession, action: Import, container: Any, open_object: Opener, rejoin: Rejoin) -> None:
    """The sequence of an importing client: the server answers only when it has read the images."""
    first = action.paths[0]
    doing = "starting the import of"
    repository = session.call("reaching the repository", "", session.client.getManagedRepository)
    fileset, settings = _fileset(action), _settings(container)
    process = session.call(doing, first, lambda: repository.importFileset(fileset, settings))
    uploading = Uploading(session, process, rejoin)
    try:
        with uploading:
            hashes = [upload(uploading, index, action, open_object) for index in range(len(action.paths))]
            handle = uploading.verify(hashes, first)
    except SideError:
        uploading.close()
        raise
    try:
        wait_for_import(uploading.session, handle, first)
    except UnreachableError:
        raise  # what goes on is found again by it
    except RefusedError:
        uploading.close()
        raise
    uploading.close()


def _fileset(action: Import) -> Any:
    fileset = omero.model.FilesetI()
    for path in entry_paths(action.key, action.paths):
        entry = omero.model.FilesetEntryI()
        entry.clientPath = rstring(path)
        fileset.addFilesetEntry(entry)
    job = omero.model.UploadJobI()
    job.username = rstring("irods-omero")
    fileset.linkJob(job)
    return fileset


def _settings(container: Any) -> Any:
    settings = omero.grid.ImportSettings()
    settings.doThumbnails = rbool(True)
    settings.noStatsInfo = rbool(False)
    settings.userSpecifiedTarget = container
    algorithm = omero.model.ChecksumAlgorithmI()
    algorithm.value = rstring(ChecksumAlgorithmSHA1160)
    settings.checksumAlgorithm = algorithm
    return settings
