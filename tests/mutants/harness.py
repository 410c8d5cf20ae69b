"""Runs an assignment's notebook with changed cells, again and again in one process, and checks every graded point.

The reference notebook runs once, and what its names and models are before each cell is kept. A changed notebook then
begins at the changed cell, with all as it was there, and runs only what the change reaches: cells that read a name
whose value is another one than in the reference run, or that use a model which such a cell may have changed. All other
names and models keep the reference run's state. Objects that cannot be kept (`snapshots`) are made anew, by the cells
that made them. `full=True` runs everything instead; both must give the same table.
"""

from __future__ import annotations

import gc
import importlib
import time
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autograder.authoring.notebooks import Assignment
from autograder.checking.core import Check, CheckResult, combine, run_check
from autograder.checking.reference import Reference
from autograder.conversation.session import LocalSession
from autograder.selfcheck.shell import Shell
from tests.mutants.dataflow import can_change, copied, names_of, reachable, same
from tests.mutants.loaded_once import LoadedOnce
from tests.mutants.snapshots import Snapshot, can_be_kept, group_of, parts_of

CELL_TIMEOUT_S = 240.0  # against what never ends; a busy machine is slow
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
        self.states: list[Snapshot] = []
        self.groups: list[dict[str, frozenset[int]]] = []  # what each name's models consist of
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
                self._remember()
            self._run_cell(cell.id, sources, outcome)
        if remember:
            self._remember()
        outcome.seconds = time.monotonic() - began
        return outcome

    def _remember(self) -> None:
        self.before.append(copied(dict(self.shell.namespace)))
        self.states.append(Snapshot(self.shell.namespace, self.states[-1] if self.states else None))
        names = self.before[-1].items()
        self.groups.append({name: group_of(value) for name, value in names if can_change(value)})

    def run_untouched(self) -> Outcome:
        """Run the notebook as learners get it."""
        return self.run_all({cell.id: cell.given for cell in self.cells})

    def _restore(self, names: Mapping[str, Any]) -> None:
        self.backbones.begin()
        self.shell.namespace.clear()
        gc.collect()  # models refer to themselves, and would stay
        self.shell.namespace.update(copied(dict(names)))

    def _run_cell(self, cell_id: str, sources: Mapping[str, str], outcome: Outcome) -> None:
        import tf_keras

        # The same random numbers for a cell in every run: what it computes differs only where its inputs do.
        tf_keras.utils.set_random_seed(0)
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
        sources = {**self.sources, **changed}
        if self.full:
            return self.run_all(sources)
        outcome, began = Outcome(), time.monotonic()
        positions = {self.positions[cell_id] for cell_id in changed}
        read_by = self._read_by(sources)
        must_run = positions | self._that_make_anew(positions, sources, read_by)
        skipped = set[int]() if examples else self._examples_that_nobody_reads(sources, read_by)
        first = min(must_run)
        self._restore(self.before[first])
        self.states[first].put_back()
        self.backbones.keep(self._backbones_in_use())
        different: set[str] = set()
        in_step = True  # models are what they were here in the reference run, but for those that are different
        for position in range(first, len(self.cells)):
            loads = self._loads(position, sources, read_by)
            if position not in must_run and not loads & different:
                in_step = self._keep_as_it_was(position, different, outcome, in_step=in_step)
            elif position in skipped:
                in_step = False
                different |= self._stores(position, sources)
            else:
                in_step = False
                self._run_cell(self.cells[position].id, sources, outcome)
                was_used = names_of(self.sources[self.cells[position].id]).loads
                self._compare(position, loads | was_used | self._stores(position, sources), different)
        outcome.seconds = time.monotonic() - began
        return outcome

    def _keep_as_it_was(self, position: int, different: set[str], outcome: Outcome, *, in_step: bool) -> bool:
        """Go on over a cell that the change does not reach: its names, models and result are the reference run's.

        Args:
            position: the cell.
            different: names whose values are other ones than in the reference run.
            outcome: what the cell's result goes into.
            in_step: whether all other models are what they were before the cell in the reference run.

        Returns:
            Whether they now are what they were after it.
        """
        cell_id = self.cells[position].id
        if cell_id in self.checks:
            outcome.results[cell_id] = self.base.results[cell_id]
            return in_step and not self.states[position + 1].changed
        after = self.before[position + 1]
        for name in names_of(self.sources[cell_id]).stores & after.keys():
            self.shell.namespace[name] = copied(after[name])
            different.discard(name)
        groups = self.groups[position + 1]
        touched = (groups[name] for name in different & groups.keys())
        self.states[position + 1].put_back(frozenset().union(*touched), after_earlier=in_step)
        return True

    def _compare(self, position: int, names: set[str], different: set[str]) -> None:
        """Note which names a cell that has run left with another value than in the reference run."""
        if self.cells[position].id in self.checks:
            return
        after, now = self.before[position + 1], self.shell.namespace
        for name in names:
            if name in now and name in after:
                is_same = not can_change(now[name]) and same(now[name], after[name])
            else:
                is_same = name not in now and name not in after
            (different.discard if is_same else different.add)(name)
        # Names that share an object share its state.
        groups = self.groups[position + 1]
        state = frozenset().union(*(groups[name] for name in different & groups.keys()))
        different |= {name for name, group in groups.items() if group & state}

    def side_by_side(self, changes: Sequence[Mapping[str, str]]) -> list[list[int]]:
        """Return which changes can be made in one run, as groups of positions in `changes`.

        In a group, no cell but examples is reached by two changes: every solution and every check of it sees exactly
        what it would see if the change were made alone.
        """
        groups: list[tuple[list[int], set[int]]] = []
        examples = {position for position, cell in enumerate(self.cells) if cell.kind == "example"}
        for number, changed in enumerate(changes):
            reached = self.reached(changed) - examples
            group = next((one for one in groups if not one[1] & reached), None)
            if group is None:
                groups.append(([number], reached))
            else:
                group[0].append(number)
                group[1].update(reached)
        return [numbers for numbers, _ in groups]

    def reached(self, changed: Mapping[str, str]) -> set[int]:
        """Return the positions of all cells that a change can reach, whatever values they come to."""
        sources = {**self.sources, **changed}
        read_by = self._read_by(sources)
        reached = self._that_make_anew({self.positions[cell_id] for cell_id in changed}, sources, read_by)
        different: set[str] = set()
        for position in range(min(reached), len(self.cells)):
            loads = self._loads(position, sources, read_by)
            if position in reached or loads & different:
                reached.add(position)
                groups = self.groups[position + 1]
                different |= self._stores(position, sources) | (loads & groups.keys())
                state = frozenset().union(*(groups[name] for name in different & groups.keys()))
                different |= {name for name, group in groups.items() if group & state}
        return reached

    def _backbones_in_use(self) -> set[int]:
        """Return the `id` of every loaded backbone that the namespace's models hold."""
        values = [value for value in self.shell.namespace.values() if can_change(value)]
        return {id(vars(part)["_func"]) for part in parts_of(values) if "_func" in vars(part)}

    def _that_make_anew(
        self, changed: set[int], sources: Mapping[str, str], read_by: Mapping[str, frozenset[str]]
    ) -> set[int]:
        """Return the positions of cells that make, or use, objects which the changed cells use and nobody can keep."""
        unkept = {name for name, value in self.before[-1].items() if can_change(value) and not can_be_kept(value)}
        touched = [
            (self._loads(one, sources, read_by) | self._stores(one, sources)) & unkept for one in range(len(self.cells))
        ]
        found, names = set(changed), set[str]().union(*(touched[one] for one in changed))
        while True:
            more = {position for position, those in enumerate(touched) if those & names} - found
            if not more:
                return found
            found |= more
            names = names.union(*(touched[one] for one in more))

    def _examples_that_nobody_reads(
        self, sources: Mapping[str, str], read_by: Mapping[str, frozenset[str]]
    ) -> set[int]:
        """Return the positions of examples, except those that set what another cell reads."""
        others = {position for position, cell in enumerate(self.cells) if cell.kind == "example"}
        read_later: set[str] = set()
        for position in reversed(range(len(self.cells))):
            if position in others and self._stores(position, sources) & read_later:
                others.remove(position)
            if position not in others:
                read_later |= self._loads(position, sources, read_by)
        return others

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
