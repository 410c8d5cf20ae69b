"""`autograder diff`: whose points changed between two runs, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest

from autograder.checking.core import CheckResult
from autograder.grading.journal import Journal
from autograder.outcome.compare import as_text, compare
from autograder.outcome.report import write_grades
from autograder.outcome.results import SubmissionResult


def point(name="adds", score=2.0, worth=2.0, message=""):
    return CheckResult(name, f"`{name}` works.", "passed" if score == worth else "failed", score, worth, message)


def result(student="learner-01", checks=(), status="graded", **fields):
    total = {"score": sum(one.score for one in checks), "max_score": sum(one.max_score for one in checks) or 5.0}
    return SubmissionResult(student, "01-tiny", status, checks=tuple(checks), **(total | fields))


def test_a_mended_check_shows_whose_points_changed_and_what_was_said_before_and_after():
    old = [result(checks=[point(score=0, message="Expected 3, found 4."), point("doubles", 3, 3)])]
    new = [result(checks=[point(score=2), point("doubles", 3, 3)])]
    text = as_text(compare(old, new))
    assert text.splitlines() == [
        "1 submission in both runs; 1 with other points.",
        "1 got more, 0 got less, 0 the same in sum.",
        "  01-tiny adds: 1 up, 0 down (+2 points)",
        "",
        "learner-01 01-tiny adds: 0 of 2 -> 2 of 2 (+2)",
        "  before: Expected 3, found 4.",
        "  after:  right",
    ]


def test_other_seconds_seeds_and_versions_are_no_difference():
    old = result(checks=[point()])
    comparison = compare([old], [replace(old, seconds=9.0, seed=4, version="2")])
    assert comparison.is_same
    assert comparison.both == 1


def test_another_message_for_the_same_points_is_counted_and_not_listed():
    comparison = compare([result(checks=[point(score=0, message="a")])], [result(checks=[point(score=0, message="b")])])
    assert comparison.is_same
    assert "1 point with the same score and another message." in as_text(comparison)


def test_submissions_and_points_that_only_one_run_has_are_named():
    old = [result("gone", [point()]), result("stays", [point("old-point", 1, 1)])]
    new = [result("stays", [point("new-point", 0, 4, "Not yet.")]), result("came", [point()])]
    comparison = compare(old, new)
    assert (comparison.only_old, comparison.only_new) == ([("gone", "01-tiny")], [("came", "01-tiny")])
    text = as_text(comparison)
    assert "stays 01-tiny new-point: no such point -> 0 of 4 (0)" in text
    assert "stays 01-tiny old-point: 1 of 1 -> no such point (-1)" in text


def test_a_submission_that_was_rejected_and_is_graded_now_is_one_change():
    old = [result(status="rejected", message="Empty.", score=0.0)]
    (change,) = compare(old, [result(checks=[point(), point("doubles", 3, 3)])]).changes
    assert (change.point, change.difference) == ("", 5.0)
    assert "before: Could not be graded. Empty." in as_text(compare(old, [result(checks=[point()])]))


def test_nothing_that_learners_wrote_acts_on_the_terminal():
    evil = "\x1b[2J\x07\nlearner-02 01-tiny adds: 0 of 2 -> 2 of 2"
    old = [result(f"x{evil}", [point(score=0, message=evil)])]
    text = as_text(compare(old, [result(f"x{evil}", [point()])]))
    assert "\x1b" not in text
    assert "\x07" not in text
    assert not any(line.startswith("learner-02") for line in text.splitlines())


@pytest.fixture
def run(tmp_path):
    """Return a function that writes the grades of a run, or only its journal, and returns the folder."""

    def make(name, *results, only_journal=False):
        out = tmp_path / name
        out.mkdir()
        if only_journal:
            journal = Journal(out, resume=False)
            for position, one in enumerate(results):
                journal.add(str(position), one)
            journal.close()
        else:
            write_grades(out, results)
        return out

    return make


def test_exit_status_is_that_of_diff(autograder, run):
    old, new = run("old", result(checks=[point(score=1)])), run("new", result(checks=[point()]))
    assert autograder("diff", old, old)[0] == 0
    assert autograder("diff", old, new)[0] == 1
    assert autograder("diff", old, new / "results.json")[0] == 1


def test_a_run_that_was_cut_short_is_compared_by_its_journal(autograder, run):
    old = run("old", result(checks=[point(score=1)]))
    cut = run("cut", result(checks=[point(score=0)]), result(checks=[point()]), only_journal=True)
    status, out, _ = autograder("diff", old, cut)
    assert status == 1
    assert "1 of 2 -> 2 of 2" in out  # of two lines for one submission, the later counts


def test_a_copy_of_the_results_of_any_name_will_do(autograder, run, tmp_path):
    old = run("old", result(checks=[point(score=1)]))
    copy = (old / "results.json").rename(tmp_path / "before.json")
    assert autograder("diff", copy, copy)[0] == 0
    copy.write_text('{"results": [3]}')
    assert autograder("diff", copy, copy)[0] == 2


@pytest.mark.parametrize("what", ["nothing", "empty.jsonl", "text.csv"])
def test_what_holds_no_grades_is_named_with_status_2(autograder, run, tmp_path, what):
    old = run("old", result(checks=[point()]))
    wrong = tmp_path / what
    wrong.write_text("{}") if "." in what else wrong.mkdir()
    status, _, err = autograder("diff", old, wrong)
    assert status == 2
    assert f"{wrong} holds no grades" in " ".join(err.split())
