"""Grading on this machine: several graders at once, any of which may die."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Iterator
from multiprocessing.connection import wait

from autograder.checking import secret_pictures
from autograder.files import PrivateFolder
from autograder.grading.engine import Tasks
from autograder.grading.process import PRIVATE, Answer, Grader
from autograder.grading.worker import Setup, Task


class Pool:
    """Grades tasks on several graders of this machine. See `autograder.grading.engine.Engine`.

    Args:
        setup: what each grader gets to know.
        jobs: how many grade at once.
    """

    def __init__(self, setup: Setup, jobs: int) -> None:
        self.setup, self.jobs = setup, jobs
        self.isolation = setup.isolation
        self.graders: list[Grader] = []

    def __enter__(self) -> Pool:
        self.private = PrivateFolder(PRIVATE)  # shown in no sandbox
        return self

    def __exit__(self, *error: object) -> None:
        self._end_graders()
        self.private.cleanup()

    @property
    def is_crowded(self) -> bool:
        """Whether one submission can take another's processors."""
        return self.jobs > 1

    @property
    def at_work(self) -> str:
        """Return nothing: the bar of one machine needs no more."""
        return ""

    def grade(
        self, tasks: Iterable[Task], archives: Iterable[str] = (), *, alone: bool = False
    ) -> Generator[tuple[Task, Answer], None, None]:
        """Yield each task with a grader's answer, in the order in which they end."""
        jobs = 1 if alone else self.jobs
        queue = Tasks(tasks)
        try:
            # Graders start their sandboxes meanwhile; no notebook runs before the secret pictures' memory is free
            # again.
            for _ in range(queue.at_least(jobs)):
                self._start()
            secret_pictures.make_shared(self.private.name, archives, os.environ | self._places())
            while queue or any(grader.task for grader in self.graders):
                self._hand_out(queue, jobs)
                for task, answer in self._collect():
                    if not queue.try_again(task, answer):
                        yield task, answer
        finally:
            self._end_graders()

    def _places(self) -> dict[str, str]:
        """Return the variables that say where things are; a grader's share of the cores concerns graders only."""
        return {name: value for name, value in self.setup.environment if not name.endswith("_THREADS")}

    def _start(self) -> Grader:
        grader = Grader(self.setup, self.private.name)
        self.graders.append(grader)
        return grader

    def _hand_out(self, queue: Tasks, jobs: int) -> None:
        while sum(grader.task is not None for grader in self.graders) < jobs and queue:
            idle = next((grader for grader in self.graders if grader.task is None), None)
            (idle or self._start()).begin(queue.take())

    def _collect(self) -> Iterator[tuple[Task, Answer]]:
        busy = {grader.connection: grader for grader in self.graders if grader.task}
        answered = {busy[connection] for connection in wait(list(busy), timeout=1.0)}  # type: ignore[index]
        for grader in busy.values():
            if grader.task and (grader in answered or grader.is_late):
                task = grader.task
                answer, goes_on = grader.answer()
                if not goes_on:
                    self.graders.remove(grader)
                    grader.end(now=True)
                yield task, answer

    def _end_graders(self) -> None:
        for grader in self.graders:
            grader.connection.close()  # all end at once
        for grader in self.graders:
            grader.end(now=grader.task is not None)
        self.graders = []
