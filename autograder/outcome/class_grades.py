"""A run's grades, with the points that were given by hand: what every format of an export is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.outcome.feedback import of, read_run
from autograder.outcome.people import People
from autograder.outcome.report import sort
from autograder.outcome.results import Final


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


def read_rows(out: Path, *, db: str | None = None) -> list[Row]:
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


@dataclass(frozen=True)
class ClassGrades:
    """The grades of a class.

    Attributes:
        rows: One for each submission.
        people: Who they belong to.
        titles: The assignments' titles on the platform, where the course file has them.
        finals: What counts, by student and assignment; None where no policy is in force.
    """

    rows: tuple[Row, ...]
    people: People = field(default_factory=People)
    titles: Mapping[str, str] = field(default_factory=dict)
    finals: Mapping[tuple[str, str], Final] | None = None

    def of_learners(self) -> tuple[Row, ...]:
        """Return the rows that a platform can have: those of a learner, for an assignment of the course."""
        return tuple(row for row in self.rows if row.student_id and row.max_score)

    def final(self, row: Row) -> Final:
        """Return what counts of a row."""
        found = (self.finals or {}).get((row.student_id, row.assignment))
        return found or Final(row.score)
