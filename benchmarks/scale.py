"""How far grading goes: each part of it alone, and what they say about a class that is larger than any measured here.

    python -m benchmarks.scale                  # everything; about half an hour on two cores
    python -m benchmarks.scale recorded journal # these parts

Parts: `workers` grades for real on 1, 2 and 4 workers. `recorded` runs everything but the notebooks, with an engine
that returns recorded results, on classes of growing size, to SQLite and PostgreSQL. `rejected` is a class that handed
in empty folders. `journal`, `collect`, `export` and `statistics` are each alone. `model` computes from what the run has
measured what a large class on many machines would take, and what gives way first. Every measurement but that of
workers has a process of its own, so that its memory is its own. Files go where `TMPDIR` says: every grade is forced to
the disk, so the disk decides about much of this, and what else it is doing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from autograder.authoring.notebooks import Assignment, dumps, instructor_notebook, learner_notebook
from autograder.authoring.sources import load_all
from autograder.checking.core import CheckResult
from autograder.grading import grade
from autograder.grading.earlier_runs import results_at, seconds_by_cell
from autograder.grading.journal import Journal, entries
from autograder.grading.worker import Task
from autograder.intake.collect import collect
from autograder.outcome.book import Book, read_rows
from autograder.outcome.export import as_csv
from autograder.outcome.results import CellOutcome, SubmissionResult
from autograder.outcome.statistics import statistics_of
from autograder.outcome.statistics_page import statistics_page
from benchmarks import postgresql
from benchmarks.grading import hand_in, ours

ASSIGNMENT = "01-preprocessing"
MIB = 2**20
PARTS = ("workers", "recorded", "rejected", "journal", "collect", "export", "statistics", "model")


@dataclass(frozen=True)
class Measured:
    """What one process measured: how many of something, in how many seconds, with how much memory at most (bytes)."""

    count: int
    seconds: float
    memory: int

    @property
    def per_second(self) -> float:
        """Return how many a second."""
        return self.count / self.seconds

    def __str__(self) -> str:
        """Return it as it is printed."""
        each = 1000 * self.seconds / self.count
        return (
            f"{self.count:7,} in {self.seconds:7.1f} s   {self.per_second:8.1f} a second   {each:7.2f} ms each"
            f"   {self.memory / MIB:6.0f} MiB at most"
        )


class Recorded:
    """An engine that runs nothing: every submission gets the recorded result, under its own name."""

    isolation = "none"
    is_crowded = False
    at_work = ""

    def __init__(self, *_: object) -> None:
        self.result = recorded(load_all()[ASSIGNMENT])

    def __enter__(self) -> Recorded:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def grade(
        self, tasks: Iterable[Task], archives: Iterable[str], *, alone: bool = False
    ) -> Generator[tuple[Task, dict[str, Any]], None, None]:
        """Yield each task with its result, as a pool of graders does."""
        for task in tasks:
            result = replace(self.result, student_id=task.rebuilt.student_id)
            yield task, {"result": json.loads(json.dumps(result.to_json()))}


def recorded(assignment: Assignment) -> SubmissionResult:
    """Return a result of usual size: all of the exercise's cells, each code cell with some lines of output."""
    roles: dict[str, Any] = {"check": "graded", "solution": "learner", "example": "learner", "locked": "given"}
    output = {"output_type": "stream", "name": "stdout", "text": "An epoch took 3 s, and the loss is 0.25.\n" * 20}
    cells = tuple(
        CellOutcome(cell.id, roles.get(cell.kind, "text"), cell.source, cell.points, "", "ok", (output,), 0.5)
        if cell.is_code
        else CellOutcome(cell.id, "text", cell.given, cell.points)
        for cell in assignment.cells
    )
    checks = tuple(
        CheckResult(cell.id, cell.id, "failed", cell.points / 2, float(cell.points), f"Expected 1, found {place}.")
        for place, cell in enumerate(assignment.cells)
        if cell.kind == "check"
    )
    worth = float(assignment.max_score)
    return SubmissionResult(
        "", assignment.name, "graded", worth / 2, worth, seconds=10.0, checks=checks, cells=cells, version="1", seed=1
    )


