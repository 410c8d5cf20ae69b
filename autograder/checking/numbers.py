"""The one place where plain data that a learner's process sent become arrays, numbers and lists of items.

A message has its limits, but what is made of it may be larger: NumPy gives every text in an array the width of the
longest, and a list of a small array's elements takes forty times its room. So whoever wants an array or a list asks
here, where the size is known before anything is allocated: at most `MOST_BYTES` for an array, `MOST_ITEMS` for a list.
"""

from __future__ import annotations

import numpy as np

from autograder.conversation.protocol import LIMITS, Plain

MOST_BYTES = 8 * LIMITS.array_elements
"""What an array made of a list may take: as many float64 numbers as a message may hold elements."""
MOST_ITEMS = LIMITS.items
"""The most items that a list made of an array may have: as many as a list in a message."""
_NUMBER_BYTES, _WRITTEN_BYTES = 8, 4 * 32  # of a number, and of one that NumPy turns into text beside other texts


def as_numbers(value: Plain) -> np.ndarray | None:
    """Return numbers as an array, whether they came as an array, a number or a list; None for anything else."""
    found = as_array(value)
    return found if found is not None and found.dtype.kind in "biuf" else None


def as_array(value: Plain) -> np.ndarray | None:
    """Return plain data as an array of numbers, truth values or texts; None where it is no such array, or too large."""
    if not isinstance(value, (bool, int, float, str, np.generic, list, tuple, np.ndarray)):
        return None
    if isinstance(value, (list, tuple)) and _bytes_as_array(value) > MOST_BYTES:
        return None
    try:
        found = np.asarray(value)
    except (ValueError, OverflowError, TypeError):  # rows of different lengths, numbers too large
        return None
    return found if found.dtype.kind in "biufU" else None


def as_items(value: Plain) -> list[Plain] | None:
    """Return the items of a list, a tuple or an array (its rows); None for anything else, or too many of them."""
    if isinstance(value, np.ndarray):
        return list(value) if value.ndim and len(value) <= MOST_ITEMS else None
    return list(value) if isinstance(value, (list, tuple)) else None


def _bytes_as_array(items: list[Plain] | tuple[Plain, ...]) -> float:
    """Return the bytes that an array of these items takes at most; infinity where something in it is no element."""
    count, number_bytes, text_bytes = 0, 0, 0
    pending: list[Plain] = [items]
    while pending:
        item = pending.pop()
        if isinstance(item, (list, tuple)):
            pending.extend(item)
        elif isinstance(item, str):
            count, text_bytes = count + 1, max(text_bytes, 4 * len(item))
        elif isinstance(item, (np.ndarray, np.generic)) and item.dtype.kind == "U":
            count, text_bytes = count + item.size, max(text_bytes, item.dtype.itemsize)
        elif isinstance(item, (bool, int, float, np.ndarray, np.generic)):
            count, number_bytes = count + np.size(item), _NUMBER_BYTES
        else:
            return np.inf
    width = max(text_bytes, _WRITTEN_BYTES if text_bytes and number_bytes else number_bytes)
    return count * width
