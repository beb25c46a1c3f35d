"""Where a fileset that came through OMERO first goes, whose it is, and how it is described."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from irods_omero.domain.rules.omero_first.placement import (
    LONGEST_NAME,
    PlacementError,
    PlacementRule,
    component,
    irods_user,
    names_of,
    place,
)
from irods_omero.domain.rules.omero_first.templates import why_no_template
from irods_omero.domain.state.omero_first.rights import Grant, grants_on
from irods_omero.domain.state.omero_first.source import MAY_READ, MAY_WRITE, Fact, Source, SourceFile
from irods_omero.domain.state.texts import why_unstorable
from irods_omero.domain.state.views import Avu

ROOTS = ["/z/home"]
SOURCE = Source(
    fileset=7,
    owner="alice",
    owner_id=2,
    group="lab",
    group_id=3,
    members_may="",
    imported=1_700_000_000.0,
    completed=1_700_000_010.0,
    files=(SourceFile(1, "data/cells.tif", 10, "00", "SHA1-160"),),
    image=9,
    names={"project": "Screening", "dataset": "March"},
)
RULE = PlacementRule(("lab",), "/{zone}/home/{user}/omero/{group}/{project}/{dataset}/{fileset}")


def placed(source: Source = SOURCE, users: dict[str, str] | None = None, **changes: Any) -> Any:
    return place(source, replace(RULE, **changes), "z", users or {}, ROOTS)


def test_the_template_names_the_collection() -> None:
    assert placed().paths() == ("/z/home/alice/omero/lab/Screening/March/7/cells.tif",)


def test_a_part_of_which_nothing_is_known_is_left_out() -> None:
    orphan = replace(SOURCE, names={})
    assert placed(orphan).collection == "/z/home/alice/omero/lab/7"
    assert placed(orphan, to="/z/home/x/{project}-{fileset}").collection == "/z/home/x/_-7"


def test_times_tags_and_pairs_can_be_parts_of_it() -> None:
    source = replace(SOURCE, tags={"ns": ("b", "a")}, pairs={"Stain": ("DAPI",)}, acquired=0.0)
    to = "/z/home/{import:%Y-%m}/{acquired:%Y}/{tag:ns}/{pair:Stain}"
    assert placed(source, to=to).collection == "/z/home/2023-11/1970/a, b/DAPI"


def test_when_it_was_imported_and_acquired_is_known_as_everything_else_is() -> None:
    source = replace(SOURCE, acquired=86400.0)
    placement = placed(source, to="/z/home/{imported}/{acquired}", avus={"taken": "on {acquired}"}, facts="img:")
    assert placement.collection == "/z/home/2023-11-14/1970-01-02"
    assert {(avu.attribute, avu.value) for avu in placement.avus} == {
        ("img:imported", "2023-11-14"),
        ("img:acquired", "1970-01-02"),
        ("taken", "on 1970-01-02"),
    }


@pytest.mark.parametrize("acquired", [None, 1e15, -1e18])
def test_a_time_that_nobody_knows_or_can_mean_is_left_out(acquired: float | None) -> None:
    source = replace(SOURCE, acquired=acquired)
    placement = placed(source, to="/z/home/{acquired}/x", avus={"taken": "{acquired}"}, facts="img:")
    assert placement.collection == "/z/home/x"
    assert [avu.attribute for avu in placement.avus] == ["img:imported"]


@pytest.mark.parametrize("to", ["/z/trash/home/x", "/other/home/x", "/z/homeless/x"])
def test_what_is_below_no_watched_root_is_refused(to: str) -> None:
    with pytest.raises(PlacementError, match="below no watched root"):
        placed(to=to)


def test_nobody_gets_out_of_the_place_by_a_name() -> None:
    source = replace(SOURCE, names={"project": "../../../bob", "dataset": ".."})
    assert placed(source, to="/z/home/{user}/{project}/{dataset}").collection == "/z/home/alice/.._.._.._bob/__"


@pytest.mark.parametrize(
    ("users", "name"),
    [({}, "alice"), ({"al": "alice"}, "al"), ({"bob": "carol"}, "alice"), ({"*": "shared", "al": "alice"}, "al")],
)
def test_the_owner_is_the_one_irods_user_who_would_be_that_user_in_omero(users: dict[str, str], name: str) -> None:
    assert irods_user("alice", users) == name


@pytest.mark.parametrize(
    ("users", "reason"),
    [
        ({"*": "alice"}, "nobody can tell"),
        ({"*": "shared"}, "no iRODS user is alice"),
        ({"al": "alice", "lisa": "alice"}, "al and lisa are alice"),
        ({"alice": "carol"}, "no iRODS user is alice"),
        ({"al#other": "alice", "alice": "x"}, "another zone"),
    ],
)
def test_an_owner_who_is_not_one_irods_user_is_refused_with_a_reason(users: dict[str, str], reason: str) -> None:
    with pytest.raises(PlacementError, match=reason):
        irods_user("alice", users)


@pytest.mark.parametrize(("may", "level"), [(MAY_READ, "read"), (MAY_WRITE, "write")])
def test_members_of_the_group_may_what_they_may_in_omero(may: str, level: str) -> None:
    given_rights = placed(
        replace(SOURCE, members_may=may), acl={"{project} leaders": "own", "{plate}": "read"}
    ).access.grants
    assert given_rights == (Grant("lab", level), Grant("Screening leaders", "own"), Grant("alice", "own"))
    assert placed(replace(SOURCE, members_may=may), share=False).access.grants == (Grant("alice", "own"),)


def test_a_collection_is_in_the_hands_of_the_owner_only_in_the_owners_home() -> None:
    access = placed(replace(SOURCE, members_may=MAY_WRITE)).access
    home = grants_on("/z/home/alice/omero", "z", access.owner, access.grants)
    assert home == (Grant("lab", "write"), Grant("alice", "own"))
    for folder in ("/z/home/lab", "/z/home/alicex/omero", "/z/home"):
        elsewhere = grants_on(folder, "z", access.owner, access.grants)
        assert elsewhere == (Grant("lab", "read"), Grant("alice", "read"))


@pytest.mark.parametrize("group", ["public", "lab#otherZone"])
def test_a_group_whose_name_means_others_in_irods_gets_nothing(group: str) -> None:
    """All users of a zone belong to its group ``public``, and OMERO may call any group so."""
    with pytest.raises(PlacementError, match=f"the iRODS group {group}"):
        placed(replace(SOURCE, group=group, members_may=MAY_READ))
    assert placed(replace(SOURCE, group=group, members_may=MAY_READ), share=False).access.group == ""


def test_nobody_shares_what_is_private_in_omero() -> None:
    assert (placed().access.group, placed().access.grants) == ("", (Grant("alice", "own"),))


def test_it_is_described_by_templates_and_by_what_omero_knows() -> None:
    facts = (Fact("pixel size x", "0.1", "µm"), Fact("bad", "\x01"))
    source = replace(SOURCE, tags={"ns": ("b", "a")}, facts=facts)
    avus = placed(
        source, avus={"stain": "{tag:ns}", "where": "{project}/{dataset}", "no": "{plate}"}, facts="img:"
    ).avus
    assert avus == (
        Avu("img:imported", "2023-11-14"),
        Avu("img:pixel size x", "0.1", "µm"),
        Avu("stain", "a"),
        Avu("stain", "b"),
        Avu("where", "Screening/March"),
    )


@pytest.mark.parametrize("text", ["{nothing}", "{zone:x}", "{tag}", "{pair:}", "{open", "close}", "{}"])
def test_a_template_that_cannot_be_filled_in_is_a_mistake(text: str) -> None:
    assert why_no_template(text)
    assert not why_no_template("/{zone}/{import:%Y}/{acquired}/{tag:a}/{pair:b}/x")


@given(st.text())
@example("..")
@example("-")
@example("é" * 300 + ".ome.tiff")
def test_every_text_becomes_a_name_that_can_be_one(text: str) -> None:
    name = component(text)
    assert name.strip(".")
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith("-")
    assert len(name.encode()) <= LONGEST_NAME
    assert not why_unstorable(name)
    assert component(name) == name


@given(st.lists(st.lists(st.sampled_from(["a", "b", "b/", "c\\", "c_", ".", "-"]), min_size=1, max_size=4), min_size=1))
def test_files_of_one_fileset_never_meet(paths: list[list[str]]) -> None:
    names = names_of(["/".join(path) for path in paths])
    assert len(set(names)) == len(names) == len(paths)
    folders = {name[:place] for name in names for place, letter in enumerate(name) if letter == "/"}
    assert not folders & set(names)


def test_files_lie_as_they_did_below_the_folder_that_holds_all_of_them() -> None:
    assert names_of(["C/run/a/1.tif", "C/run/b/2.tif"]) == ("a/1.tif", "b/2.tif")
    assert names_of(["C/run/1.tif"]) == ("1.tif",)


def test_where_names_end_alike_the_place_of_what_was_moved_is_known() -> None:
    files = tuple(SourceFile(n, f"data/{name}", 1, "00", "SHA1-160") for n, name in enumerate(("d.tif", "1/d.tif")))
    placement = placed(replace(SOURCE, files=files))
    assert placement.names == ("d.tif", "1/d.tif")
    for where in (placement.collection, placement.place_of_its_own(7), "/z/home/before/it/was/renamed"):
        assert placement.collection_of(placement.paths(where), 7) == where
    for where in (placement.collection, placement.place_of_its_own(7)):
        for path in placement.paths(where):
            assert placement.collection_of([path], 7) == where
    assert placement.collection_of([], 7) == ""
    assert placement.collection_of(["/z/home/c/other.tif"], 7) == ""
