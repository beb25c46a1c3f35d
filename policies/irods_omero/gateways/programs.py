"""Asks a program of the site about files: without a shell, for a short time, and so that nobody waits for it long."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from queue import SimpleQueue

from irods_omero.logs import log

SIDE_BY_SIDE = 4
"""Number of files that are asked about at the same time."""

SECONDS = 5.0
"""How long the program may take for one file, in seconds."""

PATIENCE_SECONDS = 10.0
"""How long to wait for the answers about many files together, in seconds."""

LONGEST = 200
"""Bytes of an answer; what is longer is none."""


class Program:
    """One program, run for each file by a few threads of its own.

    A program that hangs, as those do that wait for tape, even one that cannot be killed, holds up these threads and
    nobody else: who asks waits for ``PATIENCE_SECONDS`` and goes on without the answers that are missing.
    """

    def __init__(self, command: Sequence[str], words: Mapping[str, str], seconds: float = SECONDS) -> None:
        """``command`` is the program with its first arguments, ``words`` what its answers mean."""
        self._command, self._words, self._seconds = list(command), words, seconds
        self._asked: SimpleQueue[tuple[str, Future[str]]] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()

    def ask(self, files: Iterable[str], patience: float = PATIENCE_SECONDS) -> dict[str, str]:
        """What it says of some files, by their absolute paths; those are left out of which it says nothing in time."""
        answers: dict[str, Future[str]] = {
            file: Future() for file in files if file.startswith("/") and "\0" not in file
        }
        for asked in answers.items():
            self._asked.put(asked)
        with self._starting:
            while len(self._threads) < SIDE_BY_SIDE:
                self._threads.append(threading.Thread(target=self._answer, name="asking", daemon=True))
                self._threads[-1].start()
        wait(answers.values(), patience)
        for answer in answers.values():
            answer.cancel()  # nobody waits for those that are not begun
        said = {file: answer.result() for file, answer in answers.items() if answer.done() and not answer.cancelled()}
        if len(said) < len(answers):
            missing = next(file for file in answers if file not in said)
            log.warning("a residency_command does not answer in time", file=missing, missing=len(answers) - len(said))
        return {file: word for file, word in said.items() if word}

    def _answer(self) -> None:
        while True:
            file, answer = self._asked.get()
            if answer.set_running_or_notify_cancel():
                try:
                    answer.set_result(self._run(file))
                except Exception as error:  # of one file: the next one may be answered
                    log.warning("a residency_command gives no answer", file=file, error=str(error))
                    answer.set_result("")

    def _run(self, file: str) -> str:
        with subprocess.Popen(  # noqa: S603 - the administrator's own program; the path is one argument, and absolute
            [*self._command, file],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},  # the agent's passwords may be in its own
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            alarm = threading.Timer(self._seconds, _kill, (process.pid,))
            alarm.daemon = True
            alarm.start()
            try:
                text = process.stdout.read(LONGEST + 1)
                if len(text) > LONGEST:
                    _kill(process.pid)
                code = process.wait()
            finally:
                alarm.cancel()
        word = text.decode(errors="replace").strip()
        if code:
            raise OSError(f"{self._command[0]} ended with {code}")
        return self._words.get(word, word)


def _kill(leader: int) -> None:
    """End a program, and what it has started."""
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
