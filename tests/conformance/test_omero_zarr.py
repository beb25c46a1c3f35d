"""Images that OMERO reads at an address: what is saved of them, and what can be changed afterwards."""

from __future__ import annotations

import omero.model
from omero.rtypes import rstring

from irods_omero.domain.rules.formats.zarr_metadata import address_of
from irods_omero.domain.state.actions import SetAddress
from irods_omero.gateways.omero.zarr_filesets import ENTITY_ID, ENTITY_TYPE
from tests.conformance.gateway import Agent
from tests.conformance.hierarchies import ADDRESS, ZARR, refer_to
from tests.conformance.server import ALICE, ANNOTATE, rows
from tests.zarr import METADATA, several

NAME = ZARR.rpartition("/")[2]


def test_a_fileset_and_its_images_are_saved_with_their_addresses_by_one_call(agent: Agent) -> None:
    """omero-90: ExternalInfo, StatsInfo, and a file in no repository, come with the graph that they are in."""
    fileset = refer_to(agent, several())
    text = (
        "select i.name, x.lsid, x.entityType, x.entityId, p.sizeX, p.sizeC, s.globalMax from Image i "
        "join i.details.externalInfo x join i.pixels p join p.channels c join c.statsInfo s "
        "where i.fileset.id = :id order by i.id, c.id"
    )
    with agent.server.sudo(ALICE, ANNOTATE) as client:
        images = rows(client, text, id=fileset)
        files = rows(
            client,
            "select o.repo, o.name from FilesetEntry e join e.originalFile o where e.fileset.id = :id",
            id=fileset,
        )
        lengths = (
            client.getSession()
            .getQueryService()
            .findAllByQuery(f"select p from Pixels p where p.image.fileset.id = {fileset} order by p.id", None)
        )
    assert images == [
        [f"{NAME} [{path}]", address_of(ADDRESS, ZARR, path), ENTITY_TYPE, ENTITY_ID, 96, 2, maximum]
        for path in "01"
        for maximum in (3000.0, 2000.0)
    ]
    assert files == [[None, ".zattrs"]]
    assert [(each.physicalSizeX.getValue(), each.physicalSizeZ.getSymbol()) for each in lengths] == [(0.325, "µm")] * 2


def test_an_address_is_replaced_and_cannot_be_changed(agent: Agent) -> None:
    """omero-91: ExternalInfo is immutable, and saving a changed one is no error; another one takes its place."""
    fileset = refer_to(agent, METADATA["ome-zarr-py 0.5"])
    (image,) = agent.view(fileset).images
    assert image.address == address_of(ADDRESS, ZARR, "")
    subject = agent.subject(fileset)
    with agent.server.sudo(ALICE, ANNOTATE) as client:
        services = client.getSession()
        text = f"select x from Image i join i.details.externalInfo x where i.id = {image.id}"
        info = services.getQueryService().findByQuery(text, None)
        assert isinstance(info, omero.model.ExternalInfo)
        info.lsid = rstring("/changed")
        services.getUpdateService().saveObject(info)
    assert agent.view(fileset).images == (image,)
    agent.apply(SetAddress(image.id, subject.owner, subject.group, "/elsewhere"))
    assert [each.address for each in agent.view(fileset).images] == ["/elsewhere"]
