"""The files in the vaults that OMERO may be linked to: where they are, and whether links to them last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from irods_omero.agent.connections import Connections
from irods_omero.agent.repository import ProvenRepository
from irods_omero.domain.state.one_copy.managed_files import VaultFile
from irods_omero.domain.state.views import ZoneView
from irods_omero.errors import RefusedError
from irods_omero.gateways.repository.linking import reader_of
from irods_omero.gateways.repository.vault import Reader, Vault
from irods_omero.gateways.zone.resources import vault_paths


class Vaults:
    """The vaults that the configuration names."""

    def __init__(self, connections: Connections) -> None:
        self._zone = connections.zone
        self._links = connections.settings.cache.link
        self._reader: Reader | None = None

    def files(self, repository: ProvenRepository, unit: ZoneView) -> tuple[VaultFile, ...]:
        """The files of a unit's good replicas there.

        Args:
            repository: OMERO's repository, whose owner is the user that reads them.
            unit: What the zone says.

        Raises:
            UnreachableError: The zone is down.
            RefusedError: The repository is not there any more.
        """
        if not any(replica.resource in self._links for each in unit.objects for replica in each.good_replicas()):
            return ()
        if self._reader is None:  # whose groups a directory service may have to be asked for
            self._reader = reader_of(repository.directory)
        return tuple(self._files(self._reader, unit))

    def _files(self, reader: Reader, unit: ZoneView) -> Iterator[VaultFile]:
        for each in unit.objects:
            for replica in each.good_replicas():
                root = self._links.get(replica.resource)
                if root is None:
                    continue
                vault = Vault(root)
                try:
                    names = vault.names(replica.file, self._vaults.get(replica.storage, ""))
                except RefusedError as error:
                    yield VaultFile(each.data_id, replica.number, root, "", str(error))
                    continue
                path, why_not = "/".join([root, *names]), vault.why_not_linked(names, each.path, reader)
                yield VaultFile(each.data_id, replica.number, root, path, why_not)

    @cached_property
    def _vaults(self) -> Mapping[str, str]:
        """Those of resources as their hosts see them."""
        return vault_paths(self._zone)


def way_to(file: VaultFile) -> list[str]:
    """The way to a file from the directory of its vault."""
    return file.path.removeprefix(f"{file.root}/").split("/")
