"""Keeps results where instructors look for them: nbgrader's gradebook, and the notebooks that formgrader shows.

`record` is called once for each submission (`record_all` for many), from one process at a time, after
`autograder.authoring.gradebook.prepare` has made the gradebook. What is recorded again replaces what was there. A
grader's scores and comments stay where the learner's answer is the same, and go where it has changed.

A student's id in the gradebook is the folder name that `autograder.files.to_folder_name` makes of it: the id itself,
unless it holds characters that nbgrader or a file system cannot take.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, fields
from pathlib import Path
from secrets import token_hex
from typing import Any, Self

from autograder.authoring.gradebook import alone_with, in_turn, opened, transaction
from autograder.authoring.notebooks import (
    METADATA_KEY,
    Assignment,
    Cell,
    dumps,
    learner_notebook,
)
from autograder.checking.messages import plural
from autograder.files import to_folder_name, write_text
from autograder.outcome.inert import inert_outputs
from autograder.outcome.results import CellOutcome, ManualGrade, SubmissionResult

Answers = Mapping[str, str]  # sources of a notebook that ran, by cell id


Recorded = tuple[SubmissionResult, Assignment]


def record(
    out: Path,
    result: SubmissionResult,
    assignment: Assignment | None,
    *,
    db: str | None = None,
    session: Any = None,
) -> None:
    """Write one result to the gradebook, in one transaction, and its notebook to ``out/autograded``.

    Args:
        out: The folder given to `prepare`.
        result: The result.
        assignment: Its assignment; None for a submission to an assignment that does not exist, which has no place in a
            gradebook and is left out.
        db: The gradebook's address, as given to `prepare`.
        session: A session of `autograder.authoring.gradebook.opened`, for who records many; None to open one.
    """
    if assignment is not None:
        record_all(out, [(result, assignment)], db=db, session=session)


def record_all(
    out: Path, results: Sequence[Recorded], *, db: str | None = None, session: Any = None, durable: bool = True
) -> None:
    """Write results to the gradebook, in one transaction, and their notebooks to ``out/autograded``; see `record`.

    Args:
        out: The folder given to `prepare`.
        results: The results, each with its assignment; not two of the same submission.
        db: The gradebook's address, as given to `prepare`.
        session: A session for many; None to open one.
        durable: Whether each notebook is forced to the disk; otherwise the caller does so for many at once.
    """
    assignments = {assignment.name: assignment for _, assignment in results}
    exercises = {name: learner_notebook(assignment) for name, assignment in assignments.items()}
    # In one order, whoever records: two that wait for each other's rows would wait for ever.
    results = sorted(results, key=lambda one: (one[1].name, to_folder_name(one[0].student_id)))
    ran = [(result, assignment, _ran(result, exercises[assignment.name])) for result, assignment in results]
    before = [_answers(notebook_path(out, result)) for result, _ in results]
    # The database first: should this process die between the two, the old notebook still shows which answers changed,
    # and recording again does what was left undone.
    with opened(out, db) if session is None else nullcontext(session) as database:

        def save() -> None:
            alone_with(database)
            books = {name: _Exercise(database, assignment) for name, assignment in assignments.items()}
            for name, book in books.items():
                book.look_up([to_folder_name(result.student_id) for result, one in results if one.name == name])
            for (result, assignment, notebook), earlier in zip(ran, before, strict=True):
                books[assignment.name].save(result, earlier, notebook)
            for book in books.values():
                book.write()

        in_turn(database, save)
    for result, _, notebook in ran:
        write_text(notebook_path(out, result), dumps(notebook), durable=durable)


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


class _Exercise:
    """An assignment in the gradebook, and what the gradebook holds of some students' submissions to it."""

    def __init__(self, session: Any, assignment: Assignment) -> None:
        from nbgrader import api

        self.session = session
        # Rows to add, by table, those that others refer to first. Many at once cost little more than one.
        self.new: dict[Any, list[dict[str, Any]]] = {
            table: [] for table in (api.Student, api.SubmittedAssignment, api.SubmittedNotebook, api.Grade, api.Comment)
        }
        self.changed: dict[Any, list[dict[str, Any]]] = {api.Grade: [], api.Comment: []}
        drawn = token_hex(12)
        self.ids = (f"{drawn}{place:08x}" for place in itertools.count())
        self.cells = {cell.id: cell for cell in assignment.cells}
        self.id = session.query(api.Assignment.id).filter_by(name=assignment.name).scalar()
        notebook = session.query(api.Notebook.id).filter_by(name=assignment.name, assignment_id=self.id)
        self.notebook = notebook.scalar()
        self.graded = session.query(api.GradeCell.id, api.GradeCell.name).filter_by(notebook_id=self.notebook).all()
        self.answers = (
            session.query(api.SolutionCell.id, api.SolutionCell.name).filter_by(notebook_id=self.notebook).all()
        )

    def look_up(self, students: list[str]) -> None:
        """Find out which of these students the gradebook knows, and what it holds of those who handed this in before.

        Nobody else changes it until we are done.
        """
        from nbgrader import api

        rows = self.session.query(api.Student.id).filter(api.Student.id.in_(students))
        self.students = {student for (student,) in rows}
        handed_in = self.session.query(api.SubmittedAssignment.student_id, api.SubmittedAssignment.id)
        handed_in = handed_in.filter_by(assignment_id=self.id).filter(api.SubmittedAssignment.student_id.in_(students))
        self.submissions = dict(handed_in.all())
        notebooks = self.session.query(api.SubmittedNotebook.assignment_id, api.SubmittedNotebook.id)
        notebooks = notebooks.filter_by(notebook_id=self.notebook)
        notebooks = notebooks.filter(api.SubmittedNotebook.assignment_id.in_(list(self.submissions.values())))
        self.notebooks = dict(notebooks.all())
        self.held = {
            api.Grade: self._held(api.Grade, [key for key, _ in self.graded]),
            api.Comment: self._held(api.Comment, [key for key, _ in self.answers]),
        }

    def _held(self, table: Any, cells: list[str]) -> dict[tuple[str, str], Any]:
        """Return the rows of all notebooks that were handed in before, by notebook and cell.

        They are locked: a grader's click between our reading and our writing would be judged by what was there before.
        All of them are asked for at once, by cell and notebook, for which there is an index.
        """
        from sqlalchemy import select

        if not self.notebooks:
            return {}
        known = table.__table__
        query = select(known).where(known.c.cell_id.in_(cells), known.c.notebook_id.in_(list(self.notebooks.values())))
        rows = self.session.execute(query.order_by(known.c.id).with_for_update())
        return {(row.notebook_id, row.cell_id): row for row in rows}

    def save(self, result: SubmissionResult, before: Answers | None, ran: dict[str, Any]) -> None:
        """Note what changes with one result."""
        from nbgrader import api

        submitted = self._submitted(to_folder_name(result.student_id))
        scores = {check.grade_id: check.score for check in result.checks}
        texts = {cell["id"]: cell["source"] for cell in ran["cells"]}
        for key, name in self.graded:
            held = self.held[api.Grade].get((submitted, key))
            grade = _Grade.of(held)
            _set_grade(grade, self.cells[name], scores.get(name, 0.0), texts, before)
            self._keep(api.Grade, grade, held, cell_id=key, notebook_id=submitted)
        for key, name in self.answers:
            held = self.held[api.Comment].get((submitted, key))
            comment = _Comment.of(held)
            text = texts.get(name, "")
            if before is not None and before.get(name, "") != text:
                comment.manual_comment = None
            comment.auto_comment = None if _is_answer(text, self.cells[name]) else "No response."
            self._keep(api.Comment, comment, held, cell_id=key, notebook_id=submitted)

    def _keep(self, table: Any, row: _Row, held: Any, **place: str) -> None:
        """Note a row to add, or to change where it is another than the gradebook's."""
        if held is None:
            self._add(table, **place, **vars(row))
        elif row != row.of(held):
            self.changed[table].append({"row": held.id, **vars(row)})

    def write(self) -> None:
        """Add the rows of all that was new, and change those that are others now."""
        from sqlalchemy import bindparam, insert, update

        for table, rows in self.new.items():
            if rows:
                self.session.execute(insert(table.__table__), rows)
        for table, rows in self.changed.items():
            if rows:
                known = table.__table__
                self.session.execute(update(known).where(known.c.id == bindparam("row")), rows)

    def _submitted(self, student: str) -> str:
        """Return the id of a student's notebook in the gradebook, which is added where there is none."""
        from nbgrader import api

        if student not in self.students:
            self._add(api.Student, id=student)
            self.students.add(student)
        if student not in self.submissions:
            self.submissions[student] = self._add(api.SubmittedAssignment, assignment_id=self.id, student_id=student)
        submission = self.submissions[student]
        if submission not in self.notebooks:
            keys = {"assignment_id": submission, "notebook_id": self.notebook}
            self.notebooks[submission] = self._add(api.SubmittedNotebook, **keys)
        return self.notebooks[submission]

    def _add(self, table: type, **values: Any) -> str:
        """Note a row to add and return its id, which is made here, so that the database need not be asked for it."""
        values.setdefault("id", next(self.ids))
        self.new[table].append(values)
        return values["id"]


