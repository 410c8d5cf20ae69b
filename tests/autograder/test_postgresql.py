"""A gradebook in PostgreSQL: a real server, several graders and a person at once; nothing doubled, nothing lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from nbgrader.api import Gradebook

from autograder.authoring.gradebook import NoGradebook, opened, prepare
from autograder.checking.core import CheckResult
from autograder.outcome.class_grades import read_rows
from autograder.outcome.record import manual_grades, record, record_all
from autograder.outcome.report import write_grades
from autograder.outcome.results import CellOutcome, SubmissionResult
from benchmarks import postgresql

pytestmark = pytest.mark.postgresql
CLASS = [f"learner-{number:02}" for number in range(25)]


@pytest.fixture(scope="module")
def server():
    """Start a server for this file's tests."""
    programs = postgresql.programs()
    if programs is None:
        pytest.skip("no PostgreSQL server here: `make system` says how to get it")
    with postgresql.running(programs) as one:
        yield one


@pytest.fixture
def db(server):
    """Return the address of an empty database."""
    return server.new_database()


@pytest.fixture
def second(tiny):
    """Return another assignment of the same course, with the same cells."""
    return replace(tiny, name="02-tiny")


def result(assignment, student, adds=2.0, answer="It commutes."):
    checks = (CheckResult("adds", "Adds.", "failed", adds, 2.0), CheckResult("doubles", "Doubles.", "passed", 3.0, 3.0))
    roles = {"check": "graded", "solution": "learner", "example": "learner", "locked": "given"}
    cells = tuple(
        CellOutcome(cell.id, roles.get(cell.kind, "text"), answer if cell.id == "thoughts" else cell.given, cell.points)
        for cell in assignment.cells
    )
    return SubmissionResult(student, assignment.name, "graded", adds + 3, 5.0, checks=checks, cells=cells)


def run(out, db, assignment, course, **fields):
    """Do what a run does: prepare, then record one submission after the other in one session."""
    prepare(out, {one.name: one for one in course}, db=db)
    with opened(out, db) as session:
        for student in CLASS:
            record(out, result(assignment, student, **fields), assignment, session=session)


def grade_by_hand(db, assignment, student, score, comment):
    """Do what formgrader does when an instructor enters a score, and then a comment."""
    with Gradebook(db) as gradebook:
        grade = gradebook.find_grade("thoughts", assignment, assignment, student)
        grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()
        gradebook.find_comment("thoughts", assignment, assignment, student).manual_comment = comment
        gradebook.db.commit()


def counted(db, assignment):
    """Return how many submissions, students and grades the gradebook has of an assignment."""
    from nbgrader import api

    with Gradebook(db) as gradebook:
        submissions = gradebook.assignment_submissions(assignment)
        grades = gradebook.db.query(api.Grade).count()
        return len(submissions), len(gradebook.students), grades, {one.score for one in submissions}


def test_grading_and_grading_again_replace_and_never_double(db, tiny, tmp_path):
    for adds in (0.0, 1.0):
        run(tmp_path, db, tiny, [tiny], adds=adds)
        assert counted(db, "01-tiny") == (len(CLASS), len(CLASS), 3 * len(CLASS), {adds + 3})


def test_two_graders_on_different_assignments_at_once_lose_and_double_nothing(db, tiny, second, tmp_path):
    course = [tiny, second]
    together = threading.Barrier(2)

    def grade(name, assignment, adds):
        together.wait()
        run(tmp_path / name, db, assignment, course, adds=adds)

    with ThreadPoolExecutor(2) as graders:
        for done in [graders.submit(grade, "a", tiny, 1.0), graders.submit(grade, "b", second, 2.0)]:
            done.result()
    assert counted(db, "01-tiny") == (len(CLASS), len(CLASS), 6 * len(CLASS), {4.0})
    assert counted(db, "02-tiny") == (len(CLASS), len(CLASS), 6 * len(CLASS), {5.0})


def test_two_graders_that_come_to_the_same_learners_in_opposite_order_both_end(db, tiny, tmp_path):
    def grade(name, students):
        prepare(tmp_path / name, {"01-tiny": tiny}, db=db)
        together.wait()
        for _ in range(3):
            record_all(tmp_path / name, [(result(tiny, student), tiny) for student in students], db=db)

    together = threading.Barrier(2)
    with ThreadPoolExecutor(2) as graders:
        for done in [graders.submit(grade, "a", CLASS), graders.submit(grade, "b", CLASS[::-1])]:
            done.result()
    assert counted(db, "01-tiny") == (len(CLASS), len(CLASS), 3 * len(CLASS), {5.0})


