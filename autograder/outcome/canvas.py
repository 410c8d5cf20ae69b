"""Grades as Canvas's gradebook imports them.

A line for each learner, a column for each assignment; in the second line "Points Possible". Canvas finds a learner by
her number (``ID``), else by ``SIS User ID``, ``SIS Login ID``, and last by name; an assignment by the number in
brackets behind its title, else by its title, and offers to make a new one where it finds none. ``EX`` excuses.
From Canvas's source, ``lib/gradebook_importer.rb`` (``process_student``, ``parse_assignments``, ``process_pp``).

A cell is empty where there is no submission, and where a person's grade is still due.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from autograder.intake.roster import Learner, Roster
from autograder.outcome.class_grades import ClassGrades, Row
from autograder.outcome.people import refuse_missing
from autograder.outcome.report import cell_text, csv_text, points_text

POINTS = "Points Possible"


def as_canvas(grades: ClassGrades) -> str:
    """Return the text of a CSV file that Canvas's gradebook imports.

    Raises:
        CourseError: Of a learner nothing is known that Canvas would find her by, or she is not in the roster.
    """
    rows = grades.of_learners()
    learners = {row.student_id: grades.people.of(row.student_id) for row in rows}
    refuse_missing(
        "The grades were not exported for Canvas",
        "Canvas cannot find these, whose login begins like a formula and whose number is not known",
        (folder for folder, one in learners.items() if not _is_number(one.platform_id) and not _logins(one)[1]),
        "Name Canvas's own exported gradebook with --roster; it has a column ID",
    )
    assignments = list(dict.fromkeys(row.assignment for row in sorted(rows, key=lambda row: row.assignment)))
    most = {name: max(row.max_score for row in rows if row.assignment == name) for name in assignments}
    by_key = {(row.student_id, row.assignment): row for row in rows}
    columns = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
    titles = [_title(name, grades.titles, grades.people.roster) for name in assignments]
    lines = [[f"    {POINTS}", "", "", "", "", *(points_text(most[name]) for name in assignments)]]
    for folder, learner in learners.items():
        cells = [_grade(grades, by_key.get((folder, name))) for name in assignments]
        lines.append([*_who(learner), *cells])
    return csv_text([*columns, *titles], lines)


def _who(learner: Learner) -> Iterable[str]:
    # Canvas takes a line with these words in its first cell for the assignments' points.
    name = learner.name if learner.name and POINTS not in learner.name else learner.student_id
    sis_user_id, login = _logins(learner)
    number_ = learner.platform_id if _is_number(learner.platform_id) else ""
    return cell_text(name), number_, sis_user_id, login, cell_text(learner.section)


def _logins(learner: Learner) -> tuple[str, str]:
    """Return both ids of the registrar's; a changed one would be nobody's, so one like a formula is left out."""
    ids = learner.sis_user_id, learner.login_id or learner.student_id
    user, login = (one if cell_text(one) == one else "" for one in ids)
    return user, login


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[0-9]{1,18}", text) is not None


def _grade(grades: ClassGrades, row: Row | None) -> str:
    if row is None or row.awaiting:
        return ""
    final = grades.final(row)
    return "EX" if final.dropped else points_text(final.score)


def _title(name: str, titles: Mapping[str, str], roster: Roster | None) -> str:
    """Return an assignment's column: as the exported gradebook spells it, else its title in the course file."""
    wanted = {name.casefold(), titles.get(name, name).casefold()}
    for column in roster.columns if roster else ():
        found = re.fullmatch(r"(.+) \(\d+\)", column)
        if (found and found[1].casefold() in wanted) or column.casefold() in wanted:
            return cell_text(column)
    return cell_text(titles.get(name, name))
