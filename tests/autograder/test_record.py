"""The gradebook: what nbgrader and its formgrader see of our grades, and what regrading does to them."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import PyFileConfigLoader

from autograder.authoring.gradebook import prepare
from autograder.checking.core import CheckResult
from autograder.outcome import record as recording
from autograder.outcome.class_grades import ClassGrades, read_rows
from autograder.outcome.export import as_csv
from autograder.outcome.feedback import remake
from autograder.outcome.record import manual_grades, notebook_path, ran_cells, record, record_all
from autograder.outcome.report import feedback_path, write_grades
from autograder.outcome.results import CellOutcome, SubmissionResult
from flowercourse.errors import CourseError

ROLES = {
    "text": "text",
    "written": "text",
    "example": "learner",
    "solution": "learner",
    "locked": "given",
    "check": "graded",
}


@pytest.fixture
def result(tiny):
    """Return a function that makes a result of 01-tiny."""

    def make(adds=2.0, doubles=3.0, answer="It commutes.", student="learner-01", **fields):
        checks = (
            CheckResult("adds", "`add` adds.", "passed" if adds == 2 else "failed", adds, 2.0),
            CheckResult("doubles", "`double` doubles.", "passed" if doubles == 3 else "failed", doubles, 3.0),
        )
        texts = {"thoughts": answer, "add": "def add(a, b): return a + b"}
        cells = tuple(
            CellOutcome(cell.id, ROLES[cell.kind], texts.get(cell.id, cell.given), cell.points, state="ok")
            for cell in tiny.cells
        )
        values = {
            "score": adds + doubles,
            "max_score": 5.0,
            "checks": checks,
            "cells": cells,
            "version": tiny.version,
            "status": "graded",
        }
        return SubmissionResult(student, "01-tiny", **(values | fields))

    return make


@pytest.fixture
def book(tiny, tmp_path):
    """Return a folder that is prepared for results of 01-tiny."""
    prepare(tmp_path / "out", {"01-tiny": tiny})
    return tmp_path / "out"


def opened(book):
    return Gradebook(f"sqlite:///{book / 'gradebook.db'}")


def grade_by_hand(book, score, comment="Well said.", student="learner-01"):
    """Do what formgrader does when an instructor enters a score and a comment."""
    with opened(book) as gradebook:
        grade = gradebook.find_grade("thoughts", "01-tiny", "01-tiny", student)
        grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.find_comment("thoughts", "01-tiny", "01-tiny", student).manual_comment = comment
        gradebook.db.commit()


def test_nbgrader_sees_our_points(tiny, book, result):
    record(book, result(adds=1.5), tiny)
    with opened(book) as gradebook:
        submission = gradebook.find_submission("01-tiny", "learner-01")
        assert (submission.score, submission.max_score, submission.max_code_score) == (4.5, 10, 5)
        assert submission.needs_manual_grade
        assert gradebook.find_grade("adds", "01-tiny", "01-tiny", "learner-01").auto_score == 1.5
        assert gradebook.find_grade("thoughts", "01-tiny", "01-tiny", "learner-01").needs_manual_grade


def test_recording_again_replaces_and_never_doubles(tiny, book, result):
    for adds in (0.0, 2.0, 1.0):
        record(book, result(adds=adds), tiny)
    with opened(book) as gradebook:
        assert gradebook.find_submission("01-tiny", "learner-01").score == 4
        assert len(gradebook.assignment_submissions("01-tiny")) == 1
        assert len(gradebook.students) == 1
        assert len(gradebook.find_submission_notebook("01-tiny", "01-tiny", "learner-01").grades) == 3


def test_manual_score_and_comment_stay_while_the_answer_is_the_same(tiny, book, result):
    record(book, result(adds=0.0), tiny)
    grade_by_hand(book, 4.0)
    prepare(book, {"01-tiny": tiny})
    record(book, result(adds=2.0), tiny)
    with opened(book) as gradebook:
        assert gradebook.find_submission("01-tiny", "learner-01").score == 9
        assert not gradebook.find_submission("01-tiny", "learner-01").needs_manual_grade
    assert manual_grades(book)["learner-01", "01-tiny"]["thoughts"].comment == "Well said."


def test_manual_score_and_comment_go_when_the_answer_changes(tiny, book, result):
    record(book, result(), tiny)
    grade_by_hand(book, 4.0)
    record(book, result(answer="It does not commute."), tiny)
    grade = manual_grades(book)["learner-01", "01-tiny"]["thoughts"]
    assert (grade.score, grade.comment) == (None, "")
    with opened(book) as gradebook:
        assert gradebook.find_submission("01-tiny", "learner-01").needs_manual_grade


def test_a_class_that_is_recorded_again_at_once_changes_only_what_is_another(tiny, book, result):
    names = [f"learner-{place:02d}" for place in range(1, 5)]
    record_all(book, [(result(student=name), tiny) for name in names[:3]])
    for name in names[:3]:
        grade_by_hand(book, 4.0, student=name)
    again = [result(student=names[0]), result(student=names[1], answer="No."), result(student=names[2], adds=0.0)]
    record_all(book, [(one, tiny) for one in (*again, result(student=names[3]))])
    by_hand = manual_grades(book)
    kept = [
        (by_hand[name, "01-tiny"]["thoughts"].score, by_hand[name, "01-tiny"]["thoughts"].comment) for name in names
    ]
    assert kept == [(4.0, "Well said."), (None, ""), (4.0, "Well said."), (None, "")]
    with opened(book) as gradebook:
        assert [gradebook.find_submission("01-tiny", name).score for name in names] == [9, 5, 7, 5]


@pytest.mark.parametrize("answer", ["YOUR ANSWER HERE", "", "  \n"])
def test_an_answer_that_was_not_given_waits_for_nobody(tiny, book, result, answer):
    record(book, result(answer=answer), tiny)
    with opened(book) as gradebook:
        assert not gradebook.find_submission("01-tiny", "learner-01").needs_manual_grade
        assert gradebook.find_comment("thoughts", "01-tiny", "01-tiny", "learner-01").comment == "No response."


def test_a_score_that_a_grader_set_for_a_check_stays_in_force(tiny, book, result):
    record(book, result(adds=0.0), tiny)
    with opened(book) as gradebook:
        gradebook.find_grade("adds", "01-tiny", "01-tiny", "learner-01").manual_score = 2.0
        gradebook.db.commit()
    record(book, result(adds=1.0), tiny)
    with opened(book) as gradebook:
        assert gradebook.find_submission("01-tiny", "learner-01").score == 5
    write_grades(book, [result(adds=1.0)])
    assert [(row.automatic_score, row.manual_score, row.awaiting) for row in read_rows(book)] == [(5, 0, 5)]


def test_a_rejected_submission_has_a_row_of_zeros_and_waits_for_nobody(tiny, book, result):
    record(book, result(status="rejected", score=0.0, checks=(), cells=(), message="Empty."), tiny)
    with opened(book) as gradebook:
        submission = gradebook.find_submission("01-tiny", "learner-01")
        assert (submission.score, submission.needs_manual_grade) == (0, False)
    assert "Empty." in notebook_path(book, result()).read_text()


def test_a_submission_to_an_unknown_assignment_stays_out_of_the_gradebook(book, result):
    record(book, replace(result(), assignment="99-nothing"), None)
    with opened(book) as gradebook:
        assert gradebook.students == []


def test_dying_between_database_and_notebook_loses_nothing(tiny, book, result, monkeypatch):
    record(book, result(), tiny)
    grade_by_hand(book, 4.0)
    changed = result(answer="Another answer.", adds=1.0)
    with monkeypatch.context() as patch:
        patch.setattr(recording, "write_text", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            record(book, changed, tiny)
    record(book, changed, tiny)
    with opened(book) as gradebook:
        assert gradebook.find_submission("01-tiny", "learner-01").score == 4
        assert gradebook.find_submission("01-tiny", "learner-01").needs_manual_grade
    assert "Another answer." in notebook_path(book, changed).read_text()


def test_dying_inside_the_database_changes_nothing(tiny, book, result, monkeypatch):
    record(book, result(adds=2.0), tiny)
    with monkeypatch.context() as patch:
        patch.setattr(recording, "_is_answer", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            record(book, result(adds=0.0), tiny)
    with opened(book) as gradebook:
        assert gradebook.find_submission("01-tiny", "learner-01").score == 5


def test_a_new_version_of_the_exercise_changes_points_and_cells(tiny, book, result):
    record(book, result(), tiny)
    kept = tuple(cell for cell in tiny.cells if cell.id not in ("double", "doubles"))
    smaller = replace(tiny, cells=tuple(replace(cell, points=7) if cell.id == "adds" else cell for cell in kept))
    prepare(book, {"01-tiny": smaller})
    with opened(book) as gradebook:
        assert gradebook.find_assignment("01-tiny").max_score == 12
        assert gradebook.find_submission("01-tiny", "learner-01").score == 2


def test_strange_names_of_students_get_safe_folders_and_ids(tiny, book, result):
    for student in ("../../etc", "a\nb", "[a-z]*", "", "x" * 300, "a+b", "..", "\udce9"):
        record(book, result(student=student), tiny)
    with opened(book) as gradebook:
        ids = sorted(student.id for student in gradebook.students)
    assert len(ids) == 8
    assert all(len(one) <= 128 for one in ids)
    assert sorted(path.name for path in (book / "autograded").iterdir()) == ids
    assert {"%2E%2E%2F%2E%2E%2Fetc", "a%0Ab", "%5Ba-z%5D%2A", "%", "a%2Bb", "%2E%2E", "%E9"} < set(ids)


def formgrader(book):
    """Return nbgrader's API and configuration as Jupyter has them when it is started in ``book``."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(book)).load_config()
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)
    return NbGraderAPI(CourseDirectory(config=config), config=config), config


