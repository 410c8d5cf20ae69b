"""What checks state. Each function returns nothing, or raises `Failed` with words for the learner.

The values given are plain Python and NumPy (they came through the protocol), so comparing them is safe. `what` names
the thing in the message: "the first batch's images". NaN is close to nothing except where `nan_ok` says so, and
equals nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.checking.messages import TEXT_HINT, Failed, in_words, number, plural, quote, shape
from autograder.checking.numbers import as_array, as_numbers
from autograder.checking.values import Function
from autograder.conversation.protocol import Opaque, Plain
from autograder.conversation.session import Refused

_KINDS = {"float": "f", "integer": "iu", "bool": "b", "text": "U"}


def fail(expected: str, found: str = "", hint: str = "") -> None:
    """Fail with these words."""
    raise Failed(expected, found, hint)


def expect(condition: Any, expected: str, found: str = "", hint: str = "") -> None:
    """Expect a condition to hold.

    Args:
        condition: a bool, or a NumPy bool.
        expected: what should be there, in words.
        found: what is there instead, in words (`in_words(value)` describes any value).
        hint: where to look, one sentence.
    """
    if not bool(condition):
        raise Failed(expected, found, hint)


def expect_equal(found: Plain, expected: Plain, *, what: str = "", hint: str = "") -> None:
    """Expect two values to be equal: numbers by value, arrays in shape and elements, texts and lists item by item."""
    if not equal(found, expected):
        raise Failed(_about(what, in_words(expected)), _difference(found, expected), hint)


def expect_close(
    found: Plain,
    expected: Plain,
    *,
    rtol: float = 1e-4,
    atol: float = 1e-5,
    nan_ok: bool = False,
    what: str = "",
    hint: str = "",
) -> None:
    """Expect numbers to be close: |found - expected| <= atol + rtol * |expected| everywhere, in the same shape.

    Args:
        found: a number, an array, or a list of numbers.
        expected: the same.
        rtol: relative tolerance; the default is what float32 arithmetic in another order costs.
        atol: absolute tolerance.
        nan_ok: whether NaN is right where NaN is expected.
        what: the thing's name in the message.
        hint: where to look, one sentence.
    """
    wanted, got = np.asarray(expected), as_numbers(found)
    if got is None:
        raise Failed(_about(what, in_words(expected)), in_words(found), TEXT_HINT if isinstance(found, str) else hint)
    if got.shape != wanted.shape:
        raise Failed(_about(what, f"shape {shape(wanted.shape)}"), f"shape {shape(got.shape)}", hint)
    wanted, got = wanted.astype(np.float64), got.astype(np.float64)
    with np.errstate(invalid="ignore"):
        close = np.isclose(got, wanted, rtol=rtol, atol=atol, equal_nan=nan_ok)
    if not close.all():
        raise Failed(_about(what, in_words(expected)), _difference(found, expected, ~close), hint)


def expect_shape(value: Plain, expected: Sequence[int | None], *, what: str = "", hint: str = "") -> None:
    """Expect an array of this shape, None standing for any size. (Sizes themselves are compared by `expect_equal`.)"""
    if not isinstance(value, np.ndarray):
        raise Failed(_about(what, f"an array of shape {shape(expected)}"), in_words(value), hint)
    same = value.ndim == len(expected) and all(
        want is None or want == got for got, want in zip(value.shape, expected, strict=True)
    )
    if not same:
        raise Failed(_about(what, f"shape {shape(expected)}"), f"shape {shape(value.shape)}", hint)


def expect_kind(value: Plain, kind: str, *, what: str = "", hint: str = "") -> None:
    """Expect an array or a number of this kind: "float", "integer", "bool" or "text", in any width."""
    array = as_array(value)
    if array is not None and array.dtype.kind in _KINDS[kind]:
        return
    has_dtype = isinstance(value, (np.ndarray, np.generic, float))
    name = np.asarray(value).dtype.name if has_dtype else in_words(value)
    raise Failed(_about(what, f"values of type {kind}"), name, hint)


def expect_range(value: Plain, low: float, high: float, *, atol: float = 1e-4, what: str = "", hint: str = "") -> None:
    """Expect all numbers to be finite and to lie in [low, high], give or take `atol`.

    The tolerance is there for images: resizing in float32 takes pixels up to 3e-5 beyond [0, 1], and is right.
    """
    numbers = as_numbers(value)
    words = f"values in [{number(low)}, {number(high)}]"
    if numbers is None or not numbers.size:
        raise Failed(_about(what, words), in_words(value), hint)
    if not np.isfinite(numbers).all():
        raise Failed(_about(what, words), "values that are not finite", hint)
    if numbers.min() < low - atol or numbers.max() > high + atol:
        raise Failed(_about(what, words), f"values in [{number(numbers.min())}, {number(numbers.max())}]", hint)


def expect_between(value: Plain, low: float, high: float, *, what: str = "", hint: str = "") -> None:
    """Expect one number in [low, high]."""
    numbers = as_numbers(value)
    good = numbers is not None and numbers.size == 1 and low <= numbers.item() <= high
    if not good:
        raise Failed(_about(what, f"a number from {number(low)} to {number(high)}"), in_words(value), hint)


def expect_length(value: Plain, length: int, *, what: str = "", hint: str = "") -> None:
    """Expect a list, a text or an array to have this many items."""
    value = _unboxed(value)
    if not isinstance(value, (list, tuple, str, dict, np.ndarray)):
        raise Failed(_about(what, plural(length, "item")), in_words(value), hint)
    found = value.shape[0] if isinstance(value, np.ndarray) else len(value)
    if found != length:
        raise Failed(_about(what, plural(length, "item")), plural(found, "item"), hint)


def expect_raises(
    function: Function, *args: Plain, errors: Sequence[str] = ("ValueError",), when: str = "", hint: str = ""
) -> None:
    """Expect the learner's function to raise one of these exceptions when it is called with these arguments."""
    words = f"`{function.name}` to raise {' or '.join(errors)}{f' {when}' if when else ''}"
    try:
        value = function.attempt(*args)
    except Refused as error:
        if error.type_name in errors:
            return
        raise Failed(words, f"{quote(error.type_name)}: {quote(error.text)}", hint) from None
    raise Failed(words, f"it returned {in_words(value)}", hint)


