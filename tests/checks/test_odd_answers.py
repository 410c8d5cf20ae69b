"""Whatever a learner's names hold, a check says something about her work, never breaks, and gives nothing for it."""

from __future__ import annotations

import importlib
import itertools
import warnings

import numpy as np
import pytest

from autograder.checking.core import Check, run_check
from autograder.conversation.session import LocalSession
from tests.checks.quick import QuickReference

MODULES = [
    f"{room}.{name}"
    for room in ("autograder.checks", "solutions.hidden_checks")
    for name in ("preprocessing", "mobilenet_v2", "inception_v3", "learning_curves", "predictions", "capstone")
]
REFERENCE = QuickReference()


class EqualsEverything(float):
    """A number that claims to be whatever it is compared with."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __lt__(self, other):
        return True

    __gt__ = __le__ = __ge__ = __lt__


def raises(*args, **kwargs):
    """Raise, as a function with a mistake does."""
    raise ZeroDivisionError("by a learner")


ODD = {
    "None": None,
    "text": "5",
    "an empty text": "",
    "a negative number": -3,
    "not a number": float("nan"),
    "a truth value": True,
    "an empty list": [],
    "a ragged list": [[1], [2, 3], "x"],
    "a nested list": [[["a"]]],
    "a dictionary": {"a": 1},
    "an array without dimensions": np.array(7.0),
    "an empty array": np.empty((0, 0, 3)),
    "an array of text": np.array(["a", "b"]),
    "an array of infinities": np.full((32, 5), np.inf),
    "an array of wrong numbers": np.full((32, 224, 224, 3), -1, np.int8),
    "a set": {1, 2},
    "a class": EqualsEverything,
    "a number that equals everything": EqualsEverything(5),
    "a function that raises": raises,
    "a function that returns nothing": lambda *args, **kwargs: None,
    "a function that returns text": lambda *args, **kwargs: "text",
    "a function that returns a pair of texts": lambda *args, **kwargs: ("a", "b"),
    "a function that returns a ragged pair": lambda *args, **kwargs: ([[1], [2, 3]], {"a": 1}),
    "a function that returns empty arrays": lambda *args, **kwargs: (np.empty((0, 0, 3)), np.empty(0)),
    "a function that returns what equals everything": lambda *args, **kwargs: EqualsEverything(1),
    "a function that returns batches of text": lambda *args, **kwargs: [(np.array([["a"]]), np.array(["b"]))] * 3,
    "a function that returns empty batches": lambda *args, **kwargs: [(np.empty((0, 8, 8, 3)), np.empty(0))] * 3,
    "a function that returns ragged batches": lambda *args, **kwargs: [([[1], [2, 3]], [1]), (1,), 5],
    "batches without end": lambda *args, **kwargs: itertools.repeat((np.full((32, 8, 8, 3), np.nan), np.zeros(32))),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD.keys())
@pytest.mark.parametrize("module", MODULES)
def test_an_odd_value_costs_the_point_and_breaks_nothing(module, odd):
    checks = [one for one in vars(importlib.import_module(module)).values() if isinstance(one, Check)]
    own = [one for one in checks if one.function.__module__ == module]
    assert len(own) > 7
    for one in own:
        names = [name for name, kind in one.needs.items() if kind is not None]
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # in a learner's notebook a warning would be one more riddle
            result = run_check(one, LocalSession(dict.fromkeys(names, odd)), seed=1, reference=REFERENCE)
        assert result.status == "failed", f"{one.grade_id}: {result.status} {result.message} {result.detail}"
        assert result.score == 0, f"{one.grade_id}: {result.score} points for {result.parts}"
        assert result.message
