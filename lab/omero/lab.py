"""Starts and stops a lab OMERO server as a process, and reaches the few things that only a lab offers."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import omero
import omero.clients

from lab.lines import NewLines
from lab.omero.bulk import Bulkloader
from lab.omero.control import Fault, write_control
from lab.omero.requests_log import LoggedRequest
from lab.ports import free_port

START_TIMEOUT = 60


class LabOmero:
    """A lab OMERO server; use it as a context manager."""

    root = "root"

    def __init__(self, state: Path | str | None = None, password: str = "omero", port: int = 0) -> None:
        self._temporary = tempfile.TemporaryDirectory(prefix="lab-omero-") if state is None else None
        self.state = Path(self._temporary.name if self._temporary is not None else str(state))
        self._requests: list[LoggedRequest] = []
        self._new_requests = NewLines(self.state / "requests.jsonl")
        self.password = password
        self.host = "127.0.0.1"
        self.port = port or free_port()
        self.tcp_port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self._faults: list[Fault] = []
        self._holds_events = False
        self._releases = 0
        self._late: tuple[int, float] = (0, 0.0)
        self._down = False
        self._holds_imports = False
        self._indexer_down = False
        self._directory: Mapping[str, Sequence[str]] | None = None

    def __enter__(self) -> LabOmero:
        self.start()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._temporary is not None:
            self._temporary.cleanup()

    @property
    def url(self) -> str:
        """Return the address of the server with root's name and password."""
        return f"omero://{self.root}:{quote(self.password, safe='')}@{self.host}:{self.port}"

    @property
    def repository(self) -> Path:
        """Return the folder of the managed repository."""
        return self.state / "ManagedRepository"

    def start(self) -> None:
        """Start the process, on the same ports as before if it ran already, and wait until it serves."""
        if self._process is not None:
            return
        self.state.mkdir(parents=True, exist_ok=True)
        self._write_control()
        command = [
            sys.executable,
            "-m",
            "lab.omero",
            "--state",
            str(self.state),
            "--root-password",
            self.password,
        ]
        command += ["--port", str(self.port), "--tcp-port", str(self.tcp_port)]
        with (self.state / "server.log").open("a") as log:
            top = Path(__file__).resolve().parents[2]
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, cwd=top)
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            self.stop()
            raise RuntimeError(f"lab OMERO did not start:\n{self.server_log()}")
        said = json.loads(line)
        self.port, self.tcp_port = said["port"], said["tcp_port"]

    def stop(self) -> None:
        """Stop the process and wait for it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the process at once, as a crash would."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        try:
            process.wait(START_TIMEOUT)
        finally:
            process.kill()
            if process.stdout is not None:
                process.stdout.close()

    def client(self, user: str = "root", password: str | None = None, group: str | int | None = None) -> Any:
        """Return a connected omero.client, its calls in a group if one is named (-1: in all).

        Without a password it is root's, or else the user's name.
        """
        client = omero.client(self.host, self.port)
        client.createSession(user, password or (self.password if user == self.root else user))
        if isinstance(group, str):
            group = client.sf.getAdminService().lookupGroup(group).id.val
        if group is not None:
            client.getImplicitContext().put("omero.group", str(group))
        return client

    def server_log(self) -> str:
        """Return what the server has written to its standard error."""
        path = self.state / "server.log"
        return path.read_text() if path.exists() else ""

    def requests(self) -> list[LoggedRequest]:
        """Return the remote operations so far, in the order in which they ended."""
        self._requests += (LoggedRequest(**json.loads(line)) for line in self._new_requests.read())
        return list(self._requests)

    def writes(self) -> list[LoggedRequest]:
        """Return those of the remote operations that write."""
        return [request for request in self.requests() if request.write]

    def forget_requests(self) -> None:
        """Start counting anew."""
        self._new_requests.truncate()
        self._requests = []

    def disturb(self, operation: str, action: str, **options: Any) -> None:
        """Fail, delay, cut, cut-after or die at the nth call of an operation from now on; see Fault."""
        self._faults.append(Fault(operation, action, **options))
        self._write_control()

    def is_delaying(self, operation: str) -> bool:
        """Tell whether a call of the operation is being delayed, or was the last one that was."""
        path = self.state / "delayed"
        return path.exists() and path.read_text() == operation

    def calm(self) -> None:
        """Take all disturbances back."""
        (self.state / "delayed").unlink(missing_ok=True)
        self._faults.clear()
        self._write_control()

    @contextmanager
    def server_down(self) -> Iterator[None]:
        """Leave the router running without a server behind it during the block; sessions live on after it."""
        with self._switched("_down"):
            yield

    @contextmanager
    def long_imports(self) -> Iterator[None]:
        """Have imports that were uploaded take until the end of the block, whatever becomes of those who wait."""
        with self._switched("_holds_imports"):
            yield

    @contextmanager
    def directory(self, people: Mapping[str, Sequence[str]]) -> Iterator[None]:
        """Let the server have LDAP during the block, with these people; each is in groups, by name, that OMERO has."""
        self._directory = people
        self._write_control()
        try:
            yield
        finally:
            self._directory = None
            self._write_control()

    @contextmanager
    def _switched(self, switch: str) -> Iterator[None]:
        setattr(self, switch, True)
        self._write_control()
        try:
            yield
        finally:
            setattr(self, switch, False)
            self._write_control()

    @contextmanager
    def indexer_down(self) -> Iterator[None]:
        """Write no rows of the search indexer during the block; all of them come after it (omero-34)."""
        with self._switched("_indexer_down"):
            yield

    def delay_events(self, objects: int, seconds: float) -> None:
        """Show the event log rows of writes of at least that many objects so much later; 0 objects: of none any more.

        Their ids are taken at once and in one block, so that what others write meanwhile shows above them (omero-29).
        The objects themselves are there at once, unlike on the real server.
        """
        self._late = (objects, seconds)
        self._write_control()

    def hold_events(self) -> None:
        """Let writes take their event log ids from now on without showing the rows."""
        self._holds_events = True
        self._write_control()

    def pass_events(self) -> None:
        """Show what is written from now on; what was held back stays so, below the ids that are shown."""
        self._holds_events = False
        self._write_control()

    def release_events(self) -> None:
        """Show what was held back, and hold back nothing any more."""
        self._releases += 1
        self.pass_events()

    @contextmanager
    def bulk(self, user: str, group: str) -> Iterator[Bulkloader]:
        """Write images and annotations of a user straight into the database, without files: for benchmarks only."""
        loader = Bulkloader(self.state, user, group)
        try:
            yield loader
        finally:
            loader.close()

    def _write_control(self) -> None:
        write_control(
            self.state / "control.json",
            self._faults,
            holds_events=self._holds_events,
            releases=self._releases,
            down=self._down,
            holds_imports=self._holds_imports,
            indexer_down=self._indexer_down,
            late_from=self._late[0],
            late_seconds=self._late[1],
            directory=self._directory,
        )
