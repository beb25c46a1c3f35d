"""What --help says can be read by somebody who sees it for the first time."""

from __future__ import annotations

from click.testing import CliRunner

from irods_omero.cli import main
from irods_omero.cli.main import COMMANDS


def test_the_list_of_commands_says_of_each_what_it_does_in_a_whole_sentence() -> None:
    listed = CliRunner().invoke(main, ["--help"], terminal_width=80).output.partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in listed] == sorted(COMMANDS)
    assert [line for line in listed if line.endswith("...") or not line.endswith(".")] == []
