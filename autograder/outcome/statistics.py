"""Where a class fails, in numbers: how scores are spread, and what each point tells about an exercise.

Difficulty and discrimination are those of classical test theory. A point's *difficulty* is the mean share of it that
was earned (1: everybody earned all of it). Its *discrimination* is the correlation between what learners earned for it
and what they earned for all the other points together: the point-biserial correlation where a point is earned or not,
and corrected, because a point that is part of the total correlates with itself (Henrysson 1963, "Correction of
item-total correlations in item analysis", Psychometrika 28, 211-218).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import StatisticsError, correlation, fmean, median

from autograder.outcome.results import STATUSES, CheckResult, SubmissionResult

BINS = 10
SHARED_BY = 2
"""A message is shown if at least so many learners got it: what one learner alone got may quote her."""
MOST = 10
"""Messages of an assignment that are shown."""
UNKNOWN = "(no such assignment)"
"""Folders that are none of the course's assignments. Learners chose their names, so these are not shown."""
_NUMBER = re.compile(r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)")


@dataclass(frozen=True)
class Point:
    """What is known of a point of an assignment.

    Attributes:
        id: The check's grade id.
        title: The sentence that learners see.
        max_score: What it is worth.
        count: How many submissions it was checked in.
        full: How many of them earned all of it.
        difficulty: The mean share of it that was earned, 0 to 1.
        discrimination: -1 to 1; None where everybody earned the same for it, or for all others: then there is none.
        stuck: How many earned nothing for it, nor for any point after it, but all or a part of each point before.
    """

    id: str
    title: str
    max_score: float
    count: int
    full: int
    difficulty: float
    discrimination: float | None
    stuck: int


@dataclass(frozen=True)
class Message:
    """A message that several learners got; numbers that differ between them are left out."""

    point: str
    text: str
    count: int


@dataclass(frozen=True)
class CellTime:
    """How long a cell took, in seconds, over the submissions in which it ran."""

    id: str
    count: int
    median: float
    longest: float
    total: float


@dataclass(frozen=True)
class LearnerRow:
    """A learner's row, for a page that names learners."""

    student_id: str
    assignment: str
    score: float
    max_score: float
    status: str
    stuck_at: str


@dataclass(frozen=True)
class AssignmentStatistics:
    """What is known of an assignment.

    Attributes:
        name: Its name.
        submissions: How many there are.
        checked: How many of them reached the checks; the others were rejected, and all below is without them.
        statuses: How many of each status, of those that occur.
        shares: Scores as shares of all points, 0 to 1, sorted.
        histogram: How many scores lie in each tenth of the scale; the last one holds full scores, too.
        points: The points, in the exercise's order.
        messages: What learners got most.
        unshared: How many further messages only one learner each got.
        times: Cells that took longest in sum, longest first.
    """

    name: str
    submissions: int
    checked: int
    statuses: Mapping[str, int]
    shares: Sequence[float]
    histogram: Sequence[int]
    points: Sequence[Point]
    messages: Sequence[Message]
    unshared: int
    times: Sequence[CellTime]

    @property
    def median(self) -> float | None:
        """Return the median share, 0 to 1; None where nothing was checked."""
        return median(self.shares) if self.shares else None

    @property
    def mean(self) -> float | None:
        """Return the mean share, 0 to 1; None where nothing was checked."""
        return fmean(self.shares) if self.shares else None


def statistics_of(
    results: Iterable[SubmissionResult], seconds: Mapping[tuple[str, str], Mapping[str, float]] | None = None
) -> list[AssignmentStatistics]:
    """Return statistics of each assignment, by name.

    Args:
        results: A run's results.
        seconds: How long cells took, by student and assignment, then by cell id, as far as is known.
    """
    results = list(results)
    known = {one.assignment for one in results if one.max_score > 0}
    by_assignment: dict[str, list[SubmissionResult]] = {}
    for result in results:
        name = result.assignment if result.assignment in known else UNKNOWN
        by_assignment.setdefault(name, []).append(result)
    return [_assignment(name, those, seconds or {}) for name, those in sorted(by_assignment.items())]


def learners_of(results: Iterable[SubmissionResult]) -> list[LearnerRow]:
    """Return a row for each submission, by student and assignment."""
    return [
        LearnerRow(one.student_id, one.assignment, one.score, one.max_score, one.status, stuck_at(one.checks))
        for one in sorted(results, key=lambda one: one.key)
    ]


