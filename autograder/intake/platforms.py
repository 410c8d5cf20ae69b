"""How learning platforms name what learners hand in, read from the names alone.

- **Canvas**, "Download Submissions": one flat archive of ``NAME[_LATE]_USER_FILE_ORIGINALNAME``. NAME is the sortable
  name in lower case without spaces and punctuation, USER is Canvas's number of the user, FILE that of the uploaded file
  (larger for a later one); with anonymous grading ``anon_XXXXX`` stands for NAME and USER. A second upload of the
  same name has ``-1`` before its ending. From Canvas's source, ``lib/content_zipper.rb`` (``get_filename``,
  ``add_upload_submission``) and ``Attachment.make_unique_filename``.
- **Moodle**, "Download all submissions": for each learner a folder ``FULL NAME_PARTICIPANT_assignsubmission_file``,
  with another ``_`` at its end before Moodle 4.1; without "Download submissions in folders", the same in front of
  each file's name. PARTICIPANT is a number that holds for this assignment alone; underscores in names become spaces.
  From Moodle's source, ``mod/assign/classes/downloader.php`` and ``mod/assign/feedback/file/importziplib.php``.
- **nbgrader**: ``STUDENT/ASSIGNMENT/NOTEBOOK.ipynb`` with ``timestamp.txt``; folders of the exchange,
  ``STUDENT+ASSIGNMENT+TIME``; and ``STUDENT_attempt_TIME_NOTEBOOK.ipynb``, the form of its ``zip_collect``
  (nbgrader's user guide, "Collecting assignments", and ``nbgrader/plugins/zipcollect.py``).
- **flat**: whatever else: one file for each learner, named ``ID``, or ``ID`` with ``_`` and something behind it, or in
  a folder named ``ID``.

Times in names are UTC. A zip's own times are none of the submission: platforms write the time of the download.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import PurePosixPath

from autograder.intake.archives import Item
from autograder.intake.roster import Roster, composed, skeleton


@dataclass(frozen=True)
class Handed:
    """What a file's name says.

    Attributes:
        name: The learner's name as the platform spells it; empty where it does not say.
        platform_id: The platform's number of the learner.
        student_id: The learner's id itself, where the name holds it.
        file: The name of the file as the learner had it.
        assignment: The assignment, where the name says it.
        order: Orders a learner's files: a larger one was handed in later.
        submitted_at: When it was handed in (UTC), where the name says it.
        late: Whether the platform marks it as late; None where it does not say.
    """

    file: str
    name: str = ""
    platform_id: str = ""
    student_id: str = ""
    assignment: str = ""
    order: int = 0
    submitted_at: datetime | None = None
    late: bool | None = None


@dataclass(frozen=True)
class Download:
    """What a name is read against.

    Attributes:
        roster: The class, where it is known.
        known: The course's assignments.
        items: All files of the download.
    """

    roster: Roster | None
    known: Collection[str]
    items: Sequence[Item]

    @cached_property
    def depth(self) -> int:
        """Return how many folders lie above the assignments' folders (nbgrader's form): the students' and more.

        It is the same for all: what a learner has put deeper inside of her own is never read as somebody else's.
        """
        return min((depth for item in self.items if (depth := self.depth_of(item)) is not None), default=1)

    def depth_of(self, item: Item) -> int | None:
        """Return how many folders lie above the first that is named like an assignment; None where there is none."""
        return next((place for place, part in enumerate(item.parts[:-1]) if place and part in self.known), None)


Reader = Callable[[Item, Download], list[Handed]]
"""Returns all that a file's name can mean: nothing where it is not of the platform's form."""

_CANVAS_IDS = re.compile(r"(?=_(?P<user>\d+|anon_[A-Za-z0-9]+)_(?P<file>\d+)_(?P<rest>.+))", re.DOTALL)
_MOODLE = re.compile(
    r"(?P<name>[^_]*)_(?P<user>\d+)_assignsubmission_(?P<plugin>[a-z0-9]+)(?:_(?P<rest>.*))?", re.DOTALL
)
_ATTEMPT = re.compile(r"(?P<id>.+?)_attempt_(?P<time>\d{4}(?:-\d\d){5})_(?P<rest>.+)", re.DOTALL)
_TIMES = ("%Y-%m-%d-%H-%M-%S", "%Y-%m-%d %H:%M:%S.%f UTC", "%Y-%m-%d %H:%M:%S UTC")


def canvas(item: Item, download: Download) -> list[Handed]:
    """Read a name of Canvas.

    A learner may have chosen a name that ends like an id (``Smith_42``), so that a file's name can be read in more
    than one way. Then it is the one whose user and name stand together in the roster; where that leaves more than one,
    all are returned, and the caller takes none.
    """
    base = item.parts[-1] if item.parts else ""
    meant = []
    for found in _CANVAS_IDS.finditer(f"_{base}" if base.startswith("anon_") else base):
        name, late = base[: found.start()], False
        if name == "LATE" or name.endswith("_LATE"):
            name, late = name.removesuffix("LATE").removesuffix("_"), True
        user = found["user"].removeprefix("anon_")
        meant.append(Handed(found["rest"], name, user, order=int(found["file"][:18]), late=late))
    if download.roster is None or len(meant) < 2:
        return meant
    known = [(one, download.roster.by_platform_id.get(one.platform_id)) for one in meant]
    exact = [one for one, learner in known if learner and skeleton(learner.name) == skeleton(one.name)]
    return exact or [one for one, learner in known if learner and not learner.name] or meant


def moodle(item: Item, download: Download) -> list[Handed]:
    """Read a path of Moodle; see this module."""
    for place, part in enumerate(item.parts):
        found = _MOODLE.fullmatch(part)
        if found:
            inside = item.parts[place + 1 :]
            file = inside[-1] if inside else found["rest"]
            return [Handed(file, found["name"].strip(), found["user"])] if file else []
    return []


def nbgrader(item: Item, download: Download) -> list[Handed]:
    """Read a path of nbgrader; see this module."""
    parts = item.parts
    if parts and (found := _ATTEMPT.fullmatch(parts[-1])):
        when = read_time(found["time"])
        return [Handed(found["rest"], student_id=found["id"], submitted_at=when)]
    if len(parts) >= 2 and parts[-2].count("+") >= 2:
        student, assignment, time = parts[-2].split("+")[:3]
        return [Handed(parts[-1], student_id=student, assignment=assignment, submitted_at=read_time(time))]
    depth = download.depth_of(item)
    if depth is None or depth != download.depth:
        return []
    return [Handed(parts[-1], student_id=parts[depth - 1], assignment=parts[depth])]


def flat(item: Item, download: Download) -> list[Handed]:
    """Read a file's name as an id, or as an id with something behind it; see this module."""
    if not item.parts:
        return []
    base = item.parts[-1]
    if found := _ATTEMPT.fullmatch(base):
        return [Handed(found["rest"], student_id=found["id"], submitted_at=read_time(found["time"]))]
    path = PurePosixPath(base)
    ids = download.roster.by_id if download.roster else {}
    folders = [part for part in item.parts[:-1] if composed(part) in ids] if ids else list(item.parts[:-1])
    if folders:
        return [Handed(base, student_id=folders[0])]
    pieces = path.stem.split("_")
    begins = ("_".join(pieces[:many]) for many in range(len(pieces), 0, -1))
    if student := next((one for one in begins if composed(one) in ids), ""):
        rest = path.stem[len(student) + 1 :]
        return [Handed(rest + path.suffix if rest else base, student_id=student)]
    ends = [one for one in download.known if path.stem.endswith(f"_{one}")]
    if ends and not ids:
        return [Handed(f"{ends[0]}{path.suffix}", student_id=path.stem[: -len(ends[0]) - 1])]
    return [Handed(base, student_id=path.stem)]


def read_time(text: str) -> datetime | None:
    """Return a time as nbgrader writes it, in UTC; None where it is none."""
    for form in _TIMES:
        try:
            return datetime.strptime(text.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


PLATFORMS: dict[str, Reader] = {"moodle": moodle, "canvas": canvas, "nbgrader": nbgrader, "flat": flat}
