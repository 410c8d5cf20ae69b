"""Finds what was handed in and looks at it without trusting it: the folders, not yet what is in the notebooks.

`find_submissions` walks ``SUBMITTED/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb``. Every ``STUDENT/ASSIGNMENT`` counts as a
submission, whatever lies in it; so does a notebook that lies one or two folders too high, because somebody meant to
hand it in. Where there is no doubt what was meant, it is graded with a note: a notebook of a known assignment in the
student's folder itself, or one folder too deep; a folder with other capitals. What can be seen to be ungradable is
found all the same, with a ``problem`` worded for the learner. Nothing is dropped because its name reads like another's.
`rebuild` (from `autograder.intake.rebuild`) reads one and makes of it the notebook that will run.

Nothing here follows a symbolic link below ``SUBMITTED``, opens anything but regular files, waits for a pipe, or writes.
Names of files come from learners: messages and notes hold them as `shown` spells them.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path

from autograder.checking.quoting import quote
from autograder.intake.submissions import Found
from flowercourse.errors import CourseError

# Left behind by Jupyter, version control and operating systems; nobody handed these in.
LITTER = {".ipynb_checkpoints", ".git", ".DS_Store", "__MACOSX", "__pycache__", "lost+found"}
ASSIGNMENT_NAME = re.compile(r"\d\d-[a-z0-9-]{1,60}")
LONGEST_SHOWN = 80
"""Characters of a name that messages hold."""

Entry = os.DirEntry[str]


def find_submissions(submitted: Path, *, assignment: str | None = None, known: Collection[str] = ()) -> list[Found]:
    """Find every submission below ``submitted``, in a stable order (students, then assignments).

    Args:
        submitted: A folder in nbgrader's layout. It may itself be a symbolic link.
        assignment: Only this assignment's submissions; None means all.
        known: The course's assignments, by which misplaced notebooks and misspelled folders are understood.

    Returns:
        One entry for each pair of student and assignment; no pair comes twice. Where two names read the same, the
        second has ``~2`` behind it, and a note.

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
    known = {*known, *([assignment] if assignment else [])}
    found: list[Found] = []
    for entry, student in zip(entries, _distinct(readable(entry.name) for entry in entries), strict=True):
        for one in _of_student(submitted / entry.name, entry, student, assignment, known):
            if assignment in (None, one.assignment):
                namesake = one.student_id not in ("", readable(entry.name))
                found.append(_with_note(one, _called(student)) if namesake else one)
    return sorted(_with_lookalikes(_one_each(found)), key=lambda one: (one.student_id, one.assignment))


def _entries(folder: Path) -> list[Entry]:
    with os.scandir(folder) as entries:
        return sorted((entry for entry in entries if entry.name not in LITTER), key=lambda entry: entry.name)


def _of_student(
    path: Path, entry: Entry, student: str, assignment: str | None, known: Collection[str]
) -> Iterator[Found]:
    """Yield the submissions in one folder (or whatever it is) directly below ``SUBMITTED``."""
    if _is_folder(entry):
        try:
            inside = _entries(path)
        except OSError as error:
            yield Found(student, assignment or "", path, problem=f"The folder could not be read ({error.strerror}).")
            return
        for name, group in _by_assignment(inside, known).items():
            yield from _of_assignment(Found(student, name, path), group, is_known=name in known)
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


def _by_assignment(inside: list[Entry], known: Collection[str]) -> Mapping[str, list[Entry]]:
    """Return what lies in a student's folder by the assignment that it is meant for; other files are left out."""
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in inside:
        if _is_loose(entry):
            groups[_meant(Path(entry.name).stem, known)].append(entry)
        elif not entry.is_file(follow_symlinks=False):
            groups[_meant(entry.name, known)].append(entry)
    return groups


def _meant(name: str, known: Collection[str]) -> str:
    """Return the known assignment that a name means, whatever its capitals and the spaces around it; else the name."""
    if name in known:
        return name
    meant = [one for one in known if _folded(one) == _folded(name)]
    return meant[0] if len(meant) == 1 else readable(name)


