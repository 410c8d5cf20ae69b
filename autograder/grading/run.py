"""Runs one rebuilt notebook: the learner's cells inside the cage, the checks here, where no code of the learner's is.

Cells run in the notebook's order. At a graded cell nothing of the notebook runs: the visible and the hidden check of
that name ask the learner's kernel for values (`autograder.conversation.session`) and judge them here. Points are
decided there and then, so what happens later, an endless loop or a dead kernel, takes none of them away.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.authoring.notebooks import TEXT_STUB
from autograder.checking.cells import FailedCell
from autograder.checking.core import Check, CheckResult, combine, plural_points, run_check
from autograder.checking.reference import Reference
from autograder.intake.submissions import Rebuilt, RebuiltCell
from autograder.outcome.inert import inert_cells
from autograder.outcome.results import CellOutcome, Status, SubmissionResult
from autograder.sandbox.cage import Cage, Kernel
from autograder.sandbox.limits import Limits

Checks = Mapping[str, Check]
CROWDED = 0.2
"""Share of its time that a submission has waited for processors, above which being late may be its neighbors' fault."""

_WHY_ENDED = {
    "crashed": "the notebook's process ended",
    "timeout": "the notebook was stopped, because it ran longer than allowed",
    "out_of_memory": "the notebook was stopped, because it used more memory than allowed",
    "machine_full": "the notebook was stopped, because the machine's memory was nearly used up while it ran",
    "too_many_processes": "the notebook was stopped, because it started more processes than allowed",
}
_STATUS: Mapping[str, Status] = {
    "crashed": "crashed",
    "timeout": "timeout",
    "out_of_memory": "out_of_memory",
    "machine_full": "out_of_memory",
    "too_many_processes": "crashed",
}


def run_submission(
    rebuilt: Rebuilt,
    cage: Cage,
    checks: tuple[Checks, Checks],
    *,
    seed: int,
    reference: Reference,
    limits: Limits | None = None,
) -> SubmissionResult:
    """Run a rebuilt notebook in a fresh kernel of `cage` and return what became of it.

    Args:
        rebuilt: the notebook.
        cage: where it runs.
        checks: the assignment's visible and hidden checks, by grade id.
        seed: from which the checks' inputs are drawn; it stays on this side.
        reference: what checks judge by.
        limits: what the submission may use.

    Raises:
        CageError: the cage failed, which says nothing about the submission: it is to be run again in a new one.
    """
    limits = limits or Limits()
    started = time.monotonic()
    with cage.open(limits) as kernel:
        walk = _Walk(kernel, checks, seed, reference, limits, kernel.clock() + limits.notebook_timeout_s)
        for cell in rebuilt.cells:
            walk.visit(cell)
    return SubmissionResult(
        student_id=rebuilt.student_id,
        assignment=rebuilt.assignment,
        status=walk.status,
        score=sum(result.score for result in walk.results),
        max_score=float(rebuilt.max_score),
        seconds=round(time.monotonic() - started, 3),
        crowded=walk.crowded,
        message=_message(rebuilt, walk),
        checks=tuple(walk.results),
        cells=inert_cells(walk.outcomes),
        version=rebuilt.version,
        seed=seed,
    )


