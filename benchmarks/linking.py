"""How fast links are made anew where data has moved, against giving as many links another name, which is the least.

Each is made as an agent makes it: the file is opened and compared with OMERO's hash, all conditions are looked at
twice, and the link is on disk before the next one. What the agent asks both servers comes on top. It takes root.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.table import Table

from benchmarks.shown import Figures, run
from irods_omero.domain.state.one_copy.managed_files import LINK, ManagedFile, OnDisk
from irods_omero.gateways.repository.copies import check
from irods_omero.gateways.repository.directory import Repository
from irods_omero.gateways.repository.linking import LinkTarget, compared, make_link
from irods_omero.gateways.repository.vault import Vault
from tests.linking_places import linking_state, own_by_omero

LINKS, QUICK_LINKS = 5000, 300
CONTENT = bytes(20_000)
LEAST = 10_000
"""Links a minute of one core's time."""


class Links:
    """A repository whose places lead into a vault, in which the data has moved."""

    def __init__(self, directory: Path, count: int) -> None:
        root, self._vault = directory / "repository", Vault(str(directory / "vault"))
        root.mkdir()
        own_by_omero(root)
        self._repository, self._root = Repository(str(root)), root
        digest = hashlib.sha1(CONTENT).hexdigest()
        self._files = [self._linked(number, digest) for number in range(count)]
        self._targets = [self._made(number, 2) for number in range(count)]

    def _made(self, number: int, drawn: int) -> Path:
        path = Path(self._vault.path, "alice", f"{drawn}", f"{number % 16}", f"{number}.tiff.1700000000")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)
        path.chmod(0o444)
        return path

    def _linked(self, number: int, digest: str) -> ManagedFile:
        target = self._made(number, 1)
        (self._root / f"{number}").symlink_to(target)
        disk = OnDisk(LINK, readable=True, target=str(target))
        return ManagedFile(number, f"{number}", len(CONTENT), digest, "SHA1-160", None, "", disk)

    def remake(self) -> None:
        """Have each lead to where its data is now."""
        for file, path in zip(self._files, self._targets, strict=True):
            names = path.relative_to(self._vault.path).parts
            target = compared(self._repository, file, LinkTarget(self._vault, names, "/z/a.tiff"), lambda _: None)
            assert target is not None
            make_link(self._repository, file, target, check(self._repository, file))
        assert (self._root / "0").readlink() == self._targets[0]

    def replace(self) -> None:
        """Make as many links plainly, and rename each over the one that is there."""
        for file, path in zip(self._files, self._targets, strict=True):
            new = self._root / f"{file.path} new"
            new.symlink_to(path)
            new.replace(self._root / file.path)


def measure(quick: bool) -> Figures:
    """The figures of both."""
    count = QUICK_LINKS if quick else LINKS
    with linking_state() as state:
        links = Links(state, count)
        used = time.process_time()
        remade = timed(links.remake)
        used = time.process_time() - used
        replaced = timed(links.replace)
    return {
        "links": count,
        "made anew a minute": round(count / remade * 60),
        "made anew a minute of one core": round(count / used * 60),
        "plainly replaced a minute": round(count / replaced * 60),
    }


def timed(work: Callable[[], None]) -> float:
    """How many seconds something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def show(figures: Figures) -> Iterator[Table | str]:
    """A sentence."""
    remade, replaced = figures["made anew a minute"], figures["plainly replaced a minute"]
    yield f"Of {figures['links']:,} links {remade:,} were made anew a minute, {remade / replaced:.3f} of the plain way."
    core = figures["made anew a minute of one core"]
    yield f"The rest is waiting for the disk: one core is good for {core:,} a minute, {core / replaced:.3f} of it."


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    core = figures["made anew a minute of one core"]
    if core < LEAST:
        yield f"links made anew a minute of one core: {core:,}, and not {LEAST:,}"


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
