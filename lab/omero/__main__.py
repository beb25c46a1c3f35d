"""Runs the lab OMERO server: `python -m lab.omero --port 0 --state DIR`."""

from __future__ import annotations

import argparse
from pathlib import Path

from lab.omero.server import serve


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m lab.omero", description=__doc__)
    parser.add_argument(
        "--port", type=int, default=0, help="port for TLS, as omero.client uses by default; 0: a free one"
    )
    parser.add_argument("--tcp-port", type=int, default=0, help="port for plain tcp; 0: a free one")
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps everything")
    parser.add_argument("--root-password", default="omero", help="password of root in a new state")
    given = parser.parse_args()
    serve(given.state, given.port, given.tcp_port, given.root_password)


if __name__ == "__main__":
    main()