def _folded(name: str) -> str:
    return name.strip().casefold()


def _of_assignment(found: Found, group: list[Entry], *, is_known: bool) -> Iterator[Found]:
    """Yield a submission for each entry of ``found.folder`` that is meant for one assignment.

    Where there is a folder, notebooks beside it are no submissions of their own. Of several folders (or notebooks), the
    one with the assignment's exact name comes first, and is the only one without a problem.
    """
    loose = [entry for entry in group if _is_loose(entry)]
    places = [entry for entry in group if not _is_loose(entry)]
    left_out = loose if places else []
    exact = (found.assignment, f"{found.assignment}.ipynb")
    places = sorted(places or loose, key=lambda entry: entry.name not in exact)
    for entry in places:
        one = _of_entry(found, entry, is_known=is_known)
        if is_known and entry.name not in exact:
            one = _inexact(one, places)
        if left_out:
            one = _with_note(one, f"Left out, beside the folder: {_listed(entry.name for entry in left_out)}.")
        yield one


def _inexact(one: Found, places: list[Entry]) -> Found:
    """Return a submission whose name is not spelled like the assignment: a problem where it is not the only one."""
    if len(places) == 1:
        return _with_note(one, f"Its name is not exactly {one.assignment}, but has been taken for that.")
    names = " and ".join(printable(entry.name) for entry in places[:3])
    problem = f"There are {len(places)} that mean the same assignment ({names}). Hand in one of them."
    return replace(one, notebook=None, problem=problem, notes=())


def _of_entry(found: Found, entry: Entry, *, is_known: bool) -> Found:
    """Return the submission that a folder of an assignment is, or a loose notebook, or whatever it is."""
    path = found.folder / entry.name
    if _is_loose(entry):
        return _loose_notebook(found, path, is_known=is_known)
    found = replace(found, folder=path)
    if _is_folder(entry):
        return _in_folder(found)
    if entry.is_symlink():
        return replace(found, problem=_no_symlink("the assignment's folder"))
    return replace(found, problem=f"This is {_kind(path)}, not a folder with a notebook.")


def _loose_notebook(found: Found, path: Path, *, is_known: bool) -> Found:
    place = f"{printable(found.assignment)}/{printable(path.name)}"
    if not is_known:
        problem = f"The notebook lies in the student's folder itself. Hand it in as {place}."
        return replace(found, problem=problem)
    one = _with_notebook(replace(found, depth=1), path)
    note = f"The notebook lies in the student's folder itself; its place is {place}."
    return one if one.problem else _with_note(one, note)


def _in_folder(found: Found) -> Found:
    """Choose the notebook of one submission: the one named like the assignment, else the only one.

    Where there is none, it may lie one folder deeper, in a folder of the same name, as some archives are unpacked.
    """
    try:
        entries = _entries(found.folder)
    except OSError as error:
        return replace(found, problem=f"The folder could not be read ({error.strerror}).")
    names = [entry.name for entry in entries if _is_notebook(entry.name)]
    if names:
        return _chosen(found, names)
    deeper = [entry for entry in entries if _is_folder(entry) and _folded(entry.name) == _folded(found.assignment)]
    if found.depth == 2 and len(deeper) == 1:
        one = _in_folder(replace(found, folder=found.folder / deeper[0].name, depth=3))
        return _with_note(one, "The notebook lies one folder too deep.") if one.notebook else one
    return replace(found, problem=f"There is no notebook in the folder. Hand in {printable(found.assignment)}.ipynb.")


