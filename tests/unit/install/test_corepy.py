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


@pytest.mark.parametrize("text", [SITE, SAME_PEP, SITE.rstrip("\n"), "", "import irods_omero.hooks\n"])
def test_a_composed_core_has_both_and_is_taken_apart_exactly(text: str) -> None:
    assert corepy.objection(text, hooks.PEPS) == ""
    added = corepy.addition(text)
    assert set(hooks.PEPS) <= set(run(text + added))
    assert corepy.is_joined(text + added, hooks.PEPS)
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
        (SAME_PEP + corepy.IMPORT_LINE + "\n", "replaces functions of the site"),
    ],
)
def test_what_cannot_be_added_to_safely_is_left_to_a_person(text: str, reason: str) -> None:
    assert reason in corepy.objection(text, hooks.PEPS)


STAR, CHAIN = corepy.IMPORT_LINE + "\n", corepy.CHAIN_LINES + "\n"
OURS = "pep_database_reg_data_obj_post"


@pytest.mark.parametrize(
    "text",
    [
        STAR + SITE,
        SAME_PEP + CHAIN,
        "from site_rules import *\n" + CHAIN,
        SITE + "if True:\n    from irods_omero.hooks import *\n",
        SAME_PEP + "import os, irods_omero.hooks as ours\nours.chain( globals() )\n",
        SAME_PEP + "from irods_omero import hooks\nhooks.chain(globals())\n",
        SAME_PEP + "from irods_omero.hooks import chain\nchain(globals())\n",
        "print 'of Python 2'\n" + STAR,
        "print 'of Python 2'\n" + CHAIN,
    ],
)
def test_a_core_that_answers_with_the_hooks_is_known(text: str) -> None:
    assert corepy.is_joined(text, hooks.PEPS)


@pytest.mark.parametrize(
    "text",
    [
        SITE + "import irods_omero.hooks\n",
        SITE + "from irods_omero import hooks\n",
        SITE + "from irods_omero.hooks import SUPPORTED_PEPS\n",
        SITE + "def later():\n    import irods_omero.hooks\n    irods_omero.hooks.chain(globals())\n",
        STAR + SAME_PEP,
        CHAIN + SAME_PEP,
        SAME_PEP + STAR,
        SAME_PEP + STAR + CHAIN,
        "from site_rules import *\n" + STAR,
        STAR + "from site_rules import *\n",
        STAR + f"from site_rules import {OURS}\n",
        STAR + f"import site_rules\n{OURS} = site_rules.registered\n",
        STAR + f"try:\n    from site_rules import registered as {OURS}\nexcept ImportError:\n    pass\n",
        "print 'of Python 2'\nimport irods_omero.hooks\n",
    ],
)
def test_where_hooks_or_functions_of_the_site_are_missing_it_is_not_joined(text: str) -> None:
    assert not corepy.is_joined(text, hooks.PEPS)
    corrected = text.replace(STAR, "") + CHAIN
    assert corepy.is_joined(corrected, hooks.PEPS)


@pytest.mark.parametrize(
    "line",
    [
        "# from irods_omero.hooks import *",
        "from irods_omerox.hooks import *",
        "from policies import *",
        "from policies.hooks import *",
        "from irods_omero import vocabulary",
        'text = """\nfrom irods_omero.hooks import *\n"""',
        "from .irods_omero.hooks import *",
        "chain(globals())",
    ],
)
def test_what_only_looks_so_is_none_of_ours(line: str) -> None:
    assert not corepy.is_joined(SITE + line, hooks.PEPS)


def test_a_star_of_ours_below_functions_of_the_site_is_to_be_taken_out() -> None:
    said = corepy.advice(SAME_PEP + STAR, hooks.PEPS)
    assert f"take out '{corepy.IMPORT_LINE}'" in said
    assert said.endswith(corepy.CHAIN_LINES)


def test_what_a_star_brings_in_is_chained() -> None:
    said = corepy.advice("from policies import *\n", hooks.PEPS)
    assert said.endswith(corepy.CHAIN_LINES)
