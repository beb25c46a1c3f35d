"""Hierarchies of OME-Zarr, whose images the gateway makes in OMERO."""

from __future__ import annotations

from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any, BinaryIO

from irods_omero.errors import RefusedError
from tests.conformance.gateway import Agent
from tests.zarr import files_of, root_of

ZARR = "/zone/home/it's 100% 😀.zarr"
ADDRESS = "s3://s3.example.org/bucket{path}"


def refer_to(agent: Agent, documents: dict[str, Any]) -> int:
    """Have the gateway make images of a hierarchy; returns their fileset."""
    files = files_of(documents)

    def open_object(path: str) -> AbstractContextManager[BinaryIO]:
        name = path.removeprefix(f"{ZARR}/")
        if name not in files:
            raise RefusedError("opening", path, "it is not there")
        return BytesIO(files[name])

    action = agent.action(len(files[root_of(documents)]), paths=(f"{ZARR}/{root_of(documents)}",), address=ADDRESS)
    return agent.importing.bring_in(action, open_object).fileset
