"""Grades a class: finds what was handed in, has it graded by workers, and writes grades, gradebook and feedback.

Every submission found gets a row, whatever becomes of it. What is known is kept in a journal at once, so a run that was
killed at any moment goes on with `resume` where it stopped; results are written to the gradebook and as feedback pages
one by one, and to `grades.csv` at the end, each file in one step.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from heapq import merge
from pathlib import Path
from typing import Any

from autograder.authoring.course import Course
from autograder.authoring.gradebook import opened, prepare
from autograder.grading.choose import Wishes, on_cluster, on_this_machine
from autograder.grading.data import Ready, ready_data
from autograder.grading.engine import ATTEMPTS, Engine, Scheduler
from autograder.grading.journal import Journal, alone, key_of
from autograder.grading.stop import Stopped
from autograder.grading.worker import Task
from autograder.intake.find import find_submissions
from autograder.intake.rebuild import rebuild
from autograder.intake.submissions import Found, Rebuilt, Rejected
from autograder.outcome.record import record, record_all
from autograder.outcome.report import each_result, write_feedback, write_grades
from autograder.outcome.results import SubmissionResult
from autograder.outcome.rows import Rows
from autograder.sandbox.cage import PRELOAD
from autograder.sandbox.doctor import choose
from autograder.sandbox.limits import Limits
from flowercourse.errors import CourseError, is_full
from flowercourse.progress import progress_bar


class WrongUsage(CourseError):
    """What was asked for would do harm, whatever was handed in; the command line ends with 2 for it."""


class NotWritten(CourseError):
    """The folder for grades takes no more, or takes nothing."""

    exit_status = 2


BATCH = 1000  # results that are published together where nothing ran
_CHANGED = "The notebook changed while the class was being graded; this is what became of the newer one."


@dataclass(frozen=True)
class _Class:
    """What does not change during a run."""

    out: Path
    course: Course
    db: str | None
    limits: Limits
    journal: Journal
    session: Any


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A submission that is to run. Its notebook is read again when its turn comes: a class's have no room in memory."""

    found: Found
    key: str

    @property
    def name(self) -> tuple[str, str]:
        return self.found.student_id, self.found.assignment


def grade_class(
    submitted: Path,
    out: Path,
    *,
    assignment: str | None = None,
    jobs: int = 1,
    db: str | None = None,
    resume: bool = False,
    scheduler: Scheduler | None = None,
    isolation: str = "auto",
    limits: Limits | None = None,
    course: Course | None = None,
    preload: tuple[str, ...] | None = None,
    progress: bool = True,
    each: Callable[[SubmissionResult], None] | None = None,
) -> Rows:
    """Grade every submission below `submitted` and return the results, sorted by student and assignment.

    They are returned without the cells that ran; those are in `out`, and `each` gets them.

    Args:
        submitted: folder in nbgrader's layout, STUDENT/ASSIGNMENT/NOTEBOOK.ipynb; nothing is written there.
        out: folder for grades.csv, results.json, gradebook, notebooks that ran, and feedback; made if missing.
        assignment: only this assignment; what an earlier run wrote of others into `out` stays in its tables.
        jobs: submissions to grade at the same time on this machine.
        db: the gradebook's address as SQLAlchemy writes it; None for a file in `out`.
        resume: keep the grades of an earlier run whose notebook, checks, exercise and limits are unchanged.
        scheduler: grade on the workers of this Dask cluster instead.
        isolation: `auto`, or one of `autograder.sandbox.launch.ISOLATIONS`.
        limits: what a submission may use.
        course: assignments and checks; None for the course's own.
        preload: modules to import once for all notebooks; None for those that the course's notebooks use.
        progress: whether to show a progress bar on stderr, in a log as a line a minute.
        each: called with each result as it comes, with the cells that ran.

    Raises:
        WrongUsage: one of the two folders lies in the other.
        CourseError: grading cannot begin: no folder, no isolation that works here, `out` cannot be written, or another
            run writes to it.
    """
    submitted, out = Path(submitted), Path(out)
    secret = _apart(submitted, out)
    limits = limits or Limits()
    is_own_course, course = course is None, course or Course()
    if assignment is not None and assignment not in course.assignments:
        known = ", ".join(sorted(course.assignments))
        raise CourseError(f"there is no assignment {assignment!r}", f"the course has {known}", "name one of them")
    found = find_submissions(submitted, assignment=assignment, known=course.assignments)
    if scheduler is None:
        isolation = choose(isolation)  # before anything takes time
    ready = ready_data() if is_own_course and found else Ready()
    wishes = Wishes(isolation, limits, course, secret, PRELOAD if preload is None else preload)
    with on_cluster(scheduler, wishes, ready) if scheduler else on_this_machine(jobs, wishes, ready) as engine:
        with _writing_to(out):
            out.mkdir(parents=True, exist_ok=True)
        with _saying_how_far_it_came(out, len(found)) as rows, ExitStack() as stack:
            with _writing_to(out):
                stack.enter_context(alone(out))
                # All that may be refused comes before the journal begins anew: a refusal loses nothing.
                kept = _of_others(out, assignment)
                prepare(out, course.assignments, db=db)
                journal = stack.enter_context(closing(Journal(out, resume=resume, only=assignment)))
            with (
                opened(out, db) as session,
                progress_bar("Grading", "submissions", total=len(found), shown=progress) as bar,
                closing(_grade_all(found, _Class(out, course, db, limits, journal, session), engine)) as graded,
            ):
                for result in graded:
                    if each is not None:
                        each(result)
                    rows.append(result)
                    bar.set_postfix_str(engine.at_work, refresh=False)
                    bar.update()
            with _writing_to(out):
                write_grades(out, merge(rows, kept, key=lambda result: result.key))
    return rows


