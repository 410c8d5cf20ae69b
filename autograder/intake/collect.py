"""Takes in a download of a learning platform: sorts it into ``SUBMITTED/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb``.

`collect` first puts all files that are wanted into a folder of its own beside ``SUBMITTED``, counting their bytes, and
then moves whole submissions into place, one rename each. So a full disk, a broken archive or a killed process leaves
nothing half written, and the same command may be given again at any time.

Of several attempts, the last counts; the others are kept in ``STUDENT/ASSIGNMENT/earlier/``. So is what was collected
before and has been handed in anew. Nothing is ever overwritten or removed. A file that cannot be used, or whose owner
is not certain, has a line in the report; nobody's identity is guessed.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import stat
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from pathlib import Path, PurePosixPath

from autograder.files import PrivateFolder, remove_abandoned, to_folder_name, try_lock
from autograder.intake.archives import Item, NoArchive, Unreadable, copy_bytes, open_download, zip_items
from autograder.intake.find import LITTER, shown
from autograder.intake.platforms import PLATFORMS, Download, Handed, read_time
from autograder.intake.rebuild import MAX_BYTES, MIB
from autograder.intake.receipts import NAME, Receipt, read_receipts, write_receipts
from autograder.intake.roster import Learner, Roster, composed, skeleton
from flowercourse.errors import CourseError, is_full

MAX_FILES_EACH = 100
"""The most files of one learner that are read for one assignment."""
MAX_BYTES_EACH = 4 * MAX_BYTES
"""The most bytes that they may have together, unpacked."""
MAX_BYTES_IN_ALL = 200 * 2**30
EARLIER = "earlier"
_ASIDE = ".collect-"
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
        self.lines.append(f"{shown(name)}: {text}")


@dataclass(frozen=True)
class _File:
    """A notebook that has been put aside; ``stem`` is its name without what platforms and browsers add to it."""

    handed: Handed
    path: Path
    sha256: str
    name: str
    stem: str
    order: tuple[str, int, int, int]


@dataclass
class _Submission:
    """What one learner handed in for one assignment."""

    learner: Learner
    assignment: str
    handed: Handed
    files: list[_File] = field(default_factory=list)


def collect(
    source: Path,
    platform: str,
    into: Path,
    *,
    roster: Roster | None = None,
    assignment: str | None = None,
    known: Collection[str] = (),
) -> Report:
    """Sort a download into a folder of submissions.

    Args:
        source: The archive, or the folder that it was unpacked to.
        platform: A key of `autograder.intake.platforms.PLATFORMS`.
        into: The folder with ``STUDENT/ASSIGNMENT``; made where it is not there.
        roster: The class. Then identities come from it, and who is not in it is reported.
        assignment: What was handed in; None to read it from names of folders and notebooks.
        known: The course's assignments.

    Raises:
        CourseError: The download cannot be read, nothing in it has the platform's form, or the disk is full. Then
            ``into`` is as it was.
    """
    known = {*known, *([assignment] if assignment else [])}
    report = Report()
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        with _alone(into) as staging:
            receipts = read_receipts(into)
            with open_download(source) as items:
                download = Download(roster, known, list(items))
                submissions = _Intake(download, platform, assignment, staging, report).run()
            _refuse_other_forms(source, platform, download, submissions)
            _Placing(into, staging, platform, receipts, report).run(submissions)
    except OSError as error:
        why = f"the disk that holds {into} is full" if is_full(error) else f"{error.strerror or error}"
        raise CourseError(
            f"{source} was not collected",
            why,
            "Make room and give the same command again; nothing is half written"
            if is_full(error)
            else f"See that {into} can be written, and give the same command again",
        ) from error
    return report


@contextmanager
def _alone(into: Path) -> Iterator[Path]:
    """Yield a folder beside ``into`` for putting files aside, while nobody else collects to it.

    Raises:
        CourseError: Somebody else does.
    """
    held = os.open(into.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        if not try_lock(held):
            why = "another autograder collect is at work there"
            raise CourseError(f"Nothing was collected into {into}", why, "Wait for it, and give the command again")
        remove_abandoned(_ASIDE, str(into.parent))
        staging = PrivateFolder(_ASIDE, str(into.parent))
        try:
            yield Path(staging.name)
        finally:
            staging.cleanup()
    finally:
        os.close(held)


def _refuse_other_forms(source: Path, platform: str, download: Download, submissions: Iterable[_Submission]) -> None:
    """Stop where a download holds nothing, or nothing that the platform would have named so."""
    what = f"{source} was not collected"
    if not download.items:
        raise CourseError(what, "there is no file in it", "Name the download itself")
    if not submissions and not any(PLATFORMS[platform](item, download) for item in download.items):
        raise CourseError(
            what,
            f"no file in it is named as {platform} names them, such as {shown(download.items[0].name)!r}",
            f"Say where it comes from: --from {' or '.join(one for one in PLATFORMS if one != platform)}",
        )


class _Intake:
    """Reads a download's files, finds out whose they are, and puts them aside."""

    def __init__(
        self, download: Download, platform: str, assignment: str | None, staging: Path, report: Report
    ) -> None:
        self.download, self.reader, self.assignment = download, PLATFORMS[platform], assignment
        self.platform, self.staging, self.report = platform, staging, report
        self.submissions: dict[tuple[str, str], _Submission] = {}
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

    def run(self) -> list[_Submission]:
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
            users = " or ".join(shown(one.platform_id) for one in meant[:3])
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

    def _keep(self, item: Item, handed: Handed, submission: _Submission, name: str) -> None:
        path, sha256 = self._put_aside(item, submission.learner)
        if path.stat().st_size == 0:
            self.report.of(item.name, "it is empty; it is graded as such.")
        stem, number = _without_renaming(PurePosixPath(name).stem, submission.assignment)
        time = handed.submitted_at.isoformat() if handed.submitted_at else ""
        order = (time, handed.order, number, next(self.numbers))
        submission.files.append(_File(handed, path, sha256, name, stem, order))

    def _put_aside(self, item: Item, learner: Learner) -> tuple[Path, str]:
        taken = self.taken[learner.student_id]
        if taken[0] >= MAX_FILES_EACH:
            raise Unreadable(f"{shown(learner.student_id)} handed in more than {MAX_FILES_EACH} files")
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
                raise Unreadable(f"it is for {shown(handed.assignment)!r}, which is not asked for")
            return handed.assignment
        if self.assignment:
            return self.assignment
        meant = [one for one in known if _without_renaming(PurePosixPath(handed.file).stem, one)[0] == one]
        return meant[0] if len(meant) == 1 else None

    def _submission(self, learner: Learner, assignment: str, handed: Handed) -> _Submission:
        key = (composed(learner.student_id), assignment)
        return self.submissions.setdefault(key, _Submission(learner, assignment, handed))

    def _learner(self, handed: Handed) -> Learner:
        """Return whose a file is.

        Raises:
            Unreadable: That is not certain.
        """
        learner = self._resolved(handed)
        users = self.users[composed(learner.student_id)]
        if len(users) > 1:
            # Anybody may take another's name: then neither is believed.
            named = " and ".join(shown(one) for one in sorted(users)[:3])
            raise Unreadable(
                f"users {named} both read as {shown(learner.student_id)}; give them their platform_id in the roster "
                "and collect again"
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
            raise Unreadable(f"{shown(handed.student_id)!r} is not in the roster; add it and collect again")
        return found
    if handed.platform_id in roster.by_platform_id:
        return roster.by_platform_id[handed.platform_id]
    # Moodle's numbers hold for one assignment, so a roster may have those of another; Canvas's hold for ever.
    named = [one for one in roster.named(handed.name) if platform == "moodle" or not one.platform_id]
    if len(named) == 1:
        return named[0]
    who = f"{shown(handed.name)!r} (number {shown(handed.platform_id)})"
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
    if name.casefold() == assignment.casefold():
        return assignment, 0
    if name.casefold().startswith(assignment.casefold()) and _RENAMED.fullmatch(name[len(assignment) :]):
        rest, name = name[len(assignment) :], assignment
    else:
        found = re.search(rf"{_RENAMED.pattern}$", name[1:], re.IGNORECASE)
        rest, name = (found[0], name[: found.start() + 1]) if found else ("", name)
    numbers = re.findall(r"\d+", rest)
    return name, int(numbers[-1]) if numbers else int(bool(rest))


class _Placing:
    """Moves submissions that are whole into place."""

    def __init__(
        self, into: Path, staging: Path, platform: str, receipts: dict[tuple[str, str], Receipt], report: Report
    ) -> None:
        self.into, self.staging, self.platform = into, staging, platform
        self.receipts, self.report = receipts, report

    def run(self, submissions: Iterable[_Submission]) -> None:
        staged = [self._stage(one) for one in submissions]
        receipts = dict(self.receipts)
        self.into.mkdir(exist_ok=True)
        for folder, receipt in staged:
            if self._place(folder, receipt, self._keeps_the_one_there(receipt)):
                receipts[receipt.key] = receipt
        write_receipts(self.into, receipts)

    def _stage(self, one: _Submission) -> tuple[Path, Receipt]:
        """Lay out one submission as it will be, and return its folder and its receipt."""
        student = _folder(one.learner.student_id)
        folder = self.staging / "new" / student / one.assignment
        folder.mkdir(parents=True)
        counting, others = _chosen(one)
        for file in counting:
            name = f"{one.assignment}.ipynb" if len(counting) == 1 else _free(folder, file.name)
            file.path.rename(folder / name)
        for file in others:
            (folder / EARLIER).mkdir(exist_ok=True)
            name = _free(folder / EARLIER, file.name)
            file.path.rename(folder / EARLIER / name)
        self._tell(one, counting, others)
        handed = counting[-1].handed if counting else one.handed
        when = handed.submitted_at
        return folder, Receipt(
            folder=student,
            assignment=one.assignment,
            student_id=one.learner.student_id,
            name=one.learner.name or handed.name,
            platform=self.platform,
            platform_id=handed.platform_id or one.learner.platform_id,
            platform_name=handed.name,
            submitted_at=when.isoformat() if when else "",
            late=handed.late,
            sha256=counting[0].sha256 if len(counting) == 1 else "",
        )

    def _tell(self, one: _Submission, counting: list[_File], others: list[_File]) -> None:
        who = f"{one.learner.student_id}, {one.assignment}"
        if not counting:
            self.report.of(who, "there is no notebook; it gets a row without points.")
        elif len(counting) > 1:
            self.report.of(who, f"{len(counting)} different notebooks, and none named {one.assignment}.ipynb.")
        if others:
            names = ", ".join(shown(file.name) for file in others[:3]) + (", ..." if len(others) > 3 else "")
            self.report.of(who, f"{shown(counting[-1].name)} counts; kept in {EARLIER}/: {names}.")
        if counting and counting[-1].handed.late:
            self.report.of(who, "marked as late by the platform.")

    def _keeps_the_one_there(self, receipt: Receipt) -> bool:
        """Say whether what is there was handed in later than what has come now."""
        before = self.receipts.get(receipt.key)
        return bool(before and before.when and receipt.when and receipt.when < before.when)

    def _place(self, new: Path, receipt: Receipt, keeps: bool) -> bool:
        """Move one submission into place; return False where the one there stays as it is."""
        student, target = self.into / receipt.folder, self.into / receipt.folder / receipt.assignment
        for path in (student, target, target / EARLIER):
            if path.is_symlink() or (path.exists() and not path.is_dir()):
                self.report.of(f"{receipt.folder}, {receipt.assignment}", f"left out: {shown(path.name)} is no folder.")
                return False
        student.mkdir(exist_ok=True)
        if not target.exists():
            new.rename(target)
            self.report.new += 1
            return True
        there = {path.name: path for path in sorted(target.iterdir()) if path.suffix.casefold() == ".ipynb"}
        coming = {path.name: path for path in sorted(new.iterdir()) if path.is_file()}
        if _same(there, coming):
            self._merge_earlier(new, target, [])
            self.report.unchanged += 1
            return True
        if not coming or keeps:
            self._merge_earlier(new, target, list(coming.values()))
            why = "what is there was handed in later" if keeps else "what is there stays"
            self.report.of(f"{receipt.folder}, {receipt.assignment}", f"{why}.")
            self.report.unchanged += 1
            return False
        self._merge_earlier(new, target, [])
        earlier = target / EARLIER
        earlier.mkdir(exist_ok=True)
        for name, path in there.items():
            # A second name first, then the new notebook over the old name: at no moment is there neither.
            _second_name(path, earlier / _free(earlier, name))
            if name not in coming:
                path.unlink()
        for name, path in coming.items():
            path.replace(target / name)
        self.report.replaced += 1
        self.report.of(f"{receipt.folder}, {receipt.assignment}", f"a new attempt; the one before is in {EARLIER}/.")
        return True

    def _merge_earlier(self, new: Path, target: Path, more: list[Path]) -> None:
        """Move earlier attempts to those that are there, each content once."""
        came = [*sorted((new / EARLIER).iterdir() if (new / EARLIER).is_dir() else ()), *more]
        if not came:
            return
        (target / EARLIER).mkdir(exist_ok=True)
        there = {_digest(path) for path in (target / EARLIER).iterdir()}
        for path in came:
            if _digest(path) not in there:
                path.rename(target / EARLIER / _free(target / EARLIER, path.name))


def _chosen(one: _Submission) -> tuple[list[_File], list[_File]]:
    """Return the notebooks that count and the others, each list in the order in which they were handed in.

    It is the last that is named like the assignment. Where none is, and all have one name, it is the last; where they
    have different names, all of the last attempt are put side by side, for nobody knows which was meant.
    """
    files = sorted(one.files, key=lambda file: file.order)
    fitting = [file for file in files if file.stem == one.assignment]
    if fitting or len({file.stem.casefold() for file in files}) <= 1:
        last = (fitting or files)[-1:]
        return last, [file for file in files if file not in last]
    newest = {file.stem.casefold(): file for file in files}
    latest = files[-1].order[0]
    counting = [file for file in files if file in newest.values() and file.order[0] == latest]
    return counting, [file for file in files if file not in counting]


def _same(there: Mapping[str, Path], coming: Mapping[str, Path]) -> bool:
    return there.keys() == coming.keys() and all(_digest(path) == _digest(coming[name]) for name, path in there.items())


def _digest(path: Path) -> str:
    """Return a file's SHA-256; nothing for what is no regular file."""
    if not stat.S_ISREG(path.lstat().st_mode):
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _second_name(path: Path, other: Path) -> None:
    try:
        os.link(path, other, follow_symlinks=False)
    except OSError as error:
        if is_full(error):
            raise
        shutil.copy2(path, other, follow_symlinks=False)  # a file system without hard links


def _folder(student_id: str) -> str:
    """Return the name of a student's folder: the id itself, wherever a file system takes it."""
    plain = "/" not in student_id and student_id.isprintable() and len(student_id.encode("utf-8", "replace")) <= 200
    # What `find_submissions` passes over, or takes for something else.
    special = student_id in LITTER or student_id == NAME or student_id.casefold().endswith(".ipynb")
    if plain and not special and student_id == student_id.strip() and not student_id.startswith("."):
        return student_id
    return to_folder_name(student_id).replace(".", "%2E")


def _free(folder: Path, name: str) -> str:
    """Return a name that is free in a folder, safe on any system, and as near to ``name`` as that allows."""
    stem = "".join(c if c.isprintable() and c not in '/\\:*?"<>|' else "_" for c in PurePosixPath(name).stem)
    stem = stem.strip(". ").encode("utf-8", "replace")[:150].decode("utf-8", "ignore") or "notebook"
    names = (f"{stem}.ipynb" if not number else f"{stem}~{number}.ipynb" for number in count())
    return next(one for one in names if not os.path.lexists(folder / one))
