"""The BlitzGateway of omero-py, as far as scripts and users of the lab need it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import omero.gateway
import pytest

from lab.tests.omero.conftest import World
from lab.tests.omero.helpers import import_file, named, picture, save, settings


@pytest.fixture(scope="module")
def gateway(world: World) -> Iterator[Any]:
    made = omero.gateway.BlitzGateway("alice", "alice", host=world.lab.host, port=world.lab.port, secure=True)
    assert made.connect()
    made.SERVICE_OPTS.setOmeroGroup(world.groups["annotate"])
    yield made
    made.close()


@pytest.fixture(scope="module")
def image(world: World, tmp_path_factory: pytest.TempPathFactory) -> int:
    client = world.lab.client("alice", group="annotate")
    dataset = save(client, named("Dataset", "gateway"))
    path: Path = picture(tmp_path_factory.mktemp("gateway") / "g.ome.tif")
    response = import_file(client, path, settings(target=dataset.proxy()))
    client.closeSession()
    return int(response.pixels[0].image.id.val)


def test_an_image_shows_what_it_is(gateway: Any, image: int) -> None:
    shown = gateway.getObject("Image", image)
    assert shown.getName() == "g.ome.tif"
    assert shown.getOwner().getName() == "alice"
    assert (shown.getSizeX(), shown.getSizeZ(), shown.getPixelsType()) == (24, 3, "uint16")
    assert shown.getParent().getName() == "gateway"
    assert shown.getParent().countChildren() == 1
    assert [file.getName() for file in shown.getImportedImageFiles()] == ["g.ome.tif"]


def test_annotations_are_put_on_and_listed(gateway: Any, image: int) -> None:
    label = omero.gateway.TagAnnotationWrapper(gateway)
    label.setValue("by gateway")
    label.save()
    pairs = omero.gateway.MapAnnotationWrapper(gateway)
    pairs.setNs("gateway/pairs")
    pairs.setValue([["a", "1"]])
    pairs.save()
    shown = gateway.getObject("Image", image)
    shown.linkAnnotation(label)
    shown.linkAnnotation(pairs)
    assert "by gateway" in [annotation.getValue() for annotation in shown.listAnnotations()]
    assert gateway.getObject("Image", image).getAnnotation("gateway/pairs").getValue() == [("a", "1")]


def test_the_service_becomes_a_user(world: World) -> None:
    service = omero.gateway.BlitzGateway("service", "service", host=world.lab.host, port=world.lab.port, secure=True)
    service.connect()
    user = service.suConn("alice", "annotate")
    assert user.getUser().getName() == "alice"
    user.close()
    service.close()


def test_objects_are_deleted(gateway: Any) -> None:
    made = omero.gateway.DatasetWrapper(gateway, omero.model.DatasetI())
    made.setName("short-lived")
    made.save()
    identity = made.getId()
    gateway.deleteObjects("Dataset", [identity], wait=True)
    assert gateway.getObject("Dataset", identity) is None
