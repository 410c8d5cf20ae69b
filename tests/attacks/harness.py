"""Hands in a case between two honest neighbors, grades the three, and looks for harm."""

from __future__ import annotations

import csv
import os
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from autograder.grading.grade import grade_class
from autograder.outcome.results import SubmissionResult
from autograder.sandbox.limits import Limits
from tests.attacks.broken import CASES as BROKEN
from tests.attacks.case import Case, Kind, write
from tests.attacks.course import MAX_SCORE, NAME, as_bytes, course, notebook
from tests.attacks.hostile import CASES as HOSTILE

ENVIRONMENT_SECRET = "swordfish-environment-91ab"
NEIGHBORS_SECRET = "a-neighbors-own-words-77c0"
PRELOAD: tuple[str, ...] = ()
LIMITS = Limits(
    cell_timeout_s=6,
    notebook_timeout_s=30,
    call_timeout_s=2.5,
    interrupt_grace_s=1,
    memory_mb=384,
    processes=64,
    disk_mb=32,
    files=2000,
    output_mb=0.2,
    reply_mb=16,
)


@dataclass
class Outcome:
    """What became of a case: its row, and every harm that was found."""

    case: Case
    result: SubmissionResult
    harm: list[str] = field(default_factory=list)
    seconds: float = 0.0


def every_case() -> list[tuple[str, Case]]:
    """Return all cases, each with the part that it belongs to."""
    return [("hostile", case) for case in HOSTILE] + [("broken", case) for case in BROKEN]


def grade_cases(cases: list[Case], folder: Path, *, isolation: str = "auto", jobs: int = 4) -> list[Outcome]:
    """Hand in the cases as one class, with an honest learner before and after each, and grade it all.

    Args:
        cases: the cases.
        folder: an empty folder.
        isolation: as for `grade_class`.
        jobs: submissions at once.
    """
    submitted, out = folder / "submitted", folder / "out"
    secrets = _plant(folder)
    honest = as_bytes(notebook(added=f"mine = '{NEIGHBORS_SECRET}'"))
    students = []
    for number, case in enumerate(cases):
        write(submitted / _neighbor(number), honest)
        student = case.student or f"{number:03}-case"
        students.append(student)
        case.hand_in(
            submitted / student, [*secrets, str(out / "gradebook.db"), str(out / "grades.csv"), str(submitted)]
        )
    write(submitted / _neighbor(len(cases)), honest)
    before = _contents(submitted)
    os.environ["COURSE_PASSWORD"] = ENVIRONMENT_SECRET
    results: list[SubmissionResult] = []
    try:
        grade_class(
            submitted,
            out,
            course=course(),
            limits=LIMITS,
            jobs=jobs,
            isolation=isolation,
            preload=PRELOAD,
            progress=False,
            each=results.append,
        )
    finally:
        del os.environ["COURSE_PASSWORD"]
    rows = {result.student_id: result for result in results}
    shared = _shared_harm(results, submitted, before, secrets, out)
    outcomes = []
    for number, (case, student) in enumerate(zip(cases, students, strict=True)):
        result = rows.get(student) or SubmissionResult(student, NAME, "rejected", message="NO ROW")
        outcome = Outcome(case, result, seconds=result.seconds)
        outcome.harm += _harm(case, result, out)
        for name in (_neighbor(number), _neighbor(number + 1)):
            if (rows[name].status, rows[name].score) != ("graded", MAX_SCORE):
                outcome.harm.append(
                    f"honest neighbor got {rows[name].score:g}, {rows[name].status}: {rows[name].message}"
                )
        outcomes.append(outcome)
    for outcome in outcomes:
        outcome.harm += shared
    return outcomes


def _neighbor(number: int) -> str:
    """Return the honest learner who is graded just before the case of this number, and just after the one before it."""
    return f"{number:03}-before"


