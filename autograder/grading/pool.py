"""Several workers at once, any of which may die: each task comes back, graded or with the reason why not."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

from autograder.checking import secret_pictures
from autograder.files import PrivateFolder, remove_abandoned
from autograder.grading.worker import Setup, Task
from autograder.sandbox import clock
from flowercourse.environment import quiet

PRIVATE = "autograder-run-"
ATTEMPTS = 2
PATIENCE_S = 180.0
"""What a worker may take beyond a notebook's own limit: to start its cage, and for what the checks compute here."""


@dataclass
class _Busy:
    task: Task
    deadline: float


class _Process:
    """A worker's process, started when it is first needed."""

    def __init__(self, setup: Setup, private: str) -> None:
        ours, theirs = socket.socketpair()
        path = os.pathsep.join(entry for entry in sys.path if entry)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "autograder.grading.worker", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env={**quiet(), **dict(setup.environment), secret_pictures.FOLDER: private, "PYTHONPATH": path},
        )
        theirs.close()
        self.connection = Connection(ours.detach())
        with suppress(OSError):
            self.connection.send(setup)
        self.busy: _Busy | None = None

    def end(self, *, now: bool) -> None:
        """End the process; its cage and all in it end with it."""
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            if not now:
                self.process.wait(timeout=10)
        self.process.kill()
        self.process.wait()


class Pool:
    """Grades tasks on several workers at once.

    Args:
        setup: what each worker gets to know.
        jobs: how many workers.
        backbones: backbones of which the checks of these tasks need secret pictures.
    """

    def __init__(self, setup: Setup, jobs: int, backbones: Iterable[str] = ()) -> None:
        self.setup, self.jobs, self.backbones = setup, jobs, backbones
        self.processes: list[_Process] = []

    def grade(self, tasks: Sequence[Task]) -> Generator[tuple[Task, dict[str, Any]], None, None]:
        """Yield each task with a worker's answer (`result` or `failure`), in the order in which they end."""
        remove_abandoned(PRIVATE)
        self.private = PrivateFolder(PRIVATE)  # shown in no sandbox
        waiting, again = iter(tasks), list[Task]()
        attempts: dict[str, int] = {}
        try:
            # Workers start their sandboxes meanwhile; no notebook runs before the secret pictures' memory is free
            # again.
            for _ in tasks[: self.jobs]:
                self._start()
            secret_pictures.make_shared(self.private.name, self.backbones, os.environ | self._places())
            while True:
                self._hand_out(waiting, again, attempts)
                if not any(process.busy for process in self.processes):
                    return
                for task, answer in self._collect():
                    if "result" in answer or attempts[task.key] >= ATTEMPTS:
                        yield task, answer
                    else:
                        again.append(task)
        finally:
            for process in self.processes:
                process.connection.close()  # all end at once
            for process in self.processes:
                process.end(now=process.busy is not None)
            self.processes = []
            self.private.cleanup()

    def _places(self) -> dict[str, str]:
        """Return the variables that say where things are; a worker's share of the cores concerns workers only."""
        return {name: value for name, value in self.setup.environment if not name.endswith("_THREADS")}

    def _start(self) -> _Process:
        process = _Process(self.setup, self.private.name)
        self.processes.append(process)
        return process

    def _hand_out(self, waiting: Iterator[Task], again: list[Task], attempts: dict[str, int]) -> None:
        while sum(process.busy is not None for process in self.processes) < self.jobs:
            task = again.pop() if again else next(waiting, None)
            if task is None:
                return
            attempts[task.key] = attempts.get(task.key, 0) + 1
            idle = next((process for process in self.processes if process.busy is None), None)
            if idle is None:
                idle = self._start()
            longest = self.setup.limits.notebook_timeout_s / clock.SLOWEST + PATIENCE_S
            idle.busy = _Busy(task, time.monotonic() + longest)
            with suppress(OSError):  # it has died: found out when its answer is waited for
                idle.connection.send(task)

    def _collect(self) -> Iterator[tuple[Task, dict[str, Any]]]:
        busy = {process.connection: process for process in self.processes if process.busy}
        for connection in wait(list(busy), timeout=1.0):
            process = busy.pop(connection)  # type: ignore[call-overload]
            assert process.busy is not None
            task, process.busy = process.busy.task, None
            try:
                yield task, process.connection.recv()
            except (EOFError, OSError):
                self._drop(process)
                yield task, {"failure": "the grading process died"}
        for process in busy.values():
            if process.busy and time.monotonic() > process.busy.deadline:
                task = process.busy.task
                self._drop(process)
                yield task, {"failure": "the grading process did not come to an end"}

    def _drop(self, process: _Process) -> None:
        self.processes.remove(process)
        process.end(now=True)
