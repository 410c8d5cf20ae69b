"""Turns results into what people read: ``grades.csv``, ``results.json`` and the learners' feedback pages.

The functions that make a text (`grades_csv`, `results_json`, `feedback_page`) are pure; those that write put the text
in its place atomically, so that a reader never finds half a file.

A feedback page holds nothing that runs. It is one file without script, link or request, with a content security policy
that forbids all of them; learners' code and outputs are escaped text, and pictures were decoded and encoded anew. It
shows the learner's code, what it showed, and for each point the check's sentence and message. Of hidden checks it knows
nothing but the sentence that they were written to show.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import IO, Any

from autograder.authoring.notebooks import TEXT_STUB
from autograder.files import to_folder_name, whole_file, write_text
from autograder.outcome.inert import Picture, Text, inert_parts, inert_text
from autograder.outcome.results import CellOutcome, CheckResult, Final, ManualGrade, SubmissionResult
from autograder.templating import template
from flowercourse.errors import CourseError

TEMPLATES = Path(__file__).with_name("templates")
COLUMNS = ("student_id", "assignment", "score", "max_score", "status", "seconds", "message")
# Characters of one cell, and of a page, that are colored. Some code that nobody would write takes Pygments a time that
# grows with the square of its length; white space without end is taken out before.
MAX_HIGHLIGHTED, PAGE_HIGHLIGHTED = 5_000, 50_000
STATUS_WORDS = {
    "graded": "Graded",
    "timeout": "Stopped: it took too long",
    "out_of_memory": "Stopped: it needed too much memory",
    "crashed": "Stopped: Python crashed",
    "rejected": "Could not be graded",
}
_BEGIN, _END = '{"format": 1, "results": [', "]}"


def sort(results: Iterable[SubmissionResult]) -> list[SubmissionResult]:
    """Return results in the order of every list of them: by student, then by assignment."""
    return sorted(results, key=lambda result: result.key)


def _grades_row(result: SubmissionResult) -> list[str]:
    return [
        cell_text(result.student_id),
        cell_text(result.assignment),
        points_text(result.score),
        points_text(result.max_score),
        result.status,
        f"{result.seconds:.2f}",
        cell_text(one_line(result.message)),
    ]


def csv_text(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table as CSV (RFC 4180)."""
    return "".join(map(_csv_line, (columns, *rows)))


def _csv_line(row: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(row)
    return text.getvalue()


# What may begin a formula; in NFKC, which full-width and other forms are turned to before a look at them.
_BEGINS_FORMULA = frozenset("=+-@")
# Behind a sign, this can be a name or a number, but call nobody: that takes brackets, a bar or an exclamation mark.
_ONLY_A_NAME = re.compile(r"[+\-][\w. '\u2019]+")
# A piece of a name that a spreadsheet may read as a cell: A1, XFD1048576, and R1C1 in its languages (RC, Z1S1, L1C1).
_MAY_BE_A_CELL = re.compile(r"[a-z]{1,3}\d+|[rzlf]\d*(?:[csk]\d*)?|[csk]\d*", re.IGNORECASE)
# Shown as nothing at all, though Unicode counts them as letters.
_FILLERS = "\u115f\u1160\u3164\uffa0\u2800"
# Control characters (a terminal acts on them), line ends, and what turns the direction of the text around it.
_ACTS = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def cell_text(value: str) -> str:
    """Return what a cell of a table may hold: text that neither a spreadsheet nor a terminal runs.

    Spreadsheets run what begins with ``=``, ``+``, ``-`` or ``@`` (OWASP, "CSV injection"), in full-width form, too.
    Such text gets an apostrophe in front, which spreadsheets take as "this is text". What cannot be seen in front of
    it (spaces, zero-width and control characters, a byte order mark) makes no difference, as programs drop it on the
    way; nor does a semicolon, at which a spreadsheet of many languages begins the next cell.

    What begins with a sign but can be no formula stays as it is, so that it still is the id that the learning platform
    knows: a number (``-17``), or a name (``+smith.j``, ``- o'Brien``) of which no part can be a cell. ``-A1`` can be,
    and would be shown as that cell's negative, so it is marked. A table names no cells, so a name computes nothing.
    Characters that act instead of being shown are written as Python writes them. The true id is in ``results.json``.

    >>> cell_text("learner-01"), cell_text("-17"), cell_text("=1+1"), cell_text("- o'Brien"), cell_text("-A1")
    ('learner-01', '-17', "'=1+1", "- o'Brien", "'-A1")
    """
    value = value.encode("utf-8", "backslashreplace").decode("utf-8")
    marked = ";".join(piece if _is_harmless(piece) else f"'{piece}" for piece in value.split(";"))
    return _ACTS.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), marked)


