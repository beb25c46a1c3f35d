"""What OMERO says about filesets that other clients imported, and the bytes of their files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import Ice
import omero
import omero.model
from omero.rtypes import rstring

from irods_omero.domain.state.omero_first.source import MAY_READ, MAY_WRITE, Source, SourceFile
from irods_omero.errors import RefusedError
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.omero.fileset_files import read_files
from irods_omero.gateways.omero.fileset_pages import last_fileset
from irods_omero.gateways.omero.image_facts import facts_of
from irods_omero.gateways.omero.session import TAG_OF_LINK, OmeroSession
from irods_omero.vocabulary import KEY_NAMESPACE

BLOCK = 4 * 1024 * 1024
"""Bytes in one call: larger ones are read no faster, and have to fit into the memory of both sides."""

PAGE = 5000
"""Number of ids of filesets that one query covers."""


RESTRICTED = "Download is restricted"
"""What OMERO says by default of the files of plates, to everybody (``BinaryAccessPolicy`` of its server)."""

ALLOW = "allow it for the group: omero obj map-set ExperimenterGroup:ID config omero.policy.binary_access +plate"


class Listed(NamedTuple):
    """A fileset in a list.

    Attributes:
        id: OMERO id.
        imported: Seconds since 1970.
        group: Name of its group.
        owner: Login name of its owner.
    """

    id: int
    imported: float
    group: str
    owner: str


def filesets_after(session: OmeroSession, after: int) -> Iterator[list[Listed]]:
    """The filesets with higher ids than ``after``, in their order and in pages."""
    text = (
        "select f.id, f.details.creationEvent.time, f.details.group.name, f.details.owner.omeName from Fileset f "
        "where f.id > :low and f.id <= :high order by f.id"
    )
    last = last_fileset(session)
    for low in range(after, last, PAGE):
        page = session.rows("listing filesets", text, {"low": low, "high": low + PAGE})
        yield [Listed(int(id_), (time or 0) / 1000, str(group), str(owner)) for id_, time, group, owner in page]


def owners_of(session: OmeroSession, filesets: Iterable[int]) -> dict[int, str]:
    """The login names of the owners of some filesets, without those that are gone."""
    text = "select f.id, f.details.owner.omeName from Fileset f where f.id in (:ids)"
    pages = (session.rows("reading owners", text, {"ids": ids}) for ids in in_batches(sorted(filesets), 1000))
    return {int(id_): str(owner) for page in pages for id_, owner in page}


def filesets_in(session: OmeroSession, dataset: int) -> set[int]:
    """The filesets of which images are in a dataset."""
    text = "select distinct i.fileset.id from DatasetImageLink l join l.child i where l.parent.id = :id"
    rows = session.rows("listing filesets", text, {"id": dataset})
    return {int(fileset) for (fileset,) in rows if fileset is not None}


THINGS = {
    "group": "select g.id from ExperimenterGroup g where g.name = :text",
    "user": "select e.id from Experimenter e where e.omeName = :text",
    "dataset": "select d.id from Dataset d where d.id = :id",
}
"""For what filesets can be of the query for it."""


def exists_in_omero(session: OmeroSession, kind: str, name: str) -> bool:
    """Whether there is a group or a user of this name, or a dataset of this id."""
    values = {"id": int(name)} if kind == "dataset" else {"text": name}
    return bool(session.rows(f"looking for the {kind}", THINGS[kind], values))


def read_sources(
    session: OmeroSession, ids: Iterable[int], files: bool = True, facts: bool = True
) -> dict[int, Source]:
    """What OMERO says about filesets; those that are gone are left out, those without images are incomplete.

    Args:
        session: A session that may read across groups.
        ids: OMERO ids.
        files: Whether their files are wanted, of which there may be many.
        facts: Whether what is known of their first images is wanted, which takes calls for each.
    """
    sources: dict[int, Source] = {}
    for chunk in in_batches(sorted(set(ids)), 100):
        files_of = _files(session, chunk) if files else {}
        images, completed = _images(session, chunk)
        names = _names(session, chunk)
        tags, pairs, acquired = _tags(session, chunk), _pairs(session, chunk), _acquired(session, images.values())
        for row in _filesets(session, chunk):
            fileset, owner, owner_id, group, group_id, permissions, time = row
            image = images.get(fileset, 0)
            sources[fileset] = Source(
                fileset=fileset,
                owner=owner,
                owner_id=owner_id,
                group=group,
                group_id=group_id,
                members_may=permissions,
                imported=time,
                completed=completed.get(fileset, 0.0),
                files=tuple(files_of.get(fileset, ())),
                image=image,
                names=names.get(fileset, {}),
                acquired=acquired.get(image),
                tags=tags.get(fileset, {}),
                pairs=pairs.get(fileset, {}),
                facts=tuple(facts_of(session, image, names.get(fileset, {}), owner)) if facts else (),
            )
    return sources


class Possession(NamedTuple):
    """Whose a fileset is, and who may do what with it.

    Attributes:
        owner_id: OMERO id of its owner.
        group_id: OMERO id of its group.
        members_may: What the members of that group may do with it.
    """

    owner_id: int
    group_id: int
    members_may: str


def possession_of(session: OmeroSession, fileset: int) -> Possession | None:
    """Whose a fileset is at this moment; None where it is gone."""
    return next((Possession(row[2], row[4], row[5]) for row in _filesets(session, [fileset])), None)


def _filesets(session: OmeroSession, ids: list[int]) -> Iterator[tuple[int, str, int, str, int, str, float]]:
    text = (
        "select f.id, f.details.owner.omeName, f.details.owner.id, f.details.group.id, f.details.creationEvent.time "
        "from Fileset f where f.id in (:ids)"
    )
    groups: dict[int, tuple[str, str]] = {}
    for id_, owner, owner_id, group, time in session.rows("reading filesets", text, {"ids": ids}):
        if group not in groups:
            groups[group] = _group(session, group)
        name, may = groups[group]
        yield int(id_), str(owner), int(owner_id), name, int(group), may, (time or 0) / 1000


def _group(session: OmeroSession, id_: int) -> tuple[str, str]:
    """The name of a group, and what its members may do with each other's data."""
    text = "select g from ExperimenterGroup g where g.id = :id"
    groups = session.objects("reading the group", text, {"id": id_})
    if not groups:
        raise RefusedError("looking for the OMERO group", str(id_), "it does not exist")
    permissions = groups[0].details.permissions
    if permissions.isGroupWrite():
        return str(groups[0].name.val), MAY_WRITE
    return str(groups[0].name.val), MAY_READ if permissions.isGroupRead() else ""


