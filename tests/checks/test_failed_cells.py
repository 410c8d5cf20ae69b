"""What a learner is told where a cell of hers failed, and of the mistakes that are made most."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.checking.cells import FailedCell, defined_names, that_was_to_define
from autograder.checking.expect import expect_close
from autograder.checking.heads import expect_adam
from autograder.checking.messages import RETURN_HINT, Failed, explain
from autograder.checking.values import Dictionary, Scalar, Text, kind_of
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


def test_the_first_of_cells_that_failed_for_want_of_each_other_is_told():
    first = FailedCell(4, "images, names = load(FOLDER)", "ValueError", "need at least one array to stack", 1)
    between = FailedCell(6, "pixels = np.round(images)", "ValueError", "of its own", 1)
    second = FailedCell(7, "ids = split(len(names))", "NameError", "name 'names' is not defined", 1)
    third = FailedCell(9, "head = train(ids)", "NameError", "name 'ids' is not defined", 1)
    failed = [first, between, second, third]
    assert [that_was_to_define(name, failed) for name in ("head", "ids", "pixels", "names")] == [
        first,
        first,
        between,
        first,
    ]
    assert that_was_to_define("head", [third, first]) == third  # what fails later is no cause
    assert that_was_to_define("other", failed) is None


def test_an_error_in_a_function_gets_the_hint_that_one_in_a_cell_gets():
    error = Refused("raised", "TypeError", "unsupported operand type(s) for -: 'list' and 'list'")
    assert explain(error, "accuracy_gap(...)").hint.startswith("Lists cannot be calculated with")


def test_nothing_in_place_of_a_figure_or_a_history_is_a_missing_return():
    said = explain(Refused("wrong_type", "", "what model.fit returns, not NoneType"), "train(...)")
    assert said.one_line() == f"`train(...)` should be what model.fit returns, not None. {RETURN_HINT}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a Keras model, not History", "The model is what `fit` was called on"),
        ("what model.fit returns, not Sequential", "`history = model.fit(...)` keeps it"),
        ("a Keras model, not function", "Call the function"),
        ("a Matplotlib figure, not int", ""),
    ],
)
def test_things_that_are_easily_taken_for_each_other_have_a_hint(text, hint):
    found = explain(Refused("wrong_type", "", text), "head").hint
    assert hint in found
    assert bool(hint) == bool(found)


def test_text_in_place_of_a_number_and_a_function_in_place_of_its_value_are_told():
    with pytest.raises(Failed, match="not text"):
        expect_close("0.596", 0.596)
    with pytest.raises(Failed, match="counts the `True`"):
        kind_of(Scalar).fetch(LocalSession({"num_right": np.array([True, False])}), "num_right")
    with pytest.raises(Failed, match="what belongs to what"):
        kind_of(Dictionary).fetch(LocalSession({"by_eye": ["good fit"]}), "by_eye")
    with pytest.raises(Failed, match="Call the function"):
        kind_of(Text).fetch(LocalSession({"conclusion": explain}), "conclusion")


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
        ("TypeError", "unsupported operand type(s) for -: 'list' and 'list'", "`np.array(...)` makes arrays"),
        ("TypeError", "unsupported operand type(s) for /: 'list' and 'int'", "`np.array(...)` makes arrays"),
        ("TypeError", "unsupported operand type(s) for -: 'str' and 'int'", ""),
        ("ValueError", "The truth value of an array with more than one element is ambiguous.", "write `&` and `|`"),
        ("AttributeError", "'numpy.ndarray' object has no attribute 'imshow'", "`axes.flat`"),
        ("ValueError", "Attempt to convert a value (PosixPath('/a.jpg')) with an unsupported type", "`str(path)`"),
        ("NotADirectoryError", "[Errno 20] Not a directory: '/tmp/readme.jpg'", "`path.is_dir()`"),
        ("TypeError", "'NoneType' object is not subscriptable", "Something is None"),
        ("TypeError", "cannot unpack non-iterable NoneType object", "Something is None"),
        ("InvalidArgumentError", "buffer_size must be greater than zero or UNKNOWN_CARDINALITY", "no buffer of 0"),
        ("ValueError", "expected shape=(None, 8, 8, 3), found shape=(None, 8, 3)", "`image[None]`"),
        ("ValueError", "expected shape=(None, 8, 8, 3), found shape=(None, 9, 9, 3)", ""),
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
