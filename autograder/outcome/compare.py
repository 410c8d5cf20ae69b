"""What changed between two runs: whose points, and why. The text of ``autograder diff``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from autograder.checking.messages import plural
from autograder.outcome.inert import inert_text
from autograder.outcome.report import STATUS_WORDS, cell_text, one_line, points_text
from autograder.outcome.results import CheckResult, SubmissionResult

LONGEST_MESSAGE = 400
NOT_CHECKED = "(not checked)"


@dataclass(frozen=True)
class Side:
    """A point, or a whole submission, in one of the two runs: what it earned, of how much, and what was said."""

    score: float
    max_score: float
    message: str


@dataclass(frozen=True)
class Change:
    """Other points than before.

    Attributes:
        student_id: Whose.
        assignment: Of which assignment.
        point: The check's grade id; "" where the submission as a whole is meant, because nothing of it was checked.
        old: Before; None where there was no such point.
        new: After; None where there is none any more.
    """

    student_id: str
    assignment: str
    point: str
    old: Side | None
    new: Side | None

    @property
    def is_of_points(self) -> bool:
        """Return whether the two sides earn, or are worth, something else."""
        if self.old is None or self.new is None:
            return True
        return (self.old.score, self.old.max_score) != (self.new.score, self.new.max_score)

    @property
    def difference(self) -> float:
        """Return how many points more this is worth now."""
        return (self.new.score if self.new else 0.0) - (self.old.score if self.old else 0.0)


@dataclass(frozen=True)
class Comparison:
    """Two runs, side by side.

    Attributes:
        both: How many submissions are in both.
        changes: Points that differ, by student, assignment, and the order of the points.
        reworded: How many points are worth the same and say something else.
        only_old: Submissions that the second run does not have.
        only_new: Submissions that the first run did not have.
    """

    both: int
    changes: list[Change] = field(default_factory=list)
    reworded: int = 0
    only_old: list[tuple[str, str]] = field(default_factory=list)
    only_new: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_same(self) -> bool:
        """Return whether everybody has the same points."""
        return not (self.changes or self.only_old or self.only_new)


def compare(old: Iterable[SubmissionResult], new: Iterable[SubmissionResult]) -> Comparison:
    """Return what differs between two runs' results. Seconds, seeds and versions are no difference."""
    before, after = ({one.key: one for one in results} for results in (old, new))
    both = sorted(before.keys() & after.keys())
    changes, reworded = [], 0
    for key in both:
        for change in _sides(before[key], after[key]):
            if change.is_of_points:
                changes.append(change)
            elif change.old and change.new:
                reworded += change.old.message != change.new.message
    return Comparison(
        len(both), changes, reworded, sorted(before.keys() - after.keys()), sorted(after.keys() - before.keys())
    )


def _sides(old: SubmissionResult, new: SubmissionResult) -> Iterator[Change]:
    """Yield each point of a submission as it was and as it is."""
    was, is_ = ({check.grade_id: check for check in result.checks} for result in (old, new))
    if bool(was) != bool(is_) or not was:  # rejected, or never begun, in one of the two: there are no points to compare
        yield Change(*new.key, "", _whole(old), _whole(new))
        return
    for point in dict.fromkeys((*is_, *was)):
        yield Change(*new.key, point, _point(was.get(point), old), _point(is_.get(point), new))


def _whole(result: SubmissionResult) -> Side:
    words = f"{STATUS_WORDS[result.status]}. {result.message}" if result.status != "graded" else result.message
    return Side(result.score, result.max_score, words.strip())


def _point(check: CheckResult | None, result: SubmissionResult) -> Side | None:
    if check is None:
        return None
    said = "right" if check.status == "passed" else check.message or check.title
    if result.status != "graded" and check.status != "passed":
        said = f"{said} [{result.status.replace('_', ' ')}]"
    return Side(check.score, check.max_score, said)


def as_text(comparison: Comparison) -> str:
    """Return a summary, then a block for each change, for a terminal: nothing in it acts on one."""
    return "\n".join([*_summary(comparison), *_rows(comparison)]) + "\n"


def _summary(comparison: Comparison) -> Iterator[str]:
    changes = comparison.changes
    whose = {(one.student_id, one.assignment) for one in changes}
    yield f"{plural(comparison.both, 'submission')} in both runs; {len(whose)} with other points."
    if changes:
        totals = dict.fromkeys(whose, 0.0)
        for one in changes:
            totals[one.student_id, one.assignment] += one.difference
        up, down = sum(total > 0 for total in totals.values()), sum(total < 0 for total in totals.values())
        yield f"{up} got more, {down} got less, {len(whose) - up - down} the same in sum."
        yield from _by_point(changes)
    if comparison.reworded:
        yield f"{plural(comparison.reworded, 'point')} with the same score and another message."
    for keys, which in ((comparison.only_old, "OLD"), (comparison.only_new, "NEW")):
        if keys:
            yield f"Only in {which}: {plural(len(keys), 'submission')}."
            yield from (f"  {cell_text(student)} {cell_text(assignment)}" for student, assignment in keys)


def _by_point(changes: list[Change]) -> Iterator[str]:
    differences: dict[tuple[str, str], list[float]] = {}
    for one in changes:
        differences.setdefault((one.assignment, one.point), []).append(one.difference)
    for (assignment, point), all_of_them in sorted(differences.items()):
        up, down = sum(one > 0 for one in all_of_them), sum(one < 0 for one in all_of_them)
        same = len(all_of_them) - up - down
        words = f"{up} up, {down} down" + (f", {same} worth something else" if same else "")
        where = f"{cell_text(assignment)} {cell_text(point) or '(whole submission)'}"
        yield f"  {where}: {words} ({_signed(sum(all_of_them))} points)"


def _rows(comparison: Comparison) -> Iterator[str]:
    for one in comparison.changes:
        where = " ".join(filter(None, (cell_text(one.student_id), cell_text(one.assignment), cell_text(one.point))))
        yield ""
        yield f"{where}: {_worth(one.old)} -> {_worth(one.new)} ({_signed(one.difference)})"
        yield f"  before: {_said(one.old)}"
        yield f"  after:  {_said(one.new)}"


def _worth(side: Side | None) -> str:
    return f"{points_text(side.score)} of {points_text(side.max_score)}" if side else "no such point"


def _said(side: Side | None) -> str:
    return one_line(inert_text(side.message, LONGEST_MESSAGE)) or "(nothing)" if side else NOT_CHECKED


def _signed(points: float) -> str:
    return f"{'+' if points > 0 else ''}{points_text(points)}"
