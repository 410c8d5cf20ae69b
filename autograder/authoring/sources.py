"""Reads an assignment's source; the format, and the rules that are kept here, stand in `autograder.authoring.build`."""

from __future__ import annotations

import ast
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from autograder.authoring.notebooks import Assignment, Cell, Kind
from flowercourse.errors import CourseError

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "solutions" / "notebooks"
# The grade id is also the cell's id in the notebook file, where at most 64 of these characters are allowed.
GRADE_ID = re.compile(r"[A-Za-z]\w{0,62}", re.ASCII)
MARKERS = ("BEGIN SOLUTION", "END SOLUTION", "BEGIN HIDDEN TESTS", "END HIDDEN TESTS")
OURS = {"solution", "check", "locked", "points", "nbgrader"}
# jupytext keeps track of blank lines in these; nothing else is taken over from a cell's opening line.
IGNORED = {"lines_to_next_cell", "lines_to_end_of_cell_marker"}
KEPT = {"tags"}

Fail = Callable[[str, str], NoReturn]


def names(folder: Path = SOURCES) -> list[str]:
    """Return the names of all assignments in ``folder``, in order; reading their sources takes seconds."""
    return [path.stem for path in _files(folder)]


def load_all(folder: Path = SOURCES) -> dict[str, Assignment]:
    """Read the sources of all assignments in ``folder``; return them by name, in order.

    Raises:
        CourseError: A source breaks a rule of its format.
    """
    return {path.stem: load(path) for path in _files(folder)}


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9][0-9]-*.py"))


def load(path: Path) -> Assignment:
    """Read the source of one assignment.

    Args:
        path: A file ``NN-name.py``.

    Raises:
        CourseError: The source breaks a rule of its format; the error names the cell and the rule.
    """
    import jupytext

    text = _fill_in(path.read_text(encoding="utf-8"), path.stem)
    notebook = jupytext.reads(text, fmt="py:percent")
    seen: Counter[str] = Counter()
    cells = tuple(_cell(raw, path, seen) for raw in notebook.cells)
    assignment = Assignment(name=path.stem, title=_title(cells, path.stem), cells=cells)
    _check_whole(assignment, path)
    return assignment


@cache
def repository() -> dict[str, str]:
    """Return ``url`` and ``branch`` of the course, and where its ``learners`` edition is, from ``_config.yml``."""
    import yaml

    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))["repository"]
    url = settings["url"].rstrip("/")
    learners = settings.get("learners_edition", url).rstrip("/")
    return {"url": url, "branch": settings.get("branch", "main"), "learners": learners}


def _fill_in(text: str, name: str) -> str:
    url, branch = repository()["url"], repository()["branch"]
    slug = url.removeprefix("https://github.com/")
    notebook = f"exercises/{name}/{name}.ipynb"
    places = {
        "{repository}": url,
        "{branch}": branch,
        "{learners}": repository()["learners"],
        "{colab}": f"https://colab.research.google.com/github/{slug}/blob/{branch}/{notebook}",
        "{binder}": f"https://mybinder.org/v2/gh/{slug}/{branch}?labpath={notebook.replace('/', '%2F')}",
    }
    for place, value in places.items():
        text = text.replace(place, value)
    return text


def _title(cells: tuple[Cell, ...], name: str) -> str:
    headings = (re.search(r"^# +(.+)$", cell.source, re.MULTILINE) for cell in cells if cell.kind == "text")
    return next((heading[1].strip() for heading in headings if heading), name)


def _cell(raw: Any, path: Path, seen: Counter[str]) -> Cell:
    """Make one cell; ``raw`` is jupytext's, ``seen`` counts the texts met so far."""

    def fail(why: str, next_step: str) -> NoReturn:
        first_line = raw.source.strip().split("\n")[0][:60]
        raise CourseError(f"{path.name}, cell {first_line!r}", why, next_step)

    options = {name: value for name, value in raw.metadata.items() if name not in IGNORED}
    for name in options.keys() - OURS - KEPT:
        fail(
            f"its opening line says {name}={options[name]!r}",
            "autograder/authoring/build.py lists the options",
        )
    kind, grade_id, points = _purpose(raw.cell_type, options, fail)
    if not grade_id:
        digest = hashlib.sha256(f"{kind}\n{raw.source}".encode()).hexdigest()[:12]
        seen[digest] += 1
        grade_id = f"cell-{digest}" + (f"-{seen[digest]}" if seen[digest] > 1 else "")
    given = _given(raw, kind, fail)
    cell = Cell(grade_id, kind, raw.source, given, points, tuple(options.get("tags", ())))
    if kind == "check":
        _check_calls(cell, fail)
    return cell


def _purpose(cell_type: str, options: Mapping[str, Any], fail: Fail) -> tuple[Kind, str, int]:
    """Return kind, grade id (empty where there is none) and points from a cell's options."""
    if cell_type not in ("code", "markdown"):
        fail(f"it is a {cell_type} cell", "Use code and markdown cells only")
    words = _short_words(options["nbgrader"], fail) if "nbgrader" in options else dict(options)
    named = [word for word in ("solution", "check", "locked") if word in words]
    if len(named) > 1:
        fail(f"it is both {named[0]} and {named[1]}", "Give it one purpose")
    if not named:
        if "points" in words:
            fail("it has points, but is neither a check nor a written answer", "Add check=... or solution=...")
        return ("example" if cell_type == "code" else "text"), "", 0
    word = named[0]
    grade_id = words[word]
    if not isinstance(grade_id, str) or not GRADE_ID.fullmatch(grade_id):
        fail(f"{grade_id!r} cannot be a grade id", "Use letters, digits and underscores, beginning with a letter")
    if cell_type == "markdown" and word != "solution":
        fail(
            f"a text cell cannot be {word}", "Make it a code cell, or a written answer with solution=... and points=..."
        )
    graded = word == "check" or cell_type == "markdown"
    points = words.get("points", 0)
    if graded and (not isinstance(points, int) or isinstance(points, bool) or points < 1):
        fail(f"its points are {points!r}", "Write a whole number, at least 1: points=2")
    if not graded and points:
        fail("a cell that is not graded has points", "Move the points to the check cell below it")
    kinds: dict[str, Kind] = {"check": "check", "locked": "locked", "solution": "solution"}
    return ("written" if cell_type == "markdown" else kinds[word]), grade_id, points


