"""The table of points and mutants of an assignment, and what is wrong with it."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import ModuleType

from autograder.authoring.notebooks import Assignment
from autograder.authoring.sources import SOURCES, load
from tests.mutants import Variant
from tests.mutants.harness import Outcome, Runner
from tests.mutants.loaded_once import LoadedOnce

MUTANTS_A_POINT = 2
VARIANTS_A_POINT = 1


@dataclass(frozen=True)
class Row:
    """A run of the notebook: points lost by check, points that should have been lost, cells that raised."""

    kind: str
    name: str
    cell: str
    lost: dict[str, float]
    expected: dict[str, float]
    messages: dict[str, str]
    errors: dict[str, str]
    seconds: float

    @property
    def right(self) -> bool:
        """Whether exactly the points that should be lost were lost."""
        return self.lost == self.expected


@dataclass
class Table:
    """All runs of an assignment.

    Attributes:
        assignment: its name.
        worth: points by check, in the notebook's order.
        rows: the reference, the untouched exercise, all mutants and variants.
        right_variants: for each check the number of variants that are right ways of earning it.
    """

    assignment: str
    worth: dict[str, float]
    rows: list[Row] = field(default_factory=list)
    right_variants: dict[str, int] = field(default_factory=dict)

    def mutants(self) -> list[Row]:
        """Return the mutants' rows."""
        return [row for row in self.rows if row.kind == "mutant"]

    def killed(self) -> int:
        """Return how many mutants lose exactly the points that they should, and at least one."""
        return sum(row.right and bool(row.lost) for row in self.mutants())

    def problems(self, *, whole: bool = True) -> list[str]:
        """Return everything that should be otherwise, a sentence each; unless `whole`, of the rows that are there."""
        found = [problem for row in self.rows for problem in _of_row(row)]
        for name in self.worth if whole else ():
            mutants = sum(name in row.expected for row in self.mutants())
            if mutants < MUTANTS_A_POINT:
                found.append(f"{name}: {mutants} mutants lose it; there should be {MUTANTS_A_POINT} at least")
            if self.right_variants.get(name, 0) < VARIANTS_A_POINT:
                found.append(f"{name}: no variant is a right way of earning it")
        return [f"{self.assignment}: {problem}" for problem in found]

    def text(self) -> str:
        """Return the table for reading: a column a point, a row a mutant; a number is what was lost."""
        numbered = {name: index for index, name in enumerate(self.worth, start=1)}
        lines = [f"{self.assignment}: {len(self.worth)} checks, {sum(self.worth.values()):g} points", ""]
        lines += [f"  {index:>2}  {name} ({self.worth[name]:g})" for name, index in numbered.items()]
        width = max(len(row.name) for row in self.rows)
        lines += ["", f"  {'':<9}{'':<{width}}  " + " ".join(f"{index:>3}" for index in numbered.values())]
        for row in self.rows:
            cells = " ".join(f"{f'{row.lost[name]:g}' if name in row.lost else '·':>3}" for name in self.worth)
            lines.append(
                f"  {row.kind:<9}{row.name:<{width}}  {cells}{'' if row.right else '   <- not as it should be'}"
            )
        total = len(self.mutants())
        rate = f"{self.killed() / total:.0%}" if total else "no mutants"
        lines += ["", f"  kill rate: {self.killed()} of {total} mutants ({rate}), {self.seconds():.0f} s"]
        return "\n".join(lines)

    def seconds(self) -> float:
        """Return how long all runs took."""
        return sum(row.seconds for row in self.rows)


def _of_row(row: Row) -> Iterable[str]:
    label = f"{row.kind} {row.name!r}" if row.name else row.kind
    for name in row.lost.keys() | row.expected.keys():
        lost, wanted = row.lost.get(name, 0), row.expected.get(name, 0)
        if lost != wanted:
            why = f" ({row.messages[name]})" if row.messages.get(name) else ""
            yield f"{label} loses {lost:g} points of {name}, not {wanted:g}{why}"
    if row.kind == "mutant" and not row.expected:
        yield f"{label} is said to lose nothing"
    if row.kind in ("reference", "variant"):
        for cell, error in row.errors.items():
            yield f"{label}: cell {cell} raises {error}"


