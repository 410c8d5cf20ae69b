"""A grader: a worker's process, and the deadline of what it grades."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from autograder.checking import secret_pictures
from autograder.grading.worker import Setup, Task
from autograder.sandbox import clock
from flowercourse.environment import quiet

Answer = dict[str, Any]
"""A worker's answer to a task: `result` as plain data, or `failure`, why there is none."""

PRIVATE = "autograder-run-"
"""How names of folders with a run's secret pictures begin."""

PATIENCE_S = 180.0
"""What a grader may take beyond a notebook's own limit: to start its cage, and for what the checks compute here."""


class Grader:
    """A worker's process, which grades one task at a time.

    Args:
        setup: what it gets to know.
        private: the folder with the run's secret pictures; shown in no sandbox.
    """

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
        self.longest_s = setup.limits.notebook_timeout_s / clock.SLOWEST + PATIENCE_S
        self.task: Task | None = None
        self.deadline = 0.0

    def begin(self, task: Task) -> None:
        """Hand a task over, without waiting for the answer."""
        self.task, self.deadline = task, time.monotonic() + self.longest_s
        with suppress(OSError):  # it has died: found out when its answer is waited for
            self.connection.send(task)

    @property
    def is_late(self) -> bool:
        """Whether it should have answered by now."""
        return self.task is not None and time.monotonic() > self.deadline

    def wait(self) -> None:
        """Wait until the answer has come or is overdue."""
        with suppress(OSError, ValueError):  # closed meanwhile, by `end`
            self.connection.poll(max(0.0, self.deadline - time.monotonic()))

    def answer(self) -> tuple[Answer, bool]:
        """Return the answer to its task, which has come or is overdue, and whether the process can go on."""
        self.task = None
        try:
            if not self.connection.poll():
                return {"failure": "the grading process did not come to an end"}, False
            return self.connection.recv(), True
        except (EOFError, OSError):
            return {"failure": "the grading process died"}, False

    def end(self, *, now: bool) -> None:
        """End the process; its cage and all in it end with it."""
        if now:
            self.process.kill()  # who waits for its answer is told first
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
        self.process.kill()
        self.process.wait()
