"""Which files of a vault OMERO's places can lead to by a link, and which links there are an agent's own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from irods_omero.domain.rules.one_copy.compared_bytes import is_imported
from irods_omero.domain.state.agreement import Agreement
from irods_omero.domain.state.observation import Observation
from irods_omero.domain.state.one_copy.managed_files import (
    LINK,
    OTHER,
    ManagedFile,
    VaultFile,
    is_managed_file,
    short_digest,
)
from irods_omero.domain.state.views import DataObject


class Links(NamedTuple):
    """What links may lead to.

    Attributes:
        files: Files of good replicas that can be read at once, at whose paths there is never anything else.
        is_whole: Whether each data object of the unit has one, and OMERO's images are of what these have.
        why_not: For people, why one has none although its resource is one whose files are linked to; empty elsewhere.
    """

    files: tuple[VaultFile, ...] = ()
    is_whole: bool = False
    why_not: str = ""

    @property
    def by_object(self) -> dict[int, VaultFile]:
        """One of them for the catalog id of each data object that has any."""
        return {file.data_id: file for file in reversed(self.files)}

    @property
    def targets(self) -> frozenset[str]:
        """Their paths."""
        return frozenset(file.path for file in self.files)


def links_of(observation: Observation) -> Links:
    """What the links of a unit may lead to."""
    if observation.vault_files is None:
        return Links()
    of_object: dict[int, list[VaultFile]] = defaultdict(list)
    for file in observation.vault_files:
        of_object[file.data_id].append(file)
    lasting, is_whole, why_not = list[VaultFile](), is_imported(observation), ""
    for each in observation.zone.objects:
        numbers = _readable(observation, each)
        readable = [file for file in of_object[each.data_id] if file.number in numbers]
        right = [file for file in readable if not file.why_not]
        lasting += right
        is_whole = is_whole and bool(right)
        why_not = why_not or ("" if right or not readable else readable[0].why_not)
    return Links(tuple(lasting), is_whole, why_not)


def _readable(observation: Observation, data_object: DataObject) -> set[int]:
    """The numbers of the replicas whose files may be linked to, as far as the catalog says."""
    policy, copies = observation.policy, observation.copies or ()
    return {
        replica.number
        for replica in data_object.good_replicas()
        if replica.resource in policy.links
        and not policy.tiers.of_replica(data_object, replica).offline
        and not is_managed_file(replica.file, copies)
    }


def with_own_links(files: Iterable[ManagedFile], base: Agreement) -> tuple[ManagedFile, ...]:
    """What is in OMERO's repository, with those links told apart that agents have made: they lead into known vaults.

    What is agreed tells, and not the configuration: a link has to be known when its resource is named there no more.
    """
    return tuple(
        replace(file, disk=replace(file.disk, state=LINK, what="")) if _vault_of(file, base.linked) else file
        for file in files
    )


def lost_links(observation: Observation) -> list[ManagedFile]:
    """Those of a unit's files whose place is a link that an agent has made, and that leads nowhere."""
    return [file for file in observation.copies or () if file.disk.state == LINK and not file.disk.readable]


def linked_after(observation: Observation, roots: Iterable[str]) -> tuple[str, ...]:
    """The vaults, by digests, that links of a unit lead into, with those that links are about to be made into.

    Args:
        observation: The unit.
        roots: The directories of the latter.
    """
    known = observation.base.linked
    if observation.copies is None:
        return known
    used = {_vault_of(file, known) for file in observation.copies if file.disk.state == LINK}
    return tuple(sorted({*used, *map(short_digest, roots)}))


def _vault_of(file: ManagedFile, known: tuple[str, ...]) -> str:
    """Which of the known vaults a link leads into, empty for none, and where it is no link."""
    parts = file.disk.target.split("/")
    if not known or file.disk.state not in {LINK, OTHER} or parts[0] or not {"", ".", ".."}.isdisjoint(parts[1:]):
        return ""
    above = (short_digest("/".join(parts[:count])) for count in range(2, len(parts)))
    return next((digest for digest in above if digest in known), "")
