"""How far grading goes: each part of it alone, and what they say about a class that is larger than any measured here.

    python -m benchmarks.scale                            # everything; an hour on two cores
    python -m benchmarks.scale --sizes 250 1000           # small classes: some minutes
    python -m benchmarks.scale recorded --keep kept.json  # this part; what it measured is kept in a file
    python -m benchmarks.scale model --keep kept.json     # the model, of what is kept there

Parts: `workers` grades for real on 1, 2 and 4 workers. `recorded` runs everything but the notebooks, with an engine
that returns recorded results, on classes of growing size, to SQLite and PostgreSQL. `rejected` is a class that handed
in empty folders. `journal`, `collect`, `export` and `statistics` are each alone. `model` computes from what the run has
measured what a large class on many machines would take, and what gives way first. Every measurement has a process of
its own, so that its memory and its processor time are its own. Processor time says the same on a machine that has other
things to do; seconds don't. Files go where `TMPDIR` says: every grade is forced to the disk.
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
from autograder.checking.messages import plural
from autograder.files import write_text
from autograder.grading import grade
from autograder.grading.earlier_runs import results_at, seconds_by_cell
from autograder.grading.journal import Journal, entries
from autograder.grading.worker import Task
from autograder.intake.collect import collect
from autograder.outcome.class_grades import ClassGrades, read_rows
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
    """What one process measured.

    Attributes:
        count: how many of something.
        seconds: that went by.
        processor: seconds of processors, of all that it started, too.
        memory: bytes that it held at most.
        disk: bytes that it left on the disk; 0 where that was not looked at.
        files: files that it left there.
    """

    count: int
    seconds: float
    processor: float
    memory: int
    disk: int = 0
    files: int = 0

    @property
    def per_second(self) -> float:
        """Return how many a second."""
        return self.count / self.seconds

    @property
    def processor_each(self) -> float:
        """Return the seconds of a processor that each took."""
        return self.processor / self.count

    def __str__(self) -> str:
        """Return it as it is printed."""
        each = 1000 * self.seconds / self.count
        text = (
            f"{self.count:7,} in {self.seconds:7.1f} s   {each:8.2f} ms each, {1000 * self.processor_each:7.2f} of a "
            f"processor   {self.memory / MIB:5.0f} MiB at most"
        )
        if self.disk:
            text += f"   {self.disk / self.count / 1024:5.0f} KiB in {self.files / self.count:.1f} files each"
        return text


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


def measured(count: int, work: Callable[[], object], left: Path | None = None) -> Measured:
    """Do some work and say what it took, and what it left below a folder."""
    began, used = time.monotonic(), _processor_time()
    work()
    seconds, processor = time.monotonic() - began, _processor_time() - used
    memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sizes = [path.stat().st_blocks * 512 for path in left.rglob("*") if path.is_file()] if left else []
    return Measured(count, seconds, processor, memory, sum(sizes), len(sizes))


def _processor_time() -> float:
    """Return the seconds of processors that this process and those that it has seen end have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


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
    return measured(count, lambda: grade.grade_class(submitted, out, **how), out)


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

    return measured(count, write, folder / "journal")


def _journal_read(folder: Path, count: int) -> Measured:
    path = folder / "journal" / ".grading" / "journal.jsonl"
    return measured(count, lambda: sum(1 for _ in entries(path)))


def _collect(folder: Path, count: int) -> Measured:
    download = folder / f"download-{count}"
    text = dumps(instructor_notebook(load_all()[ASSIGNMENT]))
    for number in range(count):
        place = download / f"Learner {number:06}_{number + 1000}_assignsubmission_file_"
        place.mkdir(parents=True)
        (place / f"{ASSIGNMENT}.ipynb").write_text(text)
    known, into = list(load_all()), folder / f"collected-{count}"
    return measured(count, lambda: collect(download, "moodle", into, known=known))