@dataclass
class _Row:
    """What a row of the gradebook will hold. One of SQLAlchemy's objects takes many times as long to make."""

    @classmethod
    def of(cls, held: Any) -> Self:
        """Return what a row holds; what a new one does where there is none."""
        return cls() if held is None else cls(*(getattr(held, field.name) for field in fields(cls)))


@dataclass
class _Grade(_Row):
    """What a grade will hold."""

    auto_score: float | None = None
    manual_score: float | None = None
    extra_credit: float | None = None
    needs_manual_grade: bool = True


@dataclass
class _Comment(_Row):
    """What a comment will hold."""

    auto_comment: str | None = None
    manual_comment: str | None = None


def _set_grade(grade: _Grade, cell: Cell, score: float, answers: Answers, before: Answers | None) -> None:
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
    text = text.strip()
    return bool(text) and text not in (cell.given.strip(), _without_html(cell.given).strip())


def _answers(path: Path) -> Answers | None:
    """Return the sources of the notebook that was recorded before, by cell id; None where there is none."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        return {cell["id"]: "".join(cell["source"]) for cell in cells}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _ran(result: SubmissionResult, template: dict[str, Any]) -> dict[str, Any]:
    """Return the notebook that ran, made from the exercise, with outputs of which no browser runs any."""
    exercise = {cell["id"]: cell for cell in template["cells"]}
    about = f"**{result.status}**: {result.score:g} of {plural(result.max_score, 'point')}. {result.message}"
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
