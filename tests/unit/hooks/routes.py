"""What a row of the route table is: a way by which something changes, and exactly which marks it leaves.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: UP006, UP007, UP035, UP045

from typing import Any, Callable, List, Optional, Sequence, Tuple, Union

from tests.unit.hooks import shapes
from tests.unit.hooks.connection import ROOT, Connection, order
from tests.unit.hooks.fakes import Catalog, client
from tests.unit.hooks.shapes import Event, Thing

HOSTILE = '/it\'s 50% "done"\\ \n\U0001f52c.ome.tif'
"""What every route must stand in a name."""

OBJECT = Thing(ROOT + HOSTILE, 10259, 10258)
FOUR = [OBJECT] + [Thing(ROOT + "/sub" + HOSTILE + str(number), number, 10300) for number in (10260, 10261, 10262)]
PART = Thing(ROOT + HOSTILE + ".zarr/s0" + HOSTILE, 10511, 10510)
TRASHED = Thing("/tempZone/trash/home/alice/t" + HOSTILE, 10259, 10295)
ELSEWHERE = Thing("/tempZone/home/alice/other" + HOSTILE, 10259, 10400)
TIER_GROUP = "irods::storage_tiering::group"
SERVICE = client("rods", 5, "irodsDelayServer")
AGENT = client("omero-agent", 5, "irods-omero")

COLLECTIONS = {
    "10258": ROOT,
    "10300": ROOT + "/sub",
    "10295": "/tempZone/trash/home/alice/t",
    "10400": "/tempZone/home/alice/other",
    "10500": ROOT + HOSTILE + ".zarr",
}

Step = Union[Event, Callable[[Catalog], None]]


class Route:
    """One row: what happens, which recorded action that is, and the ids of what is marked after it.

    ``left`` are the ids of the collections that something was in which is elsewhere now, or has another name.
    """

    def __init__(
        self, title: str, action: Optional[str], steps: "Sequence[Step]", marks: "Tuple[int, ...]" = (), **how: Any
    ) -> None:
        self.title = title
        self.action = action
        self.steps = steps
        self.marks = {str(identifier) for identifier in marks}
        self.user = how.pop("user", "alice")
        self.client = how.pop("client", client(self.user, 5 if self.user == "rods" else 3))
        self.known = how.pop("known", False)
        self.closed = how.pop("closed", False)
        self.left = {str(identifier) for identifier in how.pop("left", ())}
        assert not how


def play(route: Route) -> Connection:
    """Play a route on a connection of its own, and check the marks it leaves and what these cost."""
    catalog = Catalog()
    catalog.collections.update(COLLECTIONS)
    catalog.objects.update({str(thing.data_id): thing.path for thing in FOUR})
    if route.known:
        catalog.avus["10259"] = {("omero::unit", "10259", "file")}
    if route.closed:
        catalog.closed.update(catalog.objects)
    connection = Connection(catalog, rei=route.client)
    for step in route.steps:
        if callable(step):
            step(catalog)
        else:
            connection.fire(*step)
    check(route, connection)
    return connection


def check(route: Route, connection: Connection) -> None:
    """Exactly the marks that the table says, one write for each, and nothing in the log.

    What was moved away from has a mark of its own.
    """
    if route.action is not None:
        assert connection.fired == order(route.action, route.user), (connection.fired, order(route.action, route.user))
    assert connection.catalog.marked() == route.marks, (connection.catalog.marked(), route.marks)
    left = connection.catalog.marked("omero::gather")
    assert left == route.left, (left, route.left)
    assert connection.callback.writes() == len(route.marks) + len(left) + route.closed, connection.callback.calls
    assert not connection.callback.log, connection.callback.log


def new(thing: Thing) -> "List[Event]":
    return [shapes.registered(thing), shapes.finalized(thing, ("2", "1", True))]


def put(thing: Thing, by: str = "pep_api_data_obj_put_pre", **conditions: str) -> "List[Event]":
    return [shapes.called(by, thing.path, **conditions), *new(thing)]


def overwrite(thing: Thing) -> "List[Event]":
    return [
        shapes.finalized(thing, ("1", "2", False)),
        shapes.finalized(thing, ("1", "2", False)),
        shapes.finalized(thing, ("1", "1", True)),
    ]


def replicated(thing: Thing) -> "List[Event]":
    return [
        shapes.finalized(thing, ("1", "4", False)),
        shapes.replica(thing),
        shapes.finalized(thing, ("1", "1", False), ("2", "1", False)),
    ]


def gone(thing: Thing) -> "Callable[[Catalog], None]":
    def remove(catalog: Catalog) -> None:
        del catalog.objects[str(thing.data_id)]
        catalog.avus.pop(str(thing.data_id), None)

    return remove


def goes(thing: Thing) -> "Callable[[Catalog], None]":
    def move(catalog: Catalog) -> None:
        catalog.objects[str(thing.data_id)] = thing.path

    return move


def collection_goes(identifier: int, path: str) -> "Callable[[Catalog], None]":
    def move(catalog: Catalog) -> None:
        catalog.collections[str(identifier)] = path

    return move
