"""The words that a learner reads: what was expected, what was found, and one hint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.checking.cells import FailedCell, known_cause, missing_name, that_was_to_define
from autograder.checking.quoting import quote
from autograder.conversation.protocol import Opaque, Plain
from autograder.conversation.session import Garbled, Gone, Refused, SessionError, TimedOut

RETURN_HINT = "Does the function have a `return`? `print` only shows a value, and gives nothing back."

CALL_HINT = "Call the function: its name, and its arguments in brackets after it."
TEXT_HINT = "A number is asked for, not text: leave out quotation marks, or what turns it into text."
_KEEP_HISTORY_HINT = "`fit` returns what was recorded: `history = model.fit(...)` keeps it."
_OF_WRONG_TYPE = {
    "not NoneType": RETURN_HINT,
    "not function": CALL_HINT,
    "a Keras model, not History": "`fit` returns what was recorded in training. The model is what `fit` was called on.",
    "what model.fit returns, not Sequential": _KEEP_HISTORY_HINT,
    "what model.fit returns, not Functional": _KEEP_HISTORY_HINT,
}
"""Hints for things of another type than asked for, by how the words for that end."""


class Failed(Exception):
    """The learner's work is not what it should be.

    Args:
        expected: what should be there, a phrase: "values in [0, 1]".
        found: what is there instead: "values in [0, 255]".
        hint: where to look, a sentence: "Divide by 255 after resizing."
    """

    def __init__(self, expected: str, found: str = "", hint: str = "") -> None:
        if found in ("None", "a NoneType"):  # a value was due: a mistake easily made is to print it
            hint = RETURN_HINT
        self.expected, self.found, self.hint = expected, found, hint
        super().__init__(self.one_line())

    def one_line(self) -> str:
        """Return the message as a line: "Expected ...; found .... Hint."."""
        text = f"Expected {self.expected}" if self.found else _capitalized(self.expected)
        if self.found:
            text += f"; found {self.found}"
        return f"{text.rstrip('.')}. {self.hint}".strip()

    def lines(self) -> list[str]:
        """Return the message as a block of lines."""
        if not self.found:
            return [self.expected, *([f"hint:     {self.hint}"] if self.hint else [])]
        lines = [f"expected: {self.expected}", f"found:    {self.found}"]
        return lines + ([f"hint:     {self.hint}"] if self.hint else [])


def explain(error: SessionError, name: str, failed: Sequence[FailedCell] = ()) -> Failed:
    """Return what a learner should read when her `name` could not be looked at.

    Args:
        error: what went wrong.
        name: what was asked for.
        failed: the cells of her notebook that have raised so far.
    """
    if isinstance(error, Refused) and (cell := _to_blame(error, name, failed)):
        return Failed(f"`{name.removesuffix('(...)')}` could not be checked: {cell}", hint=cell.hint)
    match error:
        case Refused(reason="missing") if _is_attribute(name) and "." in error.text:
            owner, _, attribute = name.rpartition(".")
            hint = "Return what `fit` returns, not its `.history`." if attribute == "model" else ""
            return Failed(f"`{owner}` should have the attribute `{attribute}`.", hint=hint)
        case Refused(reason="missing"):
            return Failed(
                f"You have not defined `{name}` yet.",
                hint="Run the cell that defines it, then this one again.",
            )
        case Refused(reason="wrong_type"):
            hint = next((hint for ending, hint in _OF_WRONG_TYPE.items() if error.text.endswith(ending)), "")
            return Failed(f"`{name}` should be {quote(error.text).replace('not NoneType', 'not None')}.", hint=hint)
        case Refused(reason="raised", type_name="NotImplementedError"):
            hint = "Write your code in place of the line `raise NotImplementedError()`."
            return Failed(f"`{name.removesuffix('(...)')}` is not written yet.", hint=hint)
        case Refused(reason="raised"):
            said = f": {quote(error.text)}" if error.text else ""
            hint = known_cause(error.type_name, error.text)
            return Failed(f"`{name}` to work", f"it raised {quote(error.type_name)}{said}", hint)
        case Refused(reason="interrupted"):
            return Failed(f"`{name}` was interrupted.")
        case Refused(reason="too_large"):
            return Failed(
                f"a result of `{name}` of ordinary size", f"one that is too large to look at ({quote(error.text)})"
            )
        case Refused():
            return Failed(f"`{name}` could not be looked at ({quote(error.text)}).")
        case TimedOut():
            return Failed(
                f"an answer from `{name}` within {error.seconds:.3g} seconds",
                "none",
                "Is there a loop that never ends?",
            )
        case Gone():
            return Failed("The notebook's process has ended, so this could not be checked.")
        case Garbled():
            return Failed(f"an answer from `{name}`", "something that is no answer")
    return Failed(f"`{name}` could not be looked at.")


def _to_blame(error: Refused, name: str, failed: Sequence[FailedCell]) -> FailedCell | None:
    """Return the failed cell because of which a name, or one that its function uses, is missing."""
    if error.reason == "missing" and not _is_attribute(name):
        return that_was_to_define(name, failed)
    missing = missing_name(error.type_name, error.text) if error.reason == "raised" else ""
    return that_was_to_define(missing, failed) if missing else None


def _is_attribute(name: str) -> bool:
    owner, _, attribute = name.rpartition(".")
    return bool(owner) and attribute.isidentifier()


def in_words(value: Plain) -> str:
    """Describe plain data in a few words: `float32 array of shape (2, 3), values in [0, 255]`."""
    match value:
        case np.ndarray():
            return _array_in_words(value)
        case bool() | np.bool_() | None:
            return str(value)
        case int() | float() | np.integer() | np.floating():
            return number(value)
        case str():
            return f'"{quote(value, 60)}"'
        case bytes():
            return f"{len(value)} bytes"
        case list() | tuple():
            return _items_in_words(value)
        case dict():
            names = ", ".join(in_words(key) for key in list(value)[:6])
            return f"a dictionary with {names}" if value else "an empty dictionary"
        case Opaque():
            return a(quote(value.type_name, 60))
    return a(type(value).__name__)


def number(value: Any) -> str:
    """Return a number as people write it: at most 4 significant digits after the point, integers in full."""
    if isinstance(value, (int, np.integer)):
        return f"{value:,}" if abs(int(value)) < 10**15 else f"{float(value):.4g}"
    value = float(value)
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if value.is_integer() and abs(value) < 10**15 else f"{value:.4g}"


def shape(sizes: Any) -> str:
    """Return a shape as Python writes it; None stands for any size."""
    inner = ", ".join("any" if size is None else str(size) for size in sizes)
    return f"({inner},)" if len(tuple(sizes)) == 1 else f"({inner})"


def plural(count: float, one: str, many: str = "") -> str:
    """Return "1 point", "2 points"."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def a(noun: str) -> str:
    """Return the noun with its article."""
    return f"{'an' if noun[:1].lower() in 'aeiou' and not noun.startswith('uint') else 'a'} {noun}"


def _array_in_words(value: np.ndarray) -> str:
    kind = "text" if value.dtype.kind == "U" else value.dtype.name
    if 0 < value.size <= 8 and value.ndim == 1:
        return f"[{', '.join(in_words(item) for item in value)}]"
    words = f"{a(kind)} array of shape {shape(value.shape)}"
    if value.size and value.dtype.kind in "iuf":
        low, high = value.min(), value.max()  # NaN where there is one
        if not (np.isfinite(low) and np.isfinite(high)):
            finite = value[np.isfinite(value)]
            values = f", values in [{number(finite.min())}, {number(finite.max())}]" if finite.size else ""
            return f"{words}{values}, some of them not finite"
        words += f", values in [{number(low)}, {number(high)}]"
    return words


def _items_in_words(value: list[Plain] | tuple[Plain, ...]) -> str:
    opening, closing = "[]" if isinstance(value, list) else "()"
    if len(value) > 8:
        return f"a {type(value).__name__} of {len(value)} items beginning with {in_words(value[0])}"
    return f"{opening}{', '.join(in_words(item) for item in value)}{closing}"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
