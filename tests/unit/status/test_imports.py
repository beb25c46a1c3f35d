from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import irods_omero.cli.cmd_status, irods_omero.status.reading, irods_omero.status.summary
print(*(name for name in ("omero", "Ice", "irods_omero.agent", "irods_omero.gateways.omero") if name in sys.modules))
"""


def test_the_status_of_the_zone_needs_no_omero_py() -> None:
    """It takes half a second to import, which monitoring would wait for each time."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
