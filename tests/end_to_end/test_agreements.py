"""Agreements that say something false, or nothing: the unit keeps its images, and both sides agree again."""

from __future__ import annotations

import json

import irods.keywords as kw
import omero
from irods.meta import iRODSMeta
from irods.models import Collection, DataObject

from irods_omero.agent.reconcile import Reconciler
from tests.pictures import retina
from tests.scene import Scene

AS_ADMIN = {kw.ADMIN_KW: ""}
NOBODYS = 987654321
"""An id that no fileset has."""


def set_by_admin(scene: Scene, path: str, attribute: str, value: str, units: str) -> None:
    scene.admin.metadata.set(DataObject, path, iRODSMeta(attribute, value, units), **AS_ADMIN)


def forge(scene: Scene, path: str) -> None:
    """Have agreement and ids name a fileset that does not exist."""
    (text,) = scene.avus(path, "omero::agreement")
    forged = json.dumps({**json.loads(text), "fs": NOBODYS, "grp": NOBODYS})
    set_by_admin(scene, path, "omero::agreement", forged, "1")
    for attribute in ("omero::fileset", "omero::image"):
        set_by_admin(scene, path, attribute, str(NOBODYS), "omero")


def reconcile(scene: Scene) -> int:
    """Reconcile; returns how many units in the scene's collection had drifted, whatever others left elsewhere."""
    with scene.connections() as connections:
        drifted = [assessment for page in Reconciler(connections).run() for assessment in page]
    return sum(each.observation.zone.first.path.startswith(f"{scene.collection}/") for each in drifted)


def delete_fileset(scene: Scene, path: str) -> None:
    filesets = [int(value) for value in scene.avus(path, "omero::fileset")]
    request = omero.cmd.Delete2(targetObjects={"Fileset": filesets})
    scene.microscopist.submit(request, ctx={"omero.group": str(scene.group_id)}).close(True)


def test_units_whose_agreements_name_what_is_not_there_get_their_own_images_back(scene: Scene) -> None:
    paths = [scene.put(f"{number}.ome.tiff", retina(32)) for number in range(3)]
    scene.sweep()
    before = [scene.shown(path) for path in paths]
    for path in paths:
        forge(scene, path)
    assert reconcile(scene) == len(paths)
    for path, shown in zip(paths, before, strict=True):
        after = scene.shown(path)
        assert after.values("omero::fileset") == shown.values("omero::fileset")
        assert (after.image.id, after.image.texts) == (shown.image.id, {"registered", "tier:fast"})
        assert after.values("omero::image") == shown.values("omero::image")
    assert reconcile(scene) == 0


def test_an_agreement_from_a_backup_leads_to_the_images_of_the_present_content(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    (old,) = scene.avus(path, "omero::agreement")
    delete_fileset(scene, path)
    scene.sweep()
    scene.put("a.ome.tiff", retina(48))
    scene.sweep()
    image = scene.shown(path).image
    set_by_admin(scene, path, "omero::agreement", old, "1")
    for attribute in ("omero::fileset", "omero::image"):
        set_by_admin(scene, path, attribute, str(json.loads(old)["fs"]), "omero")
    reconcile(scene)
    after = scene.shown(path).image
    assert (after.id, after.tags, dict(after.pairs)["path"]) == (image.id, image.tags, path)
    assert reconcile(scene) == 0


def test_images_that_were_deleted_stay_so_whatever_earlier_ones_there_are(scene: Scene) -> None:
    paths = [scene.put(f"{number}.ome.tiff", retina(32)) for number in range(2)]
    scene.sweep()
    earlier = scene.shown(paths[0]).image.id
    scene.put("0.ome.tiff", retina(48))
    scene.sweep()
    for path in paths:
        delete_fileset(scene, path)
    reconcile(scene)
    for path in paths:
        assert scene.avus(path, "omero::fileset") == []
        assert json.loads(scene.avus(path, "omero::agreement")[0])["gone"]
    assert scene.image(earlier).texts == {"superseded"}
    assert reconcile(scene) == 0


def test_an_agreement_that_says_nothing_about_a_unit_without_images_goes(scene: Scene) -> None:
    scene.user.metadata.set(Collection, scene.collection, iRODSMeta("omero::import", "off"))
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    assert scene.avus(path, "omero::agreement") == []
    scene.admin.metadata.add(DataObject, path, iRODSMeta("omero::agreement", "no JSON", "1"), **AS_ADMIN)
    scene.admin.metadata.add(DataObject, path, iRODSMeta("omero::agreement", "{}", "of a later version"), **AS_ADMIN)
    assert reconcile(scene) == 1
    assert scene.avus(path, "omero::agreement") == []
    assert reconcile(scene) == 0


def test_of_an_agreement_and_something_else_beside_it_the_agreement_stays(scene: Scene) -> None:
    path = scene.put("a.ome.tiff", retina(32))
    scene.sweep()
    agreed = scene.avus(path, "omero::agreement")
    scene.admin.metadata.add(DataObject, path, iRODSMeta("omero::agreement", "no JSON", "1"), **AS_ADMIN)
    assert reconcile(scene) == 1
    assert scene.avus(path, "omero::agreement") == agreed
    assert reconcile(scene) == 0
