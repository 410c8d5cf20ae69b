"""Keeps the limits that the operating system does not keep by itself, from outside and without asking anybody."""

from __future__ import annotations

import fcntl
import os
import select
import signal
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from autograder.sandbox import watch
from autograder.sandbox.capture import Outputs
from autograder.sandbox.clock import Clock
from autograder.sandbox.control_group import ControlGroup
from autograder.sandbox.limits import MIB, Limits

INTERVAL_S = 0.05
PIPE_BYTES = 1024 * 1024
SPARE_PROCESSES = 32
"""Above the limit before the submission is ended: where the operating system keeps the limit, it is never reached."""
MOST_PROCESSES = 64
"""Without their threads. Each has buffers of its own (sockets, pipes) that count as nobody's memory."""


class Supervisor:
    """A thread that drains what is printed, watches memory and processes, and ends the submission where it must.

    Args:
        handles: pidfds of the kernel and of init.
        pipes: read ends of the kernel's stdout and stderr.
        outputs: where to put what arrives there.
        limits: what the submission may use.
        group: its control group, where there is one.
    """

    def __init__(
        self,
        handles: list[int],
        pipes: tuple[int, int],
        outputs: Outputs,
        limits: Limits,
        group: ControlGroup | None = None,
    ) -> None:
        self.group = group
        self.handles, self.pipes, self.outputs, self.limits = list(handles), pipes, outputs, limits
        self.death: Any = ""
        self.peak_bytes = 0
        self.lock = threading.RLock()
        self.open_pipes = {pipes[0]: "stdout", pipes[1]: "stderr"}
        for fd in pipes:
            os.set_blocking(fd, False)
            with suppress(OSError):
                fcntl.fcntl(fd, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        self.clock = Clock()
        self.init_pid = watch.pid_of(handles[1])
        self.floor = floor_of(watch.machine_memory())
        self.sockets_before = watch.socket_memory(self.init_pid)
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def drain(self) -> None:
        """Take in what has been printed up to now."""
        with self.lock:
            for fd, name in list(self.open_pipes.items()):
                for _ in range(16):  # a flood never keeps anybody here
                    try:
                        data = os.read(fd, PIPE_BYTES)
                    except BlockingIOError:
                        break
                    except OSError:
                        data = b""
                    if not data:
                        del self.open_pipes[fd]
                        break
                    self.outputs.text(name, data)

    def finish_outputs(self) -> tuple[Mapping[str, Any], ...]:
        """Return what the cell that has just ended showed."""
        with self.lock:
            self.drain()
            return self.outputs.finish()

    def kill(self, why: str) -> None:
        """End all processes of the submission, now; the first reason is the one that counts."""
        with self.lock:
            if why == "crashed" and self.group is not None and self.group.ran_out_of_memory:
                why = "out_of_memory"
            self.death = self.death or why
            self._end_all()

    def interrupt(self) -> None:
        """Ask what the kernel runs to stop."""
        with self.lock, suppress(OSError):
            for kernel in self.handles[:1]:
                signal.pidfd_send_signal(kernel, signal.SIGINT)

    def stop(self) -> None:
        """End all processes, and stop watching."""
        self.ending.set()
        with self.lock:
            self._end_all()
        self.thread.join(timeout=10)
        with self.lock:
            open_fds = (*self.pipes, *self.handles)
            self.open_pipes.clear()
            self.handles.clear()  # their numbers may be another's at once: no signal and no read after this
            for fd in open_fds:
                with suppress(OSError):
                    os.close(fd)

    def _end_all(self) -> None:
        for handle in reversed(self.handles):
            with suppress(OSError):
                signal.pidfd_send_signal(handle, signal.SIGKILL)

    def _watch(self) -> None:
        try:
            self._watch_until_it_ends()
        except Exception:  # unwatched, a submission could do what it likes
            self.kill("crashed")
            raise

    def _watch_until_it_ends(self) -> None:
        next_look = 0.0
        while not self.ending.is_set():
            poller = select.poll()
            for fd in (*self.open_pipes, self.handles[0]):
                poller.register(fd, select.POLLIN)
            events = poller.poll(INTERVAL_S * 1000)
            if self.ending.is_set():
                return
            self.drain()
            if any(fd == self.handles[0] for fd, _ in events):
                self.kill("crashed")
                return
            if time.monotonic() >= next_look:
                self._look()
                next_look = time.monotonic() + INTERVAL_S

    def _look(self) -> None:
        self.clock.look(watch.pid_of(self.handles[0]))
        pids = watch.processes_below(self.init_pid)
        used = watch.usage(pids)
        if used.processes > self.limits.processes + SPARE_PROCESSES or len(pids) > MOST_PROCESSES:
            self.kill("too_many_processes")
        watch.give_way(pids[self.limits.full_speed_processes :])
        allowed = self.limits.memory_mb * MIB
        sockets = max(0, watch.socket_memory(self.init_pid) - self.sockets_before)
        resident = held = used.resident + sockets
        if held > allowed:
            held = watch.proportional_memory(pids) + sockets
        self.peak_bytes = max(self.peak_bytes, min(held, resident))
        if held > allowed:
            self.kill("out_of_memory")
        # However memory was hidden, the machine misses it. Those that hold much go first.
        elif watch.machine_memory().available < self.floor / (1 if held > allowed / 2 else 2):
            self.kill("machine_full")


def floor_of(memory: watch.Memory) -> int:
    """Return the bytes of available memory below which submissions are ended before the system ends anything.

    A thirty-third of the machine's, from 128 MiB to 1 GiB; where little is there from the start, half of that.
    """
    return min(max(memory.total // 33, 128 * MIB), 1024 * MIB, memory.available // 2)
