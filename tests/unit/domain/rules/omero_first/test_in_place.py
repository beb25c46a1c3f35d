"""OMERO's own files are registered only where iRODS deletes none of them."""

from __future__ import annotations

import pytest

from irods_omero.domain.rules.omero_first.in_place import FILE_SYSTEM, Storage, file_in_place, why_not_in_place

REPOSITORY = "/OMERO/ManagedRepository"
BESIDE = Storage(FILE_SYSTEM, "", "/OMERO/ManagedRepository2")


@pytest.mark.parametrize("vault", ["/data/vault", "/OMERO/Managed", BESIDE.vault, "/OMERO/ManagedRepository/../vault"])
def test_a_root_resource_with_a_vault_elsewhere_can_have_them(vault: str) -> None:
    assert not why_not_in_place("fast", BESIDE._replace(vault=vault), REPOSITORY)


@pytest.mark.parametrize(
    "vault", [REPOSITORY, f"{REPOSITORY}/", "/OMERO", "/", "", f"{REPOSITORY}/vault", "//OMERO/./ManagedRepository"]
)
def test_one_whose_vault_is_in_the_repository_or_has_it_cannot(vault: str) -> None:
    assert "would delete OMERO's files" in why_not_in_place("fast", BESIDE._replace(vault=vault), REPOSITORY)


@pytest.mark.parametrize(
    ("storage", "why"),
    [
        (None, "there is no resource fast"),
        (BESIDE._replace(kind="s3"), "is of the type s3"),
        (BESIDE._replace(kind="passthru"), "is of the type passthru"),
        (BESIDE._replace(parent="10013"), "is below another one"),
    ],
)
def test_neither_can_one_that_is_no_plain_file_system_of_its_own(storage: Storage | None, why: str) -> None:
    assert why in why_not_in_place("fast", storage, REPOSITORY)


def test_a_file_is_where_the_host_sees_the_repository() -> None:
    assert file_in_place("/mnt/OMERO/", "alice_2/2026-11/28/a b.tiff") == "/mnt/OMERO/alice_2/2026-11/28/a b.tiff"


@pytest.mark.parametrize("path", ["../etc/passwd", "alice_2/../../a", "/etc/passwd", "alice_2//a", "a/./b", "a/", ""])
def test_no_path_leads_elsewhere(path: str) -> None:
    assert not file_in_place(REPOSITORY, path)
    assert not file_in_place("OMERO", "alice_2/a")