def test_formgrader_lists_assignment_submission_and_what_awaits_grading(tiny, book, result):
    record(book, result(), tiny)
    api, _ = formgrader(book)
    assert api.get_source_assignments() == {"01-tiny"}
    (submission,) = api.get_submissions("01-tiny")
    assert (submission["student"], submission["score"], submission["max_score"]) == ("learner-01", 5, 10)
    assert (submission["autograded"], submission["needs_manual_grade"]) == (True, True)
    (notebook,) = api.get_notebook_submissions("01-tiny", "01-tiny")
    assert (notebook["student"], notebook["needs_manual_grade"]) == ("learner-01", True)


def test_no_script_of_a_learner_runs_in_formgrader(tiny, book, result):
    from nbconvert.exporters import HTMLExporter

    evil = '<script>alert(1)</script> <img src=x onerror="alert(1)"> [a](javascript:alert(1)) **bold**'
    made = result(answer=evil)
    outputs = (
        {"output_type": "display_data", "data": {"text/html": "<script>alert(2)</script>", "text/plain": "plain"}},
        {"output_type": "display_data", "data": {"application/javascript": "alert(3)"}},
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload='alert(4)'/>"}},
        {"output_type": "stream", "name": "stdout", "text": "<script>alert(5)</script>"},
    )
    cells = tuple(replace(cell, outputs=outputs) if cell.id == "add" else cell for cell in made.cells)
    record(book, replace(made, cells=cells), tiny)
    text = notebook_path(book, made).read_text()
    assert "text/html" not in text
    assert 'javascript"' not in text
    _, config = formgrader(book)
    html, _ = HTMLExporter(config=config).from_filename(str(notebook_path(book, made)))
    body = html[html.index("<body") :]
    assert "plain" in body
    assert "<strong>bold</strong>" in body
    for running in ("<script>alert", "<img src=x", 'href="javascript', "<svg onload"):
        assert running not in body
    # An exporter without our configuration, as when formgrader is started elsewhere: still no tag of the learner's.
    html, _ = HTMLExporter().from_filename(str(notebook_path(book, made)))
    assert "<script>alert" not in html
    assert "<img src=x" not in html


