"""Honest answers in which one thing was changed: a check passes or fails, but never breaks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.checking.core import check, run_check
from autograder.checking.expect import expect, expect_close, expect_equal
from autograder.checking.values import Array, Batches, Dictionary, Function, Scalar, Sequence_, Text
from autograder.checking.values_keras import Figure, History, Model
from autograder.conversation import protocol
from autograder.conversation.session import LocalSession
from tests.conftest import tries


@check(points=1)
def looks_at_a_model(model: Model, history: History) -> None:
    """A model is looked at."""
    expect(model.compiled, "compiled", str(model.loss))
    expect(model.layers[-1].output_shape == model.output_shape if model.layers else True, "the same shape")
    kernel, bias = model.head(3, 2)
    expect_close(model.predict(np.ones((1, 3))), np.ones((1, 3)) @ kernel + bias)
    expect_equal(len(history["loss"]), history.epochs)


@check(points=1)
def looks_at_data(
    batches: Batches, array: Array, number: Scalar, text: Text, items: Sequence_, table: Dictionary
) -> None:
    """Data are looked at."""
    images, labels = batches.images_and_labels()
    expect_equal(images.shape[:1], labels.shape)
    expect_equal(batches.labels(), np.arange(4))
    expect_equal(batches.count(), 2)
    expect_equal([array, number, text, items, table], [[1, 2], 3, "text", [1], {"a": 1}])


@check(points=1)
def looks_at_a_figure(figure: Figure, double: Function) -> None:
    """A figure is looked at."""
    for axes in figure.axes:
        expect(axes.title_color == (1, 0, 0, 1), "red", str(axes.title_color))
        for line in axes.lines:
            expect_close(line.y, 2 * line.x)
        expect_equal([axes.title, *axes.legend, *axes.xticklabels[:0]], ["Title", "line"])
    expect_close(double(np.arange(3)), 2 * np.arange(3))


@pytest.fixture(scope="module")
def notebook():
    """Names of an honest notebook."""
    import matplotlib.pyplot as plt
    import tf_keras as keras

    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    figure, axes = plt.subplots()
    axes.plot([0, 1], [0, 2], label="line")
    axes.set_title("Title", color="red")
    axes.legend()
    plt.close(figure)
    return {
        "model": model,
        "history": {"loss": [0.5, 0.25]},
        "batches": [(np.zeros((2, 2)), np.arange(2)), (np.zeros((2, 2)), np.arange(2, 4))],
        "array": np.array([1, 2]),
        "number": 3,
        "text": "text",
        "items": [1],
        "table": {"a": 1},
        "figure": figure,
        "double": lambda x: 2 * x,
    }


class Corrupting(LocalSession):
    """A session whose answers are changed in one place."""

    draw = None

    def _opened(self, message: bytes):
        reply = protocol.decode(message, self.limits)
        if "answer" in reply:
            reply["answer"] = corrupted(reply["answer"], self.draw)
        return super()._opened(protocol.encode(reply))


odd = st.sampled_from(
    [None, True, -1, 10**30, 0.5, float("nan"), "", "text", [], [[]], [1, [2]], (), {}, {"a": None}, b"x"]
    + [np.zeros((2, 0)), np.full(3, np.nan), np.array(["a"]), np.zeros((2, 2, 2), np.uint8), protocol.Opaque("Model")]
)


def corrupted(value, draw):
    """Return the value with one thing in it changed, or the value itself."""
    where = draw(st.sampled_from(["here", "inside", "inside", "inside", "nowhere"]))
    if where == "nowhere":
        return value
    if where == "inside" and isinstance(value, dict) and value:
        key = draw(st.sampled_from(sorted(value, key=str)))
        return {**value, key: corrupted(value[key], draw)}
    if where == "inside" and isinstance(value, (list, tuple)) and value:
        position = draw(st.integers(0, len(value) - 1))
        items = [*value]
        items[position] = corrupted(value[position], draw)
        return type(value)(items)
    return draw(odd)


@pytest.mark.parametrize("one", [looks_at_a_model, looks_at_data, looks_at_a_figure], ids=lambda one: one.grade_id)
def test_a_check_passes_or_fails_and_never_breaks(one, notebook):
    assert run_check(one, LocalSession(notebook), seed=1).message == ""

    @settings(max_examples=tries(200), deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def holds(data):
        session = Corrupting(notebook)
        session.draw = data.draw
        result = run_check(one, session, seed=1)
        assert result.status in ("passed", "failed"), result.detail

    holds()