@dataclass
class _Walk:
    """The way through one notebook."""

    kernel: Kernel
    checks: tuple[Checks, Checks]
    seed: int
    reference: Reference
    limits: Limits
    deadline: float
    results: list[CheckResult] = field(default_factory=list)
    outcomes: list[CellOutcome] = field(default_factory=list)
    slow: bool = False  # something was stopped for its time, and the notebook went on
    greedy: bool = False  # something asked for more memory than there can be, and the notebook went on
    died_at: int = 0  # position of the cell at which the kernel ended, from 1

    @property
    def status(self) -> Status:
        """The submission's status as far as is known."""
        if self.kernel.death == "crashed" and self._was_all_judged():
            return "graded"  # `exit()` in the last cell, and the like: there was nothing left to lose
        if self.kernel.death:
            return _STATUS[self.kernel.death]
        if self.slow:
            return "timeout"
        return "out_of_memory" if self.greedy else "graded"

    @property
    def crowded(self) -> bool:
        """Whether it was cut short, and others that ran beside it may be why."""
        waited = self.status == "timeout" and self.kernel.clock.crowded_share > CROWDED
        return waited or self.kernel.death == "machine_full"

    def visit(self, cell: RebuiltCell) -> None:
        """Run a cell, or check it, and note what became of it."""
        if self.kernel.clock() > self.deadline and self.kernel.alive:
            self.kernel.kill("timeout")
        if cell.role == "graded":
            outcome = self._check(cell)
        elif cell.role == "text":
            outcome = CellOutcome(cell.id, cell.role, cell.source, cell.points, cell.note)
        else:
            outcome = self._run(cell)
        self.outcomes.append(outcome)
        if not self.kernel.alive and not self.died_at:
            self.died_at = len(self.outcomes)

    def _was_all_judged(self) -> bool:
        """Return whether the kernel lived until the last point had been decided."""
        graded = [position for position, one in enumerate(self.outcomes, start=1) if one.role == "graded"]
        return bool(graded) and graded[-1] < self.died_at

    def _time(self) -> float:
        return max(0.1, min(self.limits.cell_timeout_s, self.deadline - self.kernel.clock()))

    def _run(self, cell: RebuiltCell) -> CellOutcome:
        ran = self.kernel.execute(cell.source, self._time())
        if ran.state == "error":
            self.kernel.session.failed.append(_failed(len(self.outcomes) + 1, cell.source, ran.error, ran.outputs))
        elif ran.state == "timeout":
            self.kernel.session.failed.append(FailedCell(len(self.outcomes) + 1, cell.source, *_TOO_LONG))
        self.slow |= ran.state == "timeout"
        self.greedy |= ran.error == "MemoryError"
        return CellOutcome(
            cell.id, cell.role, cell.source, cell.points, cell.note, ran.state, ran.outputs, round(ran.seconds, 3)
        )

    def _check(self, cell: RebuiltCell) -> CellOutcome:
        started = time.monotonic()
        visible, hidden = (checks.get(cell.id) for checks in self.checks)
        if visible is None:
            result = CheckResult(cell.id, cell.id, "error", 0.0, cell.points, detail=f"there is no check {cell.id!r}")
        elif not self.kernel.alive:
            result = CheckResult(cell.id, visible.title, "failed", 0.0, visible.points, self._gone())
        else:
            result = self._judge(visible, hidden)
        self.results.append(result)
        seconds = round(time.monotonic() - started, 3)
        return CellOutcome(cell.id, cell.role, cell.source, cell.points, cell.note, "ok", (), seconds)

    def _judge(self, visible: Check, hidden: Check | None) -> CheckResult:
        session = self.kernel.session
        with session.at_most(self._time()):
            result = run_check(visible, session, seed=self.seed, reference=self.reference)
            if hidden is not None and result.score > 0 and self.kernel.alive:
                judged = run_check(hidden, session, seed=self.seed, reference=self.reference)
                result = combine(result, judged)
            elif hidden is not None and result.score > 0:
                result = CheckResult(result.grade_id, result.title, "failed", 0.0, result.max_score, self._gone())
        self.slow |= session.was_late
        if session.over:  # it does not answer any more, or not in the protocol's language
            self.kernel.kill("timeout" if session.was_late else "crashed")
        return result

    def _gone(self) -> str:
        why = _WHY_ENDED.get(self.kernel.death, "the notebook's process did not answer any more")
        where = f" in cell {self.died_at}" if self.died_at else ""
        return f"This point could not be checked: {why}{where}, and nothing after that could run."


_TOO_LONG = ("TimeoutError", "the cell did not end within the time it has")


def _failed(number: int, source: str, error: str, outputs: Sequence[Mapping[str, Any]]) -> FailedCell:
    """Return a cell that raised, with what it showed of that. All words are the learner's process's own."""
    shown: Mapping[str, Any] = next((one for one in reversed(outputs) if one.get("output_type") == "error"), {})
    traceback = "\n".join(str(line) for line in shown.get("traceback", ()))[:20_000]
    arrows = re.findall(r"-> {0,6}(\d{1,5})[ \n]", re.sub(r"\x1b\[[0-9;]{0,20}m", "", traceback))
    syntax = re.search(r"line (\d{1,5})\n", traceback)
    line = int(arrows[0] if arrows else syntax[1] if syntax else 0)
    return FailedCell(number, source, error, str(shown.get("evalue", "")), line)


def _message(rebuilt: Rebuilt, walk: _Walk) -> str:
    """Return what learner and instructor should know besides the points."""
    said = []
    death = walk.kernel.death
    if death and walk.status == "graded":
        said.append("The notebook ended its own process at its end, after all points had been decided.")
    elif death:
        why = _WHY_ENDED[death]
        said.append(f"{why[0].upper()}{why[1:]} (cell {walk.died_at}). Points earned before that count.")
    elif walk.slow:
        said.append("Something ran longer than allowed and was stopped; the rest of the notebook was graded.")
    elif walk.greedy:
        said.append("A cell asked for more memory than there is; the rest of the notebook was graded.")
    said += rebuilt.notes
    errors = sum(result.max_score for result in walk.results if result.status == "error")
    if errors:
        said.append(f"{plural_points(errors)} could not be checked: a mistake in the checks, not the learner's.")
    answers = [cell for cell in rebuilt.cells if cell.role == "text" and cell.source.strip() not in ("", TEXT_STUB)]
    manual = sum(cell.points for cell in answers)
    if manual:
        said.append(f"{plural_points(manual)} more to be given by hand.")
    return " ".join(said)
