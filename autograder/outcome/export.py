"""Grades for other programs, with the points that were given by hand.

A format is a function from rows to text. To add one, write it and enter it in `FORMATS`; the command line offers
whatever is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from pathlib import Path

from autograder.outcome.feedback import of, read_run
from autograder.outcome.report import cell_text, csv_text, number, sort


@dataclass(frozen=True)
class Row:
    """One submission, as other programs get it.

    Attributes:
        student_id: Whose it is.
        assignment: Its assignment.
        score: All points so far, with those given by hand.
        max_score: All points that there are.
        automatic_score: Points from checks (or from a grader who overruled a check).
        manual_score: Points for written answers.
        awaiting: Points that wait for a person's grade.
        status: What became of the submission, as in ``grades.csv``.
        message: As in ``grades.csv``.
    """

    student_id: str
    assignment: str
    score: float
    max_score: float
    automatic_score: float
    manual_score: float
    awaiting: float
    status: str
    message: str


def rows(out: Path, *, db: str | None = None) -> list[Row]:
    """Return a row for every submission of a run of ``autograder grade``.

    Raises:
        CourseError: There is no run in ``out``.
    """
    results, grades = read_run(out, db=db)
    made = []
    for result in sort(results):
        manual = of(result, grades)
        written = [grade for grade in manual.values() if grade.is_written]
        overruled = {name: grade.score for name, grade in manual.items() if not grade.is_written}
        # A grader's change of a point counts as the difference to what the check gave.
        scores = {check.grade_id: check.score for check in result.checks}
        changes = sum(score - scores.get(name, 0.0) for name, score in overruled.items() if score is not None)
        automatic = result.score + changes
        by_hand = sum(grade.score or 0.0 for grade in written)
        made.append(
            Row(
                student_id=result.student_id,
                assignment=result.assignment,
                score=automatic + by_hand,
                max_score=result.max_score + sum(grade.points for grade in written),
                automatic_score=automatic,
                manual_score=by_hand,
                awaiting=sum(grade.points for grade in written if grade.score is None),
                status=result.status,
                message=result.message,
            )
        )
    return made


def as_csv(rows: Iterable[Row]) -> str:
    """Return rows as CSV, one column for each field of `Row`."""
    names = [field.name for field in fields(Row)]
    values = ([getattr(row, name) for name in names] for row in rows)
    return csv_text(names, ([cell_text(v) if isinstance(v, str) else number(v) for v in row] for row in values))


FORMATS: dict[str, Callable[[Iterable[Row]], str]] = {"csv": as_csv}
