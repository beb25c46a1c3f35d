"""The delay server: it looks into the queue, and has agents execute the rules that are due."""

import base64
import json
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

from lab.zone import wire
from lab.zone.catalog import delayed, users
from lab.zone.catalog.delayed import DelayedRule
from lab.zone.catalog.store import CatalogStore
from lab.zone.errors import ZoneError
from lab.zone.logs import ServerLog
from lab.zone.service import Service
from lab.zone.settings import ADMINISTRATOR, Settings

PROGRAM = "irodsDelayServer"
_EXECUTE = 1206


class DelayServer:
    """The delay server of a zone."""

    def __init__(self, settings: Settings, port: int) -> None:
        self._settings = settings
        self._port = port
        self._log = ServerLog(settings.server_log)
        self._store = CatalogStore(settings.catalog)
        self._catalog = threading.Lock()
        self._server = os.getppid()
        self._stopping = False

    def run(self) -> None:
        """Go on until the server is gone."""
        with ThreadPoolExecutor(self._settings.executors) as executors:
            try:
                self._watch(executors)
            finally:
                self._stopping = True

    def _watch(self, executors: ThreadPoolExecutor) -> None:
        running: dict[int, Future[None]] = {}
        while os.getppid() == self._server:
            running = {rule_id: future for rule_id, future in running.items() if not future.done()}
            with self._catalog:
                due, password = delayed.due(self._store), self._password()
            for rule in due:
                if rule.id not in running and len(running) < self._settings.executors:
                    running[rule.id] = executors.submit(self._run_one, rule, password)
            time.sleep(self._settings.wake_up)

    def _password(self) -> str:
        administrator = users.need(self._store, ADMINISTRATOR, self._settings.zone)
        return users.password(self._store, administrator) or ""

    def _run_one(self, rule: DelayedRule, password: str) -> None:
        """Have a rule executed, and take it out of the queue or put it back for another time."""
        succeeded = self._execute(rule, password)
        if self._stopping and not succeeded:
            return
        with self._catalog:
            again = delayed.next_run(rule.frequency, succeeded)
            if again is None:
                delayed.delete(self._store, rule.id)
            else:
                delayed.postpone(self._store, rule.id, *again)

    def _execute(self, rule: DelayedRule, password: str) -> bool:
        """Have an agent execute a rule for its user; whether that went well."""
        document = json.dumps({"text": rule.text, "instance": rule.instance}).encode()
        body = wire.pack("BinBytesBuf_PI", [("buflen", len(document)), ("buf", base64.b64encode(document).decode())])
        try:
            with Service(self._port, self._settings.zone, password, PROGRAM, rule.user) as service:
                service.call(_EXECUTE, body)
        except (ZoneError, wire.DisconnectedError, OSError) as error:
            self._log.write(f"delayed rule {rule.id} failed: {error}")
            return False
        return True
