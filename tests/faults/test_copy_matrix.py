"""Wherever an agent is broken off while it removes OMERO's copy or brings it back, all or nothing of it is there.

What OMERO knows of the file stays the same, an image whose file is missing has a lock, and the next agent ends as an
undisturbed one does.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import NamedTuple

import omero
import pytest

from tests.faults.agents import RECONCILE, Agents
from tests.faults.calls import (
    ALL,
    EVERY_KILL,
    KILL,
    PATIENCE,
    REPOSITORY,
    TWICE,
    Call,
    Disturbance,
    cuts_and_refusals,
    kills,
    sample,
)
from tests.faults.cases import PICTURE, Case, catch_up, scene_of_its_own
from tests.faults.end_state import end_state, query
from tests.scene import Scene
from tests.scene.accounts import ARCHIVE, FAST

SAMPLE_OF_KILLS = 30
"""Of this many kills one is tried, unless all are; where something in the repository has changed an agent is killed."""
SAMPLE = 300
"""Of this many cuts and refusals one is tried."""

numbers = count(1)


@dataclasses.dataclass(frozen=True)
class Stage:
    """Both servers, agents that see the repository, and where that is."""

    scene: Scene
    agents: Agents
    repository: Path

    def bring(self, number: int) -> list[Case]:
        """This number of images with their copies in OMERO, whose checksums were compared."""
        cases = [Case(self.scene, f"copied {next(numbers)}") for _ in range(number)]
        for case in cases:
            case.put()
            self.scene.user.data_objects.chksum(case.path)
        self.settle()
        return cases

    def settle(self) -> None:
        """Let an agent sweep until nothing is left."""
        assert not self.agents.run(times=2).error

    def rows(self, case: Case) -> list[list[object]]:
        """What OMERO's database knows of the file: where it is, its size, hash and time."""
        (fileset,) = self.scene.avus(case.path, "omero::fileset")
        text = (
            "select o.path, o.name, o.size, o.hash, o.mtime, o.id from FilesetEntry e join e.originalFile o "
            "where e.fileset.id = :id"
        )
        return query(self.scene, text, id=int(fileset))

    def place(self, case: Case) -> Path:
        """Where the copy is, or would be."""
        ((path, name, *_),) = self.rows(case)
        return self.repository / f"{path}{name}"

    def read_as_owner(self, case: Case) -> bytes | None:
        """The bytes that its owner gets of it, None for none.

        Where they are of another number OMERO then writes their size and hash into its database (omero-47).
        """
        ((*_, size, _, _, file),) = self.rows(case)
        client, place = self.scene.microscopist, self.place(case)
        times = place.stat() if place.exists() else None
        store = client.getSession().createRawFileStore()
        store.setFileId(file, {**client.getImplicitContext().getContext(), "omero.group": "-1"})
        try:
            return bytes(store.read(0, size))
        except omero.ResourceError:
            return None
        finally:
            store.close()
            if times is not None:  # what a test reads counts as no use
                os.utime(place, ns=(times.st_atime_ns, times.st_mtime_ns))

    def left(self, case: Case) -> list[str]:
        """What lies beside it."""
        return [each.name for each in self.place(case).parent.iterdir() if each != self.place(case)]


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_of_its_own(tmp_path_factory.mktemp("policy")) as stage:
        yield stage


@contextmanager
def stage_of_its_own(folder: Path, state: Path | None = None, random_paths: bool = False) -> Iterator[Stage]:
    """The lab's servers, which keep what they have in ``state``, and agents that see the repository."""
    servers = scene_of_its_own(folder / "policy.json", "copies", state=state, random_paths=random_paths)
    with servers as (scene, agents):
        repository = scene.omero.repository
        assert repository is not None
        section = {**scene.settings.omero.model_dump(mode="json"), "repository": str(repository)}
        settings = scene.with_settings(omero=section, cache={"evict": "with-tier"})
        seeing = dataclasses.replace(agents, settings=settings)
        seeing.run()
        yield Stage(scene, seeing, repository)


Step = Callable[[Stage, Case], None]
"""What happens to an image, so that an agent has to do something with its copy."""


def limited(stage: Stage) -> Stage:
    """The same with agents that leave no copy that nobody has read within an hour."""
    settings = stage.scene.with_settings(
        omero=stage.agents.settings.omero.model_dump(mode="json"), cache={"evict": "with-tier", "most_bytes": 1}
    )
    return dataclasses.replace(stage, agents=dataclasses.replace(stage.agents, settings=settings))


def to_archive(_: Stage, case: Case) -> None:
    case.move_data()


def from_archive(_: Stage, case: Case) -> None:
    case.move_data(ARCHIVE, FAST)


def not_read_for_long(stage: Stage, case: Case) -> None:
    os.utime(stage.place(case), (1_000_000_000, stage.place(case).stat().st_mtime))


