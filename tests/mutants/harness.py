"""Runs an assignment's notebook with changed cells, again and again in one process, and checks every graded point.

The reference notebook runs once. A changed notebook then runs only what the change can reach: the changed cell, the
cells after it that read what it sets, and, where those use an object that cells change in place (a model), the cells
that made the object, so that nothing is left of an earlier run in it. All other names keep the reference run's values.
`full=True` runs everything instead; both must give the same table.
"""

from __future__ import annotations

import gc
import importlib
import time
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from autograder.authoring.notebooks import Assignment
from autograder.checking.core import Check, CheckResult, combine, run_check
from autograder.checking.reference import Reference
from autograder.conversation.session import LocalSession
from autograder.selfcheck.shell import Shell
from tests.mutants.dataflow import can_change, copied, names_of, reachable
from tests.mutants.loaded_once import LoadedOnce

CELL_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 15.0
SEED = 20


@dataclass
class Outcome:
    """What came of running a notebook: one result for each graded point, and the cells that raised."""

    results: dict[str, CheckResult] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def lost(self) -> dict[str, float]:
        """Return the points lost by check, of those that lost any."""
        lost = {name: round(one.max_score - one.score, 4) for name, one in self.results.items()}
        return {name: points for name, points in lost.items() if points}


class Runner:
    """Runs an assignment's notebook, changed or not.

    Args:
        assignment: the assignment.
        full: whether to run every cell every time.
        backbones: what lends backbones to each run, where they are loaded only once.
    """

    def __init__(self, assignment: Assignment, *, full: bool = False, backbones: LoadedOnce | None = None) -> None:
        self.assignment = assignment
        self.full = full
        self.shell = Shell()
        self.reference = Reference()
        self.backbones = backbones or LoadedOnce()
        self.cells = [cell for cell in assignment.cells if cell.is_code]
        self.sources = {cell.id: cell.source for cell in self.cells}
        self.positions = {cell.id: position for position, cell in enumerate(self.cells)}
        self.empty = dict(self.shell.namespace)
        self.before: list[dict[str, Any]] = []
        visible = importlib.import_module(f"autograder.checks.{assignment.module}")
        hidden = importlib.import_module(f"solutions.hidden_checks.{assignment.module}")
        names = [cell.id for cell in self.cells if cell.kind == "check"]
        self.checks: dict[str, tuple[Check, Check | None]] = {
            name: (getattr(visible, name), getattr(hidden, name, None)) for name in names
        }
        self.base = self.run_all(self.sources, remember=True)

    # --- running everything ---

    def run_all(self, sources: Mapping[str, str], *, remember: bool = False) -> Outcome:
        """Run all cells, the changed ones with other sources, from an empty namespace."""
        self._restore(self.empty)
        outcome, began = Outcome(), time.monotonic()
        for cell in self.cells:
            if remember:
                self.before.append(copied(dict(self.shell.namespace)))
            self._run_cell(cell.id, sources, outcome)
        if remember:
            self.before.append(copied(dict(self.shell.namespace)))
        outcome.seconds = time.monotonic() - began
        return outcome

    def run_untouched(self) -> Outcome:
        """Run the notebook as learners get it."""
        return self.run_all({cell.id: cell.given for cell in self.cells})

    def _restore(self, names: Mapping[str, Any]) -> None:
        self.backbones.begin()
        self.shell.namespace.clear()
        gc.collect()  # models refer to themselves, and would stay
        self.shell.namespace.update(copied(dict(names)))

    def _run_cell(self, cell_id: str, sources: Mapping[str, str], outcome: Outcome) -> None:
        if cell_id in self.checks:
            outcome.results[cell_id] = self._check(cell_id)
        elif (error := self.shell.run(sources[cell_id], timeout_s=CELL_TIMEOUT_S)) is not None:
            outcome.errors[cell_id] = f"{error.type_name}: {error.text}"

    def _check(self, name: str) -> CheckResult:
        session = LocalSession(self.shell.namespace, timeout_s=ANSWER_TIMEOUT_S)
        visible, hidden = self.checks[name]
        result = run_check(visible, session, seed=SEED, reference=self.reference)
        if hidden is None or result.score == 0:
            return result
        return combine(result, run_check(hidden, session, seed=SEED + 1, reference=self.reference))

    # --- running what a change can reach ---

    def run_changed(self, changed: Mapping[str, str], *, examples: bool = True) -> Outcome:
        """Run the notebook with these cells' sources replaced.

        Args:
            changed: sources by grade id.
            examples: whether to run cells that only show something. They matter where nothing may raise; they cost a
                wrong solution no points.
        """
        import tf_keras

        sources = {**self.sources, **changed}
        if self.full:
            return self.run_all(sources)
        run = self._to_run(sources, {self.positions[cell_id] for cell_id in changed})
        if not examples:
            run = self._without_examples(run, sources)
        outcome, began = Outcome(), time.monotonic()
        self._restore(self.before[min(run)])
        tf_keras.utils.set_random_seed(0)
        for position, cell in enumerate(self.cells):
            if position in run:
                self._run_cell(cell.id, sources, outcome)
            elif cell.id in self.checks:
                outcome.results[cell.id] = self.base.results[cell.id]
            elif position > min(run):
                self.shell.namespace.update(copied(self._set_by(position)))
        outcome.seconds = time.monotonic() - began
        return outcome

    def _set_by(self, position: int) -> dict[str, Any]:
        """Return the names that a cell set in the reference run, with their values."""
        after = self.before[position + 1]
        stores = names_of(self.sources[self.cells[position].id]).stores
        return {name: after[name] for name in stores if name in after}

    def _to_run(self, sources: Mapping[str, str], changed: set[int]) -> set[int]:
        """Return the positions of the cells that the change can reach, and of those that must make objects anew."""
        first = min(changed)
        fragile = {name for name, value in self.before[-1].items() if can_change(value)}
        read_by = self._read_by(sources)
        names = [(self._loads(one, sources, read_by), self._stores(one, sources)) for one in range(len(self.cells))]
        run, affected = set(changed), set[str]()
        size = (-1, -1)
        while size != (len(run), len(affected)):
            size = (len(run), len(affected))
            for position in run:
                loads, stores = names[position]
                # What a cell may change in place must be made anew, and whoever uses that runs again.
                affected |= (loads | stores) & fragile
                affected |= stores if position >= first else set()
            for position, (loads, stores) in enumerate(names):
                reads_changed = position >= first and loads & affected
                makes_anew = self.cells[position].id not in self.checks and (loads | stores) & affected & fragile
                if reads_changed or makes_anew:
                    run.add(position)
        return run

    def _without_examples(self, run: set[int], sources: Mapping[str, str]) -> set[int]:
        """Return these positions without examples, except those that set what a kept cell reads."""
        read_by = self._read_by(sources)
        kept = {position for position in run if self.cells[position].kind != "example"}
        while True:
            read = set[str]().union(*(self._loads(position, sources, read_by) for position in kept))
            needed = {position for position in run - kept if self._stores(position, sources) & read}
            if not needed:
                return kept
            kept |= needed

    def _loads(self, position: int, sources: Mapping[str, str], read_by: Mapping[str, frozenset[str]]) -> set[str]:
        cell_id = self.cells[position].id
        if cell_id in self.checks:
            return reachable((name for one in self.checks[cell_id] if one for name in one.needs), read_by)
        return reachable(names_of(sources[cell_id]).loads, read_by)

    def _stores(self, position: int, sources: Mapping[str, str]) -> set[str]:
        cell_id = self.cells[position].id
        if cell_id in self.checks:
            return set()
        return set(names_of(sources[cell_id]).stores | names_of(self.sources[cell_id]).stores)

    def _read_by(self, sources: Mapping[str, str]) -> dict[str, frozenset[str]]:
        """Return, for each function of the notebook, the names that the cell that defines it reads."""
        read_by: dict[str, frozenset[str]] = {}
        functions = {name for name, value in self.before[-1].items() if isinstance(value, types.FunctionType)}
        for cell in self.cells:
            if cell.id not in self.checks:
                names = names_of(sources[cell.id])
                for name in names.stores & functions:
                    read_by[name] = read_by.get(name, frozenset()) | names.loads
        return read_by
