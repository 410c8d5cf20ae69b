"""How many submissions this machine has room for at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import psutil

from autograder.checking.messages import plural
from flowercourse.environment import processors

GIB = 2**30
MEMORY_OF_ONE_GIB = 1.5
"""What a submission to the course's own exercises takes, with the process that judges it; see `benchmarks.grading`."""


@dataclass(frozen=True)
class Machine:
    """What may be used.

    Attributes:
        cores: processors that this process may run on.
        memory: bytes that are free, or will be as soon as somebody asks.
    """

    cores: int
    memory: int

    @property
    def jobs(self) -> int:
        """Return how many submissions fit: as many as there are processors, if there is memory for them."""
        return max(1, min(self.cores, int(self.memory / GIB / MEMORY_OF_ONE_GIB)))

    def __str__(self) -> str:
        return f"{plural(self.cores, 'processor')}, {self.memory / GIB:.1f} GiB of memory are free"


def this_machine(cgroup: Path = Path("/sys/fs/cgroup")) -> Machine:
    """Return what this process may use, its container's limit on memory included."""
    available, left = psutil.virtual_memory().available, _left_in(cgroup)
    return Machine(processors(), available if left is None else min(available, left))


def _left_in(cgroup: Path) -> int | None:
    """Return what a container's limit (version 2) leaves; None where there is no limit."""
    try:
        limit, used = (int((cgroup / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no such files, or the limit is "max"
        return None
    return max(0, limit - used)
