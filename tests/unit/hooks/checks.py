"""What marks cost, where they go and what happens when one cannot be left; each promise a function that asserts.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: UP032

from typing import Any

from tests.unit.hooks import shapes
from tests.unit.hooks.connection import ROOT, Connection
from tests.unit.hooks.fakes import Catalog, client
from tests.unit.hooks.routes import (
    AGENT,
    COLLECTIONS,
    ELSEWHERE,
    OBJECT,
    SERVICE,
    TIER_GROUP,
    TRASHED,
    goes,
    new,
    overwrite,
    put,
)
from tests.unit.hooks.shapes import Thing

REQUEST = "omero::request"


def connection(rei: Any = None, policy: Any = None) -> Connection:
    """A connection to a zone with the watched collection and one object in it."""
    catalog = Catalog()
    catalog.collections.update(COLLECTIONS)
    catalog.objects["10259"] = OBJECT.path
    return Connection(catalog, policy=policy, rei=rei)


def check_nothing_is_asked_for_an_unwatched_path() -> None:
    zone = connection()
    zone.play(put(ELSEWHERE))
    assert zone.callback.calls == []


def check_a_watched_put_writes_once_and_the_first_one_into_a_collection_reads_what_is_said_of_it() -> None:
    zone = connection()
    zone.play(put(OBJECT))
    mark = ("-d", OBJECT.path, "add", "omero::sync", "pending", str(10259 % 64))
    assert zone.callback.calls[1:] == [("msiModAVUMetadata", *mark)]
    assert zone.callback.reads() == 1
    other = Thing(ROOT + "/other.tif", 10300)
    goes(other)(zone.catalog)
    zone.play(put(other))
    assert (zone.callback.reads(), zone.callback.writes()) == (1, 2)


def check_the_parts_of_a_zarr_hierarchy_cost_nothing() -> None:
    zone = connection()
    for name in ("s0/zarr.json", "s0/c/0/0/0", "labels/cells.zarr/zarr.json", "zarr.json.bak", "s0/.zattrs"):
        part = Thing("{}/it's.ome.zarr/{}".format(ROOT, name), 20000, 10400)
        zone.play(put(part))
    assert zone.callback.calls == []


def check_the_parts_of_a_zarr_hierarchy_that_move_leave_one_mark_until_the_agent_comes() -> None:
    zone, zarr = connection(SERVICE), "{}/it's.ome.zarr".format(ROOT)
    zone.catalog.collections["10500"] = zarr
    zone.catalog.closed.add("10500")
    for comes in range(3):
        for number in range(100):
            zone.play([shapes.avu("set_avu_metadata_post", "-d", zarr + "/c/{}".format(number), TIER_GROUP, "g")])
        assert zone.catalog.marked() == {"10500"}
        assert zone.callback.count("msi_atomic_apply_metadata_operations") == comes + 1
        zone.catalog.avus.clear()


def check_what_speaks_for_a_zarr_hierarchy_is_marked() -> None:
    for name in ("zarr.json", ".zattrs"):
        zone, root = connection(), Thing("{}/it's.ome.zarr/{}".format(ROOT, name), 10259, 10400)
        goes(root)(zone.catalog)
        zone.play(put(root))
        assert zone.catalog.marked() == {"10259"}


def check_ids_without_a_path_cost_one_read_for_a_collection_and_connection() -> None:
    zone = connection()
    goes(ELSEWHERE)(zone.catalog)
    for number in range(5):
        other = Thing(ELSEWHERE.path + str(number), 20000 + number, 10400)
        zone.play(overwrite(other))
    assert (zone.callback.reads(), zone.callback.writes()) == (1, 0)


def check_a_second_change_before_the_agent_comes_writes_nothing() -> None:
    zone = connection()
    for _ in range(3):
        zone.play(overwrite(OBJECT))
    assert zone.callback.writes() == 1


def check_a_change_after_the_agent_took_the_mark_leaves_another() -> None:
    zone = connection()
    zone.play(put(OBJECT))
    zone.catalog.avus["10259"] = {("omero::sync", "taken", "19")}
    zone.play(overwrite(OBJECT))
    assert ("omero::sync", "pending", "19") in zone.catalog.avus["10259"]


def check_many_removals_write_one_mark_on_their_collection() -> None:
    zone = connection()
    for number in range(1000):
        zone.play([shapes.unregistered(Thing("{}/{}".format(ROOT, number), 20000 + number), forceFlag="")])
    assert (zone.catalog.marked(), zone.callback.writes()) == ({"10258"}, 1)


def check_a_mark_already_there_is_no_failure() -> None:
    zone = connection()
    zone.catalog.avus["10259"] = {("omero::sync", "pending", str(10259 % 64))}
    zone.play(new(OBJECT))
    assert zone.callback.log == []


def check_a_mark_goes_to_the_object_and_not_to_the_path_it_had() -> None:
    zone = connection()
    zone.play(overwrite(OBJECT))
    zone.catalog.avus.clear()
    zone.catalog.collections["10258"] = "/tempZone/home/alice/moved"
    zone.catalog.objects.update({"10259": "/tempZone/home/alice/moved/x", "10999": OBJECT.path})
    zone.play(overwrite(OBJECT))
    assert zone.catalog.marked() == set()


def check_an_administrator_without_rights_on_the_object_marks_in_administrator_mode() -> None:
    zone = connection(SERVICE)
    zone.catalog.closed.add("10259")
    zone.play(overwrite(OBJECT))
    zone.catalog.avus.clear()
    zone.play(overwrite(OBJECT))
    assert zone.catalog.marked() == {"10259"}
    assert zone.callback.count("msiModAVUMetadata") == 1, "what was refused once is not tried again"
    assert zone.callback.count("msi_atomic_apply_metadata_operations") == 2


def check_a_client_without_rights_is_served_and_the_object_is_named_in_the_log() -> None:
    zone = connection(client("bob", 3, "iput"))
    zone.catalog.closed.add("10259")
    zone.play([*overwrite(OBJECT), *overwrite(OBJECT)])
    assert zone.catalog.marked() == set()
    assert zone.callback.count("msi_atomic_apply_metadata_operations") == 0, "no more rights than the client has"
    assert len(zone.callback.log) == 1
    assert "data_object 10259" in zone.callback.log[0]
    assert "reconcile" in zone.callback.log[0]


def check_what_a_client_may_write_on_but_not_see_is_marked_in_some_shard() -> None:
    zone = connection(client("bob", 3, "imeta"))
    zone.catalog.hidden.add("10259")
    for _ in range(2):
        zone.play([shapes.avu("add_avu_metadata_post", "-d", OBJECT.path, REQUEST)])
        assert zone.catalog.avus["10259"] == {("omero::sync", "pending", "0")}
    assert zone.callback.log == []


def check_what_can_be_neither_seen_nor_marked_is_named_in_the_log() -> None:
    zone = connection()
    del zone.catalog.objects["10259"]
    zone.play([shapes.avu("add_avu_metadata_post", "-d", OBJECT.path, REQUEST)])
    assert zone.catalog.marked() == set()
    assert len(zone.callback.log) == 1
    assert "data_object " + ROOT in zone.callback.log[0]


def check_nothing_is_written_or_asked_before_a_transaction_is_over() -> None:
    zone = connection()
    zone.play([shapes.renamed(10259, "new"), shapes.changed(OBJECT, filePath="/vault/new")])
    zone.play([shapes.registered(OBJECT, status=1, flags=1), shapes.changed(OBJECT, flags=1, dataSize="1")])
    assert zone.callback.calls == []
    zone.play([shapes.rename_over(OBJECT.path, OBJECT.path)])
    assert zone.catalog.marked() == {"10259"}


def check_a_rename_is_looked_at_once() -> None:
    zone = connection()
    zone.play([shapes.renamed(10259, "new"), shapes.rename_over(OBJECT.path, OBJECT.path)])
    zone.callback.calls.clear()
    zone.play([shapes.rename_over(OBJECT.path, OBJECT.path), shapes.over("pep_api_exec_my_rule_post")])
    assert zone.callback.calls == []


def check_a_rename_elsewhere_asks_nothing() -> None:
    zone = connection()
    zone.play([shapes.moved(10259, 10400), shapes.rename_over(ELSEWHERE.path, TRASHED.path)])
    assert zone.callback.calls == []


def check_a_collection_that_this_connection_moved_is_asked_for_again() -> None:
    zone = connection()
    goes(ELSEWHERE)(zone.catalog)
    zone.play([*overwrite(ELSEWHERE), shapes.renamed(10400, "in")])
    zone.catalog.collections["10400"] = ROOT + "/in"
    goes(Thing(ROOT + "/in/" + ELSEWHERE.name))(zone.catalog)
    zone.play([shapes.rename_over(ELSEWHERE.collection, ELSEWHERE.collection), *overwrite(ELSEWHERE)])
    assert zone.catalog.marked() == {"10259"}


def check_what_the_agent_writes_asks_nothing() -> None:
    zone = connection(AGENT)
    zone.play(
        [shapes.avu("add_avu_metadata_post", "-d", OBJECT.path, name) for name in ("omero::request", "microscope")]
    )
    zone.play([*new(OBJECT), shapes.atomic("post", OBJECT.path, ("add", "omero::request", "keep"))])
    assert zone.callback.calls == []


def check_the_agent_is_known_where_the_policy_names_no_zone() -> None:
    zone = connection(AGENT, policy={"watch": {"roots": [ROOT]}, "zone": {"user": "omero-agent"}})
    zone.play(new(OBJECT))
    assert zone.callback.calls == []


def check_avus_on_resources_and_users_ask_nothing() -> None:
    zone = connection()
    for kind in ("-R", "-u", "-g", ""):
        zone.play([shapes.avu("add_avu_metadata_post", kind, OBJECT.path, "omero::request")])
    assert zone.callback.calls == []


def check_a_removal_inside_a_replacement_is_not_committed_by_a_mark() -> None:
    zone = connection()
    zone.play([shapes.avu_removed("post", "-d", OBJECT.path, REQUEST, no_commit=1)])
    assert zone.callback.calls == []


def check_one_failing_mark_does_not_keep_the_others_back() -> None:
    zone = connection(client("bob", 3, "ibun"))
    other = Thing(ROOT + "/second", 10260)
    zone.catalog.objects["10260"] = other.path
    zone.catalog.closed.add("10259")
    zone.play([shapes.registered(thing, status=1, flags=1) for thing in (OBJECT, other)])
    zone.play([shapes.over("pep_api_bulk_data_obj_reg_post")])
    assert (zone.catalog.marked(), len(zone.callback.log)) == ({"10260"}, 1)


def check_a_watched_zone_does_not_include_its_trash() -> None:
    zone = connection(policy={"watch": {"roots": ["/tempZone/"]}})
    zone.catalog.objects["10259"] = "/tempZone/home/x"
    zone.play([*new(TRASHED), *new(Thing("/tempZone/home/x", 10259))])
    assert [call[2] for call in zone.callback.calls if call[0] == "msiModAVUMetadata"] == ["/tempZone/home/x"]


def check_what_a_client_leaves_out_of_an_avu_is_no_failure() -> None:
    """zone-95: units that are not given, and the parts of a change that stay, are None."""
    events = [(shapes.avu(name + "_avu_metadata_post", "-d", OBJECT.path, REQUEST), 4) for name in ("add", "set")]
    events.append((shapes.avu("add_avu_metadata_wild_post", "-d", ROOT + "/%", REQUEST), 4))
    events.append((shapes.avu_replaced("post", "-d", OBJECT.path, REQUEST, "v:keep"), 4))
    events.append((shapes.avu_removed("post", "-d", OBJECT.path, REQUEST), 5))
    events.append((shapes.avus_copied("post", ROOT + "/other", OBJECT.path), 6))
    for (pep, args), of_path in events:
        texts = [place for place in range(3, len(args)) if not isinstance(args[place], int)]
        optional = [place for place in texts if place > of_path + 1]
        for places in [[place] for place in texts] + [optional, texts]:
            zone = connection()
            zone.fire(pep, [None if place in places else one for place, one in enumerate(args)])
            assert zone.callback.log == [], (pep, places)
            assert bool(zone.catalog.marked()) or not set(places) <= set(optional), (pep, places)


def check_a_removal_without_conditions_is_seen() -> None:
    zone = connection()
    pep, args = shapes.unregistered(OBJECT)
    zone.fire(pep, [*args[:4], None])
    assert zone.catalog.marked() == {"10259"}
