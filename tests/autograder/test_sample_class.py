"""The sample class: what is made of its descriptions, and that it gets the grades it must get."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import pytest

from autograder.authoring.sources import load_all
from autograder.grading.grade import grade_class
from solutions.sample_class.__main__ import differences
from solutions.sample_class.learners import CLASS
from solutions.sample_class.recipes import Submission, changed, make, write

# One of each kind; `make course` grades them all, and `python -m solutions.sample_class --compare` compares all grades.
GRADED_HERE = {
    ("learner-03", "01-preprocessing"),
    ("learner-04", "01-preprocessing"),
    ("learner-05", "01-preprocessing"),
    ("learner-07", "02-mobilenet-v2"),
    ("learner-09", "05-predictions"),
    ("learner-10", "05-predictions"),
}


@pytest.fixture(scope="module")
def assignments():
    """Return the course's assignments."""
    return load_all()


def test_the_class_hands_in_to_every_assignment_and_no_learner_twice(assignments):
    keys = [(one.learner, one.assignment) for one in CLASS]
    assert len(keys) == len(set(keys)) >= 12
    assert {assignment for _, assignment in keys} == set(assignments)
    assert {one.status for one in CLASS} >= {"graded", "crashed", "out_of_memory", "rejected"}


@pytest.mark.parametrize("submission", CLASS, ids=lambda one: f"{one.learner} {one.assignment}")
def test_every_description_can_be_made(assignments, submission):
    text = make(submission, assignments[submission.assignment])
    if submission.status != "rejected":
        assert json.loads(text)["metadata"]["flowercourse"]["assignment"] == submission.assignment
        assert "BEGIN SOLUTION" not in text
    assert submission.score <= assignments[submission.assignment].max_score


def test_a_description_that_no_longer_fits_its_source_is_noticed(assignments):
    stale = Submission("learner-01", "01-preprocessing", "", (changed("describe", "no such text", ""),), 0)
    with pytest.raises(ValueError, match="01-preprocessing, cell describe"):
        make(stale, assignments["01-preprocessing"])


def test_the_command_writes_the_class(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "solutions.sample_class", "--out", tmp_path / "class"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "class").glob("*/*/*.ipynb"))) == len(CLASS)
    assert f"{len(CLASS)} submissions" in done.stdout


@pytest.mark.sandbox
def test_the_class_gets_the_grades_that_it_must_get(assignments, tmp_path):
    chosen = [one for one in CLASS if (one.learner, one.assignment) in GRADED_HERE]
    assert len(chosen) == len(GRADED_HERE)
    write(chosen, assignments, tmp_path / "submitted")
    grade_class(tmp_path / "submitted", tmp_path / "graded", jobs=2, progress=False)
    with (tmp_path / "graded" / "grades.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert differences(rows, chosen) == []
    assert len(rows) == len(chosen)
    assert len(list((tmp_path / "graded" / "feedback").glob("*/*/*.html"))) == len(chosen)


def test_a_wrong_or_missing_grade_is_named():
    (one, *_) = CLASS
    row = {"student_id": one.learner, "assignment": one.assignment, "status": "graded", "score": "3.5"}
    (line,) = differences([row], [one])
    assert line == "learner-01, 01-preprocessing (everything right): expected graded, 20 points; got graded, 3.5 points"
    assert differences([], [one])[0].endswith("got no row")