# --- trusted comparisons ----------------------------------------------------------------------------------------------


def equal(found: Plain, expected: Plain) -> bool:
    """Return whether two plain values are equal; a list, a tuple and an array of the same items are."""
    if isinstance(found, Opaque) or isinstance(expected, Opaque):
        return False
    found, expected = _unboxed(found), _unboxed(expected)
    if isinstance(expected, dict) or isinstance(found, dict):
        if not (isinstance(expected, dict) and isinstance(found, dict)) or len(found) != len(expected):
            return False
        return all(key in found and equal(found[key], item) for key, item in expected.items())
    sequences = (list, tuple, np.ndarray)
    if isinstance(found, sequences) or isinstance(expected, sequences):
        if not (isinstance(found, sequences) and isinstance(expected, sequences)):
            return False
        if isinstance(found, np.ndarray) and isinstance(expected, np.ndarray):
            comparable = (found.dtype.kind == "U") == (expected.dtype.kind == "U")
            return found.shape == expected.shape and comparable and bool(np.all(found == expected))
        return len(found) == len(expected) and all(map(equal, found, expected))
    if isinstance(found, str) or isinstance(expected, str):
        return isinstance(found, str) and isinstance(expected, str) and str(found) == str(expected)
    return bool(found == expected)


def _unboxed(value: Plain) -> Plain:
    return value[()] if isinstance(value, np.ndarray) and not value.ndim else value


def _about(what: str, words: str) -> str:
    return f"{what}: {words}" if what else words


def _difference(found: Plain, expected: Plain, wrong: np.ndarray | None = None) -> str:
    """Describe what was found, and for arrays of the same shape the first place where it differs."""
    got, wanted = as_numbers(found), as_numbers(expected)
    if got is None or wanted is None or got.shape != wanted.shape or got.ndim == 0 or got.size <= 8:
        return in_words(found)
    wrong = np.asarray(got != wanted) if wrong is None else wrong
    place = tuple(int(index) for index in np.argwhere(wrong)[0])
    return (
        f"{plural(int(wrong.sum()), 'element')} of {number(got.size)} different, the first at {list(place)}: "
        f"{number(got[place])} instead of {number(wanted[place])}"
    )