def test_what_a_person_enters_while_a_run_is_writing_stays(db, tiny, tmp_path):
    run(tmp_path, db, tiny, [tiny], adds=0.0)
    together = threading.Barrier(2)

    def regrade():
        together.wait()
        run(tmp_path, db, tiny, [tiny], adds=2.0)

    def person():
        together.wait()
        for number, student in enumerate(CLASS):
            grade_by_hand(db, "01-tiny", student, number / 5, f"Read: {student}")

    with ThreadPoolExecutor(2) as both:
        for done in [both.submit(regrade), both.submit(person)]:
            done.result()
    grades = manual_grades(tmp_path)
    for number, student in enumerate(CLASS):
        grade = grades[student, "01-tiny"]["thoughts"]
        assert (grade.score, grade.comment) == (number / 5, f"Read: {student}")
    write_grades(tmp_path, [result(tiny, student) for student in CLASS])
    assert [row.score for row in read_rows(tmp_path)] == [5 + number / 5 for number in range(len(CLASS))]


def test_a_grade_that_is_being_entered_is_waited_for(db, tiny, tmp_path):
    """A grader's program holds the row, the run comes to it: the run's write is on top of hers, and keeps it."""
    prepare(tmp_path, {"01-tiny": tiny}, db=db)
    record(tmp_path, result(tiny, "learner-00", adds=0.0), tiny)
    with Gradebook(db) as gradebook, ThreadPoolExecutor(1) as other:
        grade = gradebook.find_grade("thoughts", "01-tiny", "01-tiny", "learner-00")
        grade.manual_score, grade.needs_manual_grade = 4.0, False
        gradebook.db.flush()
        writing = other.submit(record, tmp_path, result(tiny, "learner-00", adds=2.0), tiny)
        assert not writing.done()
        gradebook.db.commit()
        writing.result()
    grade = manual_grades(tmp_path)["learner-00", "01-tiny"]["thoughts"]
    assert grade.score == 4.0
    assert counted(db, "01-tiny")[3] == {9.0}


def test_a_run_goes_on_after_the_server_ended_its_connection(server, db, tiny, tmp_path):
    prepare(tmp_path, {"01-tiny": tiny}, db=db)
    with opened(tmp_path, db) as session:
        record(tmp_path, result(tiny, "learner-00"), tiny, session=session)
        with server.connect() as connection:
            name = db.rpartition("/")[2]
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        record(tmp_path, result(tiny, "learner-01"), tiny, session=session)
    assert counted(db, "01-tiny")[0] == 2


def test_strange_names_and_texts_are_kept(db, tiny, tmp_path):
    prepare(tmp_path, {"01-tiny": tiny}, db=db)
    for student in ("Åsa Öberg", "李 明", "x" * 300, "a\0b", "\udce9", "00123"):
        record(tmp_path, result(tiny, student, answer="zero \0 byte, half a pair \ud800"), tiny)
    assert counted(db, "01-tiny")[0] == 6


@pytest.mark.parametrize("command", ["grade", "feedback", "export"])
def test_a_wrong_password_is_one_message_with_status_2_and_never_shown(autograder, server, tmp_path, command):
    (tmp_path / "submitted").mkdir()
    write_grades(tmp_path / "out", [])
    wrong = f"postgresql+psycopg://{postgresql.USER}:topsecret@127.0.0.1:{server.port}/postgres"
    arguments = {
        "grade": ("grade", tmp_path / "submitted", "--out", tmp_path / "out", "--isolation", "none"),
        "feedback": ("feedback", tmp_path / "out"),
        "export": ("export", tmp_path / "out", "--format", "csv"),
    }[command]
    status, out, err = autograder(*arguments, "--db", wrong)
    text = " ".join((out + err).split())
    assert status == 2
    assert "The gradebook was not opened" in text
    assert "password authentication failed" in text
    assert "topsecret" not in text


def test_a_server_that_is_not_there_is_one_message(tmp_path, tiny):
    with pytest.raises(NoGradebook, match="See that the server runs") as error:
        prepare(tmp_path, {"01-tiny": tiny}, db="postgresql+psycopg://me:topsecret@127.0.0.1:1/x")
    assert "topsecret" not in str(error.value)


def test_the_gradebook_of_another_course_is_refused_and_left_as_it_is(db, tiny, tmp_path):
    run(tmp_path / "theirs", db, tiny, [tiny])
    with pytest.raises(NoGradebook, match="another course's: it has 01-tiny"):
        prepare(tmp_path / "ours", {"99-other": replace(tiny, name="99-other")}, db=db)
    assert counted(db, "01-tiny") == (len(CLASS), len(CLASS), 3 * len(CLASS), {5.0})


def test_a_database_of_another_program_is_refused_and_left_as_it_is(server, db, tiny, tmp_path):
    import psycopg

    with psycopg.connect(db.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("CREATE TABLE invoices (id int)")
        with pytest.raises(NoGradebook, match=r"tables of something else \(invoices\)"):
            prepare(tmp_path, {"01-tiny": tiny}, db=db)
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    assert tables == [("invoices",)]
