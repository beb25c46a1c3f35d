"""Targets as administrators write them."""

from __future__ import annotations

import pytest

from irods_omero.domain.state.target import Target, TargetError, parse_target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("Project/Dataset", Target(project="Project", dataset="Dataset")),
        (" Project name / Dataset / part 2 ", Target(project="Project name", dataset="Dataset / part 2")),
        ("Dataset", Target(dataset="Dataset")),
        ("Dataset:7", Target(existing="Dataset", id=7)),
        (" Screen:12 ", Target(existing="Screen", id=12)),
        ("dataset:7", Target(dataset="dataset:7")),
        ("Plate:7", Target(dataset="Plate:7")),
    ],
)
def test_a_target_names_a_place(text: str, target: Target) -> None:
    assert parse_target(text) == target


def test_the_group_goes_with_it() -> None:
    assert parse_target("Dataset", "lab") == Target(dataset="Dataset", group="lab")


@pytest.mark.parametrize("text", ["", " ", "/", "Project/", "/Dataset", "/ Dataset"])
def test_a_target_without_a_name_says_what_was_expected(text: str) -> None:
    with pytest.raises(TargetError, match="expected 'Project name/Dataset name'"):
        parse_target(text)
