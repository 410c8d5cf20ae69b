"""How many submissions a minute are graded, how much memory that takes, and where the time goes.

    python -m benchmarks.grading [--assignment NAME ...] [--submissions N] [--jobs N] [--growth N ...] [--no-nbgrader]

Hands in the reference solution (every third time the untouched exercise) N times for each assignment and grades the
same files with `autograder grade` and with plain `nbgrader autograde`, which runs the same visible and hidden checks
inside the learner's kernel. Both on all cores, one after the other. Prints submissions a minute, their ratio (target:
4), the most memory that any moment of the run took for each parallel submission (target: 1.2 GB; proportional set
size, so that pages shared between processes are counted once), where the time of a submission goes, and with
``--growth 10 50 200`` how the time grows with the number of submissions (target: no faster than linearly).

What was found, on 2 cores, with 15 submissions each to 02-mobilenet-v2 and 05-predictions: 24.2 submissions a minute
against nbgrader's 5.8 (4.2 times) with 1.15 GB for each parallel submission. Of 5.0 s for a submission, 3.1 s were the
learners' cells, 0.9 s checks, 0.1 s a kernel's start and end; the rest is mostly TensorFlow's import and the secret
pictures before the first submission, which all that follow share: with 8 submissions each the ratio was 3.7.

What was tried for memory and time, all with 8 each: TensorFlow's system allocator, which gives large blocks back, took
0.96 GB instead of 1.32 but made the forward pass of 32 pictures nearly three times as long, for page faults; with
glibc's blocks kept (mmap_threshold, trim_threshold, one arena) it took 1.5 GB. Huge pages took learners' cells from 3.8
to 3.3 s and no memory. Then the copies of pictures with zeros around them went from MobileNet V2 (see
`flowercourse.backbones.conversion.even_padding`): 1.33 to 1.16 GB.

10, 50 and 200 submissions to 05-predictions took 2.47, 1.83 and 1.79 s each, with 0.75 GB for each parallel one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.notebooks import Assignment, dumps, instructor_notebook, learner_notebook
from autograder.authoring.sources import load_all
from autograder.grading.grade import grade_class
from autograder.outcome.results import SubmissionResult
from autograder.sandbox.watch import processes_below, proportional_memory

GB = 1e9
NBGRADER_CONFIG = """
c = get_config()
c.CourseDirectory.course_id = "benchmark"
c.CourseDirectory.root = {root!r}
c.ExecutePreprocessor.timeout = 600
c.ClearSolutions.code_stub = {{"python": "# YOUR CODE HERE\\nraise NotImplementedError()"}}
"""


@dataclass(frozen=True)
class Measured:
    """One run: submissions, seconds, and the largest memory in bytes at any moment, workers and cages together."""

    submissions: int
    seconds: float
    memory: int = 0

    @property
    def per_minute(self) -> float:
        """Return submissions a minute."""
        return 60 * self.submissions / self.seconds


class Memory:
    """Looks at the memory of everything that this process has started, a few times a second."""

    def __init__(self) -> None:
        self.largest = 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Memory:
        """Begin."""
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
        self.ending.set()
        self.thread.join()

    def _watch(self) -> None:
        while not self.ending.wait(0.5):
            below = [pid for pid in processes_below(os.getpid()) if pid != os.getpid()]
            self.largest = max(self.largest, proportional_memory(below))


def hand_in(assignments: Iterable[Assignment], number: int, submitted: Path) -> int:
    """Write `number` submissions for each assignment; return how many there are in all."""
    count = 0
    for assignment in assignments:
        for student in range(number):
            made = learner_notebook(assignment) if student % 3 == 2 else instructor_notebook(assignment)
            path = submitted / f"student-{student:03}" / assignment.name / f"{assignment.name}.ipynb"
            path.parent.mkdir(parents=True)
            # A comment of her own in each: nobody's notebook is the same file as somebody else's.
            made["cells"].append({"cell_type": "markdown", "id": "own", "metadata": {}, "source": f"Student {student}"})
            path.write_text(dumps(made), encoding="utf-8")
            count += 1
    return count


def ours(submitted: Path, out: Path, jobs: int) -> tuple[Measured, list[SubmissionResult]]:
    """Grade with `autograder grade`."""
    began = time.monotonic()
    with Memory() as memory:
        results: list[SubmissionResult] = []
        grade_class(submitted, out, jobs=jobs, progress=False, each=results.append)
    return Measured(len(results), time.monotonic() - began, memory.largest), results


def nbgraders(assignments: list[Assignment], submitted: Path, root: Path) -> Measured:
    """Grade with `nbgrader autograde`; making the assignments known to it is not counted."""
    (root / "nbgrader_config.py").write_text(NBGRADER_CONFIG.format(root=str(root)))
    shutil.copytree(submitted, root / "submitted")
    for assignment in assignments:
        source = root / "source" / assignment.name / f"{assignment.name}.ipynb"
        source.parent.mkdir(parents=True)
        source.write_text(dumps(instructor_notebook(assignment)), encoding="utf-8")
        _nbgrader(root, "generate_assignment", assignment.name, "--force")
    began = time.monotonic()
    for assignment in assignments:
        _nbgrader(root, "autograde", assignment.name)
    seconds = time.monotonic() - began
    graded = len(list((root / "autograded").glob("*/*/*.ipynb")))
    return Measured(graded, seconds)


def _nbgrader(root: Path, *arguments: str) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=root, env=environment, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise SystemExit(f"nbgrader {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")


def where_time_goes(results: list[SubmissionResult], seconds: float, jobs: int) -> list[tuple[str, float]]:
    """Return seconds for each part of the work, summed over all submissions, largest first."""
    parts: dict[str, float] = defaultdict(float)
    for result in results:
        cells = sum(cell.seconds for cell in result.cells)
        for cell in result.cells:
            parts["checks" if cell.role == "graded" else "learners' cells"] += cell.seconds
        parts["starting and ending kernels"] += result.seconds - cells
    parts["importing TensorFlow, gradebook, files, waiting"] = seconds * jobs - sum(parts.values())
    return sorted(parts.items(), key=lambda part: -part[1])


def main() -> None:
    """Run the measurements and print them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.grading", description=__doc__.splitlines()[0])
    parser.add_argument("--assignment", nargs="*", default=["02-mobilenet-v2", "05-predictions"])
    parser.add_argument("--submissions", type=int, default=15, help="for each assignment")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--growth", type=int, nargs="*", default=[], help="numbers of submissions, of the first assignment"
    )
    parser.add_argument("--no-nbgrader", action="store_true")
    options = parser.parse_args()
    known = load_all()
    assignments = [known[name] for name in options.assignment]
    with tempfile.TemporaryDirectory(prefix="benchmark-grading-") as folder:
        submitted = Path(folder) / "submitted"
        count = hand_in(assignments, options.submissions, submitted)
        print(f"{count} submissions to {', '.join(options.assignment)}; {os.cpu_count()} cores, {options.jobs} jobs")
        measured, results = ours(submitted, Path(folder) / "out", options.jobs)
        _print_ours(measured, results, options.jobs)
        if not options.no_nbgrader:
            root = Path(folder) / "nbgrader"
            root.mkdir()
            theirs = nbgraders(assignments, submitted, root)
            print(f"nbgrader autograde   {theirs.per_minute:6.1f} submissions a minute ({theirs.submissions} graded)")
            print(f"ratio                {measured.per_minute / theirs.per_minute:6.1f} (target: 4)")
        _print_growth(assignments[0], options.growth, options.jobs, Path(folder))


def _print_ours(measured: Measured, results: list[SubmissionResult], jobs: int) -> None:
    print(f"autograder grade     {measured.per_minute:6.1f} submissions a minute")
    print(f"memory               {measured.memory / GB / jobs:6.2f} GB for each parallel submission (target: 1.2)")
    print("where a submission's time goes:")
    for name, seconds in where_time_goes(results, measured.seconds, jobs):
        print(f"  {name:<48} {seconds / len(results):6.2f} s")
    wrong = [result for result in results if result.score not in (0, result.max_score) or result.status != "graded"]
    for result in wrong:
        print(
            f"  unexpected: {result.student_id} {result.assignment} {result.status} {result.score:g} {result.message}"
        )


def _print_growth(assignment: Assignment, numbers: list[int], jobs: int, folder: Path) -> None:
    for number in numbers:
        submitted = folder / f"growth-{number}"
        hand_in([assignment], number, submitted)
        measured, _ = ours(submitted, folder / f"growth-out-{number}", jobs)
        print(f"{number:4} submissions: {measured.seconds:7.1f} s, {measured.seconds / number:6.2f} s each")


if __name__ == "__main__":
    main()
