"""A run's part on another machine: plain functions that a cluster's worker calls, one after the other.

`introduce` says what this machine is and has. `unpack` takes what travels once for each machine. `begin` starts a
grader, and `grade` gives it one task after the other; both belong to one run, `end` ends it. Nothing here knows how the
calls and their answers travel.
"""

from __future__ import annotations

import atexit
import importlib.metadata
import os
import platform
import shutil
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from autograder.authoring.course import Course
from autograder.files import PrivateFolder
from autograder.grading.data import Ready, ready_data
from autograder.grading.process import PRIVATE, Answer, Grader
from autograder.grading.worker import Setup, Task
from autograder.sandbox.doctor import choose
from autograder.sandbox.launch import Isolation
from autograder.sandbox.limits import Limits
from flowercourse import paths
from flowercourse.environment import share_of_processors
from flowercourse.errors import CourseError

IDLE_S = 900.0
"""After so long without a task a grader ends: whoever began it may have been killed."""

PACKAGES = ("tensorflow", "tf_keras", "tensorflow-hub", "numpy", "scipy", "ipython")
"""Packages whose version may decide about a point, or about the words of a message."""


@dataclass(frozen=True)
class Plan:
    """What every machine gets to know of a run.

    Attributes:
        run: the run's name.
        course: the assignments and their checks.
        limits: what a submission may use.
        isolation: `auto`, or the isolation to use.
        secret: folders that must stay unseen where they are to be seen here.
        preload: modules that the zygote imports.
        data: variables that say which data set; empty where the checks need none.
        features: names of the folders of its features, by which data and weights are known to be the same.
    """

    run: str
    course: Course
    limits: Limits
    isolation: str
    secret: tuple[Path, ...]
    preload: tuple[str, ...]
    data: Mapping[str, str] = field(default_factory=dict)
    features: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parcel:
    """What travels once for each machine.

    Attributes:
        archives: the run's secret pictures and their features, by file name.
        features: files of the data set's features that this machine has not, by folder and name.
    """

    archives: Mapping[str, bytes]
    features: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)


def versions(visible: str, hidden: str) -> dict[str, str]:
    """Return what has to be the same on all machines, by what it is called.

    Args:
        visible: package of the visible checks.
        hidden: package of the hidden checks.
    """
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    try:
        found["the course's checks"] = Course({}, visible, hidden).fingerprint()[:12]
    except (AttributeError, ImportError):  # one of the packages is not there
        found["the course's checks"] = "missing"
    return found


def introduce(visible: str, hidden: str, isolation: str, features: tuple[str, ...]) -> dict[str, object]:
    """Say what this machine is and has, in plain values, so that another version of the course can say it too.

    Args:
        visible: package of the visible checks.
        hidden: package of the hidden checks.
        isolation: `auto`, or the isolation to use.
        features: names of the run's folders of features.

    Returns:
        `machine`, a name that workers of one machine share; `versions`; `isolation`, the one in force, empty where
        there is none, with `problem`, why; `missing`, the names of features that are not here.
    """
    problem, in_force = "", ""
    try:
        in_force = choose(isolation)
    except CourseError as error:
        problem = str(error)
    kept = paths.cache_dir() / "features"
    return {
        "machine": f"{socket.gethostname()} {os.getuid()} {_boot()} {kept}",
        "versions": versions(visible, hidden),
        "isolation": in_force,
        "problem": problem,
        "missing": [name for name in features if not (kept / name / "about.json").exists()],
    }


def _boot() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


