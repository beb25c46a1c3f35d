from __future__ import annotations

import json
import subprocess
import sys

import pytest
from structlog.testing import capture_logs

from irods_omero.logs import log

PROGRAM = """
import sys
from irods_omero.logs import log
log.configure(verbose=sys.argv[1] == "verbose")
assert "structlog" not in sys.modules
log.debug("looked", pages=3)
try:
    raise ValueError("no such unit")
except ValueError:
    log.exception("no decision", path="/lab/é")
"""


@pytest.mark.parametrize(("how", "events"), [("", ["no decision"]), ("verbose", ["looked", "no decision"])])
def test_the_log_is_json_on_standard_error_and_its_library_is_loaded_by_the_first_line(
    how: str, events: list[str]
) -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM, how], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["event"] for line in lines] == events
    assert (lines[-1]["level"], lines[-1]["path"]) == ("error", "/lab/é")
    assert "ValueError: no such unit" in lines[-1]["exception"]


def test_what_is_captured_after_it_was_configured_stays_captured() -> None:
    log.configure(verbose=False)
    with capture_logs() as lines:
        log.info("swept")
    assert [line["event"] for line in lines] == ["swept"]
