"""What became of a submission: plain, frozen records that every room of the autograder reads.

A result is data alone. It survives a journey through JSON (``to_json``, ``from_json``) unchanged, which is how the
journal, ``results.json`` and the processes that grade hand it on. Texts that come from a learner's kernel (outputs,
messages that quote values) are untrusted: whoever shows them escapes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from autograder.checking.core import CheckResult
from autograder.intake.submissions import CellRole

Status = Literal["graded", "timeout", "out_of_memory", "crashed", "rejected"]
"""``graded``: ran to its end. ``timeout``, ``out_of_memory``, ``crashed``: cut short; points earned before it count.
``rejected``: could not be read, and nothing of it ran."""

STATUSES: tuple[Status, ...] = ("graded", "timeout", "out_of_memory", "crashed", "rejected")

CellState = Literal["ok", "error", "timeout", "not_run"]
__all__ = [
    "STATUSES",
    "CellOutcome",
    "CellState",
    "CheckResult",
    "Final",
    "ManualGrade",
    "Status",
    "SubmissionResult",
]


@dataclass(frozen=True)
class CellOutcome:
    """What became of one cell of a rebuilt notebook.

    Attributes:
        id: The rebuilt cell's id; for graded and solution cells the grade id.
        role: The rebuilt cell's role (see `autograder.intake.submissions.RebuiltCell`).
        source: The text that the cell had, as the feedback page shows it.
        points: What the cell is worth.
        note: A remark for the feedback page.
        state: ``ok``, ``error`` (it raised), ``timeout``, or ``not_run`` (text, or the kernel was gone).
        outputs: What the cell showed, as nbformat 4 output dictionaries. Untrusted.
        seconds: How long the cell ran, in seconds.
    """

    id: str
    role: CellRole
    source: str
    points: int = 0
    note: str = ""
    state: CellState = "not_run"
    outputs: tuple[Mapping[str, Any], ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True)
class SubmissionResult:
    """What became of one submission: one row of ``grades.csv``.

    Attributes:
        student_id: The name of the student's folder.
        assignment: The name of the assignment's folder.
        status: See `Status`.
        score: Points earned of those that are graded automatically.
        max_score: All points that are graded automatically; 0 where the assignment is unknown.
        seconds: Wall time that the submission took, in seconds.
        crowded: Whether it was cut short where others running beside it may be why: it deserves a run of its own.
        message: One or two sentences for the learner and the instructor; may be empty.
        checks: One result for each graded cell, in the notebook's order; empty where nothing was checked.
        cells: One outcome for each cell of the rebuilt notebook, in order; empty where nothing ran.
        version: The exercise's version that the submission was graded by.
        seed: The seed from which this submission's inputs were drawn, so that an instructor can repeat the grading.
    """

    student_id: str
    assignment: str
    status: Status
    score: float = 0.0
    max_score: float = 0.0
    seconds: float = 0.0
    crowded: bool = False
    message: str = ""
    checks: tuple[CheckResult, ...] = ()
    cells: tuple[CellOutcome, ...] = ()
    version: str = ""
    seed: int | None = None

    @property
    def key(self) -> tuple[str, str]:
        """Return what names a submission: student and assignment."""
        return self.student_id, self.assignment

    def to_json(self) -> dict[str, Any]:
        """Return the result as what `json.dumps` takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> SubmissionResult:
        """Return the result that `to_json` made ``data`` from.

        Raises:
            TypeError: ``data`` has fields that a result does not have.
            KeyError: ``data`` lacks one that it must have.
        """
        fields = dict(data)
        fields["checks"] = tuple(CheckResult.from_json(check) for check in data.get("checks", ()))
        fields["cells"] = tuple(
            CellOutcome(**{**cell, "outputs": tuple(cell["outputs"])}) for cell in data.get("cells", ())
        )
        return cls(**fields)


@dataclass(frozen=True)
class ManualGrade:
    """What a grader decided about one cell.

    Attributes:
        score: Points given; None while a grade is due.
        points: What the cell is worth.
        comment: The grader's words.
        is_written: Whether the cell is graded by hand alone; otherwise the grader overruled a check.
    """

    score: float | None
    points: float
    comment: str = ""
    is_written: bool = True


@dataclass(frozen=True)
class Final:
    """What counts of a submission's points, after the course's policy; results and rows keep what was earned.

    Attributes:
        score: The points that count.
        days: Days late, each begun one counted.
        deduction: Points taken off for that.
        dropped: Whether the result does not count, as one of the learner's lowest.
        words: All of that in sentences for the learner; empty where the policy changes nothing.
    """

    score: float
    days: int = 0
    deduction: float = 0.0
    dropped: bool = False
    words: str = ""
