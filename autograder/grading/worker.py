"""A grading worker: a process with a cage of its own that grades one submission after the other.

It holds everything that decides about points and runs none of the learner's code. The run that started it (`pool`)
sends it rebuilt notebooks and gets results back; when a worker dies, that submission alone is tried again.

    python -m autograder.grading.worker SOCKET_FD
"""

from __future__ import annotations

import signal
import sys
import traceback
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from autograder.authoring.course import Course
from autograder.checking.reference import Reference
from autograder.grading import memory
from autograder.grading.run import run_submission
from autograder.intake.submissions import Rebuilt
from autograder.sandbox import linux
from autograder.sandbox.cage import PRELOAD, Cage, CageError
from autograder.sandbox.launch import Isolation
from autograder.sandbox.layout import course_layout
from autograder.sandbox.limits import Limits
from flowercourse.errors import CourseError

LARGEST_FEATURES = 8 * 2048  # bytes of a picture's features as float64, of the backbone that has most


@dataclass(frozen=True)
class Setup:
    """What a worker needs to know once.

    Attributes:
        course: the assignments and their checks.
        isolation: the isolation in force.
        limits: what a submission may use.
        secret: folders that must stay unseen even below one that is shown.
        preload: modules that the zygote imports.
        environment: variables for the worker and for what runs in the cage, such as where the data is.
    """

    course: Course
    isolation: Isolation
    limits: Limits
    secret: tuple[Path, ...]
    preload: tuple[str, ...] = PRELOAD
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Task:
    """One submission to grade."""

    key: str
    rebuilt: Rebuilt
    seed: int


class Worker:
    """Grades tasks, in a cage that is made again where it has failed."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.reference = Reference()
        self.cage: Cage | None = None

    def open_cage(self) -> Cage:
        """Return the cage, made if there is none."""
        if self.cage is None:
            layout = course_layout(secret=self.setup.secret, environment=dict(self.setup.environment))
            self.cage = Cage(self.setup.isolation, layout, preload=self.setup.preload)
        return self.cage

    def close_cage(self) -> None:
        """End the cage and everything in it."""
        if self.cage is not None:
            self.cage.close()
            self.cage = None

    def _for_features(self) -> int:
        """Return what the checks may need for features of this data set, several copies of each backbone's."""
        try:
            return 16 * self.reference.num_examples * LARGEST_FEATURES
        except CourseError:
            return 0

    def grade(self, task: Task) -> dict[str, object]:
        """Return a result as plain data, or why there is none."""
        try:
            cage = self.open_cage()  # a new one must not inherit the bound
            with memory.at_most(memory.ROOM + self._for_features()):
                result = run_submission(
                    task.rebuilt,
                    cage,
                    self.setup.course.checks(task.rebuilt.module),
                    seed=task.seed,
                    reference=self.reference,
                    limits=self.setup.limits,
                )
        except CageError as error:
            self.close_cage()
            return {"key": task.key, "failure": str(error)}
        except Exception:
            self.close_cage()
            return {"key": task.key, "failure": traceback.format_exc()}
        if self.cage is not None and self.cage.broken:
            self.close_cage()
        return {"key": task.key, "result": result.to_json()}


def main(fd: int) -> None:
    """Serve one run until it closes the connection."""
    linux.die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a user's Ctrl-C is for the run, which ends its workers in order
    connection = Connection(fd)
    worker = Worker(connection.recv())
    with suppress(Exception):  # where it does not start, the first submission says so
        worker.open_cage()
    try:
        while True:
            connection.send(worker.grade(connection.recv()))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    finally:
        worker.close_cage()


if __name__ == "__main__":
    main(int(sys.argv[1]))
