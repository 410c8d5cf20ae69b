"""The course's late policy: what counts after it, what it says, and which course files it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.intake.receipts import Receipt
from autograder.outcome.class_grades import Row
from autograder.outcome.course_file import Policy, read_policy
from autograder.outcome.late import apply
from autograder.outcome.people import People
from autograder.outcome.report import feedback_page
from autograder.outcome.results import Final, SubmissionResult
from flowercourse.errors import CourseError

TINY, OTHER = "01-tiny", "02-other"
KNOWN = [TINY, OTHER, "03-third"]
COURSE = f"""
time_zone = "Europe/Berlin"
drop_lowest = 0

[late]
grace_minutes = 15
percent_per_day = 10
at_most_percent = 50

[assignments.{TINY}]
due = 2026-11-08T23:59:00
title = "Tiny"

[[extensions]]
student = "00124"
assignment = "{TINY}"
due = 2026-11-10T23:59:00
"""
DUE = datetime(2026, 11, 8, 22, 59, tzinfo=UTC)


@pytest.fixture
def read(tmp_path):
    def run(text: str) -> Policy:
        path = tmp_path / "course.toml"
        path.write_text(text, encoding="utf-8")
        return read_policy(path, KNOWN)

    return run


def row(student="00123", score=8.0, assignment=TINY, most=10.0) -> Row:
    return Row(student, assignment, score, most, score, 0.0, 0.0, "graded", "")


def handed_in(when: datetime | None, student="00123", late=None, assignment=TINY) -> People:
    receipt = Receipt(student, assignment, student, submitted_at=when.isoformat() if when else "", late=late)
    return People(None, {receipt.key: receipt})


def final(policy: Policy, people: People, one: Row | None = None) -> Final:
    one = one or row()
    return apply(policy, [one], people).finals[one.student_id, one.assignment]


@pytest.mark.parametrize(
    ("late", "score", "days"),
    [
        (timedelta(days=-3), 8, 0),
        (timedelta(0), 8, 0),
        (timedelta(minutes=15), 8, 0),
        (timedelta(minutes=15, seconds=1), 7.2, 1),
        (timedelta(days=1), 7.2, 1),
        (timedelta(days=1, seconds=1), 6.4, 2),
        (timedelta(days=30), 4, 30),
    ],
)
def test_each_day_begun_costs_its_share_after_the_grace_and_never_more_than_the_most(read, late, score, days):
    made = final(read(COURSE), handed_in(DUE + late))
    assert (made.score, made.days, made.deduction) == (score, days, pytest.approx(8 - score))


def test_what_was_earned_stays_as_it_was(read):
    one = row()
    apply(read(COURSE), [one], handed_in(DUE + timedelta(days=2)))
    assert one == row()


def test_the_words_say_when_why_and_how_much(read):
    made = final(read(COURSE), handed_in(DUE + timedelta(days=1, hours=14, minutes=4)))
    assert made.words == (
        "You handed this in on 10 November 2026, 14:03, 1 day and 14 hours after the due date, 8 November 2026, 23:59 "
        "(times in Europe/Berlin). Each day begun costs 10 % of the points earned: that makes 20 % for 2 days. "
        "That takes 1.6 points off your 8 and leaves 6.4."
    )
    assert "and at most 50 %" in final(read(COURSE), handed_in(DUE + timedelta(days=9))).words
    assert "within the time of grace (15 minutes)" in final(read(COURSE), handed_in(DUE + timedelta(minutes=9))).words


def test_an_extension_is_one_learners_own_due_date(read):
    policy, when = read(COURSE), DUE + timedelta(days=1)
    assert final(policy, handed_in(when, "00124"), row("00124")) == Final(8)
    assert final(policy, handed_in(when)).score == 7.2
    made = final(policy, handed_in(DUE + timedelta(days=3), "00124"), row("00124"))
    assert (made.days, "your own due date" in made.words) == (1, True)


def test_a_late_mark_without_a_time_counts_as_the_course_says_and_not_against_an_extension(read):
    policy = read(COURSE.replace("[late]", "[late]\ndays_where_unknown = 2"))
    made = final(policy, handed_in(None, late=True))
    assert (made.score, made.days) == (6.4, 2)
    assert "does not say how late, so it counts as 2 days" in made.words
    assert final(policy, handed_in(None, late=False)) == Final(8)
    assert final(policy, handed_in(None, "00124", late=True), row("00124")).score == 8


def test_a_time_in_the_course_file_is_believed_before_the_platforms_mark(read):
    text = f'{COURSE}\n[[times]]\nstudent = "00123"\nassignment = "{TINY}"\nsubmitted_at = 2026-11-09T10:00:00\n'
    assert final(read(text), handed_in(None, late=True)).days == 1


def test_where_nobody_knows_the_time_nothing_is_taken_off_and_it_is_counted(read):
    applied = apply(read(COURSE), [row(), row("x", assignment=OTHER)], People())
    assert applied.finals["00123", TINY] == Final(8)
    assert applied.without_time == 1
    assert applied.unused == (("00124", TINY),)


def test_clocks_that_change_between_due_and_handed_in_do_not_make_a_day_longer(read):
    text = COURSE.replace("2026-11-08T23:59:00", "2026-10-24T23:59:00")
    due = datetime(2026, 10, 24, 21, 59, tzinfo=UTC)
    policy = read(text)
    assert final(policy, handed_in(due + timedelta(hours=24))).days == 1
    assert final(policy, handed_in(due + timedelta(hours=24, seconds=1))).days == 2
    # 02:30 comes twice that night; the later is the learners'.
    twice = read(COURSE.replace("2026-11-08T23:59:00", "2026-10-25T02:30:00"))
    assert twice.due[TINY] == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


def test_the_lowest_results_do_not_count_and_what_is_missing_is_lowest(read):
    text = f'drop_lowest = 1\n[assignments.{TINY}]\n[assignments.{OTHER}]\n[assignments."03-third"]\n'
    rows = [row("a", 8), row("a", 3, OTHER, 5), row("b", 9), row("b", 5, OTHER, 5), row("c", 1)]
    finals = apply(read(text), rows, People()).finals
    # Nobody has handed in the third yet, and c's lowest is what c has not handed in.
    assert {key for key, one in finals.items() if one.dropped} == {("a", OTHER), ("b", TINY)}
    assert "the lowest of your results so far" in finals["b", TINY].words
    assert finals["b", TINY].score == 9


def test_at_least_one_result_counts(read):
    finals = apply(read(f"drop_lowest = 9\n[assignments.{TINY}]\n"), [row()], People()).finals
    assert not finals["00123", TINY].dropped


@given(
    st.floats(0, 100),
    st.timedeltas(timedelta(days=-10), timedelta(days=100)),
    st.floats(0, 100),
    st.floats(0, 100),
    st.floats(0, 10_080),
)
def test_lateness_never_adds_points_nor_takes_more_than_there_are(score, late, percent, most, grace):
    policy = Policy(due={TINY: DUE}, percent_per_day=percent, at_most_percent=most, grace_minutes=grace)
    made = final(policy, handed_in(DUE + late), row(score=score, most=100))
    assert 0 <= made.score <= score + 1e-4
    assert made.score + made.deduction == pytest.approx(score, abs=1e-3)
    if late <= timedelta(minutes=grace):
        assert made.score == score


REFUSED = {
    "percent = 1": r"course\.toml, percent: there is no such key",
    "[late]\npercent_per_dya = 1": r"late\.percent_per_dya: there is no such key\. Did you mean percent_per_day",
    "[late]\npercent_per_day = 101": r"late\.percent_per_day: it is 101\. Write a number from 0 to 100",
    "[late]\npercent_per_day = '10'": r"late\.percent_per_day: it is '10'",
    "[late]\npercent_per_day = nan": r"late\.percent_per_day: it is nan",
    "[late]\ngrace_minutes = -1": r"late\.grace_minutes: it is -1",
    "[late]\npercent_per_day = true": r"late\.percent_per_day: it is True",
    "late = 3": r"late: it is not a table",
    "drop_lowest = 1.5": r"drop_lowest: it is 1\.5\. Write a whole number",
    "time_zone = 'Europe/Brelin'": r"time_zone: 'Europe/Brelin' is not known here",
    "time_zone = '../../etc/passwd'": r"time_zone: .* is not known here",
    "time_zone = 'Europe'": r"time_zone: 'Europe' is not known here",
    "[assignments.01-tini]\ndue = 2026-11-08T23:59:00Z": r"assignments\.01-tini: .* Did you mean 01-tiny",
    "[assignments.01-tiny]\ndue = 2026-11-08T23:59:00": r"assignments\.01-tiny\.due: .* has no time zone",
    "[assignments.01-tiny]\ndue = 2026-11-08": r"assignments\.01-tiny\.due: 2026-11-08 is no date with a time",
    "[assignments.01-tiny]\ndue = '2026-11-08T23:59:00Z'": r"is no date with a time. Write it without quotes",
    "[assignments.01-tiny]\ntitle = 3": r"assignments\.01-tiny\.title: 3 is no text",
    "time_zone = 'Europe/Berlin'\n[assignments.01-tiny]\ndue = 2026-03-29T02:30:00": "as clocks are put forward",
    "[[extensions]]\nstudent = 123\nassignment = '01-tiny'\ndue = 2026-11-08T23:59:00Z": "student: 123 is no text",
    "[[extensions]]\nstudent = 00123": r"was not read: .*line 2.*ids stand in quotes",
    "[[extensions]]\nstudent = 'a'\nassignment = '01-tiny'": "extensions, number 1: it has no due",
    "[[extensions]]\nstudent = 'a'\nassignment = '01-tiny'\ndue = 2026-11-08T23:59:00Z": "01-tiny has no due date",
    "[assignments.01-tiny]\ndue = 2026-11-09T00:00:00Z\n[[extensions]]\nstudent = 'a'\nassignment = '01-tiny'\n"
    "due = 2026-11-08T23:59:00Z": "ends before the due date",
    "[extensions]\nstudent = 'a'": r"extensions: it is not a list of tables. Begin each with a line \[\[extensions\]\]",
    "[[times]]\nstudent = 'a'\nassignment = '01-tiny'\nsubmitted_at = 2026-11-08T23:59:00Z\n"
    "[[times]]\nstudent = 'a'\nassignment = '01-tiny'\nsubmitted_at = 2026-11-08T23:59:00Z": "'a' has two for 01-tiny",
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_not_understood_is_refused_with_its_key_and_the_file(read, text):
    with pytest.raises(CourseError, match=REFUSED[text]) as error:
        read(text)
    assert "course.toml" in str(error.value)


def test_an_empty_course_file_changes_nothing(read):
    assert final(read(""), handed_in(DUE + timedelta(days=5))) == Final(8)


def test_the_feedback_page_shows_what_was_earned_and_what_counts():
    result = SubmissionResult("a", TINY, "graded", 8, 10)
    page = feedback_page(result, final=Final(6.4, 2, 1.6, words="Late by <2> days."))
    assert "8 of 10 points" in page
    assert "6.4 points count" in page
    assert "Late by &lt;2&gt; days." in page
    assert "points count" not in feedback_page(result, final=Final(8))
    assert "Does not count" in feedback_page(result, final=Final(8, dropped=True, words="The lowest."))
