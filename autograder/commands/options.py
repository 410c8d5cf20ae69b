"""What several commands share: kinds of options, and what is said of a name that does not exist."""

from __future__ import annotations

import difflib
import math
from typing import Any

import click


def did_you_mean(name: str, known: list[str]) -> str:
    """Return " Did you mean ...?" for the nearest of ``known``, or nothing.

    >>> did_you_mean("grad", ["grade", "build"])
    " Did you mean 'grade'?"
    """
    near = difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


class Positive(click.FloatRange):
    """A number above 0. Infinity and "not a number" are none, though Python reads them."""

    def __init__(self) -> None:
        super().__init__(min=0, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number that was typed; stops with an explanation where it is none."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number.", param, ctx)
        return number
