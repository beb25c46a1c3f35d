"""Fills a lab's database with many images at once, past the server: for benchmarks only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.omero.model import ENTITIES, Entity
from lab.omero.repository.rows import repository_uuid
from lab.omero.store import Row, Store, values_table
from lab.omero.work import now


@dataclass(frozen=True)
class Bulk:
    """The ids of what was made; images, filesets and files in the same order."""

    images: range
    filesets: range
    files: range


Pairs = Sequence[tuple[str, str]]


class Bulkloader:
    """Writes rows of one user in one group, each call under one event; the event log stays as it is."""

    def __init__(self, state: Path, user: str, group: str) -> None:
        self._store = Store(state / "omero.db")
        store = self._store
        self._owner = store.run('select id from "experimenter" where "omeName" = ?', [user])[0][0]
        self._group = store.run('select id from "experimentergroup" where name = ?', [group])[0][0]

    def load(self, paths: Sequence[str], dataset: int | None) -> Bulk:
        """Make a fileset of one file and one image for each client path, in a dataset if one is given."""
        with self._store.transaction():
            owned = self._owned()
            hasher = self._value("checksumalgorithm", "File-Size-64")
            common = owned | {"repo": repository_uuid(self._store), "hasher": hasher, "size": 1, "path": "bulk/"}
            names = [path.rpartition("/")[2] for path in paths]
            files = self._insert("OriginalFile", ({**common, "name": name} for name in names))
            filesets = self._insert("Fileset", ({**owned, "templatePrefix": "bulk/"} for _ in names))
            self._insert(
                "FilesetEntry",
                (
                    {**owned, "fileset": fileset, "originalFile": file, "clientPath": path, "fileset_index": 0}
                    for fileset, file, path in zip(filesets, files, paths, strict=True)
                ),
            )
            images = self._insert(
                "Image",
                (
                    {**owned, "fileset": fileset, "name": name, "series": 0}
                    for fileset, name in zip(filesets, names, strict=True)
                ),
            )
            self._pixels(images, owned)
            if dataset is not None:
                self._insert("DatasetImageLink", ({**owned, "parent": dataset, "child": image} for image in images))
        return Bulk(images, filesets, files)

    def load_fileset(self, folder: str, files: Mapping[str, tuple[int, str]]) -> int:
        """Make one fileset with one image, of files that are in a folder of the repository; return its id.

        Args:
            folder: Its path below the repository, with a slash at its end.
            files: For each name, which is also the client path, the size and the SHA-1 in hexadecimal digits.
        """
        with self._store.transaction():
            owned = self._owned()
            hasher = self._value("checksumalgorithm", "SHA1-160")
            common = owned | {"repo": repository_uuid(self._store), "hasher": hasher, "path": folder}
            known = ({**common, "name": name, "size": size, "hash": sha1} for name, (size, sha1) in files.items())
            rows = self._insert("OriginalFile", known)
            (fileset,) = self._insert("Fileset", [{**owned, "templatePrefix": folder}])
            entries = enumerate(zip(rows, files, strict=True))
            self._insert(
                "FilesetEntry",
                (
                    {**owned, "fileset": fileset, "originalFile": row, "clientPath": name, "fileset_index": place}
                    for place, (row, name) in entries
                ),
            )
            images = self._insert("Image", [{**owned, "fileset": fileset, "name": next(iter(files)), "series": 0}])
            self._pixels(images, owned)
        return fileset

    def tag(self, images: Sequence[int], tags: Sequence[int]) -> None:
        """Put tags that exist on images."""
        with self._store.transaction():
            for tag in tags:
                self._link(images, [tag] * len(images), self._owned())

    def write_key_values(self, namespace: str, pairs: Mapping[int, Pairs]) -> None:
        """Give each image an annotation of its own with key-value pairs."""
        with self._store.transaction():
            owned = self._owned()
            made = self._insert("MapAnnotation", ({**owned, "ns": namespace} for _ in pairs))
            self._store.run_many(
                f"insert into {values_table(ENTITIES['MapAnnotation'], 'mapValue')} values (?, ?, ?, ?)",
                (
                    (annotation, place, name, value)
                    for annotation, of_image in zip(made, pairs.values(), strict=True)
                    for place, (name, value) in enumerate(of_image)
                ),
            )
            self._link(list(pairs), made, owned)

    def close(self) -> None:
        """Let go of the database, after taking stock for the planner of queries."""
        self._store.run("analyze")
        self._store.close()

    def _link(self, images: Sequence[int], annotations: Sequence[int], owned: Row) -> None:
        links = zip(images, annotations, strict=True)
        self._insert("ImageAnnotationLink", ({**owned, "parent": image, "child": child} for image, child in links))

    def _pixels(self, images: range, owned: Row) -> None:
        sizes = {f"size{axis}": 1 for axis in "XYZCT"}
        kind, order = self._value("pixelstype", "uint8"), self._value("dimensionorder", "XYZCT")
        common = {**owned, **sizes, "pixelsType": kind, "dimensionOrder": order, "sha1": "Pending..."}
        self._insert("Pixels", ({**common, "image": image} for image in images))

    def _value(self, table: str, value: str) -> int:
        return int(self._store.run(f'select id from "{table}" where value = ?', [value])[0][0])

    def _owned(self) -> Row:
        """Who owns what is written, under a new event."""
        session = self._store.run('select max(id) from "session"')[0][0]
        row = {"time": now(), "experimenter": self._owner, "experimenterGroup": self._group, "session": session}
        event = self._store.insert(ENTITIES["Event"], {**row, "type": self._value("eventtype", "User")})
        return {"owner_id": self._owner, "group_id": self._group, "creation_id": event, "update_id": event}

    def _insert(self, name: str, rows: Iterable[dict[str, Any]]) -> range:
        entity: Entity = ENTITIES[name]
        first = (self._store.run(f"select max(id) from {entity.table}")[0][0] or 0) + 1
        kind = {"kind": name} if entity.has_kinds else {}
        listed = [{**kind, **row} for row in rows]
        columns = ["id", "version", *listed[0]]
        quoted, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
        values = ([first + place, 0, *row.values()] for place, row in enumerate(listed))
        self._store.run_many(f"insert into {entity.table} ({quoted}) values ({marks})", values)
        return range(first, first + len(listed))
