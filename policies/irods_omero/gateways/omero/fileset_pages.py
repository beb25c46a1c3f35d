"""Filesets by their client paths: all of a zone in pages, so that memory does not grow, and those of some units."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from irods_omero.domain.state.unit import ImportKey, parse_import_key, zone_prefix
from irods_omero.gateways.batches import BATCH, in_batches
from irods_omero.gateways.omero.session import OmeroSession, Values
from irods_omero.vocabulary import KEY_NAMESPACE

PAGE = 5 * BATCH
"""Number of fileset ids that one query covers."""


TAKEN_IN = (
    "select f.id, a.textValue from FilesetAnnotationLink l join l.parent f, CommentAnnotation a where "
    "l.child.id = a.id and a.ns = :ns and f.id > :low and f.id <= :high and l.details.owner.id = f.details.owner.id"
)
"""Filesets with the keys that they were given when they were taken into iRODS."""


def last_fileset(session: OmeroSession) -> int:
    """The greatest id of a fileset, 0 if there are none."""
    rows = session.rows("listing filesets", "select max(f.id) from Fileset f", {})
    return int(rows[0][0] or 0) if rows else 0


def fileset_pages(session: OmeroSession, zone: str) -> Iterator[dict[int, int]]:
    """For each fileset that was imported from the zone of this name in keys the id of its data object, in pages."""
    for page in keys_below(session, zone_prefix(zone)):
        yield {fileset: key.data_id for fileset, key in page.items()}


def keys_below(session: OmeroSession, prefix: str) -> Iterator[dict[int, ImportKey]]:
    """For each fileset of which the first client path starts with a prefix what the key in it names, in pages."""
    last = last_fileset(session)
    text = (
        "select f.id, e.clientPath from Fileset f join f.usedFiles e where f.id > :low and f.id <= :high "
        "and index(e) = 0 and e.clientPath like :pattern"
    )
    for low in range(0, last, PAGE):
        values: Values = {"low": low, "high": low + PAGE, "pattern": prefix + "%"}
        paths = session.rows("listing filesets", text, values)
        taken: Values = {"low": low, "high": low + PAGE, "ns": KEY_NAMESPACE}
        paths += session.rows("listing filesets that were taken in", TAKEN_IN, taken)
        keys = ((row[0], parse_import_key(row[1])) for row in paths if (row[1] or "").startswith(prefix))
        page = {int(fileset): key for fileset, key in keys if key is not None}
        if page:
            yield page


def filesets_below(session: OmeroSession, prefixes: Iterable[str]) -> dict[int, str]:
    """The filesets of which the first client path starts with one of these, each with that path.

    One query for a thousand prefixes of the same length, which those of most units have.
    """
    by_length: dict[int, list[str]] = defaultdict(list)
    for prefix in sorted(set(prefixes)):
        by_length[len(prefix)].append(prefix)
    paths: dict[int, str] = {}
    for length, alike in by_length.items():
        text = (
            "select f.id, e.clientPath from Fileset f join f.usedFiles e "
            f"where index(e) = 0 and substring(e.clientPath, 1, {length}) in (:prefixes) order by f.id"
        )
        for chunk in in_batches(alike):
            for fileset, path in session.rows("looking for filesets of units", text, {"prefixes": chunk}):
                paths.setdefault(int(fileset), path)
    return paths
