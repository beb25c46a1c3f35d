"""How long users wait for a running agent while many units wait, too: from a put to its tag, from a tag to its request.

The agent runs as a service, configured as by default: a file must not have been written to for two seconds, and between
two sweeps it pauses for two. A colleague writes a file and tags an image while nothing else is to be done, as soon as
storage tiering has moved many units at once, and while the files of somebody else wait for their import.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from irods.meta import iRODSMeta
from irods.models import Collection, DataObject, DataObjectMeta
from irods.session import iRODSSession
from rich.table import Table

from benchmarks.shown import Figures, run, table
from benchmarks.world import World, lab_world
from irods_omero.agent.service import run as serve
from irods_omero.settings.import_settings import ImportSettings
from lab.omero.setup import add_user
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.accounts import GROUP, PASSWORD, ensure_zone_user

SIZE, QUICK_SIZE, ROUNDS, QUICK_ROUNDS = 1_000, 60, 3, 2
GOAL = 5.0
LOOK_SECONDS, PATIENCE = 0.05, 900.0
COLLEAGUE = "colleague"

NOTHING, IMPORTS, MOVED = "nothing else", "imports of somebody else", "units that were moved"
PUT, TAG = "from a put to the tag of its image", "from a tag to the request in the zone"


class Bench:
    """Both servers with a running agent, and a colleague who has an image and writes more."""

    def __init__(self, world: World, session: iRODSSession) -> None:
        self._world = world
        self._scene = world.scene
        self._session = session
        self._collection = f"/{session.zone}/home/{COLLEAGUE}/pictures"
        session.collections.create(self._collection)
        for attribute, value, units in (("omero::target", "pictures", GROUP), ("omero::import", "file", "")):
            session.metadata.set(Collection, self._collection, iRODSMeta(attribute, value, units))
        self._image = self._put("tagged")
        self._scene.sweep()

    def measure(self, backlog: str, size: int, rounds: int) -> list[dict[str, float]]:
        """The seconds of each round; units that were moved are worked off in it, most imports are left at the end."""
        if backlog == IMPORTS:
            for number in range(size):
                self._scene.put(f"waiting {number}.ome.tiff", retina(32))
        self._scene.connect_to_omero()  # the last sessions may have idled out
        measured = list[dict[str, float]]()
        with running(self._scene):
            for number in range(rounds):
                if backlog == MOVED:
                    self._world.load(f"moved {number}", size, moved=True)
                measured.append(self._round(f"{backlog} {number}"))
                if backlog == MOVED:
                    self._settle()
        return measured

    def _round(self, name: str) -> dict[str, float]:
        """Act as a user, and wait for both answers; seconds from each act on."""
        begun = {PUT: time.perf_counter()}
        path = self._put(name)
        begun[TAG] = time.perf_counter()
        image = self._scene.shown(self._image).image.id
        self._scene.ask_by_tag(image, "keep")
        answers: dict[str, Callable[[], object]] = {
            PUT: lambda: self._scene.avus(path, "omero::image"),  # these are written after the tags
            TAG: lambda: self._scene.avus(self._image, "omero::request"),
        }
        seconds = dict[str, float]()

        def all_answered() -> bool:
            for what in answers.keys() - seconds.keys():
                if answers[what]():
                    seconds[what] = time.perf_counter() - begun[what]
            return len(seconds) == len(answers)

        self._wait_for(all_answered, "both are answered")
        self._scene.take_tag_away(image, "keep")
        self._wait_for(lambda: not self._scene.avus(self._image, "omero::request"), "the request is gone")
        return seconds

    def _put(self, name: str) -> str:
        path = f"{self._collection}/{name}.ome.tiff"
        with self._session.data_objects.open(path, "w") as stream:
            stream.write(retina(32))
        return path

    def _settle(self) -> None:
        query = self._scene.admin.query(DataObject.id).filter(DataObjectMeta.name == "omero::sync").limit(1)
        self._wait_for(lambda: not list(query), "nothing is marked")

    def _wait_for(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"still not so after {PATIENCE} s: {what}")
            time.sleep(LOOK_SECONDS)


@contextmanager
def running(scene: Scene) -> Iterator[None]:
    """An agent as a service, whose imports are configured as by default."""
    stop, defaults = threading.Event(), ImportSettings()
    imports = {"settle_seconds": defaults.settle_seconds, "backoff_seconds": defaults.backoff_seconds}
    with scene.connections(imports=imports) as connections:
        agent = threading.Thread(target=serve, args=(connections, stop, lambda _: None))
        agent.start()
        try:
            yield
        finally:
            stop.set()
            agent.join()


def measure(quick: bool) -> Figures:
    """The seconds of all rounds, for each backlog."""
    size, rounds = (QUICK_SIZE, QUICK_ROUNDS) if quick else (SIZE, ROUNDS)
    with lab_world() as world:
        scene = world.scene
        ensure_zone_user(scene.admin, COLLEAGUE, PASSWORD)
        add_user(scene.root, COLLEAGUE, PASSWORD, [scene.group_id])
        with scene.zone.session(COLLEAGUE, PASSWORD) as session:
            bench = Bench(world, session)
            measured = {backlog: bench.measure(backlog, size, rounds) for backlog in (NOTHING, MOVED, IMPORTS)}
    return {"units": size, "rounds": measured}


def show(figures: Figures) -> Iterator[Table | str]:
    """A table and a sentence."""
    rounds = figures["rounds"]
    title = f"Seconds, the least and the most of {len(rounds[NOTHING])} times, beside {figures['units']:,} units"
    made = table(title, "", *rounds)
    for what in (PUT, TAG):
        seconds = [[each[what] for each in of_backlog] for of_backlog in rounds.values()]
        made.add_row(what, *(f"{min(some):.1f} to {max(some):.1f}" for some in seconds))
    yield made
    put, tag = (max(each[what] for each in rounds[IMPORTS]) for what in (PUT, TAG))
    yield (
        f"While {figures['units']:,} files of somebody else wait for their import, a new one is tagged in OMERO after "
        f"{put:.1f} s at most, and a request by tag is in the zone after {tag:.1f} s."
    )


def missed(figures: Figures) -> Iterator[str]:
    """What was to be reached and is not."""
    for what in (PUT, TAG):
        if min(each[what] for each in figures["rounds"][IMPORTS]) >= GOAL:
            yield f"{what} in less than {GOAL:g} s while {figures['units']:,} imports of somebody else wait"


if __name__ == "__main__":
    raise SystemExit(min(run(__doc__, measure, show, missed), 1))
