"""A control group for each submission (Linux, version 2), where this system lets us make them.

What a control group is charged for, no process in it can hide: pages of files in memory, page tables, buffers of
sockets and pipes. The system keeps to its limits by itself, between two looks of the `supervisor` as well. See
https://docs.kernel.org/admin-guide/cgroup-v2.html for the files that are read and written here.

Groups are made below the nearest group around this process that we may write to and that hands memory on to those below
it. That is one of root's, of a user's session, or of a container to which the system's groups were given.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import psutil

from autograder.sandbox.limits import MIB, Limits

PREFIX = "autograder-"
GRADERS = f"{PREFIX}graders"
"""Where the graders go if theirs is the only group: one that holds processes cannot limit groups below it."""

_CONTROLLERS = ("memory", "pids", "cpu")  # the first is what this is about; the others are used where they are there
_TRIAL = Limits(memory_mb=24, disk_mb=8)
_BOMB = "import sys; sys.stdin.readline(); x = bytearray(b'x') * (64 * 2**20); print(len(x))"


class Unavailable(Exception):
    """No control groups can be made here; the text says why."""


class ControlGroup:
    """The group of one submission.

    Memory is limited to what its processes and its file system may take together, the latter being in memory, too.
    Groups side by side get equal shares of the processors, however many processes each has.

    Args:
        place: the group below which to make it, from `place`.
        limits: what the submission may use.
        pids: the processes to take in.

    Raises:
        OSError: the system refuses.
    """

    def __init__(self, place: Path, limits: Limits, pids: Iterable[int] = ()) -> None:
        self.path = place / f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
        self.path.mkdir()
        try:
            self._set("memory.max", (limits.memory_mb + limits.disk_mb) * MIB)
            self._set("memory.oom.group", 1)
            for name, value in (("memory.swap.max", 0), ("pids.max", limits.processes + 1)):  # one more: init
                with suppress(FileNotFoundError):  # a system without swap, or a place without this controller
                    self._set(name, value)
            for pid in pids:
                self.add(pid)
        except BaseException:
            self.close()
            raise

    def _set(self, name: str, value: int) -> None:
        _write(self.path / name, str(value))

    def add(self, pid: int) -> None:
        """Take in a process, with all that it starts from now on."""
        self._set("cgroup.procs", pid)

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether the system has ended processes here because they wanted more memory than allowed."""
        with suppress(OSError, ValueError):
            events = dict(line.split() for line in (self.path / "memory.events").read_text().splitlines())
            return int(events.get("oom_kill", 0)) > 0
        return False

    def close(self, timeout_s: float = 5.0) -> None:
        """End whatever is left in it, and remove it; what cannot be removed now is left to a later run."""
        deadline = time.monotonic() + timeout_s
        while True:
            with suppress(OSError):
                self._set("cgroup.kill", 1)
            try:
                return self.path.rmdir()
            except FileNotFoundError:
                return None
            except OSError:  # a process that was killed is still on its way out
                if time.monotonic() > deadline:
                    return None
                time.sleep(0.005)


def _write(path: Path, text: str) -> None:
    # Never creates: in this file system a file is there or is not to be had.
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def place() -> Path | None:
    """Return where submissions' groups can be made, having seen one stop a process; None where they cannot."""
    return _tried_once(os.getpid())[0]


def problem() -> str:
    """Return why submissions get no groups here; empty where they do."""
    return _tried_once(os.getpid())[1]


@lru_cache(maxsize=1)
def _tried_once(pid: int) -> tuple[Path | None, str]:
    """Return `place` and `problem`; `pid` so that a fork finds out for itself."""
    try:
        top, own = _groups()
        found = _nearest(top, own) or _made_usable(own)
        _remove_abandoned(found)
        _see_it_stop_a_process(found)
    except Unavailable as unavailable:
        return None, str(unavailable)
    except OSError as error:
        return None, f"the system refuses: {error}"
    return found, ""


def _groups(proc: Path = Path("/proc/self")) -> tuple[Path, Path]:
    """Return the outermost group that can be seen, and the one that this process is in."""
    mounts = [line.split() for line in (proc / "mountinfo").read_text().splitlines()]
    mounted = [(fields[3], fields[4]) for fields in mounts if fields[fields.index("-") + 1] == "cgroup2"]
    if not mounted:
        raise Unavailable("version 2 of control groups is not mounted")
    root, top = mounted[0]
    lines = (proc / "cgroup").read_text().splitlines()
    path = next((line.removeprefix("0::") for line in lines if line.startswith("0::")), "")
    if ".." in path.split("/") or not f"{path.rstrip('/')}/".startswith(f"{root.rstrip('/')}/"):
        raise Unavailable("this process's group lies outside of those that are mounted")
    own = Path(top, os.path.relpath(path, root))
    if "memory" not in _words(Path(top) / "cgroup.controllers"):
        raise Unavailable("memory is not counted by version 2 of control groups here")
    return Path(top), own


def _words(path: Path) -> list[str]:
    with suppress(OSError):
        return path.read_text().split()
    return []


def _nearest(top: Path, own: Path) -> Path | None:
    """Return the nearest group, from our own outwards, below which groups with a limit on memory can be made."""
    for group in (own, *own.parents):
        if os.access(group, os.W_OK) and "memory" in _words(group / "cgroup.subtree_control"):
            return group
        if group == top:
            break
    return None


def _made_usable(own: Path) -> Path:
    """Let our own group limit those below it, and return it.

    A group that was given to us alone (`systemd-run --scope -p Delegate=yes`, a container) holds us and our relatives.
    They move into a group below it first.
    """
    offered = [name for name in _CONTROLLERS if name in _words(own / "cgroup.controllers")]
    if not os.access(own, os.W_OK) or "memory" not in offered:
        raise Unavailable(f"this user may make no control groups at {own}")
    try:
        _hand_on(own, offered)
    except OSError:  # it holds processes, and is not the machine's outermost group
        _move_relatives(own, own / GRADERS)
        _hand_on(own, offered)
    return own


def _hand_on(group: Path, controllers: list[str]) -> None:
    _write(group / "cgroup.subtree_control", " ".join(f"+{name}" for name in controllers))


def _move_relatives(group: Path, to: Path) -> None:
    """Move the processes of a group into another one, if they all descend from one of ours."""
    members = {int(pid) for pid in _words(group / "cgroup.procs")}
    ours = psutil.Process()
    oldest = [ours, *(parent for parent in ours.parents() if parent.pid in members)][-1]
    strangers = members - {oldest.pid, *(child.pid for child in oldest.children(recursive=True))}
    if strangers:
        raise Unavailable(f"others work in this process's group ({group}), too")
    to.mkdir(exist_ok=True)
    for pid in members:
        with suppress(ProcessLookupError):  # it has ended meanwhile
            _write(to / "cgroup.procs", str(pid))


def _remove_abandoned(found: Path) -> None:
    """Remove groups of processes that have ended without removing them. One that holds a process cannot be removed."""
    for path in found.glob(f"{PREFIX}*-*"):
        owner = path.name.removeprefix(PREFIX).split("-")[0]
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            with suppress(OSError):
                path.rmdir()


def _see_it_stop_a_process(found: Path) -> None:
    group = ControlGroup(found, _TRIAL)
    try:
        command = [sys.executable, "-S", "-c", _BOMB]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as bomb:
            group.add(bomb.pid)
            bomb.communicate(b"\n", timeout=20)
        if not group.ran_out_of_memory or bomb.returncode == 0:
            raise Unavailable("a control group did not stop a process at its limit")
    finally:
        group.close()
