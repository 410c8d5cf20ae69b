"""Imports what notebooks import, once, and forks a child for each submission.

    python -m autograder.sandbox.zygote CONTROL_FD OPTIONS

Runs inside the outer cage, before any learner's code and without any of its data; what learners' code does happens in
children, which cannot see this process (`inner`). So every submission starts as clean as the first, without paying for
TensorFlow's import.

The control socket (SOCK_SEQPACKET, JSON, trusted on both ends) carries

    from here         {"ready": seconds}, once
    from the grader   {"spawn": fields of Inner}, with the descriptors cells, questions, stdout, stderr
    from here         {"ended": serial, "status": exit status}
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.sandbox import inner, kernel, linux


def main(control_fd: int, options: dict[str, Any]) -> None:
    """Serve until the grader closes the control socket."""
    started = time.monotonic()
    control = socket.socket(fileno=control_fd)
    os.set_inheritable(control_fd, False)
    if options["namespaces"]:
        _uncover_proc()
    for name in options["preload"]:
        with contextlib.suppress(ImportError):  # a course without it may do without it
            importlib.import_module(name)
    _prepare_forks()
    control.send(json.dumps({"ready": time.monotonic() - started}).encode())
    Zygote(control, options).serve()


def _uncover_proc() -> None:
    """Remove bubblewrap's covers from /proc: a fresh /proc can be mounted only where none of this one is covered.

    Learners' code gets the fresh one, in which it is no administrator, and never sees this one.
    """
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in reversed([point for point in points if point.startswith("/proc/")]):
        linux.unmount(point)


def _prepare_forks() -> None:
    # What lives now lives as long as the zygote: keep the collector from touching (and so copying) it in every child.
    gc.collect()
    gc.freeze()


class Zygote:
    """Forks children on request and reports their ends."""

    def __init__(self, control: socket.socket, options: dict[str, Any]) -> None:
        self.control = control
        self.options = options
        self.guards: dict[int, tuple[int, inner.Inner]] = {}  # a guard's pidfd: its process, and what it guards

    def serve(self) -> None:
        """Fork and report until the control socket closes."""
        while True:
            poller = select.poll()
            for fd in (self.control.fileno(), *self.guards):
                poller.register(fd, select.POLLIN)
            for fd, _ in poller.poll():
                if fd in self.guards:
                    self._report(fd)
                elif not self._request():
                    return

    def _request(self) -> bool:
        message, fds, _, _ = socket.recv_fds(self.control, 65536, 4, socket.MSG_CMSG_CLOEXEC)
        if not message:
            return False
        spec = inner.Inner(**json.loads(message)["spawn"])
        if not spec.namespaces:
            folder = tempfile.mkdtemp(dir=self.options["notebooks"])
            spec = replace(spec, folder=folder)
            if spec.user:
                os.chown(folder, spec.user, spec.user)
        guard = os.fork()
        if guard == 0:
            self._become_guard(spec, fds)
        for fd in fds:
            os.close(fd)
        self.guards[os.pidfd_open(guard)] = guard, spec
        return True

    def _report(self, pidfd: int) -> None:
        guard, spec = self.guards.pop(pidfd)
        os.close(pidfd)
        status = inner.exit_status(os.waitpid(guard, 0)[1])
        if not spec.namespaces:
            if spec.user:
                _end_all_of(spec.user)
            shutil.rmtree(spec.folder, ignore_errors=True)
        self.control.send(json.dumps({"ended": spec.serial, "status": status}).encode())

    def _become_guard(self, spec: inner.Inner, fds: list[int]) -> None:
        status = 71
        try:
            self.control.close()
            for pidfd in self.guards:
                os.close(pidfd)
            linux.die_with_parent()
            status = inner.run_guard(spec, lambda: start_kernel(fds, self.options), lambda: _close(fds))
        except BaseException as error:
            print(f"cage: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(status)


def _end_all_of(user: int) -> None:
    """End every process of a user's, again and again, until there is none left to start another one."""
    while _has_processes(user):
        killer = os.fork()
        if killer == 0:
            try:
                inner.become(user)
                os.kill(-1, signal.SIGKILL)  # all that this user may signal, which is its own, but for this process
            finally:
                os._exit(0)
        os.waitpid(killer, 0)


def _has_processes(user: int) -> bool:
    for path in Path("/proc").glob("[0-9]*/status"):
        with contextlib.suppress(OSError):
            facts = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
            if facts["Uid"].split()[0] == str(user) and facts["State"].split()[0] not in ("Z", "X"):
                return True
    return False


def _close(fds: list[int]) -> None:
    for fd in fds:
        os.close(fd)


def start_kernel(fds: list[int], options: dict[str, Any]) -> int:
    """Become the learner's kernel; return its exit status."""
    cells, questions, stdout, stderr = fds
    nothing = os.open("/dev/null", os.O_RDONLY)
    for source, target in ((nothing, 0), (stdout, 1), (stderr, 2)):
        os.dup2(source, target)
    for fd in (nothing, stdout, stderr):
        os.close(fd)
    for fd in (cells, questions):
        os.set_inheritable(fd, False)  # a program that the learner's code starts has no business with them
    _introduce(cells)
    linux.restrict_system_calls(network=options["namespaces"])
    return kernel.serve(cells, questions)


def _introduce(cells: int) -> None:
    """Hand the grader what it needs to interrupt and to end this submission: handles on this process and on init."""
    handles = [os.pidfd_open(os.getpid()), os.pidfd_open(os.getppid())]
    with socket.socket(fileno=os.dup(cells)) as channel:
        socket.send_fds(channel, [b"kernel"], handles)
    for handle in handles:
        os.close(handle)


if __name__ == "__main__":
    main(int(sys.argv[1]), json.loads(sys.argv[2]))
