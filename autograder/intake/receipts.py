"""What `collect` keeps about submissions beside the notebooks: ``SUBMITTED/collected.json``.

It holds what a platform knows and a notebook does not say: its number of the learner, when something was handed in,
and whether it was late. Late policy and exports read it. It lies outside of the learners' folders, in which strangers
may have put anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from autograder.files import write_text
from flowercourse.errors import CourseError

NAME = "collected.json"


@dataclass(frozen=True)
class Receipt:
    """What is known about one submission.

    Attributes:
        folder: The name of the student's folder: the id that ``grades.csv`` has.
        assignment: The assignment's name.
        student_id: The learner's id, as the roster or the platform spells it.
        name: Her name, as the roster or the platform spells it.
        platform: Where it was downloaded from: a key of `autograder.intake.platforms.PLATFORMS`.
        platform_id: The platform's number of the learner, or of the participant in this assignment.
        platform_name: Her name as the platform's archive spells it.
        submitted_at: When it was handed in, in ISO 8601 with its offset from UTC; empty where nothing says it.
        late: Whether the platform marks it as late; None where it does not say.
        sha256: Of the notebook that counts, as 64 hexadecimal digits; empty where there is none.
    """

    folder: str
    assignment: str
    student_id: str
    name: str = ""
    platform: str = ""
    platform_id: str = ""
    platform_name: str = ""
    submitted_at: str = ""
    late: bool | None = None
    sha256: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Return what names the submission, as `autograder.outcome.results.SubmissionResult.key` does."""
        return self.folder, self.assignment

    @property
    def when(self) -> datetime | None:
        """Return when it was handed in; None where that is not known."""
        return datetime.fromisoformat(self.submitted_at) if self.submitted_at else None


def read_receipts(submitted: Path) -> dict[tuple[str, str], Receipt]:
    """Return what is known about the submissions in a folder, by student's folder and assignment.

    Raises:
        CourseError: The file is there and cannot be read.
    """
    path = submitted / NAME
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["submissions"]
        receipts = [Receipt(**row) for row in rows]
        for one in receipts:
            if one.when is not None and one.when.tzinfo is None:
                raise ValueError(f"{one.submitted_at} has no offset from UTC")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{path} was not read", str(error), "Put it back from a copy, or remove it and collect the downloads again"
        ) from error
    return {one.key: one for one in receipts}


def receipts_json(receipts: Mapping[tuple[str, str], Receipt] | Iterable[Receipt]) -> str:
    """Return the text of ``collected.json``."""
    rows = receipts.values() if isinstance(receipts, Mapping) else receipts
    rows = sorted(rows, key=lambda one: one.key)
    return json.dumps({"format": 1, "submissions": [asdict(one) for one in rows]}, indent=1, ensure_ascii=True) + "\n"


def write_receipts(submitted: Path, receipts: Mapping[tuple[str, str], Receipt]) -> None:
    """Write ``SUBMITTED/collected.json``, atomically."""
    write_text(submitted / NAME, receipts_json(receipts))
