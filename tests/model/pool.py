"""The servers of the model, kept from run to run: starting them takes longer than a run."""

from __future__ import annotations

from tests.model.servers import Servers


class Pool:
    """One pair of servers for run after run; a run that did not end well leaves it to be thrown away."""

    def __init__(self) -> None:
        self._servers: Servers | None = None
        self._is_in_use = False

    def take(self) -> Servers:
        """Servers that nobody has left in disorder."""
        if self._is_in_use:
            self.close()
        if self._servers is None:
            self._servers = Servers().__enter__()
        self._is_in_use = True
        return self._servers

    def give_back(self) -> None:
        """The run ended well."""
        self._is_in_use = False

    def close(self) -> None:
        """Stop the servers."""
        if self._servers is not None:
            self._servers.__exit__(None, None, None)
        self._servers, self._is_in_use = None, False


POOL = Pool()
