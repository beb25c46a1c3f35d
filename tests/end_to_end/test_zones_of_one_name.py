"""Zones of one name that use the same OMERO, a zone that was rebuilt, and imports from before zones had an identity."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import irods.keywords as kw
import pytest
from irods.meta import iRODSMeta
from irods.models import DataObject

from irods_omero.agent import identity
from irods_omero.agent.reconcile import Reconciler
from irods_omero.domain.planning.orphans import GONE
from irods_omero.domain.state.zone_key import ZoneKey
from irods_omero.errors import IdentityError
from irods_omero.gateways.zone.zone_identity import write_zone_key
from tests.pictures import retina
from tests.scene import Scene
from tests.scene.snapshot import filesets
from tests.scene.twins import identities, lose_identity, set_identity, twins

Twins = tuple[Scene, Scene]


@pytest.fixture
def zones(tmp_path: Path) -> Iterator[Twins]:
    with twins(tmp_path) as made:
        yield made


@pytest.fixture
def before(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """As long as this is not undone agents give zones no identity, as earlier versions did."""
    monkeypatch.setattr(identity, "identify_zone", lambda _: None)
    yield monkeypatch
    monkeypatch.undo()


def reconcile(scene: Scene) -> int:
    """How many filesets were found whose data object is gone."""
    with scene.connections() as connections:
        reconciler = Reconciler(connections)
        list(reconciler.run())
        list(reconciler.orphans())
        return reconciler.done.orphaned


def texts(scene: Scene, path: str) -> set[str]:
    return scene.shown(path).image.texts


@pytest.mark.lab_only("starts a second zone")
def test_two_zones_of_one_name_have_images_of_their_own(zones: Twins) -> None:
    one, other = zones
    path = one.put("a.ome.tiff", retina(32))
    assert path == other.put("a.ome.tiff", retina(32))
    for scene in zones:
        scene.sweep()
    mine, theirs = one.shown(path), other.shown(path)
    assert mine.data_id == theirs.data_id
    assert mine.image.id != theirs.image.id
    other.put("a.ome.tiff", retina(48))
    other.sweep()
    assert other.image(theirs.image.id).texts == {"superseded"}
    assert texts(other, path) == texts(one, path) == {"registered", "tier:fast"}
    one.ask_by_tag(mine.image.id, "keep")
    assert other.sweep().observed == 0, "what users do to the images of one zone is no business of the other"
    one.sweep()
    assert (one.avus(path, "omero::request"), other.avus(path, "omero::request")) == (["keep"], [])


@pytest.mark.lab_only("starts a second zone")
def test_what_is_gone_from_one_zone_is_not_gone_from_another_of_its_name(zones: Twins) -> None:
    one, other = zones
    path = one.put("a.ome.tiff", retina(32))
    other.put("a.ome.tiff", retina(32))
    for scene in zones:
        scene.sweep()
    image = other.shown(path).image.id
    other.user.data_objects.unlink(path, force=True)
    assert reconcile(other) == 1
    assert ("error", GONE) in other.image(image).pairs
    assert texts(one, path) == {"registered", "tier:fast"}
    assert reconcile(one) == 0


@pytest.mark.lab_only("starts a second zone")
def test_a_zone_that_was_rebuilt_does_not_take_the_old_ones_images_for_its_own(zones: Twins) -> None:
    old, rebuilt = zones
    path = old.put("a.ome.tiff", retina(32))
    rebuilt.put("b.ome.tiff", retina(48))
    old.sweep()
    image = old.shown(path).image
    agreement = iRODSMeta("omero::agreement", old.avus(path, "omero::agreement")[0], "1")
    rebuilt.admin.metadata.set(DataObject, path.replace("a.ome", "b.ome"), agreement, **{kw.ADMIN_KW: ""})
    with pytest.raises(IdentityError, match="If it was built anew: imeta -M set") as told:
        rebuilt.sweep()
    set_identity(rebuilt, *str(told.value).split()[-2:])
    rebuilt.sweep()
    reconcile(rebuilt)
    assert rebuilt.shown(path.replace("a.ome", "b.ome")).image.id != image.id
    assert old.image(image.id) == image


@pytest.mark.lab_only("starts a second zone")
def test_imports_from_before_belong_to_the_zone_that_names_them(zones: Twins, before: pytest.MonkeyPatch) -> None:
    one, new = zones
    path = one.put("a.ome.tiff", retina(32))
    one.sweep()
    image = one.shown(path).image
    before.undo()
    new.put("a.ome.tiff", retina(32))
    new.sweep()
    assert reconcile(new) == 0
    assert new.shown(path).image.id != image.id
    assert (reconcile(one), one.sweep().changed) == (0, 0)
    assert one.shown(path).image == image


@pytest.mark.lab_only("changes which zone this is")
def test_a_zone_that_gets_an_identity_keeps_what_it_has_imported(scene: Scene, before: pytest.MonkeyPatch) -> None:
    lose_identity(scene)
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    image = scene.shown(path).image.id
    assert filesets(scene.root, scene.zone.zone, scene.shown(path).data_id) == {}, "its key carries no identity"
    before.undo()
    assert scene.sweep().changed == 0
    scene.ask_by_tag(image, "keep")
    scene.sweep()
    assert scene.avus(path, "omero::request") == ["keep"]
    scene.let_a_second_pass()
    path = scene.move(path, "moved/a.ome.tiff")
    assert scene.sweep().failed == 0
    assert scene.shown(path).image.id == image, "the same bytes are not imported again"
    scene.put("moved/a.ome.tiff", retina(48))
    scene.sweep()
    assert "superseded" in scene.image(image).texts
    assert {"registered", "tier:fast"} <= texts(scene, path)
    assert list(filesets(scene.root, scene.zone.zone, scene.shown(path).data_id).values()) == [1]


@pytest.mark.lab_only("changes which zone this is")
def test_a_zone_that_has_lost_its_identity_is_told_which_it_was(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    (known,) = identities(scene)
    lose_identity(scene)
    with pytest.raises(IdentityError, match=f"omero::identity {known.value} ") as told:
        scene.sweep()
    assert identities(scene) == []
    set_identity(scene, *str(told.value).partition("omero::identity ")[2].split(".")[0].split())
    assert scene.sweep().changed == 0
    assert texts(scene, path) == {"registered", "tier:fast"}


def test_agents_that_are_started_at_the_same_moment_agree_about_the_identity(scene: Scene) -> None:
    scene.sweep()
    (known,) = identities(scene)
    with scene.connections() as connections:
        key = ZoneKey(scene.zone.zone, "0" * 8, 7)
        write_zone_key(connections.zone, connections.names, connections.home, key)
        assert connections.zone_key.identity == known.value
    assert identities(scene) == [known]


@pytest.mark.lab_only("changes which zone this is")
def test_an_identity_that_is_none_stops_the_agent(scene: Scene) -> None:
    scene.sweep()
    (known,) = identities(scene)
    set_identity(scene, "mine", "0")
    try:
        with pytest.raises(IdentityError, match="'mine' '0' is no identity"):
            scene.sweep()
    finally:
        set_identity(scene, known.value, known.units)