def groups_of(session: OmeroSession) -> dict[str, bool]:
    """For all groups by name whether their members may at least read each other's data."""
    groups = session.objects("listing groups", "select g from ExperimenterGroup g", {})
    return {str(group.name.val): bool(group.details.permissions.isGroupRead()) for group in groups}


def _files(session: OmeroSession, ids: list[int]) -> dict[int, list[SourceFile]]:
    files: dict[int, list[SourceFile]] = defaultdict(list)
    for row in read_files(session, ids):
        path = f"{row.path}{row.name}"
        file = SourceFile(row.id, row.client_path, row.size, row.digest, row.kind, path, row.repo)
        files[row.fileset].append(file)
    return files


def _images(session: OmeroSession, ids: list[int]) -> tuple[dict[int, int], dict[int, float]]:
    """For each fileset the id of its first image, and when the last one was made."""
    text = (
        "select i.fileset.id, min(i.id), max(i.details.creationEvent.time) from Image i "
        "where i.fileset.id in (:ids) group by i.fileset.id"
    )
    rows = session.rows("reading images", text, {"ids": ids})
    return {row[0]: int(row[1]) for row in rows}, {row[0]: (row[2] or 0) / 1000 for row in rows}


NAMES_OF = {
    "name": "select i.fileset.id, i.name from Image i where i.fileset.id in (:ids) order by i.id",
    "dataset": (
        "select i.fileset.id, d.name from DatasetImageLink l join l.parent d join l.child i "
        "where i.fileset.id in (:ids) order by i.id, d.id"
    ),
    "project": (
        "select i.fileset.id, p.name from ProjectDatasetLink m join m.parent p, DatasetImageLink l join l.child i "
        "where m.child.id = l.parent.id and i.fileset.id in (:ids) order by i.id, l.parent.id, p.id"
    ),
    "plate": (
        "select i.fileset.id, p.name from WellSample s join s.image i join s.well w join w.plate p "
        "where i.fileset.id in (:ids) order by p.id"
    ),
    "screen": (
        "select i.fileset.id, c.name from ScreenPlateLink l join l.parent c, WellSample s join s.image i "
        "join s.well w where w.plate.id = l.child.id and i.fileset.id in (:ids) order by c.id"
    ),
}
"""For each kind of name the query for it, the first by id where there are several."""


