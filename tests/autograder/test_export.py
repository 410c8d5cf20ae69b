"""Grades and feedback go to learning platforms in their own forms: the right grade, to the right learner."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
import unicodedata
import zipfile

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.commands.instructor import wrong_input
from autograder.intake.receipts import Receipt
from autograder.intake.roster import Learner, Roster
from autograder.outcome.canvas import as_canvas
from autograder.outcome.class_grades import ClassGrades, Row
from autograder.outcome.export import as_csv
from autograder.outcome.moodle import as_moodle, write_feedback_zip
from autograder.outcome.people import People
from autograder.outcome.results import Final
from flowercourse.errors import CourseError

TINY, OTHER = "01-tiny", "02-other"


def row(student="00123", score=8.0, assignment=TINY, most=10.0, awaiting=0.0) -> Row:
    return Row(student, assignment, score, most, score, 0.0, awaiting, "graded", "")


def grades(*rows: Row, learners=None, receipts=(), columns=(), **more) -> ClassGrades:
    roster = None if learners is None else Roster(learners, columns)
    return ClassGrades(rows, People(roster, {one.key: one for one in receipts}), **more)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def imported_by_canvas(text: str, users: dict[int, tuple[str, str]]) -> dict[tuple[int, str], str]:
    """Return the grades by user and column that Canvas would take, by the rules of its importer.

    ``users``: login and name, by number.
    """
    header, *lines = read(text)
    assert "Student" in header[0]
    assert header[1:5] == ["ID", "SIS User ID", "SIS Login ID", "Section"]
    grades = {}
    for line in lines:
        if "Points Possible" in line[0]:
            continue
        number = int(re.match(r"\d*", line[1])[0] or 0)
        by_login = [one for one, (login, _) in users.items() if line[3] and login == line[3]]
        by_name = [one for one, (_, name) in users.items() if name == line[0]]
        user = number if number in users else (by_login + by_name)[0]
        grades |= {(user, title): cell for title, cell in zip(header[5:], line[5:], strict=True)}
    return grades


def imported_by_moodle(text: str) -> dict[str, str]:
    """Return the grades by participant that Moodle would take from a worksheet."""
    header, *lines = read(text)
    identifier, grade, _ = (header.index(name) for name in ("Identifier", "Grade", "Last modified (grade)"))
    return {line[identifier][len("Participant ") :]: line[grade] for line in lines}


def test_a_full_disk_ends_with_one_message_and_the_next_step(tmp_path):
    said = r"export.csv was not written: No space left on device\. Make room"
    with pytest.raises(click.UsageError, match=said), wrong_input(tmp_path / "export.csv"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


NAMES = ['Lee, "Ann"', "李小龍", "O'Brien; Zoë", "=1+1", "Points Possible", "+Bo\tOdd", "محمد علي", "", "\u200b@x"]


@pytest.mark.parametrize("name", NAMES)
def test_canvas_gives_each_grade_to_the_learner_with_the_number(name):
    text = as_canvas(grades(row(), learners=[Learner("00123", name, "4711")]))
    assert imported_by_canvas(text, {4711: ("00123", name), 1: ("x", "00123")}) == {(4711, TINY): "8"}
    assert not any(cell[:1] in tuple("=+-@") for line in read(text) for cell in line)


def test_canvas_gets_one_line_a_learner_and_the_columns_of_its_own_gradebook():
    columns = ["Student", "ID", "SIS Login ID", "Section", "01-Tiny (88)", "Second one (89)", "Total"]
    text = as_canvas(
        grades(
            row("00123", 8), row("00123", 3, OTHER, 5), row("00124", 7.5),
            learners=[Learner("00123", "Lee, Ann", "4711", section="A"), Learner("00124", "Ng, Li", "4712")],
            columns=columns, titles={OTHER: "Second one"},
        )
    )  # fmt: skip
    assert read(text) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "01-Tiny (88)", "Second one (89)"],
        ["    Points Possible", "", "", "", "", "10", "5"],
        ["Lee, Ann", "4711", "", "00123", "A", "8", "3"],
        ["Ng, Li", "4712", "", "00124", "", "7.5", ""],
    ]


def test_without_a_roster_canvas_gets_what_its_download_said():
    receipt = Receipt("4711", TINY, "4711", "leeann", "canvas", "4711")
    assert read(as_canvas(grades(row("4711"), receipts=[receipt])))[2][:4] == ["leeann", "4711", "", "4711"]
    assert read(as_canvas(grades(row("annlee"))))[2][:4] == ["annlee", "", "", "annlee"]


def test_a_login_like_a_formula_is_left_to_the_number_or_refused():
    text = as_canvas(grades(row("=1+1"), learners=[Learner("=1+1", "Ann", "4711")]))
    assert read(text)[2][:4] == ["Ann", "4711", "", ""]
    with pytest.raises(CourseError, match="Canvas cannot find these.*'=1"):
        as_canvas(grades(row("=1+1")))


def test_an_unread_answer_is_no_grade_yet_and_a_dropped_one_is_excused():
    finals = {("b", TINY): Final(8, dropped=True)}
    made = grades(
        row("a", awaiting=5), row("b"), learners=[Learner("a", "A", "1"), Learner("b", "B", "2")], finals=finals
    )
    assert imported_by_canvas(as_canvas(made), {1: ("a", "A"), 2: ("b", "B")}) == {(1, TINY): "", (2, TINY): "EX"}


def test_moodle_gets_a_worksheet_with_the_participants_of_this_assignment():
    receipts = [Receipt("00123", TINY, "00123", "Ann Lee", "moodle", "77", "Ann Lee")]
    learners = [Learner("00123", "Ann Lee", "5"), Learner("00124", '=Li, "Ng"', "78", email="li@example.org")]
    text = as_moodle(grades(row("00123"), row("00124", 7.5), learners=learners, receipts=receipts))
    assert imported_by_moodle(text) == {"77": "8", "78": "7.5"}
    assert read(text)[2][1] == '\'=Li, "Ng"'


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (grades(row(), row(assignment=OTHER)), "Say which one: --assignment 01-tiny or 02-other"),
        (
            grades(row("a"), row("b")),
            "number of these participants is not known: 'a', 'b'. Download the assignment's grading",
        ),
        (grades(row("a"), learners=[Learner("b")]), "the roster does not have that id"),
        (
            grades(row("a"), learners=[Learner("a", "A", "5", others={"Maximum Grade": "100.00"})]),
            "its maximum grade is 100.00, and 01-tiny has 10 points",
        ),
    ],
)
def test_what_moodle_would_take_wrongly_is_refused_with_the_reason(made, words):
    with pytest.raises(CourseError) as error:
        as_moodle(made)
    assert words in str(error.value)


def test_feedback_goes_back_in_the_folders_that_moodle_reads(tmp_path):
    names = {"a": "Zoë O'Brien", "b": "李 娜", "c": "../_x: <y>"}
    receipts = [
        Receipt(one, TINY, one, name, "moodle", str(7 + i), name) for i, (one, name) in enumerate(names.items())
    ]
    pages = {}
    for one in names:
        pages[one] = tmp_path / f"{one}/01-tiny.html"
        pages[one].parent.mkdir()
        pages[one].write_text(f"page of {one}")
    pages["b"].unlink()
    made = grades(*map(row, names), receipts=receipts)
    path = tmp_path / "out" / "feedback.zip"
    assert write_feedback_zip(path, made, pages) == 2
    with zipfile.ZipFile(path) as archive:
        for info, one, number in zip(archive.infolist(), "ac", "79", strict=True):
            folder, name = info.filename.split("/")
            # As Moodle's importer takes it apart; before 4.1 there must be five pieces.
            pieces = folder.split("_", 4)
            assert (pieces[1:], name) == ([number, "assignsubmission", "file", ""], "01-tiny.html")
            assert archive.read(info) == f"page of {one}".encode()
    first = path.read_bytes()
    write_feedback_zip(path, made, pages)
    assert path.read_bytes() == first
    assert [one.name for one in path.parent.iterdir()] == ["feedback.zip"]


def test_what_is_no_learners_or_no_assignment_does_not_reach_a_platform():
    made = grades(row(), row(""), row("00123", 0, "99-nothing", 0), learners=[Learner("00123", "Ann", "5")])
    assert len(read(as_canvas(made))) == 3
    assert imported_by_moodle(as_moodle(made)) == {"5": "8"}
    assert len(read(as_csv(made))) == 4


def test_the_csv_says_what_counts_only_where_a_policy_is_in_force():
    assert "final_score" not in as_csv(grades(row()))
    final = Final(5.6, 3, 2.4, words="3 days late.")
    header, line = read(as_csv(grades(row(), finals={("00123", TINY): final})))
    assert dict(zip(header, line, strict=True)) | {"score": "8", "late_days": "3", "deduction": "2.4"} == dict(
        zip(header, line, strict=True)
    )
    assert line[-3:] == ["5.6", "yes", "3 days late."]


ANY = st.text(max_size=12) | st.builds(str.__add__, st.sampled_from("=+-@\u200b\ufeff\t\r＝"), st.text(max_size=8))


@given(
    st.lists(
        st.tuples(ANY.filter(bool), ANY),
        min_size=1,
        max_size=4,
        unique_by=lambda one: unicodedata.normalize("NFC", one[0]),
    )
)
def test_whatever_learners_are_called_each_gets_her_own_grade(people):
    learners = [Learner(one, name, str(100 + place)) for place, (one, name) in enumerate(people)]
    made = grades(*(row(one.student_id, place) for place, one in enumerate(learners)), learners=learners)
    users = {100 + place: people[place] for place in range(len(people))}
    assert imported_by_canvas(as_canvas(made), users) == {
        (100 + place, TINY): str(place) for place in range(len(people))
    }
    assert imported_by_moodle(as_moodle(made)) == {str(100 + place): str(place) for place in range(len(people))}
    for line in [*read(as_canvas(made))[2:], *read(as_moodle(made))[1:]]:
        for cell in line:
            bare = unicodedata.normalize("NFKC", cell).lstrip("\u200b\ufeff \t\r")
            assert bare[:1] not in ("=", "@")
