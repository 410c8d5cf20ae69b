"""Reading batches from a data set, a generator or a list, never more than asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

import numpy as np

from autograder.conversation.agent.plain import WrongType, is_tensor, plain, type_name
from autograder.conversation.protocol import Plain


def take(source: Any, count: int, only: list[int] | None, summary: bool, step: int = 1) -> dict[str, Plain]:
    """Return the first `count` elements of `source`.

    Args:
        source: a tf.data set, a generator, a list, or a function without parameters that returns one of these.
        count: the most elements to take.
        only: positions of the components to give (`[1]` for labels alone), None for all.
        summary: give each component's shape, dtype and range instead of its values.
        step: of images (4 dimensions), give every `step`-th row and column only.

    Raises:
        WrongType: it cannot be iterated over, or its elements have fewer components than asked for.
    """
    if not isinstance(source, Iterable) or isinstance(source, (str, bytes, Mapping)) or is_tensor(source):
        raise WrongType(f"a data set of batches, not {type_name(source)}")
    taken, is_tuple = [], False
    for element in islice(source, count):
        is_tuple = isinstance(element, (tuple, list, Mapping))
        parts = list(element.values() if isinstance(element, Mapping) else element) if is_tuple else [element]
        if only and max(only) >= len(parts):
            raise WrongType(f"batches of at least {max(only) + 1} parts, such as (images, labels), not of {len(parts)}")
        chosen = parts if only is None else [parts[position] for position in only]
        taken.append([_summary(part) if summary else _thinned(plain(part), step) for part in chosen])
    return {
        "batches": taken,
        "cardinality": _cardinality(source),
        "type": type_name(source),
        "is_tuple": is_tuple,
    }


def _thinned(part: Plain, step: int) -> Plain:
    return part[:, ::step, ::step] if isinstance(part, np.ndarray) and part.ndim == 4 else part


def _summary(part: Any) -> Plain:
    value = plain(part)
    if isinstance(value, (int, float)):
        value = np.asarray(value)
    if not isinstance(value, np.ndarray):
        return {"shape": [], "dtype": type_name(part), "low": None, "high": None}
    numbers = value.size > 0 and value.dtype.kind in "biuf"
    return {
        "shape": list(value.shape),
        "dtype": value.dtype.name,
        "low": float(value.min()) if numbers else None,
        "high": float(value.max()) if numbers else None,
    }


def _cardinality(source: Any) -> int | None:
    """Return how many elements there are; None where nobody can say, -1 where they never end."""
    if hasattr(source, "cardinality"):
        count = int(source.cardinality())
        return None if count == -2 else count
    try:
        return len(source)
    except TypeError:
        return None
