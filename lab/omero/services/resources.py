"""The shared resources, of which the lab has the managed repository only."""

from __future__ import annotations

from typing import Any

import omero
import omero.grid

from lab.omero.repository.managed import ManagedRepository, description
from lab.omero.servants import Call


class SharedResources:
    """Hands out the managed repository."""

    def repositories(self, call: Call) -> Any:
        host = call.host
        proxy = host.offer(
            call.session, call.client, omero.grid.ManagedRepository, ManagedRepository(call.client), "ManagedRepository"
        )
        repository_map = omero.grid.RepositoryMap()
        repository_map.descriptions = [description(call)]
        repository_map.proxies = [omero.grid.RepositoryPrx.uncheckedCast(proxy)]
        return repository_map

    def areTablesEnabled(self, call: Call) -> bool:
        return False
