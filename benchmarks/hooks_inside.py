"""Measures the hooks from inside one interpreter, and prints the figures as JSON; benchmarks.hooks runs it under each.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: PLC0415, UP006, UP035

import sys
from time import perf_counter
from typing import Any, Callable, Dict, List

ROUNDS = 9
REPEATS = 2000


def imports() -> "Dict[str, Any]":
    """How long core.py takes to import, and then its first event, which reads the policy file; in milliseconds."""
    before = set(sys.modules)
    start = perf_counter()
    import core

    imported = perf_counter()
    vars(core)["pep_api_rm_coll_post"]([], None, None)
    answered = perf_counter()
    others = sorted({name.split(".")[0] for name in set(sys.modules) - before} - {"core", "irods_omero"})
    return {"import": (imported - start) * 1e3, "first": (answered - imported) * 1e3, "others": others}


def events() -> "Dict[str, Any]":
    """What events cost: in microseconds without the server's own work, and in reads and writes of the catalog."""
    from tests.unit.hooks import shapes
    from tests.unit.hooks.checks import connection
    from tests.unit.hooks.routes import ELSEWHERE, OBJECT, new, overwrite

    def calls(*fired: Any) -> "List[int]":
        zone = connection()
        zone.play(fired)
        return [zone.callback.reads(), zone.callback.writes()]

    return {
        "calls": {
            "unwatched put": calls(*new(ELSEWHERE)),
            "unwatched overwrite, twice": calls(*overwrite(ELSEWHERE), *overwrite(ELSEWHERE)),
            "watched put": calls(*new(OBJECT)),
            "watched overwrite": calls(*overwrite(OBJECT)),
        },
        "times": {
            "unwatched registration": best(shapes.registered(ELSEWHERE)),
            "unwatched AVU": best(shapes.avu("add_avu_metadata_post", "-d", ELSEWHERE.path, "a")),
            "unwatched trim": best(shapes.unregistered(ELSEWHERE)),
            "unwatched put": best(*new(ELSEWHERE)),
            "watched put": best(*new(OBJECT)),
        },
    }


class Mute:
    """Takes every call of a microservice and does nothing, so that only the hooks are measured."""

    def __getattr__(self, name: str) -> "Callable[..., None]":
        return lambda *arguments: None


def best(*fired: Any) -> float:
    """The time of some events in microseconds: the best of several rounds, which the machine disturbed least."""
    from tests.unit.hooks.checks import connection
    from tests.unit.hooks.fakes import argument

    zone = connection()
    mute = Mute()
    prepared = [(getattr(zone.core, pep), [argument(one) for one in args]) for pep, args in fired]
    times = []
    for _ in range(ROUNDS):
        start = perf_counter()
        for _ in range(REPEATS):
            for function, args in prepared:
                function(args, mute, zone.rei)
        times.append((perf_counter() - start) / REPEATS * 1e6)
    return min(times)


if __name__ == "__main__":
    figures = {"imports": imports, "events": events}[sys.argv[1]]()
    import json

    print(json.dumps(figures))
