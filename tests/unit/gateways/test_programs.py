"""A program of the site is asked about files: without a shell, and nobody waits for it longer than for a while."""

from __future__ import annotations

import sys

import pytest

from irods_omero.gateways.programs import Program

FILES = ["/vault/a b; echo online", "/vault/$(echo online)", "/vault/a*\n'\"", "/vault/-x"]


def python(code: str, seconds: float = 60.0, **words: str) -> Program:
    """A program that has the path as ``file``."""
    return Program([sys.executable, "-c", f"import sys, os\nfile = sys.argv[-1]\n{code}"], words, seconds)


def test_each_file_is_one_argument_whatever_its_name() -> None:
    program = python(f"print('same' if len(sys.argv) == 2 and file in {FILES!r} else 'another')", same="online")
    assert program.ask(FILES, patience=60.0) == dict.fromkeys(FILES, "online")


def test_what_is_no_absolute_path_is_not_asked_about() -> None:
    assert python("print('online')").ask(["", "--help", "a", "/a\0b", "/a"], patience=60.0) == {"/a": "online"}


def test_its_words_are_put_into_ours_and_others_are_given_as_they_are() -> None:
    program = python("print(dict(a='REG', b=' OFL ', c='moving', d='?')[file[1:]])", REG="online", OFL="offline")
    assert program.ask(["/a", "/b", "/c", "/d"], patience=60.0) == {
        "/a": "online",
        "/b": "offline",
        "/c": "moving",
        "/d": "?",
    }


def test_trouble_with_one_file_is_that_of_one_file() -> None:
    program = python("print('online')\nsys.exit(file == '/b')")
    assert program.ask(["/a", "/b", "/c"], patience=60.0) == {"/a": "online", "/c": "online"}
    assert Program(["/no/such/program"], {}).ask(["/a"]) == {}


def test_it_sees_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IRODS_OMERO_ZONE_PASSWORD", "secret")
    program = python("print('online' if 'secret' not in os.environ.values() else 'moving')")
    assert program.ask(["/a"], patience=60.0) == {"/a": "online"}


def test_what_hangs_is_ended_with_all_that_it_has_started() -> None:
    program = python("import subprocess\nsubprocess.run(['sleep', '600'])\nprint('online')", seconds=0.2)
    assert program.ask(["/a"], patience=60.0) == {}


def test_what_prints_without_end_is_ended() -> None:
    assert python("while True: print('online')").ask(["/a"], patience=60.0) == {}


def test_nobody_waits_for_what_hangs_and_others_are_answered_meanwhile() -> None:
    program = python("import time\nif file == '/slow': time.sleep(20)\nprint('online')")
    assert program.ask(["/slow"], patience=0.1) == {}
    assert program.ask(["/a"], patience=60.0) == {"/a": "online"}
