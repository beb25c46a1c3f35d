"""Whatever a hook is given, of recorded shape or of none: it goes on, or refuses where that is its purpose."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from irods_omero.hooks.adapter import Refused
from tests.unit.hooks.connection import CONTINUE, RECORDED, ROOT, Connection, recorded
from tests.unit.hooks.fakes import Catalog, argument, client
from tests.unit.hooks.routes import COLLECTIONS, OBJECT

FEW = settings().max_examples // 4
"""For each hook, of which there are many."""

PEPS = sorted(name for name in vars(Connection().core) if name.startswith("pep_"))
RECORDED_PEPS = sorted(RECORDED["arguments"])
MOVES = {f"pep_api_{call}_post" for call in ("data_obj_rename", "data_obj_unlink", "rm_coll")}
"""They mark what has moved, and the collection that it was in."""

TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", ROOT, OBJECT.path, ROOT + "/%", "omero::sync", "omero::request", "-d", "-C", "pending", "%"]),
    st.text(max_size=10).map(lambda tail: ROOT + "/" + tail),
)
NUMBERS = st.one_of(st.integers(), st.sampled_from([0, 1, 2, 10258, 10259, 2**63, -1]))
ATOMS = st.one_of(st.none(), TEXTS, NUMBERS, st.floats(), st.booleans(), st.binary(max_size=20))
MEMBERS = ["objPath", "collName", "dataId", "collId", "replStatus", "flags", "condInput", "srcDataObjInp"]
STRUCTS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(TEXTS, inner, max_size=3),
        st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=8).map(lambda members: {"Struct": members}),
        st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3).map(lambda pairs: {"KeyValPair": pairs}),
        st.text(max_size=40).map(lambda text: {"BytesBuf": {"bytes": text}}),
    ),
    max_leaves=12,
)
CLIENTS = st.builds(client, st.sampled_from(["alice", "rods", "omero-agent", ""]), NUMBERS, st.text(max_size=12))


def survives(pep: str, args: Any, rei: Any) -> None:
    """Call a hook as the server would, and see that it goes on, writes each mark once, and breaks nothing."""
    catalog = Catalog()
    catalog.collections.update(COLLECTIONS)
    catalog.objects["10259"] = OBJECT.path
    zone = Connection(catalog)
    zone.callback.rei = rei
    try:
        answer = getattr(zone.core, pep)(args, zone.callback, rei)
    except Refused:
        assert pep.endswith("_pre")
        return
    assert answer == CONTINUE
    assert type(answer) is int
    assert zone.callback.writes() <= (2 if pep in MOVES else 1)


@pytest.mark.parametrize("pep", PEPS)
@settings(max_examples=FEW)
@given(args=st.lists(STRUCTS, max_size=12), rei=st.one_of(CLIENTS, STRUCTS.map(argument)))
def test_arguments_of_no_shape_change_nothing_for_the_client(pep: str, args: list[Any], rei: Any) -> None:
    survives(pep, [argument(one) for one in args], rei)


@pytest.mark.parametrize("pep", RECORDED_PEPS)
@settings(max_examples=FEW)
@given(seed=st.integers(0, 2**32), values=st.lists(STRUCTS, min_size=1, max_size=4), rei=CLIENTS)
def test_recorded_arguments_with_something_else_in_them(pep: str, seed: int, values: list[Any], rei: Any) -> None:
    chance = random.Random(seed)
    args = recorded(pep)
    if isinstance(args[-1], str) and args[-1].startswith("{"):
        args[-1] = json.dumps(spoilt(json.loads(args[-1]), values, chance), default=str, skipkeys=True)
    survives(pep, [argument(spoilt(one, values, chance)) for one in args], rei)


def spoilt(value: Any, values: list[Any], chance: random.Random) -> Any:
    """The same with something else in a place or two."""
    if chance.random() < 0.05:
        return chance.choice(values)
    if isinstance(value, dict):
        return {key: spoilt(one, values, chance) for key, one in value.items() if chance.random() > 0.02}
    if isinstance(value, list):
        return [spoilt(one, values, chance) for one in value]
    return value


@pytest.mark.parametrize("pep", PEPS)
@pytest.mark.parametrize("args", [None, 7, "text", (), {}, [None] * 12], ids=repr)
def test_arguments_that_are_no_list(pep: str, args: Any) -> None:
    survives(pep, args, client())
    survives(pep, args, None)


@given(document=STRUCTS)
def test_any_policy_file_is_used_or_reported(document: Any) -> None:
    zone = Connection(policy=json.dumps(document, default=str).encode())
    zone.play([("pep_database_reg_data_obj_post", recorded("pep_database_reg_data_obj_post"))])
    assert len(zone.callback.log) <= 1
