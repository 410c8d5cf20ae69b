"""Whatever a learner's process answers, in the protocol's language, a check has a result and never breaks.

The answers are drawn at random from what is hard to judge: right shapes of the wrong kind, NaN, numbers too large for a
float, pairs in pairs, nothing. Which check asks does not matter to them, so most checks fail, and none may say "error".
"""

from __future__ import annotations

import functools
import importlib
import random
import warnings

import numpy as np
import pytest

from autograder.checking import heads
from autograder.checking.core import Check, run_check
from autograder.conversation.protocol import Opaque
from autograder.conversation.session import Answer, Refused, Session
from tests.checks.quick import QuickReference

MODULES = [
    f"{room}.{name}"
    for room in ("autograder.checks", "solutions.hidden_checks")
    for name in ("preprocessing", "mobilenet_v2", "inception_v3")
]
RUNS = 30  # of each check
REFERENCE = QuickReference()
LARGEST = 2**511  # the protocol lets no integer pass that is no float
NAN, INFINITY = float("nan"), float("inf")

SHAPES = [(), (0,), (2,), (5,), (8,), (32,), (0, 3), (5, 5), (1, 1, 3), (20, 30, 3), (224, 224, 3), (2, 2, 2, 3)]
EXPECTED = {"first_features": [(32, 1280), (8, 2048)], "first_logits": [(32, 5)], "first_images": [(32, 224, 224, 3)]}
EXPECTED |= {"class_names": [(5,)], "first_labels": [(32,)], "feature_extractor": [(2, 1280)], "head": [(6, 5)]}
EXPECTED |= {
    "model": [(2, 5)],
    "inception_layer": [(1, 2048)],
    "count_classes": [(5,), (6,)],
    "batches": [(32, 8, 8, 3)],
}
PLAIN = [None, True, False, 0, 1, -1, 10**20, LARGEST, 0.5, NAN, INFINITY, "", "5", "train[:70%]", "first", b"x"]
PLAIN += [Opaque("T"), np.float16(NAN), np.int64(3), np.bool_(True), [], (), {}]
COUNTS = [0, 1, 2, 2, 2, 3, 4, 6, 32]


def drawn_array(draw: random.Random, shapes=tuple(SHAPES)) -> np.ndarray:
    """Return an array of one of these shapes, of any kind."""
    shape = draw.choice(shapes)
    dtype = draw.choice(["f4", "f4", "f8", "i8", "i4", "u1", "?", "U1"])
    if dtype == "U1":
        return np.full(shape if np.prod(shape) < 50_000 else (4,), "a")
    fill = draw.choice([0, 1, NAN, INFINITY, 1e38, 0.25] if dtype[0] == "f" else [0, 1, 3, 100])
    found = np.full(shape, fill).astype(dtype)
    if found.size and draw.random() < 0.3:
        found.ravel()[0] = 2
    return found


def drawn(draw: random.Random, depth: int = 0):
    """Return a plain value."""
    kind = draw.random()
    if depth > 3 or kind < 0.3:
        return draw.choice(PLAIN)
    if kind < 0.6:
        return drawn_array(draw)
    items = [drawn(draw, depth + 1) for _ in range(draw.choice(COUNTS))]
    if kind < 0.9:
        return items if kind < 0.75 else tuple(items)
    return {draw.choice(["loss", "accuracy", "acc", "daisy", 1, None, NAN]): item for item in items}


class Odd(Session):
    """Answers everything in the protocol's language, with something drawn."""

    def __init__(self, draw: random.Random) -> None:
        super().__init__()
        self.draw = draw

    def ask(self, op, target=None, *, timeout_s=None, **fields):
        """Answer, or refuse now and then."""
        if self.draw.random() < 0.02:
            raise Refused("raised", "ValueError", "something")
        if op == "get" or (op == "call" and not fields["keep"]):
            return Answer(self._value(target))
        name = "kept" if op == "call" else op
        return Answer(getattr(self, f"_{name}", dict)())

    def _value(self, target):
        shapes = EXPECTED.get(target.root)
        if shapes and self.draw.random() < 0.7:
            return {"value": drawn_array(self.draw, shapes), "type": "x"}
        return {"value": drawn(self.draw), "type": "x"}

    def _some(self, *values):
        return self.draw.choice(values)

    def _describe(self):
        return {"type": "f", "bases": [], "callable": True, "parameters": []}

    def _kept(self):
        return {"handle": 1, "type": "x"}

    def _batches(self):
        sizes = [self._some(0, 1, 2, 2, 2, 2, 3) for _ in range(self._some(0, 1, 3))]
        batches = [[drawn(self.draw, 2) for _ in range(size)] for size in sizes]
        return {"batches": batches, "cardinality": self._some(None, -1, 3, LARGEST), "type": "x", "is_tuple": True}

    def _model(self):
        rate = self._some(None, 0.001, NAN)
        return {
            "layers": [],
            "trainable_parameters": self._some(6405, 52, 10, LARGEST),
            "frozen_parameters": self._some(0, LARGEST),
            "input_shape": self._some(None, [], [None, 5], [LARGEST], [-1]),
            "output_shape": self._some(None, [], [None, 5]),
            "loss": self._some(None, {"type": "sparse", "from_logits": True}),
            "optimizer": self._some(None, {"type": "Adam", "learning_rate": rate}),
            "metrics": ["accuracy", None],
        }

    def _weights(self):
        shape = self._some((1280, 5), (1280, 5), (1280, 5), (2048, 5), (12, 4), (10, 3))
        fill = self._some(0.0, 1e38, 1.0, NAN)
        arrays = [{"array": np.full(one, fill, np.float32)} for one in (shape, shape[1:])]
        return {"weights": arrays[: self._some(0, 1, 2, 2, 2)]}

    def _history(self):
        values = [NAN, INFINITY, -INFINITY, 0.0, 0.5, 3.0]
        names = ("accuracy", "loss", "val_accuracy", "val_loss")
        return {"history": {name: [self._some(*values) for _ in range(self._some(0, 1, 6, 6))] for name in names}}


@pytest.fixture
def trained_once(monkeypatch):
    """Train the reference head once for all runs: the answers are odd whatever it has learned."""
    known = functools.lru_cache(maxsize=None)(
        lambda d, classes: heads.Head(np.full((d, classes), 1e-3), np.zeros(classes))
    )
    monkeypatch.setattr(heads, "trained", lambda part, classes, **settings: known(part[0].shape[1], classes))


@pytest.mark.parametrize("module", MODULES)
def test_no_answer_breaks_a_check(module, trained_once):
    checks = [one for one in vars(importlib.import_module(module)).values() if isinstance(one, Check)]
    for one in checks:
        for seed in range(RUNS):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                session = Odd(random.Random(f"{one.grade_id} {seed}"))
                result = run_check(one, session, seed=seed, reference=REFERENCE)
            assert result.status != "error", f"{one.grade_id}, {seed}: {result.detail}"
            assert 0 <= result.score <= result.max_score
            assert (result.status == "passed") == (result.message == "")
