"""Nothing that is broken or hostile gets through the hooks; each promise a function that asserts.

Standard library of Python 3.6 only, since it runs under every Python that loads the rule engine.
"""
# ruff: noqa: UP032

import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any

from tests.unit.hooks import shapes
from tests.unit.hooks.checks import connection
from tests.unit.hooks.connection import CONTINUE, POLICY, ROOT, Connection
from tests.unit.hooks.fakes import argument, client
from tests.unit.hooks.routes import OBJECT, overwrite, put


def log_of(policy: Any) -> "list[str]":
    """What two puts on one connection log if this is in the policy file; nothing may be asked of the catalog."""
    zone = connection(policy=policy)
    zone.play(put(OBJECT) + put(OBJECT))
    assert zone.callback.count("writeLine") == len(zone.callback.calls)
    return zone.callback.log


def check_whatever_a_microservice_raises_stays_inside() -> None:
    for failure in (SystemExit(1), KeyboardInterrupt(), RecursionError(), MemoryError(), GeneratorExit(), ValueError()):
        for name in ("msiModAVUMetadata", "msiExecStrCondQuery", "writeLine"):
            zone = connection()
            zone.callback.failing = {name: failure, "msiModAVUMetadata": failure}
            zone.play(put(OBJECT) + overwrite(OBJECT))
            assert zone.catalog.marked() == set()


def check_a_failure_is_logged_once_with_path_and_reason() -> None:
    zone = connection()
    zone.callback.failing["msiModAVUMetadata"] = ValueError("what\nwent wrong")
    zone.play([shapes.registered(OBJECT, status=1)] * 3)
    assert len(zone.callback.log) == 1
    assert "pep_database_reg_data_obj_post: ValueError: what\\nwent wrong" in zone.callback.log[0]
    assert ROOT in zone.callback.log[0]


def check_one_connection_does_not_fill_the_log() -> None:
    zone = connection()
    zone.callback.failing["msiModAVUMetadata"] = ValueError("x" * 10000)
    for number in range(300):
        zone.play([shapes.registered(shapes.Thing("{}/{}".format(ROOT, number)), status=1)])
    assert len(zone.callback.log) <= 100
    assert max(map(len, zone.callback.log)) < 1000


def check_a_policy_file_that_cannot_be_used_is_reported_once_and_nothing_is_done() -> None:
    for content in (b"", b"{", b"\xff\xfe", b"[]", b"null", b"12", b"[" * 100000, b'{"watch": NaN}'):
        log = log_of(content)
        assert len(log) == 1, (content[:20], log)
        assert "nothing is watched" in log[0]


def check_a_wrong_type_anywhere_in_the_policy_file_is_named() -> None:
    mistakes = [
        ("watch", {"watch": 1}),
        ("watch.roots", {"watch": {"roots": "/tempZone/home"}}),
        ("watch.roots", {"watch": {"roots": [None]}}),
        ("watch.roots", {"watch": {"roots": ["relative"]}}),
        ("watch.roots", {"watch": {"roots": ["/"]}}),
        ("watch.roots", {"watch": {"roots": ["/otherZone/home"]}, "zone": {"name": "tempZone"}}),
        ("watch.protect", {"watch": {"protect": "yes"}}),
        ("zone", {"zone": []}),
        ("zone.user", {"zone": {"user": 5}}),
        ("prefix", {"prefix": 3}),
        ("prefix", {"prefix": "o'mero"}),
        ("prefix", {"prefix": ""}),
        ("attributes", {"attributes": {}}),
        ("tiers", {"tiers": []}),
    ]
    for key, document in mistakes:
        log = log_of(document)
        assert len(log) == 1, (key, log)
        assert key + ": expected" in log[0], (key, log)


def check_what_belongs_to_the_agent_is_no_business_of_the_hooks() -> None:
    zone = connection(
        policy=dict(
            POLICY,
            omero={"host": 7},
            attributes=[{"avu": 3}, None, {}],
            unheard_of=[1],
            tiers={"a": None, "b": {"residency": [1]}},
        )
    )
    zone.play(put(OBJECT))
    assert zone.catalog.marked() == {"10259"}


def check_a_missing_policy_file_is_reported_once_and_nothing_is_done() -> None:
    zone = connection()
    os.environ["IRODS_OMERO_POLICY"] = "/nowhere/at/all.json"
    zone.play(put(OBJECT) * 2)
    assert len(zone.callback.log) == 1
    assert "/nowhere/at/all.json" in zone.callback.log[0]


