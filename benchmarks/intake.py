"""How fast files that came through OMERO first are taken into iRODS, against the plain copy by the same two clients.

The plain copy reads by a raw file store and writes by python-irodsclient, block after block, and checks nothing. The
agent also computes the hash that OMERO has noted and the checksum that iRODS will compute, has iRODS compute it, and
does all the rest: owner, rights, AVUs, agreement, key, and the move into place. The same is measured of several
filesets side by side: the workers of an agent (``imports.parallel``) against as many threads that copy plainly.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path

import numpy as np
import tifffile
from rich.table import Table

from benchmarks.memory import noted_growth
from benchmarks.shown import PLAIN, Figures, fastest, part_of_plain, rates, run, too_slow
from irods_omero.agent.omero_first.intake import INTAKE, Intake, Intakes
from irods_omero.agent.report import Report
from irods_omero.agent.workers import Job, Workers
from irods_omero.gateways.omero.sources import BLOCK, read_sources
from tests.scene import Scene, lab_places
from tests.scene.accounts import FAST, GROUP
from tests.scene.elsewhere import import_elsewhere

TAKEN_IN = "taken in"
MEGABYTES, QUICK_MEGABYTES = 512, 64
SEVERAL = 4
"""Number of filesets side by side, which have the same bytes together."""
FACTOR = 0.8
"""The agent is to reach this part of the rate of the plain copy; it does not where many others want the cores."""


def measure(quick: bool) -> Figures:
    """Both rates, of one fileset and of several, each the best of three, in turn."""
    size = QUICK_MEGABYTES if quick else MEGABYTES
    with tempfile.TemporaryDirectory() as folder:
        policy_file = Path(folder) / "omero_policy.json"
        with lab_places(policy_file) as (zone, server), Scene(zone, server, policy_file, "benchmark") as scene:
            scene.settings = scene.with_settings(omero_first=rules(scene))
            scene.user.collections.create(scene.collection)
            content = picture(size)
            plain, taken, grown_plain, grown = (list[float]() for _ in range(4))
            for number in range(3):
                fileset = import_elsewhere(scene.microscopist, scene.group_id, {"a.tif": content}, "", f"n{number}")
                with noted_growth(grown_plain):
                    plain.append(copy_plainly(scene, fileset, number))
                with noted_growth(grown):
                    taken.append(take(scene, fileset))
            several = measure_several(scene, size)
    memory = {"memory for the plain copy, megabytes": max(grown_plain), "memory, megabytes": max(grown)}
    return {"megabytes": size, **fastest({PLAIN: plain, TAKEN_IN: taken}), **memory, "several": several}


def measure_several(scene: Scene, megabytes: int) -> Figures:
    """Both rates of several filesets side by side, each the best of three, in turn."""
    content, plain, taken = picture(megabytes // SEVERAL), list[float](), list[float]()
    for turn in range(3):
        filesets = [
            import_elsewhere(scene.microscopist, scene.group_id, {"a.tif": content}, "", f"s{turn}-{number}")
            for number in range(SEVERAL)
        ]
        jobs = [partial(copy_plainly, scene, fileset, fileset * 1000) for fileset in filesets]
        plain.append(seconds_of(partial(side_by_side, jobs)))
        taken.append(take_several(scene, filesets))
    return {"megabytes": megabytes // SEVERAL * SEVERAL, "files": SEVERAL, **fastest({PLAIN: plain, TAKEN_IN: taken})}


def side_by_side(jobs: list[partial[float]]) -> None:
    """Do each in a thread of its own."""
    with ThreadPoolExecutor(len(jobs)) as threads:
        for done in [threads.submit(job) for job in jobs]:
            done.result()


def take_several(scene: Scene, filesets: list[int]) -> float:
    """Have the workers of an agent take filesets in; returns the seconds."""
    with scene.connections(omero_first=rules(scene), imports={"parallel": len(filesets)}) as connections:
        of = Intakes(time.time)
        jobs = [Job((INTAKE, fileset), partial(of.take, fileset)) for fileset in filesets]
        start = time.perf_counter()
        report = Workers(connections).work(jobs)
        seconds = time.perf_counter() - start
    if report.taken != len(filesets):
        raise AssertionError(f"{report.taken} of {len(filesets)} were taken in")
    return seconds


def seconds_of(work: Callable[[], object]) -> float:
    """How long something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def rules(scene: Scene) -> list[dict[str, object]]:
    """What says where filesets go."""
    return [{"groups": [GROUP], "to": f"{scene.collection}/{{dataset}}", "resource": FAST, "share": False}]


def picture(megabytes: int) -> bytes:
    """A TIFF of noise of that size."""
    rows = megabytes * 1_000_000 // 8000
    plane = np.random.default_rng(1).integers(0, 255, (rows, 8000), dtype="uint8")
    buffer = BytesIO()
    tifffile.imwrite(buffer, plane, photometric="minisblack")
    return buffer.getvalue()


def copy_plainly(scene: Scene, fileset: int, number: int) -> float:
    """Copy the file by both clients and nothing else; returns the seconds."""
    with scene.connections() as connections:
        session = connections.omero.service()
        (file,) = read_sources(session, [fileset])[fileset].files
        store = session.client.getSession().createRawFileStore()
        store.setFileId(file.id, session.file_context())
        connections.zone.session()
        start = time.perf_counter()
        with scene.user.data_objects.open(f"{scene.collection}/plain{number}", "w", allow_redirect=False) as stream:
            for offset in range(0, file.size, BLOCK):
                stream.write(store.read(offset, min(BLOCK, file.size - offset)))
        seconds = time.perf_counter() - start
        store.close()
        return seconds


def take(scene: Scene, fileset: int) -> float:
    """Take the fileset in; returns the seconds."""
    with scene.connections() as connections:
        connections.omero.service()
        intake = Intake(connections, Report())
        start = time.perf_counter()
        taken = intake.take(fileset)
        seconds = time.perf_counter() - start
    if taken.reason:
        raise AssertionError(taken.reason)
    return seconds


def show(figures: Figures) -> Iterator[Table | str]:
    """A table, and a sentence."""
    yield rates("from OMERO to iRODS", figures, PLAIN, TAKEN_IN)
    several = figures["several"]
    yield rates("from OMERO to iRODS", several, PLAIN, TAKEN_IN)
    yield (
        f"Taking a file of {figures['megabytes']:,} MB in reaches {part_of_plain(figures, TAKEN_IN):.2f} of the rate "
        f"of the plain copy, all checks included. It takes {figures['memory, megabytes']:.0f} MB of memory, the plain "
        f"copy {figures['memory for the plain copy, megabytes']:.0f} MB. {SEVERAL} filesets side by side reach "
        f"{part_of_plain(several, TAKEN_IN):.2f} of the rate of as many plain copies side by side."
    )


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    yield from too_slow(figures, TAKEN_IN, FACTOR)
    yield from too_slow(figures["several"], TAKEN_IN, FACTOR)


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
