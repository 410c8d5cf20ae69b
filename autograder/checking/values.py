"""Kinds of values that a check can ask of a learner's notebook: the annotations of its parameters.

Plain kinds (`Array`, `Scalar`, `Text`, `Sequence_`, `Dictionary`, `Anything`) arrive as plain Python and NumPy. The
others arrive as objects of ours that ask the learner's process when they are used: nothing of the learner's is inside.
Whatever goes wrong on the way becomes `Failed` with words for the learner.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

import numpy as np

from autograder.checking.messages import CALL_HINT, Failed, a, explain, in_words, quote
from autograder.checking.numbers import as_array, as_items, as_numbers
from autograder.conversation.protocol import Opaque, Plain
from autograder.conversation.session import Answer, Garbled, Refused, Session, SessionError, Target

ViewT = TypeVar("ViewT", bound="View")


def ask(session: Session, op: str, target: Target, name: str, **fields: Any) -> Answer:
    """Ask, turning whatever goes wrong into words for the learner."""
    try:
        return session.ask(op, target, **fields)
    except SessionError as error:
        raise explain(error, name, session.failed) from None


# --- plain kinds ------------------------------------------------------------------------------------------------------


class Plainly:
    """How a plain kind is fetched: `convert` returns the value, or None where it is of another kind."""

    def __init__(self, kind: str, convert: Callable[[Plain], Plain]) -> None:
        self.kind, self.convert = kind, convert

    def fetch(self, session: Session, name: str) -> Plain:
        """Return the learner's value of this name.

        Raises:
            Failed: there is none, or it is of another kind.
        """
        answer = ask(session, "get", Target(name), name)
        value = answer.value("value")
        found = self.convert(value)
        if found is None:
            hint = _IN_PLACE_OF.get((type(value), self.kind), "")
            if isinstance(value, Opaque) and value.type_name == "function":
                hint = CALL_HINT
            raise Failed(f"`{name}` to be {a(self.kind)}", in_words(value), hint)
        return found


_IN_PLACE_OF = {
    (np.ndarray, "number"): "One number, not several: of an array of `True` and `False`, `.sum()` counts the `True`.",
    (list, "number"): "One number, not a list of them.",
    (list, "dictionary"): 'A dictionary says what belongs to what: `{"A": "...", "B": "..."}`.',
}
"""Hints for what is easily given in place of a kind, by its type and the kind's name."""


def _array(value: Plain) -> np.ndarray | None:
    return as_array(value) if isinstance(value, (list, tuple, np.ndarray)) else None


def _scalar(value: Plain) -> Plain:
    if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "biuf":
        value = value.reshape(())[()]
    if isinstance(value, np.generic):
        return value.item()
    return value if isinstance(value, (bool, int, float)) else None


ARRAY = Plainly("array", _array)
Array = Annotated[np.ndarray, ARRAY]
Scalar = Annotated[float, Plainly("number", _scalar)]
Text = Annotated[str, Plainly("text", lambda value: value if isinstance(value, str) else None)]
Sequence_ = Annotated[list, Plainly("list", as_items)]
Dictionary = Annotated[dict, Plainly("dictionary", lambda value: value if isinstance(value, dict) else None)]
Anything = Annotated[Any, Plainly("value", lambda value: Opaque("NoneType") if value is None else value)]


# --- views of things that stay in the learner's process ---------------------------------------------------------------


class View:
    """Something in the learner's process: asked for by name, or a result that was kept there.

    Attributes:
        name: what the learner calls it, for messages.
    """

    def __init__(self, session: Session, target: Target, name: str) -> None:
        self.session, self.target, self.name = session, target, name
        self.look()

    @classmethod
    def fetch(cls: type[ViewT], session: Session, name: str) -> ViewT:
        """Return the view of the learner's value of this name, or raise `Failed`."""
        return cls(session, Target(name), name)

    def look(self) -> None:
        """Make sure that it is there and of the right kind, or raise `Failed`."""
        self.ask("describe")

    def ask(self, op: str, **fields: Any) -> Answer:
        """Ask about this thing, turning whatever goes wrong into words for the learner."""
        return ask(self.session, op, self.target, self.name, **fields)

    def attribute(self, name: str, kind: type[ViewT]) -> ViewT:
        """Return the view of a public attribute or method of this thing: `model.attribute("predict", Function)`."""
        target = Target(self.target.root, (*self.target.path, name))
        return kind(self.session, target, f"{self.name}.{name}")


