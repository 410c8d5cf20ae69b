"""A bound on what a worker's own process takes while it judges a learner's answers.

Messages have a size, and what is made of them is bounded where it is made (`autograder.checking.numbers`). This is for
what nobody thought of: then the one allocation fails, as `MemoryError`, and costs the point that it was made for,
before the machine runs out and ends whoever is next.
"""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOM = 2 * 2**30
"""Bytes that judging a submission may take beside what the worker holds: several messages, and arrays made of them."""


@contextmanager
def at_most(more: int) -> Iterator[None]:
    """Let this process's data grow by so many bytes and no further. Where no limit can be set, do nothing.

    Only the soft limit is set, so a process that it starts meanwhile may raise it again (`checking.secret_pictures`).
    """
    held = _held()
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = held + more
    if not held or (soft != resource.RLIM_INFINITY and soft <= wanted):
        yield
        return
    resource.setrlimit(resource.RLIMIT_DATA, (wanted, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _held() -> int:
    """Return the bytes of this process's private writable memory, which is what the system counts; 0 if not known."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    return next((1024 * int(line.split()[1]) for line in lines if line.startswith("VmData:")), 0)
