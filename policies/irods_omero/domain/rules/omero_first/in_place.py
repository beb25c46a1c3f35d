"""OMERO's own files in iRODS: where they may be registered, so that iRODS deletes none, and what OMERO has deleted."""

from __future__ import annotations

from typing import NamedTuple

from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.views import DataObject

FILE_SYSTEM = "unixfilesystem"
"""The type of resources that delete no file outside of their vault; others can be told to (zone-89)."""


class Storage(NamedTuple):
    """A resource as the catalog has it.

    Attributes:
        kind: Its type.
        parent: What it is below, empty for a root resource.
        vault: The path of its vault on its host.
    """

    kind: str
    parent: str
    vault: str


def why_not_in_place(name: str, storage: Storage | None, repository: str) -> str:
    """Why files of OMERO's repository may not be registered on a resource, empty if they may.

    Args:
        name: Name of the resource.
        storage: The resource, None where there is none.
        repository: The path of the repository as its host sees it.
    """
    if storage is None:
        return f"there is no resource {name}"
    if storage.kind != FILE_SYSTEM:
        return f"the resource {name} is of the type {storage.kind}, and only on {FILE_SYSTEM} files stay what they are"
    if storage.parent:
        return f"the resource {name} is below another one, and files are registered on root resources"
    vault, ours = _parts(storage.vault), _parts(repository)
    shared = min(len(vault), len(ours))
    if vault[:shared] == ours[:shared]:
        return (
            f"OMERO's repository {repository} and the vault of {name}, {storage.vault}, are one in the other: iRODS "
            "would delete OMERO's files with their data objects"
        )
    return ""


def file_in_place(repository: str, path: str) -> str:
    """The path of a file of OMERO's repository on the host of the resource; empty if its path might lead elsewhere.

    Args:
        repository: The path of the repository as that host sees it.
        path: The path of the file below it, by OMERO's database.
    """
    parts = path.split("/")
    if not repository.startswith("/") or any(part in ("", ".", "..") for part in parts):
        return ""
    return "/".join([repository.rstrip("/"), *parts])


def may_be_lost(observation: Observation) -> tuple[DataObject, ...]:
    """The data objects that OMERO's own files may have been, and that went with the images of the unit."""
    base = observation.base
    if not base.in_place or observation.omero.fileset is not None:
        return ()
    objects = observation.zone.objects
    return tuple(each for each in objects if all(good.resource == base.in_place for good in each.good_replicas()))


def lost_error(observation: Observation) -> str:
    """What is wrong where the bytes are gone, and what to do; empty if nothing is."""
    if not observation.lost:
        return ""
    return (
        f"{observation.lost} cannot be read: it was registered where OMERO had it, and went with its images; bring the "
        "file back from a backup of OMERO's repository, or remove the data object"
    )


def _parts(path: str) -> list[str]:
    parts: list[str] = []
    for part in path.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in ("", "."):
            parts.append(part)
    return parts
