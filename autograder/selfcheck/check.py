"""`autograder check NOTEBOOK`: a learner's own check. Runs her notebook from start to end, and says what each point got
(`NotebookReport.table`).

The notebook runs in a process of its own (`autograder.selfcheck.worker`), so that a cell that never ends, or that ends
its process, costs its own points and no more. The checks are the visible ones, and run there too: this is the learner's
machine and her own answer to "is this right?", not a grade.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.checking.cells import FailedCell
from autograder.checking.core import Check, CheckResult, plural_points
from autograder.checking.messages import number
from autograder.checking.quoting import quote
from flowercourse.errors import CourseError
from flowercourse.startup import ALWAYS, DEFAULTS

CELL_TIMEOUT_S = 120.0
# What the process gets on top of a cell's limit, to interrupt the cell itself, or to import TensorFlow.
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Trouble:
    """A cell of the learner's that raised.

    Attributes:
        cell: its position among all cells, from 1.
        type_name: the exception's type.
        text: the exception's message.
        line: the line of the cell at which it was raised, from 1; 0 where that is not known.
        source: the cell's code.
    """

    cell: int
    type_name: str
    text: str
    line: int = 0
    source: str = ""

    def lines(self) -> list[str]:
        """Return what to say of it: which cell, what it raised and where, and what is known to cause this."""
        failed = FailedCell(self.cell, self.source, self.type_name, self.text, self.line)
        first = next((line.strip() for line in self.source.splitlines() if line.strip()), "")
        beginning = f", beginning with `{quote(first, 60)}`" if first else ""
        said = [f"! cell {self.cell} from the top{beginning}"]
        said[0] += f", raised {self.type_name}" + (f": {quote(self.text)}" if self.text else "")
        if failed.code:
            said.append(f"    line {self.line}: {quote(failed.code, 100)}")
        return said + ([f"    {failed.hint}"] if failed.hint else [])


@dataclass(frozen=True)
class Progress:
    """What is going on: which of how many cells, what it is (a cell or a check), and for how many seconds."""

    done: int
    cells: int
    doing: str
    seconds: float = 0.0


@dataclass
class NotebookReport:
    """What `autograder check` found.

    Attributes:
        assignment: the assignment's name.
        results: one result for each point, in the notebook's order.
        troubles: the cells that raised.
        seconds: how long it took.
        note: something to know about the notebook as a whole; may be empty.
    """

    assignment: str
    results: list[CheckResult] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    seconds: float = 0.0
    note: str = ""

    @property
    def all_passed(self) -> bool:
        """Whether every point was earned."""
        return bool(self.results) and all(result.status == "passed" for result in self.results)

    def table(self) -> str:
        """Return the report as text: a line a point, with the message below those that did not get everything."""
        width = max((len(result.grade_id) for result in self.results), default=0)
        lines = [self.assignment]
        lines += [f"  {self.note}"] if self.note else []
        for trouble in self.troubles:
            lines += [f"  {line}" for line in trouble.lines()]
        for result in self.results:
            sign = "✓" if result.status == "passed" else "✗"
            points = f"{number(result.score)} of {number(result.max_score)}"
            lines.append(f"  {sign} {result.grade_id:<{width}}  {points:>8}  {result.title}")
            lines += [f"      {line}" for line in result.message.splitlines()]
            lines += [f"      {line}" for line in result.detail.splitlines()[-4:]]
        score, worth = (sum(getattr(one, name) for one in self.results) for name in ("score", "max_score"))
        lines.append(f"  {number(score)} of {plural_points(worth)}, in {self.seconds:.0f} s")
        return "\n".join(lines)


def check_notebook(
    path: Path,
    *,
    cell_timeout_s: float = CELL_TIMEOUT_S,
    progress: Callable[[Progress], None] | None = None,
) -> NotebookReport:
    """Run a learner's notebook and check every point of its assignment.

    Args:
        path: the notebook.
        cell_timeout_s: seconds that one cell may run.
        progress: called whenever something begins, and every second.

    Raises:
        CourseError: the file is no notebook of one of the course's assignments.
    """
    path = Path(path).resolve()
    notebook = read_notebook(path)
    assignment = assignment_of(notebook, path)
    checks = checks_of(assignment)
    report = NotebookReport(assignment, note=_note(notebook, assignment))
    began = time.monotonic()
    found: dict[str, CheckResult] = {}
    with tempfile.TemporaryDirectory(prefix="autograder-check-") as folder:
        for event in _events(path, assignment, Path(folder), cell_timeout_s):
            if "result" in event:
                result = CheckResult.from_json(event["result"])
                found.setdefault(result.grade_id, result)
            elif "trouble" in event:
                report.troubles.append(Trouble(**event["trouble"]))
            elif progress is not None:
                progress(Progress(**event))
    order = [name for name in found if name in checks] + [name for name in checks if name not in found]
    report.results = [found.get(name) or _unchecked(checks[name]) for name in order]
    report.seconds = time.monotonic() - began
    return report


def read_notebook(path: Path) -> dict[str, Any]:
    """Return the notebook in a file as plain data.

    Raises:
        CourseError: there is no such file, or no notebook in it.
    """
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CourseError(f"cannot read {path}", str(error.strerror or error), "Check the file's name") from None
    except ValueError:
        raise CourseError(
            f"{path.name} is no notebook", "it is not in the notebook format", "Save it in Jupyter again"
        ) from None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise CourseError(f"{path.name} is no notebook", "it has no cells", "Save it in Jupyter again")
    return notebook


def assignment_of(notebook: dict[str, Any], path: Path) -> str:
    """Return the name of the assignment that a notebook belongs to: from its metadata, else from its file's name.

    Raises:
        CourseError: it belongs to none.
    """
    named = _ours(notebook).get("assignment")
    name = named if isinstance(named, str) else path.stem
    if not re.fullmatch(r"\d+-[a-z0-9-]+", name) or not _has_checks(_module_path(name)):
        known = ", ".join(
            sorted(file.stem for file in _module_path("0-x").parent.glob("[!_]*.py") if _has_checks(file))
        )
        raise CourseError(
            f"{path.name} belongs to no exercise of the course",
            f"there are no checks for {quote(name, 60)!r}",
            f"Start from a notebook in exercises/ (there are checks for: {known})",
        )
    return name


def _ours(notebook: dict[str, Any]) -> dict[str, Any]:
    """Return what the notebook's metadata say about the exercise that it was made from."""
    metadata = notebook.get("metadata")
    ours = metadata.get("flowercourse") if isinstance(metadata, dict) else None
    return ours if isinstance(ours, dict) else {}


