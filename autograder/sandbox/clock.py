"""A submission's own clock: wall time, less what its process waited for a processor that others were using.

A neighbor that works on every processor makes an honest notebook slow, and would make it late by a clock on the wall.
Linux counts for each thread how long it was ready to run and had to wait (`Documentation/scheduler/sched-stats.rst`,
"time spent waiting on a runqueue"). A submission's limits are measured on a clock that stands still meanwhile.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

SLOWEST = 0.25
"""Seconds of this clock in one of wall time, at the least: a submission that crowds itself out comes to an end, too."""
MOST_THREADS = 64


class Clock:
    """Tells a submission's own time.

    Attributes:
        waited: seconds that its process has waited for a processor, as far as `look` has seen.
    """

    def __init__(self) -> None:
        self.started = self.looked = time.monotonic()
        self.waited = 0.0
        self.known: dict[str, int] = {}

    def __call__(self) -> float:
        """Return seconds, to be compared with each other only; never slower than `SLOWEST` of the wall's."""
        now = time.monotonic()
        return now - min(self.waited, (1 - SLOWEST) * (now - self.started))

    @property
    def crowded_share(self) -> float:
        """The share of wall time since the start, from 0 to 1, that this clock has left out."""
        now = time.monotonic()
        return min(self.waited / max(now - self.started, 1e-3), 1 - SLOWEST)

    def look(self, pid: int) -> None:
        """Take in how long the process's threads have waited since the last look: as long as the one that waited most.

        Threads wait for each other as well, which is why not all of their waiting counts.
        """
        now = time.monotonic()
        before, self.known = self.known, waiting_times(pid)
        grown = (ns - before[thread] for thread, ns in self.known.items() if thread in before)
        self.waited += min(max(grown, default=0) / 1e9, now - self.looked)
        self.looked = now


def waiting_times(pid: int) -> dict[str, int]:
    """Return for each thread of a process, up to 64, the nanoseconds it has waited for a processor; {} if unknown."""
    found: dict[str, int] = {}
    with suppress(OSError, ValueError, IndexError):
        for _, task in zip(range(MOST_THREADS), Path(f"/proc/{pid}/task").iterdir(), strict=False):
            with suppress(OSError):
                found[task.name] = int((task / "schedstat").read_text().split()[1])
    return found