def measured(count: int, work: Callable[[], object]) -> Measured:
    """Do some work and say what it took."""
    began = time.monotonic()
    work()
    seconds = time.monotonic() - began
    return Measured(count, seconds, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def in_a_process_of_its_own(part: str, folder: Path, count: int, *more: str) -> Measured:
    """Run one of `ALONE` in a new process."""
    command = [sys.executable, "-m", "benchmarks.scale", "--alone", part, str(folder), str(count), *more]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{part} failed:\n{done.stderr[-2000:]}")
    return Measured(**json.loads(done.stdout.splitlines()[-1]))


def _submissions(folder: Path, count: int) -> Path:
    """Hand in the same notebook under many names: one file with many links."""
    submitted = folder / f"submitted-{count}"
    first = folder / "notebook.ipynb"
    first.write_text(dumps(learner_notebook(load_all()[ASSIGNMENT])), encoding="utf-8")
    # A file system allows some ten thousand links to a file.
    for number in range(count):
        place = submitted / f"student-{number:06}" / ASSIGNMENT
        place.mkdir(parents=True)
        (place / f"{ASSIGNMENT}.ipynb").hardlink_to(first)
    return submitted


def _recorded(folder: Path, count: int, db: str = "") -> Measured:
    grade.on_this_machine = Recorded  # type: ignore[assignment]
    submitted = folder / f"submitted-{count}"
    out = folder / f"graded-{count}-{'postgresql' if db else 'sqlite'}"
    how: dict[str, Any] = {"isolation": "none", "progress": False, "db": db or None}
    load_all()  # what starting takes is no part of it
    return measured(count, lambda: grade.grade_class(submitted, out, **how))


def _rejected(folder: Path, count: int) -> Measured:
    submitted = folder / f"empty-{count}"
    for number in range(count):
        (submitted / f"student-{number:06}" / ASSIGNMENT).mkdir(parents=True)
    grade.grade_class(submitted, folder / "warm", assignment="02-mobilenet-v2", isolation="none", progress=False)
    return measured(
        count, lambda: grade.grade_class(submitted, folder / f"rejected-{count}", isolation="none", progress=False)
    )


def _rejected_again(folder: Path, count: int) -> Measured:
    how: dict[str, Any] = {"isolation": "none", "progress": False}
    return measured(count, lambda: grade.grade_class(folder / f"empty-{count}", folder / f"rejected-{count}", **how))


def _journal(folder: Path, count: int) -> Measured:
    result = recorded(load_all()[ASSIGNMENT])
    journal = Journal(folder / "journal", resume=False)

    def write() -> None:
        for number in range(count):
            journal.add(str(number), result)
        journal.close()

    return measured(count, write)


def _journal_read(folder: Path, count: int) -> Measured:
    path = folder / "journal" / ".grading" / "journal.jsonl"
    return measured(count, lambda: sum(1 for _ in entries(path)))


def _collect(folder: Path, count: int) -> Measured:
    download = folder / "download"
    text = dumps(instructor_notebook(load_all()[ASSIGNMENT]))
    for number in range(count):
        place = download / f"Learner {number:06}_{number + 1000}_assignsubmission_file_"
        place.mkdir(parents=True)
        (place / f"{ASSIGNMENT}.ipynb").write_text(text)
    known = list(load_all())
    return measured(count, lambda: collect(download, "moodle", folder / "collected", known=known))


def _export(folder: Path, count: int) -> Measured:
    return measured(count, lambda: as_csv(Book(tuple(read_rows(folder / f"graded-{count}-sqlite")))))


def _statistics(folder: Path, count: int) -> Measured:
    out = folder / f"graded-{count}-sqlite"
    return measured(count, lambda: statistics_page(statistics_of(results_at(out), seconds_by_cell(out))))


ALONE: dict[str, Callable[..., Measured]] = {
    "recorded": _recorded,
    "rejected": _rejected,
    "rejected again": _rejected_again,
    "journal": _journal,
    "journal read": _journal_read,
    "collect": _collect,
    "export": _export,
    "statistics": _statistics,
}


def workers(folder: Path, jobs: Sequence[int], number: int) -> float:
    """Grade for real on as many workers at a time as `jobs` says; return the best rate of one worker, per second."""
    submitted = folder / "real"
    count = hand_in([load_all()[ASSIGNMENT]], number, submitted)
    rates = []
    for at_once in jobs:
        run, _ = ours(submitted, folder / f"real-{at_once}", at_once)
        rates.append(run.per_minute)
        ratio = run.per_minute / rates[0]
        print(
            f"  {at_once} at a time: {run.per_minute:6.1f} a minute   {ratio:4.2f} of the first   ({count} submissions)"
        )
    return max(rate / at_once for rate, at_once in zip(rates, jobs, strict=True)) / 60


def recorded_runs(folder: Path, sizes: Sequence[int]) -> Measured:
    """Print what everything but the notebooks takes, on growing classes; return the largest, to SQLite."""
    for size in sizes:
        _submissions(folder, size)
    with ExitStack() as stack:
        programs = postgresql.programs()
        server = stack.enter_context(postgresql.running(programs)) if programs else None
        print("  SQLite")
        last = _growing(folder, sizes, lambda: ())
        if server is None:
            print("  PostgreSQL: no server's programs here, so it was not measured")
        else:
            print("  PostgreSQL")
            _growing(folder, sizes, lambda: (server.new_database(),))
    return last


def _growing(folder: Path, sizes: Sequence[int], more: Callable[[], tuple[str, ...]]) -> Measured:
    runs = []
    for size in sizes:
        runs.append(in_a_process_of_its_own("recorded", folder, size, *more()))
        print(f"    {runs[-1]}")
    first, last = runs[0], runs[-1]
    if first is not last:
        time_ratio = (last.seconds / last.count) / (first.seconds / first.count)
        growth = (last.memory - first.memory) / (last.count - first.count) / 1024
        print(
            f"    time for each, largest class to smallest: {time_ratio:.2f} (1 is linear); "
            f"memory: {growth:.1f} KiB for each further submission"
        )
    return last


def model(rate: float, known: dict[str, Measured], submissions: int, machines: int, cores: int) -> None:
    """Print what a large class takes on many machines, and what gives way first.

    Machines grade at once, each `cores` submissions, at the rate that one worker had here. Journal, gradebook and
    feedback are written by one process, one submission after the other; a run can't be faster than that. Collecting,
    export and statistics come before and after, and grow with the class.
    """
    graders = submissions / (rate * machines * cores)
    writer = submissions / known["recorded"].per_second
    print(f"  {submissions:,} submissions, {machines} machines with {cores} workers each")
    print(f"  running notebooks, all machines together   {graders / 3600:7.2f} h")
    print(f"  journal, gradebook, feedback: one process  {writer / 3600:7.2f} h")
    for name in ("collect", "export", "statistics"):
        if name in known:
            print(f"  {name:<42} {submissions / known[name].per_second / 3600:7.2f} h")
    enough = known["recorded"].per_second / (rate * cores)
    first = "the one process that writes" if writer > graders else "the machines that run notebooks"
    print(f"  what limits the run: {first}; it keeps up with {enough:.0f} such machines")


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_500, 5_000, 10_000])
    parser.add_argument("--jobs", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--graded", type=int, default=12, help="submissions to grade for real")
    parser.add_argument("--submissions", type=int, default=100_000, help="of the model's class")
    parser.add_argument("--machines", type=int, default=100)
    parser.add_argument(
        "--cores", type=int, default=os.cpu_count() or 1, help="workers of each of the model's machines"
    )
    parser.add_argument("--alone", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        name, folder, count, *more = options.alone
        print(json.dumps(vars(ALONE[name](Path(folder), int(count), *more))))
        return
    parts = options.parts or list(PARTS)
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        parser.error(f"there is no part {unknown[0]!r}; there is {', '.join(PARTS)}")
    largest = options.sizes[-1]
    known: dict[str, Measured] = {}
    rate = 0.0
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {platform.system()}, ", end="")
    print(f"Python {platform.python_version()}; {ASSIGNMENT}; files in {tempfile.gettempdir()}")
    with tempfile.TemporaryDirectory(prefix="benchmark-scale-") as name_of_folder:
        folder = Path(name_of_folder)
        for part in parts:
            print(part, flush=True)
            if part == "workers":
                rate = workers(folder, options.jobs, options.graded)
            elif part == "recorded":
                known[part] = recorded_runs(folder, options.sizes)
            elif part == "model":
                if rate and "recorded" in known:
                    model(rate, known, options.submissions, options.machines, options.cores)
                else:
                    print("  needs the parts workers and recorded, in the same run")
            elif part in ("export", "statistics") and "recorded" not in known:
                print("  needs the part recorded, in the same run")
            else:
                known[part] = in_a_process_of_its_own(part, folder, largest)
                print(f"  {known[part]}")
                if part == "rejected":
                    print(f"  {in_a_process_of_its_own('rejected again', folder, largest)}   (graded again)")
                if part == "journal":
                    print(f"  {in_a_process_of_its_own('journal read', folder, largest)}   (read again)")


if __name__ == "__main__":
    main()