def _plant(folder: Path) -> list[str]:
    """Write secrets where a grader has them, and return the paths that no submission may reach."""
    secret = folder / "secret"
    secret.mkdir(mode=0o755)
    (secret / "gradebook.db").write_text(NEIGHBORS_SECRET)
    root = Path(__file__).resolve().parents[2]
    return [
        str(secret / "gradebook.db"),
        str(root / "solutions" / "hidden_checks" / "*.py"),
        str(root / "solutions" / "**" / "*.py"),
        str(root / "tests" / "attacks" / "hidden" / "toy.py"),
        str(Path.home() / ".bashrc"),
        "/etc/shadow",
    ]


def _contents(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path): path.read_bytes() if path.is_file() and not path.is_symlink() else None for path in folder.rglob("*")
    }


def _shared_harm(
    results: list[SubmissionResult], submitted: Path, before: dict[str, bytes | None], secrets: list[str], out: Path
) -> list[str]:
    """Return the harm that cannot be laid at one case's door."""
    harm = []
    if _contents(submitted) != before:
        harm.append("submissions were changed")
    if Path(secrets[0]).read_text() != NEIGHBORS_SECRET:
        harm.append("a file of the instructor's was changed")
    with (out / "grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    if len(rows) != len(results):
        harm.append(f"{len(rows)} rows for {len(results)} submissions")
    with closing(sqlite3.connect(out / "gradebook.db")) as book:
        if book.execute("pragma integrity_check").fetchone() != ("ok",):
            harm.append("the gradebook is damaged")
    if Path("/tmp/autograder-pickle-was-read").exists():
        harm.append("a pickle was read")
    harm += [f"still running: {name}" for name in left_running()]
    return harm


def left_running() -> list[str]:
    """Return the command lines of processes that submissions left, after a moment for them to end."""
    deadline = time.monotonic() + 3
    while True:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                parent = f"{os.getpid()}" in (path.parent / "stat").read_text().rsplit(")", 1)[1].split()[1]
            except OSError:
                continue
            if "autograder-attack-daemon" in line or (parent and "autograder.grading.worker" in line):
                found.append(line[:120])
        if not found or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def _harm(case: Case, result: SubmissionResult, out: Path) -> list[str]:
    harm = []
    if result.score > case.deserves:
        harm.append(f"got {result.score:g} points and deserves {case.deserves:g}")
    if result.score < case.deserves and result.status != "rejected":
        harm.append(f"lost points: got {result.score:g} and deserves {case.deserves:g}")
    if result.status not in case.status:
        harm.append(f"status {result.status}, and {' or '.join(sorted(case.status))} is honest ({result.message})")
    if result.status != "graded" and not result.message:
        harm.append("no message")
    if any(check.status == "error" for check in result.checks):
        details = [check.detail.strip().splitlines()[-1] for check in result.checks if check.detail]
        harm.append(f"a check broke: {details}")
    if case.kind is Kind.SECRETS:
        harm += _leaks(result)
    if case.kind is Kind.SCRIPT:
        harm += _scripts(result, out)
    return harm


def _leaks(result: SubmissionResult) -> list[str]:
    shown = str([cell.outputs for cell in result.cells])
    needles = {
        "the hidden checks": "hidden-checks-own-words-5f1c",
        "hidden checks' text": "should work for images of any size",
        "a secret of the environment": ENVIRONMENT_SECRET,
        "the gradebook": NEIGHBORS_SECRET,
        "the solutions": "BEGIN " + "SOLUTION",
        "the network": "REACHED",
        "password hashes": "root:*:",
    }
    return [f"read {what}" for what, needle in needles.items() if needle in shown]


def _scripts(result: SubmissionResult, out: Path) -> list[str]:
    pages = list((out / "feedback").rglob("*.html"))
    mine = [page for page in pages if result.student_id in str(page)]
    active = [page for page in mine if "<script>window.attacked" in page.read_text() or "onerror=" in page.read_text()]
    return [f"a script in {page.name}" for page in active if "&lt;img" not in page.read_text()]
