"""Keeps results where instructors look for them: nbgrader's gradebook, and the notebooks that formgrader shows.

`record` is called once for each submission, from one process at a time, after `autograder.authoring.gradebook.prepare`
has made the gradebook. What is recorded again replaces what was there. A grader's scores and comments stay where the
learner's answer is the same, and go where it has changed.

A student's id in the gradebook is the folder name that `autograder.files.to_folder_name` makes of it: the id itself,
unless it holds characters that nbgrader or a file system cannot take.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.authoring.gradebook import get_or_add, transaction
from autograder.authoring.notebooks import (
    METADATA_KEY,
    Assignment,
    Cell,
    dumps,
    learner_notebook,
)
from autograder.files import to_folder_name, write_text
from autograder.outcome.inert import inert_outputs
from autograder.outcome.results import CellOutcome, ManualGrade, SubmissionResult

Answers = Mapping[str, str]  # sources of a notebook that ran, by cell id


def record(out: Path, result: SubmissionResult, assignment: Assignment | None, *, db: str | None = None) -> None:
    """Write one result to the gradebook, in one transaction, and its notebook to ``out/autograded``.

    Args:
        out: The folder given to `prepare`.
        result: The result.
        assignment: Its assignment; None for a submission to an assignment that does not exist, which has no place in a
            gradebook and is left out.
        db: The gradebook's address, as given to `prepare`.
    """
    if assignment is None:
        return
    path = notebook_path(out, result)
    before = _answers(path)
    ran = _ran(result, assignment)
    # The database first: should this process die between the two, the old notebook still shows which answers changed,
    # and recording again does what was left undone.
    with transaction(out, db) as session:
        _save_result(session, result, assignment, before, ran)
    write_text(path, dumps(ran))


def notebook_path(out: Path, result: SubmissionResult) -> Path:
    """Return where the notebook that ran is kept."""
    return out / "autograded" / to_folder_name(result.student_id) / result.assignment / f"{result.assignment}.ipynb"


def manual_grades(out: Path, *, db: str | None = None) -> dict[tuple[str, str], dict[str, ManualGrade]]:
    """Return what graders decided, and what waits for them.

    Returns:
        By student's folder name and assignment, and then by grade id, for every written answer, and for every other
        cell whose points or comment come from a grader.
    """
    from nbgrader import api

    with transaction(out, db) as session:
        return {
            (submitted.student.id, submitted.assignment.assignment.name): _manual_grades(submitted)
            for submitted in session.query(api.SubmittedNotebook)
        }


def _manual_grades(submitted: Any) -> dict[str, ManualGrade]:
    comments = {comment.name: comment.manual_comment or "" for comment in submitted.comments}
    made = {name: ManualGrade(None, 0.0, comment, is_written=False) for name, comment in comments.items() if comment}
    for grade in submitted.grades:
        is_written = grade.cell.cell_type == "markdown"
        decided = grade.manual_score is not None or bool(grade.extra_credit)
        if is_written or decided:
            score = None if is_written and grade.needs_manual_grade and not decided else grade.score
            made[grade.name] = ManualGrade(score, grade.cell.max_score, comments.get(grade.name, ""), is_written)
    return made


def _save_result(
    session: Any, result: SubmissionResult, assignment: Assignment, before: Answers | None, ran: dict[str, Any]
) -> None:
    from nbgrader import api

    exercise = session.query(api.Assignment).filter_by(name=assignment.name).one()
    notebook = session.query(api.Notebook).filter_by(name=assignment.name, assignment_id=exercise.id).one()
    student = get_or_add(session, api.Student, id=to_folder_name(result.student_id))
    submission = get_or_add(session, api.SubmittedAssignment, assignment_id=exercise.id, student_id=student.id)
    submitted = get_or_add(session, api.SubmittedNotebook, assignment_id=submission.id, notebook_id=notebook.id)
    cells = {cell.id: cell for cell in assignment.cells}
    scores = {check.grade_id: check.score for check in result.checks}
    answers = {cell["id"]: cell["source"] for cell in ran["cells"]}
    grades = {grade.cell_id: grade for grade in session.query(api.Grade).filter_by(notebook_id=submitted.id)}
    comments = {comment.cell_id: comment for comment in session.query(api.Comment).filter_by(notebook_id=submitted.id)}
    for graded in session.query(api.GradeCell).filter_by(notebook_id=notebook.id):
        grade = grades.get(graded.id)
        if grade is None:
            grade = api.Grade(cell_id=graded.id, notebook_id=submitted.id)
            session.add(grade)
        _set_grade(grade, cells[graded.name], scores.get(graded.name, 0.0), answers, before)
    for answer in session.query(api.SolutionCell).filter_by(notebook_id=notebook.id):
        comment = comments.get(answer.id)
        if comment is None:
            comment = api.Comment(cell_id=answer.id, notebook_id=submitted.id)
            session.add(comment)
        text = answers.get(answer.name, "")
        if before is not None and before.get(answer.name, "") != text:
            comment.manual_comment = None
        comment.auto_comment = None if _is_answer(text, cells[answer.name]) else "No response."


def _set_grade(grade: Any, cell: Cell, score: float, answers: Answers, before: Answers | None) -> None:
    if cell.kind == "check":
        grade.auto_score = float(score)
        # As in nbgrader: a score that a grader set stays in force, and the new one is pointed out.
        grade.needs_manual_grade = grade.manual_score is not None
        return
    if before is not None and before.get(cell.id) != answers.get(cell.id):
        grade.manual_score = grade.extra_credit = None
    # An answer that was not given is worth nothing, and nobody has to look at it.
    answered = _is_answer(answers.get(cell.id, ""), cell)
    grade.auto_score = None if answered else 0.0
    grade.needs_manual_grade = answered and grade.manual_score is None


def _is_answer(text: str, cell: Cell) -> bool:
    return text.strip() not in ("", cell.given.strip(), _without_html(cell.given).strip())


def _answers(path: Path) -> Answers | None:
    """Return the sources of the notebook that was recorded before, by cell id; None where there is none."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return {cell["id"]: "".join(cell["source"]) for cell in cells}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ran(result: SubmissionResult, assignment: Assignment) -> dict[str, Any]:
    """Return the notebook that ran, with what it showed; its outputs are such that no browser runs any of them."""
    template = learner_notebook(assignment)
    exercise = {cell["id"]: cell for cell in template["cells"]}
    about = f"**{result.status}**: {result.score:g} of {result.max_score:g} points. {result.message}"
    head = {"cell_type": "markdown", "id": "result", "metadata": {"editable": False}, "source": _without_html(about)}
    return {**template, "cells": [head, *(_ran_cell(cell, exercise.get(cell.id)) for cell in result.cells)]}


