"""Wherever an agent is broken off while it takes filesets in, the next one ends where an undisturbed one does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import omero
import pytest
from irods.column import Like
from irods.models import Collection, DataObject, DataObjectMeta

from lab.omero.setup import add_user
from tests.end_to_end.test_omero_first_names import rename as rename_container
from tests.end_to_end.test_omero_first_rights import OTHER, rights_on
from tests.faults.agents import ADOPT, RECONCILE, REGISTER, SWEEP, Agents
from tests.faults.calls import EVERY_KILL, KILL, PATIENCE, REFUSE, TWICE, Disturbance, cuts_and_refusals, kills
from tests.faults.cases import avus_of, catch_up, scene_of_its_own
from tests.faults.end_state import NUMBERED, query
from tests.pictures import focal_halves
from tests.scene import Scene
from tests.scene.accounts import FAST, GROUP, PASSWORD, USER, ensure_zone_user
from tests.scene.elsewhere import import_elsewhere
from tests.scene.snapshot import image_shown

SAMPLE_OF_KILLS = 15
"""Of this many kills one is tried, unless all are."""
SAMPLE = 300
"""Of this many cuts and refusals one is tried."""
RARE = 2
"""How many times fewer are tried of commands, which do what the agent does."""
ALREADY = "its files are in iRODS already: see irods-omero explain"

NAMES = ("upper.ome.tiff", "more/lower.ome.tiff")
FILES = {f"run/{name}": half for name, half in zip(NAMES, focal_halves(NAMES), strict=True)}

LOCKS = "select i.archived from Image i where i.fileset.id = :id"

Stage = tuple[Scene, Agents]
numbers = count(1)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage_of_its_own(tmp_path_factory.mktemp("policy") / "policy.json") as stage:
        yield stage


@contextmanager
def stage_of_its_own(policy_file: Path, how: str = "copy") -> Iterator[Stage]:
    """The lab's servers, and agents that take filesets in by a rule."""
    with scene_of_its_own(policy_file, "intake") as (scene, agents):
        place = f"{scene.collection}/{{dataset}}"
        rule = {"groups": [GROUP], "to": place, "resource": FAST, "share": False, "avus": {"from": "{dataset}"}}
        rule |= {"follow_rights": True, "follow_names": True, "how": how}
        section = scene.settings.omero.model_dump(mode="json")
        if how != "copy":
            section["repository"] = str(scene.omero.repository)
        taking = dataclasses.replace(agents, settings=scene.with_settings(omero=section, omero_first=[rule]))
        taking.run()
        yield scene, taking


Case = tuple[int, str]
"""A fileset, and the name of its dataset."""

Prepare = Callable[[int], Iterator[Case]]
"""Makes a number of cases, each when it is asked for: what agents have to do before they do at once."""


def bring(scene: Scene) -> Case:
    """The user imports two files by another client."""
    name = f"case {next(numbers)}"
    return import_elsewhere(scene.microscopist, scene.group_id, FILES, "", name), name


def brought(scene: Scene) -> Prepare:
    """Cases of which agents have not heard."""
    return lambda number: (bring(scene) for _ in range(number))


def taken_in(stage: Stage, number: int) -> list[Case]:
    """Cases that an agent has taken into the zone."""
    scene, agents = stage
    cases = [bring(scene) for _ in range(number)]
    outcome = agents.run()
    assert outcome.report is not None, outcome.error
    assert outcome.report.taken == number, outcome
    return cases


def copies(scene: Scene, fileset: int) -> list[Path]:
    """Where OMERO's copies of its files are, or would be."""
    text = "select o.path, o.name from FilesetEntry e join e.originalFile o where e.fileset.id = :id order by e.id"
    assert scene.omero.repository is not None
    return [scene.omero.repository / f"{above}{name}" for above, name in query(scene, text, id=fileset)]


def lost(scene: Scene, fileset: int) -> str:
    """What nobody can read at this moment, or reads without a warning; empty for nothing."""
    there = [path.read_bytes() if path.exists() else b"" for path in copies(scene, fileset)]
    if there == list(FILES.values()):
        return ""
    if not all(archived for (archived,) in query(scene, LOCKS, id=fileset)):
        return "OMERO has no copy, and its images have no lock"
    rows = scene.admin.query(Collection.name, DataObject.name).filter(
        DataObjectMeta.name == "omero::fileset", DataObjectMeta.value == str(fileset)
    )
    stored = set()
    for row in rows:
        with scene.user.data_objects.open(f"{row[Collection.name]}/{row[DataObject.name]}", "r") as stream:
            stored.add(stream.read())
    return "" if stored == set(FILES.values()) else "neither side has the bytes"


