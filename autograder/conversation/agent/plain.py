"""Turning a learner's values into plain data."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from autograder.conversation.protocol import Opaque, Plain

MAX_TEXT = 500


class WrongType(Exception):
    """The value is of another type than the request is about. The text says which was expected."""


class NotPlain(Exception):
    """The value cannot be sent as data."""


def type_name(value: Any) -> str:
    """Return the name of the value's type as people say it: `Tensor`, not `EagerTensor`."""
    name = type(value).__name__
    return {"EagerTensor": "Tensor", "ResourceVariable": "Variable"}.get(name, name)[:100]


def short_text(error: BaseException) -> str:
    """Return an exception's message in at most 500 characters; for a missing name, the name."""
    try:
        text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    except Exception:
        return ""
    text = _without_traces(text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 2] + " …"


def _without_traces(text: str) -> str:
    """Return the message without what TensorFlow and Keras put around it: stack traces, nodes of graphs, tensors."""
    text = re.sub(r"\{\{function_node [^}]*\}\} ?", "", text)
    text = re.sub(r" \[Op:\w{1,60}\](?: name:.{0,60})?$", "", text)
    if "in user code:" in text or text.startswith("Exception encountered when calling"):
        paragraphs = re.split(r"\n\s*\n", re.split(r"\n\s*Call arguments received by", text)[0])
        text = next((one.strip() for one in reversed(paragraphs) if one.strip()), text)
        return re.sub(r"^\w*(Error|Exception): ", "", text)
    if text.startswith("Graph execution error"):
        noise = ("Graph execution error", "Detected at node", "Node:", "File ", "<stack traces", "[[{{node")
        lines = [line.strip() for line in text.splitlines()]
        return "\n".join(line for line in lines if line and not line.startswith(noise)) or text
    return text


def plain(value: Any, depth: int = 0) -> Plain:
    """Return the value as plain data, tensors as arrays, and whatever is no data as `Opaque`."""
    if value is None or type(value) in (bool, int, float, str, bytes):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return array(value)
    if is_tensor(value):
        return array(value.numpy())
    if depth > 10:
        return Opaque(type_name(value))
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, (list, tuple)):
        items = [plain(item, depth + 1) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    if isinstance(value, Mapping):
        return {_key(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, Set):
        return [plain(item, depth + 1) for item in sorted(value, key=repr)]
    if isinstance(value, range):
        return list(value[:100_000])
    if isinstance(value, pathlib.PurePath):
        return str(value)
    if hasattr(value, "to_numpy"):  # a column or a table of pandas
        return array(value.to_numpy())
    if type(value).__name__ == "RaggedTensor":
        return plain(value.to_list(), depth + 1)
    return Opaque(type_name(value))


def is_tensor(value: Any) -> bool:
    """Return whether the value is a tensor or variable that has a value (and is no model or layer)."""
    module = type(value).__module__.partition(".")[0]
    return module in ("tensorflow", "tf_keras", "keras") and hasattr(value, "numpy") and hasattr(value, "dtype")


def array(value: Any) -> Plain:
    """Return an array of numbers, booleans or text; arrays of anything else are `Opaque`."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    found = np.asarray(value)
    if found.dtype.kind in "biu" or found.dtype.str[1:] in ("f2", "f4", "f8"):
        return found
    if found.dtype.kind == "f" or found.dtype.name == "bfloat16":
        return found.astype(np.float64 if found.dtype.itemsize > 4 else np.float32)
    if found.dtype.kind == "U":
        return found if found.ndim else str(found)
    if found.dtype.kind == "S" or (found.dtype.kind == "O" and all(isinstance(i, (str, bytes)) for i in found.flat)):
        texts = [item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in found.flat]
        return np.array(texts, dtype=str).reshape(found.shape) if found.ndim else texts[0]
    return Opaque(f"array of {found.dtype}")


def _key(key: Any) -> Plain:
    if isinstance(key, (np.bool_, np.integer, np.floating)):
        return key.item()
    if key is None or type(key) in (bool, int, float, str):
        return key
    return str(key)[:100]
