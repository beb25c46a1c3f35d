"""Filesets of many files, and a file that no memory holds, taken into iRODS: how long that takes, and what memory.

The large file is simulated: it is all zeros, which lie on neither disk, and are sent and hashed as any bytes. What is
taken does not depend on bytes at all, and on the number of files by what has to be known of each.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.table import Table

from benchmarks.intake import take
from benchmarks.memory import noted_growth
from benchmarks.shown import Figures, run, table
from tests.scene import Scene, lab_places
from tests.scene.accounts import FAST, GROUP, USER

FILES, QUICK_FILES = (1_000, 10_000), (50, 200)
MEGABYTES, QUICK_MEGABYTES = 10_000, 1_000
CONTENT = b"a slice of a stack\n"
CHUNK = 1_000_000

FLAT_MB = 48
"""Memory that a file may take at most, whatever its size."""

KB_A_FILE = 6
"""Memory that each file of a fileset may take at most."""

Files = Mapping[str, tuple[int, str]]


def measure(quick: bool) -> Figures:
    """Filesets of two sizes, and one large file."""
    with tempfile.TemporaryDirectory() as folder:
        policy_file = Path(folder) / "omero_policy.json"
        with lab_places(policy_file) as (zone, server), Scene(zone, server, policy_file, "benchmark") as scene:
            rule = {"groups": [GROUP], "to": f"{scene.collection}/{{fileset}}", "resource": FAST, "share": False}
            scene.settings = scene.with_settings(omero_first=[rule], imports={"settle_seconds": 0})
            scene.user.collections.create(scene.collection)
            filesets = [measure_one(scene, many(scene, count)) for count in (QUICK_FILES if quick else FILES)]
            large = measure_one(scene, of_zeros(scene, QUICK_MEGABYTES if quick else MEGABYTES))
    return {"filesets": filesets, "large": large}


def measure_one(scene: Scene, files: tuple[str, Files]) -> Figures:
    """Take one fileset in; its number of files, its bytes, seconds and memory."""
    lab = scene.omero.lab
    assert lab is not None
    folder, known = files
    with lab.bulk(USER, GROUP) as loader:
        fileset = loader.load_fileset(folder, known)
    grown = list[float]()
    with noted_growth(grown):
        seconds = take(scene, fileset)
    size = sum(bytes_of_file for bytes_of_file, _ in known.values())
    return {"files": len(known), "megabytes": size / 1_000_000, "seconds": seconds, "memory, megabytes": grown[0]}


def many(scene: Scene, count: int) -> tuple[str, Files]:
    """Small files in the repository, and what OMERO would know of them."""
    folder, place = _folder(scene, f"many{count}")
    names = [f"run/z{number:05}.tif" for number in range(count)]
    (place / "run").mkdir()
    for name in names:
        (place / name).write_bytes(CONTENT)
    sha1 = hashlib.sha1(CONTENT, usedforsecurity=False).hexdigest()
    return folder, dict.fromkeys(names, (len(CONTENT), sha1))


def of_zeros(scene: Scene, megabytes: int) -> tuple[str, Files]:
    """One file of zeros in the repository, which takes no room there."""
    folder, place = _folder(scene, "large")
    with (place / "large.tif").open("wb") as file:
        file.truncate(megabytes * CHUNK)
    digest, zeros = hashlib.sha1(usedforsecurity=False), bytes(CHUNK)
    for _ in range(megabytes):
        digest.update(zeros)
    return folder, {"large.tif": (megabytes * CHUNK, digest.hexdigest())}


def _folder(scene: Scene, name: str) -> tuple[str, Path]:
    lab = scene.omero.lab
    assert lab is not None
    place = lab.repository / name
    place.mkdir(parents=True)
    return f"{name}/", place


def show(figures: Figures) -> Iterator[Table | str]:
    """A table, and a sentence."""
    all_of_them = [*figures["filesets"], figures["large"]]
    made = table("Taken into iRODS from lab servers", "", *(f"{one['files']:,} files" for one in all_of_them))
    made.add_row("megabytes", *(f"{one['megabytes']:,.0f}" for one in all_of_them))
    made.add_row("seconds", *(f"{one['seconds']:,.1f}" for one in all_of_them))
    made.add_row("memory, MB", *(f"{one['memory, megabytes']:.0f}" for one in all_of_them))
    yield made
    many_files, large = figures["filesets"][-1], figures["large"]
    yield (
        f"A fileset of {many_files['files']:,} files takes {many_files['memory, megabytes']:.0f} MB of memory and "
        f"{1000 * many_files['seconds'] / many_files['files']:.0f} ms a file; a file of {large['megabytes']:,.0f} MB "
        f"takes {large['memory, megabytes']:.0f} MB, at {large['megabytes'] / large['seconds']:.0f} MB a second."
    )


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    for one in (*figures["filesets"], figures["large"]):
        allowed = FLAT_MB + one["files"] * KB_A_FILE / 1000
        if one["memory, megabytes"] > allowed:
            used = one["memory, megabytes"]
            yield f"{used:.0f} MB of memory for {one['files']:,} files, where {allowed:.0f} are allowed"


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
