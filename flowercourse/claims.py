"""Claims: what a page's text says that its figures show, held against the numbers that the page has just computed.

A page was written with one data set in mind and is built on another. So a sentence that names a result has its claim in
a cell beside it, ``claims.show("the loss of A turns up again", last > 1.05 * lowest, lowest=lowest, last=last)``. Where
the numbers say otherwise, the reader of a notebook finds a note under the cell, and the build of the site stops.
"""

from __future__ import annotations

import os
import sys

from flowercourse.errors import CourseError

STRICT = "FLOWERCOURSE_CLAIMS"
"""Environment variable: with the value ``strict``, a claim that the numbers don't show is an error."""


class ClaimNotShown(CourseError):
    """A page's text claims what its own numbers do not show."""


def show(claim: str, holds: bool, **numbers: float | str) -> None:
    """Hold a sentence of the text against numbers that the page has just computed; silent where they agree.

    Args:
        claim: The sentence, as short as it can be said.
        holds: Whether the numbers show it.
        numbers: What `holds` was computed from, by name; they are in the message.

    Raises:
        ClaimNotShown: it does not, and ``FLOWERCOURSE_CLAIMS=strict``, as in the build of the site.

    >>> show("ten is more than nine", 10 > 9, ten=10, nine=9)
    """
    if holds:
        return
    measured = ", ".join(
        f"{name} = {value:.4g}" if isinstance(value, (int, float)) else f"{name} = {value}"
        for name, value in numbers.items()
    )
    problem = ClaimNotShown(
        f"The text claims: {claim}",
        f"the numbers computed here do not show it ({measured})",
        "Change the text or the experiment, or read the sentence with these numbers in mind",
    )
    if os.environ.get(STRICT) == "strict":
        raise problem
    print(problem, file=sys.stderr)