def _export(folder: Path, count: int) -> Measured:
    return measured(count, lambda: as_csv(ClassGrades(tuple(read_rows(folder / f"graded-{count}-sqlite")))))


def _statistics(folder: Path, count: int) -> Measured:
    out = folder / f"graded-{count}-sqlite"
    return measured(count, lambda: statistics_page(statistics_of(results_at(out), seconds_by_cell(out))))


def _workers(folder: Path, count: int, jobs: str) -> Measured:
    out = folder / f"real-{jobs}"
    return measured(count, lambda: ours(folder / "real", out, int(jobs)))


ALONE: dict[str, Callable[..., Measured]] = {
    "workers": _workers,
    "recorded": _recorded,
    "rejected": _rejected,
    "rejected again": _rejected_again,
    "journal": _journal,
    "journal read": _journal_read,
    "collect": _collect,
    "export": _export,
    "statistics": _statistics,
}


def workers(folder: Path, jobs: Sequence[int], number: int) -> Measured:
    """Grade for real on as many workers at a time as `jobs` says; return the one that took least processor time."""
    count = hand_in([load_all()[ASSIGNMENT]], number, folder / "real")
    runs = []
    for at_once in jobs:
        runs.append(in_a_process_of_its_own("workers", folder, count, str(at_once)))
        ratio = runs[-1].per_second / runs[0].per_second
        print(f"  {at_once} at a time: {runs[-1]}   {ratio:4.2f} times as many a minute as the first", flush=True)
    return min(runs, key=lambda run: run.processor_each)


def recorded_runs(folder: Path, sizes: Sequence[int]) -> list[Measured]:
    """Print what everything but the notebooks takes, on growing classes; return the runs to SQLite."""
    for size in sizes:
        _submissions(folder, size)
    with ExitStack() as stack:
        programs = postgresql.programs()
        server = stack.enter_context(postgresql.running(programs)) if programs else None
        print("  SQLite")
        runs = _growing(folder, sizes, lambda: ())
        if server is None:
            print("  PostgreSQL: no server's programs here, so it was not measured")
        else:
            print("  PostgreSQL")
            _growing(folder, sizes, lambda: (server.new_database(),))
    return runs


def _growing(folder: Path, sizes: Sequence[int], more: Callable[[], tuple[str, ...]]) -> list[Measured]:
    runs = []
    for size in sizes:
        runs.append(in_a_process_of_its_own("recorded", folder, size, *more()))
        print(f"    {runs[-1]}", flush=True)
    if len(runs) > 1:
        ratio = runs[-1].processor_each / runs[0].processor_each
        growth = of_each(runs, lambda run: run.memory) / 1024
        print(f"    processor time for each, largest class to smallest: {ratio:.2f} (1 is linear)")
        print(f"    memory: {growth:.1f} KiB for each further submission", flush=True)
    return runs


def of_each(runs: Sequence[Measured], what: Callable[[Measured], float]) -> float:
    """Return what each further submission took, from the smallest class to the largest; start-up is no part of it."""
    first, last = runs[0], runs[-1]
    if first is last:
        return what(last) / last.count
    return max(0.0, (what(last) - what(first)) / (last.count - first.count))


@dataclass(frozen=True)
class Class:
    """The class that the model is about, and what grades it."""

    submissions: int
    machines: int
    cores: int