def end_state(scene: Scene, fileset: int, name: str) -> dict[str, Any]:
    """What both sides show of one fileset, without what differs from run to run."""
    columns = scene.admin.query(Collection.name, DataObject.name, DataObject.owner_name, DataObject.checksum)
    rows = columns.filter(Like(Collection.name, f"{scene.collection}/{name}%"))
    objects = {f"{row[Collection.name]}/{row[DataObject.name]}": row for row in rows}
    images = query(scene, "select i.id from Image i where i.fileset.id = :id", id=fileset)
    shown = [image_shown(scene.root, image) for (image,) in images]
    return {
        "objects": [
            (path.replace(name, "NAME"), row[DataObject.owner_name], row[DataObject.checksum], rights_on(scene, path))
            for path, row in sorted(objects.items())
        ],
        "avus": [
            sorted(
                (attribute, "#" if attribute in NUMBERED else value.replace(name, "NAME"), units)
                for attribute, value, units in avus_of(scene, path)
                if attribute not in ("omero::agreement", "irods::access_time")
            )
            for path in sorted(objects)
        ],
        "images": [(sorted(image.tags), [key for key, _ in image.pairs], image.archived) for image in shown],
        "copies": [path.exists() for path in copies(scene, fileset)],
        "keys": len(query(scene, "select l.id from FilesetAnnotationLink l where l.parent.id = :id", id=fileset)),
        "left": [
            row[Collection.name]
            for row in scene.admin.query(Collection.name)
            if row[Collection.name].endswith(f"/omero-first/omero/{fileset}")
        ],
    }


@pytest.mark.timeout(PATIENCE)
def test_wherever_an_agent_is_broken_off_the_fileset_is_taken_in_once(stage: Stage, chance: Random) -> None:
    scene, _ = stage
    break_off_everywhere(stage, brought(scene), chance)


@pytest.mark.parametrize("command", [ADOPT, REGISTER])
@pytest.mark.timeout(PATIENCE)
def test_wherever_a_command_is_broken_off_doing_it_again_does_all_of_it_without_an_agent(
    stage: Stage, command: str, chance: Random
) -> None:
    scene, _ = stage
    state = break_off_everywhere(stage, brought(scene), chance, command)
    assert all([text for _, text in tags] == ["registered", "tier:fast"] for tags, *_ in state["images"])


@pytest.mark.timeout(PATIENCE)
def test_wherever_an_agent_is_broken_off_what_is_moved_is_there_once_and_never_nowhere(
    tmp_path: Path, chance: Random
) -> None:
    with stage_of_its_own(tmp_path / "policy.json", "move") as stage:
        scene, _ = stage

        def take_in(number: int) -> Iterator[Case]:
            for _ in range(number):
                ((fileset, name),) = taken_in(stage, 1)
                assert all(copy.exists() for copy in copies(scene, fileset)), "what goes, goes by another look"
                yield fileset, name

        for prepare in (take_in, *([brought(scene)] if EVERY_KILL else [])):
            state = break_off_everywhere(stage, prepare, chance, rarely=2)
            assert (len(state["objects"]), state["copies"]) == (2, [False, False])


@pytest.mark.timeout(PATIENCE)
def test_wherever_an_agent_is_broken_off_each_file_is_registered_once_where_omero_has_it(
    tmp_path: Path, chance: Random
) -> None:
    with stage_of_its_own(tmp_path / "policy.json", "register") as stage:
        scene, _ = stage
        state = break_off_everywhere(stage, brought(scene), chance, rarely=4)
        assert (len(state["objects"]), state["copies"]) == (2, [True, True])
        places = [row[DataObject.path] for row in scene.admin.query(DataObject.id, DataObject.path)]
        ours = [place for place in places if place.rpartition("/")[2] in {name.rpartition("/")[2] for name in NAMES}]
        assert all(place.startswith(f"{scene.omero.repository}/") for place in ours)
        assert len(ours) == len(set(ours)) > 2


