"""Which marks the files of a directory leave that is one unit; each promise a function that asserts.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: UP006, UP032, UP035

import importlib
from typing import Any, List

from tests.unit.hooks import shapes
from tests.unit.hooks.connection import ROOT, Connection
from tests.unit.hooks.fakes import Catalog, client
from tests.unit.hooks.routes import AGENT, SERVICE, TIER_GROUP, goes, gone, new, overwrite, replicated
from tests.unit.hooks.shapes import Thing

RUN, INSIDE = ROOT + "/run 1", ROOT + "/run 1/more"
IDS = {ROOT: "10258", RUN: "10600", INSIDE: "10601"}
PENDING = ("omero::sync", "pending", str(10600 % 64))
FILES = [Thing("{}/{}.tif".format(INSIDE if number % 2 else RUN, number), 20000 + number) for number in range(50)]


def connection(kind: str = "directory", units: str = "", rei: Any = None) -> Connection:
    """A connection to a zone with a directory, and files that lie in it."""
    catalog = Catalog()
    catalog.collections.update({identifier: path for path, identifier in IDS.items()})
    catalog.objects.update({str(thing.data_id): thing.path for thing in FILES})
    catalog.avus["10258"] = {("omero::import", kind, units)}
    return Connection(catalog, rei=rei)


def put_all(zone: Connection) -> None:
    for thing in FILES:
        zone.play(new(thing))


def check_many_files_leave_one_mark_on_their_directory_and_one_read_for_each() -> None:
    zone = connection()
    put_all(zone)
    assert zone.catalog.marked() == {"10600"}
    assert zone.callback.writes() == 1
    of_places, of_the_mark = 2, 1
    assert zone.callback.reads() == len(FILES) + of_places + of_the_mark


def check_a_file_that_comes_when_the_agent_has_taken_the_mark_leaves_another() -> None:
    zone = connection()
    for writes, thing in enumerate(FILES, 1):
        zone.play(new(thing))
        assert zone.catalog.marked() == {"10600"}
        assert zone.callback.writes() == writes
        zone.catalog.avus["10600"].discard(PENDING)


def check_the_collection_itself_is_the_directory_where_it_says_so() -> None:
    zone = connection(units="self")
    put_all(zone)
    assert (zone.catalog.marked(), zone.callback.writes()) == ({"10258"}, 1)


def check_what_lies_in_no_directory_of_its_own_is_marked_itself() -> None:
    zone, loose = connection(), Thing(ROOT + "/loose.tif", 20999, 10258)
    zone.play(new(loose))
    goes(loose)(zone.catalog)
    zone.play(overwrite(loose))
    assert zone.catalog.avus["20999"] == {("omero::sync", "pending", str(20999 % 64))}


def check_the_nearest_collection_that_says_anything_counts_and_what_is_doubtful_marks_the_files() -> None:
    kinds = [("file", ""), ("list", ""), ("auto", ""), ("off", ""), ("no such word", ""), ("directory", "all")]
    for kind, units in kinds:
        zone = connection()
        zone.catalog.avus["10600"] = {("omero::import", kind, units)}
        zone.play(new(FILES[1]))
        assert zone.catalog.avus[str(FILES[1].data_id)], kind
    zone = connection()
    zone.catalog.avus["10258"].add(("omero::import", "file", ""))
    zone.play(new(FILES[1]))
    assert zone.catalog.avus[str(FILES[1].data_id)]


def check_all_that_happens_to_a_file_of_a_directory_marks_the_directory() -> None:
    thing = FILES[1]
    events = {
        "overwritten": overwrite(thing),
        "replicated": replicated(thing),
        "registered": [shapes.registered(thing, status=1)],
        "a replica registered": [shapes.replica(thing, status=1)],
        "trimmed": [shapes.unregistered(thing, copies="1")],
        "truncated": [shapes.changed(thing, dataSize="0")],
        "moved by tiering": [shapes.avu("set_avu_metadata_post", "-d", thing.path, TIER_GROUP, "g")],
        "asked": [shapes.avu("add_avu_metadata_post", "-d", thing.path, "omero::request", "keep")],
        "renamed": [shapes.renamed(thing.data_id, "new"), shapes.rename_over(thing.path, thing.path)],
    }
    for title, steps in events.items():
        zone = connection()
        zone.play(steps)
        assert zone.catalog.marked() == {"10600"}, title
        assert not zone.callback.log, title


def check_a_movement_of_many_files_leaves_one_mark_until_the_agent_comes() -> None:
    zone = connection(rei=SERVICE)
    zone.catalog.closed.add("10600")
    for comes in range(2):
        zone.play([shapes.avu("set_avu_metadata_post", "-d", thing.path, TIER_GROUP, "g") for thing in FILES])
        assert zone.catalog.marked() == {"10600"}
        assert zone.callback.count("msi_atomic_apply_metadata_operations") == comes + 1
        zone.catalog.avus["10600"].clear()


def check_a_file_that_is_removed_marks_the_collection_that_it_was_in() -> None:
    zone = connection()
    gone(FILES[1])(zone.catalog)
    zone.play([shapes.unregistered(Thing(FILES[1].path, FILES[1].data_id, 10601), forceFlag="")])
    assert zone.catalog.marked() == {"10601"}


def check_what_speaks_for_a_zarr_hierarchy_in_a_directory_is_marked_itself() -> None:
    zone, root = connection(), Thing(RUN + "/a.zarr/zarr.json", 20500)
    goes(root)(zone.catalog)
    zone.play(new(root))
    assert zone.catalog.marked() == {"20500"}


def check_who_may_not_write_on_the_directory_marks_the_files_and_tries_it_once() -> None:
    zone = connection(rei=client("bob"))
    zone.catalog.closed.add("10600")
    for thing in FILES[1::2]:
        zone.play(new(thing))
    assert zone.catalog.marked() == {str(thing.data_id) for thing in FILES[1::2]}
    assert zone.callback.writes() == len(FILES[1::2]) + 1
    assert not zone.callback.log


def check_who_may_not_see_what_is_said_above_marks_the_files() -> None:
    zone = connection(rei=client("bob"))
    zone.catalog.hidden.add("10258")
    zone.play(new(FILES[1]))
    assert zone.catalog.marked() == {str(FILES[1].data_id)}


def check_a_query_that_fails_marks_the_files() -> None:
    zone = connection()
    zone.callback.failing["msiExecStrCondQuery"] = RuntimeError("[iRods__Error__Code:-806000]")
    for thing in FILES[1::2]:
        zone.play(new(thing))
    assert zone.catalog.marked() == {str(thing.data_id) for thing in FILES[1::2]}
    assert zone.callback.reads() == 1


def check_a_path_that_no_query_can_hold_marks_the_files() -> None:
    for name in ("it's", "a\nb", "50%", "one_two"):
        zone = connection()
        zone.catalog.collections["10600"] = ROOT + "/" + name
        thing = Thing(ROOT + "/" + name + "/a.tif", 20500, 10600)
        goes(thing)(zone.catalog)
        zone.play(new(thing))
        assert zone.catalog.marked() == ({"10600"} if "_" in name else {"20500"}), name


def check_what_the_agent_does_in_a_directory_asks_nothing() -> None:
    zone = connection(rei=AGENT)
    put_all(zone)
    zone.play([shapes.avu("add_avu_metadata_post", "-d", FILES[1].path, "omero::request")])
    assert zone.callback.calls == []


def check_what_a_collection_says_is_asked_again_when_it_has_changed_or_after_a_while() -> None:
    zone, watching = connection(kind="file"), importlib.import_module("irods_omero.hooks.watching")
    zone.play(new(FILES[0]))
    zone.catalog.avus["10258"] = {("omero::import", "directory", "")}
    zone.play(new(FILES[2]))
    assert zone.catalog.marked() == {str(thing.data_id) for thing in (FILES[0], FILES[2])}
    zone.play([shapes.avu("set_avu_metadata_post", "-C", ROOT, "omero::import", "directory")])
    zone.play(new(FILES[4]))
    assert "10600" in zone.catalog.marked()
    zone.catalog.avus["10258"] = {("omero::import", "file", "")}
    watching.memory.directories.update({path: (where, 0.0) for path, (where, _) in known(watching)})
    zone.play(new(FILES[6]))
    assert str(FILES[6].data_id) in zone.catalog.marked()


def known(watching: Any) -> "List[Any]":
    return list(watching.memory.directories.items())
