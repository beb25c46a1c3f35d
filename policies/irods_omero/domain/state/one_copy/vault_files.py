"""The files of replicas in their vaults, as OMERO's host sees them, and whether a link may lead to one."""

from __future__ import annotations

from typing import NamedTuple


class VaultFile(NamedTuple):
    """The file of a replica.

    Attributes:
        data_id: Catalog id of its data object.
        number: Number of the replica.
        root: The directory of the vault.
        path: Where it is.
        why_not: Why a link to it might be wrong one day, for people; empty where it leads to this file or to nothing
            for as long as there is one.
    """

    data_id: int
    number: int
    root: str
    path: str
    why_not: str = ""
