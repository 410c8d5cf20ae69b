"""Makes the exercises, the instructor's notebooks and nbgrader's course from ``solutions/notebooks/NN-name.py``.

How a source is written
-----------------------
A source is a Python file in jupytext's percent format: ``# %%`` opens a code cell, ``# %% [markdown]`` a text cell.
The file's name is the assignment's (``02-mobilenet-v2.py``), the first heading its title, and the name without the
number the module of its checks (``autograder/checks/mobilenet_v2.py``, ``solutions/hidden_checks/mobilenet_v2.py``).
It needs no header. Lines such as ``%matplotlib inline`` or ``!pip install ...`` are written as comments, as jupytext
does: ``# %matplotlib inline``, ``# !pip install ...``.

What a cell is for stands in its opening line::

    # %% [markdown]                             text, for reading
    # %%                                        an example: learners may change it, run it, delete it
    # %% locked="setup"                         given code that the exercise needs; always taken from here
    # %% solution="resize"                      code to be written by the learner
    # %% check="images_are_scaled" points=2     a graded point
    # %% [markdown] solution="model_card" points=10    an answer in words, graded by hand

The quoted word is the cell's grade id: letters, digits and underscores, used once in a notebook. It becomes
nbgrader's ``grade_id`` and the notebook cell's ``id``. Points are whole numbers. ``tags=["hide-input"]`` is kept as the
cell's metadata. nbgrader's full metadata (``nbgrader={"grade": true, ...}``) may be written instead of the short words.
In any cell ``{repository}`` and ``{branch}`` stand for what ``_config.yml`` says about the course's repository,
``{colab}`` for the address that opens the exercise on Colab, and ``{binder}`` for the one that opens it on Binder.

A solution cell keeps its signature and docstring; what stands between the markers is the answer, which learners get
as ``# YOUR CODE HERE`` and ``raise NotImplementedError()``::

    # %% solution="resize"
    def resize(image, label):
        \"""Return ...\"""
        ### BEGIN SOLUTION
        return ...
        ### END SOLUTION

A written answer (``[markdown] solution=... points=...``) has the same markers around the model answer, or is model
answer altogether; learners get ``YOUR ANSWER HERE``.

A check cell calls the check that it is named after, and after it the hidden one, between markers. The hidden module is
imported in the notebook's first hidden block::

    # %% check="images_are_scaled" points=2
    checks.images_are_scaled()
    ### BEGIN HIDDEN TESTS
    from solutions.hidden_checks import preprocessing as hidden
    hidden.images_are_scaled()
    ### END HIDDEN TESTS

The first code cell is ``locked="setup"``: it installs what is missing on Colab and imports, among others,
``from autograder.checks import preprocessing as checks``. It stands alone: no other cell may import the checks.

What ``build`` promises
-----------------------
The same source gives the same bytes: cell ids come from the grade id or the cell's text, and no output, time or
version of a tool is written. A notebook's metadata carry ``flowercourse: {assignment, version}``; the version is a
fingerprint of all code that learners get, of the order of cells and of the points, so that correcting a sentence does
not make anybody's copy outdated. Nothing is written when a source breaks one of these rules, or when a line of a
solution or hidden test would be found in what learners get.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from autograder.authoring.notebooks import Assignment, Cell, dumps, learner_notebook
from autograder.authoring.sources import MARKERS, ROOT, SOURCES, load_all
from autograder.files import write_text
from flowercourse.errors import CourseError

EXERCISES = ROOT / "exercises"
COURSE = ROOT / "_build" / "nbgrader"

# Shorter lines ("return x", "plt.show()") stand in many programs and give nothing away.
SHORTEST_TELLING_LINE = 24


@dataclass(frozen=True)
class Built:
    """What `build` made, or would make: the assignment, its exercise, and whether the exercise was up to date."""

    assignment: Assignment
    path: Path
    fresh: bool


def build(*, sources: Path = SOURCES, exercises: Path = EXERCISES, course: Path | None = COURSE) -> list[Built]:
    """Make every exercise, every instructor's notebook and nbgrader's course.

    Args:
        sources: The folder with ``NN-name.py``.
        exercises: Where learners' notebooks go: ``exercises/NN-name/NN-name.ipynb``.
        course: Where nbgrader's course goes; None makes none.

    Raises:
        CourseError: A source breaks a rule, or learners would get part of a solution. Nothing has been written then.
    """
    made = compare(sources=sources, exercises=exercises)
    for one in made:
        write_text(one.path, dumps(learner_notebook(one.assignment)))
    for orphan in orphans(made, exercises):
        orphan.unlink()
    if course is not None:
        # Databases take a second to import, which the check of the exercises need not wait for.
        from autograder.authoring.gradebook import prepare

        prepare(course, {one.assignment.name: one.assignment for one in made})
    return made


def compare(*, sources: Path = SOURCES, exercises: Path = EXERCISES) -> list[Built]:
    """Return what `build` would make, and whether it is there already; write nothing.

    Raises:
        CourseError: There is no source, a source breaks a rule, or learners would get part of a solution.
    """
    assignments = load_all(sources)
    if not assignments:
        raise CourseError(
            f"{sources}", "there is no file NN-name.py in it", "Write one; autograder/authoring/build.py says how"
        )
    for assignment in assignments.values():
        refuse_leaks(assignment)
    paths = {name: exercises / name / f"{name}.ipynb" for name in assignments}
    return [
        Built(assignment, paths[name], _holds(paths[name], dumps(learner_notebook(assignment))))
        for name, assignment in assignments.items()
    ]


def orphans(made: Iterable[Built], exercises: Path = EXERCISES) -> list[Path]:
    """Return the exercises whose source is gone."""
    known = {one.path for one in made}
    return sorted(path for path in exercises.glob("[0-9][0-9]-*/*.ipynb") if path not in known)


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def refuse_leaks(assignment: Assignment) -> None:
    """Refuse an assignment whose learners would find a line of its solutions or hidden tests in their notebook.

    Raises:
        CourseError: Names the line.
    """
    text = dumps(learner_notebook(assignment))
    for marker in (*MARKERS, "hidden_checks", "hidden."):
        if marker in text:
            raise CourseError(
                f"{assignment.name}: learners would get {marker!r}",
                "it stands outside of a cell's hidden or solution block",
                "Move it, or reword the sentence",
            )
    given = {_bare(line) for cell in assignment.cells for line in cell.given.split("\n")}
    for line in telling_lines(assignment):
        if _bare(line) in given:
            raise CourseError(
                f"{assignment.name}: learners would get a line of the solution",
                f"{line.strip()!r} stands in a solution or hidden test, and in a cell that learners see",
                "Word one of the two differently",
            )


def telling_lines(assignment: Assignment) -> Iterator[str]:
    """Yield the lines of solutions and hidden tests that would give something away."""
    for cell in assignment.cells:
        for line in withheld(cell):
            bare = _bare(line)
            if len(bare) >= SHORTEST_TELLING_LINE and not bare.startswith(("import ", "from ", "#", '"""')):
                yield line


def withheld(cell: Cell) -> list[str]:
    """Return the lines of a cell that learners do not get."""
    if cell.source == cell.given:
        return []
    given = cell.given.split("\n")
    return [line for line in cell.source.split("\n") if line not in given and not any(m in line for m in MARKERS)]


def _bare(line: str) -> str:
    return re.sub(r"\s+", " ", line.strip())
