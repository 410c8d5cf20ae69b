"""A submission on its way to being graded: as found on the disk, and as rebuilt into the notebook that will run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flowercourse.errors import CourseError

CellRole = Literal["learner", "given", "graded", "text"]
"""``learner``: the learner's code; ``given``: the assignment's code (such as the setup cell); ``graded``: a point,
whose checks run outside the learner's kernel; ``text``: not run."""


class Rejected(CourseError):
    """A submission that cannot be graded; ``str(error)`` is the message for the learner."""

    def __init__(self, message: str) -> None:
        super().__init__("The submission was rejected", message, "Hand it in again")
        self.message = message

    def __reduce__(self) -> tuple[type[Rejected], tuple[str]]:
        return Rejected, (self.message,)

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class Found:
    """One submission, as found on the disk and not yet opened.

    Attributes:
        student_id: The name of the student's folder.
        assignment: The name of the assignment's folder.
        folder: That folder.
        notebook: The notebook to grade; None where there is none that could be.
        problem: Why the submission cannot be graded, for the learner; empty where nothing is known against it.
        notes: What learner and instructor should know besides, such as a second notebook that was left out.
        depth: How many folders below ``SUBMITTED`` the notebook lies: 2, unless it was found where it does not belong.
    """

    student_id: str
    assignment: str
    folder: Path
    notebook: Path | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()
    depth: int = 2


@dataclass(frozen=True)
class RebuiltCell:
    """One cell of the notebook that will run.

    Attributes:
        id: For cells of the assignment their id there (the grade id, for graded and solution cells); for cells that the
            learner added, ``added-1``, ``added-2``, ...
        role: See `CellRole`.
        source: The code or text. Graded cells hold what the learner sees of them; the checks to run are those named
            ``id`` in the assignment's modules of visible and hidden checks.
        points: What a graded cell is worth; for a text cell with points, what its manual grade is worth.
        note: A remark for the feedback page, such as "This cell was missing and has been put back."
    """

    id: str
    role: CellRole
    source: str
    points: int = 0
    note: str = ""


@dataclass(frozen=True)
class Rebuilt:
    """The notebook that will run.

    Attributes:
        student_id: Whose it is.
        assignment: The assignment's name.
        module: The name of the assignment's modules of checks, such as ``mobilenet_v2``.
        version: The assignment's version, by which it is graded.
        cells: All cells, in order.
        outdated: Whether the learner's copy was made from another version of the exercise.
        notes: Remarks for the result's message.
        digest: SHA-256 of the submitted file, as 64 hexadecimal digits.
    """

    student_id: str
    assignment: str
    module: str
    version: str
    cells: tuple[RebuiltCell, ...]
    outdated: bool = False
    notes: tuple[str, ...] = ()
    digest: str = ""

    @property
    def max_score(self) -> int:
        """Return the points that are graded automatically."""
        return sum(cell.points for cell in self.cells if cell.role == "graded")
