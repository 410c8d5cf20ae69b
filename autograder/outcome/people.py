"""Who a row of grades belongs to, as the learning platform knows her: from the roster, and from what was collected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from autograder.files import from_folder_name
from autograder.intake.find import printable
from autograder.intake.receipts import Receipt
from autograder.intake.roster import Learner, Roster, composed
from flowercourse.errors import CourseError


class People:
    """Finds learners by the id that grades have: the name of their folder."""

    def __init__(self, roster: Roster | None = None, receipts: Mapping[tuple[str, str], Receipt] | None = None) -> None:
        self.roster, self.receipts = roster, receipts or {}
        self._of_folder = {one.folder: one for one in self.receipts.values()}

    def of(self, folder: str) -> Learner:
        """Return a learner; of one whom nothing is known about, the id alone.

        Raises:
            CourseError: There is a roster, and she is not in it.
        """
        receipt, known = self._of_folder.get(folder), self.id_of(folder)
        if self.roster is None:
            canvas_id = receipt.platform_id if receipt and receipt.platform == "canvas" else ""
            return Learner(known, receipt.name if receipt else "", canvas_id)
        for one in (known, from_folder_name(known)):
            if composed(one) in self.roster.by_id:
                learner = self.roster.by_id[composed(one)]
                name = learner.name or (receipt.name if receipt else "")
                return replace(learner, name=name)
        raise CourseError(
            f"The grades of {printable(known)!r} were not exported",
            "the roster does not have that id",
            "Add the line to the roster, or take the folder out of the submissions and grade again",
        )

    def id_of(self, folder: str) -> str:
        """Return a learner's id; the folder's name where nothing else is known."""
        receipt = self._of_folder.get(folder)
        return receipt.student_id if receipt else folder

    def receipt(self, folder: str, assignment: str) -> Receipt | None:
        """Return what is known about one submission."""
        return self.receipts.get((folder, assignment))


def refuse_missing(what: str, why: str, students: Iterable[str], next_step: str) -> None:
    """Stop where something is not known of learners, naming the first few.

    Raises:
        CourseError: ``students`` is not empty.
    """
    students = list(students)
    if students:
        some = ", ".join(repr(printable(one)) for one in students[:5]) + (", ..." if len(students) > 5 else "")
        raise CourseError(what, f"{why}: {some}", next_step)
