"""Applies the course's policy: what counts of the points that were earned, and why, in words for the learner.

The points themselves never change; `autograder.outcome.class_grades.Row` keeps them. A day is 24 hours since the due
time, and one that has begun counts. Where nobody knows when something was handed in, nothing is taken off.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from autograder.checking.messages import plural
from autograder.intake.roster import composed
from autograder.outcome.class_grades import Row
from autograder.outcome.course_file import Key, Policy
from autograder.outcome.people import People
from autograder.outcome.report import points_text
from autograder.outcome.results import Final

MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Applied:
    """What a policy makes of a class.

    Attributes:
        finals: What counts of each row, by student and assignment.
        without_time: Rows with a due date of which nobody knows when they were handed in.
        unused: Entries of the course file that are of nobody who handed in.
    """

    finals: dict[Key, Final]
    without_time: int
    unused: tuple[Key, ...]


def apply(policy: Policy, rows: Iterable[Row], people: People) -> Applied:
    """Return what counts of each row."""
    rows = [row for row in rows if row.student_id]
    finals: dict[Key, Final] = {}
    without_time = 0
    seen = set()
    for row in rows:
        student = composed(people.id_of(row.student_id))
        seen.add((student, row.assignment))
        final, is_known = _one(policy, row, student, people)
        finals[row.student_id, row.assignment] = final
        without_time += not is_known
    _drop_lowest(policy, rows, finals)
    unused = tuple(sorted({*policy.extensions, *policy.times} - seen))
    return Applied(finals, without_time, unused)


def _one(policy: Policy, row: Row, student: str, people: People) -> tuple[Final, bool]:
    """Return what counts of a row before the lowest are dropped, and whether its time is known, or needs not be."""
    key = student, row.assignment
    due = policy.extensions.get(key, policy.due.get(row.assignment))
    receipt = people.receipt(row.student_id, row.assignment)
    when = policy.times.get(key) or (receipt.when if receipt else None)
    if due is None or not policy.percent_per_day:
        return Final(row.score), True
    moved = key in policy.extensions
    if when is None:
        if receipt is None or receipt.late is None:
            return Final(row.score), False
        return _by_mark(policy, row, receipt.late, due if moved else None), True
    when = when.astimezone(due.tzinfo)
    late = when - due
    if late <= timedelta(0):
        return Final(row.score), True
    whose = "your own due date" if moved else "the due date"
    said = (
        f"You handed this in on {_said(policy, when)}, {_duration(late)} after {whose}, {_said(policy, due)} "
        f"(times in {_zone(policy, due)})."
    )
    grace = timedelta(minutes=policy.grace_minutes)
    if late <= grace:
        words = f"{said} That is within the time of grace ({_duration(grace)}), so nothing is taken off."
        return Final(row.score, words=words), True
    return _reduced(policy, row, math.ceil(late / _DAY), said), True


def _by_mark(policy: Policy, row: Row, late: bool, own_due: datetime | None) -> Final:
    if not late:
        return Final(row.score)
    said = "The learning platform marks this as late."
    if own_due is not None:
        words = f"{said} You had until {_said(policy, own_due)} ({_zone(policy, own_due)}), so nothing is taken off."
        return Final(row.score, words=words)
    days = policy.days_where_unknown
    return _reduced(policy, row, days, f"{said} It does not say how late, so it counts as {plural(days, 'day')}.")


def _reduced(policy: Policy, row: Row, days: int, said: str) -> Final:
    percent = min(days * policy.percent_per_day, policy.at_most_percent)
    score = round(row.score * (100 - percent) / 100, 4)
    deduction = round(row.score - score, 4)
    capped = f", and at most {points_text(policy.at_most_percent)} %" if percent < days * policy.percent_per_day else ""
    words = (
        f"{said} Each day begun costs {points_text(policy.percent_per_day)} % of the points earned{capped}: that makes "
        f"{points_text(percent)} % for {plural(days, 'day')}. That takes "
        f"{plural(deduction, 'point')} off your {points_text(row.score)} and leaves {points_text(score)}."
    )
    return Final(score, days, deduction, words=words)


def _drop_lowest(policy: Policy, rows: list[Row], finals: dict[Key, Final]) -> None:
    """Mark each learner's lowest results, as shares of what could be earned. What she did not hand in is a 0.

    Only assignments of the course file count that somebody has handed in: before, there is nothing to drop.
    """
    in_play = {row.assignment for row in rows if row.assignment in policy.assignments and row.max_score}
    many = min(policy.drop_lowest, len(in_play) - 1)
    if many <= 0:
        return
    of_learner: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in rows:
        if row.assignment in in_play:
            of_learner[row.student_id][row.assignment] = row
    for student, handed in of_learner.items():
        shares = [
            (finals[student, name].score / handed[name].max_score if name in handed else 0.0, name in handed, name)
            for name in in_play
        ]
        for _, is_there, name in sorted(shares)[:many]:
            if is_there:
                final = finals[student, name]
                which = "the lowest" if many == 1 else f"one of the {many} lowest"
                words = f"{final.words} This is {which} of your results so far, and does not count.".strip()
                finals[student, name] = replace(final, dropped=True, words=words)


def _said(policy: Policy, when: datetime) -> str:
    shown = when.astimezone(policy.zone) if policy.zone else when
    return f"{shown.day} {MONTHS[shown.month - 1]} {shown.year}, {shown:%H:%M}"


def _zone(policy: Policy, when: datetime) -> str:
    return str(policy.zone or when.tzname())


def _duration(late: timedelta) -> str:
    """Return a time span in words, in its two largest units, rounded down.

    >>> _duration(timedelta(days=1, hours=14, minutes=5)), _duration(timedelta(seconds=20))
    ('1 day and 14 hours', 'less than a minute')
    """
    minutes = int(late.total_seconds() // 60)
    parts = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    said = [plural(count, unit) for count, unit in parts if count]
    return " and ".join(said[:2]) or "less than a minute"