def check_a_policy_file_is_read_once_for_a_connection() -> None:
    zone = connection(policy=b"{")
    zone.play(put(OBJECT))
    Path(os.environ["IRODS_OMERO_POLICY"]).write_text(json.dumps(POLICY))
    zone.play(put(OBJECT))
    assert zone.callback.writes() == 0


def check_core_can_be_imported_whatever_is_broken() -> None:
    for broken in ("adapter", "content", "metadata", "settings", "catalog"):
        zone = core_with_broken("irods_omero.hooks." + broken)
        answer = zone.core.pep_database_reg_data_obj_post([], zone.callback, zone.rei)
        zone.core.pep_database_reg_data_obj_post([], zone.callback, zone.rei)
        assert answer == CONTINUE
        assert len(zone.callback.log) == 1
        assert "nothing is watched" in zone.callback.log[0]
    for broken in ("irods_omero", "irods_omero.hooks"):
        core = core_with_broken(broken).core
        assert [name for name in vars(core) if not name.startswith("__")] == []


def core_with_broken(module: str) -> Connection:
    """A connection whose core.py was imported while a module could not be."""

    class Broken:
        def find_spec(self, name: str, *_: Any) -> None:
            if name == module:
                raise SyntaxError("this is broken")

    kept = dict(sys.modules)
    finder = Broken()
    sys.meta_path.insert(0, finder)
    try:
        zone = connection()
        for name in [name for name in sys.modules if name.split(".")[0] in ("core", "irods_omero")]:
            del sys.modules[name]
        zone.core = importlib.import_module("core")
        return zone
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.split(".")[0] in ("core", "irods_omero")]:
            del sys.modules[name]
        sys.modules.update(kept)


def check_only_policy_enforcement_points_can_be_called_by_name() -> None:
    names = [name for name in vars(connection().core) if not name.startswith("__")]
    assert names
    assert all(name.startswith("pep_") for name in names), names


def check_the_server_is_told_to_ask_for_exactly_these() -> None:
    core = connection().core
    expression = sys.modules["irods_omero.hooks"].SUPPORTED_PEPS
    assert expression.startswith("pep_(")
    assert sorted("pep_" + name for name in expression[5:-1].split("|")) == sorted(
        name for name in vars(core) if not name.startswith("__")
    )


def check_a_hook_called_by_a_users_rule_does_no_more_than_the_user_may() -> None:
    _, finalize = shapes.finalized(OBJECT, ("1", "1", True))
    forged = dict(json.loads(finalize[3])["replicas"][0])
    zone = connection(client("mallory", 3))
    zone.catalog.closed.add("10259")
    hostile: Any = ("10259", "0", "-1", "1' or '1'='1", "9" * 40, None, [], "\uff11\uff10")
    for data_id in hostile:
        for state in ("before", "after"):
            forged[state]["data_id"] = data_id
        zone.fire("pep_database_data_object_finalize_post", ["", None, "", json.dumps({"replicas": [forged]})])
    assert zone.catalog.marked() == set()
    assert zone.callback.count("msi_atomic_apply_metadata_operations") == 0


def check_a_forged_path_gets_no_mark_but_that_of_the_object_named() -> None:
    zone = connection(client("mallory", 3))
    zone.catalog.objects["10259"] = "/tempZone/home/mallory/x"
    zone.play(overwrite(OBJECT))
    assert zone.callback.writes() == 0


def check_the_functions_of_a_site_are_kept_and_answer() -> None:
    zone = connection()
    hooks = sys.modules["irods_omero.hooks"]
    calls = []

    def own(rule_args: Any, callback: Any, rei: Any) -> Any:
        calls.append(rule_args)
        return 7

    namespace = {"pep_database_reg_data_obj_post": own, "acPostProcForPut": own}
    hooks.chain(namespace)
    hooks.chain(namespace)
    _, recorded = shapes.registered(OBJECT, status=1)
    args = [argument(one) for one in recorded]
    assert namespace["pep_database_reg_data_obj_post"](args, zone.callback, zone.rei) == 7
    assert calls == [args], "once, however often the hooks were joined"
    assert zone.callback.writes() == 1
    assert namespace["acPostProcForPut"] is own
    assert set(namespace) == set(hooks.__all__) | {"acPostProcForPut"}


def check_what_a_function_of_a_site_raises_is_raised() -> None:
    zone = connection()

    def own(rule_args: Any, callback: Any, rei: Any) -> Any:
        raise KeyError("the site's own affair")

    namespace = {"pep_database_reg_data_obj_post": own}
    sys.modules["irods_omero.hooks"].chain(namespace)
    try:
        namespace["pep_database_reg_data_obj_post"]([], zone.callback, zone.rei)
    except KeyError:
        return
    raise AssertionError("the site's failure was hidden")
