"""Writes every file that is made from the code: make generate. A test says by name which of them is stale.

docs/demo.svg is not among them, as it needs the lab's servers: python -m tests.demo --picture docs/demo.svg
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from irods_omero.agent.monitoring.notification import schema_text as notification_schema_text
from irods_omero.install.engines import fragment_text
from irods_omero.settings.reference import reference_text, schema_text
from tools.file_rules import units_text
from tools.modules import table
from tools.runtime import runtime_text

TOP = Path(__file__).parents[1]

GENERATED: Mapping[str, Callable[[], str]] = {
    "docs/configuration.md": reference_text,
    "docs/modules.md": table,
    "docs/units.md": units_text,
    "irods_config/monitoring/notification.schema.json": notification_schema_text,
    "irods_config/omero_policy.schema.json": schema_text,
    "irods_config/server_config.fragment.json": fragment_text,
    "requirements/runtime.txt": runtime_text,
}
"""For each file, by its path in the repository, what makes its text."""


def main() -> None:
    """Write the files that are not as they should be, and name them."""
    for name, text in GENERATED.items():
        file, wanted = TOP / name, text()
        if not file.exists() or file.read_text(encoding="utf-8") != wanted:
            file.write_text(wanted, encoding="utf-8")
            sys.stdout.write(f"written anew: {name}\n")


if __name__ == "__main__":
    main()