class Function(View):
    """A function of the learner's. Calling it runs it there, on plain data sent, and returns plain data.

    Arguments are plain values, NumPy arrays, and what `autograder.checking.arguments` makes. Tensors come back as
    arrays.

    Attributes:
        parameters: the names of its parameters.
    """

    parameters: list[str]
    seed: int | None = None
    timeout_s: float | None = None

    def look(self) -> None:
        """Make sure that it is callable."""
        answer = self.ask("describe")
        if answer.of_type("callable", bool) is not True:
            raise Failed(f"`{self.name}` to be a function", a(quote(answer.text("type"))))
        self.parameters = [quote(str(name)) for name in answer.of_type("parameters", list)]

    def __call__(self, *args: Plain, **kwargs: Plain) -> Plain:
        """Return what the function returns.

        Raises:
            Failed: it raised, took too long, or returned something that is no data.
        """
        try:
            return self.attempt(*args, **kwargs)
        except SessionError as error:
            raise explain(error, f"{self.name}(...)", self.session.failed) from None

    def attempt(self, *args: Plain, **kwargs: Plain) -> Plain:
        """Return what the function returns, letting through what went wrong.

        Raises:
            Refused: with reason "raised", and the exception's `type_name` and `text`.
            SessionError: it took too long, or its process has ended.
        """
        return self._call(args, kwargs, keep=False).value("value")

    def returning(self, kind: type[ViewT], *args: Plain, **kwargs: Plain) -> ViewT:
        """Call it, keep the result there, and return the view of it: `build.returning(Model, 5)`."""
        name = f"{self.name}(...)"
        try:
            handle = self._call(args, kwargs, keep=True).number("handle")
        except SessionError as error:
            raise explain(error, name, self.session.failed) from None
        return kind(self.session, Target(handle), name)

    def seeded(self, seed: int) -> Function:
        """Return the same function, called with random, NumPy and TensorFlow seeded so."""
        return self._with(seed=seed)

    def within(self, seconds: float) -> Function:
        """Return the same function, given so many seconds for a call instead of the session's limit."""
        return self._with(timeout_s=seconds)

    def _with(self, **settings: Any) -> Function:
        copy = Function.__new__(Function)
        copy.__dict__.update(self.__dict__, **settings)
        return copy

    def _call(self, args: tuple[Plain, ...], kwargs: dict[str, Plain], *, keep: bool) -> Answer:
        fields = {"args": list(args), "kwargs": kwargs, "keep": keep, "seed": self.seed}
        return self.session.ask("call", self.target, timeout_s=self.timeout_s, **fields)


class Batches(View):
    """A tf.data set, a generator or a list of batches; however long it is, only what is asked for is taken."""

    def look(self) -> None:
        """Make sure that it can be iterated over. Takes nothing, so that a generator is not used up."""
        self.ask("batches", count=0, only=[], summary=True)

    def take(self, count: int, *, only: list[int] | None = None, step: int = 1) -> list[tuple[Plain, ...]]:
        """Return up to `count` batches from the beginning, each a tuple of its components, tensors as arrays.

        Args:
            count: the most batches to take.
            only: positions of the components to take: `[1]` gives the labels alone, which is much quicker.
            step: every how many rows and columns of images to take: 8 sends 64 times less.
        """
        answer = self.ask("batches", count=count, only=only, summary=False, step=step)
        return [tuple(_batch(batch)) for batch in answer.of_type("batches", list)[:count]]

    def first(self) -> tuple[Plain, ...]:
        """Return the first batch, or raise `Failed` where there is none."""
        batches = self.take(1)
        if not batches:
            raise Failed(f"`{self.name}` to hold at least one batch", "none")
        return batches[0]

    def images_and_labels(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the first batch's images and labels, of whatever shape, or raise `Failed` where it is no such pair."""
        batch = self.first()
        if len(batch) != 2 or not all(isinstance(part, (np.ndarray, np.generic)) for part in batch):
            found = f"({', '.join(in_words(part) for part in batch)})"
            raise Failed(f"each element of `{self.name}` to be (images, labels)", quote(found))
        return np.asarray(batch[0]), np.asarray(batch[1])

    def labels(self, count: int = 10_000, position: int = 1) -> np.ndarray:
        """Return all labels of up to `count` batches, in order, as one array (n,) of numbers, or raise `Failed`."""
        found = [np.empty(0, int)]
        for batch in self.take(count, only=[position]):
            numbers = as_numbers(batch[0]) if len(batch) == 1 else None
            if numbers is None or numbers.ndim > 1:
                words = in_words(batch[0]) if batch else "none"
                raise Failed(f"the labels of `{self.name}` to be one number a picture", words)
            found.append(np.atleast_1d(numbers))
        return np.concatenate(found[1:] or found)

    def count(self, at_most: int = 10_000) -> int:
        """Return how many batches there are, counted, `at_most` where there are more."""
        return len(self.take(at_most, only=[]))


def _batch(batch: Plain) -> list[Plain]:
    if type(batch) is not list:
        raise Failed("a batch", in_words(batch))
    return batch


Kind = Plainly | type[View]


def kind_of(annotation: Any) -> Kind | None:
    """Return how a parameter with this annotation is fetched; None where the annotation is no kind of value."""
    for extra in getattr(annotation, "__metadata__", ()):
        if isinstance(extra, Plainly):
            return extra
    if isinstance(annotation, type) and issubclass(annotation, View):
        return annotation
    return None


__all__ = [
    "Anything",
    "Array",
    "Batches",
    "Dictionary",
    "Function",
    "Garbled",
    "Refused",
    "Scalar",
    "Sequence_",
    "Text",
    "View",
    "kind_of",
]
