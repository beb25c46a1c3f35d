"""The files of the managed repository: names, checksums, reading back, links in place of copies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import omero
import omero.callbacks
import omero.clients
import omero.grid
import pytest
from omero.rtypes import unwrap

from lab.omero.repository.checksums import SUPPORTED, checksum
from lab.tests.omero.conftest import World
from lab.tests.omero.helpers import (
    FILES,
    delete,
    fileset,
    fileset_of,
    import_file,
    picture,
    query,
    settings,
)


@pytest.fixture(scope="module")
def alice(world: World) -> Any:
    client = world.lab.client("alice", group="annotate")
    yield client
    client.closeSession()


@pytest.mark.parametrize("algorithm", SUPPORTED)
def test_checksums_of_every_kind(alice: Any, tmp_path: Path, algorithm: str) -> None:
    path = picture(tmp_path / "a.ome.tif")
    response = import_file(alice, path, settings(algorithm))
    (row,) = query(alice, FILES, id=fileset_of(alice, response))
    assert row[3] == path.stat().st_size
    wrong = {"File-Size-64": "00"}.get(algorithm, "0123")
    with pytest.raises(omero.ChecksumValidationException) as caught:
        import_file(alice, path, settings(algorithm), wrong=wrong)
    assert caught.value.failingChecksums == {0: row[4]}


def test_a_file_size_as_checksum_is_its_bytes_lowest_first(alice: Any, tmp_path: Path) -> None:
    path = picture(tmp_path / "a.ome.tif")
    response = import_file(alice, path, settings("File-Size-64"))
    (row,) = query(alice, FILES, id=fileset_of(alice, response))
    assert row[4] == path.stat().st_size.to_bytes(8, "little").hex()


def test_client_paths_are_kept_as_given_and_names_on_disk_are_made_safe(
    alice: Any, world: World, tmp_path: Path
) -> None:
    path = picture(tmp_path / "a.ome.tif")
    client_path = '/tempZone/home/lab//deep/er/it\'s 100%? \\ a:b "😀".ome.tif'
    response = import_file(alice, path, client_path=client_path)
    (row,) = query(alice, FILES, id=fileset_of(alice, response))
    assert row[0] == client_path
    assert row[2] == "it's 100%% ! a;b '😀'.ome.tif"
    assert row[1].endswith("/lab/deep/er/"), "three folders are kept"
    assert response.pixels[0].image.name.val == row[2]
    assert (world.lab.repository / (row[1].lstrip("/") + row[2])).read_bytes() == path.read_bytes()


def test_an_imported_file_can_be_read_back(alice: Any, tmp_path: Path) -> None:
    path = picture(tmp_path / "back.ome.tif")
    response = import_file(alice, path)
    text = "select e.originalFile.id from FilesetEntry e where e.fileset.id = :id"
    identity = query(alice, text, id=fileset_of(alice, response))[0][0]
    alice.download(omero.model.OriginalFileI(identity, False), str(tmp_path / "again"))
    assert (tmp_path / "again").read_bytes() == path.read_bytes()
    assert alice.getManagedRepository().verifyChecksums([identity]) == []


def test_a_file_that_is_gone_from_the_repository_is_an_error(alice: Any, world: World, tmp_path: Path) -> None:
    response = import_file(alice, picture(tmp_path / "gone.ome.tif"))
    (row,) = query(alice, FILES, id=fileset_of(alice, response))
    text = "select e.originalFile.id from FilesetEntry e where e.fileset.id = :id"
    identity = query(alice, text, id=fileset_of(alice, response))[0][0]
    (world.lab.repository / (row[1].lstrip("/") + row[2])).unlink()
    store = alice.sf.createRawFileStore()
    store.setFileId(identity)
    assert not store.exists()
    with pytest.raises(omero.ResourceError, match="No such file"):
        store.read(0, 10)
    store.close()


def test_an_upload_can_be_resumed_where_it_stopped(alice: Any, tmp_path: Path) -> None:
    process = alice.getManagedRepository().importFileset(fileset("zone/resumed"), settings())
    uploader = process.getUploader(0)
    uploader.write(b"12345", 0, 5)
    assert process.getUploadOffset(0) == 5
    assert process.getUploader(0).ice_getIdentity() == uploader.ice_getIdentity()
    uploader.close()
    process.close()


def test_a_file_can_be_put_in_place_by_a_symbolic_link(alice: Any, world: World, tmp_path: Path) -> None:
    """The sequence of the Java client's `--transfer=ln_s`, which proves first that both see one file system."""
    path = picture(tmp_path / "in place.ome.tif")
    process = alice.getManagedRepository().importFileset(fileset("zone/in place.ome.tif"), settings())
    probe = b"a probe of an unlikely length" * 3
    uploader = process.getUploader(0)
    uploader.write(probe, 0, len(probe))
    identity = uploader.getFileId().val
    uploader.close()
    folder, name = query(alice, "select o.path, o.name from OriginalFile o where o.id = :id", id=identity)[0]
    root = alice.getManagedRepository().root()
    place = Path(root.path.val) / root.name.val / (folder.lstrip("/") + name)
    assert place.read_bytes() == probe
    place.unlink()
    place.symlink_to(path)
    reader = process.getUploader(0, {"omero.fs.mode": "r"})
    assert reader.size() == path.stat().st_size
    reader.save()
    reader.close()
    callback = omero.callbacks.CmdCallbackI(alice, process.verifyUpload([checksum("SHA1-160", path)]))
    response = callback.loop(60, 500)
    callback.close(True)
    process.close()
    delete(alice, Fileset=[fileset_of(alice, response)])
    assert not place.is_symlink()
    assert path.exists(), "only the link is deleted"


def test_a_size_that_has_changed_on_disk_is_written_down_by_whoever_closes_the_file(
    alice: Any, world: World, tmp_path: Path
) -> None:
    response = import_file(alice, picture(tmp_path / "a.ome.tif"))
    text = "select e.originalFile.id from FilesetEntry e where e.fileset.id = :id"
    identity = query(alice, text, id=fileset_of(alice, response))[0][0]
    (row,) = query(alice, FILES, id=fileset_of(alice, response))
    (world.lab.repository / (row[1].lstrip("/") + row[2])).write_bytes(b"stub")
    store = alice.sf.createRawFileStore()
    store.setFileId(identity)
    store.read(0, 4)
    store.close()
    (row,) = query(alice, FILES, id=fileset_of(alice, response))
    assert row[3] == 4


def test_the_repository_lists_its_tree(alice: Any, tmp_path: Path) -> None:
    response = import_file(alice, picture(tmp_path / "tree.ome.tif"), client_path="tree.ome.tif")
    prefix = query(alice, "select f.templatePrefix from Fileset f where f.id = :id", id=fileset_of(alice, response))
    listed = unwrap(alice.getManagedRepository().treeList(prefix[0][0]))
    assert list(listed) == ["tree.ome.tif"]
    assert alice.getManagedRepository().fileExists(prefix[0][0] + "tree.ome.tif")


def test_reading_past_the_end_gives_zeros(alice: Any, tmp_path: Path) -> None:
    """omero-45."""
    path = picture(tmp_path / "a.ome.tif")
    response = import_file(alice, path)
    text = "select e.originalFile.id from Fileset f join f.usedFiles e where f.id = :id"
    ((identity,),) = query(alice, text, id=fileset_of(alice, response))
    store = alice.sf.createRawFileStore()
    store.setFileId(identity)
    content = path.read_bytes()
    assert store.read(len(content) - 4, 8) == content[-4:] + bytes(4)
    assert store.read(len(content) + 10, 3) == bytes(3)
    store.close()
