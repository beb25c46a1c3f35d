"""Every route leaves exactly the marks that the table says."""

from __future__ import annotations

import pytest

from tests.unit.hooks.route_table import ROUTES
from tests.unit.hooks.routes import Route, play


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: str(route.title))
def test_a_route_leaves_exactly_its_marks(route: Route) -> None:
    play(route)


def test_rows_are_told_apart_by_their_titles() -> None:
    assert len({route.title for route in ROUTES}) == len(ROUTES)
