"""What a projection makes of nulls, and a query of parameters that it does not take."""

from __future__ import annotations

import omero
import pytest
from omero.rtypes import rint, rlist, rlong

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


def test_a_short_integer_is_not_compared_with_a_long_column(server: Server) -> None:
    """omero-02: ids take ``rlong``."""
    queries = server.client(ALICE).getSession().getQueryService()
    for condition, given in (("i.id = :id", rint(1)), ("i.id in (:id)", rlist([rlong(1), rint(2)]))):
        parameters = omero.sys.ParametersI().add("id", given)
        with pytest.raises(omero.InternalException, match="ClassCastException"):
            queries.projection(f"select i.id from Image i where {condition}", parameters, server.within(ANNOTATE))
