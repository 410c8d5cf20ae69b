"""A class from its learning platform and back, through the commands that an instructor types."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.authoring.sources import ROOT
from tests.autograder.downloads import moodle_folder, save, zipped

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]

EXERCISE = "01-preprocessing"
NOTEBOOK = ROOT / "exercises" / EXERCISE / f"{EXERCISE}.ipynb"
WORKSHEET = (
    "Identifier,Full name,ID number,Email address,Status,Grade,Maximum Grade,Last modified (grade)\n"
    "Participant 77,Zoë O'Brien,00123,zoe@example.org,Submitted,,{most},-\n"
    "Participant 78,李 娜,-17,li@example.org,Submitted,,{most},-\n"
)


def autograder(*arguments: object, status: int = 0) -> str:
    """Run a command as it is typed and return what it prints."""
    command = [sys.executable, "-m", "autograder.commands.learner", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ, cwd=ROOT)
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> Path:
    """Collect a download of Moodle with its worksheet as the roster, grade it, and return the folder of it all."""
    place = tmp_path_factory.mktemp("class")
    (place / "worksheet.csv").write_text(WORKSHEET.format(most=""), encoding="utf-8-sig")
    download = zipped(
        {
            f"{moodle_folder('Zoë O’Brien', 77)}/work.zip": zipped({f"{EXERCISE} (1).ipynb": NOTEBOOK.read_bytes()}),
            f"{moodle_folder('李 娜', 78)}/{EXERCISE}-1.ipynb": b"no notebook",
        }
    )
    source = save(place / "submissions.zip", download)
    roster = ("--roster", place / "worksheet.csv")
    said = autograder(
        "collect", source, "--from", "moodle", "--into", place / "submitted", "--assignment", EXERCISE, *roster
    )
    assert "2 new, 0 replaced, 0 unchanged" in said
    autograder("grade", place / "submitted", "--out", place / "graded")
    return place


def rows(path: Path) -> dict[str, dict[str, str]]:
    """Return a table's rows by their first column."""
    with path.open(newline="", encoding="utf-8") as file:
        return {row[next(iter(row))]: row for row in csv.DictReader(file)}


def test_what_was_collected_is_graded_under_the_ids_of_the_roster(graded):
    grades = rows(graded / "graded" / "grades.csv")
    assert {one: row["status"] for one, row in grades.items()} == {"00123": "graded", "-17": "rejected"}


def test_grades_and_feedback_go_back_to_moodle(graded):
    said = autograder(
        "export", graded / "graded", "--format", "moodle", "--submitted", graded / "submitted",
        "--roster", graded / "worksheet.csv",
    )  # fmt: skip
    assert "2 feedback pages" in said
    grades = rows(graded / "graded" / "grades.csv")
    sheet = rows(graded / "graded" / "export-moodle.csv")
    assert {one: row["Grade"] for one, row in sheet.items()} == {
        "Participant 77": grades["00123"]["score"],
        "Participant 78": "0",
    }
    with zipfile.ZipFile(graded / "graded" / "export-moodle-feedback.zip") as archive:
        assert sorted(archive.namelist()) == [
            f"Zoë O’Brien_77_assignsubmission_file_/{EXERCISE}.html",
            f"李 娜_78_assignsubmission_file_/{EXERCISE}.html",
        ]


def test_a_late_policy_reaches_the_worksheet_and_the_feedback_and_leaves_the_grades_alone(graded):
    before = (graded / "graded" / "grades.csv").read_bytes()
    course = graded / "course.toml"
    course.write_text(
        f"[late]\npercent_per_day = 25\n[assignments.{EXERCISE}]\ndue = 2026-11-08T23:59:00Z\n"
        f'[[times]]\nstudent = "00123"\nassignment = "{EXERCISE}"\nsubmitted_at = 2026-11-10T10:00:00Z\n'
    )
    policy = ("--course", course, "--submitted", graded / "submitted")
    said = autograder("feedback", graded / "graded", *policy)
    assert "1 submission with a due date, of which nothing says when it was handed in" in said
    page = (graded / "graded" / "feedback" / "00123" / EXERCISE / f"{EXERCISE}.html").read_text(encoding="utf-8")
    assert "1 day and 10 hours after the due date, 8 November 2026, 23:59 (times in UTC)" in page
    output = graded / "late.csv"
    autograder("export", graded / "graded", "--format", "moodle", *policy, "--output", output)
    score = float(rows(graded / "graded" / "grades.csv")["00123"]["score"])
    assert float(rows(output)["Participant 77"]["Grade"]) == pytest.approx(score / 2)
    assert (graded / "graded" / "grades.csv").read_bytes() == before


def test_a_course_file_that_is_not_understood_ends_with_2_and_leaves_the_pages(graded):
    (graded / "wrong.toml").write_text("[late]\npercent_a_day = 10\n")
    pages = {path: path.read_bytes() for path in graded.rglob("*.html")}
    arguments = ("--course", graded / "wrong.toml", "--submitted", graded / "submitted")
    said = autograder("feedback", graded / "graded", *arguments, status=2)
    assert "wrong.toml, late.percent_a_day: there is no such key" in said
    assert {path: path.read_bytes() for path in graded.rglob("*.html")} == pages


def test_a_maximum_that_is_not_the_exercises_ends_the_export_with_2(graded):
    (graded / "other.csv").write_text(WORKSHEET.format(most="100.00"), encoding="utf-8")
    arguments = ("export", graded / "graded", "--format", "moodle", "--roster", graded / "other.csv")
    output = graded / "other-out.csv"
    said = autograder(*arguments, "--output", output, status=2)
    assert "its maximum grade is 100.00" in said
    assert not output.exists()


def test_an_export_for_a_learner_who_is_not_in_the_roster_ends_with_2(graded):
    (graded / "short.csv").write_text("student_id,name\n00123,Zoë\n", encoding="utf-8")
    output = graded / "short-out.csv"
    arguments = ("--format", "canvas", "--roster", graded / "short.csv", "--output", output)
    assert "the roster does not have that id" in autograder("export", graded / "graded", *arguments, status=2)
    assert not output.exists()


def test_a_place_that_cannot_be_written_ends_an_export_with_2(graded):
    output = Path("/dev/null") / "export.csv"
    said = autograder("export", graded / "graded", "--format", "csv", "--output", output, status=2)
    assert "was not written" in said
