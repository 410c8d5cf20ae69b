"""What a learner is told where a cell of hers failed, and of the mistakes that are made most."""

from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checking.cells import FailedCell, defined_names, that_was_to_define
from autograder.checking.heads import expect_adam
from autograder.checking.messages import RETURN_HINT, Failed, explain
from autograder.conversation.session import LocalSession, Refused, Target, TimedOut
from autograder.selfcheck.check import check_notebook

FORGOTTEN_COLON = FailedCell(3, "def resize(image)\n    return image", "SyntaxError", "expected ':'", 1)
KERAS = FailedCell(
    5,
    "import keras\nmodel = tf_keras.Sequential([keras.layers.Dense(5)])",
    "TypeError",
    "The added layer must be an instance of class Layer. Received: layer=<Dense> of type <class 'keras.src.layers.X'>",
    2,
)


def test_a_name_that_a_failed_cell_should_define_is_told_with_the_error_and_its_place():
    said = explain(Refused("missing", "", "resize"), "resize", [FORGOTTEN_COLON]).one_line()
    assert said == (
        "`resize` could not be checked: Cell 3 from the top ended with SyntaxError: expected ':' "
        "(line 1: `def resize(image)`). Python could not read this cell, so nothing of it has run."
    )


def test_a_function_that_needs_a_name_of_a_failed_cell_is_told_so_too():
    error = Refused("raised", "NameError", "name 'resize' is not defined")
    assert "Cell 3 from the top ended with SyntaxError" in explain(error, "prepare(...)", [FORGOTTEN_COLON]).one_line()
    other = Refused("raised", "NameError", "name 'shrink' is not defined")
    assert "Cell 3" not in explain(other, "prepare(...)", [FORGOTTEN_COLON]).one_line()


def test_a_name_that_nobody_defines_is_said_to_be_missing():
    assert explain(Refused("missing", "", "other"), "other", [FORGOTTEN_COLON]).expected.startswith(
        "You have not defined"
    )


@pytest.mark.parametrize(
    ("error", "text", "hint"),
    [
        (KERAS.error, KERAS.text, "Two versions of Keras"),
        ("ModuleNotFoundError", "No module named 'google.colab'", "on Colab only"),
        ("ModuleNotFoundError", "No module named 'seaborn'", "is not installed"),
        ("FileNotFoundError", "[Errno 2] No such file or directory: 'a.jpg'", "only the course's data"),
        ("URLError", "<urlopen error [Errno -3] Temporary failure in name resolution>", "no network"),
        ("TypeError", "Tensor of type mixed_float16 is not float32", "half precision"),
        ("KeyboardInterrupt", "", "a loop that never ends"),
        ("TimeoutError", "the cell did not end within 120 seconds", "a loop that never ends"),
        ("ZeroDivisionError", "division by zero", ""),
        ("ValueError", "half of the pictures are missing", ""),
    ],
)
def test_the_commonest_causes_have_a_sentence_of_their_own(error, text, hint):
    found = FailedCell(1, "x", error, text).hint
    assert hint in found
    assert bool(hint) == bool(found)


@given(st.text(max_size=300))
def test_any_text_is_a_cell(source):
    assert all(isinstance(name, str) for name in defined_names(source))
    cell = FailedCell(1, source, source, source, 1)
    assert "\n" not in str(cell)
    that_was_to_define("x", [cell])


def test_a_cell_with_lines_for_the_shell_is_known_by_what_it_should_define():
    cell = FailedCell(
        4, "!pip install seaborn\n%matplotlib widget\nloss, accuracy = f()", "RuntimeError", "no backend", 2
    )
    assert that_was_to_define("accuracy", [cell]) is cell
    broken = FailedCell(5, "x, y = split(", "SyntaxError", "'(' was never closed", 1)
    assert that_was_to_define("y", [broken]) is broken


def test_an_optimizer_that_mixed_precision_has_wrapped_is_told_by_its_cause():
    model = SimpleNamespace(name="head", optimizer="LossScaleOptimizerV3", learning_rate=None)
    with pytest.raises(Failed) as raised:
        expect_adam(model)
    assert "mixed-precision policy" in raised.value.hint


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "\n" * 100_000 + "(",
        " " * 100_000 + "(",
        "a " * 50_000 + "(",
        "def " * 25_000,
        "a, " * 30_000 + "(",
        " " * 99_999 + "!",
    ],
)
def test_no_text_makes_the_trusted_side_search_for_long(text):
    """Hostile texts cost milliseconds; with patterns that cross lines they cost a minute."""
    assert len(defined_names(text)) <= 1
    FailedCell(1, text, text, text, 1).hint  # noqa: B018


def test_none_where_a_value_was_due_asks_for_the_return():
    assert Failed("3", "None", "Something else.").hint == RETURN_HINT
    assert Failed("3", "4", "Something else.").hint == "Something else."


def test_a_function_that_did_not_answer_is_not_asked_again():
    calls = []

    def slow(x):
        calls.append(x)
        while True:
            pass

    session = LocalSession({"slow": slow}, timeout_s=0.3)
    for _ in range(2):
        with pytest.raises(TimedOut):
            session.ask("call", Target("slow"), args=[1], kwargs={}, keep=False, seed=None)
    assert calls == [1]


@pytest.mark.notebook
def test_the_table_begins_with_the_cells_that_failed(tmp_path):
    cells = ["import numpy as np", "def resize_and_scale(image, label)\n    return image", "x = 1\ny = x / 0"]
    made = {"cells": [{"cell_type": "code", "source": one} for one in cells], "metadata": {}, "nbformat": 4}
    path = tmp_path / "01-preprocessing.ipynb"
    path.write_text(json.dumps(made))
    doing = []
    report = check_notebook(path, progress=doing.append)
    lines = report.table().splitlines()
    first = next(number for number, line in enumerate(lines) if line.lstrip().startswith(("✓", "✗")))
    told = "\n".join(lines[:first])
    assert (
        "! cell 2 from the top, beginning with `def resize_and_scale(image, label)`, raised SyntaxError: expected ':'"
        in told
    )
    assert "! cell 3 from the top, beginning with `x = 1`, raised ZeroDivisionError: division by zero" in told
    assert "line 2: y = x / 0" in told
    resized = next(one for one in report.results if "resize_and_scale" in one.message)
    assert "Cell 2 from the top ended with SyntaxError" in resized.message
    assert {"cell 1", "cell 3"} <= {one.doing for one in doing}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "Cell 3 from the top ended with ValueError."),
        ("bad shape\nCall arguments: many", "Cell 3 from the top ended with ValueError: bad shape."),
        (
            "expected ':' (<ipython-input-5-9d630495d50d>, line 1)",
            "Cell 3 from the top ended with ValueError: expected ':'.",
        ),
        (
            "Exception encountered when calling layer 'dense'.\n\nShapes (2,) and (3,) differ\n\nCall arguments: ...",
            "Cell 3 from the top ended with ValueError: Shapes (2,) and (3,) differ.",
        ),
        ("Exception encountered when calling layer", "ValueError: Exception encountered when calling layer."),
    ],
)
def test_of_a_long_message_the_line_is_quoted_that_tells_most(text, told):
    assert str(FailedCell(3, "model(x)", "ValueError", text)).endswith(told)
