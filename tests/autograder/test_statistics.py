"""`autograder statistics`: numbers as test theory defines them, and a page that names nobody and runs nothing."""

from __future__ import annotations

import random
import re

import numpy as np
import pytest

from autograder.checking.core import CheckResult
from autograder.grading.journal import Journal
from autograder.outcome.report import write_grades
from autograder.outcome.results import CellOutcome, SubmissionResult
from autograder.outcome.statistics import UNKNOWN, learners_of, statistics_of
from autograder.outcome.statistics_page import statistics_page

POINTS = ("one", "two", "three")


def submission(scores, student="learner-01", messages=("", "", ""), names=POINTS, **fields):
    checks = tuple(
        CheckResult(name, f"Point {name}.", "passed" if score == 2 else "failed", score, 2.0, message)
        for name, score, message in zip(names, scores, messages, strict=True)
    )
    values = {"score": sum(scores), "max_score": 2.0 * len(checks), "status": "graded", "checks": checks}
    return SubmissionResult(student, "01-tiny", **(values | fields))


def test_difficulty_and_discrimination_are_those_of_test_theory():
    draw = random.Random(3)
    rows = [[2.0 * (draw.random() < p) for p in (0.9, 0.5, 0.3)] for _ in range(50)]
    (made,) = statistics_of(submission(row, str(number)) for number, row in enumerate(rows))
    scores = np.array(rows)
    for column, point in enumerate(made.points):
        rest = np.delete(scores, column, axis=1).sum(axis=1)
        assert point.difficulty == pytest.approx(scores[:, column].mean() / 2)
        assert point.discrimination == pytest.approx(np.corrcoef(scores[:, column], rest)[0, 1])


def test_discrimination_is_unknown_where_everybody_earned_the_same():
    (made,) = statistics_of([submission([2, 2, 0], "a"), submission([2, 0, 0], "b")])
    assert [point.discrimination for point in made.points] == [None, None, None]
    (alone,) = statistics_of([submission([2, 2, 0])])
    assert alone.points[0].discrimination is None


def test_stuck_is_where_nothing_more_was_earned():
    rows = {"a": [2, 0, 0], "b": [2, 1, 0], "c": [0, 2, 0], "d": [2, 2, 2], "e": [0, 0, 0], "f": [1, 0, 0]}
    (made,) = statistics_of(submission(scores, name) for name, scores in rows.items())
    assert [point.stuck for point in made.points] == [1, 2, 1]
    assert {one.student_id: one.stuck_at for one in learners_of([submission([2, 0, 0], "a")])} == {"a": "two"}


def test_the_histogram_holds_everybody_who_was_checked_once():
    rows = [submission([2, 2, 2], "a"), submission([0, 0, 0], "b"), submission([2, 1, 0], "c")]
    rejected = SubmissionResult("d", "01-tiny", "rejected", 0.0, 6.0)
    (made,) = statistics_of([*rows, rejected])
    assert (made.submissions, made.checked) == (4, 3)
    assert list(made.histogram) == [1, 0, 0, 0, 0, 1, 0, 0, 0, 1]


def test_messages_that_differ_in_numbers_are_one_and_what_one_learner_alone_got_is_not_shown():
    said = [
        "Expected shape (224, 224), found (225, 3).",
        "Expected shape (224, 224), found (7, 3).",
        "`anna_smith` is 3.",
    ]
    (made,) = statistics_of(submission([0, 2, 2], str(n), (text, "", "")) for n, text in enumerate(said))
    assert [(one.text, one.count) for one in made.messages] == [("Expected shape (224, 224), found (…, 3).", 2)]
    assert made.unshared == 1


EVIL = "</title><script>alert(1)</script><img src=x onerror=alert(2)>\x1b[2J\u202e\"'"


def test_hostile_texts_are_text():
    rows = [submission([0, 0, 0], f"s{n}", (EVIL, "", ""), names=("one", "two", EVIL), message=EVIL) for n in range(2)]
    unknown = SubmissionResult("x", EVIL, "rejected")
    results = [*rows, unknown]
    page = statistics_page(statistics_of(results, {row.key: {EVIL: 3.0} for row in rows}), learners_of(results))
    assert page.count("<script>") == 1
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert page.count("</title>") == 1 + 1  # the page's, and the histogram's


def test_folders_that_learners_named_are_not_shown():
    results = [submission([2, 2, 2]), SubmissionResult("a", "anna-smith", "rejected")]
    made = statistics_of(results)
    assert [one.name for one in made] == [UNKNOWN, "01-tiny"]
    assert "anna-smith" not in statistics_page(made)


@pytest.fixture
def run(tmp_path):
    """Return the folder of a run with a journal."""
    cells = (CellOutcome("solution", "learner", "x", seconds=1.5), CellOutcome("added-1", "learner", "x", seconds=9.0))
    results = [submission([2, n, 0], f"anna-{n}", cells=cells) for n in (0, 1, 2)]
    journal = Journal(tmp_path, resume=False)
    for number, one in enumerate(results):
        journal.add(str(number), one)
    journal.close()
    write_grades(tmp_path, results)
    return tmp_path


def test_the_page_names_nobody_unless_asked_to(autograder, run):
    assert autograder("statistics", run)[0] == 0
    assert "anna" not in (run / "statistics.html").read_text()
    assert autograder("statistics", run, "--names")[0] == 0
    assert (run / "statistics.html").read_text().count("anna-") == 3


def test_times_come_from_the_journal(autograder, run):
    autograder("statistics", run)
    page = (run / "statistics.html").read_text()
    assert re.search(
        r"<th scope=\"row\">solution</th><td class=\"n\">3</td><td class=\"n\" data-value=\"1.5\">1.50", page
    )
    assert "cells that learners added" in page


def test_an_empty_class_and_no_class_at_all(autograder, tmp_path):
    status, _, err = autograder("statistics", tmp_path)
    assert status == 2
    assert "holds no grades" in " ".join(err.split())
    write_grades(tmp_path, [])
    assert autograder("statistics", tmp_path)[0] == 0
    assert "no submission has been graded" in (tmp_path / "statistics.html").read_text()


@pytest.mark.browser
def test_tables_are_sorted_by_a_heading_and_the_page_asks_for_nothing(browser, run, autograder):
    autograder("statistics", run)
    page = browser.new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text))
    page.goto((run / "statistics.html").as_uri())
    points = page.locator("table.sortable").first
    names = lambda: points.locator("tbody th .id").all_inner_texts()  # noqa: E731
    assert names() == list(POINTS)
    heading = points.get_by_role("button", name="Difficulty")
    heading.click()
    assert names() == ["three", "two", "one"]
    heading.press("Enter")
    assert names() == ["one", "two", "three"]
    assert points.locator("th[aria-sort=descending]").inner_text().startswith("Difficulty")
    assert len(asked) == 1
    assert errors == []
    page.close()
