"""The zone server: it listens, forks an agent per connection, and keeps the delay server running."""

import gc
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from lab.certificate import write_certificate
from lab.zone import delay, fresh
from lab.zone.agent import Agent
from lab.zone.logs import ServerLog
from lab.zone.settings import HOST, Settings

_BACKLOG = 512
_PATIENCE = 5.0
_SIGNALS = {signal.SIGCHLD, signal.SIGTERM}


class Server:
    """A running zone."""

    def __init__(self, settings: Settings) -> None:
        fresh.prepare(settings)
        if settings.tls:
            write_certificate(settings.state)
        self._settings = settings
        self._log = ServerLog(settings.server_log)
        self._socket = socket.create_server((HOST, settings.port), backlog=_BACKLOG)
        self.port: int = self._socket.getsockname()[1]
        self._children: set[int] = set()
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)

    def run(self, ready: Callable[[], None], until_closed: int | None = None) -> None:
        """Serve until told to stop by a signal, or until a file (a pipe from whoever started it) is closed."""
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
        signal.signal(signal.SIGCHLD, self._reap)
        signal.set_wakeup_fd(self._waker.fileno())  # or a signal between two system calls waits for the next client
        gc.freeze()
        try:
            self._fork(self._delay_server)
            ready()
            self._serve(until_closed)
        except SystemExit:
            self._log.write("stopping")
        finally:
            self._stop()

    def _serve(self, until_closed: int | None) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            if until_closed is not None:
                selector.register(until_closed, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select():
                    if key.fd == until_closed:
                        return
                    if key.fd == self._woken.fileno():
                        self._woken.recv(_BACKLOG)
                    else:
                        self._accept()

    def _accept(self) -> None:
        connection, _ = self._socket.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            self._fork(lambda: self._agent(connection))

    def _agent(self, connection: socket.socket) -> None:
        self._socket.close()
        Agent(self._settings, self.port, connection).serve()

    def _delay_server(self) -> None:
        self._socket.close()
        delay.DelayServer(self._settings, self.port).run()

    def _fork(self, work: Callable[[], None]) -> None:
        """Do something in a process of its own."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        child = os.fork()
        if child:
            self._children.add(child)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            return
        self._as_child(work)

    def _as_child(self, work: Callable[[], None]) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
            work()
        except SystemExit:
            pass
        except BaseException as error:
            self._log.write("".join(traceback.format_exception(error)))
        finally:
            os._exit(0)

    def _reap(self, _signal: int, _frame: FrameType | None) -> None:
        while True:
            try:
                child, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not child:
                return
            self._children.discard(child)

    def _stop(self) -> None:
        self._socket.close()
        end = time.monotonic() + _PATIENCE
        while self._children:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})  # nobody is reaped before he is signalled
            for child in self._children:
                os.kill(child, signal.SIGTERM if time.monotonic() < end else signal.SIGKILL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            time.sleep(0.01)


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    """End the process by the way of its finally blocks, which a second signal must not interrupt."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(0)
