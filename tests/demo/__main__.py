"""make demo: starts the lab's servers and plays the story; exit code 0 only if every step was seen to happen."""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

import structlog
from rich.console import Console

from tests.demo.stage import Stage
from tests.demo.story import Story
from tests.scene import Scene, lab_places

PICTURED = 4
"""The step of which README.md has a picture."""


def main() -> int:
    """Play the story."""
    parser = argparse.ArgumentParser(prog="python -m tests.demo", description=__doc__)
    parser.add_argument("--picture", type=Path, metavar="FILE", help="keep a picture of one step as SVG")
    picture = parser.parse_args().picture
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    started = time.monotonic()
    width = 120 if picture else None if sys.stdout.isatty() else 140
    console = Console(width=width, record=picture is not None)
    stage = Stage(console)
    console.print("Starting a lab zone and a lab OMERO server: small, but speaking the real protocols …")
    with tempfile.TemporaryDirectory(prefix="irods-omero-") as name:
        policy_file = Path(name) / "omero_policy.json"
        with lab_places(policy_file) as (zone, omero_server):
            console.print(f"  zone  {zone.host}:{zone.port}   OMERO  {omero_server.host}:{omero_server.port}")
            with Scene(zone, omero_server, policy_file, "microscope 1") as scene:
                Story(stage, scene).play()
    console.print()
    for failure in stage.failures:
        console.print(f"[bold red]not as it should be, {failure}")
    if picture:
        picture.write_text(stage.pictures[PICTURED], encoding="utf-8")
    seconds = time.monotonic() - started
    console.print(
        f"{'Every step was seen to happen' if not stage.failures else 'The story went wrong'}, {seconds:.0f} s."
    )
    return 1 if stage.failures else 0


if __name__ == "__main__":
    sys.exit(main())