def _chosen(found: Found, names: list[str]) -> Found:
    expected = f"{found.assignment}.ipynb"
    fitting = [name for name in names if _folded(Path(name).stem) == _folded(found.assignment)]
    fitting = [expected] if expected in names else fitting
    if len(names) > 1 and len(fitting) != 1:
        listed = " and ".join(printable(name) for name in names[:3])
        problem = f"There are {len(names)} notebooks ({listed}), none named {printable(expected)}. Hand in one."
        return replace(found, problem=problem)
    chosen = fitting[0] if fitting else names[0]
    one = _with_notebook(found, found.folder / chosen)
    if one.problem:
        return one
    if others := [name for name in names if name != chosen]:
        one = _with_note(one, f"Graded {printable(chosen)}; left out: {_listed(others)}.")
    if chosen != expected:
        one = _with_note(one, f"The notebook is named {printable(chosen)} instead of {printable(expected)}.")
    return one


def _with_notebook(found: Found, path: Path) -> Found:
    """Return the submission with its notebook, or with the reason why that is not read."""
    if path.is_symlink():
        return replace(found, problem=_no_symlink("the notebook"))
    if not path.is_file():
        return replace(found, problem=f"The notebook {printable(path.name)} is {_kind(path)}, not a file.")
    return replace(found, notebook=path)


def _with_note(found: Found, note: str) -> Found:
    return replace(found, notes=(*found.notes, note))


def _is_folder(entry: Entry) -> bool:
    return entry.is_dir(follow_symlinks=False)


def _is_loose(entry: Entry) -> bool:
    return _is_notebook(entry.name) and not _is_folder(entry)


def _is_notebook(name: str) -> bool:
    """Say whether a file is named like a notebook; hidden files are what systems make beside those (``._x.ipynb``)."""
    return name.casefold().endswith(".ipynb") and not name.startswith(".")


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

    In a name with such bytes, a backslash becomes two.

    >>> print(readable("caf\udce9"))
    caf\xe9
    """
    data = os.fsencode(name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.replace(b"\\", rb"\\").decode("utf-8", "backslashreplace")


def printable(name: str) -> str:
    r"""Return a name as messages hold it: short, in one line, with nothing that a terminal or a browser would obey.

    >>> printable("a\x1b[2J\nb.ipynb")
    'a [2J b.ipynb'
    """
    return quote(readable(name), LONGEST_SHOWN)


def _listed(names: Iterable[str]) -> str:
    names = [printable(name) for name in names]
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _distinct(names: Iterable[str]) -> list[str]:
    """Return the names, of which each that has been there before gets the first free of ``~2``, ``~3``, ... behind it.

    >>> _distinct(["a", "b", "a", "a", "a~2"])
    ['a', 'b', 'a~3', 'a~4', 'a~2']
    """
    names = list(names)
    taken = set(names)
    made: dict[str, None] = {}
    for name in names:
        if name in made:
            name = next(other for number in count(2) if (other := f"{name}~{number}") not in taken)
            taken.add(name)
        made[name] = None
    return list(made)


def _called(name: str) -> str:
    return f"Another one's name reads the same, so this one is called {printable(name)}."


def _one_each(found: Iterable[Found]) -> Iterator[Found]:
    """Give each submission of a student an assignment's name of its own, so that each gets its row."""
    by_student: dict[str, list[Found]] = defaultdict(list)
    for one in found:
        by_student[one.student_id].append(one)
    for ones in by_student.values():
        for one, name in zip(ones, _distinct(one.assignment for one in ones), strict=True):
            yield one if name == one.assignment else _with_note(replace(one, assignment=name), _called(name))


def _with_lookalikes(found: Iterable[Found]) -> Iterator[Found]:
    """Add a note where two students' names cannot be told apart by eye: they may be one student."""
    found = list(found)
    names = defaultdict(set)
    for one in found:
        names[_to_the_eye(one.student_id)].add(one.student_id)
    for one in found:
        if len(names[_to_the_eye(one.student_id)]) == 1:
            yield one
        else:
            note = "Another student's folder has the same name but for capitals, spaces or the spelling of accents."
            yield replace(one, notes=(*one.notes, note))


def _to_the_eye(name: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", name)).strip().casefold()
