"""The diagnosis of curves agrees with how runs were made, and answers clearly whatever it is given."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowercourse.errors import CourseError
from solutions.evaluation.diagnosis import NAMES, diagnose

MEASUREMENTS = ("end_of_epoch", "running_mean")


@pytest.fixture(scope="module")
def runs(root: Path) -> list[dict[str, Any]]:
    """Runs recorded by benchmarks/regimes.py."""
    return json.loads((root / "tests" / "data" / "histories.json").read_text(encoding="utf-8"))["runs"]


def curves(training: list[float], validation: list[float], loss: list[float], val_loss: list[float]) -> dict:
    return {"accuracy": training, "val_accuracy": validation, "loss": loss, "val_loss": val_loss}


@pytest.mark.parametrize("kind", MEASUREMENTS)
def test_at_least_95_percent_of_the_held_out_runs_are_called_what_they_are(runs: list[dict], kind: str) -> None:
    held_out = [run for run in runs if run["half"] == "held out"]
    wrong = {run["name"]: diagnose(run[kind]).name for run in held_out if diagnose(run[kind]).name != run["regime"]}
    assert len(held_out) >= 40
    assert 1 - len(wrong) / len(held_out) >= 0.95, wrong


def test_the_recorded_runs_cover_every_regime_in_both_halves(runs: list[dict]) -> None:
    for half in ("tuning", "held out"):
        regimes = [run["regime"] for run in runs if run["half"] == half]
        assert set(regimes) == set(NAMES)
        assert min(regimes.count(name) for name in NAMES) >= 7


def test_the_recorded_runs_were_made_in_every_way_that_matters(runs: list[dict]) -> None:
    recipes = [run["recipe"] for run in runs]
    assert len({recipe["train"] for recipe in recipes}) > 40
    assert len({recipe["learning_rate"] for recipe in recipes}) > 40
    for setting in ("l2", "dropout", "label_noise", "leak", "augmented"):
        assert len({recipe[setting] for recipe in recipes}) > 1, setting


def test_no_two_recorded_runs_are_the_same(runs: list[dict]) -> None:
    assert len({json.dumps(run["end_of_epoch"]) for run in runs}) == len(runs)


def test_the_other_half_would_not_pass_with_names_exchanged(runs: list[dict]) -> None:
    """The agreement means something: whoever always says the same name is right in a sixth of the runs."""
    held_out = [run for run in runs if run["half"] == "held out"]
    for name in NAMES:
        assert sum(run["regime"] == name for run in held_out) / len(held_out) < 0.25


def test_a_run_whose_loss_is_no_number_is_unstable_from_that_epoch() -> None:
    result = diagnose(curves([0.5, 0.2, 0.2], [0.5, 0.2, 0.2], [1.0, math.nan, math.nan], [1.1, math.nan, math.nan]))
    assert result.name == "unstable"
    assert "from epoch 2" in result.summary
    assert any("learning rate" in line for line in result.advice)


def test_two_epochs_are_too_few_and_the_message_says_how_many_are_needed() -> None:
    with pytest.raises(CourseError, match="of 1 epoch were.*at least 3"):
        diagnose(curves([0.5], [0.5], [1.0], [1.0]))


def test_missing_validation_is_named() -> None:
    with pytest.raises(CourseError, match="no val_loss.*validation_data"):
        diagnose({"loss": [1.0, 0.9, 0.8], "accuracy": [0.5, 0.6, 0.7]})


def test_unequal_lengths_are_named() -> None:
    with pytest.raises(CourseError, match="unequal lengths.*val_loss has 2"):
        diagnose(curves([0.5, 0.6, 0.7], [0.5, 0.6, 0.7], [1.0, 0.9, 0.8], [1.0, 0.9]))


def test_percentages_are_refused() -> None:
    with pytest.raises(CourseError, match="not percentages"):
        diagnose(curves([50, 60, 70], [50, 60, 70], [1.0, 0.9, 0.8], [1.0, 0.9, 0.8]))


def test_validation_that_is_better_in_the_first_epoch_only_is_no_reason_for_suspicion() -> None:
    """Keras' running mean makes the first epoch's training accuracy look low."""
    result = diagnose(
        curves(
            [0.60, 0.86, 0.90, 0.92, 0.93, 0.94],
            [0.84, 0.88, 0.89, 0.90, 0.90, 0.90],
            [1.05, 0.45, 0.35, 0.30, 0.27, 0.25],
            [0.52, 0.40, 0.36, 0.34, 0.33, 0.32],
        )
    )
    assert result.name == "good fit"


def test_a_single_bad_epoch_is_not_called_unstable() -> None:
    result = diagnose(
        curves(
            [0.8, 0.88, 0.91, 0.9, 0.93, 0.94, 0.95],
            [0.78, 0.86, 0.88, 0.85, 0.89, 0.9, 0.9],
            [0.6, 0.4, 0.33, 0.36, 0.28, 0.26, 0.25],
            [0.65, 0.45, 0.38, 0.52, 0.37, 0.36, 0.36],
        )
    )
    assert result.name == "good fit"


def test_validation_loss_that_rises_is_overfitting_although_accuracies_are_close() -> None:
    result = diagnose(
        curves(
            [0.80, 0.88, 0.93, 0.96, 0.98, 0.99],
            [0.80, 0.86, 0.87, 0.87, 0.87, 0.87],
            [0.60, 0.35, 0.20, 0.12, 0.06, 0.03],
            [0.60, 0.42, 0.40, 0.45, 0.52, 0.60],
        )
    )
    assert result.name == "overfitting"
    assert result.evidence["best_epoch"] == 3
    assert any("lowest validation loss" in line for line in result.advice)


numbers = st.integers(3, 12).flatmap(
    lambda n: st.tuples(
        *[st.lists(st.floats(0, 1), min_size=n, max_size=n)] * 2,
        *[st.lists(st.floats(0, 1e6), min_size=n, max_size=n)] * 2,
    )
)


@given(numbers)
def test_every_history_of_numbers_gets_a_name_with_evidence_and_advice(lists) -> None:
    result = diagnose(curves(*lists))
    assert result.name in NAMES
    assert result.evidence
    assert all(np.isfinite(value) for value in result.evidence.values())
    assert result.summary.endswith(".")
    assert result.advice


@given(st.lists(st.tuples(*[st.floats(0, 1)] * 2, *[st.floats(0.01, 30)] * 2), min_size=3, max_size=30))
def test_what_is_said_of_curves_reads_well_whatever_they_are(epochs: list[tuple[float, ...]]) -> None:
    summary = diagnose(curves(*(list(values) for values in zip(*epochs, strict=True)))).summary
    assert not re.search(r"\b1 epochs\b|-\d|nan|inf\b|  |[{}]", summary), summary
    assert summary.endswith(".")
