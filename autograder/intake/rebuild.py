"""Reads one submitted notebook and rebuilds the notebook that will run.

What comes from where:

- Given code, checks, points, ids and the order of cells come from the assignment's source, always. The same cells in
  the submission are dropped, whatever was made of them, and put back where they are missing.
- The learner's code is taken for the cells that the exercise leaves to learners, found by nbgrader's grade id, else by
  the cell's id. It is kept as text; tags, metadata, outputs and attachments of the submission are dropped.
- Cells that the learner added run too, behind the cell of the exercise that they stood behind. So does the second of
  two cells with one grade id (pasting a cell makes such pairs): what ran for the learner runs, in the same order.
- A missing answer is put back empty, never as the exercise's stub: the learner may have merged it into another cell,
  and a stub below would undo her work. Given code and examples are put back as they are; only where a learner's cell
  that has lost its marks (some editors drop them) stands in the place of a missing example, it stays in force.
- A copy made from another version of the exercise is graded where all graded cells are the same, rejected where not.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring.notebooks import METADATA_KEY, Assignment, Cell
from autograder.checking.quoting import quote
from autograder.conversation.protocol import clean_text
from autograder.intake.submissions import CellRole, Found, Rebuilt, RebuiltCell, Rejected

MIB = 2**20
MAX_BYTES = 100 * MIB
"""The largest notebook that is read, in bytes. Thirty figures need about 2 MB; a video may need 50. Reading one takes
at most ten times its size of memory, for a moment; of what it holds, the cells' texts are kept."""
MAX_SOURCE_BYTES = 20 * MIB
"""The most bytes that its cells' texts may have together; they are kept until the class is graded."""
MAX_CELLS = 5_000
"""The most cells that are read, empty ones not counted."""
# Each comma, bracket and brace outside of texts may become an object of some hundred bytes in memory.
MAX_JSON_PARTS = 2_000_000
# Python turns texts of up to 4300 digits into integers, and raises an error for longer ones.
MAX_DIGITS = 1_000

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_AS_JUPYTER_SAVES_IT = "Hand in the notebook as Jupyter saves it."

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
        found: From `autograder.intake.find.find_submissions`.
        assignment: The assignment of that name; None where there is none.

    Raises:
        Rejected: The submission cannot be graded; says why, for the learner.
    """
    if found.problem:
        raise Rejected(" ".join((found.problem, *found.notes)))
    if assignment is None:
        name = quote(found.assignment, 80)
        raise Rejected(f"There is no assignment named {name!r}. Hand in to one of the course's assignments.")
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


def read(found: Found) -> bytes:
    """Return the bytes of a found notebook. Each folder on the way is opened as such, so that none can be a link.

    Raises:
        Rejected: It is too large, empty, no regular file, or cannot be read.
    """
    path = found.notebook
    assert path is not None, "a found submission without a problem has a notebook"
    try:
        data = _read_regular(path, found.depth)
    except OSError as error:
        raise Rejected(f"The notebook could not be read ({error.strerror or error}).") from error
    if not data.strip():
        raise Rejected("The notebook is an empty file. Save it in Jupyter and hand it in again.")
    return data


def _read_regular(path: Path, depth: int) -> bytes:
    handle = _open_below(path.parents[depth], path.parts[-depth - 1 :])
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Rejected("The notebook is not a regular file. Hand in the notebook itself.")
        if status.st_size > MAX_BYTES:
            raise _too_large(status.st_size)
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _too_large(len(data))
    return data


def _open_below(root: Path, names: tuple[str, ...]) -> int:
    """Open a file below ``root``, which may be a link; neither the file nor a folder on the way to it may be one."""
    *folders, name = names
    place = os.open(root, _FOLDER)
    try:
        for folder in folders:
            outer, place = place, os.open(folder, _FOLDER | os.O_NOFOLLOW, dir_fd=place)
            os.close(outer)
        # Without O_NONBLOCK, opening a named pipe waits for somebody to write to it.
        return os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=place)
    finally:
        os.close(place)


def _too_large(size: int) -> Rejected:
    return Rejected(
        f"The notebook has {_megabytes(size)} MB; at most {MAX_BYTES // MIB} MB are read. Clear the outputs of all "
        "cells, save it, and hand it in again."
    )


def _megabytes(size: int) -> int:
    """Return a size in MB, rounded up, so that what is over a limit never looks equal to it."""
    return -(-size // MIB)


def parse(data: bytes) -> dict[str, Any]:
    """Return a notebook's content: a dictionary whose ``cells`` are a list, as in nbformat 4.

    Raises:
        Rejected: It is not a notebook, or one of another format than 3 and 4, or it holds too much.
    """
    notebook = _parse_json(_decode(data))
    if not isinstance(notebook, dict):
        raise Rejected(f"The file is not a notebook. {_AS_JUPYTER_SAVES_IT}")
    major = notebook.get("nbformat")
    if _is_format(3, major):
        notebook = _from_format_3(notebook)
    elif not _is_format(4, major):
        shown = repr(major)[:20] if isinstance(major, int | str | float) else "unknown"
        raise Rejected(
            f"The notebook's format is {shown} instead of 4. Open it in JupyterLab, save it, and hand it in again."
        )
    if not isinstance(notebook.get("cells"), list):
        raise Rejected(f"The notebook has no list of cells. {_AS_JUPYTER_SAVES_IT}")
    _check_size(notebook["cells"])
    return notebook


def _decode(data: bytes) -> str:
    """Return a file's text, which is in UTF-8, or in UTF-16 or UTF-32 where an editor saved it so.

    Raises:
        Rejected: It is in none of them.
    """
    try:
        return data.decode(json.detect_encoding(data))
    except UnicodeDecodeError as error:
        raise Rejected("The file is not in UTF-8. Open it in Jupyter, save it, and hand it in again.") from error


def _parse_json(text: str) -> Any:
    """Return what a JSON text holds. Integers that nobody would write, of thousands of digits, become 0.

    Raises:
        Rejected: It holds more than memory should be spent on, or is no JSON.
    """
    parts = _count_parts(text.encode("utf-8"))
    if parts > MAX_JSON_PARTS:
        raise Rejected(
            f"The notebook holds too much to be read: {parts:,} values, and at most {MAX_JSON_PARTS:,} are read. "
            "Clear the outputs of all cells and hand it in again."
        )
    try:
        return json.loads(text, parse_int=_integer)
    except (ValueError, RecursionError, MemoryError) as error:
        where = f" (line {error.lineno})" if isinstance(error, json.JSONDecodeError) else ""
        raise Rejected(f"The file is not a notebook: its JSON is broken{where}. {_AS_JUPYTER_SAVES_IT}") from error


def _count_parts(data: bytes) -> int:
    r"""Return how many commas, opening brackets and opening braces of a JSON text stand outside of its strings.

    >>> _count_parts(rb'{"a, b": [1, "\"[,"]}')
    3
    """
    unescaped = data.replace(rb"\\", b"").replace(rb"\"", b"")
    marks = np.frombuffer(unescaped.translate(None, bytes(set(range(256)) - set(b'"[{,'))), np.uint8)
    is_quote = marks == ord('"')
    in_string = np.bitwise_xor.accumulate(is_quote)
    return int(np.count_nonzero(~in_string & ~is_quote))


def _integer(digits: str) -> int:
    return int(digits) if len(digits) <= MAX_DIGITS else 0


def _is_format(number: int, major: object) -> bool:
    """Say whether ``nbformat`` is this number; some tools write it as ``4.0`` or as text."""
    return major in (number, str(number), f"{number}.0")


def _from_format_3(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook of nbformat 3 with its cells where nbformat 4 has them."""
    sheets = notebook.get("worksheets")
    lists = [_mapping(sheet).get("cells") for sheet in sheets] if isinstance(sheets, list) else []
    cells = [cell for cells in lists if isinstance(cells, list) for cell in cells]
    return {**notebook, "cells": [_cell_from_format_3(cell) for cell in cells]}