def _ran_cell(cell: CellOutcome, exercise: dict[str, Any] | None) -> dict[str, Any]:
    is_code = exercise["cell_type"] == "code" if exercise else cell.role != "text"
    made: dict[str, Any] = {
        "cell_type": "code" if is_code else "markdown",
        "id": cell.id,
        "metadata": (exercise["metadata"] if exercise else {}) | {METADATA_KEY: _about(cell)},
        "source": cell.source if is_code else _without_html(cell.source),
    }
    return made | ({"execution_count": None, "outputs": inert_outputs(cell.outputs)} if is_code else {})


def _about(cell: CellOutcome) -> dict[str, Any]:
    return {"role": cell.role, "note": cell.note, "state": cell.state, "seconds": round(cell.seconds, 3)}


def ran_cells(out: Path, result: SubmissionResult, assignment: Assignment) -> tuple[CellOutcome, ...]:
    """Return the cells of the notebook that ran, as `record` kept them."""
    try:
        cells = json.loads(notebook_path(out, result).read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return ()
    points = {cell.id: cell.points for cell in assignment.cells}
    return tuple(
        CellOutcome(
            id=cell["id"],
            source=_as_written("".join(cell["source"])),
            points=points.get(cell["id"], 0),
            outputs=tuple(cell.get("outputs", ())),
            **cell["metadata"][METADATA_KEY],
        )
        for cell in cells
        if METADATA_KEY in cell["metadata"]
    )


# What begins a tag, goes between a link's text and its address, or makes a link inside a formula.
_ACTIVE = re.compile(r"<(?=[A-Za-z/!?])|\](?=\s?[(\[:])|\\hr(?=ef)")
_JOINER = "\u2060"


def _without_html(markdown: str) -> str:
    """Return a learner's Markdown in which no HTML tag begins and no link or picture is made.

    Formgrader turns Markdown into HTML without cleaning it, in the instructor's browser, where a link may hold a script
    and a picture tells its server who is looking. An invisible character (a word joiner) makes each of them text.
    """
    return _ACTIVE.sub(lambda found: found[0] + _JOINER, markdown)


def _as_written(markdown: str) -> str:
    """Return the Markdown that `_without_html` was given."""
    for active in ("<", "]", "\\hr"):
        markdown = markdown.replace(active + _JOINER, active)
    return markdown
