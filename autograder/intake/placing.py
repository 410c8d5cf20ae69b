"""Moves what a download holds, sorted and put aside, into ``SUBMITTED/STUDENT/ASSIGNMENT/ASSIGNMENT.ipynb``.

Whole submissions are moved, one rename each. Of several attempts, the last counts; the others are kept in
``STUDENT/ASSIGNMENT/earlier/``. So is what was collected before and has been handed in anew. Nothing is ever
overwritten or removed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path, PurePosixPath

from autograder.files import to_folder_name
from autograder.intake.find import LITTER, printable
from autograder.intake.receipts import NAME, Receipt, write_receipts
from autograder.intake.sorting import File, Report, Submission
from flowercourse.errors import is_full

EARLIER = "earlier"


class Placing:
    """Moves submissions that are whole into place."""

    def __init__(
        self, into: Path, staging: Path, platform: str, receipts: dict[tuple[str, str], Receipt], report: Report
    ) -> None:
        self.into, self.staging, self.platform = into, staging, platform
        self.receipts, self.report = receipts, report

    def run(self, submissions: Iterable[Submission]) -> None:
        staged = [self._stage(one) for one in submissions]
        receipts = dict(self.receipts)
        self.into.mkdir(exist_ok=True)
        for folder, receipt in staged:
            if self._place(folder, receipt, self._keeps_the_one_there(receipt)):
                receipts[receipt.key] = receipt
        write_receipts(self.into, receipts)

    def _stage(self, one: Submission) -> tuple[Path, Receipt]:
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

    def _tell(self, one: Submission, counting: list[File], others: list[File]) -> None:
        who = f"{one.learner.student_id}, {one.assignment}"
        if not counting:
            self.report.of(who, "there is no notebook; it gets a row without points.")
        elif len(counting) > 1:
            self.report.of(who, f"{len(counting)} different notebooks, and none named {one.assignment}.ipynb.")
        if others:
            names = ", ".join(printable(file.name) for file in others[:3]) + (", ..." if len(others) > 3 else "")
            self.report.of(who, f"{printable(counting[-1].name)} counts; kept in {EARLIER}/: {names}.")
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
                self.report.of(
                    f"{receipt.folder}, {receipt.assignment}", f"left out: {printable(path.name)} is no folder."
                )
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


def _chosen(one: Submission) -> tuple[list[File], list[File]]:
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
