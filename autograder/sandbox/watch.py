"""Looks at a submission's processes from outside: how many there are, and how much memory they hold."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Usage:
    """What a submission's processes use now.

    Attributes:
        processes: processes and threads.
        resident: bytes of memory, pages that several of them share counted for each.
    """

    processes: int
    resident: int


def pid_of(pidfd: int) -> int:
    """Return the process number, as seen here, of the process behind a handle; -1 once it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/self/fdinfo/{pidfd}").read_text().splitlines():
            if line.startswith("Pid:"):
                return int(line.split()[1])
    return -1


def processes_below(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found, new = [], [pid]
    while new:
        current = new.pop()
        found.append(current)
        with suppress(OSError):
            for task in Path(f"/proc/{current}/task").iterdir():
                with suppress(OSError):
                    new += map(int, (task / "children").read_text().split())
    return found


def usage(pids: list[int]) -> Usage:
    """Return what these processes use together."""
    threads = resident = 0
    for pid in pids:
        with suppress(OSError, IndexError, ValueError):
            threads += sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())
            resident += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return Usage(threads, resident)


def proportional_memory(pids: list[int]) -> int:
    """Return the bytes of memory these processes hold, a page that n processes share counted as 1/n of a page each."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        except (OSError, ValueError, IndexError):
            with suppress(OSError, IndexError, ValueError):  # not ours to see in detail: count it in full
                total += int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    return total
