"""`make course` says what it is about to do, how long it took, and which step failed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.site.tools import load_tool

course = load_tool("course")


def saying(title: str, words: str, status: int = 0):
    """Return a step that says something and ends with this status."""
    return course.Step(title, [sys.executable, "-c", f"import sys; print({words!r}); sys.exit({status})"])


def test_two_rows_run_at_once_and_what_the_second_one_says_comes_last(capfd):
    seconds = course.run_both(
        [saying("Make the class", "made"), saying("Grade the class", "graded")], [saying("Build the site", "built")]
    )
    assert [title for title, _ in seconds] == ["Make the class", "Grade the class", "Build the site"]
    said = capfd.readouterr().out
    assert "second: build the site" in said
    assert "Meanwhile: Build the site ...\n" in said
    assert said.index("== Make the class") < said.index("made\n") < said.index("-- Make the class: done in ")
    assert said.index("-- Grade the class: done in ") < said.index("== Build the site") < said.index("built\n")


def test_a_step_that_fails_is_named_with_its_command_and_the_other_row_is_run_to_its_end(capfd):
    with pytest.raises(course.Failed, match="Make the class: failed with status 3") as failed:
        course.run_both(
            [saying("Make the class", "made", 3), saying("Grade", "graded")], [saying("Build the site", "built")]
        )
    assert f"  {sys.executable} -c " in str(failed.value)
    said = capfd.readouterr().out
    assert "built\n" in said
    assert "graded" not in said


def test_the_grades_stand_in_a_table(tmp_path: Path):
    table = tmp_path / "grades.csv"
    table.write_text("student_id,assignment,score,max_score,status\nlearner-01,01-preprocessing,16,20,graded\n")
    assert course.grades(table) == ["  learner-01     01-preprocessing      16 of 20    graded"]