def asked_for(stage: Stage, case: Case) -> None:
    stage.scene.ask_by_avu(case.path, "show")


def evicted(stage: Stage, number: int) -> list[Case]:
    return without_copies(stage, number, to_archive)


def made_room(stage: Stage, number: int) -> list[Case]:
    return without_copies(stage, number, not_read_for_long)


def without_copies(stage: Stage, number: int, step: Step) -> list[Case]:
    cases = stage.bring(number)
    for case in cases:
        step(stage, case)
    stage.settle()
    assert not any(stage.place(case).exists() for case in cases)
    return cases


def wrong_with(stage: Stage, case: Case, rows: list[list[object]]) -> str:
    """What OMERO would read wrongly at this moment, or has changed.

    A link may lead nowhere until an agent has looked: nobody can tell when a replica goes.
    """
    place, image = stage.place(case), stage.scene.image(case.image)
    if stage.read_as_owner(case) != (PICTURE if place.exists() else None):
        return f"not what the database says: {place}"
    if not place.exists() and not place.is_symlink() and not image.archived:
        return "missing without a lock"
    return "" if stage.rows(case) == rows else f"another row: {stage.rows(case)}"


class Way(NamedTuple):
    """How a copy goes, or comes back.

    Attributes:
        before: Makes as many images as one likes, of which none is on this way yet.
        step: Sets one on its way.
        there: Whether its bytes are there at the end.
        least: How many steps in the repository it takes at least.
        acting: The stage with the agents that do it.
        linked: Whether there is a link at the end.
    """

    before: Callable[[Stage, int], list[Case]]
    step: Step
    there: bool
    least: int
    acting: Callable[[Stage], Stage] = lambda stage: stage
    linked: bool = False


WAYS = {
    "evict": Way(Stage.bring, to_archive, there=False, least=16),
    "refill": Way(evicted, from_archive, there=True, least=14),
    "make room": Way(Stage.bring, not_read_for_long, there=False, least=16, acting=limited),
    "show": Way(made_room, asked_for, there=True, least=14, acting=limited),
}


@pytest.mark.timeout(PATIENCE)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_wherever_an_agent_is_broken_off_the_copy_is_whole_or_gone(stage: Stage, way: Way, chance: Random) -> None:
    broken_off_anywhere(stage, way, chance)


def broken_off_anywhere(stage: Stage, way: Way, chance: Random) -> None:
    """Break agents off, cut them off or refuse them wherever they are on this way, and see what is left."""
    before, step, there, least, acting, linked = way
    stage = acting(stage)
    for _ in range(2):  # the first also does what is done once
        (case,) = before(stage, 1)
        step(stage, case)
        outcome = stage.agents.run()
        assert not outcome.error
        stage.settle()
    wanted, calls = end_state(case), outcome.calls
    assert (stage.place(case).exists(), stage.place(case).is_symlink()) == (there, linked)
    assert sum(call.side == REPOSITORY for call in calls) >= least
    others = cuts_and_refusals(calls, chance, SAMPLE)
    todo = [*chosen_kills(calls, chance), *others, Disturbance(TWICE)]
    wrong = []
    for case, disturbance in zip(before(stage, len(todo)), todo, strict=True):
        rows = stage.rows(case)
        catch_up(stage.scene)
        step(stage, case)
        outcome = stage.agents.run(disturbance)
        assert outcome.killed is (disturbance.how == KILL), disturbance
        at_once = wrong_with(stage, case, rows)
        stage.settle()
        state, left = end_state(case), stage.left(case)
        at_last = wrong_with(stage, case, rows)
        ends = stage.place(case).exists(), stage.place(case).is_symlink()
        if state != wanted or at_once or at_last or left or ends != (there, linked):
            call = [call for call in calls if disturbance.side in {"", call.side}][disturbance.at - 1]
            wrong.append(f"{disturbance.how} at {disturbance.at} ({call}): {at_once} {at_last} {left}\n {state}")
    assert not wrong, f"{len(wrong)} of {len(todo)}\n" + "\n".join(wrong) + f"\n  instead of\n  {wanted}"
    quiet = stage.agents.run(task=RECONCILE)
    assert (quiet.drifted, quiet.error) == (0, "")
    steps = sum(call.side == REPOSITORY for call in calls)
    print(f"{len(calls)} calls, {steps} of them in the repository, {len(todo)} disturbances")


def chosen_kills(calls: Sequence[Call], chance: Random) -> list[Disturbance]:
    """Kills after all that changes something in the repository, and after some of what does elsewhere."""
    steps = [call for call in calls if call.side == REPOSITORY]
    inside = [Disturbance(KILL, at, REPOSITORY) for at, step in enumerate(steps, 1) if step.changed or ALL]
    outside = [kill for kill in kills(calls, chance, 1) if calls[kill.at - 1].side != REPOSITORY]
    return [*inside, *(outside if EVERY_KILL else sample(outside, chance, SAMPLE_OF_KILLS))]
