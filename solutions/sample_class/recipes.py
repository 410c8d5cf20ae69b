"""How a submission is made from an assignment: a few changes, applied one after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from autograder.authoring.notebooks import Assignment, dumps, learner_notebook

Notebook = dict[str, Any]
Step = Callable[[Notebook, Assignment], None]
Status = Literal["graded", "timeout", "out_of_memory", "crashed", "rejected"]


@dataclass(frozen=True)
class Submission:
    """One submission of the sample class.

    Attributes:
        learner: Whose it is, such as ``learner-01``.
        assignment: The assignment's name.
        story: What the learner did, in a sentence.
        steps: How its notebook is made, beginning with the exercise as it was handed out.
        status: What must become of it.
        score: The points that it must get.
        content: The file's text where it is no notebook; None otherwise.
    """

    learner: str
    assignment: str
    story: str
    steps: tuple[Step, ...]
    score: float
    status: Status = "graded"
    content: str | None = None


def make(submission: Submission, assignment: Assignment) -> str:
    """Return the text of the submitted file."""
    if submission.content is not None:
        return submission.content
    notebook = json.loads(json.dumps(learner_notebook(assignment)))
    for step in submission.steps:
        step(notebook, assignment)
    return dumps(notebook)


def write(submissions: list[Submission], assignments: dict[str, Assignment], out: Path) -> list[Path]:
    """Write submissions below ``out`` in nbgrader's layout; those of assignments that there are not are left out.

    Returns:
        The files' paths.
    """
    paths = []
    for one in submissions:
        if one.assignment not in assignments:
            continue
        path = out / one.learner / one.assignment / f"{one.assignment}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(make(one, assignments[one.assignment]), encoding="utf-8")
        paths.append(path)
    return paths


def solved(*, until: str | None = None) -> Step:
    """Fill in the reference solution, in all cells or in those before the cell ``until``."""

    def step(notebook: Notebook, assignment: Assignment) -> None:
        for cell in assignment.cells:
            if cell.id == until:
                return
            if cell.kind in ("solution", "written"):
                lines = [
                    line
                    for line in cell.source.split("\n")
                    if "BEGIN SOLUTION" not in line and "END SOLUTION" not in line
                ]
                _find(notebook, cell.id)["source"] = "\n".join(lines)

    return step


def changed(cell_id: str, old: str, new: str) -> Step:
    """Replace a text in one cell; it must be there, so that a description cannot go stale unnoticed."""

    def step(notebook: Notebook, assignment: Assignment) -> None:
        cell = _find(notebook, cell_id)
        if old not in cell["source"]:
            raise ValueError(f"{assignment.name}, cell {cell_id}: there is no {old!r} to replace")
        cell["source"] = cell["source"].replace(old, new)

    return step


def added(after: str, code: str) -> Step:
    """Add a cell with code behind another cell."""

    def step(notebook: Notebook, assignment: Assignment) -> None:
        place = notebook["cells"].index(_find(notebook, after)) + 1
        cell: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        notebook["cells"].insert(place, cell | {"source": code, "id": f"mine-{place}"})

    return step


def tagged(tag: str) -> Step:
    """Tag every check cell."""

    def step(notebook: Notebook, assignment: Assignment) -> None:
        for cell in assignment.cells:
            if cell.kind == "check":
                _find(notebook, cell.id)["metadata"]["tags"] = [tag]

    return step


def without(*cell_ids: str) -> Step:
    """Delete cells."""

    def step(notebook: Notebook, assignment: Assignment) -> None:
        for cell_id in cell_ids:
            notebook["cells"].remove(_find(notebook, cell_id))

    return step


def emptied(cell_id: str) -> Step:
    """Delete everything in a cell, but not the cell."""

    def step(notebook: Notebook, assignment: Assignment) -> None:
        _find(notebook, cell_id)["source"] = ""

    return step


def of_version(version: str) -> Step:
    """Make it a copy of another version of the exercise."""

    def step(notebook: Notebook, assignment: Assignment) -> None:
        notebook["metadata"]["flowercourse"]["version"] = version

    return step


def _find(notebook: Notebook, cell_id: str) -> dict[str, Any]:
    return next(cell for cell in notebook["cells"] if cell.get("id") == cell_id)
