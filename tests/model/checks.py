"""Looks at both sides with plain clients, and says what is not as it must be."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

import irods.keywords as kw
from irods.column import Like
from irods.models import Collection, CollectionMeta, DataObject, DataObjectMeta

from irods_omero.vocabulary import REQUEST_NAMESPACE, TIER_NAMESPACE
from tests.faults.end_state import query
from tests.model.keywords import KINDS_OF_KEYWORDS
from tests.model.reference import Thing
from tests.scene import Scene, Snapshot
from tests.scene.accounts import ARCHIVE, FAST
from tests.scene.snapshot import ImageShown, image_shown

AS_ADMIN = {kw.ADMIN_KW: ""}
UNDONE = "%/omero-first/omero/%"
"""What agents have not taken in yet."""


def wrong(scene: Scene, things: list[Thing], removed: set[int]) -> list[str]:
    """All that is wrong."""
    complaints = [f"{thing}: {text}" for thing in things for text in _wrong_with(scene, thing)]
    return [*complaints, *_wrong_filesets(scene), *_wrong_orphans(scene, removed)]


def wrong_intake(scene: Scene, brought: Mapping[int, bytes]) -> Iterator[str]:
    """What is wrong with what other clients imported: each is one data object, with the same bytes."""
    columns = (Collection.name, DataObject.name, DataObjectMeta.value)
    rows = scene.admin.query(*columns).filter(DataObjectMeta.name == "omero::fileset")
    places: dict[int, list[str]] = defaultdict(list)
    for row in rows:
        places[int(row[DataObjectMeta.value])].append(f"{row[Collection.name]}/{row[DataObject.name]}")
    for fileset, content in brought.items():
        if len(places[fileset]) != 1:
            yield f"fileset {fileset} is in {places[fileset]}"
            continue
        (path,) = places[fileset]
        with scene.admin.data_objects.open(path, "r", **AS_ADMIN) as stream:
            if stream.read() != content:
                yield f"{path} has other bytes than fileset {fileset}"
        for (image,) in query(scene, "select i.id from Image i where i.fileset.id = :id", id=fileset):
            if image_shown(scene.root, image).texts != {"registered", "tier:fast"}:
                yield f"fileset {fileset} shows {image_shown(scene.root, image)}"
    left = [row[Collection.name] for row in scene.admin.query(Collection.name).filter(Like(Collection.name, UNDONE))]
    yield from (f"not done: {path}" for path in left)


def on_collections(scene: Scene, attribute: str) -> dict[str, set[str]]:
    """The values of an attribute that collections in the scene's own have, by their paths."""
    columns, values = (Collection.name, CollectionMeta.value), defaultdict[str, set[str]](set)
    rows = scene.admin.query(*columns).filter(CollectionMeta.name == attribute)
    for row in rows.filter(Like(Collection.name, f"{scene.collection}/%")):
        values[row[Collection.name]].add(row[CollectionMeta.value])
    return values


def _wrong_with(scene: Scene, thing: Thing) -> Iterator[str]:
    shown = scene.shown(thing.path)
    if shown.values("omero::sync"):
        yield "a mark is left"
    filesets = shown.values("omero::fileset")
    if len(filesets) > 1:
        yield f"several filesets: {filesets}"
    elif filesets:
        yield from _wrong_images(scene, thing, shown, int(filesets[0]))
    elif shown.values("omero::image") or shown.values("omero::url"):
        yield "images without a fileset"
    elif _must_have_images(thing, shown):
        yield "not imported"
    yield from _wrong_in_zone(thing, shown)


def _must_have_images(thing: Thing, shown: Snapshot) -> bool:
    is_readable = thing.is_picture and shown.resources == (FAST,)
    return is_readable and not thing.in_trash and thing.deleted != thing.version


def _wrong_in_zone(thing: Thing, shown: Snapshot) -> Iterator[str]:
    keywords = {value for kind in KINDS_OF_KEYWORDS for value in shown.values(kind.avu)}
    requests = shown.values("omero::request")
    if lost := thing.sure - keywords:
        yield f"lost AVUs {lost}"
    if back := thing.banned & keywords:
        yield f"AVUs that came back {back}"
    if requests not in ([], ["keep"]) and not (thing.in_trash and not shown.values("omero::agreement")):
        yield f"neither served nor refused: {requests}"
    if thing.keeps is not None and thing.keeps != (requests == ["keep"]):
        yield f"keep is {requests}, not {thing.keeps}"


