"""Whatever plain data a learner's process answers, wherever an answer is asked for, a check judges it: no check of any
exercise breaks, takes more memory than a few messages, or gives full points for it.

The answers go through the protocol, as in the grader, so they are all that it can carry and nothing else.
"""

from __future__ import annotations

import functools
import importlib
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.checking import heads
from autograder.checking.core import Check, run_check
from autograder.conversation import protocol
from autograder.conversation.protocol import Opaque, TooLarge, decode, encode
from autograder.conversation.session import Answer, Refused, Session
from tests.checks.quick import QuickReference
from tests.conftest import tries

NAMES = ("preprocessing", "mobilenet_v2", "inception_v3", "learning_curves", "predictions", "capstone")
MODULES = [f"{room}.{name}" for room in ("autograder.checks", "solutions.hidden_checks") for name in NAMES]
REFERENCE = QuickReference()
MOST = 5 * protocol.LIMITS.message_bytes
"""Bytes that judging one answer may take at once besides the answer: those of five of the largest messages."""

TEXTS = st.text(max_size=8) | st.sampled_from(["daisy", "train[:70%]", "a/000.jpg", "good fit", "first", "A", "1e999"])
NUMBERS = st.integers(-(2**511), 2**511) | st.floats() | st.integers(-2, 5)
ARRAYS = hnp.arrays(
    st.sampled_from([np.dtype(name) for name in protocol.DTYPES]),
    hnp.array_shapes(min_dims=0, max_dims=4, max_side=4, min_side=0) | st.sampled_from([(32,), (32, 5), (8, 2048)]),
    fill=st.nothing(),
    elements=st.just(1) | st.just(0),
) | hnp.arrays(np.dtype("U3"), hnp.array_shapes(max_side=4), fill=st.just("a"), elements=st.just("b"))
LEAVES = st.none() | st.booleans() | NUMBERS | TEXTS | st.binary(max_size=9) | ARRAYS | st.builds(Opaque, TEXTS)
KEYS = st.none() | st.booleans() | NUMBERS | TEXTS
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(KEYS | st.sampled_from(list("ABCDEF")), inner, max_size=6)
    ),
    max_leaves=8,
)
FLOATS = st.lists(st.floats(), max_size=7) | st.just([0.5] * 6)


class AnyAnswer(Session):
    """Answers each question with something that `draw` draws, in the fields that belong to it."""

    def __init__(self, draw) -> None:
        super().__init__()
        self.draw = draw

    def ask(self, op, target=None, *, timeout_s=None, **fields):
        """Answer, through the protocol's bytes."""
        if op == "get" or (op == "call" and not fields["keep"]):
            found = {"value": self.draw(VALUES), "type": self.draw(TEXTS)}
        elif op == "call":
            found = {"handle": 1, "type": "x"}
        else:
            found = getattr(self, f"_{op}", dict)()
        if found is None:
            raise Refused("raised", "ValueError", "something")
        try:
            return Answer(decode(self._encoded(op, found)))
        except TooLarge as error:  # as the agent says
            raise Refused("too_large", "", str(error)) from None

    def _encoded(self, op, found):
        return encode(found)

    def _describe(self):
        return {"type": "f", "bases": [], "callable": True, "parameters": self.draw(st.lists(VALUES, max_size=2))}

    def _batches(self):
        batches = self.draw(st.lists(st.lists(VALUES, min_size=1, max_size=2) | VALUES, max_size=3))
        return {"batches": batches, "cardinality": self.draw(VALUES), "type": "x", "is_tuple": True}

    def _model(self):
        shape = st.none() | st.lists(st.integers(-1, 9), max_size=2)
        optimizer = st.fixed_dictionaries({"type": TEXTS, "learning_rate": st.none() | st.floats()})
        loss = st.fixed_dictionaries({"type": TEXTS, "from_logits": st.booleans()})
        return {
            "layers": [],
            "trainable_parameters": self.draw(st.integers(-1, 2**511) | st.just(6405)),
            "frozen_parameters": self.draw(st.integers(-1, 2**511) | st.just(0)),
            "input_shape": self.draw(shape),
            "output_shape": self.draw(shape),
            "loss": self.draw(st.none() | loss),
            "optimizer": self.draw(st.none() | optimizer),
            "metrics": self.draw(st.lists(VALUES, max_size=2)),
        }

    def _weights(self):
        sizes = self.draw(st.sampled_from([(1280, 5), (2048, 5), (12, 4), (40, 5), (50, 5)]))
        fill = self.draw(st.sampled_from([0.0, 1e38, 1.0, np.nan, np.inf]))
        whole = [np.full(sizes, fill, np.float32), np.full(sizes[1:], fill, np.float32)]
        arrays = self.draw(st.just(whole) | st.lists(ARRAYS | VALUES, max_size=3))
        return {"weights": [{"array": one} for one in arrays]}

    def _history(self):
        names = st.sampled_from(["accuracy", "loss", "val_accuracy", "val_loss"])
        return {"history": self.draw(st.dictionaries(names, FLOATS, max_size=4))}

    def _figure(self):
        return {"title": self.draw(TEXTS), "axes": [self._axes() for _ in range(self.draw(st.sampled_from([1, 2, 8])))]}

    def _axes(self):
        x = self.draw(ARRAYS)
        line = {"label": "training", "x": x, "y": x, "color": [0.0] * 4, "style": "-", "marker": "o"}
        line |= {"seen": self.draw(st.booleans())}
        image = {"shape": [12, 12, 3], "pixels": self.draw(st.none() | ARRAYS)}
        labels = {name: self.draw(TEXTS) for name in ("title", "xlabel", "ylabel")}
        lists = {name: self.draw(st.lists(TEXTS, max_size=2)) for name in ("xticklabels", "yticklabels", "legend")}
        limits = {name: self.draw(FLOATS) for name in ("xlim", "ylim", "title_color", "box")}
        rest = {"lines": [line], "bars": [], "images": [image], "texts": [], "visible": True, "axis_on": True}
        return {**labels, **lists, **limits, **rest}

    def _pixels(self):
        drawing = np.zeros((self.draw(st.integers(0, 40)), 4), np.uint8)
        return {"pixels": self.draw(ARRAYS | st.just(drawing)), "width": self.draw(st.integers(-1, 50) | VALUES)}