def table_of(
    name: str, *, full: bool = False, only: str = "", progress: Callable[[Row], None] = lambda row: None
) -> Table:
    """Run the reference, the untouched exercise, and all mutants and variants of an assignment.

    To be called once in a process, which it changes: backbones are loaded once, and what is there stays for good.

    Args:
        name: the assignment's name.
        full: run each notebook from its beginning.
        only: run only those changes whose name contains this text (and the reference, and the untouched exercise).
        progress: called with each row when it is there.
    """
    _make_graphs_cheaply()
    assignment = load(SOURCES / f"{name}.py")
    module = importlib.import_module(f"tests.mutants.{assignment.module}")
    backbones = LoadedOnce()
    backbones.install()
    runner = Runner(assignment, full=full, backbones=backbones)
    gc.collect()
    gc.freeze()  # all of this stays: looking through it before each run would take longer than many runs
    worth = {name: visible.points for name, (visible, _) in runner.checks.items()}
    table = Table(name, worth, right_variants=_right_variants(assignment, module))

    def add(kind: str, name: str, cell: str, expected: Mapping[str, float], outcome: Outcome) -> None:
        messages = {one.grade_id: one.message + one.detail for one in outcome.results.values() if one.message}
        expected = dict(expected)
        row = Row(kind, name, cell, outcome.lost(), expected, messages, outcome.errors, outcome.seconds)
        table.rows.append(row)
        progress(row)

    add("reference", "", "", {}, runner.base)
    add("untouched", "", "", worth, runner.run_untouched())
    for mutant in module.MUTANTS:
        if only in mutant.name:
            outcome = runner.run_changed(mutant.sources(runner.sources), examples=False)
            add("mutant", mutant.name, mutant.cell, mutant.points_lost(worth), outcome)
    variants = [variant for variant in module.VARIANTS if only in variant.name]
    for variant, outcome in _run_variants(runner, variants):
        add("variant", variant.name, variant.cell, {}, outcome)
    return table


def _make_graphs_cheaply() -> None:
    """Hundreds of small graphs are made, and each runs a few steps: spare what only later steps would gain by."""
    import tensorflow as tf
    from tensorflow.python.util import tf_stack

    # Making them faster takes longer than they run.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    # For each operation, the lines that it was made by are noted: a sixth of what a graph costs, for messages of
    # failed steps, which nobody reads here.
    nowhere = tf_stack.extract_stack()
    tf_stack.extract_stack = lambda *_, **__: nowhere


def _run_variants(runner: Runner, variants: Sequence[Variant]) -> Iterable[tuple[Variant, Outcome]]:
    """Run variants, several at once where they have nothing to do with one another, and yield what came of each.

    Where a run of several shows anything wrong, each of them runs alone.
    """
    sources = [variant.sources(runner.sources) for variant in variants]
    groups = [[number] for number in range(len(variants))] if runner.full else runner.side_by_side(sources)
    for numbers in groups:
        together = runner.run_changed({cell: text for number in numbers for cell, text in sources[number].items()})
        good = not together.lost() and not together.errors
        share = replace(together, seconds=together.seconds / len(numbers))
        for number in numbers:
            alone = share if good or len(numbers) == 1 else runner.run_changed(sources[number])
            yield variants[number], alone


def _right_variants(assignment: Assignment, module: ModuleType) -> dict[str, int]:
    counts: dict[str, int] = {}
    for variant in module.VARIANTS:
        for name in _kept_by(assignment, variant):
            counts[name] = counts.get(name, 0) + 1
    return counts


def _kept_by(assignment: Assignment, variant: Variant) -> list[str]:
    """Return the checks whose right variant it is."""
    if variant.keeps is not None:
        return list(variant.keeps)
    position = next(index for index, cell in enumerate(assignment.cells) if cell.id == variant.cell)
    kept = []
    for cell in assignment.cells[position + 1 :]:
        if cell.kind == "solution":
            break
        if cell.kind == "check":
            kept.append(cell.id)
    return kept
