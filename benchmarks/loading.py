"""What loading a command costs before it does anything: CPU time of a process, beside what its libraries alone take.

Time on the clock says little on a machine that others use, too, and CPU time less than its ratio to that of the
libraries.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from resource import RUSAGE_CHILDREN, getrusage

from rich.table import Table

from benchmarks.shown import Figures, run, table

ROUNDS, QUICK_ROUNDS = 20, 5

NOTHING, LIBRARIES, WITH_OMERO = "Python itself", "the libraries of a command", "status of both servers"

PROGRAMS = {
    NOTHING: "pass",
    LIBRARIES: "import click, irods.session, pydantic; pydantic.BaseModel",
    "config": "import irods_omero.cli.cmd_config",
    "status of the zone": "import irods_omero.cli.cmd_status, irods_omero.status.reading, irods_omero.status.summary",
    "explain a collection": "import irods_omero.cli.cmd_explain, irods_omero.status.collection",
    WITH_OMERO: "import irods_omero.cli.cmd_status, irods_omero.status.omero_reading",
}

WITHOUT_OMERO = tuple(PROGRAMS)[2:5]

AT_MOST = 2.1
"""Times the libraries alone: that is below 0.3 seconds where these take 0.14."""


def measure(quick: bool) -> Figures:
    """CPU seconds, the least of several processes each; others use the caches of the processor, too."""
    taken = {name: list[float]() for name in PROGRAMS}
    for _ in range(QUICK_ROUNDS if quick else ROUNDS):
        for name, program in PROGRAMS.items():
            taken[name].append(_cpu_seconds(program))
    return {name: min(seconds) for name, seconds in taken.items()}


def _cpu_seconds(program: str) -> float:
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def show(figures: Figures) -> Iterator[Table | str]:
    """A table."""
    made = table("CPU time of loading", "", "seconds", "times the libraries")
    for name, seconds in figures.items():
        made.add_row(name, f"{seconds:.3f}", f"{seconds / figures[LIBRARIES]:.2f}")
    yield made


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    for name in WITHOUT_OMERO:
        if figures[name] > AT_MOST * figures[LIBRARIES]:
            yield f"{name} loads in {AT_MOST} times of what its libraries take"


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
