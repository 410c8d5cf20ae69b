"""Finds out whose each file of a download is, and for which assignment, and puts the notebooks aside.

Bytes are counted while they are read. A file that cannot be used, or whose owner is not certain, has a line in the
report; nobody's identity is guessed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from pathlib import Path, PurePosixPath

from autograder.intake.archives import LONGEST_NAME, Item, NoArchive, Unreadable, copy_bytes, zip_items
from autograder.intake.find import printable
from autograder.intake.platforms import PLATFORMS, Download, Handed, read_time
from autograder.intake.rebuild import MAX_BYTES, MIB
from autograder.intake.roster import Learner, Roster, composed, skeleton
from flowercourse.errors import CourseError

MAX_FILES_EACH = 100
"""The most files of one learner that are read for one assignment."""
MAX_BYTES_EACH = 4 * MAX_BYTES
"""The most bytes that they may have together, unpacked."""
MAX_BYTES_IN_ALL = 200 * 2**30
_RENAMED = re.compile(r"(?: ?\(\d{1,4}\)|-\d{1,4}| - Copy| copy(?: \d{1,4})?)+", re.IGNORECASE)


@dataclass
class Report:
    """What became of a download.

    Attributes:
        lines: A line for every file that was not simply used, and for what should be known besides.
        new: Submissions that were not there before.
        replaced: Submissions that replace an earlier attempt.
        unchanged: Submissions that were there already.
    """

    lines: list[str] = field(default_factory=list)
    new: int = 0
    replaced: int = 0
    unchanged: int = 0

    def of(self, name: str, text: str) -> None:
        """Add a line about a file."""
        self.lines.append(f"{printable(name)}: {text}")


@dataclass(frozen=True)
class File:
    """A notebook that has been put aside; ``stem`` is its name without what platforms and browsers add to it."""

    handed: Handed
    path: Path
    sha256: str
    name: str
    stem: str
    order: tuple[str, int, int, int]


@dataclass
class Submission:
    """What one learner handed in for one assignment."""

    learner: Learner
    assignment: str
    handed: Handed
    files: list[File] = field(default_factory=list)


class Intake:
    """Reads a download's files, finds out whose they are, and puts them aside."""

    def __init__(
        self, download: Download, platform: str, assignment: str | None, staging: Path, report: Report
    ) -> None:
        self.download, self.reader, self.assignment = download, PLATFORMS[platform], assignment
        self.platform, self.staging, self.report = platform, staging, report
        self.submissions: dict[tuple[str, str], Submission] = {}
        self.taken: dict[str, list[int]] = defaultdict(lambda: [0, 0])  # by owner: files, bytes
        self.total = 0
        self.numbers = count()
        self.times = dict(self._times())
        read = (self.reader(item, download) for item in download.items if not item.problem)
        handed = [meant[0] for meant in read if len(meant) == 1]
        self.namesakes: dict[str, set[str]] = defaultdict(set)
        for one in handed:
            self.namesakes[skeleton(one.name)].add(one.platform_id)
        self.users: dict[str, set[str]] = defaultdict(set)  # by student id: as whom the platform knows who handed in
        for one in handed:
            with suppress(Unreadable):
                self.users[composed(self._resolved(one).student_id)].add(_user(one))

    def run(self) -> list[Submission]:
        """Return the submissions, with their notebooks put aside."""
        for item in self.download.items:
            try:
                self._take(item)
            except Unreadable as error:
                self.report.of(item.name, f"left out: {error}.")
        return list(self.submissions.values())

    def _take(self, item: Item) -> None:
        if PurePosixPath(item.name).name == "timestamp.txt":
            return
        if item.problem:
            raise Unreadable(item.problem)
        meant = self.reader(item, self.download)
        if not meant:
            raise Unreadable(f"its name is not of the form that {self.platform} gives")
        if len(meant) > 1:
            users = " or ".join(printable(one.platform_id) for one in meant[:3])
            raise Unreadable(
                f"it may be of user {users}, as names of learners and files can look like numbers; name a roster with "
                "platform_id and name, or sort this one by hand"
            )
        handed = meant[0]
        if handed.submitted_at is None and item.parts[:-1] in self.times:
            handed = replace(handed, submitted_at=self.times[item.parts[:-1]])
        learner = self._learner(handed)
        self._of_learner(item, handed, learner)

    def _of_learner(self, item: Item, handed: Handed, learner: Learner) -> None:
        suffix = PurePosixPath(handed.file).suffix.casefold()
        assignment = self._assignment(handed)
        if assignment is not None and (suffix not in (".ipynb", ".zip")):
            self._submission(learner, assignment, handed)  # even without a notebook, it gets a row
        if suffix == ".zip":
            self._unpack(item, handed, learner, assignment)
        elif suffix != ".ipynb":
            raise Unreadable("it is no notebook")
        elif assignment is None:
            raise Unreadable("it is not certain which assignment it is; say it with --assignment")
        else:
            submission = self._submission(learner, assignment, handed)
            self._keep(item, handed, submission, PurePosixPath(handed.file).name)

    def _unpack(self, item: Item, handed: Handed, learner: Learner, assignment: str | None) -> None:
        """Take the notebooks out of an archive that a learner handed in; one in it is left alone."""
        if assignment is not None:
            self._submission(learner, assignment, handed)
        path, _ = self._put_aside(item, learner)
        found = 0
        try:
            with path.open("rb") as file, zip_items(file, inner=True) as inner:
                for one in inner:
                    name = one.parts[-1] if one.parts else ""
                    if not name.casefold().endswith(".ipynb"):
                        continue
                    found += 1
                    self._unpack_one(item, one, replace(handed, file=name), learner)
        except NoArchive as error:
            raise Unreadable(str(error)) from error
        finally:
            path.unlink()
        if not found:
            raise Unreadable("there is no notebook in it (an archive within an archive is not opened)")

    def _unpack_one(self, outer: Item, item: Item, handed: Handed, learner: Learner) -> None:
        name = f"{outer.name} > {item.name}"
        assignment = self._assignment(handed)
        try:
            if item.problem:
                raise Unreadable(item.problem)
            if assignment is None:
                raise Unreadable("it is not certain which assignment it is; say it with --assignment")
            self._keep(item, handed, self._submission(learner, assignment, handed), handed.file)
        except Unreadable as error:
            self.report.of(name, f"left out: {error}.")

    def _keep(self, item: Item, handed: Handed, submission: Submission, name: str) -> None:
        path, sha256 = self._put_aside(item, submission.learner)
        if path.stat().st_size == 0:
            self.report.of(item.name, "it is empty; it is graded as such.")
        stem, number = _without_renaming(PurePosixPath(name).stem, submission.assignment)
        time = handed.submitted_at.isoformat() if handed.submitted_at else ""
        order = (time, handed.order, number, next(self.numbers))
        submission.files.append(File(handed, path, sha256, name, stem, order))

    def _put_aside(self, item: Item, learner: Learner) -> tuple[Path, str]:
        taken = self.taken[learner.student_id]
        if taken[0] >= MAX_FILES_EACH:
            raise Unreadable(f"{printable(learner.student_id)} handed in more than {MAX_FILES_EACH} files")
        left = MAX_BYTES_EACH - taken[1]
        path = self.staging / f"{next(self.numbers)}.part"
        try:
            with path.open("xb") as target:
                # One byte more than is graded, so that a notebook that is too large is told so by who grades it.
                size, sha256 = copy_bytes(item, target, min(MAX_BYTES + MIB, left))
        except Unreadable:
            # What was read before it went wrong counts, too.
            self._count(learner, path.stat().st_size)
            path.unlink(missing_ok=True)
            raise
        self._count(learner, size)
        return path, sha256

    def _count(self, learner: Learner, size: int) -> None:
        self.taken[learner.student_id][0] += 1
        self.taken[learner.student_id][1] += size
        self.total += size
        if self.total > MAX_BYTES_IN_ALL:
            raise CourseError(
                "The download was not collected",
                f"its files have more than {MAX_BYTES_IN_ALL // 2**30} GB, unpacked",
                "Look for what is so large in it, and collect it in parts",
            )

    def _assignment(self, handed: Handed) -> str | None:
        """Return the assignment that a file is for; None where that is not certain."""
        known = self.download.known
        if handed.assignment:
            wanted = handed.assignment in known and self.assignment in (None, handed.assignment)
            if not wanted:
                raise Unreadable(f"it is for {printable(handed.assignment)!r}, which is not asked for")
            return handed.assignment
        if self.assignment:
            return self.assignment
        meant = [one for one in known if _without_renaming(PurePosixPath(handed.file).stem, one)[0] == one]
        return meant[0] if len(meant) == 1 else None

    def _submission(self, learner: Learner, assignment: str, handed: Handed) -> Submission:
        key = (composed(learner.student_id), assignment)
        return self.submissions.setdefault(key, Submission(learner, assignment, handed))

    def _learner(self, handed: Handed) -> Learner:
        """Return whose a file is.

        Raises:
            Unreadable: That is not certain.
        """
        learner = self._resolved(handed)
        users = self.users[composed(learner.student_id)]
        if len(users) > 1:
            # Anybody may take another's name: then neither is believed.
            named = " and ".join(printable(one) for one in sorted(users)[:3])
            raise Unreadable(
                f"users {named} both read as {printable(learner.student_id)}; "
                "give them their platform_id in the roster and collect again"
            )
        return learner

    def _resolved(self, handed: Handed) -> Learner:
        roster = self.download.roster
        return self._unlisted(handed) if roster is None else _listed(handed, roster, self.platform)

    def _unlisted(self, handed: Handed) -> Learner:
        if handed.student_id:
            return Learner(composed(handed.student_id), handed.name)
        if self.platform == "canvas":
            return Learner(handed.platform_id, handed.name, handed.platform_id)
        # Moodle's numbers hold for one assignment only, so a learner's name joins hers, unless two have the same.
        alone = len(self.namesakes[skeleton(handed.name)]) == 1 and bool(skeleton(handed.name))
        return Learner(handed.name if alone else f"{handed.name} {handed.platform_id}".strip(), handed.name)

    def _times(self) -> Iterator[tuple[tuple[str, ...], datetime]]:
        """Yield the times in nbgrader's ``timestamp.txt``, by folder."""
        for item in self.download.items:
            if self.platform == "nbgrader" and item.parts[-1:] == ("timestamp.txt",) and not item.problem:
                try:
                    with item.open() as file:
                        time = read_time(file.read(100).decode("ascii", "replace"))
                except Exception:  # noqa: BLE001, S112 (a time that cannot be read is none)
                    continue
                if time is not None:
                    yield item.parts[:-1], time


