from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from irods_omero import hooks
from irods_omero.install import corepy

SITE = '''"""The site's rules."""

def acPostProcForPut(rule_args, callback, rei):
    callback.writeLine("serverLog", "put")
'''
SAME_PEP = SITE + "\n\ndef pep_database_reg_data_obj_post(rule_args, callback, rei):\n    return 5000000\n"


def run(text: str) -> dict[str, object]:
    namespace: dict[str, object] = {"__name__": "core"}
    exec(compile(text, "core.py", "exec"), namespace)
    return namespace


def test_a_core_without_our_events_needs_one_line_at_its_top() -> None:
    assert corepy.advice(SITE, hooks.PEPS).endswith(corepy.IMPORT_LINE)
    namespace = run(corepy.IMPORT_LINE + "\n" + SITE)
    assert set(hooks.PEPS) | {"acPostProcForPut"} <= set(namespace)


def test_a_core_with_one_of_our_events_needs_chaining_at_its_end() -> None:
    said = corepy.advice(SAME_PEP, hooks.PEPS)
    assert "pep_database_reg_data_obj_post" in said
    assert said.endswith(corepy.CHAIN_LINES)


@pytest.mark.parametrize("text", [SITE, SAME_PEP, SITE.rstrip("\n"), ""])
def test_a_composed_core_has_both_and_is_taken_apart_exactly(text: str) -> None:
    assert corepy.objection(text) == ""
    added = corepy.addition(text)
    assert set(hooks.PEPS) <= set(run(text + added))
    assert corepy.is_joined(text + added)
    assert corepy.taken_apart(text + added, added) == text


@given(st.text(), st.text())
def test_lines_added_after_ours_stay(before: str, after: str) -> None:
    added = corepy.addition(before)
    assert corepy.taken_apart(before + added + after, added) == before + after


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("def broken(:\n", "not valid Python"),
        ("irods_omero = 7\n", "uses the name 'irods_omero'"),
        ("import site_omero as irods_omero\n", "uses the name 'irods_omero'"),
        ("def __getattr__(name):\n    return None\n", "__getattr__"),
        ("x = '\0'\n", "not valid Python"),
    ],
)
def test_what_cannot_be_added_to_safely_is_left_to_a_person(text: str, reason: str) -> None:
    assert reason in corepy.objection(text)


@pytest.mark.parametrize(
    "line",
    [
        "from irods_omero.hooks import *",
        "import irods_omero.hooks",
        "from irods_omero import hooks",
        "if True:\n    from irods_omero import vocabulary, hooks",
        "print 'of Python 2'\nfrom irods_omero import hooks",
        "import os, irods_omero.hooks as ours",
    ],
)
def test_a_core_that_imports_the_hooks_is_known(line: str) -> None:
    assert corepy.is_joined(SITE + line)


@pytest.mark.parametrize(
    "line",
    [
        "# from irods_omero.hooks import *",
        "import irods_omerox.hooks",
        "from policies import *",
        "from policies.hooks import *",
        "from irods_omero import vocabulary",
        'text = """\nimport irods_omero.hooks\n"""',
        "from .irods_omero import hooks",
    ],
)
def test_what_only_looks_so_is_none_of_ours(line: str) -> None:
    assert not corepy.is_joined(SITE + line)


def test_what_a_star_brings_in_is_chained() -> None:
    said = corepy.advice("from policies import *\n", hooks.PEPS)
    assert said.endswith(corepy.CHAIN_LINES)
