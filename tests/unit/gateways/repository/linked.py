"""A copy in OMERO's repository, and files in a vault to which a link may lead in its place."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from irods_omero.domain.state.one_copy.managed_files import LINK, ManagedFile
from irods_omero.gateways.repository.copies import check
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.repository.linking import LinkTarget, compared, make_link, reader_of
from irods_omero.gateways.repository.vault import Vault
from tests.linking_places import own_by_omero
from tests.unit.gateways.repository.managed import BYTES, FOLDER, PATH, managed, seen

LOGICAL = "/tempZone/home/alice/cells.tiff"


class Linkable:
    """A repository with a copy, and a vault with two files of the same bytes, as iRODS would have made them."""

    def __init__(self, state: Path) -> None:
        self.vault = Vault(str(state / "vault"))
        root = state / "repository"
        (root / FOLDER).mkdir(parents=True)
        own_by_omero(root)
        self.repository, self.place = Repository(str(root)), root / PATH
        self.place.write_bytes(BYTES)
        self.file, self.second = self.made(), self.made(drawn="15/7")

    def made(self, content: bytes = BYTES, drawn: str = "3/11") -> Path:
        """A file in the vault, whose path is of a time that has gone by."""
        path = Path(self.vault.path, "alice", drawn, f"cells.tiff.{int(time.time()) - 10}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        path.chmod(0o444)
        return path

    def target(self, file: Path | None = None) -> LinkTarget:
        names = (file or self.file).relative_to(self.vault.path).parts
        return LinkTarget(self.vault, names, LOGICAL)

    def why_not(self, file: Path | None = None) -> str:
        """Why no link may lead to a file."""
        return self.vault.why_not_linked(self.target(file).names, LOGICAL, reader_of(self.repository))

    def managed(self) -> ManagedFile:
        """The file as an agent sees it, who knows his own links."""
        disk = seen(self.repository)
        return replace(managed(), disk=replace(disk, state=LINK, what="") if disk.target else disk)

    def link(self, file: Path | None = None) -> None:
        """All of it, as an agent does it."""
        known, target = self.managed(), compared(self.repository, managed(), self.target(file), lambda _: None)
        assert target is not None
        make_link(self.repository, known, target, check(self.repository, known))

    def names(self) -> list[str]:
        return sorted(each.name for each in self.place.parent.iterdir())
