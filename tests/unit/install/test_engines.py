from __future__ import annotations

import json
from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest

from irods_omero import hooks
from irods_omero.errors import PolicyError
from irods_omero.install import engines
from irods_omero.install.engines import Additions, put_in, taken_out
from tests.unit.install.configs import AUDIT, DEFAULT_POLICY, NATIVE, PYTHON, TIERING, WITH_TIERING, as_text, document

SHORT = engines.PREFIX
LAYOUTS = [
    pytest.param(version, indent, id=f"v{version}-indent-{indent!r}")
    for version in (4, 5)
    for indent in (4, 2, "\t", None)
]


def order(text: str) -> list[str]:
    return [one["plugin_name"].removeprefix(SHORT) for one in engines.listed(json.loads(text))]


@pytest.mark.parametrize(("version", "indent"), LAYOUTS)
def test_python_comes_after_tiering_and_before_the_native_engine(version: int, indent: Any) -> None:
    text, _ = put_in(as_text(document(version, *WITH_TIERING), indent), with_tiering=False)
    assert order(text) == ["unified_storage_tiering", "python", "irods_rule_language", "cpp_default_policy"]


@pytest.mark.parametrize(("version", "indent"), LAYOUTS)
def test_everything_else_stays_as_it_was(version: int, indent: Any) -> None:
    before = as_text(document(version, *WITH_TIERING), indent)
    after, additions = put_in(before, with_tiering=False)
    assert taken_out(after, additions) == (before, [])
    python = engines.engine(engines.PYTHON)
    expected = document(version, TIERING, python, NATIVE, DEFAULT_POLICY)
    assert json.dumps(json.loads(after)) == json.dumps(expected)


@pytest.mark.parametrize("present", list(permutations((TIERING, NATIVE, DEFAULT_POLICY, AUDIT))), ids=str)
def test_from_any_order_of_engines_it_is_idempotent_and_taken_out_exactly(present: tuple[dict[str, Any], ...]) -> None:
    for count in range(1, len(present) + 1):
        before = as_text(document(5, *present[:count]))
        after, additions = put_in(before, with_tiering=True)
        assert put_in(after, with_tiering=True) == (after, Additions())
        assert taken_out(after, additions) == (before, [])
        assert {"unified_storage_tiering", "python", "cpp_default_policy"} <= set(order(after))


def test_storage_tiering_is_added_only_on_request() -> None:
    before = as_text(document(4, NATIVE, DEFAULT_POLICY))
    assert "unified_storage_tiering" not in order(put_in(before, with_tiering=False)[0])
    assert order(put_in(before, with_tiering=True)[0])[:2] == ["unified_storage_tiering", "python"]


def test_a_site_that_has_python_rules_keeps_all_its_events() -> None:
    before = as_text(document(5, TIERING, PYTHON, NATIVE, DEFAULT_POLICY))
    assert put_in(before, with_tiering=False) == (before, Additions())


def test_a_site_that_has_narrowed_its_events_gets_ours_beside_them() -> None:
    narrowed = deepcopy(PYTHON)
    narrowed["plugin_specific_configuration"]["regexes_for_supported_peps"] = ["acPostProcForPut", "("]
    before = as_text(document(5, TIERING, narrowed, NATIVE, DEFAULT_POLICY))
    after, additions = put_in(before, with_tiering=False)
    regexes = engines.listed(json.loads(after))[1]["plugin_specific_configuration"]["regexes_for_supported_peps"]
    assert regexes == ["acPostProcForPut", "(", hooks.SUPPORTED_PEPS]
    assert taken_out(after, additions) == (before, [])


def test_an_engine_that_was_changed_since_stays() -> None:
    after, additions = put_in(as_text(document(5, *WITH_TIERING)), with_tiering=False)
    changed = after.replace("irods_rule_engine_plugin-python-instance", "renamed")
    text, left = taken_out(changed, additions)
    assert text == changed
    assert left == ["the rule engine irods_rule_engine_plugin-python was changed since it was added, and stays"]


def test_the_narrowed_events_are_those_of_the_hooks_and_no_others() -> None:
    assert all(
        engines.is_asked(one) for one in engines.listed(json.loads(engines.fragment_text())) if "python" in str(one)
    )
    native = {"plugin_specific_configuration": {"regexes_for_supported_peps": ["pep_database_reg_data_obj_post"]}}
    assert not engines.is_asked(native)


@pytest.mark.parametrize(
    ("present", "said"),
    [
        ((TIERING, engines.engine(engines.PYTHON), NATIVE, DEFAULT_POLICY), []),
        (
            (engines.engine(engines.PYTHON), TIERING, NATIVE, DEFAULT_POLICY),
            ["unified_storage_tiering comes after python"],
        ),
        ((TIERING, NATIVE, PYTHON, DEFAULT_POLICY), ["python comes after irods_rule_language"]),
        ((PYTHON, NATIVE), ["cpp_default_policy is missing", "storage tiering is not configured"]),
        ((TIERING, NATIVE, DEFAULT_POLICY), ["the Python rule engine is not configured"]),
    ],
    ids=["right", "tiering late", "python late", "missing", "no python"],
)
def test_what_is_wrong_with_the_engines_is_said(present: tuple[dict[str, Any], ...], said: list[str]) -> None:
    concerns = engines.concerns(document(5, *present))
    assert len(concerns) == len(said)
    assert all(part in text for part, text in zip(said, concerns, strict=True))


def test_a_server_without_the_empty_namespace_never_calls_hooks() -> None:
    config = document(5, TIERING, PYTHON, NATIVE, DEFAULT_POLICY)
    config["rule_engine_namespaces"] = ["audit_"]
    assert engines.concerns(config) == ['rule_engine_namespaces lacks "": no hook is ever called; add it']


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"plugin_configuration": {"rule_engines": {}}}'])
def test_what_is_no_server_config_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=r"^server_config\.json "):
        put_in(text, with_tiering=False)
