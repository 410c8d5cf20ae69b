"""What a check is, and how one is run.

A check is a function that states what a learner's work must be. `@check` makes it a `Check`: it can be called without
arguments in a notebook cell, and `run_check` runs it for the grader. Both go through a session, so both see the same.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import secrets
import sys
import traceback
import typing
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from autograder.checking.messages import Failed, explain, number, plural
from autograder.checking.values import Kind, kind_of
from autograder.conversation.session import LocalSession, Session, SessionError

Status = Literal["passed", "failed", "error", "skipped"]
RESERVED = ("rng", "reference")
OUR_FAULT = "This point could not be checked; that is not your fault, and your instructor has been told."


@dataclass(frozen=True)
class PartResult:
    """One part of a check: what it earned of what it is worth, and why not more ("" where it passed)."""

    name: str
    score: float
    max_score: float
    message: str = ""


@dataclass(frozen=True)
class CheckResult:
    """What came of one check.

    Attributes:
        grade_id: the check's name, which is the graded cell's id.
        title: the sentence that the learner sees.
        status: passed (all points), failed (not all), error (the check's own fault; what its parts earned before
            stays earned) or skipped (not run).
        score: points earned, 0 to max_score.
        max_score: points that the check is worth.
        message: for the learner: "" where it passed.
        parts: results of its parts, in order; none for a hidden check.
        detail: for the instructor only: the traceback of an error. Never shown to learners.
    """

    grade_id: str
    title: str
    status: Status
    score: float
    max_score: float
    message: str = ""
    parts: tuple[PartResult, ...] = ()
    detail: str = field(default="", compare=False)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CheckResult:
        """Return the result that `dataclasses.asdict` made `data` from, whether or not it has been JSON since."""
        return cls(**{**data, "parts": tuple(PartResult(**one) for one in data["parts"])})


class CheckFailed(Exception):
    """Raised in a notebook where a check has failed. Jupyter shows its message, and no traceback."""

    def __init__(self, result: CheckResult, text: str) -> None:
        super().__init__(text)
        self.result = result

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass
class _Run:
    """The parts of the check that is running."""

    parts: list[PartResult] = field(default_factory=list)
    failures: list[Failed] = field(default_factory=list)


_running: ContextVar[_Run | None] = ContextVar("running", default=None)


@contextlib.contextmanager
def part(name: str, points: float) -> Iterator[None]:
    """A part of a check with its own points: when something inside fails, the check goes on with the next part.

    Args:
        name: what the learner reads before the message: "images".
        points: what it is worth. The points of a check's parts add up to the check's.
    """
    run = _running.get()
    if run is None:  # called by a test, outside of any run
        yield
        return
    try:
        yield
    except (Failed, SessionError, MemoryError) as error:
        failed = _as_failed(error, name)
        run.parts.append(PartResult(name, 0.0, float(points), failed.one_line()))
        run.failures.append(failed)
    else:
        run.parts.append(PartResult(name, float(points), float(points)))


class Check:
    """A check: a function of the learner's names, worth some points.

    Attributes:
        grade_id: the function's name.
        title: the first paragraph of its docstring, the sentence that the learner sees.
        points: what it is worth.
        hidden: whether a failure shows the learner nothing but `title`.
        needs: the learner's names that it asks for, and how.
    """

    def __init__(self, function: Callable[..., None], *, points: float, hidden: bool) -> None:
        functools.update_wrapper(self, function)
        self.function = function
        self.grade_id = function.__name__
        self.title = " ".join((inspect.getdoc(function) or "").split("\n\n")[0].split())
        self.points = float(points)
        self.hidden = hidden
        if not self.title or not self.title.endswith("."):
            raise TypeError(f"check {self.grade_id}: its docstring must begin with a sentence for the learner")

    @functools.cached_property
    def needs(self) -> Mapping[str, Kind | None]:
        """The parameters' names, each with how it is fetched; None for those that the grader provides.

        Raises:
            TypeError: a parameter has no annotation, or one that is no kind of value.
        """
        hints = typing.get_type_hints(self.function, include_extras=True)
        needs: dict[str, Kind | None] = {}
        for name in inspect.signature(self.function).parameters:
            kind = kind_of(hints.get(name))
            if kind is None and name not in RESERVED:
                raise TypeError(f"check {self.grade_id}: say with an annotation what kind of value `{name}` is")
            needs[name] = kind
        return needs

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        """Check the calling notebook's names; with arguments, run the check's function on them.

        Raises:
            CheckFailed: not all points were earned.
        """
        if args or kwargs:
            self.function(*args, **kwargs)
            return
        check_here(self, sys._getframe(1).f_globals)

    def __repr__(self) -> str:
        return f"<check {self.grade_id}, {plural_points(self.points)}>"


def check(*, points: float, hidden: bool = False) -> Callable[[Callable[..., None]], Check]:
    """Make a function a check. See `autograder.checking` for how to write one.

    Args:
        points: what it is worth.
        hidden: whether it is a hidden check, of whose failure the learner sees only the docstring's first sentence.
    """
    return lambda function: Check(function, points=points, hidden=hidden)


def run_check(check: Check, session: Session, *, seed: int, reference: Any = None) -> CheckResult:
    """Run a check and return what came of it. Never raises on account of the learner's side.

    Args:
        check: the check.
        session: where the learner's names are.
        seed: the submission's secret seed, from which the check's `rng` is drawn.
        reference: what the check's `reference` is: `autograder.checking.reference.Reference`.
    """
    run = _Run()
    token = _running.set(run)
    try:
        values = {name: _value(check, name, kind, session, seed, reference) for name, kind in check.needs.items()}
        check.function(**values)
    except (Failed, SessionError, MemoryError) as error:
        result = _result(check, run, _as_failed(error, "The notebook"))
    except Exception:  # the check itself is wrong: never the learner's fault, and what she has earned so far is hers
        result = replace(_error(check, traceback.format_exc()), score=_earned(check, run), parts=_shown(check, run))
    else:
        result = _result(check, run, None)
    finally:
        _running.reset(token)
        with contextlib.suppress(SessionError):
            session.ask("forget")
    return result


def _as_failed(error: Failed | SessionError | MemoryError, name: str) -> Failed:
    """Return what the learner reads. What takes all memory is her answer: nothing else here grows with it."""
    match error:
        case Failed():
            return error
        case MemoryError():
            return Failed(
                f"{name}: an answer of ordinary size",
                "one too large to be checked",
                "Look at the shapes and the lengths of what you return.",
            )
    return explain(error, name)


def _value(check: Check, name: str, kind: Kind | None, session: Session, seed: int, reference: Any) -> Any:
    if kind is not None:
        return kind.fetch(session, name)
    if name != "rng":
        return reference
    # The hidden check's inputs are others than those of the visible check, which has the same name.
    return np.random.default_rng([seed, zlib.crc32(check.grade_id.encode()), int(check.hidden)])


def _earned(check: Check, run: _Run) -> float:
    """Return the points of the parts so far, never more than the check's."""
    return min(sum(one.score for one in run.parts), check.points)


