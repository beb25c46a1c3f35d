"""Images and bytes by group, tier and month, added up by OMERO: a few queries, whatever the number of images.

The tier is that of the tags, which the agent keeps: of all zones that have their images in this OMERO. Images of plates
carry no tags of their own, their plates do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from irods_omero.domain.state.counts import ImageCount, TierCount
from irods_omero.gateways.batches import in_batches
from irods_omero.gateways.omero.session import OmeroSession, Values
from irods_omero.vocabulary import TIER_NAMESPACE, TIER_TAG_PREFIX

DOING = "adding up images"

TAGGED: Values = {"ns": TIER_NAMESPACE, "texts": f"{TIER_TAG_PREFIX}%"}

CountKey = tuple[int, str, str]
"""What is counted together: id of a group, text of a tag, month."""


def count_images(session: OmeroSession) -> list[ImageCount]:
    """Images, filesets and bytes of each group, tier, and month of import; sorted."""
    images = _images(session, "i")
    files = _files(session, sorted({text for _, text, _ in images}))
    return joined(images, files, _group_names(session, {group for group, _, _ in {*images, *files}}))


def joined(
    images: Mapping[CountKey, int], files: Mapping[CountKey, tuple[int, int]], groups: Mapping[int, str]
) -> list[ImageCount]:
    """Images, and filesets with their bytes, of each group, tier and month; sorted.

    An import across the end of a month has its fileset in the one and images in the other: nothing of it is left out.
    """
    return sorted(
        ImageCount(
            groups.get(group, str(group)),
            _tier(text),
            month,
            images.get((group, text, month), 0),
            *files.get((group, text, month), (0, 0)),
        )
        for group, text, month in {*images, *files}
    )


def count_since(session: OmeroSession) -> list[TierCount]:
    """Since which month images are on the tier where they are; sorted. Earlier movements OMERO does not know."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    for (_, text, month), count in _images(session, "l").items():
        counts[_tier(text), month] += count
    return sorted(TierCount(*key, count) for key, count in counts.items())


def _images(session: OmeroSession, made: str) -> dict[CountKey, int]:
    """Images by the month in which they were made, ``i``, or in which the tag was put on them, ``l``."""
    of_images = (
        "select i.details.group.id, t.textValue, year(v.time), month(v.time), count(distinct i.id) "
        "from ImageAnnotationLink l join l.parent i, TagAnnotation t, Event v "
        f"where v.id = {made}.details.creationEvent.id and l.child.id = t.id and t.ns = :ns "
        "and t.textValue like :texts group by i.details.group.id, t.textValue, year(v.time), month(v.time)"
    )
    of_plates = (
        "select i.details.group.id, t.textValue, year(v.time), month(v.time), count(distinct i.id) "
        "from PlateAnnotationLink l, TagAnnotation t, WellSample s join s.image i join s.well w, Event v "
        f"where v.id = {made}.details.creationEvent.id and l.child.id = t.id and w.plate.id = l.parent.id "
        "and t.ns = :ns and t.textValue like :texts "
        "group by i.details.group.id, t.textValue, year(v.time), month(v.time)"
    )
    counts: dict[CountKey, int] = defaultdict(int)
    for text in (of_images, of_plates):
        for group, tag, year, month, count in session.rows(DOING, text, TAGGED):
            counts[int(group), tag, _month(year, month)] += int(count)
    return counts


def _files(session: OmeroSession, tags: Iterable[str]) -> dict[CountKey, tuple[int, int]]:
    """Filesets and their bytes. One query for each tag: joined with the tag, a file would count once for each image."""
    of_images = (
        "select f.details.group.id, year(v.time), month(v.time), count(distinct f.id), sum(o.size) "
        "from FilesetEntry e join e.originalFile o join e.fileset f join f.details.creationEvent v "
        "where exists (select l.id from ImageAnnotationLink l, TagAnnotation t "
        "where l.child.id = t.id and t.ns = :ns and t.textValue = :text and l.parent.fileset.id = f.id) "
        "group by f.details.group.id, year(v.time), month(v.time)"
    )
    of_plates = (
        "select f.details.group.id, year(v.time), month(v.time), count(distinct f.id), sum(o.size) "
        "from FilesetEntry e join e.originalFile o join e.fileset f join f.details.creationEvent v "
        "where exists (select l.id from PlateAnnotationLink l, TagAnnotation t, WellSample s join s.image i "
        "join s.well w where l.child.id = t.id and t.ns = :ns and t.textValue = :text and w.plate.id = l.parent.id "
        "and i.fileset.id = f.id) group by f.details.group.id, year(v.time), month(v.time)"
    )
    counts: dict[CountKey, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for tag in tags:
        for text in (of_images, of_plates):
            for group, year, month, filesets, size in session.rows(DOING, text, {"ns": TIER_NAMESPACE, "text": tag}):
                key = int(group), tag, _month(year, month)
                counts[key] = counts[key][0] + int(filesets), counts[key][1] + int(size or 0)
    return counts


def _group_names(session: OmeroSession, groups: Iterable[int]) -> dict[int, str]:
    text = "select g.id, g.name from ExperimenterGroup g where g.id in (:ids)"
    chunks = in_batches(sorted(groups))
    return {int(id_): str(name) for ids in chunks for id_, name in session.rows(DOING, text, {"ids": ids})}


def _tier(text: str) -> str:
    return text.removeprefix(TIER_TAG_PREFIX)


def _month(year: int, month: int) -> str:
    return f"{year:04d}-{month:02d}"