@contextmanager
def _saying_how_far_it_came(out: Path, total: int) -> Iterator[Rows]:
    """Yield a place for the rows; where the run has to end before all have one, say how many do and how to go on.

    Raises:
        Stopped: a signal asked for the end.
        NotWritten: the disk is full, or nothing may be written there.
    """
    with _writing_to(out):
        rows = Rows(out)
    try:
        yield rows
    except Stopped as stopped:
        stopped.done, stopped.total = len(rows), total
        raise
    except Exception as error:
        if isinstance(error, CourseError) or not is_full(error):
            raise
        raise NotWritten(
            f"Grading stopped, because the disk of {out} is full",
            f"{len(rows)} of {total} submissions are graded and kept",
            "Make room there, then give the same command with --resume",
        ) from error


def _apart(submitted: Path, out: Path) -> tuple[Path, Path]:
    """Return where the two folders really are.

    Raises:
        WrongUsage: one lies in the other, so that the next run would take what this one writes for submissions.
    """
    here, there = Path(os.path.realpath(submitted)), Path(os.path.realpath(out))
    if here.is_relative_to(there) or there.is_relative_to(here):
        lies = "is" if here == there else "lies in" if there.is_relative_to(here) else "holds"
        raise WrongUsage(
            f"Grades of {submitted} cannot go to {out}",
            f"OUT ({there}) {lies} SUBMITTED ({here}), so what is written there would be graded as submissions",
            f"Name a folder beside it, such as --out {here.parent / f'{here.name}-graded'}",
        )
    return here, there


def _of_others(out: Path, assignment: str | None) -> Rows:
    """Return what an earlier run found of other assignments; nothing where this run is for all of them.

    Raises:
        CourseError: there was such a run, and its results cannot be read.
    """
    rows = Rows(out)
    if assignment is not None and (out / "results.json").exists():
        for result in each_result(out):
            if result.assignment != assignment:
                rows.append(result)
    return rows


@contextmanager
def _writing_to(out: Path) -> Iterator[None]:
    """Say what to do where `out` cannot be made or written.

    Raises:
        NotWritten: so it was.
    """
    try:
        yield
    except OSError as error:
        raise NotWritten(
            f"{out} cannot be written",
            f"{error.strerror or error} ({error.filename2 or error.filename or out})",
            "Make room there, or name another folder with --out",
        ) from error


def _grade_all(found: list[Found], everything: _Class, engine: Engine) -> Generator[SubmissionResult, None, None]:
    """Yield a result for each submission: first what needs no run, then what graders send, as it comes."""
    decides = (everything.course.fingerprint(), json.dumps(everything.limits.as_dict()), engine.isolation)
    waiting: list[_Waiting] = []
    modules: set[str] = set()
    rejected: list[SubmissionResult] = []
    for one in found:
        rebuilt = _rebuilt(one, everything.course)
        if isinstance(rebuilt, SubmissionResult):
            rejected.append(rebuilt)
            if len(rejected) == BATCH:
                yield from _publish_rejected(everything, rejected)
                rejected = []
            continue
        key = _key(rebuilt, decides)
        known = everything.journal.get(key)
        if known is None:
            waiting.append(_Waiting(one, key))
            modules.add(rebuilt.module)
            continue
        yield known if key in everything.journal.recorded else _publish(everything, known, key)
    yield from _publish_rejected(everything, rejected)
    # Later assignments take longer: begun first, they leave no grader waiting for the last one.
    waiting.sort(key=lambda one: one.found.assignment, reverse=True)
    archives = dict.fromkeys(name for module in modules for name in everything.course.needs_secret_pictures(module))
    crowded: set[tuple[str, str]] = set()
    changed: list[SubmissionResult] = []
    with closing(engine.grade(_tasks(waiting, everything, decides, changed), archives)) as answers:
        for task, answer in answers:
            if engine.is_crowded and answer.get("result", {}).get("crowded"):
                crowded.add((task.rebuilt.student_id, task.rebuilt.assignment))
            else:
                yield _decided(everything, task, answer)
    if crowded:  # nobody loses points to a neighbor: once more, with the machine to themselves
        again = _tasks((one for one in waiting if one.name in crowded), everything, decides, changed)
        with closing(engine.grade(again, archives, alone=True)) as answers:
            yield from (_decided(everything, task, answer) for task, answer in answers)
    yield from _publish_rejected(everything, changed)