def stuck_at(checks: Sequence[CheckResult]) -> str:
    """Return the point at which a learner got stuck: the first of which nothing was earned, if nothing after it was.

    "" where there is no such point.
    """
    for position, check in enumerate(checks):
        if check.score <= 0:
            return "" if any(later.score > 0 for later in checks[position:]) else check.grade_id
    return ""


def _assignment(
    name: str, results: Sequence[SubmissionResult], seconds: Mapping[tuple[str, str], Mapping[str, float]]
) -> AssignmentStatistics:
    checked = [one for one in results if one.checks and one.max_score > 0]
    shares = sorted(min(1.0, max(0.0, one.score / one.max_score)) for one in checked)
    histogram = [0] * BINS
    for share in shares:
        histogram[min(BINS - 1, int(share * BINS + 1e-9))] += 1  # the nudge: 0.3 * 10 must not be 2.999...
    counts = Counter(one.status for one in results)
    messages, unshared = _messages(checked)
    return AssignmentStatistics(
        name=name,
        submissions=len(results),
        checked=len(checked),
        statuses={status: counts[status] for status in STATUSES if counts[status]},
        shares=shares,
        histogram=histogram,
        points=_points(checked),
        messages=messages,
        unshared=unshared,
        times=_times([seconds[one.key] for one in checked if one.key in seconds]),
    )


def _points(results: Sequence[SubmissionResult]) -> list[Point]:
    scores: dict[str, list[tuple[CheckResult, float]]] = {}  # each point with the sum of all the others
    stuck = Counter(stuck_at(one.checks) for one in results)
    for result in results:
        total = sum(check.score for check in result.checks)
        for check in result.checks:
            scores.setdefault(check.grade_id, []).append((check, total - check.score))
    made = []
    for name, those in scores.items():
        share = [check.score / check.max_score if check.max_score else 0.0 for check, _ in those]
        made.append(
            Point(
                id=name,
                title=those[-1][0].title,
                max_score=those[-1][0].max_score,
                count=len(those),
                full=sum(check.status == "passed" for check, _ in those),
                difficulty=fmean(share),
                discrimination=_correlation([check.score for check, _ in those], [rest for _, rest in those]),
                stuck=stuck[name],
            )
        )
    return made


def _correlation(scores: list[float], rests: list[float]) -> float | None:
    # What the sum of all scores left behind in the last digits is no difference between learners.
    scores, rests = [round(one, 6) for one in scores], [round(one, 6) for one in rests]
    try:
        return correlation(scores, rests)
    except StatisticsError:  # fewer than two, or all the same
        return None


def _messages(results: Sequence[SubmissionResult]) -> tuple[list[Message], int]:
    """Return the messages that most learners got, and how many only one got."""
    groups: dict[tuple[str, str], list[list[str]]] = {}
    for result in results:
        for check in result.checks:
            if check.status == "failed" and check.message:
                pieces = _NUMBER.split(check.message)
                groups.setdefault((check.grade_id, "#".join(pieces[::2])), []).append(pieces)
    shared = [
        Message(point, _in_common(those), len(those)) for (point, _), those in groups.items() if len(those) >= SHARED_BY
    ]
    shared.sort(key=lambda one: (-one.count, one.point, one.text))
    return shared[:MOST], len(groups) - len(shared)


def _in_common(messages: Sequence[Sequence[str]]) -> str:
    """Return a message of which only some numbers differ, with three dots for those."""
    columns = zip_longest(*messages)
    return "".join(column[0] if len(set(column)) == 1 else "\u2026" for column in columns)


def _times(runs: Sequence[Mapping[str, float]]) -> list[CellTime]:
    """Return what cells took; those that learners added have names of their own and are taken together."""
    taken: dict[str, list[float]] = {}
    for run in runs:
        added = 0.0
        for name, time in run.items():
            if name.startswith("added-"):
                added += time
            else:
                taken.setdefault(name, []).append(time)
        if added:
            taken.setdefault("cells that learners added", []).append(added)
    made = [CellTime(name, len(those), median(those), max(those), sum(those)) for name, those in taken.items()]
    return sorted(made, key=lambda one: (-one.total, one.id))[:MOST]
