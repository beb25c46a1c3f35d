"""Whatever people make of AVUs, tags and annotations, no sweep stops: the unit gets its error, the others go on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import irods.keywords as kw
import omero
import omero.model
import pytest
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject
from omero.rtypes import rstring

from irods_omero.agent.reconcile import Manner, Reconciler
from irods_omero.agent.sweep import Sweeper
from irods_omero.errors import RefusedError
from irods_omero.gateways.omero.filesets import read_filesets
from irods_omero.vocabulary import OBJECT_NAMESPACE, REQUEST_NAMESPACE, TIER_NAMESPACE
from tests.end_to_end.conftest import SceneFactory
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.snapshot import names_in

KEYWORD, KEYWORDS = "keyword", "lab/keyword"
STAGE, STAGES = "stage", "lab/stage"
ATTRIBUTES = [
    {"avu": KEYWORD, "tag_namespace": KEYWORDS},
    {"avu": STAGE, "tag_namespace": STAGES, "single": True},
]
PICTURE = retina(32)


@pytest.fixture
def scene(new_scene: SceneFactory) -> Scene:
    """A scene in which keywords and a stage are kept the same on both sides."""
    made = new_scene(attributes=ATTRIBUTES)
    made.watch()
    return made


@pytest.fixture
def path(scene: Scene) -> str:
    """An imported image."""
    return imported(scene, 1)[0]


def imported(scene: Scene, number: int) -> list[str]:
    """Imported images, as many as asked for."""
    made = [scene.put(f"a{place}.ome.tiff", PICTURE) for place in range(number)]
    scene.sweep()
    return made


def sweep_beside_others(scene: Scene, *paths: str) -> None:
    """Have the agent look at data objects, and see that new ones beside them are imported as ever."""
    number = len(names_in(scene.admin, scene.collection))
    neighbours = [scene.put(f"{name} {number}.ome.tiff", PICTURE) for name in ("0 before", "z after")]
    for path in paths:
        scene.mark(path)
    scene.sweep()
    for neighbour in neighbours:
        assert scene.shown(neighbour).image.texts == {"registered", "tier:fast"}


AS_ADMIN = {kw.ADMIN_KW: ""}


def set_by_admin(scene: Scene, path: str, *avu: str) -> None:
    """An administrator overwrites an AVU."""
    scene.admin.metadata.set(DataObject, path, iRODSMeta(*avu), **AS_ADMIN)


def agreement(scene: Scene, path: str) -> dict[str, object]:
    (text,) = scene.avus(path, "omero::agreement")
    return dict(json.loads(text))


def assert_quiet(scene: Scene, **changes: Any) -> None:
    """Nothing is left to do in this scene: no mark, and no plan for anything."""
    for name in names_in(scene.admin, scene.collection):
        assert scene.avus(f"{scene.collection}/{name}", "omero::sync") == []
    with scene.connections(**changes) as connections:
        reconciler = Reconciler(connections, Manner.DRY_RUN)
        assessments = [assessment for page in reconciler.run() for assessment in page]
    plans = {assessment.observation.zone.first.path: assessment.decision.plan for assessment in assessments}
    assert {path: plan for path, plan in plans.items() if path.startswith(scene.collection)} == {}


def of_newer_version(text: str) -> tuple[str, str]:
    return text, "2"


def half(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], "1"


def other_json(_: str) -> tuple[str, str]:
    return json.dumps(["no", {"agreement": 1}]), "1"


def wrong_types(text: str) -> tuple[str, str]:
    return json.dumps({**json.loads(text), "fs": "seven", "attr": 5, "c": {}}), "1"


def ids_of_nobody(text: str) -> tuple[str, str]:
    return json.dumps({**json.loads(text), "fs": 987654321, "grp": 987654321}), "1"


def very_long(_: str) -> tuple[str, str]:
    return "x" * 2700, "1"


SPOILT: list[Callable[[str], tuple[str, str]]] = [
    half,
    other_json,
    wrong_types,
    of_newer_version,
    very_long,
    ids_of_nobody,
]


def test_a_spoilt_agreement_is_mended(scene: Scene) -> None:
    paths = imported(scene, len(SPOILT))
    before, good = [scene.shown(path) for path in paths], [agreement(scene, path) for path in paths]
    for path, spoil, text in zip(paths, SPOILT, good, strict=True):
        set_by_admin(scene, path, "omero::agreement", *spoil(json.dumps(text)))
    sweep_beside_others(scene, *paths)
    for path, spoil, text, shown in zip(paths, SPOILT, good, before, strict=True):
        assert {**agreement(scene, path), "since": ""} == {**text, "since": ""}, spoil.__name__
        after = scene.shown(path)
        assert (after.image.id, after.image.tags) == (shown.image.id, shown.image.tags), spoil.__name__
    assert_quiet(scene)


def test_avus_that_name_images_of_others_lead_nowhere(scene: Scene, path: str) -> None:
    other = scene.put("other.ome.tiff", PICTURE)
    scene.sweep()
    theirs = scene.shown(other)
    fields = {**agreement(scene, path), "fs": agreement(scene, other)["fs"]}
    set_by_admin(scene, path, "omero::agreement", json.dumps(fields), "1")
    set_by_admin(scene, path, "omero::fileset", *theirs.values("omero::fileset"), "omero")
    sweep_beside_others(scene, path)
    assert scene.shown(other) == theirs
    assert_quiet(scene)


def test_all_avus_of_the_policy_gone_are_written_again_for_the_same_images(scene: Scene, path: str) -> None:
    before = scene.shown(path)
    for avu in scene.admin.metadata.get(DataObject, path):
        if avu.name.startswith("omero::"):
            scene.admin.metadata.remove(DataObject, path, avu, **AS_ADMIN)
    sweep_beside_others(scene, path)
    after = scene.shown(path)
    assert [image.id for image in after.images] == [image.id for image in before.images]
    for attribute in ("fileset", "image", "unit", "url"):
        assert after.values(f"omero::{attribute}") == before.values(f"omero::{attribute}")
    assert_quiet(scene)


def link_to(scene: Scene, image: int, annotation: Any, client: Any = None) -> int:
    """Somebody puts an annotation on an image; returns the id of the annotation."""
    link = omero.model.ImageAnnotationLinkI()
    link.parent, link.child = omero.model.ImageI(image, False), annotation
    services = (client or scene.microscopist).getSession()
    saved = services.getUpdateService().saveAndReturnObject(link, {"omero.group": str(scene.group_id)})
    return int(saved.child.id.val)


def key_values(*pairs: tuple[str, str]) -> object:
    made = omero.model.MapAnnotationI()
    made.ns = rstring(OBJECT_NAMESPACE)
    made.setMapValue([omero.model.NamedValue(*pair) for pair in pairs])
    return made


def test_copied_and_edited_key_values_are_put_right(scene: Scene, path: str) -> None:
    image = scene.shown(path).image
    link_to(scene, image.id, key_values(("tier", "fast"), ("tier", "slow"), ("tier", "fast"), ("", ""), ("path", "")))
    comment = omero.model.CommentAnnotationI()
    comment.ns, comment.textValue = rstring(OBJECT_NAMESPACE), rstring("not even pairs")
    link_to(scene, image.id, comment)
    sweep_beside_others(scene, path)
    assert scene.shown(path).image.pairs == image.pairs
    assert_quiet(scene)


def test_tags_that_only_look_like_ours_are_left_alone(scene: Scene, path: str) -> None:
    image = scene.shown(path).image.id
    for namespace in ("", "somebody/else", OBJECT_NAMESPACE):
        for text in ("archive", "tier:archive", "registered"):
            scene.add_own_tag(image, namespace, text)
    sweep_beside_others(scene, path)
    shown = scene.shown(path)
    assert len(shown.image.tags) == 2 + 9
    assert shown.values("omero::request") == []
    assert_quiet(scene)


def test_a_state_tag_that_an_administrator_put_there_goes(scene: Scene, path: str) -> None:
    tag = omero.model.TagAnnotationI()
    tag.ns, tag.textValue = rstring(TIER_NAMESPACE), rstring("tier:archive")
    roots = link_to(scene, scene.shown(path).image.id, tag, scene.root)
    sweep_beside_others(scene, path)
    assert scene.tags(path, TIER_NAMESPACE) == {"registered", "tier:fast"}
    assert_quiet(scene)
    context = {"omero.group": str(scene.group_id)}
    scene.root.submit(omero.cmd.Delete2(targetObjects={"TagAnnotation": [roots]}), ctx=context).close(True)


UNKNOWN = ["", " ", "ARCHIVE", "archive ", "ärchive", "x" * 3000, "\x07\n\t", "\U0001f52c"]


def test_a_request_that_nobody_knows_gets_an_error_and_stays(scene: Scene) -> None:
    paths = imported(scene, len(UNKNOWN))
    for path, text in zip(paths, UNKNOWN, strict=True):
        scene.add_own_tag(scene.shown(path).image.id, REQUEST_NAMESPACE, text)
    sweep_beside_others(scene, *paths)
    for path, text in zip(paths, UNKNOWN, strict=True):
        assert scene.tags(path, REQUEST_NAMESPACE) == {text}
        (error,) = scene.avus(path, "omero::error")
        assert "not one of the requests" in error
        assert dict(scene.shown(path).image.pairs)["error"] == error
    assert_quiet(scene)


ODD_TAGS = ["a\x07b", "two\nlines", "x" * 3000, "", " ", "\ud7ff\ufffd", "<&>'\"`%\\"]


def test_a_tag_that_is_no_avu_gets_an_error_and_others_become_one(scene: Scene) -> None:
    paths = imported(scene, len(ODD_TAGS))
    for path, text in zip(paths, ODD_TAGS, strict=True):
        for tag in (text, "good"):
            scene.add_own_tag(scene.shown(path).image.id, KEYWORDS, tag)
    sweep_beside_others(scene, *paths)
    for path, text in zip(paths, ODD_TAGS, strict=True):
        assert scene.tags(path, KEYWORDS) == {text, "good"}
        values, errors = scene.avus(path, KEYWORD), scene.avus(path, "omero::error")
        assert "good" in values
        assert (text in values) != any("cannot be an AVU" in error for error in errors), repr(text)
    assert_quiet(scene)


ODD_AVUS = ["x" * 2700, "\U0001f52c" * 675, "<&>'\"`%\\", "two\nlines", "tab\there"]


def test_an_avu_of_any_text_becomes_a_tag_and_goes_with_it(scene: Scene) -> None:
    paths = imported(scene, len(ODD_AVUS))
    for path, value in zip(paths, ODD_AVUS, strict=True):
        scene.set_avu(path, KEYWORD, value)
    sweep_beside_others(scene, *paths)
    assert [scene.tags(path, KEYWORDS) for path in paths] == [{value} for value in ODD_AVUS]
    assert_quiet(scene)
    for path, value in zip(paths, ODD_AVUS, strict=True):
        scene.remove_avu(path, KEYWORD, value)
    sweep_beside_others(scene, *paths)
    assert [scene.tags(path, KEYWORDS) for path in paths] == [set()] * len(paths)
    assert_quiet(scene)


def test_many_long_avus_are_kept_the_same_as_far_as_they_can_be_remembered(scene: Scene, path: str) -> None:
    values = {f"{number:03d} {'x' * 2000}" for number in range(150)}
    for value in values:
        scene.set_avu(path, KEYWORD, value)
    sweep_beside_others(scene, path)
    errors = scene.avus(path, "omero::error")
    assert scene.tags(path, KEYWORDS) == values or errors
    assert set(scene.avus(path, KEYWORD)) == values
    assert_quiet(scene)


def test_several_values_where_one_is_allowed_are_reported_or_resolved(scene: Scene, path: str) -> None:
    for value in ("raw", "cooked", "eaten"):
        scene.set_avu(path, STAGE, value)
        scene.add_own_tag(scene.shown(path).image.id, STAGES, f"{value} too")
    sweep_beside_others(scene, path)
    assert scene.avus(path, STAGE)
    assert_quiet(scene)


def test_five_thousand_tags_on_one_image(scene: Scene, path: str) -> None:
    image = scene.shown(path).image.id
    context = {"omero.group": str(scene.group_id)}
    links = []
    for number in range(5000):
        link = omero.model.ImageAnnotationLinkI()
        link.parent, link.child = omero.model.ImageI(image, False), omero.model.TagAnnotationI()
        link.child.textValue = rstring(f"tag {number}")
        link.child.ns = rstring((KEYWORDS, REQUEST_NAMESPACE, TIER_NAMESPACE, "somebody/else")[number % 4])
        links.append(link)
    for start in range(0, len(links), 1000):
        scene.microscopist.getSession().getUpdateService().saveArray(links[start : start + 1000], context)
    sweep_beside_others(scene, path)
    tags = scene.shown(path).image.tags
    assert {text for namespace, text in tags if namespace == TIER_NAMESPACE} == {"registered", "tier:fast"}
    assert sum(namespace == "somebody/else" for namespace, _ in tags) == 1250
    assert scene.avus(path, "omero::error"), "of requests that nobody knows"
    assert_quiet(scene)


NONSENSE = [
    ("omero::import", "everything", ""),
    ("omero::import", "x" * 2700, "y"),
    ("omero::target", "a/b/c/d", ""),
    ("omero::target", "Dataset:none", ""),
    ("omero::target", "Dataset:987654321", ""),
    ("omero::target", "Project/" + "x" * 2600, ""),
    ("omero::target", "Project/Dataset", "no such group"),
]


def test_a_collection_that_says_nonsense_concerns_nobody_else(scene: Scene, path: str) -> None:
    inside = []
    for number, (attribute, value, units) in enumerate(NONSENSE):
        below = f"{scene.collection}/{number}"
        scene.user.collections.create(below)
        scene.user.metadata.set(Collection, below, iRODSMeta("omero::import", "file"))
        scene.user.metadata.set(Collection, below, iRODSMeta(attribute, value, units or None))
        inside.append(scene.put(f"{number}/b.ome.tiff", PICTURE))
    sweep_beside_others(scene, path)
    for where, (attribute, value, _) in zip(inside, NONSENSE, strict=True):
        if attribute == "omero::target":
            assert scene.avus(where, "omero::error") or scene.avus(where, "omero::image"), value
    # A target or group that does not exist may exist at any time: such imports rest, and are not given up.
    later = {"imports": {"backoff_seconds": 3600.0}}
    scene.sweep(**later)
    assert_quiet(scene, **later)


def test_marks_and_cursors_that_say_nonsense_are_no_marks(scene: Scene, path: str) -> None:
    for value, units in (("pending", "many"), ("pending", "99999999"), ("whatever", "1"), ("pending", "-1")):
        scene.admin.metadata.add(DataObject, path, iRODSMeta("omero::sync", value, units), **AS_ADMIN)
    with scene.connections() as connections:
        home = f"/{scene.zone.zone}/home/{scene.settings.zone.user}"
        for avu in scene.admin.metadata.get(Collection, home):
            if avu.name.startswith("omero::cursor"):
                scene.admin.metadata.set(Collection, home, iRODSMeta(avu.name, "yesterday"), **AS_ADMIN)
        Sweeper(connections).sweep()
    sweep_beside_others(scene, path)


def test_what_only_a_hint_tells_of_and_cannot_be_read_at_that_moment_is_looked_at_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    scene.ask_by_tag(scene.shown(path).image.id, "keep")
    refused: list[int] = []

    def refuse_once(session: Any, ids: Any, scope: Any) -> Any:
        if refused:
            return read_filesets(session, ids, scope)
        refused.extend(ids)
        raise RefusedError("reading images", "", "refused by a test")

    monkeypatch.setattr("irods_omero.agent.observe.read_filesets", refuse_once)
    scene.wait_until(lambda: scene.sweep() is not None and bool(refused), "the event of the tag is read")
    if scene.avus(path, "omero::request") == []:  # on a real server a second event may come in the same sweep
        assert scene.avus(path, "omero::sync") == ["pending"], "the event does not come again"
    scene.sweep()
    assert scene.avus(path, "omero::request") == ["keep"]
