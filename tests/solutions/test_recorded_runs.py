"""The six recorded runs of exercise 4 show clearly what they are named for."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

from solutions.evaluation.diagnosis import diagnose
from solutions.hidden_checks.learning_curves import DIAGNOSES


@pytest.fixture(scope="module")
def runs(root: Path) -> dict[str, dict[str, np.ndarray]]:
    """The runs as they stand in the exercise's source."""
    source = ast.parse((root / "solutions/notebooks/04-learning-curves.py").read_text(encoding="utf-8"))
    values = {
        target.id: node.value
        for node in source.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    recorded = ast.literal_eval(values["RUNS"])
    return {name: {key: np.array(one) for key, one in run.items()} for name, run in recorded.items()}


def height(run: dict[str, np.ndarray]) -> float:
    """The height of the figure of a run's loss."""
    shown = np.concatenate([run["loss"], run["val_loss"]])
    return float(np.ptp(shown))


def moves_at_the_end(run: dict[str, np.ndarray]) -> float:
    """How much of the figure's height the validation loss covers in the last five epochs."""
    return float(np.ptp(run["val_loss"][-5:])) / height(run)


def test_the_course_s_own_diagnosis_calls_each_what_the_exercise_does(runs):
    assert {name: diagnose(run).name for name, run in runs.items()} == DIAGNOSES


def test_each_is_as_long_as_the_text_says(runs):
    assert {len(one) for run in runs.values() for one in run.values()} == {12}


def test_the_overfitting_run_turns_upward_where_everybody_sees_it(runs):
    loss, val_loss = runs["A"]["loss"], runs["A"]["val_loss"]
    turn = int(val_loss.argmin())
    assert turn < 6
    assert (val_loss[turn + 2 :] > 1.2 * val_loss[turn]).all()
    assert val_loss[-1] - val_loss[turn] > 0.2 * height(runs["A"])
    assert loss[-1] < 0.1 * loss[turn]


def test_the_runs_that_have_ended_are_at_rest_and_the_one_that_improves_is_not(runs):
    assert moves_at_the_end(runs["E"]) < 0.05
    assert moves_at_the_end(runs["F"]) < 0.05
    assert moves_at_the_end(runs["B"]) > 0.15
    assert (np.diff(runs["B"]["val_loss"]) < 0).all()


def test_the_unstable_run_jumps_in_training_and_in_validation(runs):
    for key in ("loss", "val_loss"):
        steps = runs["D"][key][1:] / runs["D"][key][:-1]
        assert steps.max() > 1.4
        assert (steps > 1.05).sum() >= 2


def test_the_unstable_run_is_not_taken_for_overfitting(runs):
    run = runs["D"]
    gap = run["accuracy"] - run["val_accuracy"]
    assert (gap[4:] < 0.05).sum() >= 3  # validation comes back to where training is, again and again
    assert (gap[4:] > 0.15).sum() >= 2
    assert run["val_loss"][6:].mean() < run["val_loss"][:6].mean()


def test_the_suspicious_run_has_validation_on_top_all_the_time(runs):
    assert (runs["C"]["val_accuracy"] > runs["C"]["accuracy"] + 0.02).all()
    assert (runs["C"]["val_loss"] < runs["C"]["loss"]).all()