class _Run:
    """A run's part in this process: its grader, and the folder with its secret pictures."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.private = PrivateFolder(PRIVATE)
        self.lock = threading.Lock()
        self.setup: Setup | None = None
        self.grader: Grader | None = None
        self.timer: threading.Timer | None = None

    def wait_for_tasks(self) -> None:
        """End all this if no task comes for long."""
        self.stop_waiting()
        self.timer = threading.Timer(IDLE_S, end, [self.name])
        self.timer.daemon = True
        self.timer.start()

    def stop_waiting(self) -> None:
        """Let the grader take the time that it needs."""
        if self.timer is not None:
            self.timer.cancel()

    def drop_grader(self) -> None:
        """End the grader; the next task gets a new one."""
        grader, self.grader = self.grader, None
        if grader is not None:
            grader.end(now=True)

    def close(self) -> None:
        """Leave nothing, not even a task that is being graded."""
        self.stop_waiting()
        self.setup = None
        if self.grader is not None:
            self.grader.process.kill()  # so that who waits for it gives the lock back
        with self.lock:
            self.drop_grader()
        self.private.cleanup()


_RUNS: dict[str, _Run] = {}


def _part_in(run: str) -> _Run:
    """Return this process's part in a run, which begins here where there is none yet."""
    if run not in _RUNS:
        _RUNS[run] = _Run(run)
    return _RUNS[run]


def unpack(run: str, parcel: Parcel) -> str:
    """Put away what travels once for each machine, and return the folder with the secret pictures.

    Raises:
        CourseError: the cache cannot be written, or the disk is full.
    """
    mine = _part_in(run)
    for name, data in parcel.archives.items():
        (Path(mine.private.name) / name).write_bytes(data)
    for folder, files in parcel.features.items():
        target = paths.writable_dir("features") / folder
        with paths.locked(target):
            if target.exists():
                continue
            with paths.whole_directory(target) as unfinished:
                for name, data in files.items():
                    (unfinished / name).write_bytes(data)
    return mine.private.name


def begin(plan: Plan, folder: str, beside: int) -> str:
    """Get ready to grade: find the data, and start a grader with its cage.

    Args:
        plan: the run.
        folder: where `unpack` has put the secret pictures on this machine.
        beside: how many workers grade on this machine at the same time.

    Returns:
        Why this machine cannot grade; empty where it can.

    Raises:
        FileNotFoundError: the folder is gone, with the worker that had made it.
    """
    mine = _part_in(plan.run)
    for path in sorted(Path(folder).iterdir()):
        if not (here := Path(mine.private.name) / path.name).exists():
            shutil.copyfile(path, here)
    try:
        ready = ready_data(plan.data) if plan.data else Ready()
        in_force: Isolation = choose(plan.isolation)
    except CourseError as error:
        return str(error)
    names = tuple(sorted(Path(path).name for path in ready.features.values()))
    if names != tuple(sorted(plan.features)):
        return (
            "its data set or its weights are others than here. Take them from the machine that grades: flowercourse "
            "prepare --share DIR writes a folder that the other takes as its FLOWERCOURSE_CACHE"
        )
    environment = share_of_processors(beside) | dict(ready.environment)
    with mine.lock:
        mine.drop_grader()
        mine.setup = Setup(plan.course, in_force, plan.limits, plan.secret, plan.preload, tuple(environment.items()))
        mine.grader = Grader(mine.setup, mine.private.name)
    mine.wait_for_tasks()
    if _RUNS.get(plan.run) is not mine:  # ended meanwhile
        mine.close()
        return "the run has ended"
    return ""


def grade(run: str, task: Task) -> Answer:
    """Return a grader's answer to one task."""
    mine = _RUNS.get(run)
    if mine is None or mine.setup is None:
        return {"failure": "the worker was started anew"}
    mine.stop_waiting()
    with mine.lock:
        if mine.grader is None:
            mine.grader = Grader(mine.setup, mine.private.name)
        grader = mine.grader
        grader.begin(task)
        grader.wait()
        answer, goes_on = grader.answer()
        if not goes_on:
            mine.drop_grader()
    mine.wait_for_tasks()
    return answer


def end(run: str) -> None:
    """End this process's part in a run, also in the middle of a task."""
    mine = _RUNS.pop(run, None)
    if mine is not None:
        mine.close()


def examine() -> dict[str, object]:
    """Try the isolations of this machine; return the doctor's text, and whether all is well."""
    from autograder.sandbox.doctor import examine as examine_here

    report = examine_here()
    return {"machine": socket.gethostname(), "text": report.text, "healthy": report.healthy}


@atexit.register
def _end_all() -> None:
    for run in list(_RUNS):
        end(run)
