"""Grades for other programs, with the points that were given by hand.

A format is a function from a `Book` to text. To add one, write it and enter it in `FORMATS`; the command line offers
whatever is there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields

from autograder.outcome.book import Book, Row
from autograder.outcome.canvas import as_canvas
from autograder.outcome.moodle import as_moodle
from autograder.outcome.report import cell_text, csv_text, number
from autograder.outcome.results import Final

FINAL_COLUMNS = ("late_days", "deduction", "final_score", "counts", "policy")


def as_csv(book: Book) -> str:
    """Return rows as CSV, one column for each field of `Row`; where a policy is in force, what counts behind them."""
    names = [field.name for field in fields(Row)]
    lines = [[_cell(getattr(row, name)) for name in names] for row in book.rows]
    if book.finals is None:
        return csv_text(names, lines)
    return csv_text(
        [*names, *FINAL_COLUMNS],
        ([*line, *_of_final(book.final(row))] for row, line in zip(book.rows, lines, strict=True)),
    )


def _of_final(final: Final) -> Iterable[str]:
    counts = "no" if final.dropped else "yes"
    return number(final.days), number(final.deduction), number(final.score), counts, cell_text(final.words)


def _cell(value: str | float) -> str:
    return cell_text(value) if isinstance(value, str) else number(value)


FORMATS: dict[str, Callable[[Book], str]] = {
    "csv": as_csv,
    "canvas": as_canvas,
    "moodle": as_moodle,
}
