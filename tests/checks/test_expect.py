"""What checks state: right values pass, wrong ones fail with words, and nothing that arrives makes a check break."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings

from autograder.checking import expect as stated
from autograder.checking.messages import RETURN_HINT, TEXT_HINT, Failed, in_words, number, plural, quote
from autograder.checking.values import Function
from autograder.conversation.protocol import Opaque
from autograder.conversation.session import LocalSession
from tests.checks.test_protocol import values
from tests.conftest import tries

WORDS = [
    (np.zeros((2, 3), np.float32), "a float32 array of shape (2, 3), values in [0, 0]"),
    (np.array([1, 2]), "[1, 2]"),
    (np.array([[1, np.nan]]), "a float64 array of shape (1, 2), values in [1, 1], some of them not finite"),
    (np.array([["a"]]), "a text array of shape (1, 1)"),
    (np.uint8(3), "3"),
    (1234567, "1,234,567"),
    (0.123456, "0.1235"),
    (float("nan"), "nan"),
    (True, "True"),
    (None, "None"),
    ("a\nb", '"a b"'),
    (["daisy", 1], '["daisy", 1]'),
    (list(range(20)), "a list of 20 items beginning with 0"),
    ({"a": 1}, 'a dictionary with "a"'),
    (Opaque("Sequential"), "a Sequential"),
    (Opaque("object"), "an object"),
]


@pytest.mark.parametrize(("value", "words"), WORDS)
def test_values_are_described_in_a_few_words(value, words):
    assert in_words(value) == words


@given(values)
def test_any_value_can_be_described_in_one_printable_line(value):
    assert in_words(value).isprintable()


RIGHT = [
    (stated.expect_equal, (3, 3.0)),
    (stated.expect_equal, ([1, 2], np.array([1, 2]))),
    (stated.expect_equal, (("a", ["b"]), ["a", ("b",)])),
    (stated.expect_equal, ({"a": [1]}, {"a": (1,)})),
    (stated.expect_equal, (np.array(["a", "b"]), ["a", "b"])),
    (stated.expect_equal, (np.int64(3), 3)),
    (stated.expect_close, ([1, 2.00001], np.array([1, 2]))),
    (stated.expect_close, (np.float32(0.1), 0.1)),
    (stated.expect_shape, (np.zeros((5, 2)), (None, 2))),
    (stated.expect_equal, ([None, 5], (None, 5))),
    (stated.expect_kind, (np.zeros(3, np.float16), "float")),
    (stated.expect_kind, ("a", "text")),
    (stated.expect_kind, (3, "integer")),
    (stated.expect_range, ([0, 1], 0, 1)),
    (stated.expect_range, (np.array([-3e-5, 1.00003], np.float32), 0, 1)),
    (stated.expect_between, (0.5, 0, 1)),
    (stated.expect_length, ("abc", 3)),
    (stated.expect, (np.bool_(True), "words")),
]
WRONG = [
    (stated.expect_equal, (3, 4), "Expected 4; found 3."),
    (stated.expect_equal, ("3", 3), 'Expected 3; found "3".'),
    (
        stated.expect_equal,
        (None, 3),
        "Expected 3; found None. " + RETURN_HINT,
    ),
    (stated.expect_equal, (Opaque("X"), Opaque("X")), "Expected a X; found a X."),
    (stated.expect_equal, (float("nan"), float("nan")), "Expected nan; found nan."),
    (stated.expect_equal, ({"a": 1}, {"b": 1}), 'Expected a dictionary with "b"; found a dictionary with "a".'),
    (stated.expect_equal, ([1, 2, 3], [1, 2]), "Expected [1, 2]; found [1, 2, 3]."),
    (
        stated.expect_equal,
        (np.arange(9), np.arange(9) // 8 * 8),
        "Expected an int64 array of shape (9,), values in [0, 8]; found 7 elements of 9 different, the first at [1]: "
        "1 instead of 0.",
    ),
    (stated.expect_close, (1.001, 1), "Expected 1; found 1.001."),
    (stated.expect_close, ([1, 2], [1, 2, 3]), "Expected shape (3,); found shape (2,)."),
    (stated.expect_close, ("1", 1), f'Expected 1; found "1". {TEXT_HINT}'),
    (stated.expect_close, (float("nan"), float("nan")), "Expected nan; found nan."),
    (stated.expect_shape, (np.zeros((5, 2)), (None, 3)), "Expected shape (any, 3); found shape (5, 2)."),
    (
        stated.expect_shape,
        (None, (3,)),
        "Expected an array of shape (3,); found None. " + RETURN_HINT,
    ),
    (stated.expect_shape, ([1, 3], (1, 3)), "Expected an array of shape (1, 3); found [1, 3]."),
    (stated.expect_kind, (np.zeros(3, int), "float"), "Expected values of type float; found int64."),
    (stated.expect_kind, ([1, [2]], "float"), "Expected values of type float; found [1, [2]]."),
    (stated.expect_range, ([0, 2], 0, 1), "Expected values in [0, 1]; found values in [0, 2]."),
    (stated.expect_range, ([0, 1.001], 0, 1), "Expected values in [0, 1]; found values in [0, 1.001]."),
    (stated.expect_range, ([0, np.inf], 0, 1), "Expected values in [0, 1]; found values that are not finite."),
    (stated.expect_range, ([], 0, 1), "Expected values in [0, 1]; found []."),
    (stated.expect_between, (float("nan"), 0, 1), "Expected a number from 0 to 1; found nan."),
    (stated.expect_length, ([1], 2), "Expected 2 items; found 1 item."),
    (stated.expect, (False, "something", "nothing", "Look again."), "Expected something; found nothing. Look again."),
    (stated.expect, (False, "you did nothing", "", "Look again."), "You did nothing. Look again."),
]


@pytest.mark.parametrize(("function", "arguments"), RIGHT)
def test_right_values_pass(function, arguments):
    assert function(*arguments) is None


@pytest.mark.parametrize(("function", "arguments", "words"), WRONG)
def test_wrong_values_fail_with_words(function, arguments, words):
    with pytest.raises(Failed) as caught:
        function(*arguments)
    assert str(caught.value) == words


def test_what_names_the_thing_in_the_message():
    with pytest.raises(Failed, match=r"^Expected the total: 3; found 4. Count again.$"):
        stated.expect_equal(4, 3, what="the total", hint="Count again.")


@settings(max_examples=tries(60), deadline=None)
@given(values, values)
def test_no_value_makes_a_statement_break(found, expected):
    """An exception other than `Failed` would look like a mistake of ours."""
    for statement in (
        lambda: stated.expect_equal(found, expected),
        lambda: stated.expect_close(found, np.arange(6.0).reshape(2, 3)),
        lambda: stated.expect_close(found, 3),
        lambda: stated.expect_shape(found, (None, 3)),
        lambda: stated.expect_kind(found, "float"),
        lambda: stated.expect_range(found, 0, 1),
        lambda: stated.expect_between(found, 0, 1),
        lambda: stated.expect_length(found, 3),
    ):
        with contextlib.suppress(Failed):
            statement()


def test_a_function_can_be_expected_to_refuse():
    def root(x):
        if x < 0:
            raise ValueError("negative")
        return x**0.5

    view = Function.fetch(LocalSession({"root": root}), "root")
    stated.expect_raises(view, -1)
    with pytest.raises(Failed, match=r"Expected `root` to raise ValueError when x is 4; found it returned 2\."):
        stated.expect_raises(view, 4, when="when x is 4")
    with pytest.raises(Failed, match=r"found TypeError: "):
        stated.expect_raises(view, "a")


def test_what_a_learner_wrote_is_quoted_short_and_printable():
    assert quote("\x1b[2J" + "a" * 1000).isprintable()
    assert len(quote("a" * 1000)) == 200
    assert (number(10**20), number(1e300), plural(1, "point"), plural(1.5, "point")) == (
        "1e+20",
        "1e+300",
        "1 point",
        "1.5 points",
    )
