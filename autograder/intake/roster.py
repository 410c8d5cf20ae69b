"""The roster: who is in the class, and by which names and numbers the learning platform knows them.

A CSV file with a line for each learner. It may be one of your own, with the columns ``student_id``, ``name`` and
``platform_id``, or the file that a platform gives you, as it is. Columns are found by their names, in any order and any
case, and others are left alone:

- the id that grades are kept under: ``student_id``; in Canvas's exported gradebook ``SIS Login ID``, else ``ID``; in
  Moodle's grading worksheet or list of participants ``ID number``, else ``Username``, else ``Email address``
- the name: ``name``; ``Student``; ``Full name``, or ``First name`` and ``Last name``
- the platform's own number: ``platform_id``; Canvas's ``ID``; Moodle's ``Identifier`` (``Participant 123``)
- besides: ``login_id``, ``sis_user_id``, ``section``, ``email``, or what the platforms call them

Every id is text: `00123` is not `123`.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from autograder.intake.find import printable
from flowercourse.errors import CourseError

MAX_BYTES = 20 * 2**20
_OTHER_NAMES = {
    "student_id": ("student_id", "student id", "sis login id", "id number", "username", "id", "email address"),
    "name": ("name", "student", "full name"),
    "platform_id": ("platform_id", "platform id", "id", "identifier"),
    "login_id": ("login_id", "login id", "sis login id", "username"),
    "sis_user_id": ("sis_user_id", "sis user id"),
    "section": ("section",),
    "email": ("email", "email address"),
    "first": ("first name", "firstname"),
    "last": ("last name", "lastname", "surname"),
}


@dataclass(frozen=True)
class Learner:
    """One learner of the roster; what the roster does not say is empty.

    Attributes:
        student_id: The id that grades are kept under: the name of the learner's folder.
        name: Her name, as the platform writes it.
        platform_id: Canvas's number of the user, or Moodle's of the participant, without the word before it.
        login_id: What she logs in with.
        sis_user_id: Her id in the registrar's system.
        section: Her section.
        email: Her address.
        others: All of her line, by the columns' names as they are.
    """

    student_id: str
    name: str = ""
    platform_id: str = ""
    login_id: str = ""
    sis_user_id: str = ""
    section: str = ""
    email: str = ""
    others: Mapping[str, str] = field(default_factory=dict, compare=False)


class Roster:
    """The learners of a class, found by id, by the platform's number, or by name where only one has it."""

    def __init__(self, learners: Iterable[Learner], columns: Iterable[str] = ()) -> None:
        self.learners = tuple(learners)
        self.columns = tuple(columns)
        self.by_id = {composed(one.student_id): one for one in self.learners}
        self.by_platform_id = {one.platform_id: one for one in self.learners if one.platform_id}
        self._by_name: Mapping[str, list[Learner]] = defaultdict(list)
        for one in self.learners:
            for name in {skeleton(one.name), skeleton(_first_name_first(one.name))} - {""}:
                self._by_name[name].append(one)

    def named(self, name: str) -> list[Learner]:
        """Return the learners of this name, whatever its case, spaces, punctuation, and order around a comma."""
        found = self._by_name.get(skeleton(name), [])
        return found or self._by_name.get(skeleton(_first_name_first(name)), [])


def composed(text: str) -> str:
    """Return text in NFC, by which names and ids are compared: macOS takes letters and their accents apart."""
    return unicodedata.normalize("NFC", text)


def skeleton(name: str) -> str:
    """Return what a name is compared by: its letters and digits, in lower case, with their accents.

    >>> skeleton("O'Brien,  Zoë") == skeleton("obrienzoë")
    True
    """
    kept = (c for c in composed(name).casefold() if c.isalnum() or unicodedata.category(c).startswith("M"))
    return composed("".join(kept))


def _first_name_first(name: str) -> str:
    last, comma, first = name.partition(",")
    return f"{first.strip()} {last.strip()}" if comma else name


def read_roster(path: Path) -> Roster:
    """Read a roster; see this module for its columns.

    Raises:
        CourseError: It cannot be read, has no column with ids, or names an id twice.
    """
    rows = _rows(path)
    header = [name.strip().casefold() for name in rows[0][1]] if rows else []
    columns = {field: [header.index(one) for one in names if one in header] for field, names in _OTHER_NAMES.items()}
    if "student" not in header:  # not Canvas's, so that "id" is the learner's and no number of a platform's
        columns["platform_id"] = [place for place in columns["platform_id"] if header[place] != "id"]
    if not columns["student_id"]:
        raise CourseError(
            f"{path} was not read as a roster",
            "none of its columns is named student_id, SIS Login ID, ID, ID number, Username or Email address",
            "Give it a first line such as student_id,name,platform_id",
        )
    learners: list[Learner] = []
    lines: dict[tuple[str, str], int] = {}
    for line, row in rows[1:]:
        learner = _learner(row, columns, rows[0][1])
        if learner is None:
            continue
        for what, value in (("student_id", learner.student_id), ("platform_id", learner.platform_id)):
            before = lines.setdefault((what, composed(value)), line) if value else line
            if before != line:
                raise CourseError(
                    f"{path} was not read as a roster",
                    f"the {what} {printable(value)!r} is there twice, in lines {before} and {line}",
                    "Give each learner one line and an id of her own",
                )
        learners.append(learner)
    if not learners:
        raise CourseError(f"{path} was not read as a roster", "it names nobody", "Give it a line for each learner")
    return Roster(learners, (name.strip() for name in rows[0][1]))


def _learner(row: list[str], columns: Mapping[str, list[int]], header: list[str]) -> Learner | None:
    """Return the learner of a line; None for an empty one, and for the line of points in a gradebook of Canvas."""

    def value(field: str) -> str:
        values = (row[place].strip() for place in columns[field] if place < len(row))
        return next((one for one in values if one), "")

    name = value("name") or f"{value('first')} {value('last')}".strip()
    if not value("student_id") or (name == "Points Possible" and not value("platform_id")):
        return None
    return Learner(
        student_id=value("student_id"),
        name=name,
        platform_id=re.sub(r"^\D+\s(?=\d+$)", "", value("platform_id")),
        login_id=value("login_id"),
        sis_user_id=value("sis_user_id"),
        section=value("section"),
        email=value("email"),
        others={name.strip(): cell.strip() for name, cell in zip(header, row, strict=False)},
    )


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """Return a CSV file's rows that are not empty, each with the line that it ends on."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise CourseError(f"{path} was not read", f"it has more than {MAX_BYTES // 2**20} MB", "Name a roster")
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        first = text.split("\n", 1)[0]
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
        return [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except OSError as error:
        raise CourseError(f"{path} was not read", f"{error.strerror}", "Name a CSV file that you can read") from error
    except UnicodeDecodeError as error:
        raise CourseError(f"{path} was not read", "it is not in UTF-8", "Save it as CSV in UTF-8") from error
    except csv.Error as error:
        raise CourseError(f"{path} was not read", f"it is no CSV file ({error})", "Save it as CSV in UTF-8") from error