@pytest.fixture(autouse=True, scope="module")
def trained_once():
    """Train the reference head once for all runs: what is answered here does not depend on what it has learned."""
    known = functools.cache(lambda d, classes: heads.Head(np.full((d, classes), 1e-3), np.zeros(classes)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(heads, "trained", lambda part, classes, **settings: known(part[0].shape[1], classes))
        yield


def checks_of(module: str) -> list[Check]:
    """Return the checks that a module defines."""
    found = [one for one in vars(importlib.import_module(module)).values() if isinstance(one, Check)]
    return [one for one in found if one.function.__module__ == module]


def judged(check: Check, draw) -> None:
    """Judge a drawn answer, and expect a result that says something and no full points.

    A hidden check adds to what the visible one says, and may be content with nonsense that the visible one refuses.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = run_check(check, AnyAnswer(draw), seed=1, reference=REFERENCE)
    assert result.status == "failed" or (check.hidden and result.status == "passed"), f"{check.grade_id}: {result}"
    assert result.score < result.max_score or check.hidden
    assert bool(result.message) == (result.status == "failed")


@pytest.mark.parametrize("module", MODULES)
@given(data=st.data())
@settings(max_examples=tries(20), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_answer_breaks_a_check_or_earns_its_points(module, data):
    judged(data.draw(st.sampled_from(checks_of(module))), data.draw)


WIDE = ["x" * 2_000_000, *["a"] * 600]
LARGE = {
    "a wide text among short ones": WIDE,
    "wide texts in a nested list": [[WIDE[0], "a"], *[["a", "b"]] * 300],
    "a wide text beside numbers": [WIDE[0], *range(600)],
    "wide bytes beside short ones": [b"x" * 2**20, *[b"a"] * 60],
    "millions of small numbers": np.zeros(16 * 2**20, np.uint8),
    "millions of small rows": np.zeros((8 * 2**20, 2), np.uint8),
    "millions of small pictures": np.zeros((2 * 2**20, 1, 1, 3), np.uint8),
    "ids in two dimensions": np.zeros((500, 500), np.int64),
}


class LargeAnswer(AnyAnswer):
    """Answers every question with the same large value, alone or as the first of three.

    Messages are kept in `messages`, for the checks that ask next: encoding them is what takes longest.
    """

    def __init__(self, value, copies: int, messages: dict) -> None:
        self.messages = messages
        small = [np.zeros(3), value] if copies == 1 else [value]
        other = value if isinstance(value, list) else "a"
        self.value = value if copies == 1 else (value, *[other] * (copies - 1))
        super().__init__(lambda strategy: self.value if strategy is VALUES else self._small(strategy, small))

    def _encoded(self, op, found):
        key = op, *found
        if key not in self.messages:
            try:
                self.messages[key] = encode(found)
            except TooLarge as error:
                self.messages[key] = error
        if isinstance(self.messages[key], TooLarge):
            raise self.messages[key]
        return self.messages[key]

    def _small(self, strategy, small):
        if strategy is ARRAYS:
            return small[-1] if isinstance(small[-1], np.ndarray) else np.zeros(3)
        if strategy is FLOATS:
            return [0.5] * 6
        return "a" if strategy is TEXTS else None

    def _describe(self):
        return {"type": "f", "bases": [], "callable": True, "parameters": []}

    def _batches(self):
        return {"batches": [[self.value, "a"]], "cardinality": None, "type": "x", "is_tuple": True}

    def _model(self):
        counts = {"trainable_parameters": 6405, "frozen_parameters": 0}
        shapes = {"input_shape": None, "output_shape": None}
        return {"layers": [], **counts, **shapes, "loss": None, "optimizer": None, "metrics": []}

    def _weights(self):
        return {"weights": [{"array": self.value}]}

    def _history(self):
        return {"history": {name: [0.5] * 6 for name in ("accuracy", "loss", "val_accuracy", "val_loss")}}

    def _figure(self):
        return {"title": "", "axes": [self._axes()] * 2}

    def _pixels(self):
        return {"pixels": self.value, "width": 10}

    def _axes(self):
        axes = super()._axes()
        texts = dict.fromkeys(("xticklabels", "yticklabels", "legend"), [])
        return axes | texts | {"images": [], "lines": [{**axes["lines"][0], "seen": True}]}


@pytest.mark.parametrize("large", LARGE.values(), ids=LARGE.keys())
@pytest.mark.parametrize("name", NAMES)
def test_no_answer_takes_more_memory_than_a_few_messages(name, large):
    for copies in (1, 3):
        messages: dict = {}
        for room in ("autograder.checks", "solutions.hidden_checks"):
            for check in checks_of(f"{room}.{name}"):
                session = LargeAnswer(large, copies, messages)
                tracemalloc.start()
                try:
                    result = run_check(check, session, seed=1, reference=REFERENCE)
                    peak = tracemalloc.get_traced_memory()[1]
                finally:
                    tracemalloc.stop()
                assert result.status != "error", f"{check.grade_id}: {result.detail}"
                assert result.score < result.max_score or check.hidden
                assert peak < MOST, f"{check.grade_id}: {peak / 2**20:,.0f} MiB"
