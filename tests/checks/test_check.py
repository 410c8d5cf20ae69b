"""A learner checks her own notebook: whatever is in it, every point gets a line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.selfcheck import check
from autograder.selfcheck.check import NotebookReport, check_notebook
from flowercourse.errors import CourseError

pytestmark = pytest.mark.notebook

CHECK = "checks.parts_cover_everything_once()"
SOLUTION = """
def split_names(percents):
    names, start = [], 0
    for percent in percents:
        names.append(f"train[{start}%:{start + percent}%]")
        start += percent
    return names
"""
POINT = "parts_cover_everything_once"


def notebook(folder: Path, *sources: str, name: str = "mine.ipynb", assignment: object = "01-preprocessing") -> Path:
    """Write a notebook with these code cells."""
    cells = [
        {"cell_type": "code", "source": source.splitlines(keepends=True), "metadata": {}, "outputs": []}
        for source in sources
    ]
    metadata = {"flowercourse": {"assignment": assignment}}
    path = folder / name
    path.write_text(json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


def point(report: NotebookReport, name: str = POINT) -> tuple[float, str]:
    """Return score and message of one point."""
    return next((one.score, one.message) for one in report.results if one.grade_id == name)


def test_a_right_solution_gets_its_points_and_what_is_missing_says_so(tmp_path):
    steps = []
    path = notebook(tmp_path, SOLUTION, CHECK)
    report = check_notebook(path, progress=steps.append)
    assert point(report) == (2, "")
    assert "not defined `train_set` yet" in point(report, "data_is_loaded")[1]
    assert len(report.results) == 12
    doing = [(one.done, one.cells, one.doing) for one in steps]
    assert doing[:2] == [(0, 2, "cell 1"), (1, 2, "parts_cover_everything_once")]
    assert not report.all_passed
    assert "✓ parts_cover_everything_once" in report.table()
    assert "2 of 20 points" in report.table()


def test_points_do_not_depend_on_which_keras_somebody_has_set(tmp_path, monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "0")
    assumed = "import os\nassert os.environ['TF_USE_LEGACY_KERAS'] == '1'"
    report = check_notebook(notebook(tmp_path, f"{assumed}\n{SOLUTION}", CHECK))
    assert point(report) == (2, "")


NOTHING = "You have not defined `split_names` yet. Run the cell that defines it, then this one again."


@pytest.mark.parametrize(
    ("cells", "score", "message"),
    [
        ([SOLUTION], 2, ""),  # the check's cell is missing
        ([CHECK, SOLUTION], 0, NOTHING),  # reordered
        ([SOLUTION, CHECK, "del split_names", CHECK], 2, ""),  # duplicated
        ([CHECK], 0, NOTHING),  # the solution's cell is missing
        (["", CHECK], 0, NOTHING),  # emptied
        (["def split_names(:", CHECK], 0, "Cell 1 from the top ended with SyntaxError: invalid syntax"),
        (["split_names = 3", CHECK], 0, "Expected `split_names` to be a function; found an int."),
        (["def split_names(p): pass", CHECK], 0, "found None."),
        (["def split_names(p): yield 'train'", CHECK], 0, "found a generator."),
        (["def split_names(p):\n    while True: pass", CHECK], 0, "Is there a loop that never ends?"),
        (["def split_names(p): raise NotImplementedError()", CHECK], 0, "`split_names` is not written yet."),
        (["def split_names(p): return 1 / 0", CHECK], 0, "found it raised ZeroDivisionError: division by zero."),
        (["def split_names(p): return list(range(10**6))", CHECK], 0, "too large"),
        (["%matplotlib inline\n!true\n" + SOLUTION.strip(), CHECK], 2, ""),
    ],
)
def test_broken_notebooks_get_a_message_and_go_on(tmp_path, cells, score, message):
    report = check_notebook(notebook(tmp_path, *cells), cell_timeout_s=2 if "while" in cells[0] else 60)
    assert point(report)[0] == score
    assert message in point(report)[1]
    assert len(report.results) == 12


def test_cells_that_raise_are_named(tmp_path):
    report = check_notebook(notebook(tmp_path, "1 / 0", SOLUTION, "while True: pass", CHECK), cell_timeout_s=2)
    assert [(one.cell, one.type_name) for one in report.troubles] == [(1, "ZeroDivisionError"), (3, "TimeoutError")]
    assert point(report)[0] == 2
    assert "! cell 1 from the top, beginning with `1 / 0`, raised ZeroDivisionError: division by zero" in report.table()


def test_a_process_that_ends_keeps_the_points_earned_before(tmp_path):
    report = check_notebook(notebook(tmp_path, SOLUTION, CHECK, "import os; os._exit(3)"))
    assert point(report)[0] == 2
    assert "process ended" in point(report, "data_is_loaded")[1]


def test_a_cell_that_cannot_be_interrupted_does_not_hold_up_the_check(tmp_path, monkeypatch):
    monkeypatch.setattr(check, "PATIENCE_S", 5.0)
    stuck = "import ctypes; ctypes.PyDLL(None).sleep(600)"  # holds Python's lock all the while
    report = check_notebook(notebook(tmp_path, SOLUTION, CHECK, stuck), cell_timeout_s=2)
    assert point(report)[0] == 2
    assert "did not answer" in point(report, "data_is_loaded")[1]
    assert report.seconds < 60


def test_the_notebook_runs_in_its_own_folder_without_the_instructors_side(tmp_path):
    (tmp_path / "beside.py").write_text("ANSWER = 42")
    probe = """
import os, sys
from pathlib import Path
import beside
assert beside.ANSWER == 42
assert Path.cwd() == Path({folder!r})
assert not [name for name in sys.modules if name.split(".")[0] == "solutions"], "sees the solutions"
print("noise"); print("noise", file=sys.stderr); os.system("echo noise")
"""
    report = check_notebook(notebook(tmp_path, SOLUTION, CHECK, probe.format(folder=str(tmp_path.resolve()))))
    assert report.troubles == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is no notebook"),
        ("not json", "is no notebook"),
        ("[]", "is no notebook"),
        ('{"cells": 3}', "is no notebook"),
        ('{"cells": [3]}', "is no notebook"),
        ('{"cells": []}', "belongs to no exercise"),
        ('{"cells": [], "metadata": {"flowercourse": {"assignment": "99-unknown"}}}', "belongs to no exercise"),
        ('{"cells": [], "metadata": {"flowercourse": {"assignment": "../core"}}}', "belongs to no exercise"),
        ('{"cells": [], "metadata": {"flowercourse": {"assignment": "0-core"}}}', "belongs to no exercise"),
        ('{"cells": [], "metadata": 3}', "belongs to no exercise"),
    ],
)
def test_a_file_that_is_no_exercise_is_explained(tmp_path, content, words):
    path = tmp_path / "some.ipynb"
    path.write_text(content)
    with pytest.raises(CourseError, match=words):
        check_notebook(path)
    with pytest.raises(CourseError, match="cannot read"):
        check_notebook(tmp_path / "missing.ipynb")


def test_another_version_of_the_exercise_is_noticed(tmp_path, root):
    path = notebook(tmp_path, SOLUTION, CHECK)
    current = root / "exercises" / "01-preprocessing" / "01-preprocessing.ipynb"
    metadata = json.loads(current.read_text())["metadata"]["flowercourse"]
    assert "another version of the exercise" in check_notebook(path).table()
    content = json.loads(path.read_text())
    content["metadata"]["flowercourse"] = metadata
    path.write_text(json.dumps(content))
    assert check_notebook(path).note == ""