def checks_of(assignment: str) -> dict[str, Check]:
    """Return the visible checks of an assignment by name, in the order in which its module defines them."""
    import importlib

    module = importlib.import_module(f"autograder.checks.{module_name(assignment)}")
    return {name: value for name, value in vars(module).items() if isinstance(value, Check)}


def module_name(assignment: str) -> str:
    """Return the name of the module of an assignment's checks: "mobilenet_v2" for "02-mobilenet-v2"."""
    return assignment.partition("-")[2].replace("-", "_")


def _module_path(assignment: str) -> Path:
    return Path(__file__).parent.parent / "checks" / f"{module_name(assignment)}.py"


def _has_checks(file: Path) -> bool:
    return file.is_file() and "\n@check(" in file.read_text(encoding="utf-8")


def _note(notebook: dict[str, Any], assignment: str) -> str:
    """Return a remark where the exercise in exercises/ is another version than the notebook was made from."""
    current = Path(__file__).resolve().parents[2] / "exercises" / assignment / f"{assignment}.ipynb"
    if not current.is_file() or _ours(notebook).get("version") == _ours(read_notebook(current)).get("version"):
        return ""
    return f"This notebook was made from another version of the exercise than {current.name} in exercises/."


def _events(path: Path, assignment: str, folder: Path, cell_timeout_s: float) -> Iterator[dict[str, Any]]:
    """Run the worker and yield what it reports, ending it when it has been silent for too long."""
    journal = folder / "events.jsonl"
    journal.touch()
    command = [
        sys.executable,
        "-m",
        "autograder.selfcheck.worker",
        str(path),
        assignment,
        str(journal),
        str(cell_timeout_s),
    ]
    environment = {"MPLBACKEND": "Agg", **DEFAULTS, **os.environ, **ALWAYS}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=path.parent, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment
        )
        try:
            heard = ticked = time.monotonic()
            begun, now = "", dict[str, Any]()
            with journal.open(encoding="utf-8") as written:
                while True:
                    ended = process.poll() is not None
                    *lines, begun = (begun + written.read()).split("\n")
                    for line in lines:
                        heard = ticked = time.monotonic()
                        event = json.loads(line)
                        now = event if "doing" in event else now
                        yield event
                    if now and time.monotonic() - ticked >= 1.0:
                        ticked = time.monotonic()
                        yield {**now, "seconds": ticked - heard}
                    if ended or time.monotonic() - heard > cell_timeout_s + PATIENCE_S:
                        return
                    time.sleep(0.05)
        finally:
            process.kill()
            process.wait()


def _unchecked(check: Check) -> CheckResult:
    message = "The notebook's process ended, or did not answer, before this could be checked."
    return CheckResult(check.grade_id, check.title, "failed", 0.0, check.points, message)
