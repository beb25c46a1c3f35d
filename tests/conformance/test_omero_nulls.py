"""What a projection makes of nulls, and a query of parameters that it does not take."""

from __future__ import annotations

from tests.conformance.server import ALICE, ANNOTATE, Server, named, rows, save


def test_a_lone_null_makes_an_empty_row(server: Server) -> None:
    """omero-01: the row of one column is empty, rows of several keep their nulls."""
    client, within = server.client(ALICE), server.within(ANNOTATE)
    image = save(client, named("Image", "without description"), within).id.val
    text = "select {} from Image i where i.id = :id"
    assert rows(client, text.format("i.description"), within, id=image) == [[]]
    assert rows(client, text.format("i.id, i.description"), within, id=image) == [[image, None]]


def test_a_maximum_of_nothing_is_an_empty_row(server: Server) -> None:
    """omero-01: one row without a column."""
    for function in ("max", "min"):
        text = f"select {function}(i.id) from Image i where i.name = :name"
        assert rows(server.client(ALICE), text, server.within(ANNOTATE), name="no image is called so") == [[]]
