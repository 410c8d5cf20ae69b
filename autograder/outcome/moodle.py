"""Grades and feedback pages as Moodle's assignment takes them back.

- The *grading worksheet* (feedback type "Offline grading worksheet"): one assignment; Moodle finds a participant by
  ``Identifier``, reads ``Grade``, and leaves alone what was graded after ``Last modified (grade)``. From Moodle's
  source, ``mod/assign/feedback/offline/importgradeslib.php`` and ``locallib.php`` (``process_import_grades``).
- *Feedback files in a zip* (feedback type "Feedback files", "Upload multiple feedback files in a zip"): a folder for
  each participant, named ``FULL NAME_PARTICIPANT_assignsubmission_file_`` as in the download. Moodle before 4.1 wants
  the last ``_``, and later ones take it. From ``mod/assign/feedback/file/importziplib.php``.

The number of a participant holds for one assignment. It comes from the download, or from the assignment's worksheet.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from autograder.intake.roster import Learner
from autograder.outcome.class_grades import ClassGrades, Row
from autograder.outcome.people import refuse_missing
from autograder.outcome.report import cell_text, csv_text, points_text
from flowercourse.errors import CourseError
from flowercourse.paths import whole_file

COLUMNS = ("Identifier", "Full name", "Email address", "Grade", "Maximum Grade", "Last modified (grade)")
_ASK_FOR = "Download the assignment's grading worksheet in Moodle, and name it with --roster"
_DATE = (1980, 1, 1, 0, 0, 0)  # so that the same pages give the same archive


def as_moodle(grades: ClassGrades) -> str:
    """Return the text of a grading worksheet for one assignment.

    Raises:
        CourseError: There are several assignments, a participant's number is not known, or Moodle has another maximum.
    """
    numbers = participants(grades)
    lines = []
    for row in grades.of_learners():
        learner = grades.people.of(row.student_id)
        _refuse_other_maximum(row, learner)
        grade = "" if row.awaiting else points_text(grades.final(row).score)
        modified = learner.others.get("Last modified (grade)") or "-"
        who = (f"Participant {numbers[row.student_id]}", cell_text(learner.name), cell_text(learner.email))
        lines.append([*who, grade, points_text(row.max_score), cell_text(modified) if modified != "-" else modified])
    return csv_text(COLUMNS, lines)


def participants(grades: ClassGrades) -> Mapping[str, str]:
    """Return Moodle's number of each participant, by student's folder.

    Raises:
        CourseError: There are several assignments, or a number is not known.
    """
    what = "The grades were not exported for Moodle"
    names = sorted({row.assignment for row in grades.of_learners()})
    if len(names) > 1:
        raise CourseError(
            what, "a worksheet is for one assignment", f"Say which one: --assignment {' or '.join(names)}"
        )
    numbers = {row.student_id: _participant(grades, row) for row in grades.of_learners()}
    missing = (folder for folder, one in numbers.items() if not one)
    refuse_missing(what, "Moodle's number of these participants is not known", missing, _ASK_FOR)
    return numbers


def _participant(grades: ClassGrades, row: Row) -> str:
    receipt = grades.people.receipt(row.student_id, row.assignment)
    from_download = receipt.platform_id if receipt and receipt.platform == "moodle" else ""
    found = from_download or grades.people.of(row.student_id).platform_id
    return found if re.fullmatch(r"[0-9]{1,18}", found) else ""


def _refuse_other_maximum(row: Row, learner: Learner) -> None:
    """Stop where 8 of our 10 points would become 8 of Moodle's 100."""
    said = learner.others.get("Maximum Grade", learner.others.get("Maximum grade", ""))
    try:
        other = float(said.replace(",", "."))
    except ValueError:
        return
    if other != row.max_score:
        points = points_text(row.max_score)
        raise CourseError(
            "The grades were not exported for Moodle",
            f"its maximum grade is {said}, and {row.assignment} has {points} points",
            f"Set the assignment's maximum grade to {points} in Moodle, and download its worksheet again",
        )


def write_feedback_zip(path: Path, grades: ClassGrades, pages: Mapping[str, Path]) -> int:
    """Write the feedback pages as the zip that Moodle takes back, atomically, and return how many there are.

    Args:
        path: Where it goes.
        grades: The grades of one assignment.
        pages: The pages, by student's folder; one that is not there is left out.

    Raises:
        CourseError: As `participants` does.
    """
    numbers = participants(grades)
    wanted = [(row, page) for row in grades.of_learners() if (page := pages.get(row.student_id)) and page.is_file()]
    with whole_file(path, durable=False) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for row, page in wanted:
            info = zipfile.ZipInfo(f"{_folder(grades, row, numbers[row.student_id])}/{page.name}", _DATE)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            archive.writestr(info, page.read_bytes())
    return len(wanted)


def _folder(grades: ClassGrades, row: Row, participant: str) -> str:
    receipt = grades.people.receipt(row.student_id, row.assignment)
    names: Iterable[str] = (
        receipt.platform_name if receipt and receipt.platform == "moodle" else "",
        grades.people.of(row.student_id).name,
        row.student_id,
    )
    name = next(one for one in names if one)
    clean = "".join(c if c.isprintable() and c not in '_/\\:*?"<>|&' else " " for c in name)
    return f"{' '.join(clean.split()).strip('. ')[:100]}_{participant}_assignsubmission_file_"
