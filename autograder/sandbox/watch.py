"""Looks at a submission's processes from outside: how many there are, and how much memory they hold."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

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


@dataclass(frozen=True)
class Memory:
    """Bytes of memory: `total`, and `available` without taking any from a program."""

    total: int
    available: int


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


def _status(pid: int) -> dict[str, int]:
    """Return the numbers in a process's status; sizes are KiB. Raises OSError if it has ended."""
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text(errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name in ("Threads", "VmRSS", "VmPTE"):
            found[name] = int(value.split()[0])
    return found


def _living_thread(pid: int) -> int:
    """Return a thread that still has the process's memory: where the first one has ended, `/proc` shows none for it."""
    with suppress(OSError, ValueError, IndexError):
        if "VmRSS" in _status(pid):
            return pid
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError, ValueError, IndexError):
                if "VmRSS" in _status(int(task.name)):
                    return int(task.name)
    return pid


def usage(pids: list[int]) -> Usage:
    """Return what these processes use together, the tables of their pages included."""
    threads = resident = 0
    for pid in pids:
        with suppress(OSError, IndexError, ValueError):
            status = _status(pid)
            threads += status.get("Threads", 0)
            if "VmRSS" not in status:
                status = _status(_living_thread(pid))
            resident += (status.get("VmRSS", 0) + status.get("VmPTE", 0)) * 1024
    return Usage(threads, resident)


def proportional_memory(pids: list[int]) -> int:
    """Return the bytes of memory these processes hold, a page that n processes share counted as 1/n of a page each.

    The tables of their pages are included, which each process has for itself.
    """
    total = 0
    for pid in map(_living_thread, pids):
        with suppress(OSError, IndexError, ValueError):
            status = _status(pid)
            total += status.get("VmPTE", 0) * 1024
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
                total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
            except (OSError, ValueError, IndexError):  # not ours to see in detail: count it in full
                total += status.get("VmRSS", 0) * 1024
    return total


def socket_memory(pid: int) -> int:
    """Return the bytes that local sockets in a process's own network may hold; 0 where it shares the machine's.

    A socket takes messages until its buffer is full, and then one more, so each counts as two buffers. What was sent
    and not received counts as nobody's memory, and a socket that is itself in a message is in no process's table.
    """
    with suppress(OSError, ValueError):
        devices = Path(f"/proc/{pid}/net/dev").read_text().splitlines()[2:]
        if [line.split(":")[0].strip() for line in devices] == ["lo"]:
            sockets = len(Path(f"/proc/{pid}/net/unix").read_text(errors="replace").splitlines()) - 1
            return sockets * 2 * int(Path("/proc/sys/net/core/wmem_default").read_text())
    return 0


def machine_memory() -> Memory:
    """Return what the machine as a whole has."""
    found = psutil.virtual_memory()
    return Memory(found.total, found.available)


def give_way(pids: list[int]) -> None:
    """Lower the priority of these processes, all threads included, for good: fifty weigh less than one other."""
    for pid in pids:
        with suppress(OSError):
            for task in Path(f"/proc/{pid}/task").iterdir():
                with suppress(OSError):
                    os.setpriority(os.PRIO_PROCESS, int(task.name), 19)
