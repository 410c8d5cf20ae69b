"""How many submissions this machine has room for at the same time."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

GIB = 2**30
MEMORY_OF_ONE_GIB = 1.5
"""What a submission to the course's own exercises takes, with the process that judges it; see `benchmarks.grading`."""


@dataclass(frozen=True)
class Machine:
    """What may be used.

    Attributes:
        cores: processors that this process may run on.
        memory: bytes that are free, or will be as soon as somebody asks; None where the system does not say.
    """

    cores: int
    memory: int | None

    @property
    def jobs(self) -> int:
        """Return how many submissions fit: as many as there are processors, if there is memory for them."""
        if self.memory is None:
            return self.cores
        return max(1, min(self.cores, int(self.memory / GIB / MEMORY_OF_ONE_GIB)))

    def __str__(self) -> str:
        memory = "" if self.memory is None else f", {self.memory / GIB:.1f} GiB of memory are free"
        cores = "1 processor" if self.cores == 1 else f"{self.cores} processors"
        return f"{cores}{memory}"


def this_machine(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> Machine:
    """Return what this process may use, its container's limit on memory included."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    free = [_available(proc / "meminfo"), _left_in(cgroup)]
    known = [one for one in free if one is not None]
    return Machine(cores, min(known) if known else None)


def _available(meminfo: Path) -> int | None:
    try:
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _left_in(cgroup: Path) -> int | None:
    """Return what a container's limit (version 2) leaves; None where there is no limit."""
    try:
        limit, used = (int((cgroup / name).read_text()) for name in ("memory.max", "memory.current"))
    except (OSError, ValueError):  # no such files, or the limit is "max"
        return None
    return max(0, limit - used)
