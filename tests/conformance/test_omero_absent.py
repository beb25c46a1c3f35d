"""What becomes of a deletion of what is gone already."""

from __future__ import annotations

import omero
import omero.clients
import pytest

from tests.conformance.server import ALICE, ANNOTATE, Server, delete, linked, named, rows, save, tag


def test_an_absent_link_fails_the_deletion_and_the_reason_is_in_the_trace_only(server: Server) -> None:
    """omero-23: the links of the same call that do exist stay."""
    client, within = server.client(ALICE), server.within(ANNOTATE)
    link = save(client, linked("ImageAnnotationLink", named("Image", "i"), tag("t")), within).id.val
    with pytest.raises(omero.CmdError) as caught:
        delete(client, within, ImageAnnotationLink=[link, 10**9])
    failure = caught.value.err
    assert isinstance(failure, omero.cmd.GraphException)
    assert (failure.category, failure.name) == ("::omero::cmd::Delete2", "graph-fail")
    assert not failure.parameters["message"]
    assert failure.parameters["stacktrace"]
    assert rows(client, "select l.id from ImageAnnotationLink l where l.id = :id", within, id=link) == [[link]]
