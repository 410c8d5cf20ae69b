"""Reads one submitted notebook and rebuilds the notebook that will run.

What comes from where:

- Given code, checks, points, ids and the order of cells come from the assignment's source, always. The same cells in
  the submission are dropped, whatever was made of them, and put back where they are missing.
- The learner's code is taken for the cells that the exercise leaves to learners, found by nbgrader's grade id, else by
  the cell's id. It is kept as text; tags, metadata, outputs and attachments of the submission are dropped.
- Cells that the learner added run too, behind the cell of the exercise that they stood behind. So does the second of
  two cells with one grade id (pasting a cell makes such pairs): what ran for the learner runs, in the same order.
- A learner's cell that has lost its marks (some editors drop them) counts as added. Where it stands in the place of a
  missing cell, that cell's stub is not put back, lest it undo the learner's work.
- A copy made from another version of the exercise is graded where all graded cells are the same, rejected where not.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.notebooks import METADATA_KEY, Assignment, Cell
from autograder.results import CellRole
from autograder.submissions import Found, Rebuilt, RebuiltCell, Rejected

MAX_BYTES = 20 * 2**20
"""The largest notebook that is read, in bytes. Thirty figures need about 2 MB."""
MAX_CELLS = 1000
# Each comma, bracket and brace of a file may become an object of some hundred bytes in memory.
MAX_JSON_PARTS = 2_000_000

ROLES: dict[str, CellRole] = {
    "text": "text",
    "written": "text",
    "example": "learner",
    "solution": "learner",
    "locked": "given",
    "check": "graded",
}


@dataclass(frozen=True)
class Submitted:
    """One cell as handed in, made safe: ``key`` is the exercise's cell that it says it is, or empty."""

    key: str
    is_code: bool
    source: str


def rebuild(found: Found, assignment: Assignment | None) -> Rebuilt:
    """Read one submission and return the notebook that will run.

    Args:
        found: From `autograder.collect.find_submissions`.
        assignment: The assignment of that name; None where there is none.

    Raises:
        Rejected: The submission cannot be graded; says why, for the learner.
    """
    if found.problem:
        raise reject(found.problem)
    if assignment is None:
        raise reject(f"There is no assignment named {found.assignment!r}. Hand in to one of the course's assignments.")
    data = read(found)
    notebook = parse(data)
    known = {cell.id: cell for cell in assignment.cells}
    cells, unreadable = _submitted_cells(notebook["cells"], known)
    notes = [*found.notes]
    if unreadable:
        notes.append(
            f"{unreadable} cells were damaged and have been left out."
            if unreadable > 1
            else "A damaged cell has been left out."
        )
    outdated = _check_version(notebook.get("metadata"), cells, notebook["cells"], assignment, notes)
    return Rebuilt(
        student_id=found.student_id,
        assignment=assignment.name,
        module=assignment.module,
        version=assignment.version,
        cells=_merge(assignment, cells),
        outdated=outdated,
        notes=tuple(notes),
        digest=hashlib.sha256(data).hexdigest(),
    )


def reject(message: str) -> Rejected:
    """Return the error that rejects a submission with ``message`` (sentences for the learner)."""
    return Rejected(message)


def read(found: Found) -> bytes:
    """Return the bytes of a found notebook. Each folder on the way is opened as such, so that none can be a link.

    Raises:
        Rejected: It is too large, empty, no regular file, or cannot be read.
    """
    path = found.notebook
    assert path is not None, "a found submission without a problem has a notebook"
    try:
        data = _read_regular(path)
    except OSError as error:
        raise reject(f"The notebook could not be read ({error.strerror or error}).") from error
    if not data.strip():
        raise reject("The notebook is an empty file. Save it in Jupyter and hand it in again.")
    return data


def _read_regular(path: Path) -> bytes:
    folder_flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    student = os.open(path.parent.parent, folder_flags)
    try:
        folder = os.open(path.parent.name, folder_flags, dir_fd=student)
    finally:
        os.close(student)
    try:
        # Without O_NONBLOCK, opening a named pipe waits for somebody to write to it.
        handle = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if (status.st_mode & 0o170000) != 0o100000:
            raise reject("The notebook is not a regular file. Hand in the notebook itself.")
        if status.st_size > MAX_BYTES:
            raise _too_large(status.st_size)
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _too_large(len(data))
    return data


def _too_large(size: int) -> Rejected:
    return reject(
        f"The notebook has {size / 2**20:.0f} MB; at most {MAX_BYTES // 2**20} MB are read. Clear the outputs of all "
        "cells, save it, and hand it in again."
    )


