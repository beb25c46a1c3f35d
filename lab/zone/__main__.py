"""Runs a lab zone: `python -m lab.zone --port 0 --state DIR --core DIR`."""

import argparse
import sys
from pathlib import Path

from lab.zone.server import Server
from lab.zone.settings import ADMINISTRATOR, HOST, PASSWORD, Settings


def main() -> None:
    """Read the command line, say the address on one line, and serve until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m lab.zone", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0: a free one")
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps everything")
    parser.add_argument("--core", type=Path, help="folder with the core.py to load; by default there are no hooks")
    parser.add_argument("--no-tiering", action="store_true", help="leave the storage tiering plugin out")
    parser.add_argument("--tls", action="store_true", help="talk to clients by TLS only, with a certificate of its own")
    parser.add_argument("--random-paths", action="store_true", help="give files in vaults paths made up at random")
    parser.add_argument("--wake-up", type=float, default=0.2, help="seconds between looks into the delay queue")
    parser.add_argument("--until-stdin-closes", action="store_true", help="stop when whoever started this is gone")
    given = parser.parse_args()
    settings = Settings(
        state=given.state.absolute(),
        port=given.port,
        core=given.core.absolute() if given.core else None,
        tiering=not given.no_tiering,
        wake_up=given.wake_up,
        tls=given.tls,
        random_paths=given.random_paths,
    )
    server = Server(settings)
    address = f"irods://{ADMINISTRATOR}:{PASSWORD}@{HOST}:{server.port}/{settings.zone}"
    server.run(lambda: print(address, flush=True), sys.stdin.fileno() if given.until_stdin_closes else None)


if __name__ == "__main__":
    main()