def _short_words(full: Mapping[str, Any], fail: Fail) -> dict[str, Any]:
    """Translate nbgrader's metadata into the short words."""
    grade_id = full.get("grade_id")
    if full.get("task"):
        fail("it is one of nbgrader's task cells", "Use a written answer: solution=... points=...")
    if full.get("solution"):
        return {"solution": grade_id} | ({"points": full.get("points")} if full.get("grade") else {})
    if full.get("grade"):
        return {"check": grade_id, "points": full.get("points")}
    return {"locked": grade_id} if full.get("locked") else {}


def _given(raw: Any, kind: Kind, fail: Fail) -> str:
    """Return what learners get of a cell, as nbgrader's own preprocessors make it."""
    from nbformat.v4 import new_code_cell, new_markdown_cell
    from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions

    solution, hidden = (marker in raw.source for marker in ("SOLUTION", "HIDDEN TESTS"))
    if any(marker in raw.source for marker in MARKERS):
        if solution and kind not in ("solution", "written"):
            fail("it has a solution, but is no solution cell", 'Add solution="name" to its opening line')
        if hidden and kind != "check":
            fail("it has hidden tests, but is no check cell", 'Add check="name" points=... to its opening line')
    elif kind not in ("solution", "written"):
        return raw.source
    cell = new_markdown_cell(raw.source) if raw.cell_type == "markdown" else new_code_cell(raw.source)
    cell.metadata["nbgrader"] = {"solution": kind in ("solution", "written"), "grade": kind in ("check", "written")}
    try:
        if cell.metadata.nbgrader.solution:
            cell, _ = ClearSolutions().preprocess_cell(cell, {"language": "python"}, 0)
        cell, _ = ClearHiddenTests().preprocess_cell(cell, {}, 0)
    except RuntimeError as error:
        fail(str(error), "Write each BEGIN marker with its END marker below it")
    return cell.source.rstrip("\n")


def _check_calls(cell: Cell, fail: Fail) -> None:
    """Refuse a check cell that does anything but call the checks that it is named after."""
    wanted = f"checks.{cell.id}()"
    if [line for line in cell.given.splitlines() if line.strip() and not line.startswith("#")] != [wanted]:
        fail(f"a check cell named {cell.id!r} does something else than {wanted}", f"Write {wanted} and nothing more")
    hidden = cell.source.partition("BEGIN HIDDEN TESTS")[2]
    if hidden and f"hidden.{cell.id}()" not in hidden:
        fail(f"its hidden block does not call hidden.{cell.id}()", "Call the hidden check of the same name")


def _check_whole(assignment: Assignment, path: Path) -> None:
    def fail(why: str, next_step: str) -> NoReturn:
        raise CourseError(path.name, why, next_step)

    doubled = [name for name, count in Counter(cell.id for cell in assignment.cells).items() if count > 1]
    if doubled:
        fail(f"the grade id {doubled[0]!r} is used twice", "Give each cell its own")
    code = [cell for cell in assignment.cells if cell.is_code]
    if not code or code[0].id != "setup" or code[0].kind != "locked":
        fail('its first code cell is not locked="setup"', "Begin with the cell that installs and imports")
    root = path.resolve().parents[2]  # the folder of which solutions/notebooks/NN-name.py is a part
    visible = functions_of(root / "autograder" / "checks" / f"{assignment.module}.py")
    hidden = functions_of(root / "solutions" / "hidden_checks" / f"{assignment.module}.py")
    for cell in assignment.cells:
        if cell.kind != "check":
            continue
        if cell.id not in visible:
            fail(
                f"the check {cell.id!r} is not in autograder/checks/{assignment.module}.py",
                "Write it, or correct its name",
            )
        if visible[cell.id] not in (None, cell.points):
            fail(
                f"the check {cell.id!r} is worth {visible[cell.id]} points in its module, and {cell.points} here",
                "Make the two agree",
            )
        if "BEGIN HIDDEN TESTS" in cell.source and cell.id not in hidden:
            fail(f"{cell.id!r} is not in solutions/hidden_checks/{assignment.module}.py", "Write it, or drop the block")


def functions_of(path: Path) -> dict[str, int | None]:
    """Return the functions that a module of checks defines, with the points of their ``@check(points=...)``.

    The module is read, not imported: building the exercises needs no TensorFlow.
    """
    if not path.is_file():
        return {}
    found: dict[str, int | None] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            keywords = [word for call in node.decorator_list if isinstance(call, ast.Call) for word in call.keywords]
            points = [
                word.value.value for word in keywords if word.arg == "points" and isinstance(word.value, ast.Constant)
            ]
            found[node.name] = points[0] if points and isinstance(points[0], int) else None
    return found