def _user(handed: Handed) -> str:
    return handed.platform_id or handed.name or handed.student_id


def _listed(handed: Handed, roster: Roster, platform: str) -> Learner:
    """Return the learner of the roster that a file is of: by id, by the platform's number, or by a name of her own."""
    if handed.student_id:
        found = roster.by_id.get(composed(handed.student_id))
        if found is None:
            raise Unreadable(f"{printable(handed.student_id)!r} is not in the roster; add it and collect again")
        return found
    if handed.platform_id in roster.by_platform_id:
        return roster.by_platform_id[handed.platform_id]
    # Moodle's numbers hold for one assignment, so a roster may have those of another; Canvas's hold for ever.
    named = [one for one in roster.named(handed.name) if platform == "moodle" or not one.platform_id]
    if len(named) == 1:
        return named[0]
    who = f"{printable(handed.name)!r} (number {printable(handed.platform_id)})"
    if named:
        raise Unreadable(
            f"{len(named)} in the roster are named like {who}; give them their platform_id and collect again"
        )
    raise Unreadable(f"{who} is not in the roster; add the line and collect again")


def _without_renaming(stem: str, assignment: str) -> tuple[str, int]:
    """Return a notebook's name without what platforms and browsers put behind it, and the number in that.

    >>> _without_renaming("01-Tiny-2", "01-tiny"), _without_renaming("01-tiny (3)", "01-tiny")
    (('01-tiny', 2), ('01-tiny', 3))
    >>> _without_renaming("answer-1", "01-tiny")
    ('answer', 1)
    """
    name = stem.strip()
    if len(name) > LONGEST_NAME:  # it is left out, and the patterns below would take seconds for it
        return name, 0
    if name.casefold() == assignment.casefold():
        return assignment, 0
    if name.casefold().startswith(assignment.casefold()) and _RENAMED.fullmatch(name[len(assignment) :]):
        rest, name = name[len(assignment) :], assignment
    else:
        found = re.search(rf"{_RENAMED.pattern}$", name[1:], re.IGNORECASE)
        rest, name = (found[0], name[: found.start() + 1]) if found else ("", name)
    numbers = re.findall(r"\d+", rest)
    return name, int(numbers[-1]) if numbers else int(bool(rest))