def test_another_database_is_remembered_and_readable_by_its_owner_only(tiny, tmp_path, result):
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    prepare(tmp_path / "out", {"01-tiny": tiny}, db=url)
    record(tmp_path / "out", result(), tiny, db=url)
    assert (tmp_path / "out" / "gradebook.url").stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / "out" / "gradebook.db").exists()
    assert ("learner-01", "01-tiny") in manual_grades(tmp_path / "out")
    api, _ = formgrader(tmp_path / "out")
    assert len(api.get_submissions("01-tiny")) == 1


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////no/such/folder/x.db", "nosuchdatabase://user:secret@host/x"])
def test_a_database_that_cannot_be_opened_is_said_before_anything_is_graded(tiny, tmp_path, url):
    with pytest.raises(CourseError, match="The gradebook was not opened") as error:
        prepare(tmp_path / "out", {"01-tiny": tiny}, db=url)
    assert "secret" not in str(error.value)
    assert "Give --db an address" in str(error.value)


def test_the_notebook_that_ran_gives_its_cells_back(tiny, book, result):
    made = result(answer="a <b> c")
    record(book, made, tiny)
    assert ran_cells(book, made, tiny) == made.cells


def test_feedback_and_export_have_what_a_grader_decided(tiny, book, result):
    for student in ("learner-01", "learner-02"):
        record(book, result(student=student), tiny)
    results = [result(student="learner-01"), result(student="learner-02")]
    results.append(SubmissionResult("learner-03", "99-nothing", "rejected", message="There is no such assignment."))
    write_grades(book, results)
    grade_by_hand(book, 4.5, "Good <thoughts>.")
    pages = remake(book, {"01-tiny": tiny})
    assert len(pages) == 3
    first, second = (feedback_path(book, one).read_text() for one in results[:2])
    assert "9.5 of 10 points" in first
    assert "Good &lt;thoughts&gt;." in first
    assert "5 of 10 points" in second
    assert "A person will read and grade this." in second
    assert as_csv(ClassGrades(tuple(read_rows(book)))).splitlines() == [
        "student_id,assignment,score,max_score,automatic_score,manual_score,awaiting,status,message",
        "learner-01,01-tiny,9.5,10,5,4.5,0,graded,",
        "learner-02,01-tiny,5,10,5,0,5,graded,",
        "learner-03,99-nothing,0,0,0,0,0,rejected,There is no such assignment.",
    ]