def _names(session: OmeroSession, ids: list[int]) -> dict[int, dict[str, str]]:
    names: dict[int, dict[str, str]] = defaultdict(dict)
    for kind, text in NAMES_OF.items():
        for fileset, name in session.rows(f"reading the {kind} of filesets", text, {"ids": ids}):
            if name:
                names[fileset].setdefault(kind, str(name))
    return names


def _tags(session: OmeroSession, ids: list[int]) -> dict[int, dict[str, tuple[str, ...]]]:
    text = (
        "select distinct i.fileset.id, t.ns, t.textValue from ImageAnnotationLink l join l.parent i, TagAnnotation t "
        f"where {TAG_OF_LINK} and i.fileset.id in (:ids)"
    )
    return _grouped(session.rows("reading tags", text, {"ids": ids}))


def _pairs(session: OmeroSession, ids: list[int]) -> dict[int, dict[str, tuple[str, ...]]]:
    text = (
        "select distinct i.fileset.id, a.id from ImageAnnotationLink l join l.parent i, MapAnnotation a "
        "where l.child.id = a.id and i.fileset.id in (:ids)"
    )
    of_annotation = {a: fileset for fileset, a in session.rows("reading key-value pairs", text, {"ids": ids})}
    text = "select a from MapAnnotation a where a.id in (:ids)"
    rows: list[list[Any]] = []
    for chunk in in_batches(sorted(of_annotation)):
        for annotation in session.objects("reading key-value pairs", text, {"ids": chunk}):
            pairs = annotation.getMapValue() or []
            rows += [[of_annotation[annotation.id.val], pair.name or "", pair.value or ""] for pair in pairs if pair]
    return _grouped(rows)


def _grouped(rows: Iterable[list[Any]]) -> dict[int, dict[str, tuple[str, ...]]]:
    """Rows of a fileset, a name and a value, as the values of each name for each fileset."""
    grouped: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for fileset, name, value in rows:
        if value:
            grouped[fileset][str(name or "")].add(str(value))
    return {
        fileset: {name: tuple(sorted(values)) for name, values in of_fileset.items()}
        for fileset, of_fileset in grouped.items()
    }


def _acquired(session: OmeroSession, images: Iterable[int]) -> dict[int, float]:
    text = "select i.id, i.acquisitionDate from Image i where i.id in (:ids)"
    ids = sorted(images)
    rows = session.rows("reading images", text, {"ids": ids}) if ids else []
    return {int(image): date / 1000 for image, date in rows if date is not None}


def blocks_of(session: OmeroSession, file: SourceFile) -> Iterator[bytes]:
    """The bytes of a file, as OMERO's own interface gives them.

    Reading past the end gives zeros and no error on a real server, so that no more is asked for than there is.
    """
    doing, on = "reading", f"OriginalFile:{file.id}"
    store = session.call(doing, on, lambda: session.client.getSession().createRawFileStore())
    try:
        session.call(doing, on, lambda: store.setFileId(file.id, session.file_context()))
        size = int(session.call(doing, on, store.size))
        if size != file.size:
            raise RefusedError(doing, on, f"it has {size} bytes on OMERO's disk, and {file.size} in its database")
        for offset in range(0, size, BLOCK):
            length = min(BLOCK, size - offset)
            yield _read(session, on, _reading(store, offset, length))
    finally:
        with suppress(Ice.Exception, omero.ClientError):
            store.close()


def _read(session: OmeroSession, on: str, function: Callable[[], bytes]) -> bytes:
    try:
        return session.call("reading", on, function)
    except RefusedError as error:
        if RESTRICTED in error.cause:
            raise RefusedError(error.doing, error.on, f"{error.cause}; {ALLOW}") from error
        raise


def _reading(store: Any, offset: int, length: int) -> Callable[[], bytes]:
    return lambda: bytes(store.read(offset, length))


def write_key(session: OmeroSession, fileset: int, key: str) -> None:
    """Put a key on a fileset, as its owner."""
    link = omero.model.FilesetAnnotationLinkI()
    link.parent = omero.model.FilesetI(fileset, False)
    link.child = omero.model.CommentAnnotationI()
    link.child.ns, link.child.textValue = rstring(KEY_NAMESPACE), rstring(key)
    session.save("writing the key on", f"Fileset:{fileset}", [link])
