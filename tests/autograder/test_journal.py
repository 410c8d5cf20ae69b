"""The journal: what is kept of a run, and what a later run finds of it."""

from __future__ import annotations

import pytest

from autograder.grading.journal import Journal, entries
from autograder.outcome.results import CellOutcome, SubmissionResult

A, B = "01-tiny", "02-tiny"


def result(assignment=A, student="learner-01", score=3.0):
    return SubmissionResult(student, assignment, "graded", score, 5.0, cells=(CellOutcome("a", "learner", "x = 1"),))


@pytest.fixture
def journal(tmp_path):
    """Return a function that opens this folder's journal; each call closes the one before, as a new run would."""
    opened = []

    def open_(**how):
        for one in opened:
            one.close()
        opened.append(Journal(tmp_path, **{"resume": False, **how}))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


def test_a_grade_is_found_again_by_its_key_with_all_that_ran(journal):
    first = journal()
    first.add("key", result())
    first.add("other", result(student="learner-02"))
    assert first.get("key") == result()
    again = journal(resume=True)
    assert again.get("key") == result()
    assert again.get("nothing") is None


def test_of_two_grades_with_one_key_the_later_counts_and_has_yet_to_reach_the_gradebook(journal):
    first = journal()
    first.add("key", result())
    first.mark_recorded("key")
    first.add("key", result(score=4.0))
    again = journal(resume=True)
    assert again.get("key").score == 4.0
    assert "key" not in again.recorded


def test_grading_one_assignment_anew_keeps_the_others_grades(journal):
    first = journal()
    first.add("a", result(A))
    first.mark_recorded("a")
    first.add("b", result(B))
    first.mark_recorded("b")
    second = journal(only=B)
    second.add("b2", result(B, score=5.0))
    again = journal(resume=True)
    assert (again.get("a"), again.get("b"), again.get("b2").score) == (result(A), None, 5.0)
    assert again.recorded == {"a"}


def test_without_resume_and_without_an_assignment_all_begins_anew(journal):
    journal().add("a", result(A))
    assert journal().get("a") is None
    assert journal(resume=True).get("a") is None


def test_a_line_that_was_cut_off_is_none_and_those_after_it_count(journal, tmp_path):
    first = journal()
    first.add("a", result())
    with first.path.open("ab") as file:
        file.write(b'{"key": "cut", "result": {"stud')
    second = journal(resume=True)
    second.add("b", result(B))
    again = journal(resume=True)
    assert (again.get("a"), again.get("cut"), again.get("b")) == (result(), None, result(B))
    assert [entry.key for entry in entries(again.path)] == ["a", "b"]
