"""Starts and stops a lab zone as a process, and reaches the few things that only a lab offers."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lab.lines import NewLines
from lab.ports import free_port
from lab.zone import faults
from lab.zone.bulk import BulkObject, Triple, attach, carry_out, load
from lab.zone.catalog.store import CatalogStore
from lab.zone.settings import ADMINISTRATOR, HOST, PASSWORD, ZONE, Settings

if TYPE_CHECKING:
    from irods.session import iRODSSession

_REPOSITORY = Path(__file__).parents[2]
_PATIENCE = 120


class LabZone:
    """A lab zone; use it as a context manager, or call start and stop.

    Args:
        core: Folder whose core.py the Python rule engine loads; None: no hooks.
        state: Folder that keeps the zone beyond its end; None: a temporary one.
        tiering: Whether the storage tiering plugin is there.
        environment: Variables for the server and its hooks, besides those that are set.
        resources: Names of further storage resources to make.
        wake_up: Seconds between two looks into the delay queue.
        port: Port to listen on; 0: a free one, the same one after a restart.
        tls: Whether clients have to talk TLS to it.
        random_paths: Whether files in vaults have paths made up at random, as by msiSetRandomScheme (zone-99).
    """

    name = ZONE
    admin = ADMINISTRATOR
    password = PASSWORD
    host = HOST

    def __init__(
        self,
        core: Path | None = None,
        *,
        state: Path | None = None,
        tiering: bool = True,
        environment: Mapping[str, str] | None = None,
        resources: Sequence[str] = (),
        wake_up: float = 0.2,
        port: int = 0,
        tls: bool = False,
        random_paths: bool = False,
    ) -> None:
        self.port = port or free_port()
        self.state = state.absolute() if state else Path(tempfile.mkdtemp(prefix="lab-zone-"))
        self._temporary = state is None
        self._settings = Settings(self.state, port)
        self._requests: list[dict[str, Any]] = []
        self._new_requests = NewLines(self._settings.requests)
        self._environment = dict(environment or {})
        self._resources = resources
        self._options = ["--state", str(self.state), "--wake-up", str(wake_up)]
        self._options += ["--core", str(core)] if core else []
        self._options += [] if tiering else ["--no-tiering"]
        self._options += ["--tls"] if tls else []
        self._options += ["--random-paths"] if random_paths else []
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "LabZone":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._temporary:
            shutil.rmtree(self.state, ignore_errors=True)

    @property
    def url(self) -> str:
        """The zone's address with its administrator's account."""
        return f"irods://{self.admin}:{self.password}@{self.host}:{self.port}/{self.name}"

    @property
    def certificate(self) -> Path:
        """The certificate of a server that talks TLS, by which clients know it."""
        return self._settings.certificate

    def start(self) -> None:
        """Start the server, on the port that it had before."""
        is_new = not self._settings.catalog.exists()
        command = [sys.executable, "-m", "lab.zone", "--until-stdin-closes", "--port", str(self.port)]
        self._process = subprocess.Popen(
            command + self._options,
            cwd=_REPOSITORY,
            env={**os.environ, **self._environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        address = self._process.stdout.readline()
        if not address:
            raise RuntimeError(f"the lab zone did not start: exit code {self._process.wait()}")
        self.port = int(urlsplit(address.strip()).port or 0)
        if is_new:
            self._make_resources()

    def _make_resources(self) -> None:
        if self._resources:
            with self.session() as session:
                for name in self._resources:
                    session.resources.create(name, "unixfilesystem", self.host, str(self._settings.vaults / name))

    def stop(self) -> None:
        """Stop the server; what it keeps stays for the next start."""
        if self._process is None:
            return
        process, self._process = self._process, None
        process.terminate()
        process.communicate(timeout=_PATIENCE)

    def session(self, user: str = "", password: str | None = None, **options: Any) -> "iRODSSession":
        """A plain session of python-irodsclient; a user's password is his name unless it is given."""
        from irods.session import iRODSSession  # the server's process, which loads this package too, starts without it

        user = user or self.admin
        return iRODSSession(
            host=self.host, port=self.port, zone=self.name, user=user, password=password or user, **options
        )

    def server_log(self) -> str:
        """What the server has said."""
        path = self._settings.server_log
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def requests(self) -> list[dict[str, Any]]:
        """The API calls that were served, and the catalog writes by hooks, in order.

        Each has `api` (the client's name of the call, such as DATA_OBJ_OPEN_AN; of a write by a hook, its
        microservice), `user`, `program`, `by` (client, server: the zone itself, hook), `agent`, `time`, and where it
        applies `code`, `path`, `operation`, `arguments`, `hook`.
        """
        self._requests += map(json.loads, self._new_requests.read())
        return list(self._requests)

    def fault(self, api: str, nth: int = 1, action: str = "cut", user: str = "", **how: Any) -> None:
        """Have the nth call of an API from now on go wrong, once.

        Args:
            api: The call by its name in `requests`, such as DATA_OBJ_READ_AN or MOD_AVU_METADATA_AN.
            nth: Which call of those to come.
            action: cut (the connection), delay (by `seconds`), or fail (with `code`).
            user: Count the calls of one user only.
            how: `seconds`, `code`, and `moment`: before (the default) or after the work was done.
        """
        fault = faults.ZoneFault(action, how.get("code", -1), how.get("seconds", 0.0), how.get("moment", "before"))
        store = CatalogStore(self._settings.catalog)
        try:
            faults.order(store, api, nth, fault, user)
        finally:
            store.close()

    def bulk_register(self, collection: str, objects: Sequence[BulkObject], owner: str = ADMINISTRATOR) -> range:
        """Write data objects and their AVUs, but no files, straight into the catalog: for benchmarks only.

        Returns:
            Their ids.
        """
        store = CatalogStore(self._settings.catalog)
        try:
            return load(store, self.name, collection, objects, owner)
        finally:
            store.close()

    def bulk_move(self) -> int:
        """Do all movements in the delay queue straight in the catalog: for benchmarks only; their number."""
        store = CatalogStore(self._settings.catalog)
        try:
            return carry_out(store)
        finally:
            store.close()

    def bulk_annotate(self, avus: Mapping[int, Sequence[Triple]]) -> None:
        """Write further AVUs of data objects, by their ids, straight into the catalog: for benchmarks only."""
        store = CatalogStore(self._settings.catalog)
        try:
            attach(store, avus)
        finally:
            store.close()
