"""The rows of the route table that are about AVUs.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: UP006, UP035

from typing import List, Tuple

from tests.unit.hooks import shapes
from tests.unit.hooks.connection import ROOT
from tests.unit.hooks.fakes import client
from tests.unit.hooks.routes import AGENT, ELSEWHERE, FOUR, OBJECT, PART, SERVICE, Route
from tests.unit.hooks.shapes import Event

REQUEST = "omero::request"
TARGET = "omero::target"
GROUP = "irods::storage_tiering::group"
ACCESS_TIME = "irods::access_time"
PATH = OBJECT.path
PARTS = [PART.path + str(number) for number in range(100)]

ADD = ("add_avu_metadata_pre", "add_avu_metadata_post")
SET = ("set_avu_metadata_pre", "set_avu_metadata_post")
SET_ANEW = (SET[0], *ADD)
ADD_WILD = ("add_avu_metadata_wild_pre", "add_avu_metadata_wild_post")
AGENT_QUEUED = client("omero-agent", 5, "irodsDelayServer")


def on_object(peps: "Tuple[str, ...]", attribute: str, value: str = "archive") -> "List[Event]":
    return [shapes.avu(pep, "-d", PATH, attribute, value) for pep in peps]


def on_path(peps: "Tuple[str, ...]", attribute: str, path: str) -> "List[Event]":
    return [shapes.avu(pep, "-d", path, attribute, "keep") for pep in peps]


def on_collection(peps: "Tuple[str, ...]", attribute: str, path: str = ROOT) -> "List[Event]":
    return [shapes.avu(pep, "-C", path, attribute, "directory") for pep in peps]


def removed(attribute: str, option: int = 0) -> "List[Event]":
    return [shapes.avu_removed(when, "-d", PATH, attribute, option) for when in ("pre", "post")]


def replaced(attribute: str, new_attribute: str, *changes: str) -> "List[Event]":
    """A modification: removal and addition happen in one transaction, inside it."""
    return [
        shapes.avu_replaced("pre", "-d", PATH, attribute, "u", *changes),
        shapes.avu_removed("pre", "-d", PATH, attribute, no_commit=1),
        shapes.avu_removed("post", "-d", PATH, attribute, no_commit=1),
        *on_object(ADD, new_attribute),
        shapes.avu_replaced("post", "-d", PATH, attribute, "u", *changes),
    ]


def atomic(path: str, *operations: "Tuple[str, str, str]", **kind: str) -> "List[Event]":
    return [shapes.atomic(when, path, *operations, **kind) for when in ("pre", "post")]


SET_OVER_SEVERAL = [
    *on_object(SET[:1], REQUEST),
    shapes.avu_removed("pre", "-d", PATH, REQUEST, option=1, no_commit=1),
    shapes.avu_removed("post", "-d", PATH, REQUEST, option=1, no_commit=1),
    *on_object(ADD, REQUEST),
]

ON_OBJECTS = [
    Route("imeta add of a request", "imeta add -d", on_object(ADD, REQUEST), (10259,)),
    Route("imeta set of a request", "imeta set -d", on_object(SET, REQUEST), (10259,)),
    Route("imeta set of a first request", None, on_object(SET_ANEW, REQUEST), (10259,)),
    Route("imeta mod of a request", "imeta mod -d", replaced(REQUEST, REQUEST, "v:restage"), (10259,)),
    Route(
        "imeta mod that makes a request", "imeta mod -d", replaced("mine", REQUEST, "n:" + REQUEST, "v:keep"), (10259,)
    ),
    Route("imeta mod that ends a request", "imeta mod -d", replaced(REQUEST, "mine", "n:mine"), (10259,)),
    Route("imeta rm of a request", "imeta rm -d", removed(REQUEST), (10259,)),
    Route("imeta add of a unit, by an administrator", None, on_object(ADD[1:], "omero::unit"), (10259,)),
    Route("imeta rmw", None, removed("lab::%", option=1), (10259,)),
    Route("imeta rmi", None, removed("10777", option=2), (10259,)),
    Route(
        "imeta cp",
        "imeta cp -d -d",
        [shapes.avus_copied(when, FOUR[1].path, PATH) for when in ("pre", "post")],
        (10259,),
    ),
    Route("imeta addw", None, [shapes.avu(pep, "-d", ROOT + "/%.tif", REQUEST, "keep") for pep in ADD_WILD], (10258,)),
    Route("PRC metadata.add", "PRC metadata.add", on_object(ADD, REQUEST), (10259,)),
    Route("PRC metadata.set", "PRC metadata.set", SET_OVER_SEVERAL, (10259,)),
    Route("PRC metadata[k] =", "PRC ob.metadata[k]=", on_object(ADD, REQUEST), (10259,)),
    Route("PRC metadata.remove", "PRC metadata.remove", removed(REQUEST), (10259,)),
    Route("PRC atomic operations", "PRC atomic ops", atomic(PATH, ("add", REQUEST, "keep")), (10259,)),
    Route("PRC atomic removal", "PRC atomic ops", atomic(PATH, ("remove", "lab::x", "y")), (10259,)),
    Route("an AVU by another rule", None, on_object(ADD, REQUEST), (10259,)),
    Route("a mapped attribute", "imeta add -d", on_object(ADD, "microscope"), (10259,)),
    Route("a mapped beginning", "imeta add -d", on_object(ADD, "lab::stain"), (10259,)),
    Route("what a site says of where bytes are", "imeta add -d", on_object(ADD, "site::residency"), (10259,)),
    Route("an attribute that nobody mapped", "imeta add -d", on_object(ADD, "microscopes")),
    Route("imeta mod of what nobody mapped", "imeta mod -d", replaced("attr1", "attr1", "v:val2")),
    Route("PRC atomic operations on what nobody mapped", "PRC atomic ops", atomic(PATH, ("add", "at1", "v1"))),
    Route("storage tiering's group", None, on_object(SET, GROUP), (10259,), client=SERVICE, closed=True),
    Route(
        "storage tiering's group on a part of a Zarr hierarchy",
        None,
        [event for part in PARTS for event in on_path(SET, GROUP, part)],
        (10500,),
        client=SERVICE,
    ),
    Route("anything else on a part of a Zarr hierarchy", None, on_path(ADD, REQUEST, PARTS[0]), user="rods"),
    Route("storage tiering's access time", None, on_object(SET, ACCESS_TIME), client=SERVICE),
    Route("an administrator's change of what the agent keeps", None, on_object(SET, "omero::error"), user="rods"),
    Route("the agent's own AVUs", None, on_object(ADD, REQUEST), client=AGENT),
    Route("the agent's account in the delay server", None, on_object(SET, GROUP), (10259,), client=AGENT_QUEUED),
    Route(
        "a request elsewhere",
        "imeta add -d",
        [shapes.avu(pep, "-d", ELSEWHERE.path, REQUEST, "keep") for pep in ADD],
    ),
    Route("an AVU on a resource", None, [shapes.avu(pep, "-R", "fast_resc", GROUP, "g") for pep in ADD], user="rods"),
]

ON_COLLECTIONS = [
    Route("a collection is to be imported", "imeta add -C", on_collection(ADD, "omero::import"), (10258,)),
    Route("a directory is complete", None, on_collection(SET, "omero::complete"), (10258,)),
    Route("a collection gets another target", None, on_collection(SET, TARGET), (10258,)),
    Route(
        "an administrator takes away which files are a directory's unit",
        None,
        [shapes.avu_removed(when, "-C", ROOT, "omero::unit") for when in ("pre", "post")],
        (10258,),
        user="rods",
    ),
    Route(
        "a collection is no longer imported",
        None,
        [shapes.avu_removed(when, "-C", ROOT, "omero::import") for when in ("pre", "post")],
        (10258,),
    ),
    Route(
        "PRC atomic operations on a collection",
        "PRC atomic ops",
        atomic(ROOT, ("add", TARGET, "P/D"), kind="collection"),
        (10258,),
    ),
    Route("a request on a collection", None, [shapes.avu(pep, "-C", ROOT, REQUEST, "keep") for pep in SET], (10258,)),
    Route("a mapped attribute of a collection", None, on_collection(ADD, "microscope"), left=(10258,)),
    Route("another AVU on a collection", "imeta add -C", on_collection(ADD, "colour")),
    Route("a collection elsewhere", "imeta add -C", on_collection(ADD, TARGET, ELSEWHERE.collection)),
]

METADATA = ON_OBJECTS + ON_COLLECTIONS