def _key(rebuilt: Rebuilt, decides: Sequence[str]) -> str:
    return key_of(rebuilt.student_id, rebuilt.assignment, rebuilt.digest, rebuilt.version, *rebuilt.notes, *decides)


def _tasks(
    waiting: Iterable[_Waiting], everything: _Class, decides: Sequence[str], changed: list[SubmissionResult]
) -> Iterator[Task]:
    """Yield what is to be graded, each read when it is asked for.

    A notebook may have become another one meanwhile: that is graded, and its row says so. What cannot be graded any
    more goes to `changed`.
    """
    for one in waiting:
        rebuilt = _rebuilt(one.found, everything.course)
        if isinstance(rebuilt, SubmissionResult):
            changed.append(replace(rebuilt, message=f"{rebuilt.message} {_CHANGED}"))
            continue
        key = _key(rebuilt, decides)
        if key != one.key:
            rebuilt = replace(rebuilt, notes=(*rebuilt.notes, _CHANGED))
        yield Task(key, rebuilt, everything.journal.seed(key))


def _decided(everything: _Class, task: Task, answer: Mapping[str, Any]) -> SubmissionResult:
    """Keep and publish what a worker answered."""
    if "result" not in answer:
        return _publish(everything, _not_graded(task.rebuilt, str(answer["failure"])))
    result = SubmissionResult.from_json(answer["result"])
    everything.journal.add(task.key, result)
    return _publish(everything, result, task.key)


def _rebuilt(found: Found, course: Course) -> Rebuilt | SubmissionResult:
    """Return the notebook to run, or the result of one that cannot be."""
    assignment = course.assignments.get(found.assignment)
    worth = float(assignment.max_score) if assignment else 0.0
    try:
        return rebuild(found, assignment)
    except Rejected as rejected:
        message = str(rejected)
    except Exception as error:  # a mistake of ours in reading one notebook must not cost the others their grades
        message = f"The notebook could not be read ({type(error).__name__}: {error})."
    return SubmissionResult(found.student_id, found.assignment, "rejected", 0.0, worth, message=message)


def _publish_rejected(everything: _Class, results: list[SubmissionResult]) -> Iterator[SubmissionResult]:
    """Publish results that cost nothing to find out again, many at once, unless an earlier run has done so."""
    keys = {key_of("rejected", one.student_id, one.assignment, one.message, str(one.max_score)): one for one in results}
    new = {key: one for key, one in keys.items() if key not in everything.journal.recorded}
    assignments = everything.course.assignments
    known = [(one, assignments[one.assignment]) for one in new.values() if one.assignment in assignments]
    try:
        record_all(everything.out, known, db=everything.db, session=everything.session, durable=False)
        for one in new.values():
            title = assignments[one.assignment].title if one.assignment in assignments else ""
            write_feedback(everything.out, one, title, durable=False)
        os.sync()  # once for all of them
        everything.journal.mark_all_recorded(new)
    except Exception as error:
        if is_full(error):
            raise
        yield from (_publish(everything, one) for one in results)  # one by one: none costs the others theirs
        return
    yield from results


def _publish(everything: _Class, result: SubmissionResult, key: str | None = None) -> SubmissionResult:
    """Write a result to the gradebook and as a feedback page, and return it; writing it again does no harm.

    A result that cannot be written there must not cost the others their grades, nor its own: it keeps its row, which
    says what is missing.
    """
    assignment = everything.course.assignments.get(result.assignment)
    try:
        record(everything.out, result, assignment, db=everything.db, session=everything.session)
        write_feedback(everything.out, result, assignment.title if assignment else "")
    except Exception as error:
        if is_full(error):
            raise
        said = f"Gradebook and feedback could not be written ({type(error).__name__}: {str(error)[:200]})"
        return replace(result, message=f"{result.message} {said}; grade again with --resume.".strip())
    if key is not None:
        everything.journal.mark_recorded(key)
    return result


def _not_graded(rebuilt: Rebuilt, failure: str) -> SubmissionResult:
    """Return the row of a submission whose grading failed for a reason of ours; `resume` tries it again."""
    reason = failure.strip().splitlines()[-1][:300]
    return SubmissionResult(
        rebuilt.student_id,
        rebuilt.assignment,
        "crashed",
        0.0,
        float(rebuilt.max_score),
        message=f"Grading failed {ATTEMPTS} times, which is our fault; grade again with --resume. ({reason})",
        version=rebuilt.version,
    )