def parse(data: bytes) -> dict[str, Any]:
    """Return a notebook's content: a dictionary of nbformat 4 whose ``cells`` are a list.

    Raises:
        Rejected: It is not a notebook, or one of another format.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise reject("The file is not in UTF-8. Open it in Jupyter, save it, and hand it in again.") from error
    if sum(map(text.count, "[{,")) > MAX_JSON_PARTS:
        raise reject("The notebook holds too much to be read. Clear the outputs of all cells and hand it in again.")
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError, MemoryError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise reject(
            f"The file is not a notebook: its JSON is broken{where}. Hand in the notebook as Jupyter saves it."
        ) from error
    if not isinstance(notebook, dict):
        raise reject("The file is not a notebook. Hand in the notebook as Jupyter saves it.")
    major = notebook.get("nbformat")
    if type(major) is not int or major != 4:
        shown = repr(major)[:20] if isinstance(major, int | str | float) else "unknown"
        raise reject(
            f"The notebook's format is {shown} instead of 4. Open it in JupyterLab, save it, and hand it in again."
        )
    if not isinstance(notebook.get("cells"), list):
        raise reject("The notebook has no list of cells. Hand in the notebook as Jupyter saves it.")
    if len(notebook["cells"]) > MAX_CELLS:
        raise reject(f"The notebook has {len(notebook['cells'])} cells; at most {MAX_CELLS} are read.")
    return notebook


def _submitted_cells(raw_cells: list[Any], known: Mapping[str, Cell]) -> tuple[list[Submitted], int]:
    """Return the cells that can be read, and how many cannot."""
    by_text = {_squeezed(cell.given): cell.id for cell in known.values() if cell.kind not in ("solution", "written")}
    made = [_submitted_cell(raw, known, by_text) for raw in raw_cells]
    cells = [cell for cell in made if cell is not None]
    return cells, len(made) - len(cells)


def _submitted_cell(raw: Any, known: Mapping[str, Cell], by_text: Mapping[str, str]) -> Submitted | None:
    if not isinstance(raw, dict) or not isinstance(raw.get("cell_type"), str):
        return None
    source = _text(raw.get("source", ""))
    if source is None:
        return None
    metadata = _mapping(raw.get("metadata"))
    grade_id, cell_id, colab_id = _mapping(metadata.get("nbgrader")).get("grade_id"), raw.get("id"), metadata.get("id")
    named = [name for name in (grade_id, cell_id, colab_id) if isinstance(name, str) and name in known]
    key = named[0] if named else by_text.get(_squeezed(source), "")
    return Submitted(key, raw["cell_type"] == "code", source)


def _text(source: Any) -> str | None:
    """Return a cell's source as one string that can be encoded; None where it is no text."""
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        source = "".join(source)
    if not isinstance(source, str):
        return None
    # JSON can spell half of a surrogate pair, which no file or kernel takes.
    return source.encode("utf-8", "replace").decode("utf-8")


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _squeezed(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def _check_version(
    metadata: Any, cells: list[Submitted], raw_cells: list[Any], assignment: Assignment, notes: list[str]
) -> bool:
    """Say whether the copy is outdated, adding to ``notes`` what its learner should know.

    Raises:
        Rejected: It is another notebook, or an outdated copy whose graded cells are not those of today.
    """
    marks = _mapping(_mapping(metadata).get(METADATA_KEY))
    present = {cell.key for cell in cells}
    if not any(cell.has_grade_id and cell.id in present for cell in assignment.cells):
        other = marks.get("assignment")
        named = f" It says that it is {other[:60]!r}." if isinstance(other, str) and other != assignment.name else ""
        raise reject(f"This is not the notebook of {assignment.name}: none of its tasks is in it.{named}")
    version = marks.get("version")
    if version == assignment.version:
        return False
    if not isinstance(version, str):
        notes.append("The notebook does not say which version of the exercise it is; it was graded by the current one.")
        return False
    claimed = {_mapping(_mapping(_mapping(raw).get("metadata")).get("nbgrader")).get("grade_id") for raw in raw_cells}
    expected = {cell.id for cell in assignment.cells if cell.has_grade_id}
    unknown = {name for name in claimed if isinstance(name, str)} - expected
    missing = {cell.id for cell in assignment.cells if cell.kind in ("check", "written")} - present
    if unknown or missing:
        raise reject(
            f"This copy was made from another version of {assignment.name}, whose tasks are not those of today. "
            "Get the current exercise, paste your answers into it, and hand that in."
        )
    notes.append("Your copy was made from an earlier version of the exercise; it was graded by the current one.")
    return True


def _merge(assignment: Assignment, cells: list[Submitted]) -> tuple[RebuiltCell, ...]:
    answers, added = _sort_out(assignment, cells)
    rebuilt: list[RebuiltCell] = list(added.get("", []))
    waiting: list[RebuiltCell] = []
    for cell in assignment.cells:
        left_to_learners = cell.kind in ("solution", "written", "example")
        missing = left_to_learners and cell.id not in answers
        if not missing:
            rebuilt += waiting
            waiting = []
        if missing and any(one.role == "learner" for one in waiting):
            note = "This cell was missing. The code that stands in its place has been run."
            rebuilt.append(RebuiltCell(cell.id, ROLES[cell.kind], "", cell.points, note))
        elif missing:
            note = "This cell was missing and has been put back."
            rebuilt.append(RebuiltCell(cell.id, ROLES[cell.kind], cell.given, cell.points, note))
        else:
            rebuilt.append(answers.get(cell.id) or RebuiltCell(cell.id, ROLES[cell.kind], cell.given, cell.points))
        waiting += added.get(cell.id, [])
    return (*rebuilt, *waiting)


def _sort_out(
    assignment: Assignment, cells: list[Submitted]
) -> tuple[dict[str, RebuiltCell], dict[str, list[RebuiltCell]]]:
    """Return the learner's answers by cell, and the added cells by the cell that they stood behind ("": the start)."""
    known = {cell.id: cell for cell in assignment.cells}
    answers: dict[str, RebuiltCell] = {}
    added: dict[str, list[RebuiltCell]] = {}
    behind, count = "", 0
    for cell in cells:
        place = known.get(cell.key)
        if place is not None and place.kind in ("text", "locked", "check"):
            behind = place.id
        elif place is not None and place.id not in answers:
            behind = place.id
            note = "This was a text cell; it has been run as code." if place.is_code and not cell.is_code else ""
            answers[place.id] = RebuiltCell(place.id, ROLES[place.kind], cell.source, place.points, note)
        elif cell.source.strip():
            count += 1
            role: CellRole = "learner" if cell.is_code else "text"
            added.setdefault(behind, []).append(RebuiltCell(f"added-{count}", role, cell.source))
    return answers, added
