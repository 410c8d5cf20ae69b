"""What a learner reads of an exception, and what is seen of her figures beyond their names and numbers."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from autograder.checking.messages import Failed
from autograder.checking.values_keras import Figure
from autograder.checks.learning_curves import expect_ink
from autograder.checks.predictions import color_name
from autograder.conversation.agent.plain import short_text
from autograder.conversation.session import LocalSession
from flowercourse import style

IN_USER_CODE = """in user code:

    File "/opt/python/site-packages/keras/engine/training.py", line 1398, in train_function  *
        return step_function(self, iterator)
    File "/opt/python/site-packages/keras/engine/input_spec.py", line 298, in assert_input_compatibility
        raise ValueError(

    ValueError: Input 0 of layer "dense" is incompatible with the layer: found shape=(None, 40)
"""
CALLING = """Exception encountered when calling layer 'dense' (type Dense).

{{function_node __wrapped__MatMul_device_/job:localhost/replica:0/task:0/device:CPU:0}} Matrix size-incompatible

Call arguments received by layer 'dense' (type Dense):
  • inputs=tf.Tensor(shape=(2, 3), dtype=float32)"""
IN_A_GRAPH = """Graph execution error:

Detected at node 'loss/SparseSoftmax' defined at (most recent call last):
    File "/usr/lib/python3.11/runpy.py", line 198, in _run_module_as_main
Node: 'loss/SparseSoftmax'
Received a label value of 7 which is outside the valid range of [0, 5).
\t [[{{node loss/SparseSoftmax}}]] [Op:__inference_train_function_123]"""


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (IN_USER_CODE, 'Input 0 of layer "dense" is incompatible with the layer: found shape=(None, 40)'),
        (CALLING, "Matrix size-incompatible"),
        (IN_A_GRAPH, "Received a label value of 7 which is outside the valid range of [0, 5)."),
        ("{{function_node __wrapped__Mul}} required broadcastable shapes [Op:Mul]", "required broadcastable shapes"),
        ("two\n\nparagraphs of a learner's own", "two\n\nparagraphs of a learner's own"),
        ("in user code:", "in user code:"),
        ("Graph execution error:", "Graph execution error:"),
        ("", ""),
    ],
)
def test_an_exception_is_quoted_without_traces(text, kept):
    found = short_text(ValueError(text))
    assert found.startswith(kept)
    assert "File" not in found


@pytest.mark.parametrize("name", [style.RIGHT, "blue", "b", "tab:blue", "steelblue", "navy", "royalblue", "#0072b2"])
def test_blues_are_blue(name):
    assert color_name(plt.matplotlib.colors.to_rgba(name)) == "blue"


@pytest.mark.parametrize("name", [style.WRONG, "red", "r", "tab:red", "crimson", "firebrick", "darkred", "tomato"])
def test_reds_are_red(name):
    assert color_name(plt.matplotlib.colors.to_rgba(name)) == "red"


@pytest.mark.parametrize("name", ["cyan", "c", "darkorange", "orange", "green", "black", "gray", "purple", "white"])
def test_other_colors_are_neither(name):
    assert color_name(plt.matplotlib.colors.to_rgba(name)) == "another color"


def test_no_color_at_all_breaks_nothing():
    assert color_name(()) == "another color"


def figure_of(thing) -> Figure:
    """Return the view of something in a learner's notebook."""
    return Figure.fetch(LocalSession({"figure": thing}), "figure")


def test_patterns_of_dashes_tell_lines_apart():
    drawn, ax = plt.subplots()
    for look in ({"ls": "-"}, {"ls": "--"}, {"ls": (0, (1, 1))}, {"ls": (0, (6, 2))}, {"dashes": [6, 2]}):
        ax.plot([1, 2], [3, 4], **look)
    plt.close(drawn)
    styles = [line.style for line in figure_of(drawn).axes[0].lines]
    assert styles[0] == "-"
    assert len(set(styles[:4])) == 4
    assert styles[3] == styles[4]


def test_ink_is_seen_whatever_stands_for_the_figure():
    drawn, axes = plt.subplots(1, 2)
    axes[0].plot([1, 2], [3, 4])
    plt.close(drawn)
    for thing in (drawn, axes, axes[1], list(axes)):
        expect_ink(figure_of(thing))


def test_an_empty_figure_has_no_ink():
    empty = plt.figure()
    plt.close(empty)
    with pytest.raises(Failed):
        expect_ink(figure_of(empty))


def test_what_only_resembles_a_figure_is_none():
    class Resembles:
        axes = np.array([])

        def savefig(self):
            """Do nothing."""

    with pytest.raises(Failed, match="Matplotlib figure"):
        figure_of(Resembles())
