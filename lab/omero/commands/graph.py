"""Works out what is deleted together with an object: the rules of OMERO's graph, for what the lab keeps."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

from lab.omero import permissions
from lab.omero.commands.rules import CONTAINERS, PARTS, SHARED, UNCHECKED, WITH_OWNER, Key
from lab.omero.model import ENTITIES, Entity
from lab.omero.store import Row
from lab.omero.work import Work


class UnreadableError(Exception):
    """Targets that cannot be read."""


class Plan:
    """One deletion: first planned, then executed."""

    def __init__(self, work: Work, options: list[Any]) -> None:
        self.work = work
        self._excluded = {name for option in options for name in option.excludeType or []}
        self._included = {name for option in options for name in option.includeType or []}
        self.doomed: dict[Key, Row] = {}
        self._queue: list[tuple[Entity, Row]] = []
        self._considered: dict[Key, Row] = {}

    def make(self, targets: set[Key]) -> None:
        """Find everything that goes with the targets.

        Raises:
            UnreadableError: Some of the targets are not there, or not for the caller.
        """
        wanted: dict[str, list[int]] = defaultdict(list)
        for name, identity in targets:
            wanted[name].append(identity)
        for name, identities in wanted.items():
            entity = ENTITIES[name]
            rows = [row for row in self.work.store.rows(entity, "id", identities) if self._readable(entity, row)]
            if len(rows) != len(identities):
                raise UnreadableError(f"cannot read all the specified objects of class {entity.java}")
            for row in rows:
                self._doom(entity, row)
        while self._queue:
            self._follow()
            self._settle_filesets()
            self._doom_orphans()

    def deleted(self) -> dict[str, list[int]]:
        """Return the ids of what goes, by Java class."""
        ids_by_class: dict[str, list[int]] = defaultdict(list)
        for (root, identity), row in self.doomed.items():
            ids_by_class[ENTITIES[row.get("kind", root)].java].append(identity)
        return {name: sorted(identities) for name, identities in ids_by_class.items()}

    def execute(self, repository: Path) -> list[Path]:
        """Delete the rows; return the files that are to go when that is settled."""
        files = [
            repository / row["path"].lstrip("/") / row["name"]
            for (root, _), row in self.doomed.items()
            if root == "OriginalFile" and row["mimetype"] != "Directory" and row["repo"]
        ]
        by_kind: dict[str, list[int]] = defaultdict(list)
        for (root, identity), row in self.doomed.items():
            by_kind[row.get("kind", root)].append(identity)
        for name, identities in by_kind.items():
            self.work.store.delete(ENTITIES[name], identities)
            self.work.log("DELETE", ENTITIES[name], identities)
            if name.endswith("AnnotationLink"):
                self.work.touch(ENTITIES[name], [self.doomed[name, identity]["parent"] for identity in identities])
        return files

    def _readable(self, entity: Entity, row: Row) -> bool:
        condition = permissions.visible(self.work.caller, entity, "t")
        if not condition:
            return True
        return bool(self.work.store.run(f"select 1 from {entity.table} t where id = ? and {condition}", [row["id"]]))

    def _doom(self, entity: Entity, row: Row) -> None:
        key = (entity.root.name, row["id"])
        if key not in self.doomed:
            self.doomed[key] = row
            self._considered.pop(key, None)
            self._queue.append((ENTITIES[row.get("kind", entity.name)], row))

    def rows(self, name: str, column: str, identities: list[int]) -> list[Row]:
        """Return the rows that refer to some objects."""
        return self.work.store.rows(ENTITIES[name], column, identities)

    def _follow(self) -> None:
        """Doom what belongs to the doomed, and consider what they share with others."""
        while self._queue:
            by_entity: dict[str, list[Row]] = defaultdict(list)
            for entity, row in self._queue:
                by_entity[entity.name].append(row)
            self._queue.clear()
            for name, rows in by_entity.items():
                entity = ENTITIES[name]
                self._parts(entity, rows)
                self._links(entity, rows)
                for owner, field in SHARED:
                    if owner == name:
                        for row in rows:
                            self._consider(entity.fields[field].target, row[field], row)
                if name.endswith("AnnotationLink"):
                    self._annotations(rows, {})

    def _parts(self, entity: Entity, rows: list[Row]) -> None:
        identities = [row["id"] for row in rows]
        for owner, name, field in PARTS:
            if owner in (entity.name, entity.root.name):
                for row in self.rows(name, field, identities):
                    self._doom(ENTITIES[name], row)

    def _links(self, entity: Entity, rows: list[Row]) -> None:
        by_id = {row["id"]: row for row in rows}
        for link in ENTITIES.values():
            if not (link.is_link and link.name.endswith(("AnnotationLink", *CONTAINERS))):
                continue
            if link.fields["parent"].target == entity.root.name:
                link_rows = self.rows(link.name, "parent", list(by_id))
                for row in link_rows:
                    self._doom(link, row)
                if link.name.endswith("AnnotationLink"):
                    self._annotations(link_rows, by_id)
            if link.fields["child"].target == entity.root.name:
                for row in self.rows(link.name, "child", list(by_id)):
                    self._doom(link, row)

    def _annotations(self, links: list[Row], parents: dict[int, Row]) -> None:
        """Consider the annotations of links that go: tags and files only with an object of their own owner."""
        children = self.rows("Annotation", "id", list({link["child"] for link in links}))
        by_id = {row["id"]: row for row in children}
        for link in links:
            row = by_id.get(link["child"])
            if row is None:
                continue
            parent = parents.get(link["parent"])
            if row["kind"] in WITH_OWNER and (parent is None or parent["owner_id"] != row["owner_id"]):
                continue
            self._consider_row("Annotation", row)

    def _consider(self, target: str, identity: int | None, owner: Row) -> None:
        if identity is None:
            return
        row = self.work.store.row(ENTITIES[target], identity)
        if row is None or (target == "OriginalFile" and "child" in owner and row["owner_id"] != owner["owner_id"]):
            return
        if target in ("Job",):
            self._doom(ENTITIES[target], row)
        else:
            self._consider_row(target, row)

    def _consider_row(self, root: str, row: Row) -> None:
        kind = row.get("kind", root)
        key = (root, row["id"])
        if key in self.doomed or (kind in self._excluded or self._bases(kind) & self._excluded):
            return
        if kind in UNCHECKED or "delete" in permissions.allowed(self.work.caller, ENTITIES[kind], row):
            self._considered[key] = row

    @staticmethod
    def _bases(kind: str) -> set[str]:
        bases = set()
        base = ENTITIES[kind].base
        while base:
            bases.add(base)
            base = ENTITIES[base].base
        return bases

    def _settle_filesets(self) -> None:
        """Doom filesets of which every image is doomed."""
        for fileset in {row["fileset"] for (root, _), row in self.doomed.items() if root == "Image"} - {None}:
            images = self.rows("Image", "fileset", [fileset])
            if all(("Image", row["id"]) in self.doomed for row in images):
                row = self.work.store.row(ENTITIES["Fileset"], fileset)
                if row is not None:
                    self._doom(ENTITIES["Fileset"], row)

    def _doom_orphans(self) -> None:
        free = {key for key, row in self._considered.items() if self._wanted(row, key) or not self._attached(key)}
        for root, identity in sorted(free):
            row = self._considered.get((root, identity))
            if row is None or (root == "Image" and not self._wholly_free(row, free)):
                continue
            self._doom(ENTITIES[root], row)

    def _wanted(self, row: Row, key: Key) -> bool:
        return row.get("kind", key[0]) in self._included

    def _attached(self, key: Key) -> bool:
        """Tell whether something that stays refers to an object."""
        root, identity = key
        for entity in ENTITIES.values():
            if entity.base:
                continue
            for name, field in entity.fields.items():
                if field.kind != "reference" or field.target != root or not self._holds(entity, name, root):
                    continue
                if any(
                    (entity.root.name, row["id"]) not in self.doomed for row in self.rows(entity.name, name, [identity])
                ):
                    return True
        return False

    @staticmethod
    def _holds(entity: Entity, field: str, root: str) -> bool:
        if root == "Annotation":
            return entity.name.endswith("AnnotationLink") and field == "child"
        return (entity.name, field) in SHARED or (entity.root.name, field) == ("Annotation", "file")

    def _wholly_free(self, image: Row, free: set[Key]) -> bool:
        """Tell whether an image's siblings in its fileset go as well."""
        if image["fileset"] is None:
            return True
        siblings = {("Image", row["id"]) for row in self.rows("Image", "fileset", [image["fileset"]])}
        return siblings <= free | set(self.doomed)
