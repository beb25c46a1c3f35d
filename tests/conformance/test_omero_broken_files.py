"""Files that are cut off, empty or no images, and reads past the end of a file."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import omero
import omero.grid
import pytest

from tests.conformance.importing import fileset, finish, picture, settings, upload
from tests.conformance.server import ALICE, ANNOTATE, Server, rows


@pytest.fixture(scope="module")
def alice(server: Server) -> Any:
    client = server.new_client(ALICE)
    client.getImplicitContext().put("omero.group", str(server.groups[ANNOTATE]))
    yield client
    client.closeSession()


def bring_in(client: Any, name: str, content: bytes) -> tuple[str, Any]:
    """The client path of an import, and what the server answers."""
    path = f"conformance/{uuid4().hex}/{name}"
    process = client.getManagedRepository().importFileset(fileset(path), settings())
    return path, finish(client, process, [upload(process, 0, content)])


def test_an_ome_tiff_that_is_cut_off_is_imported_without_complaint(alice: Any) -> None:
    """omero-43: what is not whole has to be found by its hash, before."""
    content = picture()
    _, response = bring_in(alice, "cut.ome.tif", content[: len(content) // 2])
    assert isinstance(response, omero.grid.ImportResponse)
    assert len(response.pixels) == 1


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [("notes.txt", b"no image", "Unknown file format: "), ("empty.tif", b"", "Invalid TIFF file: ")],
)
def test_what_is_no_image_is_refused_by_its_path_on_the_server(
    alice: Any, name: str, content: bytes, reason: str
) -> None:
    """omero-42: the path is an absolute one, which says nothing to users."""
    _, response = bring_in(alice, name, content)
    assert isinstance(response, omero.cmd.ERR)
    assert response.name == "error-on-init"
    message = response.parameters["message"]
    assert f"{reason}/" in message
    assert name in message


def test_reading_past_the_end_gives_zeros(alice: Any) -> None:
    """omero-45: the size has to be asked for."""
    content = picture()
    path, _ = bring_in(alice, "whole.ome.tif", content)
    text = "select o.id from FilesetEntry e join e.originalFile o where e.clientPath = :path"
    store = alice.getSession().createRawFileStore()
    store.setFileId(rows(alice, text, path=path)[0][0])
    assert store.size() == len(content)
    assert store.read(len(content) - 4, 8) == content[-4:] + bytes(4)
    store.close()