def test_feedback_of_a_folder_without_grades_says_so(tmp_path):
    with pytest.raises(CourseError, match=r"there is no results\.json"):
        remake(tmp_path, {})


def test_results_survive_json(result):
    made = result(seed=2**62)
    assert SubmissionResult.from_json(json.loads(json.dumps(made.to_json()))) == made


@pytest.mark.parametrize(
    "text",
    [
        "[click](javascript:alert(1))",
        "[click][1]\n\n[1]: javascript:alert(1)",
        "![x](http://elsewhere.example/who)",
        "<img src=x onerror=alert(1)>",
        r"$\href{javascript:alert(1)}{x}$",
    ],
)
def test_nothing_in_a_written_answer_runs_or_is_fetched_in_formgrader(tmp_path, tiny, result, text):
    from nbconvert.filters.markdown import markdown2html

    prepare(tmp_path, {"01-tiny": tiny})
    made = result(answer=text)
    record(tmp_path, made, tiny)
    cells = json.loads(notebook_path(tmp_path, made).read_text())["cells"]
    (answer,) = ["".join(cell["source"]) for cell in cells if cell["id"] == "thoughts"]
    html = markdown2html(answer)
    assert not [one for one in ("<img", "<script", 'href="javascript', 'href="data', r"\href") if one in html]
    (kept,) = [cell.source for cell in ran_cells(tmp_path, made, tiny) if cell.id == "thoughts"]
    assert kept == text


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path, tiny):
    (tmp_path / "gradebook.db").write_text("my grades, in a text file" * 100)
    with pytest.raises(CourseError, match="The gradebook was not opened"):
        prepare(tmp_path, {"01-tiny": tiny})
