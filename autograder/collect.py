"""Finds what was handed in and looks at it without trusting it: the folders, not yet what is in the notebooks.

`find_submissions` walks ``SUBMITTED/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb``. Every ``STUDENT/ASSIGNMENT`` counts as a
submission, whatever lies in it; so does a notebook that lies one or two folders too high, because somebody meant to
hand it in. What can be seen to be ungradable is found all the same, with a ``problem`` worded for the learner.
`rebuild` (from `autograder.rebuild`) reads one and makes of it the notebook that will run.

Nothing here follows a symbolic link below ``SUBMITTED``, opens anything but regular files, waits for a pipe, or writes.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from autograder.rebuild import rebuild
from autograder.submissions import Found, Rebuilt, RebuiltCell, Rejected
from flowercourse.errors import CourseError

__all__ = ["Found", "Rebuilt", "RebuiltCell", "Rejected", "find_submissions", "rebuild"]

# Left behind by Jupyter, version control and operating systems; nobody handed these in.
LITTER = {".ipynb_checkpoints", ".git", ".DS_Store", "__MACOSX", "__pycache__", "lost+found"}
ASSIGNMENT_NAME = re.compile(r"\d\d-[a-z0-9-]{1,60}")


def find_submissions(submitted: Path, *, assignment: str | None = None) -> list[Found]:
    """Find every submission below ``submitted``, in a stable order (students, then assignments).

    Args:
        submitted: A folder in nbgrader's layout. It may itself be a symbolic link.
        assignment: Only this assignment's submissions; None means all.

    Returns:
        One entry for each pair of student and assignment; no pair comes twice.

    Raises:
        CourseError: ``submitted`` is no folder, or cannot be listed.
    """
    try:
        entries = _entries(submitted)
    except OSError as error:
        raise CourseError(
            f"{submitted} was not read",
            f"{error.strerror}",
            "Name a folder that holds STUDENT/ASSIGNMENT/NOTEBOOK.ipynb",
        ) from error
    found: dict[tuple[str, str], Found] = {}
    for entry in entries:
        for one in _of_student(submitted / entry.name, entry, assignment):
            if assignment in (None, one.assignment):
                found.setdefault((one.student_id, one.assignment), one)
    return sorted(_with_lookalikes(found.values()), key=lambda one: (one.student_id, one.assignment))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if entry.name not in LITTER), key=lambda entry: entry.name)


def _of_student(path: Path, entry: os.DirEntry[str], assignment: str | None) -> Iterator[Found]:
    """Yield the submissions in one folder (or whatever it is) directly below ``SUBMITTED``."""
    student = readable(entry.name)
    if entry.is_dir(follow_symlinks=False):
        try:
            inside = _entries(path)
        except OSError as error:
            yield Found(student, assignment or "", path, problem=f"The folder could not be read ({error.strerror}).")
            return
        # Folders first: where a folder and a loose notebook have one name, the folder is the submission.
        for below in sorted(inside, key=lambda one: not one.is_dir(follow_symlinks=False)):
            yield from _of_assignment(path / below.name, below, student)
    elif entry.is_symlink():
        for name in [assignment] if assignment else _names_behind(path) or [""]:
            yield Found(student, name, path / name, problem=_no_symlink("the student's folder"))
    elif _is_notebook(entry.name):
        problem = "This notebook lies outside of any student's folder. Hand it in as STUDENT/ASSIGNMENT/NOTEBOOK.ipynb."
        yield Found("", readable(path.stem), path.parent, problem=problem)
    elif not entry.is_file(follow_symlinks=False):
        yield Found(student, assignment or "", path, problem=f"This is {_kind(path)}, not a folder with submissions.")


def _names_behind(link: Path) -> list[str]:
    """Return the assignments that lie behind a student's folder that is a link; nothing there is opened."""
    try:
        return sorted(entry.name for entry in _entries(link) if ASSIGNMENT_NAME.fullmatch(entry.name))
    except OSError:
        return []


def _of_assignment(path: Path, entry: os.DirEntry[str], student: str) -> Iterator[Found]:
    """Yield the submission in one folder (or whatever it is) directly below a student's folder."""
    name = readable(entry.name)
    if entry.is_dir(follow_symlinks=False):
        yield _in_folder(Found(student, name, path))
    elif _is_notebook(entry.name):
        name = readable(path.stem)
        problem = f"The notebook lies in the student's folder itself. Hand it in as {name}/{entry.name}."
        yield Found(student, name, path.parent, problem=readable(problem))
    elif entry.is_symlink():
        yield Found(student, name, path, problem=_no_symlink("the assignment's folder"))
    elif not entry.is_file(follow_symlinks=False):
        yield Found(student, name, path, problem=f"This is {_kind(path)}, not a folder with a notebook.")


def _in_folder(found: Found) -> Found:
    """Choose the notebook of one submission: the one named like the assignment, else the only one."""
    try:
        names = [entry.name for entry in _entries(found.folder) if _is_notebook(entry.name)]
    except OSError as error:
        return replace(found, problem=f"The folder could not be read ({error.strerror}).")
    expected = f"{found.folder.name}.ipynb"
    if not names:
        return replace(found, problem=f"There is no notebook in the folder. Hand in {readable(expected)}.")
    if expected not in names and len(names) > 1:
        listed = " and ".join(readable(name) for name in names[:3])
        return replace(
            found,
            problem=f"There are {len(names)} notebooks ({listed}), none named {readable(expected)}. Hand in one.",
        )
    chosen = expected if expected in names else names[0]
    path = found.folder / chosen
    if path.is_symlink():
        return replace(found, problem=_no_symlink("the notebook"))
    if not path.is_file():
        return replace(found, problem=f"The notebook {readable(chosen)} is {_kind(path)}, not a file.")
    notes = []
    if others := [readable(name) for name in names if name != chosen]:
        notes.append(f"Graded {readable(chosen)}; left out: {', '.join(others[:3])}.")
    if chosen != expected:
        notes.append(f"The notebook is named {readable(chosen)} instead of {readable(expected)}.")
    return replace(found, notebook=path, notes=tuple(notes))


def _is_notebook(name: str) -> bool:
    return name.casefold().endswith(".ipynb")


def _no_symlink(what: str) -> str:
    return f"{what[0].upper()}{what[1:]} is a symbolic link, which is not followed. Hand in the notebook itself."


def _kind(path: Path) -> str:
    mode = path.lstat().st_mode
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
    }
    return kinds.get(stat.S_IFMT(mode), "a special file")


def readable(name: str) -> str:
    r"""Return a file's name as text that can be written anywhere: bytes that are not UTF-8 become ``\xNN``.

    >>> print(readable("caf\udce9"))
    caf\xe9
    """
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _with_lookalikes(found: Iterable[Found]) -> Iterator[Found]:
    """Add a note where two students' names cannot be told apart by eye: they may be one student."""
    found = list(found)
    names = defaultdict(set)
    for one in found:
        names[_skeleton(one.student_id)].add(one.student_id)
    for one in found:
        if len(names[_skeleton(one.student_id)]) == 1:
            yield one
        else:
            note = "Another student's folder has the same name but for capitals, spaces or the spelling of accents."
            yield replace(one, notes=(*one.notes, note))


def _skeleton(name: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", name)).strip().casefold()
