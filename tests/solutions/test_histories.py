"""A history is read where it can be, and refused with the reason where it can't."""

from __future__ import annotations

import json
import math

import pytest

from flowercourse.errors import CourseError
from solutions.evaluation.histories import as_lists, read_history

GOOD = {"loss": [1.2, 0.8], "accuracy": [0.5, 0.7], "val_loss": [1.3, 0.9], "val_accuracy": [0.4, 0.6]}


def test_a_history_of_fit_is_read() -> None:
    record = read_history(GOOD)
    assert record.epochs == 2
    assert record.val_accuracy.tolist() == [0.4, 0.6]
    assert record.diverged_at is None


def test_the_metric_may_be_called_by_its_class() -> None:
    renamed = {name.replace("accuracy", "sparse_categorical_accuracy"): values for name, values in GOOD.items()}
    assert read_history(renamed).accuracy.tolist() == [0.5, 0.7]


def test_other_measures_do_no_harm() -> None:
    assert read_history(GOOD | {"lr": [0.1, 0.1]}).epochs == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"val_loss": None}, "no val_loss.*validation_data"),
        ({"accuracy": None}, "no accuracy.*metrics"),
        ({"val_accuracy": [0.4]}, "unequal lengths.*val_accuracy has 1"),
        ({"accuracy": [50.0, 70.0]}, "range from 0 to 1.*shares, not percentages"),
        ({"accuracy": [0.5, math.nan]}, "no numbers"),
        ({"loss": ["high", "low"]}, "no list of numbers"),
        ({"loss": [[1.0], [2.0]]}, "2 dimensions"),
        (dict.fromkeys(GOOD, ()), "empty"),
    ],
)
def test_what_is_wrong_with_a_history_is_said(change: dict, message: str) -> None:
    history = {name: values for name, values in (GOOD | change).items() if values is not None}
    with pytest.raises(CourseError, match=message):
        read_history(history)


def test_something_else_than_a_history_is_refused() -> None:
    with pytest.raises(CourseError, match=r"model\.fit"):
        read_history([0.1, 0.2])


def test_divergence_is_found_at_its_first_epoch() -> None:
    assert read_history(GOOD | {"val_loss": [1.3, math.inf]}).diverged_at == 2


def test_a_diverged_history_can_be_written_as_json() -> None:
    text = json.dumps(as_lists({"loss": [1.0, math.nan, math.inf]}), allow_nan=False)
    assert json.loads(text) == {"loss": [1.0, None, None]}
