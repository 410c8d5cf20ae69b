"""Plain nbgrader on the course that `autograder build` makes: its commands find everything where they look."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.build import build
from autograder.authoring.gradebook import prepare
from autograder.authoring.notebooks import dumps, learner_notebook
from autograder.authoring.sources import load_all
from autograder.outcome.record import record
from autograder.outcome.results import CellOutcome, SubmissionResult
from tests.autograder.conftest import CHECKS, SOURCE, cell_of

pytestmark = pytest.mark.notebook

# Plain nbgrader runs checks in the learner's kernel. These need no TensorFlow, and write to stderr as TensorFlow does.
CHECKS_IN_THE_NOTEBOOK = """\
import sys


class checks:
    def adds():
        print("a notice", file=sys.stderr)
        assert add(1, 2) == 3

    def doubles():
        assert double(4) == 8"""


def run(*command, folder):
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *command], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def nbgraders(tmp_path_factory):
    """Return the root of a course, built."""
    root = tmp_path_factory.mktemp("plain")
    source = SOURCE.replace("from autograder.checks import tiny as checks", CHECKS_IN_THE_NOTEBOOK)
    source = source.replace("from solutions.hidden_checks import tiny as hidden", "hidden = checks")
    for path, text in {
        "solutions/notebooks/01-tiny.py": source,
        "autograder/checks/tiny.py": CHECKS,
        "solutions/hidden_checks/tiny.py": CHECKS,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    build(sources=root / "solutions/notebooks", exercises=root / "exercises", course=root / "nbgrader")
    return root


@pytest.fixture
def solved(nbgraders):
    """Return the exercise with right answers."""
    notebook = learner_notebook(load_all(nbgraders / "solutions/notebooks")["01-tiny"])
    cell_of(notebook, "add")["source"] = "def add(a, b):\n    return a + b"
    cell_of(notebook, "double")["source"] = "def double(a):\n    return 2 * a"
    cell_of(notebook, "thoughts")["source"] = "It commutes."
    return notebook


def test_generate_assignment_releases_what_we_release(nbgraders):
    course = nbgraders / "nbgrader"
    released = course / "release/01-tiny/01-tiny.ipynb"
    ours = json.loads(released.read_text())
    run("generate_assignment", "01-tiny", "--force", folder=course)
    theirs = json.loads(released.read_text())
    released.write_text(json.dumps(ours))
    assert [cell["source"] for cell in theirs["cells"]] == [cell["source"] for cell in ours["cells"]]
    assert [cell["id"] for cell in theirs["cells"]] == [cell["id"] for cell in ours["cells"]]
    assert [cell["metadata"] for cell in theirs["cells"]] == [cell["metadata"] for cell in ours["cells"]]


def test_autograde_gives_points_and_no_stderr_costs_any(nbgraders, solved):
    course = nbgraders / "nbgrader"
    wrong = json.loads(json.dumps(solved))
    cell_of(wrong, "double")["source"] = "def double(a):\n    return a"
    for student, notebook in (("learner-01", solved), ("learner-02", wrong)):
        path = course / "submitted" / student / "01-tiny" / "01-tiny.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dumps(notebook))
    run("autograde", "01-tiny", folder=course)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        scores = {one.student.id: one.score for one in gradebook.assignment_submissions("01-tiny")}
        assert scores == {"learner-01": 5, "learner-02": 2}
        assert gradebook.find_submission("01-tiny", "learner-01").needs_manual_grade


def test_formgrader_of_jupyter_started_in_the_folder_shows_an_answer_to_grade(tiny, tmp_path):
    cells = tuple(
        CellOutcome(cell.id, "text" if not cell.is_code else "learner", cell.given, cell.points) for cell in tiny.cells
    )
    answer = "It *commutes*. <script>alert(1)</script>"
    cells = tuple(replace(cell, source=answer) if cell.id == "thoughts" else cell for cell in cells)
    prepare(tmp_path, {"01-tiny": tiny})
    record(tmp_path, SubmissionResult("learner-01", "01-tiny", "graded", 0.0, 5.0, cells=cells), tiny)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", f"--port={port}"]
    with subprocess.Popen(
        [*command, "--IdentityProvider.token=secret", "--ServerApp.port_retries=0"],
        cwd=tmp_path,
        env=os.environ | {"JUPYTER_PATH": str(tmp_path), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            base = f"http://127.0.0.1:{port}/formgrader"
            (notebook,) = json.loads(fetch(f"{base}/api/submitted_notebooks/01-tiny/01-tiny", wait_s=90))
            assert (notebook["student"], notebook["needs_manual_grade"]) == ("learner-01", True)
            page = fetch(f"{base}/submissions/{notebook['id']}/")
        finally:
            server.terminate()
    assert 'id="thoughts"' in page  # where the grader enters the score
    assert "<em>commutes</em>" in page
    assert "<script>alert" not in page


def fetch(address, wait_s=0.0):
    """Return what a server answers, asking again until it answers at all."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            with urllib.request.urlopen(f"{address}?token=secret", timeout=30) as answer:
                return answer.read().decode()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def test_validate_tells_the_untouched_exercise_from_changed_checks(nbgraders, solved, tmp_path):
    untouched = run("validate", str(nbgraders / "exercises/01-tiny/01-tiny.ipynb"), folder=tmp_path)
    assert "VALIDATION FAILED ON 3 CELL(S)" in untouched
    assert "NotImplementedError" in untouched
    cell_of(solved, "adds")["source"] = "pass"
    (tmp_path / "changed.ipynb").write_text(dumps(solved))
    changed = run("validate", "changed.ipynb", folder=tmp_path)
    assert "THE CONTENTS OF 1 TEST CELL(S) HAVE CHANGED" in changed
