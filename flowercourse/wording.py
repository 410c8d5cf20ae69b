"""Sentences made from numbers, which read well for none, for one and for many.

Pages and reports are built on whatever data there is, so that nobody reads each of their sentences before a learner
does. What they say of counts and of chance is said here.
"""

from __future__ import annotations

from collections.abc import Iterable

from flowercourse.paired import LEVEL, mcnemar


def count(number: int, one: str, many: str = "") -> str:
    """Return how many there are, with the noun in its right form.

    Args:
        number: At least 0.
        one: The noun for one of them.
        many: The noun for none and for several; `one` with an "s" where it is left out.

    >>> count(0, "picture"), count(1, "picture"), count(1200, "picture"), count(2, "loss", "losses")
    ('no pictures', '1 picture', '1,200 pictures', '2 losses')
    """
    noun = one if number == 1 else many or one + "s"
    return f"{number:,} {noun}" if number else f"no {noun}"


def are(number: int) -> str:
    """Return "is" for one, and "are" for none and for several."""
    return "is" if number == 1 else "are"


def listed(items: Iterable[object]) -> str:
    """Return items as a sentence lists them.

    >>> listed([0.1]), listed([0.1, 0.3]), listed([0.1, 0.3, 1])
    ('0.1', '0.1 and 0.3', '0.1, 0.3 and 1')
    """
    *before, last = map(str, items)
    return f"{', '.join(before)} and {last}" if before else last


def p_value(p: float) -> str:
    """Return a p-value as it stands in parentheses, on the side of `flowercourse.paired.LEVEL` on which it is.

    Args:
        p: A probability in [0, 1].

    >>> p_value(0.0321), p_value(0.04999), p_value(1.0), p_value(3e-9)
    ('p = 0.032', 'p = 0.04999', 'p = 1', 'p < 0.001')
    """
    if p < 0.001:
        return "p < 0.001"
    for digits in range(2, 18):
        text = f"{p:.{digits}g}"
        if (float(text) < LEVEL) == (p < LEVEL):
            break
    return f"p = {text}"


def won_and_lost(won: int, lost: int, noun: str = "picture") -> str:
    """Say what two classifiers' answers to the same pictures show, by McNemar's exact test.

    Args:
        won: How many only the second one gets right, at least 0.
        lost: How many only the first one gets right, at least 0.
        noun: What was counted, in the singular.

    Returns:
        Two sentences, or one where nothing was won or lost.

    >>> won_and_lost(25, 5)
    '25 pictures were won and 5 were lost. That is more than chance explains (p < 0.001).'
    >>> won_and_lost(2, 3)
    '2 pictures were won and 3 were lost. Chance alone can explain that (p = 1).'
    >>> won_and_lost(0, 0)
    'No picture was won or lost.'
    """
    if not won and not lost:
        return f"No {noun} was won or lost."
    first = f"{won:,} {noun}s were won" if won > 1 else f"{'1' if won else 'No'} {noun} was won"
    then = f"{lost:,} were lost" if lost > 1 else f"{'1' if lost else 'none'} was lost"
    p = mcnemar(lost, won)
    verdict = "That is more than chance explains" if p < LEVEL else "Chance alone can explain that"
    return f"{first} and {then}. {verdict} ({p_value(p)})."
