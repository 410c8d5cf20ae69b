"""The harness that runs mutants gives the table that running every notebook from its beginning would give."""

from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from autograder.authoring.notebooks import Assignment, Cell
from autograder.checking.core import check, part
from autograder.checking.expect import expect_equal
from autograder.checking.values import Function, Scalar, Sequence_
from tests.mutants import Mutant, Variant
from tests.mutants.dataflow import can_change, copied, names_of, reachable
from tests.mutants.harness import Runner
from tests.mutants.loaded_once import LoadedOnce
from tests.mutants.table import Row, Table, _kept_by, _run_variants

pytestmark = pytest.mark.notebook

CELLS = {
    "setup": "import numpy as np\nruns = []\nclass Net:\n    def __init__(self): self.steps = 0",
    "scale": "FACTOR = 2\ndef scale(x):\n    return FACTOR * x",
    "scale_doubles": 2,
    "names": "names = ['a', 'b']",
    "names_are_right": 1,
    "build": "net = Net()",
    "train": "for _ in range(3):\n    net.steps += 1\nruns.append(net.steps)\nnames.sort()",
    "net_is_trained": 1,
    "use": "total = scale(net.steps)",
    "total_is_right": 1,
    "age": "age = 5",
    "age_is_right": 1,
    "shown": "print(age, total)",
}


GIVEN = {"setup": "locked", "shown": "example"}


@check(points=2)
def scale_doubles(scale: Function, rng: np.random.Generator) -> None:
    """`scale` doubles."""
    with part("one", points=1):
        expect_equal(scale(1), 2)
    with part("some", points=1):
        expect_equal(scale(5), 10)


@check(points=1)
def names_are_right(names: Sequence_) -> None:
    """The names are right."""
    expect_equal(names, ["a", "b"])


@check(points=1)
def net_is_trained(runs: Sequence_) -> None:
    """There was one run of 3 steps."""
    expect_equal(runs, [3])


@check(points=1)
def total_is_right(total: Scalar) -> None:
    """The total is twice the steps."""
    expect_equal(total, 6)


@check(points=1)
def age_is_right(age: Scalar) -> None:
    """It is five."""
    expect_equal(age, 5)


CHANGES = [
    (Mutant("tripled", cell="scale", change={"FACTOR = 2": "FACTOR = 3"}), {"scale_doubles": 2, "total_is_right": 1}),
    (Mutant("right for 1", cell="scale", change={"* x": "if x == 1 else 6"}), {"scale_doubles": 1}),
    (Mutant("raises", cell="scale", source="1 / 0"), {"scale_doubles": 2, "total_is_right": 1}),
    (Mutant("one step", cell="train", change={"range(3)": "range(1)"}), {"net_is_trained": 1, "total_is_right": 1}),
    (Mutant("names", cell="names", source="names = ['c']"), {"names_are_right": 1}),
    (
        Mutant("built with steps", cell="build", source="net = Net()\nnet.steps = 1"),
        {"net_is_trained": 1, "total_is_right": 1},
    ),
    (Mutant("no total", cell="use", source="pass"), {"total_is_right": 1}),
    (Variant("lambda", cell="scale", source="scale = lambda x: x + x"), {}),
    (Variant("while", cell="train", change={"for _ in range(3)": "while net.steps < 3"}), {}),
    (
        Mutant("two", cell="use", source="total = 1", also={"names": "names = 3"}),
        {"total_is_right": 1, "names_are_right": 1},
    ),
]


@pytest.fixture(scope="module")
def assignment():
    """Make a small assignment with its module of checks."""
    module = ModuleType("autograder.checks.toy")
    for one in (scale_doubles, names_are_right, net_is_trained, total_is_right, age_is_right):
        setattr(module, one.grade_id, one)
    sys.modules["autograder.checks.toy"] = module
    sys.modules["solutions.hidden_checks.toy"] = ModuleType("solutions.hidden_checks.toy")
    cells = tuple(
        Cell(name, "check", f"checks.{name}()", f"checks.{name}()", points=text)
        if isinstance(text, int)
        else Cell(
            name,
            GIVEN.get(name, "solution"),
            text,
            text if name in GIVEN else "raise NotImplementedError()",
        )
        for name, text in CELLS.items()
    )
    yield Assignment("00-toy", "Toy", cells)
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.clear_instance()
    del sys.modules["autograder.checks.toy"], sys.modules["solutions.hidden_checks.toy"]


@pytest.fixture(scope="module", params=[False, True], ids=["what a change can reach", "everything"])
def runner(assignment, request):
    """Make a runner; both ways must give the same."""
    return Runner(assignment, full=request.param)


def test_the_reference_loses_nothing_and_the_untouched_exercise_everything(runner):
    assert runner.base.lost() == {}
    assert runner.run_untouched().lost() == {
        "scale_doubles": 2,
        "names_are_right": 1,
        "net_is_trained": 1,
        "total_is_right": 1,
        "age_is_right": 1,
    }


@pytest.mark.parametrize("order", [1, -1], ids=["forwards", "backwards"])
def test_a_change_loses_its_points_whatever_ran_before(runner, order):
    for change, lost in CHANGES[::order]:
        assert (change.name, runner.run_changed(change.sources(runner.sources)).lost()) == (change.name, lost)


