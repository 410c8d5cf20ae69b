"""Telling chance from a pattern: whether what a learner's function drew depends on where things stand.

Every limit is one that honest chance exceeds in less than one of a million runs; patterns exceed it many times over.
"""

from __future__ import annotations

import numpy as np

LIMIT = 6.0
"""Standard deviations. Honest chance is further away in two of a billion cases."""
TOGETHER = 0.6
"""Share of a part's positions that may have another one of the part at the same distance behind them."""


def pattern_of_coins(coins: np.ndarray, *others: np.ndarray) -> str:
    """Return what fair coins show that chance does not, in words; "" where they show nothing.

    Args:
        coins: bool (n,), in the order of the positions; n at least 400.
        others: further arrays (n,), numbers or bool, that they should have nothing to do with.
    """
    signs = np.where(coins, 1.0, -1.0)
    count = len(signs)
    for lag in range(1, count // 3):
        if abs(signs[lag:] @ signs[:-lag]) > LIMIT * np.sqrt(count - lag):
            return "neighbors that go together" if lag == 1 else f"a pattern that comes again every {lag} positions"
    return "a choice that follows from something else" if follow(coins, *others) else ""


def follow(coins: np.ndarray, *others: np.ndarray) -> bool:
    """Return whether fair coins go together with one of the other arrays; see `pattern_of_coins`."""
    signs = np.where(coins, 1.0, -1.0)
    spreads = (other.astype(float) - np.mean(other) for other in others)
    return any(abs(signs @ spread) > LIMIT * np.linalg.norm(spread) for spread in spreads)


def pattern_of_part(chosen: np.ndarray, count: int) -> str:
    """Return what a part of all positions shows that chance does not, in words; "" where it shows nothing.

    Args:
        chosen: integers (n,) in [0, count), about a seventh of all; n at least 45.
        count: how many positions there are.
    """
    inside = np.zeros(count, bool)
    inside[chosen] = True
    for lag in range(1, count // 3):
        if np.sum(inside[lag:] & inside[:-lag]) > TOGETHER * len(chosen):
            return "neighbors that stay together" if lag == 1 else f"a pattern that comes again every {lag} positions"
    return ""


def is_shuffled(positions: np.ndarray) -> bool:
    """Return whether positions, integers (n,), n at least 40, do not rise, fall, or go on in equal steps."""
    places = np.arange(len(positions))
    rises = abs(np.corrcoef(places, positions)[0, 1]) * np.sqrt(len(positions)) > LIMIT
    _, steps = np.unique(np.diff(positions), return_counts=True)
    return not rises and steps.max() < 0.3 * len(positions)
