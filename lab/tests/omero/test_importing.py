"""Imports into the managed repository, by the sequence of a client without Java."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import Ice
import numpy as np
import omero
import omero.callbacks
import omero.clients
import omero.grid
import pytest
import tifffile
from omero.rtypes import rstring
from PIL import Image

from lab.tests.omero.conftest import World
from lab.tests.omero.helpers import (
    FILES,
    delete,
    fileset,
    fileset_of,
    import_file,
    linked,
    named,
    picture,
    query,
    save,
    settings,
    tag,
    upload,
)


@pytest.fixture(scope="module")
def alice(world: World) -> Any:
    client = world.lab.client("alice", group="annotate")
    yield client
    client.closeSession()


def test_an_ome_tiff_becomes_an_image_with_its_dimensions(alice: Any, world: World, tmp_path: Path) -> None:
    response = import_file(alice, picture(tmp_path / "cells.ome.tif", "inside"))
    assert isinstance(response, omero.grid.ImportResponse)
    (pixels,) = response.pixels
    sizes = [getattr(pixels, f"size{axis}").val for axis in "XYZCT"]
    assert sizes == [24, 16, 3, 2, 1]
    assert pixels.image.name.val == "cells.ome.tif"
    assert [type(model_object).__name__ for model_object in response.objects] == ["ImageI"]
    text = (
        "select i.details.owner.id, i.details.group.id, i.format.value, p.pixelsType.value, c.logicalChannel.name "
        "from Image i join i.pixels p join p.channels c where i.id = :id order by c.id"
    )
    owner, group = world.users["alice"], world.groups["annotate"]
    rows = query(alice, text, id=pixels.image.id.val)
    assert rows == [[owner, group, "OMETiff", "uint16", name] for name in ("DAPI", "GFP")]


def test_several_images_of_a_file_are_named_after_both(alice: Any, tmp_path: Path) -> None:
    response = import_file(alice, picture(tmp_path / "two.ome.tif", "one", "zwei"))
    names = [pixels.image.name.val for pixels in response.pixels]
    assert names == ["two.ome.tif [one]", "two.ome.tif [zwei]"]
    text = "select size(f.images) from Fileset f where f.id = :id"
    assert query(alice, text, id=fileset_of(alice, response)) == [[2]]


def test_other_kinds_of_pictures_are_read(alice: Any, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "plain.tif", np.zeros((5, 10, 12), "float32"), photometric="minisblack")
    Image.fromarray(np.zeros((7, 9, 3), "uint8")).save(tmp_path / "colour.png")
    Image.fromarray(np.zeros((7, 9), "uint8")).save(tmp_path / "grey.jpg")
    dimensions = {}
    for name in ("plain.tif", "colour.png", "grey.jpg"):
        (pixels,) = import_file(alice, tmp_path / name).pixels
        dimensions[name] = [getattr(pixels, f"size{axis}").val for axis in "XYZCT"]
    assert dimensions == {"plain.tif": [12, 10, 1, 1, 5], "colour.png": [9, 7, 1, 3, 1], "grey.jpg": [9, 7, 1, 1, 1]}


def test_an_import_goes_into_the_dataset_that_is_named(alice: Any, tmp_path: Path) -> None:
    dataset = save(alice, named("Dataset", "target"))
    given = settings(target=omero.model.DatasetI(dataset.id.val, False))
    label = save(alice, tag("from the settings"))
    given.userSpecifiedAnnotationList = [label.proxy()]
    given.userSpecifiedName, given.userSpecifiedDescription = rstring("given"), rstring("described")
    response = import_file(alice, picture(tmp_path / "a.ome.tif"), given)
    text = (
        "select i.name, i.description, dl.parent.id, al.child.id from Image i join i.datasetLinks dl "
        "join i.annotationLinks al where i.id = :id"
    )
    row = query(alice, text, id=response.pixels[0].image.id.val)
    assert row == [["given", "described", dataset.id.val, label.id.val]]


@pytest.mark.parametrize("content", [b"hello", b"", b"II*\0 and no more", b"\x89PNG\r\n\x1a\nbroken"])
def test_what_is_no_image_fails_and_leaves_a_fileset_without_images(alice: Any, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    response = import_file(alice, path, client_path=f"zone/{content!r}")
    assert isinstance(response, omero.cmd.ERR)
    assert (response.category, response.name) == ("::omero::grid::ImportRequest", "error-on-init")
    assert response.parameters["stacktrace"].startswith("loci.formats.")
    text = "select f.id, size(f.images) from FilesetEntry e join e.fileset f where e.clientPath = :path"
    ((identity, images),) = query(alice, text, path=f"zone/{content!r}")
    assert images == 0
    assert "ome.model.core.OriginalFile" in delete(alice, Fileset=[identity])


def test_an_unknown_format_is_called_so(alice: Any, world: World, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    response = import_file(alice, path)
    assert response.parameters["message"].startswith(f"Unknown file format: {world.lab.repository}/")
    assert "loci.formats.UnknownFormatException" in response.parameters["stacktrace"]


def test_an_empty_tiff_is_called_invalid(alice: Any, world: World, tmp_path: Path) -> None:
    """omero-42."""
    path = tmp_path / "empty.tif"
    path.touch()
    message = import_file(alice, path).parameters["message"]
    assert message.startswith(f"Invalid TIFF file: {world.lab.repository}/")


def test_an_ome_tiff_that_is_cut_off_is_imported_all_the_same(alice: Any, tmp_path: Path) -> None:
    """omero-43."""
    path = picture(tmp_path / "cut.ome.tif", "inside")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    response = import_file(alice, path)
    assert isinstance(response, omero.grid.ImportResponse)
    assert [pixel_set.sizeX.val for pixel_set in response.pixels] == [24]


def test_a_client_that_goes_away_leaves_its_fileset_behind(world: World, tmp_path: Path) -> None:
    client = world.lab.client("alice", group="annotate")
    process = client.getManagedRepository().importFileset(fileset("zone/left.ome.tif"), settings())
    uploader = process.getUploader(0)
    uploader.write(b"half", 0, 4)
    client.closeSession()
    again = world.lab.client("alice", group="annotate")
    text = "select f.id, size(f.images), o.size from FilesetEntry e join e.fileset f join e.originalFile o"
    ((identity, images, size),) = query(again, f"{text} where e.clientPath = 'zone/left.ome.tif'")
    assert (images, size) == (0, 4)
    delete(again, Fileset=[identity])
    again.closeSession()


def test_a_client_that_is_killed_ends_its_session(world: World) -> None:
    program = (
        "import sys, time; from lab.tests.omero.helpers import *\n"
        f"client = omero.client('127.0.0.1', {world.lab.port}); client.createSession('alice', 'alice')\n"
        "process = client.getManagedRepository().importFileset(fileset('zone/killed'), settings())\n"
        "process.getUploader(0).write(b'half', 0, 4); print('writing', flush=True); sys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stdout.readline() == b"writing\n"
    child.kill()
    child.wait()
    text = "select o.size from FilesetEntry e join e.originalFile o where e.clientPath = 'zone/killed'"
    deadline = time.monotonic() + 30
    while query(world.client("root"), text, world.within("all")) != [[4]]:
        assert time.monotonic() < deadline, "what it had written is not there"
    child.stdin.close()
    child.stdout.close()


def test_an_import_process_ends_with_its_session(world: World) -> None:
    first = world.lab.client("alice", group="annotate")
    process = first.getManagedRepository().importFileset(fileset("zone/lost.ome.tif"), settings())
    first.killSession()
    second = world.lab.client("alice")
    proxy = omero.grid.ImportProcessPrx.uncheckedCast(second.getCommunicator().stringToProxy(str(process)))
    with pytest.raises((Ice.ObjectNotExistException, Ice.CommunicatorDestroyedException)):
        proxy.getUploader(0)
    second.closeSession()


def test_files_of_one_unit_come_together(alice: Any, tmp_path: Path) -> None:
    first, second = picture(tmp_path / "a.ome.tif"), tmp_path / "a.txt"
    second.write_text("companion")
    made = fileset("zone/run 1/a.ome.tif", "zone/run 1/meta/a.txt")
    process = alice.getManagedRepository().importFileset(made, settings("File-Size-64"))
    contents = [first.read_bytes(), second.read_bytes()]
    for place, content in enumerate(contents):
        upload(process, place, content)
    handle = process.verifyUpload([len(content).to_bytes(8, "little").hex() for content in contents])
    callback = omero.callbacks.CmdCallbackI(alice, handle)
    response = callback.loop(60, 500)
    callback.close(True)
    process.close()
    rows = query(alice, FILES, id=fileset_of(alice, response))
    assert [row[2] for row in rows] == ["a.ome.tif", "a.txt"]
    assert rows[1][1] == rows[0][1] + "meta/"


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda made, given: made.clearUsedFiles(), "No paths provided"),
        (lambda made, given: made.linkJob(omero.model.MetadataImportJobI()), "more than one job link"),
        (lambda made, given: setattr(given, "checksumAlgorithm", None), "must specify checksum algorithm"),
        (
            lambda made, given: given.checksumAlgorithm.setValue(rstring("Murmur3-128")),
            "lab OMERO does not offer the checksum algorithm Murmur3-128",
        ),
    ],
)
def test_imports_that_are_set_up_wrongly_are_refused(alice: Any, spoil: Any, reason: str) -> None:
    made, given = fileset("zone/x"), settings()
    spoil(made, given)
    with pytest.raises(omero.ServerError) as caught:
        alice.getManagedRepository().importFileset(made, given)
    assert reason in caught.value.message


def test_by_sudo_an_import_belongs_to_the_user(world: World, tmp_path: Path) -> None:
    client = world.sudo("bob", "private")
    response = import_file(client, picture(tmp_path / "bob.ome.tif"))
    text = "select i.details.owner.omeName, i.details.group.name from Image i where i.id = :id"
    identity = response.pixels[0].image.id.val
    assert query(client, text, id=identity) == [["bob", "private"]]
    client.killSession()


def test_a_plate_in_the_metadata_becomes_a_plate_in_the_screen(alice: Any, tmp_path: Path) -> None:
    path = picture(tmp_path / "plate.ome.tif", "f1", "f2", shape=(1, 1, 4, 4))
    with tifffile.TiffFile(path) as tiff:
        described = str(tiff.ome_metadata)
    wells = "".join(
        f'<Well ID="Well:{n}" Row="1" Column="{n}"><WellSample ID="WellSample:{n}" Index="{n}">'
        f'<ImageRef ID="Image:{n}"/></WellSample></Well>'
        for n in range(2)
    )
    plate = f'<Plate ID="Plate:0" Name="run 7">{wells}</Plate>'
    start = described.index("<Image ")
    tifffile.tiffcomment(path, (described[:start] + plate + described[start:]).encode())
    screen = save(alice, named("Screen", "s"))
    response = import_file(alice, path, settings(target=screen.proxy()))
    kinds = [type(model_object).__name__ for model_object in response.objects]
    assert kinds == ["PlateI", "ImageI", "ImageI"]
    text = (
        "select p.name, w.row, w.column from ScreenPlateLink l join l.child p join p.wells w join w.wellSamples ws "
        "where l.parent.id = :id order by w.column"
    )
    assert query(alice, text, id=screen.id.val) == [["run 7", 1, 0], ["run 7", 1, 1]]


def test_tags_stay_on_an_imported_image(alice: Any, tmp_path: Path) -> None:
    response = import_file(alice, picture(tmp_path / "a.ome.tif"))
    image = response.pixels[0].image
    save(alice, linked("ImageAnnotationLink", image, tag("registered")))
    text = "select l.child.textValue from ImageAnnotationLink l where l.parent.id = :id"
    assert query(alice, text, id=image.id.val) == [["registered"]]


def test_a_companion_file_has_to_be_xml(alice: Any, tmp_path: Path) -> None:
    """omero-70: the reader goes by its name, so that a TIFF of this name is no image."""
    path = tmp_path / "set.companion.ome"
    path.write_bytes(picture(tmp_path / "a.ome.tif", "inside").read_bytes())
    response = import_file(alice, path)
    assert (response.name, response.parameters["message"]) == ("error-on-init", "Could not get OME-XML version")


def test_microscope_and_objective_of_the_metadata_are_there_once_for_all_images(alice: Any, tmp_path: Path) -> None:
    """omero-83."""
    path = picture(tmp_path / "lens.ome.tif", "one", "two", shape=(1, 1, 4, 4))
    with tifffile.TiffFile(path) as tiff:
        described = str(tiff.ome_metadata)
    instrument = (
        '<Instrument ID="Instrument:0"><Microscope Manufacturer="Zeiss" Model="Axio Observer" Type="Inverted"/>'
        '<Objective ID="Objective:0" Model="Plan" NominalMagnification="63" LensNA="1.4" Immersion="Oil"/></Instrument>'
    )
    used = '<InstrumentRef ID="Instrument:0"/><ObjectiveSettings ID="Objective:0"/><Pixels '
    start = described.index("<Image ")
    described = described[:start] + instrument + described[start:].replace("<Pixels ", used)
    tifffile.tiffcomment(path, described.encode())
    images = [pixels.image.id.val for pixels in import_file(alice, path).pixels]
    text = (
        "select m.model, t.value, o.manufacturer, o.nominalMagnification, o.lensNA, u.value, c.value, n.id, s.id "
        "from Image i join i.instrument n join n.microscope m join m.type t join i.objectiveSettings s "
        "join s.objective o join o.immersion u join o.correction c where i.id in (:ids) order by i.id"
    )
    first, second = query(alice, text, ids=images)
    assert first[:7] == ["Axio Observer", "Inverted", None, 63.0, 1.4, "Oil", "Unknown"]
    assert second[:8] == first[:8]
    assert second[8] != first[8]
    deleted = delete(alice, Image=images)
    assert deleted["ome.model.acquisition.Instrument"] == [first[7]]
    assert len(deleted["ome.model.acquisition.ObjectiveSettings"]) == 2
