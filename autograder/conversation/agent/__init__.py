"""The learner's side of the conversation: answers requests about a namespace with plain data.

An agent runs in the learner's process, so it belongs to the learner: it holds no secret, decides nothing, and nothing
that it says is believed beyond "this is what the learner's code gave". It imports nothing of the checks.

What can be asked (`OPERATIONS`; `target` is `{"root": name or handle, "path": [public attribute, ...]}`):

| operation | fields | answer |
|---|---|---|
| `describe` | target | `type`, `bases`, `callable`, `parameters` |
| `get` | target | `value`, `type` |
| `call` | target, `args`, `kwargs`, `keep`, `seed` | `value`, `type`; with `keep`, `handle` instead of `value` |
| `batches` | target, `count`, `only`, `summary`, `step` | `batches`, `cardinality`, `type`, `is_tuple` |
| `model` | target | layers, parameter counts, shapes, loss, optimizer, metrics |
| `weights` | target, `layer` | `weights`: names, arrays and whether each can be trained |
| `history` | target | `history`, `epochs` |
| `figure` | target | axes with titles, colors, lines, images, legends |
| `pixels` | target | `pixels`: what a figure looks like, small |
| `forget` | | forgets the results kept by handle |

Answers are `{"number": the request's, "answer": {...}}` or `{"number": ..., "error": {"reason", "type", "text"}}`.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import random
from collections.abc import Callable, Mapping
from typing import Any

from autograder.conversation import protocol
from autograder.conversation.agent import batches, construct, figures, models
from autograder.conversation.agent.plain import NotPlain, WrongType, plain, short_text, type_name
from autograder.conversation.protocol import Build, MessageLimits, Plain, ProtocolError

MAX_HANDLES = 256


class Missing(Exception):
    """A name or an attribute that is not there."""


class Raised(Exception):
    """The learner's own code raised; the cause holds what."""