def model(real: Measured, recorded_: Sequence[Measured], others: dict[str, Measured], size: Class) -> None:
    """Print what a large class takes on many machines, and what gives way first."""
    many = size.submissions
    writing = of_each(recorded_, lambda run: run.processor)
    running = many * max(0.0, real.processor_each - writing) / (size.machines * size.cores)
    written = many * writing
    with_the_disk = many * of_each(recorded_, lambda run: run.seconds)
    memory = recorded_[0].memory + many * of_each(recorded_, lambda run: run.memory)
    disk, files = many * of_each(recorded_, lambda run: run.disk), many * of_each(recorded_, lambda run: run.files)
    result = len(json.dumps(recorded(load_all()[ASSIGNMENT]).to_json()))
    enough = running * size.machines / max(written, 1e-9)

    def line(what: str, value: str) -> None:
        print(f"  {what:<66} {value}")

    print(f"  {many:,} submissions, {size.machines} machines with {size.cores} workers each. It assumes:")
    print("  - a core of each of them is as fast as one here, has a worker to itself and never waits for work;")
    print("  - one process on the instructor's machine journals, records and writes feedback, one after the other;")
    print("  - what one submission takes does not depend on how many there are, as measured with this engine;")
    print(f"  - a run of {plural(real.count, 'submission')} says what a notebook takes, its start included;")
    print(f"  - all are as long as those to {ASSIGNMENT}; longer ones keep the machines busy for longer.")
    line("notebooks, on all machines together", _hours(running))
    line("journal, gradebook, feedback: processor time of the one process", _hours(written))
    line("the same with its waiting for the disk and for others, as here", _hours(with_the_disk))
    for name, one in others.items():
        line(f"{name}: processor time", _hours(many * one.processor_each))
    line("memory of the process that writes", f"{memory / 2**30:.1f} GiB")
    line("disk for journal, gradebook, notebooks and feedback", f"{disk / 2**30:.0f} GiB in {files:,.0f} files")
    rate = many / max(running, written)
    line("results over the network, at the rate that this allows", f"{rate * result / MIB:.1f} MiB a second")
    if written > running:
        print("  What gives way first: the one process that writes.")
        print(f"  It keeps {enough:.0f} such machines busy, and not more.")
    else:
        print("  The machines that run notebooks set the pace. As more are added, the one process that writes")
        print(f"  gives way first: it keeps up with {enough:.0f} of them.")


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.2f} h" if seconds >= 360 else f"{seconds / 60:.1f} min"


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
    parser.add_argument("--keep", type=Path, help="file in which this and later runs keep what they measure")
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
    known = _kept(options.keep)
    done: set[str] = set()
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {platform.system()}, ", end="")
    print(f"Python {platform.python_version()}; {ASSIGNMENT}; files in {tempfile.gettempdir()}")
    with tempfile.TemporaryDirectory(prefix="benchmark-scale-") as name_of_folder:
        folder = Path(name_of_folder)
        for part in parts:
            print(part, flush=True)
            if part == "workers":
                known[part] = [workers(folder, options.jobs, options.graded)]
            elif part == "recorded":
                known[part] = recorded_runs(folder, options.sizes)
            elif part == "model":
                if {"workers", "recorded"} <= known.keys():
                    others = {name: known[name][0] for name in ("collect", "export", "statistics") if name in known}
                    size = Class(options.submissions, options.machines, options.cores)
                    model(known["workers"][0], known["recorded"], others, size)
                else:
                    print("  needs the parts workers and recorded, in the same run or in the file of --keep")
            elif part in ("export", "statistics") and "recorded" not in done:
                print("  needs the part recorded, in the same run")
            else:
                if part == "collect":
                    print(f"  {in_a_process_of_its_own(part, folder, options.sizes[0])}   (a small class)")
                known[part] = [in_a_process_of_its_own(part, folder, largest)]
                print(f"  {known[part][0]}", flush=True)
                if part == "rejected":
                    print(f"  {in_a_process_of_its_own('rejected again', folder, largest)}   (graded again)")
                if part == "journal":
                    print(f"  {in_a_process_of_its_own('journal read', folder, largest)}   (read again)")
            done.add(part)
            if options.keep:
                write_text(
                    options.keep, json.dumps({name: [vars(run) for run in runs] for name, runs in known.items()})
                )


def _kept(path: Path | None) -> dict[str, list[Measured]]:
    """Return what earlier runs have measured, by part."""
    if path is None or not path.exists():
        return {}
    return {name: [Measured(**run) for run in runs] for name, runs in json.loads(path.read_text()).items()}


if __name__ == "__main__":
    main()
