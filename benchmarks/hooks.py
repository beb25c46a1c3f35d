"""What the hooks cost an iRODS server, under each Python from 3.6 to 3.13 that is on this machine.

For comparison: storage tiering's own hook opens a new connection for every access, and a small put took 835 ms with it
and 45 ms without on the zone that was recorded; the mark of a watched put takes that zone 5 to 7 ms.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from irods_omero.install import distribution
from tests.unit.hooks.interpreters import VERSIONS, find

PROJECT = Path(__file__).parents[1]
POLICY_FILE = "omero_policy.json"
RUNS = 25
IMPORT_AT_MOST_MS = 15
UNWATCHED_AT_MOST_US = 20


def main() -> int:
    """Print the tables; the answer is how many figures are not reached."""
    interpreters = find()
    console = Console(width=140)
    with tempfile.TemporaryDirectory() as folder:
        installed = install(Path(folder))
        figures = {
            version: measure(interpreters[version], installed) for version in VERSIONS if version in interpreters
        }
    console.print(times(figures))
    console.print(calls(figures))
    missing = [version for version in VERSIONS if version not in interpreters]
    console.print(f"Not here: Python {', '.join(missing)}." if missing else "Every supported Python was measured.")
    return sum(not reached(of_version) for of_version in figures.values())


def install(folder: Path) -> Path:
    """The in-server part as it is installed: core.py, the package, and a policy file beside them."""
    for name, data in {"core.py": distribution.core(), **distribution.parts()}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    policy = {"watch": {"roots": ["/tempZone/home/lab"]}, "zone": {"name": "tempZone", "user": "omero-agent"}}
    (folder / POLICY_FILE).write_text(json.dumps(policy))
    return folder


def measure(interpreter: Path, installed: Path) -> dict[str, Any]:
    """All figures of one interpreter."""
    source = [run(interpreter, installed, "imports", PYTHONDONTWRITEBYTECODE="1") for _ in range(RUNS)]
    compiled = [run(interpreter, installed, "imports") for _ in range(RUNS + 1)][1:]
    for cache in list(installed.rglob("__pycache__")):
        shutil.rmtree(cache)
    return {
        "import": statistics.median(one["import"] for one in compiled),
        "source": statistics.median(one["import"] for one in source),
        "first": statistics.median(one["first"] for one in compiled),
        "others": compiled[0]["others"],
        **run(interpreter, PROJECT, "events", PYTHONDONTWRITEBYTECODE="1"),
    }


def run(interpreter: Path, path: Path, what: str, **environment: str) -> dict[str, Any]:
    """Run one measurement in a process of its own, which is what each connection is in the server."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    places = (path, path / "policies") if path == PROJECT else (path,)
    kept.update(environment, PYTHONPATH=os.pathsep.join(map(str, places)), IRODS_OMERO_POLICY=str(path / POLICY_FILE))
    command = [str(interpreter), str(PROJECT / "benchmarks" / "hooks_inside.py"), what]
    answer = subprocess.run(command, env=kept, cwd=path, capture_output=True, text=True, check=True)
    return dict(json.loads(answer.stdout))


def reached(figures: dict[str, Any]) -> bool:
    """Whether one interpreter stays within what the design allows."""
    unwatched = [time for name, time in figures["times"].items() if name.startswith("unwatched")]
    return bool(figures["import"] <= IMPORT_AT_MOST_MS and max(unwatched) <= UNWATCHED_AT_MOST_US)


def times(figures: dict[str, dict[str, Any]]) -> Table:
    """The times, one row for each interpreter."""
    table = Table(title="Time in the hooks, without the server's own work")
    events = next(iter(figures.values()))["times"]
    for heading in ("Python", "import core", "from source", "first event", *events):
        table.add_column(heading, justify="right")
    for version, one in figures.items():
        milliseconds = [f"{one[name]:.1f} ms" for name in ("import", "source", "first")]
        table.add_row(version, *milliseconds, *(f"{one['times'][name]:.1f} us" for name in events))
    table.caption = "first event: reads the policy file; it imports " + ", ".join(
        next(iter(figures.values()))["others"]
    )
    return table


def calls(figures: dict[str, dict[str, Any]]) -> Table:
    """The calls of the catalog, which are the same under every interpreter."""
    table = Table("event", "reads", "writes", title="Calls of the catalog")
    for name, (reads, writes) in next(iter(figures.values()))["calls"].items():
        table.add_row(name, str(reads), str(writes))
    return table


if __name__ == "__main__":
    raise SystemExit(min(main(), 1))
