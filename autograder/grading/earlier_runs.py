"""What an earlier run kept, read from wherever it is named: a folder of grades, a ``results.json``, or a journal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from autograder.grading.journal import FOLDER, entries
from autograder.outcome.report import read_results
from autograder.outcome.results import SubmissionResult
from flowercourse.errors import CourseError

Seconds = Mapping[tuple[str, str], Mapping[str, float]]
"""Of each submission (student and assignment), how long each of its cells took, in seconds, by cell id."""


def results_at(path: Path) -> list[SubmissionResult]:
    """Return the results of a run, without the cells that ran.

    Args:
        path: a folder given to ``autograder grade --out``, a ``results.json`` of any name, or a journal (``.jsonl``).
            Where a folder has no ``results.json``, because its run was cut short, its journal is read. A journal knows
            only what ran: submissions that were rejected are not in it.

    Raises:
        CourseError: there is nothing of that kind.
    """
    if path.is_dir() and not (path / "results.json").exists() and _journal(path).exists():
        path = _journal(path)
    if path.suffix == ".jsonl":
        latest = {one.key: replace(one, cells=()) for one in _graded(path)}
        if latest:
            return list(latest.values())
        raise CourseError(f"{path} holds no grades", "no line of it is a result", "Name a journal of autograder grade")
    if path.is_dir() or path.suffix == ".json":
        return read_results(path)
    raise CourseError(
        f"{path} holds no grades",
        "it is neither a folder of grades nor a results.json nor a journal",
        "Name the folder given to autograder grade --out",
    )


def seconds_by_cell(out: Path) -> Seconds:
    """Return how long cells took, as far as the journal in `out` knows; nothing where there is none."""
    path = _journal(out)
    if not path.exists():
        return {}
    return {one.key: {cell.id: cell.seconds for cell in one.cells if cell.seconds} for one in _graded(path)}


def _journal(out: Path) -> Path:
    return out / FOLDER / "journal.jsonl"


def _graded(journal: Path) -> Iterator[SubmissionResult]:
    return (entry.result for entry in entries(journal) if entry.result is not None)
