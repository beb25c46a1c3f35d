"""Reconciles in a process of its own, and prints its figures as JSON; ``benchmarks.reconcile`` runs it."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from benchmarks.memory import peak_mb
from irods_omero.agent.connections import Connections
from irods_omero.agent.reconcile import Reconciler
from irods_omero.logs import log
from irods_omero.settings import Settings


def main(policy_file: Path) -> None:
    """Reconcile everything, as ``irods-omero reconcile`` does."""
    log.configure(verbose=False)  # to standard error: what goes on for more than a minute says so
    settings = Settings.model_validate_json(policy_file.read_text())
    with Connections(settings) as connections:
        connections.omero.service()
        reconciler = Reconciler(connections)
        before, start, busy = peak_mb(), time.perf_counter(), time.process_time()
        for _ in reconciler.run():
            pass
        for _ in reconciler.orphans():
            pass
        figures = {
            "units": reconciler.done.units,
            "drifted": reconciler.done.drifted + reconciler.done.orphaned,
            "seconds": time.perf_counter() - start,
            "agent_seconds": time.process_time() - busy,
            "connected_mb": before,
            "peak_mb": peak_mb(),
        }
    print(json.dumps(figures))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
