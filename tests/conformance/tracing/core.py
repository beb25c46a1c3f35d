"""A core.py that writes down each policy enforcement point that it is asked for, and does nothing else.

On the catalog provider of a real zone for trying things out, whose Python rule engine is listed after storage tiering:

1. Keep the zone's ``/etc/irods/core.py`` and put this file in its place: no rules of a site or of this project are
   needed meanwhile, and none would run. The next connection of a client is traced.
2. Run ``tests/conformance/test_zone_peps.py`` on that host, as root or as the user that the server runs as. The trace
   is the file that ``IRODS_OMERO_TEST_TRACE`` names in the environment of the server, and of the suite, or else
   ``/var/lib/irods/irods_omero_trace.jsonl``. The server makes it; where it is missing, the tests are skipped.
3. Put the old ``core.py`` back, and remove the trace: every check for a rule is a line of it, and the next run without
   this file in place would take it for its own.

Which events are asked for depends on the zone: with ``regexes_for_supported_peps`` as they come, ``_except`` and
``_finally`` of the database are not, and the suite then does without them (zone-96).

Each line is a JSON object: ``pep``, ``user``, ``program``, and ``arguments`` as pairs of a type's name and, for text,
the text.
"""

import json
import os
import sys
import types
from contextlib import suppress
from typing import Any, Callable, List

TRACE_VARIABLE = "IRODS_OMERO_TEST_TRACE"
TRACE = "/var/lib/irods/irods_omero_trace.jsonl"
LONGEST = 20000
CONTINUE = 5000000
NOT_TRACED = ("pep_network_", "pep_auth_", "pep_database_check_auth_")
"""Of signing in: their arguments are bytes, which the rule engine fails to make text of; then nobody gets in."""


def _write(pep: str, arguments: List[Any], client: str, program: str) -> None:
    entry = {
        "pep": pep,
        "user": client,
        "program": program,
        "arguments": [(type(one).__name__, one[:LONGEST] if isinstance(one, str) else None) for one in arguments],
    }
    line = json.dumps(entry) + "\n"
    descriptor = os.open(os.environ.get(TRACE_VARIABLE) or TRACE, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(descriptor, line.encode("ascii"))  # one call: several agents write at the same time
    finally:
        os.close(descriptor)


class _Tracing(types.ModuleType):
    """This module, which has a function for every enforcement point; by ``__getattr__`` also before Python 3.7."""

    def __getattr__(self, name: str) -> Callable[[List[Any], Any, Any], int]:
        if not name.startswith("pep_") or name.startswith(NOT_TRACED):
            raise AttributeError(name)

        def trace(rule_args: List[Any], _callback: Any, rei: Any) -> int:
            with suppress(OSError):  # a trace that cannot be written must not lock everybody out of the zone
                said = rei.rsComm  # None while an agent starts and ends: nobody is connected
                _write(name, rule_args, str(said.clientUser.userName) if said else "", str(said.option) if said else "")
            return CONTINUE

        return trace


sys.modules[__name__].__class__ = _Tracing
