"""An assignment as plain data, and the notebooks that are made from it.

An `Assignment` holds its cells in the instructor's and in the learners' wording. It is frozen, holds no notebook
objects, and can be sent to another process; `autograder.authoring.sources` reads it. `learner_notebook` and
`instructor_notebook` turn it into notebooks (plain dictionaries in nbformat 4.5), `dumps` a notebook into the text of
its file. The same assignment always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

Kind = Literal["text", "written", "example", "locked", "solution", "check"]
"""``text``: for reading; ``written``: an answer in words; ``example``: code that learners may change; ``locked``: code
that the exercise needs; ``solution``: code that learners write; ``check``: a graded point."""

CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB = "YOUR ANSWER HERE"
METADATA_KEY = "flowercourse"


@dataclass(frozen=True)
class Cell:
    """One cell of an assignment.

    Attributes:
        id: The cell's id in every notebook made from the source: its grade id, or a fingerprint of its text.
        kind: See `Kind`.
        source: The instructor's text, with solution and hidden tests.
        given: The learners' text.
        points: What the cell is worth: positive for ``check`` and ``written``, otherwise 0.
        tags: The notebook cell's tags.
    """

    id: str
    kind: Kind
    source: str
    given: str
    points: int = 0
    tags: tuple[str, ...] = ()

    @property
    def is_code(self) -> bool:
        """Whether the cell holds code."""
        return self.kind not in ("text", "written")

    @property
    def has_grade_id(self) -> bool:
        """Whether the cell's id is a grade id, that is, whether nbgrader knows the cell."""
        return self.kind not in ("text", "example")


@dataclass(frozen=True)
class Assignment:
    """One assignment, as its source describes it.

    Attributes:
        name: The assignment's name, such as ``01-preprocessing``.
        title: Its first heading, such as ``Preparing images``.
        cells: Its cells, in order.
    """

    name: str
    title: str
    cells: tuple[Cell, ...]

    @property
    def module(self) -> str:
        """Return the name of the module of its checks, such as ``mobilenet_v2``."""
        return re.sub(r"^\d+-", "", self.name).replace("-", "_")

    @property
    def max_score(self) -> int:
        """Return the points that are graded automatically."""
        return sum(cell.points for cell in self.cells if cell.kind == "check")

    @property
    def manual_points(self) -> int:
        """Return the points that are graded by hand."""
        return sum(cell.points for cell in self.cells if cell.kind == "written")

    @cached_property
    def version(self) -> str:
        """Return the fingerprint of what learners get: 12 hexadecimal digits (see `autograder.authoring.build`)."""
        content = [[cell.id, cell.kind, cell.points, cell.given] for cell in self.cells if cell.kind != "text"]
        canonical = json.dumps([self.name, content], ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:12]


def learner_notebook(assignment: Assignment) -> dict[str, Any]:
    """Return the notebook that learners get: no solution, no hidden test, no output."""
    return _notebook(assignment, [(cell, cell.given) for cell in assignment.cells], released=True)


def instructor_notebook(assignment: Assignment) -> dict[str, Any]:
    """Return the notebook with everything in it, as nbgrader calls a source notebook."""
    return _notebook(assignment, [(cell, cell.source) for cell in assignment.cells], released=False)


def dumps(notebook: Any) -> str:
    """Return the text of a notebook's file, as Jupyter writes it: UTF-8, one source line a line, sorted keys."""
    # nbformat's writer gives the same bytes, and copies the notebook with all its pictures first.
    cells = [{**cell, "source": cell["source"].splitlines(keepends=True)} for cell in notebook["cells"]]
    return json.dumps({**notebook, "cells": cells}, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _notebook(assignment: Assignment, cells: list[tuple[Cell, str]], *, released: bool) -> dict[str, Any]:
    return {
        "cells": [_notebook_cell(cell, source, released=released) for cell, source in cells],
        "metadata": {
            METADATA_KEY: {"assignment": assignment.name, "version": assignment.version},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _notebook_cell(cell: Cell, source: str, *, released: bool) -> dict[str, Any]:
    metadata: dict[str, Any] = {"tags": list(cell.tags)} if cell.tags else {}
    made: dict[str, Any] = {
        "cell_type": "code" if cell.is_code else "markdown",
        "id": cell.id,
        "metadata": metadata,
        "source": source,
    }
    if cell.is_code:
        made |= {"execution_count": None, "outputs": []}
    if cell.has_grade_id:
        metadata["nbgrader"] = _nbgrader_metadata(cell)
        if released:
            metadata["nbgrader"]["checksum"] = checksum(cell, source)
            # What JupyterLab honours: given code cannot be changed by accident, and no cell that counts can be deleted.
            metadata |= {"deletable": False} | ({"editable": False} if metadata["nbgrader"]["locked"] else {})
    return made


def _nbgrader_metadata(cell: Cell) -> dict[str, Any]:
    made = {
        "cell_type": "code" if cell.is_code else "markdown",
        "grade": cell.kind in ("check", "written"),
        "grade_id": cell.id,
        "locked": cell.kind in ("check", "locked"),
        "schema_version": 3,
        "solution": cell.kind in ("solution", "written"),
        "task": False,
    }
    return made | ({"points": cell.points} if cell.points else {})


def checksum(cell: Cell, source: str) -> str:
    """Return nbgrader's fingerprint of a cell with this text, by which it notices that a given cell was changed."""
    from nbformat import from_dict
    from nbgrader.utils import compute_checksum

    metadata = {"nbgrader": _nbgrader_metadata(cell)}
    cell_type = "code" if cell.is_code else "markdown"
    return compute_checksum(from_dict({"cell_type": cell_type, "source": source, "metadata": metadata}))
