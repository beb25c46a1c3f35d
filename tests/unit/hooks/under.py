"""Plays the route table and keeps every promise under the Python that runs it, and says how many there were.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: UP006, UP032, UP035

import sys
import traceback
from typing import Callable, List, Tuple

from tests.unit.hooks import checks, checks_directories, checks_protection, checks_safety
from tests.unit.hooks.route_table import ROUTES
from tests.unit.hooks.routes import play

Promise = Tuple[str, Callable[[], object]]

PROMISES = [
    (name, value)
    for module in (checks, checks_directories, checks_protection, checks_safety)
    for name, value in vars(module).items()
    if name.startswith("check_")
]


def main() -> int:
    """Try everything, show every failure, and answer how many there were."""
    promises: List[Promise] = [(route.title, lambda route=route: play(route)) for route in ROUTES]  # type: ignore[misc]
    failures = 0
    for title, promise in promises + PROMISES:
        try:
            promise()
        except BaseException:
            failures += 1
            print("FAILED: {}".format(title))
            traceback.print_exc(file=sys.stdout)
    print("{} promises, {} failures".format(len(promises) + len(PROMISES), failures))
    return failures


if __name__ == "__main__":
    sys.exit(min(main(), 1))
