"""Imports into the managed repository: what the server wants, what it makes, and what a failed one leaves."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import omero
import omero.cmd
import omero.grid
import omero.model
import pytest
import tifffile
from omero.rtypes import rstring

from tests.conformance.importing import (
    bring_in,
    fileset,
    filesets_of,
    finish,
    imported,
    picture,
    settings,
    sha1,
    upload,
)
from tests.conformance.server import ALICE, ANNOTATE, EVERYWHERE, PRIVATE, Server, delete, named, objects, rows, save
from tests.pictures import focal_halves, lab_book, retina


def test_an_ome_tiff_becomes_an_image_with_its_dimensions(alice: Any, client_path: str) -> None:
    """omero-36: the response is an ImportResponse: ``pixels[].image.id``, and ``objects``."""
    response = bring_in(alice, client_path, picture())
    assert isinstance(response, omero.grid.ImportResponse)
    (pixels,) = response.pixels
    assert [getattr(pixels, f"size{axis}").val for axis in "XYZCT"] == [24, 16, 3, 2, 1]
    assert [made.id.val for made in response.objects] == [pixels.image.id.val]


def test_a_real_picture_is_read(alice: Any, client_path: str) -> None:
    (pixels,) = bring_in(alice, client_path, retina(64)).pixels
    assert (pixels.sizeX.val, pixels.sizeY.val, pixels.sizeC.val) == (64, 64, 1)


@pytest.mark.parametrize(
    ("name", "options", "taken"),
    [
        ("a.ome.tiff", {"ome": True, "metadata": {"AcquisitionDate": "2024-02-29T23:30:00"}}, 1_709_249_400_000),
        ("b.ome.tiff", {"ome": True, "metadata": {"AcquisitionDate": "2024-02-29T23:30:00+02:00"}}, 1_709_242_200_000),
        ("c.ome.tiff", {"ome": True}, None),
        ("d.tif", {"datetime": "2024:02:29 23:30:00"}, 1_709_249_400_000),
        ("e.tif", {}, None),
    ],
)
def test_when_an_image_was_acquired_is_known_where_the_file_says_so(
    alice: Any, client_path: str, name: str, options: dict[str, Any], taken: int | None
) -> None:
    """omero-100: in milliseconds; what names no time zone is taken for UTC."""
    buffer = BytesIO()
    tifffile.imwrite(buffer, np.zeros((16, 16), np.uint8), **options)
    (pixels,) = bring_in(alice, f"{client_path}/{name}", buffer.getvalue()).pixels
    text = "select i.name, i.acquisitionDate from Image i where i.id = :id"
    ((_, acquired),) = rows(alice, text, id=pixels.image.id.val)
    assert acquired == taken


def test_an_import_belongs_to_whom_the_service_acts_as(server: Server, client_path: str) -> None:
    """omero-16: a restricted admin that has only the ``Sudo`` privilege is enough for importing; private groups too."""
    with server.sudo(ALICE, PRIVATE) as client:
        dataset = save(client, named("Dataset", "target"))
        target = omero.model.DatasetI(dataset.id.val, False)
        (pixels,) = bring_in(client, client_path, picture(), settings(target)).pixels
        text = (
            "select i.details.owner.id, i.details.group.id, l.parent.id, f.details.owner.id "
            "from Image i join i.datasetLinks l join i.fileset f where i.id = :id"
        )
        places = rows(client, text, id=pixels.image.id.val)
    assert places == [[server.users[ALICE], server.groups[PRIVATE], dataset.id.val, server.users[ALICE]]]


@pytest.mark.parametrize("name", ['it\'s "quoted" 100% _ \\.ome.tiff', "emoji 😀 中.ome.tiff", "a:b<c>&d.ome.tiff"])
def test_a_client_path_is_kept_as_it_was_given(alice: Any, client_path: str, name: str) -> None:
    """omero-40: ``clientPath`` serves as an idempotency key."""
    path = f"{client_path}//{name}"
    bring_in(alice, path, picture())
    ((_, images),) = filesets_of(alice, path)
    assert images == 1


def test_a_fileset_is_there_with_its_paths_before_the_first_byte(alice: Any, client_path: str) -> None:
    """policies/irods_omero/domain/state/unit.py: an import that was cut off is found again by its client path."""
    process = alice.getManagedRepository().importFileset(fileset(client_path), settings())
    ((fileset_id, images),) = filesets_of(alice, client_path)
    process.close()
    assert images == 0
    delete(alice, Fileset=[fileset_id])
    assert filesets_of(alice, client_path) == []


def test_a_client_that_goes_away_leaves_a_fileset_without_images(server: Server, client_path: str) -> None:
    """omero-41: a fileset without images is a failed import."""
    with server.sudo(ALICE, ANNOTATE) as client:
        process = client.getManagedRepository().importFileset(fileset(client_path), settings())
        process.getUploader(0).write(b"half", 0, 4)
    service = server.client(server.service)
    ((fileset_id, images),) = filesets_of(service, client_path, EVERYWHERE)
    assert images == 0
    with server.sudo(ALICE, ANNOTATE) as client:
        delete(client, Fileset=[fileset_id])
    assert filesets_of(service, client_path, EVERYWHERE) == []


def test_a_wrong_hash_is_refused_and_named(alice: Any, client_path: str) -> None:
    """omero-39: a wrong hash raises ``ChecksumValidationException.failingChecksums``."""
    content = picture()
    process = alice.getManagedRepository().importFileset(fileset(client_path), settings())
    upload(process, 0, content)
    with pytest.raises(omero.ChecksumValidationException) as caught:
        finish(alice, process, ["0123"])
    assert caught.value.failingChecksums == {0: sha1(content)}
    delete(alice, Fileset=[filesets_of(alice, client_path)[0][0]])


@pytest.mark.parametrize("content", [lab_book(), b"", b"II*\0 and no more"])
def test_what_is_no_image_fails_and_leaves_a_fileset_without_images(
    alice: Any, client_path: str, content: bytes
) -> None:
    """omero-36, omero-41: the response is ``omero.cmd.ERR``; a fileset without images is a failed import."""
    response = bring_in(alice, client_path, content)
    assert isinstance(response, omero.cmd.ERR)
    assert response.parameters.get("message") or response.parameters.get("stacktrace")
    ((fileset_id, images),) = filesets_of(alice, client_path)
    assert images == 0
    delete(alice, Fileset=[fileset_id])
    assert filesets_of(alice, client_path) == []


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda made, _: made.linkJob(omero.model.MetadataImportJobI()), id="a second job"),
        pytest.param(lambda _, given: setattr(given, "checksumAlgorithm", None), id="no checksum algorithm"),
        pytest.param(lambda made, _: made.clearUsedFiles(), id="no files"),
    ],
)
def test_an_import_that_is_set_up_wrongly_is_refused(
    alice: Any, client_path: str, spoil: Callable[[Any, Any], None]
) -> None:
    """omero-37: exactly one job link, an ``UploadJob``; ``checksumAlgorithm`` is mandatory."""
    made, given = fileset(client_path), settings()
    spoil(made, given)
    with pytest.raises(omero.ServerError):
        alice.getManagedRepository().importFileset(made, given)


def test_a_fileset_has_its_files_in_the_order_of_its_entries(alice: Any, client_path: str) -> None:
    """omero-38, omero-96: the first is the one that Bio-Formats opens; the files of a unit are of one fileset."""
    paths = [client_path, client_path.replace("a.ome.tiff", "notes.txt")]
    process = alice.getManagedRepository().importFileset(fileset(*paths), settings())
    hashes = [upload(process, index, content) for index, content in enumerate((picture(), b"companion"))]
    finish(alice, process, hashes)
    ((fileset_id, _),) = filesets_of(alice, client_path)
    text = (
        "select e.clientPath, o.size, o.hash from FilesetEntry e join e.originalFile o "
        "where e.fileset.id = :id order by e.id"
    )
    sizes = [len(picture()), len(b"companion")]
    assert rows(alice, text, id=fileset_id) == [list(row) for row in zip(paths, sizes, hashes, strict=True)]
    text = "select index(e), e.clientPath from Fileset f join f.usedFiles e where f.id = :id order by index(e)"
    assert rows(alice, text, id=fileset_id) == [[0, paths[0]], [1, paths[1]]]


def test_files_that_are_named_by_a_way_up_are_refused(alice: Any, client_path: str) -> None:
    """omero-103: the server looks for the path as the file says it."""
    folder = client_path.rpartition("/")[0]
    paths = [f"{folder}/new/a.ome.tiff", f"{folder}/old/b.ome.tiff"]
    process = alice.getManagedRepository().importFileset(fileset(*paths), settings())
    halves = focal_halves(("a.ome.tiff", "../old/b.ome.tiff"))
    response = finish(alice, process, [upload(process, index, half) for index, half in enumerate(halves)])
    assert isinstance(response, omero.cmd.ERR)
    assert response.name == "error-on-init"
    assert response.parameters["stacktrace"].startswith("ome.conditions.SecurityViolation: ")
    delete(alice, Fileset=[filesets_of(alice, paths[0])[0][0]])


def test_an_upload_can_be_taken_up_where_it_stopped(alice: Any, client_path: str) -> None:
    process = alice.getManagedRepository().importFileset(fileset(client_path), settings())
    store = process.getUploader(0)
    store.write(b"12345", 0, 5)
    assert process.getUploadOffset(0) == 5
    store.close()
    process.close()
    delete(alice, Fileset=[filesets_of(alice, client_path)[0][0]])


def test_images_of_one_fileset_are_deleted_together(alice: Any, client_path: str) -> None:
    """omero-44: iRODS is fileset-based, OMERO image-based; one image of several is not deleted."""
    fileset_id, images = imported(alice, client_path, "one", "two")
    assert len(images) == 2
    with pytest.raises(omero.CmdError):
        delete(alice, Image=images[:1])
    assert len(rows(alice, "select i.id from Image i where i.id in (:ids)", ids=images)) == 2
    deleted = delete(alice, Image=images)
    assert sorted(deleted["ome.model.core.Image"]) == images
    assert deleted["ome.model.fs.Fileset"] == [fileset_id]


def test_the_same_path_may_be_imported_twice(alice: Any, client_path: str) -> None:
    """It is the client that looks for duplicates (omero-40)."""
    for _ in range(2):
        imported(alice, client_path)
    assert [images for _, images in filesets_of(alice, client_path)] == [1, 1]


def test_an_image_can_be_locked_and_unlocked(alice: Any, client_path: str) -> None:
    """omero-25: ``Image.archived``, which no server code acts on."""
    _, (image,) = imported(alice, client_path)
    for archived in (True, False):
        (loaded,) = objects(alice, "select i from Image i where i.id in (:ids)", ids=[image])
        loaded.archived = omero.rtypes.rbool(archived)
        loaded.description = rstring("seen")
        alice.getSession().getUpdateService().saveArray([loaded])
        assert rows(alice, "select i.archived from Image i where i.id = :id", id=image) == [[archived]]
