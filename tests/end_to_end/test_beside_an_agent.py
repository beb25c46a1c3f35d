"""Commands that take filesets in may run beside an agent: nobody touches what somebody else has begun."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from irods.models import DataObject, DataObjectMeta

from irods_omero.agent.adopt import adopt, register
from irods_omero.agent.service import run as run_agent
from irods_omero.agent.sweep import Sweep
from irods_omero.errors import RefusedError
from irods_omero.gateways.zone import intake_objects
from irods_omero.vocabulary import OBJECT_NAMESPACE
from tests.end_to_end.conftest import SceneFactory
from tests.end_to_end.test_adopt import run
from tests.end_to_end.test_omero_first import bring, images_of, objects_below, taking
from tests.pictures import focal_halves, retina
from tests.scene import Scene
from tests.scene.accounts import FAST

NAMES = ("upper.ome.tiff", "more/lower.ome.tiff")
TWO_FILES = {f"run/{name}": half for name, half in zip(NAMES, focal_halves(NAMES), strict=True)}
SHOWN = {"registered", "tier:fast"}


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    return taking(new_scene)


def before_first(owner: Any, name: str, patch: pytest.MonkeyPatch, work: Callable[[], object]) -> None:
    """Have something done once, before the first call of a function."""
    original, left = getattr(owner, name), [work]

    def call(*arguments: Any, **options: Any) -> Any:
        if left:
            left.pop()()
        return original(*arguments, **options)

    patch.setattr(owner, name, call)


def said_once(scene: Scene, fileset: int) -> bool:
    """Whether there is one key, one set of pairs on the image, and one data object for each file."""
    queries = scene.root.getSession().getQueryService()
    (image,) = images_of(scene, fileset)
    pairs = (
        "select count(a) from ImageAnnotationLink l join l.child a "
        f"where l.parent.id = {image} and a.ns = '{OBJECT_NAMESPACE}'"
    )
    keys = f"select count(l) from FilesetAnnotationLink l where l.parent.id = {fileset}"
    files = f"select count(e) from FilesetEntry e where e.fileset.id = {fileset}"
    counted = [queries.projection(text, None, {"omero.group": "-1"})[0][0].val for text in (keys, pairs, files)]
    objects = scene.admin.query(DataObject.id).filter(
        DataObjectMeta.name == "omero::fileset", DataObjectMeta.value == str(fileset)
    )
    return [*counted, len(list(objects))] == [1, 1, counted[2], counted[2]]


@pytest.mark.parametrize(
    ("owner", "name"),
    [(intake_objects, "write_object"), (intake_objects, "move_object"), (Sweep, "process_marks")],
    ids=["while bytes are copied", "before it goes to its place", "before its images say so"],
)
def test_what_a_command_is_taking_in_no_agent_touches(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str
) -> None:
    fileset = bring(scene, TWO_FILES)
    reports = []
    before_first(owner, name, monkeypatch, lambda: reports.append(scene.sweep()))
    result = run(scene, "register", f"Fileset:{fileset}")
    assert result.exit_code == 0, result.output
    (report,) = reports
    assert (report.taken, report.failed) == (0, 0)
    shown = scene.shown(f"{scene.collection}/Screening/March/upper.ome.tiff")
    assert shown.image.texts == SHOWN
    assert said_once(scene, fileset)
    scene.sweep()
    assert said_once(scene, fileset)
    assert sorted(objects_below(scene).values()) == sorted(TWO_FILES.values())


@pytest.mark.parametrize("name", ["write_object", "move_object"])
def test_what_an_agent_is_taking_in_no_command_touches_and_says_who_does(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    fileset = bring(scene, TWO_FILES)
    results = []

    def by_commands() -> None:
        for to in ((), ("--to", f"{scene.collection}/elsewhere")):
            results.append(run(scene, "register", f"Fileset:{fileset}", *to))

    before_first(intake_objects, name, monkeypatch, by_commands)
    scene.sweep()
    for result in results:
        assert (result.exit_code, "is taking it in" in result.output) == (1, True), result.output
    assert scene.shown(f"{scene.collection}/Screening/March/upper.ome.tiff").image.texts == SHOWN
    assert said_once(scene, fileset)


def test_each_fileset_is_taken_in_once_while_an_agent_sweeps(new_scene: SceneFactory) -> None:
    scene = new_scene(omero_first=[])
    scene.user.collections.create(scene.collection)
    scene.sweep()
    old = [bring(scene, {f"{number}.ome.tiff": retina(32)}) for number in range(3)]
    scene.sweep()
    rule = {"groups": ["*"], "to": f"{scene.collection}/{{fileset}}", "resource": FAST, "share": False}
    scene.settings = scene.with_settings(omero_first=[rule], agent={"interval_seconds": 0.05})
    scene.sweep()
    stop = threading.Event()
    with scene.connections() as connections:
        agent = threading.Thread(target=run_agent, args=(connections, stop, lambda _: None))
        agent.start()
        try:
            new = [bring(scene, {f"{number}.ome.tiff": retina(32)}, dataset="") for number in range(2)]
            with scene.connections() as by_hand:
                for fileset in new:
                    with suppress(RefusedError):  # the agent was faster
                        register(by_hand, f"Fileset:{fileset}", None, "")
                for taken in adopt(by_hand, old):
                    assert taken.paths or "taking it in" in taken.reason
            everything = [*new, *old]
            scene.wait_until(lambda: all(images_say_so(scene, each) for each in everything), "images say so")
        finally:
            stop.set()
            agent.join()
    assert all(said_once(scene, fileset) for fileset in (*new, *old))
    assert len(objects_below(scene)) == len(new) + len(old)


def images_say_so(scene: Scene, fileset: int) -> bool:
    return all(scene.image(image).texts == SHOWN for image in images_of(scene, fileset))