class Agent:
    """Answers requests about a namespace.

    Args:
        namespace: the learner's names, as the notebook's cells see them.
        limits: the most that one answer may hold.
    """

    def __init__(self, namespace: Mapping[str, Any], *, limits: MessageLimits = protocol.LIMITS) -> None:
        self.namespace = namespace
        self.limits = limits
        self.kept: dict[int, Any] = {}
        self.next_handle = 1

    def answer(self, message: bytes) -> bytes:
        """Return the answer to one request, both as protocol messages. Never raises on account of the learner's code.

        Raises:
            KeyboardInterrupt: only when the user interrupts an agent in her own notebook; `serve` answers it.
        """
        number = ""
        try:
            request = protocol.decode(message, self.limits, builds=True)
            number = request["number"]
            with _quiet():
                answer = OPERATIONS[request["op"]](self, request)
            return protocol.encode({"number": number, "answer": answer}, self.limits)
        except Exception as error:  # whatever it is, the asker learns of it as data
            return self._error(number, error)

    def interrupted(self, message: bytes) -> bytes:
        """Return the answer to a request that was interrupted."""
        number = protocol.decode(message, self.limits, builds=True)["number"]
        return self._error(number, KeyboardInterrupt())

    def _error(self, number: str, error: BaseException) -> bytes:
        reason, about = _reason(error)
        text = {"reason": reason, "type": type(about).__name__[:100], "text": short_text(about)}
        return protocol.encode({"number": number, "error": text}, self.limits)

    # --- what a request is about ---

    def find(self, request: Mapping[str, Plain]) -> Any:
        """Return the object that the request's target names."""
        target = request["target"]
        root, path = target["root"], target["path"]
        if isinstance(root, int):
            found = self.kept[root]
        elif root in self.namespace:
            found = self.namespace[root]
        else:
            raise Missing(root)
        for attribute in path:
            if attribute.startswith("_") or not hasattr(found, attribute):
                raise Missing(".".join((str(root), *path)))
            found = getattr(found, attribute)
        return found

    def made(self, value: Plain) -> Any:
        """Return an argument with every `Build` in it made."""
        if isinstance(value, Build):
            if value.kind == "learners":
                return self.find({"target": value.parts})
            return construct.make(value.kind, self.made(value.parts))
        if isinstance(value, (list, tuple)):
            return type(value)(self.made(item) for item in value)
        if isinstance(value, dict):
            return {key: self.made(item) for key, item in value.items()}
        return value

    def keep(self, value: Any) -> int:
        """Return a number by which later requests can name the value."""
        handle, self.next_handle = self.next_handle, self.next_handle + 1
        self.kept[handle] = value
        while len(self.kept) > MAX_HANDLES:
            self.kept.pop(next(iter(self.kept)))
        return handle

    # --- operations ---

    def describe(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Say what kind of thing the target is."""
        found = self.find(request)
        return {
            "type": type_name(found),
            "bases": [base.__name__[:100] for base in type(found).__mro__[:20]],
            "callable": callable(found),
            "parameters": _parameters(found),
        }

    def get(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Give the target as plain data."""
        found = self.find(request)
        return {"value": plain(found), "type": type_name(found)}

    def call(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Call the target with arguments made here; give what it returned, or keep it for later requests."""
        function = self.find(request)
        if not callable(function):
            raise WrongType(f"a function, not {type_name(function)}")
        args, kwargs = self.made(request["args"]), self.made(request["kwargs"])
        if request["seed"] is not None:
            _set_seeds(request["seed"])
        try:
            with figures.collected() as drawn:
                result = function(*args, **kwargs)
        except Exception as error:
            raise Raised from error
        if request["keep"]:
            # A function that draws and returns nothing has made pyplot's current figure.
            result = drawn[-1] if result is None and drawn else result
            return {"handle": self.keep(result), "type": type_name(result)}
        return {"value": plain(result), "type": type_name(result)}

    def batches(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Give the first batches of a data set, a generator or a list."""
        step = request.get("step", 1)
        return self._learners(batches.take, request, request["count"], request["only"], request["summary"], step)

    def model(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Describe a Keras model."""
        return self._learners(models.describe, request)

    def weights(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Give the weights of one of a model's layers."""
        return self._learners(models.weights, request, request["layer"])

    def history(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Give what training recorded."""
        return self._learners(models.history, request)

    def figure(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Give what a figure shows, as data."""
        return self._learners(figures.describe, request)

    def pixels(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Give what a figure looks like."""
        return self._learners(figures.pixels, request)

    def forget(self, request: Mapping[str, Plain]) -> dict[str, Plain]:
        """Forget the results that were kept."""
        self.kept.clear()
        return {}

    def _learners(self, look: Callable[..., Any], request: Mapping[str, Plain], *args: Plain) -> dict[str, Plain]:
        """Look at the target, which may run the learner's code, and say so if that raises."""
        found = self.find(request)
        try:
            return look(found, *args)
        except (WrongType, NotPlain):
            raise
        except Exception as error:
            raise Raised from error


OPERATIONS: dict[str, Callable[[Agent, Mapping[str, Plain]], dict[str, Plain]]] = {
    "describe": Agent.describe,
    "get": Agent.get,
    "call": Agent.call,
    "batches": Agent.batches,
    "model": Agent.model,
    "weights": Agent.weights,
    "history": Agent.history,
    "figure": Agent.figure,
    "pixels": Agent.pixels,
    "forget": Agent.forget,
}


def serve(
    namespace: Mapping[str, Any], read_fd: int, write_fd: int, *, limits: MessageLimits = protocol.LIMITS
) -> None:
    """Answer the requests that arrive on one file descriptor on another one, until the first is closed."""
    agent = Agent(namespace, limits=limits)
    with os.fdopen(read_fd, "rb", closefd=False) as requests, os.fdopen(write_fd, "wb", closefd=False) as replies:
        while len(prefix := requests.read(protocol.PREFIX.size)) == protocol.PREFIX.size:
            message = prefix + requests.read(protocol.body_length(prefix, limits))
            try:
                reply = agent.answer(message)
            except KeyboardInterrupt:  # what runs too long is interrupted from outside; that is an answer too
                reply = agent.interrupted(message)
            replies.write(reply)
            replies.flush()


def _reason(error: BaseException) -> tuple[str, BaseException]:
    """Return why a request could not be answered, and the exception to quote."""
    match error:
        case Missing():
            return "missing", error
        case Raised():
            return "raised", error.__cause__ or error
        case WrongType():
            return "wrong_type", error
        case NotPlain():
            return "not_plain", error
        case protocol.TooLarge():
            return "too_large", error
        case ProtocolError():
            return "not_plain", error
        case KeyboardInterrupt():
            return "interrupted", error
        case KeyError() | TypeError() | ValueError():
            return "bad_request", error
    return "raised", error


def _parameters(found: Any) -> list[str]:
    try:
        return [name[:100] for name in list(inspect.signature(found).parameters)[:50]]
    except (TypeError, ValueError):
        return []


@contextlib.contextmanager
def _quiet():
    """Keep what the learner's code prints while it is checked out of the cell's output."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _set_seeds(seed: int) -> None:
    import numpy as np
    import tensorflow as tf

    random.seed(seed)
    np.random.seed(seed)
    tf.random.set_seed(seed)
