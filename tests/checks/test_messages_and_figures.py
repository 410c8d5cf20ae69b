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
        ("buffer_size must be greater than zero [Op:ShuffleDatasetV3] name:", "buffer_size must be greater than zero"),
        ("two\n\nparagraphs of a learner's own", "two\n\nparagraphs of a learner's own"),
        ("in user code:", "in user code:"),
        ("Graph execution error:", "Graph execution error:"),
        ("", ""),
    ],
)
def test_an_exception_is_quoted_without_traces(text, kept):
    found = short_text(ValueError(text))
    assert found.startswith(kept)
    assert "[Op" not in found
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


def with_words(ax, one, other):
    ax.legend(["training", "validation"])


def with_handles(ax, one, other):
    ax.legend(handles=[other, one], labels=["validation", "training"])


def with_own_words(ax, one, other):
    one.set_label("training")
    other.set_label("validation")
    ax.legend(loc="upper left")


def with_other_words(ax, one, other):
    with_own_words(ax, one, other)
    ax.legend(["validation", "training"])


def with_patches(ax, one, other):
    with_own_words(ax, one, other)
    ax.legend(handles=[plt.Rectangle((0, 0), 1, 1)], labels=["something"])


@pytest.mark.parametrize(
    ("name_them", "labels"),
    [
        (with_words, ["training", "validation"]),
        (with_handles, ["training", "validation"]),
        (with_own_words, ["training", "validation"]),
        (with_other_words, ["validation", "training"]),
        (with_patches, ["training", "validation"]),
        (lambda *_: None, ["", ""]),
    ],
)
@pytest.mark.parametrize("looks", [("b-", "r-"), ("k-", "k:"), ("ko-", "ks-")])
def test_a_line_is_called_what_the_legend_calls_it(looks, name_them, labels):
    drawn, ax = plt.subplots()
    name_them(ax, *ax.plot([1, 2], [3, 4], looks[0], [1, 2], [4, 3], looks[1]))
    plt.close(drawn)
    assert [line.label for line in figure_of(drawn).axes[0].lines] == labels


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


@pytest.mark.parametrize(
    "hidden",
    [{"alpha": 0}, {"color": "white"}, {"color": (0, 0, 1, 0.05)}, {"visible": False}, {"fontsize": 1}],
    ids=["transparent", "white on white", "a color that is nearly none", "invisible", "tiny"],
)
def test_words_that_nobody_can_read_are_no_words(hidden):
    drawn, ax = plt.subplots()
    ax.set_title("hidden", **hidden)
    ax.set_title("read", loc="right", color="blue")
    ax.set_xlabel("hidden", **hidden)
    ax.set_ylabel("read")
    plt.close(drawn)
    (one,) = figure_of(drawn).axes
    assert (one.title, one.title_color[:3], one.xlabel, one.ylabel) == ("read", (0, 0, 1), "", "read")


def test_all_titles_are_read_from_left_to_right_and_have_a_color_together():
    drawn, ax = plt.subplots()
    ax.set_title("left", loc="left", color="red")
    ax.set_title("right", loc="right", color="red")
    (one,) = figure_of(drawn).axes
    assert (one.title, one.title_color[:3]) == ("left right", (1, 0, 0))
    ax.set_title("middle", color="blue")
    (one,) = figure_of(drawn).axes
    plt.close(drawn)
    assert one.title == "left middle right"
    assert color_name(one.title_color) == "another color"


@pytest.mark.parametrize("layout", [None, "constrained", "tight"])
@pytest.mark.parametrize("size", [(3, 2), (8, 12), (40, 60)])
def test_axes_are_where_they_are_drawn_also_in_a_figure_that_is_closed(layout, size):
    drawn, axes = plt.subplots(2, 2, figsize=size, layout=layout)
    axes[1, 0].set(facecolor="red", xticks=[], yticks=[])
    axes[0, 0].set_title("moves the others", fontsize=20)
    plt.close(drawn)
    figure = figure_of(drawn)
    drawing = figure.drawing()
    height, width = drawing.shape[:2]
    assert height * width <= 2**16 * 1.1
    red = np.argwhere((drawing[..., 0] > 200) & (drawing[..., 1] < 50))
    (top, left), (bottom, right) = red.min(axis=0), red.max(axis=0) + 1
    found = np.divide((left, top, right, bottom), (width, height, width, height))
    few_pixels = 0.04  # of which letters take whole ones
    np.testing.assert_allclose(figure.axes[2].box, found, atol=few_pixels)


def test_axes_of_a_subfigure_have_their_place_in_the_whole_figure():
    drawn = plt.figure(figsize=(4, 8))
    _, lower = drawn.subfigures(2, 1)
    lower.add_axes((0.25, 0.5, 0.5, 0.25))
    plt.close(drawn)
    (one,) = figure_of(drawn).axes
    np.testing.assert_allclose(one.box, (0.25, 0.625, 0.75, 0.75))


@pytest.mark.parametrize("size", [{}, {"bbox": "tight"}])
def test_a_drawing_is_the_whole_sheet_whatever_the_notebook_sets(size):
    with plt.rc_context({f"savefig.{name}": value for name, value in size.items()}):
        drawn = plt.figure(figsize=(4, 2))
        plt.close(drawn)
        assert figure_of(drawn).drawing().shape == (80, 160, 4)