def _cell_from_format_3(cell: Any) -> Any:
    kind = _mapping(cell).get("cell_type")
    if kind == "code":
        return {**cell, "source": cell.get("input", "")}
    return {**cell, "cell_type": "markdown"} if kind == "heading" else cell


def _check_size(cells: list[Any]) -> None:
    """Refuse more cells, or longer ones, than anybody writes; what cells showed is not counted.

    Raises:
        Rejected: There are too many, or they are too long.
    """
    sources = [_text(_mapping(cell).get("source")) or "" for cell in cells]
    count = sum(bool(source) and not source.isspace() for source in sources)
    size = sum(len(source.encode("utf-8")) for source in sources)
    if count > MAX_CELLS:
        raise Rejected(f"The notebook has {count:,} cells that are not empty; at most {MAX_CELLS:,} are read.")
    if size > MAX_SOURCE_BYTES:
        raise Rejected(
            f"The cells' code and text have {_megabytes(size)} MB; at most {MAX_SOURCE_BYTES // MIB} MB are read. "
            "Take out what is not yours to write, such as data or pictures pasted as text, and hand it in again."
        )


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
    return clean_text(source)


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
        says = quote(other, 80) if isinstance(other, str) and other != assignment.name else ""
        named = f" It says that it is {says!r}." if says else ""
        raise Rejected(f"This is not the notebook of {assignment.name}: none of its tasks is in it.{named}")
    version = marks.get("version")
    if version == assignment.version:
        return False
    if not isinstance(version, str):
        notes.append("The notebook does not say which version of the exercise it is; it was graded by the current one.")
        return False
    claims = (_mapping(_mapping(_mapping(raw).get("metadata")).get("nbgrader")).get("grade_id") for raw in raw_cells)
    claimed = {name for name in claims if isinstance(name, str)}  # whatever else JSON can hold is nobody's name
    expected = {cell.id for cell in assignment.cells if cell.has_grade_id}
    unknown = {name for name in claimed if isinstance(name, str)} - expected
    missing = {cell.id for cell in assignment.cells if cell.kind in ("check", "written")} - present
    if unknown or missing:
        raise Rejected(
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
        elif missing and cell.kind == "solution":
            note = "This cell was missing and has been put back, empty."
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