def _is_harmless(text: str) -> bool:
    """Say whether a cell with this text is text, or a number, to every spreadsheet."""
    bare = unicodedata.normalize("NFKC", text)
    bare = bare[next((place for place, character in enumerate(bare) if _is_seen(character)), len(bare)) :].rstrip()
    if bare[:1] not in _BEGINS_FORMULA:
        return True
    if not _ONLY_A_NAME.fullmatch(bare):
        return False
    return not any(_MAY_BE_A_CELL.fullmatch(piece) for piece in re.split(r"[. '\u2019]+", bare[1:]))


def _is_seen(character: str) -> bool:
    # Other, separators, and marks, which are shown on what stands before them.
    return unicodedata.category(character)[0] not in "CZM" and character not in _FILLERS


def one_line(text: str) -> str:
    """Return text in one line, without what a terminal would take as a command.

    >>> one_line("new\\nline\x1b[2J")
    'new line'
    """
    return " ".join(inert_text(text).split())


def _lines(text: str) -> list[str]:
    return inert_text(text).split("\n")


def points_text(value: float) -> str:
    """Return points as people write them.

    >>> points_text(2.0), points_text(1.5)
    ('2', '1.5')
    """
    return f"{round(value, 4):.10g}"


def _json_row(result: SubmissionResult) -> str:
    return json.dumps(replace(result, cells=()).to_json(), ensure_ascii=True)


def parse_results(lines: Iterable[str]) -> Iterator[SubmissionResult]:
    """Yield the results in the lines of a ``results.json``, one by one where each has its line; otherwise all is read.

    Raises:
        ValueError, KeyError, TypeError: there is something else in them.
    """
    lines = iter(lines)
    first = next(lines, "")
    if first.rstrip() != _BEGIN:
        yield from map(SubmissionResult.from_json, json.loads(first + "".join(lines))["results"])
        return
    for line in lines:
        if line.rstrip() == _END:
            return
        if line.strip():
            yield SubmissionResult.from_json(json.loads(line.rstrip().removesuffix(",")))
    raise ValueError("its end is missing")


def read_results(out: Path) -> list[SubmissionResult]:
    """Return the results in ``out/results.json``, or in the file ``out``; see `each_result`."""
    return list(each_result(out))


