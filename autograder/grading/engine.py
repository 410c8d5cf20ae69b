"""The seam between a run and who grades for it: on this machine (`pool`) or on many (`cluster`).

A run says "give me results for these submissions", and takes them as they come. It knows nothing else of either.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from autograder.grading.process import Answer
from autograder.grading.worker import Task
from autograder.sandbox.launch import Isolation

ATTEMPTS = 2
"""How often a submission is tried whose grader ends, before it is given up with a row that says so."""


@dataclass(frozen=True)
class Scheduler:
    """Where a cluster is reached.

    Attributes:
        address: its scheduler's, such as tcp://10.0.0.1:8786.
        ca_file: the authority that has signed its certificate, for an address that begins with tls://.
        cert: this side's own certificate.
        key: the key to that.
    """

    address: str
    ca_file: Path | None = None
    cert: Path | None = None
    key: Path | None = None


class Tasks:
    """What is to be graded, taken one by one, so that not all has to be in memory; each is tried again where it failed.

    It is true as long as there is one to take.
    """

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._coming = iter(tasks)
        self._ready: deque[Task] = deque()
        self._attempts: dict[str, int] = {}

    def __bool__(self) -> bool:
        return self.at_least(1) == 1

    def at_least(self, count: int) -> int:
        """Return how many there are to take, and no more than `count`."""
        self._ready.extend(itertools.islice(self._coming, max(0, count - len(self._ready))))
        return min(count, len(self._ready))

    def take(self) -> Task:
        """Return the next one. There must be one."""
        assert self, "nothing is left to be taken"
        task = self._ready.popleft()
        self._attempts[task.key] = self._attempts.get(task.key, 0) + 1
        return task

    def try_again(self, task: Task, answer: Answer) -> bool:
        """Put a task back whose grading failed; return False where it did not, or has failed too often."""
        if "result" in answer or self._attempts[task.key] >= ATTEMPTS:
            del self._attempts[task.key]
            return False
        self._ready.appendleft(task)
        return True


class Engine(Protocol):
    """Grades tasks side by side. It is a context manager; leaving it ends all that it has started.

    Attributes:
        isolation: the isolation in force wherever it grades.
        is_crowded: whether submissions run beside one another, so that one can take another's processors.
        at_work: who grades, in a few words, for the progress bar.
    """

    isolation: Isolation

    def __enter__(self) -> Engine: ...

    def __exit__(self, *error: object) -> None: ...

    @property
    def is_crowded(self) -> bool: ...

    @property
    def at_work(self) -> str: ...

    def grade(
        self, tasks: Iterable[Task], archives: Iterable[str], *, alone: bool = False
    ) -> Generator[tuple[Task, Answer], None, None]:
        """Yield each task with its answer, as they come; what failed for reasons of ours was tried again before.

        Args:
            tasks: what to grade; taken one by one, so that not all have to be in memory.
            archives: names of the secret pictures that their checks need (`autograder.checking.secret_pictures`).
            alone: one submission at a time on each machine.

        Raises:
            CourseError: nothing can be graded any more.
        """
        ...
