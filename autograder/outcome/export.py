"""Grades for other programs, with the points that were given by hand.

A format is a function from a `ClassGrades` to text. To add one, write it and enter it in `FORMATS`; the command line
offers whatever is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields

from autograder.outcome.canvas import as_canvas
from autograder.outcome.class_grades import ClassGrades, Row
from autograder.outcome.moodle import as_moodle
from autograder.outcome.report import cell_text, csv_text, points_text
from autograder.outcome.results import Final

FINAL_COLUMNS = ("late_days", "deduction", "final_score", "counts", "policy")


def as_csv(grades: ClassGrades) -> str:
    """Return rows as CSV, one column for each field of `Row`; where a policy is in force, what counts behind them."""
    names = [field.name for field in fields(Row)]
    lines = [[_cell(getattr(row, name)) for name in names] for row in grades.rows]
    if grades.finals is None:
        return csv_text(names, lines)
    return csv_text(
        [*names, *FINAL_COLUMNS],
        ([*line, *_of_final(grades.final(row))] for row, line in zip(grades.rows, lines, strict=True)),
    )


def _of_final(final: Final) -> Iterable[str]:
    counts = "no" if final.dropped else "yes"
    return (
        points_text(final.days),
        points_text(final.deduction),
        points_text(final.score),
        counts,
        cell_text(final.words),
    )


def _cell(value: str | float) -> str:
    return cell_text(value) if isinstance(value, str) else points_text(value)


FORMATS: dict[str, Callable[[ClassGrades], str]] = {
    "csv": as_csv,
    "canvas": as_canvas,
    "moodle": as_moodle,
}