def each_result(out: Path) -> Iterator[SubmissionResult]:
    """Yield the results in ``out/results.json``, or in the file ``out``.

    Raises:
        CourseError: it is not there, or not readable.
    """
    path = out / "results.json" if not out.is_file() else out
    try:
        with path.open(encoding="utf-8") as lines:
            yield from parse_results(lines)
    except FileNotFoundError as error:
        raise CourseError(
            f"{out} holds no grades",
            "there is no results.json in it",
            "Name the folder given to autograder grade --out",
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise CourseError(
            f"{path} was not read",
            str(error) or type(error).__name__,
            "Grade again with --resume and without --assignment, which writes it anew",
        ) from error


def write_grades(out: Path, results: Iterable[SubmissionResult]) -> None:
    """Write ``out/grades.csv`` and ``out/results.json``; see `write_tables`."""
    with whole_file(out / "grades.csv") as table, whole_file(out / "results.json") as rows:
        write_tables(results, table, rows)


def write_tables(results: Iterable[SubmissionResult], table: IO[bytes], rows: IO[bytes]) -> None:
    """Write the grades as a table and as data, one row for each result.

    Args:
        results: Sorted by student and assignment. They are taken one by one: a large class's need not be in memory.
        table: Gets ``grades.csv``: RFC 4180 (lines end in CR LF), with the columns `COLUMNS`. Values that a spreadsheet
            would run as a formula get an apostrophe in front (see `cell_text`).
        rows: Gets ``results.json``: everything but the notebooks that ran (those are in ``autograded/``). Each result
            has a line of its own, so that they can be read one by one, too (`parse_results`).
    """
    table.write(_csv_line(COLUMNS).encode())
    rows.write(_BEGIN.encode())
    for place, result in enumerate(results):
        table.write(_csv_line(_grades_row(result)).encode())
        rows.write(f"{',' if place else ''}\n{_json_row(result)}".encode())
    rows.write(f"\n{_END}\n".encode())


def feedback_path(out: Path, result: SubmissionResult) -> Path:
    """Return where a submission's feedback page is: ``out/feedback/STUDENT/ASSIGNMENT/ASSIGNMENT.html``.

    Names that are no safe folder names are spelled as `autograder.files.to_folder_name` does.
    """
    return page_path(out, *result.key)


def page_path(out: Path, student_id: str, assignment: str) -> Path:
    """Return where the feedback page of a student's submission is; see `feedback_path`."""
    assignment = to_folder_name(assignment)
    return out / "feedback" / to_folder_name(student_id) / assignment / f"{assignment}.html"


def write_feedback(
    out: Path,
    result: SubmissionResult,
    title: str = "",
    manual: Mapping[str, ManualGrade] | None = None,
    *,
    final: Final | None = None,
    durable: bool = True,
) -> Path:
    """Write a submission's feedback page and return its path.

    Args:
        out: The folder that a run of ``autograder grade`` writes to.
        result: The result, with its cells.
        title: The assignment's title; its name where there is none.
        manual: What graders decided, by grade id.
        final: What counts after the course's policy.
        durable: Whether to wait until the page is on the disk.
    """
    path = feedback_path(out, result)
    write_text(path, feedback_page(result, title, manual or {}, final=final), durable=durable)
    return path


def feedback_page(
    result: SubmissionResult,
    title: str = "",
    manual: Mapping[str, ManualGrade] | None = None,
    *,
    final: Final | None = None,
) -> str:
    """Return a submission's feedback page as HTML; see `write_feedback`."""
    manual = manual or {}
    points = [_point(check, manual.get(check.grade_id)) for check in result.checks]
    written: list[dict[str, Any]] = [
        {"id": cell.id, "max": cell.points, "grade": _by_hand(cell, manual)}
        for cell in result.cells
        if cell.role == "text" and cell.points
    ]
    score = sum(point["score"] for point in points) if points else result.score
    score += sum(one["grade"].score or 0 for one in written if one["grade"])
    return template(TEMPLATES / "feedback.html.j2").render(
        result=result,
        title=inert_text(title or result.assignment),
        who=inert_text(result.student_id),
        status=STATUS_WORDS[result.status],
        message=inert_text(result.message),
        encouragement=_encouragement(result, points),
        points=points,
        written=written,
        score=score,
        final=final if final and final.words else None,
        max_score=result.max_score + sum(one["max"] for one in written),
        cells=[
            _cell(cell, code, points, manual) for cell, code in zip(result.cells, _codes(result.cells), strict=True)
        ],
        points_text=points_text,
        inline=inline,
        style=_style(),
    )


@cache
def _style() -> str:
    return template(TEMPLATES / "feedback.css").render()


def _encouragement(result: SubmissionResult, points: list[dict[str, Any]]) -> str:
    """Return the sentence beside the score: what is right, and where to go on."""
    right = sum(point["status"] == "passed" for point in points)
    if result.status == "rejected":
        return "Mend what is said below and hand it in again."
    if not points:
        return "No point could be checked."
    if right == len(points):
        return "Everything is right. Well done!"
    first = next(point for point in points if point["status"] != "passed")
    done = f"{right} of {len(points)} tasks are right." if right else "Everybody begins somewhere."
    return f"{done} Go on with this one: {first['title']}"


def inline(text: str) -> Any:
    """Return text as HTML in which words between backticks are code."""
    from markupsafe import Markup, escape

    pieces = re.split(r"`([^`\n]+)`", text)
    made = (Markup("<code>{}</code>").format(piece) if odd % 2 else escape(piece) for odd, piece in enumerate(pieces))
    return Markup("").join(made)


def _point(check: CheckResult, grade: ManualGrade | None) -> dict[str, Any]:
    """Return what the page says of one point; ``check.detail`` is for the instructor and left out."""
    overruled = grade is not None and not grade.is_written and grade.score is not None
    return {
        "id": check.grade_id,
        "title": inert_text(check.title),
        "status": check.status,
        "score": grade.score if overruled and grade else check.score,
        "max": check.max_score,
        "lines": [] if check.status == "passed" or check.message == check.title else _lines(check.message),
        "overruled": overruled,
    }


def _by_hand(cell: CellOutcome, manual: Mapping[str, ManualGrade]) -> ManualGrade | None:
    """Return a grader's decision; a written answer that was not given is worth nothing before anybody looks at it."""
    grade = manual.get(cell.id)
    is_empty = cell.role == "text" and cell.points > 0 and cell.source.strip() in ("", TEXT_STUB)
    if is_empty and (grade is None or not (grade.score or grade.comment)):
        return ManualGrade(0.0, float(cell.points), "There is no answer here.")
    return grade


def _codes(cells: Iterable[CellOutcome]) -> Iterator[Any]:
    """Yield the code of each cell as HTML, in color until there has been enough of it."""
    left = PAGE_HIGHLIGHTED
    for cell in cells:
        code = _without_needless_space(inert_text(cell.source)) if cell.role != "text" else ""
        in_color = len(code) <= min(left, MAX_HIGHLIGHTED)
        left -= len(code) if in_color else 0
        yield _highlighted(code) if in_color else code


def _without_needless_space(code: str) -> str:
    """Return code without spaces at the ends of lines, and with at most three blank lines in a row."""
    lines = [line.rstrip() for line in code.split("\n")]
    return re.sub(r"\n{5,}", "\n\n\n\n", "\n".join(lines)).strip("\n ")


def _cell(
    cell: CellOutcome, code: Any, points: list[dict[str, Any]], manual: Mapping[str, ManualGrade]
) -> dict[str, Any]:
    grade = _by_hand(cell, manual)
    is_answer = cell.role == "text" and (cell.points > 0 or cell.id.startswith("added-"))
    heading = re.match(r"\s*#{1,3} +(.+)", cell.source) if cell.role == "text" and not is_answer else None
    return {
        "id": cell.id,
        "role": cell.role,
        "is_answer": is_answer,
        "heading": inert_text(heading[1]) if heading else "",
        "points": cell.points,
        "text": inert_text(cell.source),
        "code": code,
        "note": cell.note,
        "state": cell.state,
        "seconds": cell.seconds,
        "outputs": [_output(one) for one in inert_parts(cell.outputs)] if cell.role != "graded" else [],
        "point": next((point for point in points if cell.role == "graded" and point["id"] == cell.id), None),
        "grade": grade,
        "comment": inert_text(grade.comment) if grade else "",
    }


def _output(one: Text | Picture) -> dict[str, Any]:
    if isinstance(one, Text):
        return {"kind": one.kind, "text": one.text}
    address = f"data:image/png;base64,{base64.b64encode(one.png).decode('ascii')}"
    return {"kind": "picture", "address": address, "width": one.width, "height": one.height}


def _highlighted(code: str) -> Any:
    """Return code as HTML with classes for its colours. Pygments escapes the code."""
    from markupsafe import Markup
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return Markup(highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).rstrip("\n"))  # noqa: S704
