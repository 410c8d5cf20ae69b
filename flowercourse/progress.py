"""Progress bars: one line that says what is done, how fast, and how long it will take still.

Features, MobileNet V2:  45 % |████████▌          | 540 of 1,200 pictures, 158 a second, 5 s left
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from tqdm import tqdm

LINE_EVERY_S = 60.0
"""How often a line is written where there is no terminal on which a bar could move."""
_BAR = "{desc}: {percentage:3.0f} % |{bar}| {counted}{speed}{left}{postfix}"
_LINE = "{desc}: {counted}{speed}{left}{postfix}"
_SHORTEST_BAR = 8


class _Bar(tqdm):
    even = True

    @property
    def format_dict(self) -> dict[str, Any]:
        """Return what a bar's text is made of."""
        known = super().format_dict
        done, total = known["n"], known["total"] or 0
        rate = known["rate"] or (done / known["elapsed"] if known["elapsed"] else 0.0) if self.even else 0.0
        words = {
            "counted": f"{done:,} of {total:,} {known['unit']}" if total else "",
            "speed": f", {pace(rate)}" if rate else "",
            "left": f", {duration((total - done) / rate)} left" if rate and done < total else "",
        }
        if known["ncols"] and known["bar_format"] == _BAR:
            known["bar_format"] = _make_fit(words, known["ncols"] - 1 - len(f"{known['prefix']}: "))
        return known | words


class _Lines:
    """What tqdm writes to: each state of the bar becomes a line of its own."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> None:
        """Write a line; nothing for what only moves or clears a bar."""
        if line := text.strip():
            self.stream.write(f"{line}\n")

    def flush(self) -> None:
        """Pass it on."""
        self.stream.flush()


def _make_fit(words: dict[str, str], width: int) -> str:
    """Return the format for a line that is ``width`` wide, without what it has no room for: tqdm would cut a word."""
    if sum(map(len, words.values())) + len("100 % || ") + _SHORTEST_BAR <= width:
        return _BAR
    for name in ("speed", "left"):
        if sum(map(len, words.values())) > width:
            words[name] = ""
    return _LINE


def progress_bar(
    doing: str,
    unit: str,
    *,
    total: int | None,
    of: Iterable[Any] | None = None,
    shown: bool | None = None,
    even: bool = True,
) -> tqdm[Any]:
    """Return a progress bar on stderr, which vanishes at its end; as a context, or to loop over.

    Args:
        doing: What is being done: "Features, MobileNet V2".
        unit: What is counted, in the plural: "pictures".
        total: How many there are; None where that is said later, as the bar's `total`.
        of: What to loop over; None where `update` is called instead.
        shown: None: on a terminal only. True: also in a log, as a line a minute from the first minute on. False: not
            at all.
        even: Whether one takes about as long as the next, so that a speed and a time left say something.
    """
    options: dict[str, Any] = {"total": total, "desc": doing, "unit": unit, "leave": False}
    if sys.stderr is not None and sys.stderr.isatty():
        made = _Bar(of, **options, bar_format=_BAR, dynamic_ncols=True, file=sys.stderr, disable=shown is False)
    else:
        options |= {"bar_format": _LINE, "delay": LINE_EVERY_S, "mininterval": LINE_EVERY_S, "miniters": 1}
        made = _Bar(of, **options, file=_Lines(sys.stderr), disable=not shown)
    made.even = even
    return made


def pace(rate: float) -> str:
    """Return how many there are in a second, or in a unit of time that is long enough for one or more.

    >>> pace(158.2), pace(1.53), pace(0.2), pace(0.004)
    ('158 a second', '1.5 a second', '12 a minute', '14 an hour')
    """
    seconds, unit = (1, "a second") if rate >= 1 else (60, "a minute") if 60 * rate >= 1 else (3600, "an hour")
    count = rate * seconds
    return f"{count:.1f} {unit}" if count < 9.95 else f"{count:,.0f} {unit}"


def duration(seconds: float) -> str:
    """Return a time as people say it, rounded up, so that it is never over before its end.

    >>> duration(3.2), duration(75), duration(600), duration(8000)
    ('4 s', '2 min', '10 min', '2 h 14 min')
    """
    if seconds < 60:
        return f"{math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
