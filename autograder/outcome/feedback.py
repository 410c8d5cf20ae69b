"""Makes the learners' feedback pages again, with what graders have added since: scores and comments by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from autograder.authoring.notebooks import Assignment
from autograder.files import to_folder_name
from autograder.outcome.record import manual_grades, ran_cells
from autograder.outcome.report import read_results, write_feedback
from autograder.outcome.results import Final, ManualGrade, SubmissionResult

Grades = Mapping[tuple[str, str], Mapping[str, ManualGrade]]


def read_run(out: Path, *, db: str | None = None) -> tuple[list[SubmissionResult], Grades]:
    """Return the results of a run of ``autograder grade``, and what graders decided since.

    Raises:
        CourseError: There is no such run in ``out``.
    """
    return read_results(out), manual_grades(out, db=db)


def of(result: SubmissionResult, grades: Grades) -> Mapping[str, ManualGrade]:
    """Return what graders decided about one submission."""
    return grades.get((to_folder_name(result.student_id), result.assignment), {})


def remake(
    out: Path,
    assignments: Mapping[str, Assignment],
    *,
    db: str | None = None,
    finals: Mapping[tuple[str, str], Final] | None = None,
) -> list[Path]:
    """Make every feedback page again and return their paths.

    Args:
        out: The folder that a run of ``autograder grade`` wrote to.
        assignments: The course's assignments, by name.
        db: The gradebook's address; None means the one that the run used.
        finals: What counts after the course's policy, by student and assignment.

    Raises:
        CourseError: There is no run in ``out``.
    """
    results, grades = read_run(out, db=db)
    pages = []
    for result in results:
        assignment = assignments.get(result.assignment)
        if assignment is not None:
            result = replace(result, cells=ran_cells(out, result, assignment))
        title = assignment.title if assignment else ""
        final = (finals or {}).get(result.key)
        pages.append(write_feedback(out, result, title, of(result, grades), final=final))
    return pages
