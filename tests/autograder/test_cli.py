"""The command line: what it prints, and with which exit status it ends."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys

import pytest

from autograder.authoring import build as building
from autograder.commands import instructor, learner
from autograder.grading import grade
from autograder.grading.stop import Stopped
from autograder.outcome.results import SubmissionResult
from autograder.sandbox.limits import Limits


@pytest.fixture
def tiny_course(course, tmp_path, monkeypatch):
    """Let `build` work on the course with 01-tiny, and write to a folder of the test."""
    keywords = {"sources": course / "solutions/notebooks", "exercises": tmp_path / "exercises"}
    for name, more in (("compare", {}), ("build", {"course": None})):
        function = getattr(building, name)
        monkeypatch.setattr(building, name, lambda f=function, more=more, **_: f(**keywords, **more))
    monkeypatch.setattr(building, "orphans", lambda made, *_: [])
    return tmp_path / "exercises"


def test_help_lists_every_command_in_words(autograder):
    status, out, _ = autograder("--help")
    assert status == 0
    for command in (
        "check",
        "build",
        "collect",
        "grade",
        "feedback",
        "export",
        "diff",
        "statistics",
        "release",
        "doctor",
    ):
        assert f"\n  {command} " in out


def test_help_of_grade_tells_every_limit_with_its_default(autograder):
    status, out, _ = autograder("grade", "--help")
    text = " ".join(out.split())
    assert status == 0
    for option in (
        "--out",
        "--assignment",
        "--jobs",
        "--db",
        "--resume",
        "--isolation",
        "--cell-timeout",
        "--memory-mb",
    ):
        assert option in text
    assert f"[default: {Limits().memory_mb}; x>=1]" in text
    assert f"[default: {Limits().cell_timeout_s}; x>0]" in text
    assert "SUBMITTED, which holds STUDENT/ASSIGNMENT/NOTEBOOK.ipynb" in text
    assert "exit status is 0 when every submission has a row" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("grde",), "There is no command 'grde'. Did you mean 'grade'?"),
        (("grade",), "Missing argument 'SUBMITTED'"),
        (("grade", "."), "Missing option '--out'"),
        (("grade", "/nowhere", "--out", "o"), "does not exist"),
        (("grade", ".", "--out", "o", "--jobs", "0"), "0 is not in the range x>=1"),
        (("grade", ".", "--out", "o", "--assignment", "01-preprocesing"), "Did you mean '01-preprocessing'?"),
        (("grade", ".", "--out", "o", "--isolation", "bubblewarp"), "Did you mean 'bubblewrap'?"),
        (
            ("export", ".", "--format", "cvs"),
            "There is no format 'cvs'; there is csv, canvas, moodle. Did you mean 'csv'?",
        ),
        (("grade", ".", "--out", "o", "--memory-mb", "0"), "0 is not in the range x>=1"),
        (("grade", ".", "--out", "o", "--memory-mb", "nan"), "'nan' is not a valid integer"),
        (("grade", ".", "--out", "o", "--cell-timeout", "nan"), "nan is not a finite number"),
        (("grade", ".", "--out", "o", "--notebook-timeout", "inf"), "inf is not a finite number"),
        (("grade", ".", "--out", "o", "--call-timeout", "-1"), "-1.0 is not in the range x>0"),
        (("grade", ".", "--out", "o", "--output-mb", "0"), "0.0 is not in the range x>0"),
        (
            ("grade", ".", "--out", "o", "--db", "garbage"),
            "no database's address; write it as SQLAlchemy does, such as",
        ),
        (("grade", ".", "--out", "o", "--db", ""), "no database's address"),
        (("grade", ".", "--out", "o", "--db", "nosuch://host/grades"), "no such kind of database"),
        (("grade", ".", "--out", __file__), "is a file"),
        (("feedback", ".", "--db", "garbage"), "no database's address"),
        (("export", ".", "--format", "csv", "--db", "garbage"), "no database's address"),
        (("check", __file__, "--cell-timeout", "nan"), "nan is not a finite number"),
        (("check", __file__, "--cell-timeout", "0"), "0.0 is not in the range x>0"),
        (("check", "/nowhere.ipynb"), "does not exist"),
        (("build", "--chek"), "No such option"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_hint(autograder, arguments, words):
    status, _, err = autograder(*arguments)
    assert status == 2
    assert words in " ".join(err.split())


@pytest.mark.parametrize("command", [("feedback",), ("statistics",), ("export", "--format", "csv")])
def test_a_folder_without_grades_ends_with_2_and_the_next_step(autograder, tmp_path, command):
    status, _, err = autograder(*command, tmp_path)
    assert status == 2
    assert "holds no grades" in err
    assert "Name the folder given to autograder grade --out." in " ".join(err.split())


@pytest.mark.parametrize(
    ("out", "lies"),
    [
        ("class/submitted/graded", "lies in"),
        ("class/submitted", "is"),
        ("class", "holds"),
        ("link/graded", "lies in"),
        ("class/submitted/../submitted/a/b", "lies in"),
    ],
)
def test_grades_do_not_go_where_the_next_run_would_take_them_for_submissions(autograder, tmp_path, out, lies):
    submitted = tmp_path / "class" / "submitted"
    (submitted / "learner-01").mkdir(parents=True)
    (tmp_path / "link").symlink_to(submitted)
    before = sorted(tmp_path.rglob("*"))
    status, _, err = autograder("grade", submitted, "--out", tmp_path / out, "--isolation", "none")
    assert status == 2
    assert f"OUT ({(tmp_path / out).resolve()}) {lies} SUBMITTED ({submitted})" in err
    assert f"Name a folder beside it, such as --out {tmp_path / 'class' / 'submitted-graded'}." in err
    assert sorted(tmp_path.rglob("*")) == before
    status, _, err = autograder(
        "grade", submitted, "--out", tmp_path / "class" / "submitted-graded", "--isolation", "none"
    )
    assert status == 0, err


@pytest.mark.parametrize("place", ["/dev/null/x", "/proc/x", "loop", "graded"])
def test_a_folder_that_cannot_be_written_is_named_with_the_next_step(autograder, tmp_path, place):
    (tmp_path / "submitted").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "graded").mkdir()
    (tmp_path / "graded" / ".grading").write_text("in the way")
    status, _, err = autograder("grade", tmp_path / "submitted", "--out", tmp_path / place, "--isolation", "none")
    assert status == 2
    assert f"{tmp_path / place} cannot be written" in err
    assert "name another folder with --out." in err


def test_build_writes_and_check_names_what_is_stale_and_the_command(autograder, tiny_course):
    status, out, err = autograder("build", "--check")
    assert (status, out) == (1, "")
    assert err.splitlines() == [
        f"{tiny_course / '01-tiny/01-tiny.ipynb'} is not up to date",
        "Make them again with: autograder build",
    ]
    status, out, _ = autograder("build")
    assert status == 0
    assert out.splitlines() == [f"{tiny_course / '01-tiny/01-tiny.ipynb'} written", "1 exercises are up to date."]
    assert autograder("build", "--check") == (0, "1 exercises are up to date.\n", "")
    assert autograder("build") == (0, "1 exercises are up to date.\n", "")


def test_grade_hands_everything_on_and_a_low_score_is_no_failure(autograder, tmp_path, monkeypatch):
    asked = {}

    def grade_class(submitted, out, **keywords):
        asked.update(keywords, submitted=submitted, out=out)
        return [
            SubmissionResult("a", "01-preprocessing", "graded", 0.0, 20.0),
            SubmissionResult("b", "01-preprocessing", "rejected", 0.0, 20.0),
        ]

    monkeypatch.setattr(grade, "grade_class", grade_class)
    options = [
        "--assignment",
        "01-preprocessing",
        "--jobs",
        "3",
        "--resume",
        "--cell-timeout",
        "7",
        "--memory-mb",
        "900",
    ]
    status, out, _ = autograder("grade", tmp_path, "--out", tmp_path / "o", "--db", "sqlite:///x", *options)
    assert status == 0
    assert "2 submissions: 1 graded, 1 rejected" in out
    assert asked.pop("limits") == Limits(cell_timeout_s=7.0, memory_mb=900)
    assert asked == {
        "submitted": tmp_path,
        "out": tmp_path / "o",
        "assignment": "01-preprocessing",
        "jobs": 3,
        "scheduler": None,
        "db": "sqlite:///x",
        "resume": True,
        "isolation": "auto",
    }


def test_a_learners_edition_knows_check_alone_and_says_so(autograder, monkeypatch):
    find = importlib.util.find_spec
    missing = "autograder.commands.instructor"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == missing else find(name, *rest))
    status, out, _ = autograder("--help")
    assert "\n  check " in out
    assert "grade" not in out.split("Commands:")[1]
    status, _, err = autograder("grade", ".")
    assert status == 2
    assert "not part of the learner's edition" in err


def test_without_what_grading_needs_a_message_says_how_to_install_it(autograder, monkeypatch):
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "jupytext" else find(name, *rest)
    )
    status, out, _ = autograder("--help")
    assert status == 0
    assert "grade" not in out.split("Commands:")[1]
    status, _, err = autograder("grade", ".")
    assert status == 2
    assert "needs what is not installed here (jupytext)" in err
    assert 'pip install --editable ".[grading]"' in err


def test_installed_apart_from_the_courses_folder_there_is_nothing_to_grade_by(autograder, monkeypatch, tmp_path):
    monkeypatch.setattr(learner, "ROOT", tmp_path)
    status, _, err = autograder("doctor")
    assert status == 2
    assert f"works in the course's own folder, which {tmp_path} is not" in err


def test_the_exercises_in_the_repository_are_up_to_date(autograder):
    status, _, err = autograder("build", "--check")
    assert status == 0, err


def test_the_command_to_go_on_with_shows_no_password(monkeypatch):
    stopped = Stopped(signal.SIGTERM)
    stopped.done, stopped.total = 3, 9
    db = "postgresql://me:secret@localhost/grades"
    monkeypatch.setattr(sys, "argv", ["autograder", "grade", "in", "--out", "o", "--resume", "--db", db])
    said = instructor._how_to_go_on(stopped, db)
    assert "3 of 9 submissions are graded and kept" in said
    assert "secret" not in said
    assert said.endswith("autograder grade in --out o --db postgresql://me:***@localhost/grades --resume")


def test_reading_a_notebook_compiles_no_grammar():
    """Beside JupyterLab, newer versions of jsonschema do, for addresses that no notebook holds: two seconds a start."""
    program = "import nbformat, nbgrader.api, sys; print('lark' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