def _wrong_images(scene: Scene, thing: Thing, shown: Snapshot, fileset: int) -> Iterator[str]:
    owned = _filesets_of(scene, thing.data_id)
    if fileset not in owned:
        return (yield f"fileset {fileset} is not among {owned}")
    images = _images(scene, fileset)
    if [str(image.id) for image in images] != shown.values("omero::image"):
        yield f"images {images}"
    for image in images:
        yield from _wrong_image(thing, shown, image)
    size = scene.admin.data_objects.get(thing.path).size
    is_current = f"/{size}-" in owned[fileset]
    if not is_current and _must_have_images(thing, shown):
        yield f"the images are of another content: {owned[fileset]}"
    for other in set(owned) - {fileset}:
        for image in _images(scene, other):
            ours = {text for namespace, text in image.tags if namespace in (TIER_NAMESPACE, REQUEST_NAMESPACE)}
            if ours != {"superseded"} or image.pairs:
                yield f"an earlier image says {image}"


def _wrong_image(thing: Thing, shown: Snapshot, image: ImageShown) -> Iterator[str]:
    tags = {space: {text for namespace, text in image.tags if namespace == space} for space, _ in image.tags}
    (resource,) = shown.resources
    if tags.get(TIER_NAMESPACE) != {"registered", f"tier:{resource}"} or image.archived != (resource == ARCHIVE):
        yield f"on {resource}, but {image}"
    if tags.get(REQUEST_NAMESPACE, set()) != set(shown.values("omero::request")):
        yield f"requests: {tags.get(REQUEST_NAMESPACE)} in OMERO, {shown.values('omero::request')} in the zone"
    for kind in KINDS_OF_KEYWORDS:
        if kind.shown(image) != shown.values(kind.avu):
            yield f"{kind.avu}: {kind.shown(image)} in OMERO, {shown.values(kind.avu)} in the zone"
    pairs = dict(image.pairs)
    if pairs.get("path") != thing.path or pairs.get("tier") != resource:
        yield f"key-value pairs {pairs}"
    errors = [value for key, value in image.pairs if key == "error"]
    if sorted(errors) != shown.values("omero::error"):
        yield f"errors: {errors} in OMERO, {shown.values('omero::error')} in the zone"


def _wrong_filesets(scene: Scene) -> Iterator[str]:
    text = (
        "select e.clientPath, count(i.id) from FilesetEntry e left outer join e.fileset f left outer join f.images i "
    )
    paths = query(scene, text + "group by e.id, e.clientPath")
    yield from (f"a fileset without images: {path}" for path, images in paths if not images)
    firsts = query(scene, "select e.clientPath from Fileset f join f.usedFiles e where index(e) = 0")
    keys = Counter(tuple(path.split("/")[:4]) for (path,) in firsts if path.startswith("irods/"))
    yield from (f"imported {count} times: {key}" for key, count in keys.items() if count > 1)


def _wrong_orphans(scene: Scene, removed: set[int]) -> Iterator[str]:
    for data_id in removed:
        for fileset in _filesets_of(scene, data_id):
            for image in _images(scene, fileset):
                if image.texts & {"registered", "tier:fast", "tier:archive", "archive", "restage", "keep"}:
                    yield f"the data object {data_id} is gone, but {image}"


def _filesets_of(scene: Scene, data_id: int) -> dict[int, str]:
    """The filesets that were imported for a data object, with their client paths."""
    text = "select e.fileset.id, e.clientPath from FilesetEntry e where e.clientPath like :pattern"
    return {row[0]: row[1] for row in query(scene, text, pattern=f"irods/{scene.zone.zone}@________/{data_id}/%")}


def _images(scene: Scene, fileset: int) -> list[ImageShown]:
    rows = query(scene, "select i.id from Image i where i.fileset.id = :id order by i.id", id=fileset)
    return [image_shown(scene.root, row[0]) for row in rows]
