"""core.py is loaded and called as the Python rule engine does it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import irods.exception as ex
import pytest
from irods.meta import iRODSMeta
from irods.models import DataObject
from irods.rule import Rule

from lab.zone import LabZone
from lab.zone.setup import add_user

PYTHON = "irods_rule_engine_plugin-python-instance"
HOME = "/tempZone/home/alice"


class Site:
    """A zone whose core.py is rewritten by tests."""

    def __init__(self, zone: LabZone, core: Path) -> None:
        self.zone = zone
        self.core = core
        self.told = core.parent / "told"

    def rules(self, text: str) -> None:
        """What core.py is from the next connection on; `tell(...)` writes down what it is given."""
        prelude = (
            "import json\n"
            "def tell(*what):\n"
            f"    with open({str(self.told)!r}, 'a') as file:\n"
            "        file.write(json.dumps(what, default=str) + '\\n')\n"
        )
        self.told.unlink(missing_ok=True)
        self.core.write_text(prelude + text)

    def heard(self) -> list[Any]:
        if not self.told.exists():
            return []
        return [json.loads(line) for line in self.told.read_text().splitlines()]

    def put(self, name: str, content: bytes = b"content") -> str:
        with self.zone.session("alice") as alice, alice.data_objects.open(f"{HOME}/{name}", "w") as stream:
            stream.write(content)
        return f"{HOME}/{name}"

    def avus(self, path: str) -> set[tuple[str, str]]:
        with self.zone.session("alice") as alice:
            return {(avu.name, avu.value) for avu in alice.metadata.get(DataObject, path)}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LabZone, Path]]:
    core = tmp_path_factory.mktemp("etc") / "core.py"
    core.write_text("")
    with LabZone(core=core.parent, tiering=False) as zone:
        with zone.session() as session:
            add_user(session, "alice")
        yield zone, core


@pytest.fixture
def site(running: tuple[LabZone, Path]) -> Iterator[Site]:
    yield Site(*running)
    running[1].write_text("")


def test_core_is_loaded_once_per_connection_and_an_edit_counts_from_the_next(site: Site) -> None:
    site.rules("count = []\ndef pep_api_coll_create_pre(a, c, r):\n    count.append(1); tell(len(count))\n")
    with site.zone.session("alice") as alice:
        alice.collections.create(f"{HOME}/one")
        site.rules("def pep_api_coll_create_pre(a, c, r): tell('edited')\n")
        alice.collections.create(f"{HOME}/two")
    with site.zone.session("alice") as alice:
        alice.collections.create(f"{HOME}/three")
    assert site.heard() == [[2], ["edited"]]


def test_a_core_edited_twice_within_one_second_is_read_anew(site: Site) -> None:
    for word in ("one", "two"):
        site.rules(f"def pep_api_coll_create_pre(a, c, r): tell('{word}')\n")
        os.utime(site.core, (1_700_000_000, 1_700_000_000))
        with site.zone.session("alice") as alice:
            alice.collections.create(f"{HOME}/edited {word}")
        assert site.heard() == [[word]]


def test_a_core_that_cannot_be_imported_takes_the_zone_down(site: Site) -> None:
    site.core.write_text("import no_such_module\n")
    for user in ("alice", "rods"):
        with pytest.raises(ex.RULE_ENGINE_ERROR):
            site.zone.session(user).collections.exists(HOME)
    assert "no_such_module" in site.zone.server_log()


def test_a_raise_before_prevents_and_chooses_the_code(site: Site) -> None:
    site.rules(
        "def pep_api_coll_create_pre(a, c, r): raise Exception('[iRods__Error__Code:-818000] no')\n"
        "def pep_api_coll_create_post(a, c, r): tell('post')\n"
        "def pep_api_coll_create_except(a, c, r): tell('except')\n"
    )
    with site.zone.session("alice") as alice, pytest.raises(ex.CAT_NO_ACCESS_PERMISSION):
        alice.collections.create(f"{HOME}/prevented")
    assert site.heard() == [["except"]]
    with site.zone.session("alice") as alice:
        assert not alice.collections.exists(f"{HOME}/prevented")


@pytest.mark.parametrize("failure", ["raise ValueError('oops')", "import sys; sys.exit(3)", "return -1"])
def test_a_raise_afterwards_fails_the_client_but_undoes_nothing(site: Site, failure: str) -> None:
    site.rules(f"def pep_api_coll_create_post(a, c, r):\n    {failure}\n")
    name = f"{HOME}/done {len(failure)}"
    with site.zone.session("alice") as alice, pytest.raises(ex.UnknowniRODSError) as raised:
        alice.collections.create(name)
    assert raised.value.code == -1
    site.rules("")
    with site.zone.session("alice") as alice:
        assert alice.collections.exists(name)


def test_a_hook_can_have_the_operation_skipped(site: Site) -> None:
    site.rules("def pep_api_mod_avu_metadata_pre(a, c, r): return 5001000\n")
    path = site.put("skipped")
    with site.zone.session("alice") as alice:
        alice.metadata.add(DataObject, path, iRODSMeta("a", "1"))
    assert site.avus(path) == set()


def test_the_finalize_hook_is_given_what_was_recorded(site: Site) -> None:
    site.rules(
        "def pep_database_reg_data_obj_post(a, c, r):\n"
        "    tell(a[0], type(a[1]).__name__, a[2], type(a[3]).__name__, a[3].objPath, a[3].dataId, a[3].collId,"
        " a[3].replStatus, a[3].rescHier, a[3].objPath == str(a[3].objPath))\n"
        "def pep_database_data_object_finalize_post(a, c, r): tell(json.loads(a[3]))\n"
    )
    path = site.put("new", b"bytes")
    kind, context, empty, struct, shown, data_id, coll_id, status, hierarchy, equal = site.heard()[0]
    assert (kind, context, empty, struct, shown) == ("postgres", "PluginContext", "", "DataObjInfo", path)
    assert (status, hierarchy, equal) == (2, "demoResc", False)
    (finalized,) = site.heard()[1]
    (replica,) = finalized["replicas"]
    assert set(replica) == {"after", "before", "file_modified"}
    assert (replica["after"]["data_id"], replica["after"]["coll_id"]) == (str(data_id), str(coll_id))
    assert (replica["before"]["data_is_dirty"], replica["after"]["data_is_dirty"]) == ("2", "1")
    assert (replica["after"]["data_size"], replica["after"]["modify_ts"]) == ("5", "set time to now")
    assert len(site.heard()) == 2


def test_an_overwrite_is_finalized_three_times_and_only_the_last_one_is_content(site: Site) -> None:
    path = site.put("old")
    site.rules(
        "def pep_database_data_object_finalize_post(a, c, r):\n"
        "    for one in json.loads(a[3])['replicas']: tell(one['after']['data_is_dirty'], 'file_modified' in one)\n"
    )
    assert path == site.put("old", b"newer")
    assert site.heard() == [["2", False], ["2", False], ["1", True]]


def test_c_structures_are_shown_as_the_rule_engine_shows_them(site: Site) -> None:
    site.rules(
        "def pep_api_data_obj_open_pre(a, c, r):\n"
        "    pairs = a[2].condInput\n"
        "    try: 'dataSize' in pairs\n"
        "    except TypeError: tell('no in')\n"
        "    try: pairs['nothing']\n"
        "    except KeyError: tell('no key')\n"
        "    tell([str(pairs.key[i]) for i in range(pairs.len)], a[2].openFlags, pairs['destRescName'])\n"
        "def pep_api_mod_avu_metadata_pre(a, c, r): tell(a[2])\n"
        "def pep_api_atomic_apply_metadata_operations_pre(a, c, r):\n"
        "    tell(json.loads(bytes(a[2].get_bytes()))['entity_type'], a[3])\n"
        "def pep_api_exec_my_rule_pre(a, c, r): tell(a[2])\n"
        "def pep_api_coll_create_pre(a, c, r):\n"
        "    tell(a[1].map()['user_user_name'], a[1].map()['api_index'], r.rsComm.clientUser.userName,"
        " r.rsComm.clientUser.authInfo.authFlag, r.rsComm.option)\n"
    )
    with site.zone.session("alice", application_name="a program") as alice:
        with alice.data_objects.open(f"{HOME}/shown", "w", destRescName="demoResc") as stream:
            stream.write(b"x")
        alice.metadata.add(DataObject, f"{HOME}/shown", iRODSMeta("a", "1"))
        alice.metadata.apply_atomic_operations(DataObject, f"{HOME}/shown")
        alice.collections.create(f"{HOME}/shown too")
    assert site.heard() == [
        ["no in"],
        ["no key"],
        [["destRescName"], 577, "demoResc"],
        [{"arg0": "add", "arg1": "-d", "arg2": f"{HOME}/shown", "arg3": "a", "arg4": "1"}],
        ["data_object", None],
        ["alice", "681", "alice", 3, "a program"],
    ]


MARK = "'-d', '{path}', 'add', 'mark', 'pending', '7'"


def test_a_hook_writes_avus_with_the_rights_of_the_client(site: Site) -> None:
    path = site.put("marked")
    site.rules(
        "def pep_api_coll_create_post(a, c, r):\n"
        f"    tell(c.msiModAVUMetadata({MARK.format(path=path)})['code'])\n"
        f"    try: c.msiModAVUMetadata({MARK.format(path=path)})\n"
        "    except RuntimeError as error: tell(str(error)[:27])\n"
        "    try: c.msiModAVUMetadata('-d', '/tempZone/home/rods/hers', 'add', 'mark', 'x', '')\n"
        "    except RuntimeError as error: tell(str(error)[:27])\n"
        "def pep_database_add_avu_metadata_post(a, c, r): tell('database', a[3:-1])\n"
        "def pep_api_mod_avu_metadata_post(a, c, r): tell('api')\n"
    )
    with site.zone.session() as rods:
        rods.data_objects.touch("/tempZone/home/rods/hers")
    with site.zone.session("alice") as alice:
        alice.collections.create(f"{HOME}/marking")
    assert site.heard() == [
        ["database", ["-d", path, "mark", "pending", "7"]],
        [0],
        ["[iRods__Error__Code:-809000"],
        ["[iRods__Error__Code:-818000"],
    ]
    assert ("mark", "pending") in site.avus(path)


def test_atomic_writes_of_a_hook_fire_nothing_and_mind_nothing(site: Site) -> None:
    path = site.put("atomic")
    request = {"entity_name": path, "entity_type": "data_object"}
    request["operations"] = [{"operation": "add", "attribute": "a", "value": "1"}]  # type: ignore[assignment]
    site.rules(
        f"REQUEST = {json.dumps(json.dumps(request))}\n"
        "def pep_api_coll_create_post(a, c, r):\n"
        "    for _ in range(2): tell(c.msi_atomic_apply_metadata_operations(REQUEST, '')['code'])\n"
        "def pep_database_add_avu_metadata_post(a, c, r): tell('database')\n"
        "def pep_api_atomic_apply_metadata_operations_post(a, c, r): tell('api')\n"
    )
    with site.zone.session("alice") as alice:
        alice.collections.create(f"{HOME}/atomically")
    assert site.heard() == [[0], [0]]
    assert ("a", "1") in site.avus(path)
    writes = [entry for entry in site.zone.requests() if entry["by"] == "hook"][-2:]
    assert [(entry["api"], entry["hook"]) for entry in writes] == [
        ("msi_atomic_apply_metadata_operations", "pep_api_coll_create_post")
    ] * 2


def test_a_hook_asks_the_catalog(site: Site) -> None:
    for number in range(3):
        site.put(f"asked {number}")
    where = f"COLL_NAME = '{HOME}' and DATA_NAME like 'asked %'"
    site.rules(
        "import irods_types\n"
        "def pep_api_coll_create_post(a, c, r):\n"
        f"    inp = c.msiMakeGenQuery('DATA_NAME, DATA_SIZE', \"{where}\", irods_types.GenQueryInp())['arguments'][2]\n"
        "    inp.maxRows = 2\n"
        "    out = c.msiExecGenQuery(inp, irods_types.GenQueryOut())['arguments'][1]\n"
        "    tell([[out.sqlResult[k].row(n) for k in range(2)] for n in range(out.rowCnt)])\n"
        "    out = c.msiGetMoreRows(inp, out, 0)['arguments'][1]\n"
        "    tell([out.sqlResult[0].row(n) for n in range(out.rowCnt)], out.continueInx)\n"
        "    out = c.msiExecStrCondQuery(\"select DATA_ID where DATA_NAME = 'nothing'\", irods_types.GenQueryOut())\n"
        "    tell(out['arguments'][1].rowCnt)\n"
        f"    tell(c.msiObjStat('{HOME}/asked 0', irods_types.RodsObjStat())['arguments'][1].objType)\n"
    )
    with site.zone.session("alice") as alice:
        alice.collections.create(f"{HOME}/asking")
    first = [["asked 0", "7"], ["asked 1", "7"]]
    assert site.heard() == [[first], [["asked 2"], 0], [0], [1]]


def test_a_rule_gives_back_what_it_writes(site: Site) -> None:
    site.rules("def says(a, c, r): c.writeLine('stdout', 'é one'); c.writeLine('stderr', 'two')\n")
    with site.zone.session() as rods:
        rule = Rule(rods, body="says", instance_name=PYTHON, output="ruleExecOut")
        out = rule.execute(session_cleanup=False).MsParam_PI[0].inOutStruct
    assert out.stdoutBuf.buf.rstrip(b"\0").decode() == "é one\n"
    assert out.stderrBuf.buf.rstrip(b"\0") == b"two\n"


def test_lines_of_hooks_are_in_the_server_log(site: Site) -> None:
    site.rules("def pep_api_coll_create_post(a, c, r): c.writeLine('serverLog', 'a line of a hook')\n")
    with site.zone.session("alice") as alice:
        alice.collections.create(f"{HOME}/logged")
    assert "a line of a hook" in site.zone.server_log()


def test_administrators_run_python_rules_and_users_do_not(site: Site) -> None:
    site.rules("def by_name(a, c, r): tell('by name', r.rsComm.clientUser.userName)\n")
    source = f"def main(a, c, r):\n    open({str(site.told)!r}, 'a').write('[\"source\"]\\n')\n"
    with site.zone.session() as rods, site.zone.session("alice") as alice:
        Rule(rods, body="by_name", instance_name=PYTHON).execute(session_cleanup=False)
        Rule(rods, body=source, instance_name=PYTHON, irods_3_literal_style=True).execute(session_cleanup=False)
        with pytest.raises(ex.SYS_NO_API_PRIV):
            Rule(alice, body="by_name", instance_name=PYTHON).execute(session_cleanup=False)
    assert site.heard() == [["by name", "rods"], ["source"]]