def _result(check: Check, run: _Run, failed: Failed | None) -> CheckResult:
    """Return the result of a check that ran to its end (`failed` is None) or failed outside its parts."""
    worth = sum(one.max_score for one in run.parts)
    if worth > check.points or (failed is None and run.parts and worth != check.points):
        return _error(check, f"its parts are worth {worth:g} points, but the check {check.points:g}")
    score = sum(one.score for one in run.parts) if run.parts else check.points * (failed is None)
    if score == check.points and failed is None:
        return CheckResult(check.grade_id, check.title, "passed", score, check.points, parts=_shown(check, run))
    failures = [f"{one.name}: {one.message}" for one in run.parts if one.message]
    if failed is not None:
        failures.append(failed.one_line())
    message = check.title if check.hidden else "\n".join(failures)
    return CheckResult(check.grade_id, check.title, "failed", score, check.points, message, _shown(check, run))


def _shown(check: Check, run: _Run) -> tuple[PartResult, ...]:
    return () if check.hidden else tuple(run.parts)


def _error(check: Check, detail: str) -> CheckResult:
    return CheckResult(check.grade_id, check.title, "error", 0.0, check.points, OUR_FAULT, detail=detail)


def combine(visible: CheckResult, hidden: CheckResult | None) -> CheckResult:
    """Return the result of a graded cell from its visible and its hidden check.

    The two share the cell's points: the cell earns the smaller of the two fractions, so that an answer that suits only
    the visible inputs earns nothing for them. An error of either is an error of the cell, which earns what its parts
    had earned before.
    """
    if hidden is None:
        return visible
    fraction = min(_fraction(visible), _fraction(hidden))
    for one in (visible, hidden):
        if one.status == "error":
            score = round(visible.max_score * fraction, 4)
            return replace(visible, status="error", score=score, message=OUR_FAULT, detail=one.detail)
    message = visible.message if visible.status != "passed" else hidden.message
    status: Status = "passed" if visible.status == hidden.status == "passed" else "failed"
    return replace(visible, status=status, score=round(visible.max_score * fraction, 4), message=message)


def _fraction(result: CheckResult) -> float:
    return result.score / result.max_score if result.max_score else float(result.status == "passed")


# --- in a notebook ----------------------------------------------------------------------------------------------------


def check_here(check: Check, namespace: Mapping[str, Any]) -> None:
    """Run a check on the names of this process, print a line where it passed, and raise where it did not.

    Raises:
        CheckFailed: not all points were earned.
    """
    from autograder.checking.reference import shared

    result = run_check(check, LocalSession(namespace), seed=secrets.randbits(63), reference=shared())
    if result.status == "passed":
        if not check.hidden:
            print(f"✓ {check.grade_id}: {points_of(result)}")
        return
    raise CheckFailed(result, in_block(result if not check.hidden else replace(result, detail="")))


def in_block(result: CheckResult) -> str:
    """Return a failed result as the short block of text that a learner sees below her cell.

    Where the check itself is at fault, the end of its traceback tells whoever wrote it.
    """
    lines = [f"✗ {result.grade_id}: {points_of(result)}", f"  {result.title}"]
    if result.message != result.title:
        lines += [f"  {line}" for line in result.message.splitlines()]
    lines += [f"  {line}" for line in result.detail.splitlines()[-6:]]
    return "\n".join(lines)


def points_of(result: CheckResult) -> str:
    """Return "1 of 2 points"."""
    return f"{number(result.score)} of {plural_points(result.max_score)}"


def plural_points(points: float) -> str:
    """Return "1 point", "2 points"."""
    return plural(int(points) if float(points).is_integer() else points, "point")
