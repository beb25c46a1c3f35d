"""Which AVUs of this policy whom are kept from writing; each promise a function that asserts.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: PT017, UP006, UP031, UP032, UP035, UP045

import json
from typing import Any, List, Optional, Tuple

from tests.unit.hooks import shapes
from tests.unit.hooks.checks import connection
from tests.unit.hooks.connection import POLICY, ROOT, Connection
from tests.unit.hooks.fakes import client
from tests.unit.hooks.routes import COLLECTIONS, ELSEWHERE, OBJECT, put
from tests.unit.hooks.shapes import Event

REQUEST = "omero::request"
KEPT = ("sync", "unit", "fileset", "image", "url", "agreement", "error", "cursor", "agent", "anything", "request ")
PATH = OBJECT.path
ADD = "add_avu_metadata_pre"


def is_refused(event: Event, rei: Any = None, policy: Any = None, zone: "Optional[Connection]" = None) -> bool:
    """Whether an event is refused: by the one exception that may leave, with the right code and a reason."""
    if zone is None:
        zone = connection(rei, policy)
    try:
        zone.fire(*event)
    except Exception as failure:
        assert type(failure).__name__ == "Refused", failure
        assert str(failure).startswith("[iRods__Error__Code:-818000] "), failure
        assert ("msiExit", "-818000", str(failure).split("] ", 1)[1]) in zone.callback.calls
        assert zone.callback.writes() == 0
        return True
    assert not zone.callback.log, zone.callback.log
    return False


def writing(kind: str, path: str, attribute: str, value: str) -> "List[Event]":
    """Every way to give something an AVU."""
    entity = {"-d": "data_object", "-C": "collection", "-R": "resource", "-u": "user"}[kind]
    ways = [
        shapes.avu(operation + "_pre", kind, path, attribute, value)
        for operation in ("add_avu_metadata", "set_avu_metadata", "add_avu_metadata_wild")
    ]
    ways.append(shapes.avu_replaced("pre", kind, path, "mine", "n:" + attribute, "v:" + value))
    ways.append(shapes.avu_replaced("pre", kind, path, "mine", "units", "v:" + value, "n:" + attribute))
    ways.append(shapes.atomic("pre", path, ("add", "a", "b"), ("add", attribute, value), kind=entity))
    return ways


def bringing(attribute: str, value: str) -> "List[Event]":
    """Every call that brings AVUs along with content."""
    brought = {"metadataIncluded": "a;b;c;{};{};".format(attribute, value)}
    peps = ("data_obj_put", "data_obj_open", "data_obj_create", "replica_open", "data_obj_repl")
    copied = shapes.copy_called(PATH, PATH)
    copied[1][2]["DataObjCopyInp"]["destDataObjInp"]["DataObjInp"]["condInput"]["KeyValPair"].update(brought)
    return [shapes.called("pep_api_{}_pre".format(pep), PATH, **brought) for pep in peps] + [copied]


def removing(kind: str, path: str, attribute: str) -> "List[Event]":
    """Every way to take an AVU away that names it."""
    return [
        shapes.avu_removed("pre", kind, path, attribute),
        shapes.avu_replaced("pre", kind, path, attribute, "n:mine"),
        shapes.atomic("pre", path, ("remove", attribute, "v")),
    ]


def check_users_cannot_write_what_the_agent_keeps() -> None:
    for name in KEPT:
        for kind, path in (("-d", PATH), ("-d", ELSEWHERE.path), ("-C", ROOT), ("-R", "fast_resc"), ("-u", "alice")):
            for event in writing(kind, path, "omero::" + name, "1"):
                assert is_refused(event), (kind, name, event)
        for event in bringing("omero::" + name, "1") + removing("-d", PATH, "omero::" + name):
            assert is_refused(event), (name, event)


def check_other_spellings_are_kept_too() -> None:
    for name in ("OMERO::fileset", " omero::fileset", "Omero::x", "omero::fileset\0x", "omero::"):
        assert is_refused(shapes.avu(ADD, "-d", PATH, name)), name


def check_users_may_request_what_there_is_to_request() -> None:
    for value in ("archive", "restage", "keep"):
        for event in writing("-d", PATH, REQUEST, value) + bringing(REQUEST, value) + removing("-d", PATH, REQUEST):
            assert not is_refused(event), event
    for event in writing("-C", ROOT, REQUEST, "archive"):
        assert not is_refused(event), event
    for event in writing("-d", PATH, REQUEST, "burn") + writing("-C", ROOT, REQUEST, "burn") + bringing(REQUEST, ""):
        assert is_refused(event), event


def check_users_may_say_what_to_import_when_and_where_to() -> None:
    for name in ("omero::import", "omero::target", "omero::complete"):
        for event in writing("-C", ROOT, name, "file"):
            assert not is_refused(event), event
        assert not is_refused(shapes.avu_removed("pre", "-C", ROOT, name))
        assert is_refused(shapes.avu(ADD, "-d", PATH, name, "file"))


def check_who_slips_is_told_what_users_may_set() -> None:
    for kind, path, name, said in (
        ("-C", ROOT, "omero::taget", "is no AVU of the OMERO policy: users set omero::import, omero::target"),
        ("-d", PATH, "omero::import", "omero::import is for collections"),
        ("-d", PATH, "omero::fileset", "omero::fileset is kept by the OMERO policy"),
        ("-d", PATH, "omero::request", "omero::request can be archive, restage"),
    ):
        zone = connection()
        assert is_refused(shapes.avu(ADD, kind, path, name, "1"), zone=zone)
        assert any(said in str(call) for call in zone.callback.calls), (said, zone.callback.calls)


def check_other_attributes_are_nobodys_business() -> None:
    for name in ("microscope", "omerox::a", "omero:", "irods::access_time", "mero::sync", ""):
        for event in writing("-d", PATH, name, "v") + bringing(name, "omero::sync") + removing("-d", PATH, name):
            assert not is_refused(event), event


def check_administrators_and_the_service_may_everything() -> None:
    for rei in (client("rods", 5, "iadmin"), client("omero-agent", 5, "irods-omero")):
        for event in writing("-d", PATH, "omero::sync", "pending") + bringing("omero::unit", "1"):
            assert not is_refused(event, rei), event


def check_protection_can_be_turned_off() -> None:
    open_policy = dict(POLICY, watch={"roots": [ROOT], "protect": False})
    for event in writing("-d", PATH, "omero::sync", "x") + bringing("omero::unit", "1"):
        assert not is_refused(event, policy=open_policy), event


def check_the_mark_of_a_hook_passes_with_the_rights_of_the_client() -> None:
    zone = connection()
    zone.play(put(OBJECT))
    assert zone.catalog.marked() == {"10259"}
    assert is_refused(shapes.avu(ADD, "-d", PATH, "omero::sync", "pending", "19"), zone=connection())


def check_a_mark_that_fails_leaves_nothing_open_for_users() -> None:
    zone = connection()
    zone.callback.failing["msiModAVUMetadata"] = MemoryError()
    zone.play(put(OBJECT))
    del zone.callback.failing["msiModAVUMetadata"]
    zone.callback.calls.clear()
    assert is_refused(shapes.avu(ADD, "-d", PATH, "omero::sync", "pending", "19"), zone=zone)


def check_removal_by_pattern_cannot_take_what_is_kept() -> None:
    for pattern in ("%", "omero::%", "omero::file___", "%set", "%%%_%:%", "omero::\\fileset", "_" * len("omero::sync")):
        assert is_refused(shapes.avu_removed("pre", "-d", PATH, pattern, option=1)), pattern
    for pattern in ("micro%", "lab\\_%", "omero::fileset_", "omero::request", "\\%", "", "_", "omero::file\\%"):
        assert not is_refused(shapes.avu_removed("pre", "-d", PATH, pattern, option=1)), pattern


def check_a_pattern_cannot_take_long() -> None:
    assert not is_refused(shapes.avu_removed("pre", "-d", PATH, "%o_" * 2000 + "!", option=1))


def check_removal_by_id_cannot_take_what_is_kept() -> None:
    for name, expected in (("omero::fileset", True), ("microscope", False), (REQUEST, False)):
        zone = connection()
        zone.callback.avu_names["777"] = name
        assert is_refused(shapes.avu_removed("pre", "-d", PATH, "777", option=2), zone=zone) is expected


def check_what_is_kept_cannot_be_copied() -> None:
    for name, expected in (("omero::fileset", True), ("microscope", False), (REQUEST, False)):
        zone = connection()
        zone.catalog.collections.update(COLLECTIONS)
        zone.catalog.avus["10259"] = {(name, "archive", "")}
        assert is_refused(shapes.avus_copied("pre", PATH, ELSEWHERE.path), zone=zone) is expected, name


def check_avus_that_cannot_be_seen_cannot_be_copied_to_what_is_watched() -> None:
    for target, expected in ((PATH, True), (ELSEWHERE.path, False)):
        zone = connection()
        zone.catalog.collections.update(COLLECTIONS)
        assert is_refused(shapes.avus_copied("pre", "/tempZone/home/bob/hidden", target), zone=zone) is expected


def check_operations_that_cannot_be_read_are_refused() -> None:
    operation = '{"operation":"add","attribute":"%s","value":"1"}'
    escaped = '{"entity_name":"/x","entity_type":"data_object","operations":[' + operation + "]}"
    deep = '{"junk":%s%s,"operations":[]}' % ("[" * 100000, "]" * 100000)
    for text in ("", "{", "[]", deep, escaped % "\\u006fmero::sync", "\ufeff" + escaped % "omero::sync"):
        assert is_refused(shapes.atomic_text("pre", text)), text[:80]
    assert not is_refused(shapes.atomic_text("pre", escaped % "microscope"))


def check_the_last_of_two_equal_keys_counts_as_in_the_server() -> None:
    twice = '{"operation":"add","attribute":"a","attribute":"omero::sync","value":"1"}'
    text = '{"entity_name":"/x","entity_type":"data_object","operations":[%s]}' % twice
    assert is_refused(shapes.atomic_text("pre", text))
    assert json.loads(text)["operations"][0]["attribute"] == "omero::sync"


AVU_LEFT_OUT: List[Tuple[int, ...]] = [(3,), (4,), (6,), (7,), (8,), (3, 4, 6, 7, 8)]
MOD_LEFT_OUT: List[Tuple[int, ...]] = [(3,), (4,), (6,), (7,), (8, 9, 10), (11,), (3, 4, 6, 7, 8, 9, 10, 11)]
DEL_LEFT_OUT: List[Tuple[int, ...]] = [(4,), (5,), (7,), (8,), (10,), (5, 7, 8, 10)]
COPY_LEFT_OUT: List[Tuple[int, ...]] = [(3,), (4,), (5,), (6,), (7,), (5, 7)]


def without(event: Event, *places: int) -> Event:
    """The same event of a client that left something out: the rule engine gives None in its place."""
    pep, args = event
    return pep, [None if place in places else one for place, one in enumerate(args)]


def check_nothing_that_is_left_out_lets_a_write_of_what_is_kept_pass() -> None:
    for operation in ("add_avu_metadata_pre", "set_avu_metadata_pre", "add_avu_metadata_wild_pre"):
        event = shapes.avu(operation, "-d", PATH, "omero::fileset", "1")
        for places in AVU_LEFT_OUT:
            assert is_refused(without(event, *places)), (operation, places)
        requested = shapes.avu(operation, "-d", PATH, REQUEST, "keep")
        assert not is_refused(without(requested, 4, 7, 8)), operation
        assert is_refused(without(requested, 6)), "without a value nothing is requested"
    taken = shapes.avu_replaced("pre", "-d", PATH, "omero::fileset", "n:mine")
    for places in MOD_LEFT_OUT:
        assert is_refused(without(taken, *places)), places
    for place in range(7, 11):
        made = shapes.avu_replaced("pre", "-d", PATH, "mine")
        made[1][place] = "n:omero::fileset"
        assert is_refused(without(made, *({3, 4, 6, 7, 8, 9, 10, 11} - {place}))), place
    burnt = shapes.avu_replaced("pre", "-d", PATH, REQUEST, "n:", "v:burn")
    assert is_refused(without(burnt, 9, 10)), "an empty new name is the old one"


def check_nothing_that_is_left_out_lets_a_removal_of_what_is_kept_pass() -> None:
    for option, attribute in ((0, "omero::fileset"), (1, "omero::%"), (2, "777")):
        for places in DEL_LEFT_OUT:
            zone = connection()
            zone.callback.avu_names["777"] = "omero::fileset"
            event = without(shapes.avu_removed("pre", "-d", PATH, attribute, option), *places)
            refused = is_refused(event, zone=zone)
            assert refused or (option == 2 and 4 in places), (option, places)  # of no type: refused by the server
    for places in COPY_LEFT_OUT:
        zone = connection()
        zone.catalog.avus["10259"] = {("omero::fileset", "1", "")}
        refused = is_refused(without(shapes.avus_copied("pre", PATH, ROOT + "/other"), *places), zone=zone)
        assert refused or 3 in places, places  # of no type: refused by the server
    pep, args = shapes.atomic("pre", PATH)
    assert is_refused((pep, [*args[:2], None, *args[3:]]))


def check_what_says_nothing_of_an_attribute_is_nobodys_business() -> None:
    for event in writing("-d", PATH, "microscope", "v")[:5] + removing("-d", PATH, "microscope")[:2]:
        for place in range(3, len(event[1])):
            if not isinstance(event[1][place], int):
                assert not is_refused(without(event, place)), (event[0], place)
    brought = shapes.called("pep_api_data_obj_put_pre", PATH)
    brought[1][2]["DataObjInp"]["condInput"]["KeyValPair"]["metadataIncluded"] = None
    assert not is_refused(brought)


def check_semicolons_that_are_escaped_separate_nothing() -> None:
    brought = {"metadataIncluded": "a\\;b;omero::sync;c;d;e;f"}
    assert not is_refused(shapes.called("pep_api_data_obj_put_pre", PATH, **brought))
    brought = {"metadataIncluded": "a\\;b;c;d;\\omero::sync;e;f"}
    assert is_refused(shapes.called("pep_api_data_obj_put_pre", PATH, **brought))