@pytest.mark.timeout(PATIENCE)
def test_wherever_an_agent_is_broken_off_rights_follow_the_owner(stage: Stage, chance: Random) -> None:
    scene, _ = stage
    ensure_zone_user(scene.admin, OTHER, PASSWORD)
    user = add_user(scene.root, OTHER, PASSWORD, [scene.group_id])

    def give(number: int) -> Iterator[Case]:
        for fileset, name in taken_in(stage, number):
            rows = query(scene, "select i.id from Image i where i.fileset.id = :id", id=fileset)
            request = omero.cmd.Chown2(targetObjects={"Image": [image for (image,) in rows]}, userId=user)
            scene.root.submit(request, loops=600, ms=100, ctx={"omero.group": "-1"}).close(True)
            yield fileset, name

    state = break_off_everywhere(stage, give, chance)
    assert all(rights[OTHER] == "own" and USER not in rights for *_, rights in state["objects"])


@pytest.mark.timeout(PATIENCE)
def test_wherever_an_agent_is_broken_off_data_follows_the_name_of_its_dataset(stage: Stage, chance: Random) -> None:
    scene, agents = stage

    def rename(number: int) -> Iterator[Case]:
        for fileset, name in taken_in(stage, number):
            rename_container(scene, "Dataset", name, f"{name} of April")
            assert not agents.run().error  # writes down where it is going
            yield fileset, name

    state = break_off_everywhere(stage, rename, chance)
    assert {path.rpartition("/")[2] for path, *_ in state["objects"]} == {name.rpartition("/")[2] for name in NAMES}
    assert all("/NAME of April/" in path for path, *_ in state["objects"])


def break_off_everywhere(
    stage: Stage, prepare: Prepare, chance: Random, task: str = SWEEP, rarely: int = 1
) -> dict[str, Any]:
    """Break an agent off at each of a sample of its calls, and see that the next ones end as an undisturbed one does.

    Args:
        stage: The scene, and what runs agents.
        prepare: Makes what is to be done.
        chance: Chooses the sample.
        task: What the agents do. A command is done once more where a sweep is repeated: it leaves nothing to the next.
        rarely: By how many times the samples are smaller than usual.

    Returns:
        How it ends.
    """
    scene, agents = stage
    for _ in range(2):  # the first also does what is done once
        ((fileset, name),) = prepare(1)
        outcome = agents.run(task=task)
        assert not outcome.error
        assert not again(agents, task, 2)  # where data has moved, or a copy has gone, the next look says so
    wanted = end_state(scene, fileset, name)
    calls = outcome.calls
    rare = rarely if task == SWEEP else RARE
    todo = [
        *kills(calls, chance, SAMPLE_OF_KILLS * rare),
        *cuts_and_refusals(calls, chance, SAMPLE * rare),
        Disturbance(TWICE),
    ]
    wrong = []
    for disturbance, (fileset, name) in zip(todo, prepare(len(todo)), strict=True):
        outcome = agents.run(disturbance, task)
        assert outcome.killed is (disturbance.how == KILL), disturbance
        at_once = lost(scene, fileset)
        assert not again(agents, task, 3), disturbance
        state, at_last = end_state(scene, fileset, name), lost(scene, fileset)
        if task != SWEEP and disturbance.how == REFUSE:  # a mark that stays has an agent look once more, and no more
            state["avus"] = [[avu for avu in avus if avu[:2] != ("omero::sync", "taken")] for avus in state["avus"]]
        if state != wanted or at_once or at_last:
            what = f"{disturbance.how} at {disturbance.at} ({calls[disturbance.at - 1]})"
            wrong.append(f"{what}: {outcome.error} {at_once} {at_last}\n {state}")
        catch_up(scene)
    text = "\n".join(wrong)
    assert not wrong, f"{len(wrong)} of {len(todo)}\n{text}\n  instead of\n  {wanted}"
    quiet = agents.run(task=RECONCILE)
    assert (quiet.drifted, quiet.error) == (0, "")
    print(f"{len(calls)} calls, {len(todo)} disturbances")
    return wanted


def again(agents: Agents, task: str, sweeps: int) -> str:
    """Sweep on, or do a command once more; returns what is wrong, which it is not that one fileset was done before."""
    error = agents.run(task=task, times=sweeps).error
    return "" if task == REGISTER and error.endswith(ALREADY) else error
