"""Numbers out of plain data that a learner's process sent."""

from __future__ import annotations

import numpy as np

from autograder.conversation.protocol import Plain


def as_numbers(value: Plain) -> np.ndarray | None:
    """Return numbers as an array, whether they came as an array, a number or a list; None for anything else."""
    found = as_array(value)
    return found if found is not None and found.dtype.kind in "biuf" else None


def as_array(value: Plain) -> np.ndarray | None:
    """Return plain data as an array of numbers, truth values or texts; None where it is no such array."""
    if not isinstance(value, (bool, int, float, str, np.generic, list, tuple, np.ndarray)):
        return None
    try:
        return np.asarray(value)
    except (ValueError, OverflowError, TypeError):  # rows of different lengths, numbers too large
        return None