DOUBLED = Variant("lambda", cell="scale", source="scale = lambda x: x + x")
LOOPED = Variant("while", cell="train", change={"for _ in range(3)": "while net.steps < 3"})
ADDED = Variant("added", cell="age", source="age = 2 + 3")
YOUNGER = Variant("younger", cell="age", source="age = 4")
VARIANTS = [DOUBLED, LOOPED, ADDED, YOUNGER]


def test_changes_that_no_check_sees_together_are_made_side_by_side(runner):
    sources = [change.sources(runner.sources) for change in VARIANTS]
    assert runner.side_by_side(sources) == [[0, 2], [1, 3]]


def test_of_variants_side_by_side_the_one_that_is_wrong_is_named(runner):
    ran = [(variant.name, outcome.lost()) for variant, outcome in _run_variants(runner, VARIANTS)]
    assert sorted(ran, key=str) == [("added", {}), ("lambda", {}), ("while", {}), ("younger", {"age_is_right": 1})]


def test_a_change_that_changes_nothing_is_refused(runner):
    with pytest.raises(ValueError, match="is the reference solution"):
        Mutant("same", cell="use", source=CELLS["use"]).sources(runner.sources)
    with pytest.raises(ValueError, match="occurs 0 times in use, not once"):
        Mutant("no such text", cell="use", change={"something": "else"}).sources(runner.sources)


def test_a_variant_counts_for_the_checks_below_its_cell(assignment):
    assert _kept_by(assignment, Variant("x", cell="train", source="")) == ["net_is_trained"]
    assert _kept_by(assignment, Variant("x", cell="build", source="")) == []
    assert _kept_by(assignment, Variant("x", cell="build", source="", keeps=["total_is_right"])) == ["total_is_right"]


def row(kind: str, name: str, lost: dict, expected: dict, errors: dict | None = None) -> Row:
    """Make a row."""
    return Row(kind, name, "cell", lost, expected, {}, errors or {}, 0.0)


def test_the_table_says_what_is_wrong():
    good = [row("mutant", str(number), {"point": 1}, {"point": 1}) for number in range(2)]
    assert Table("toy", {"point": 1}, good, {"point": 1}).problems() == []
    bad = Table(
        "toy",
        {"point": 1, "other": 1},
        [
            row("reference", "", {"point": 1}, {}),
            row("untouched", "", {}, {"point": 1}),
            row("mutant", "survivor", {}, {"point": 1}),
            row("mutant", "careless", {"point": 1, "other": 1}, {"point": 1}),
            row("mutant", "idle", {}, {}),
            row("variant", "breaks", {}, {}, {"use": "NameError: x"}),
        ],
    )
    assert bad.killed() == 0
    assert bad.problems() == [
        "toy: reference loses 1 points of point, not 0",
        "toy: untouched loses 0 points of point, not 1",
        "toy: mutant 'survivor' loses 0 points of point, not 1",
        "toy: mutant 'careless' loses 1 points of other, not 0",
        "toy: mutant 'idle' is said to lose nothing",
        "toy: variant 'breaks': cell use raises NameError: x",
        "toy: point: no variant is a right way of earning it",
        "toy: other: 0 mutants lose it; there should be 2 at least",
        "toy: other: no variant is a right way of earning it",
    ]
    assert "kill rate: 0 of 3 mutants (0%)" in bad.text()


def test_names_are_found_in_functions_magics_and_imports():
    names = names_of(
        "%matplotlib inline\nimport a.b, c as d\nx = [y for y in z]\ndef f(q):\n    global g\n    g = q + h\n"
    )
    assert names.stores >= {"a", "d", "x", "f", "g"}
    assert names.loads >= {"z", "h"}
    assert "q" not in names.loads
    assert names_of("def (").loads == frozenset()
    assert reachable(["f"], {"f": frozenset({"g"}), "g": frozenset({"h", "f"})}) == {"f", "g", "h"}


def test_what_can_change_is_made_anew_and_plain_lists_are_copied():
    class Thing:
        pass

    assert all(map(can_change, [Thing(), [Thing()], {"a": Thing()}, iter([1]), (i for i in [1])]))
    assert not any(map(can_change, [1, "a", None, np.zeros(3), [1, {"a": 2}], len, Thing, np]))
    names = {"a": [1, {"b": [2]}]}
    copy = copied(names)
    copy["a"][1]["b"].append(3)
    assert names == {"a": [1, {"b": [2]}]}


def test_a_backbone_that_was_trained_is_lent_out_as_it_was(tmp_path, monkeypatch):
    import tensorflow_hub as hub
    from tensorflow_hub import keras_layer

    from tests.flowercourse import small_backbone

    monkeypatch.setattr(keras_layer, "load_module", keras_layer.load_module)  # put back afterwards
    lender = LoadedOnce()
    lender.install()
    handle = small_backbone.make(tmp_path / "small").handle
    first, second = (hub.KerasLayer(handle, trainable=True) for _ in range(2))
    expected = [np.array(weight) for weight in first.get_weights()]
    assert first.resolved_object is not second.resolved_object
    first.set_weights([weight + 1 for weight in expected])
    assert all(map(np.array_equal, second.get_weights(), expected))
    lender.begin()
    again = hub.KerasLayer(handle)
    assert again.resolved_object is first.resolved_object
    assert all(map(np.array_equal, again.get_weights(), expected))
