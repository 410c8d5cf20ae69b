"""A Python that has imported the slow packages already, and starts programs at once: by forking itself.

Importing TensorFlow takes a processor seconds, and a page's kernel or a test's program often does little else.

    with WarmPython(["flowercourse", "tensorflow"]) as warm:
        process = warm.start(["-c", "print(6 * 7)"], stdout=file)
        assert process.wait() == 0

What runs there differs from `python -c ...` in this alone: the packages are loaded, from the search path and with the
environment of the moment at which `WarmPython` was made. Linux only (`AVAILABLE`).
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import ModuleType, TracebackType

AVAILABLE = sys.platform == "linux"
"""Elsewhere a process that has loaded as much cannot be forked safely."""


class Process:
    """A program that was started, as far as `subprocess.Popen` is needed of it. It leads a session of its own."""

    stdin = stdout = stderr = None

    def __init__(self, pid: int, status: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._status = status  # where its exit status will be written

    def poll(self) -> int | None:
        """Return its exit status, as `subprocess` gives it; None while it runs."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its exit status.

        Raises:
            subprocess.TimeoutExpired: it runs on after so many seconds.
        """
        if self.returncode is None:
            if not select.select([self._status], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(["warm python"], timeout or 0.0)
            written = os.read(self._status, 16)
            os.close(self._status)
            self.returncode = int(written) if written else -signal.SIGKILL  # whoever knew has been ended
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it, and what it has started, a signal."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class WarmPython:
    """A Python with these modules in it, from which programs are forked.

    Args:
        modules: what it imports, in this order; those that are not installed are left out.
        environment: its environment, which is also that of the programs where they are given none.
    """

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str] = os.environ) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, str(Path(__file__).resolve()), str(theirs.fileno()), *modules]
        path = os.pathsep.join(entry for entry in sys.path if entry)
        self._server = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env={**environment, "PYTHONPATH": path}
        )
        theirs.close()
        self._exchange = threading.Lock()  # threads that start programs wait for one another's answer

    @property
    def pid(self) -> int:
        """Its process, the parent of all that it starts."""
        return self._server.pid

    def start(
        self,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: str | os.PathLike[str] | None = None,
        stdout: int = 1,
        stderr: int = 2,
    ) -> Process:
        """Start a program.

        Args:
            arguments: what would stand after `python` in a command: `-c` and code, `-m` and a module, or a file; and
                the program's own arguments.
            env: its whole environment; None for this Python's.
            cwd: its working directory; None for the present one.
            stdout: descriptor of the file or pipe for what it prints.
            stderr: the same for its errors.
        """
        request = {
            "arguments": list(map(str, arguments)),
            "env": None if env is None else dict(env),
            "cwd": str(cwd or Path.cwd()),
        }
        ours, theirs = os.pipe()
        try:
            # A message may be no longer than a packet, and an environment can be.
            body = json.dumps(request).encode()
            with self._exchange:
                socket.send_fds(self._control, [str(len(body)).encode()], [stdout, stderr, theirs])
                for begin in range(0, len(body), 2**14):
                    self._control.send(body[begin : begin + 2**14])
                pid = int(self._control.recv(32) or 0)
        finally:
            os.close(theirs)
        if not pid:
            os.close(ours)
            raise OSError("the warm Python has ended")
        return Process(pid, ours)

    def close(self) -> None:
        """End it; what it has started goes on."""
        self._control.close()
        self._server.wait()

    def __enter__(self) -> WarmPython:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# --- inside of it -----------------------------------------------------------------------------------------------------


def serve(control: socket.socket) -> list[str] | None:
    """Fork on request until the other side closes, and say how the programs end.

    Returns:
        In a fork, the arguments of the program to run; None at the end.
    """
    running: dict[int, tuple[int, int]] = {}  # by pidfd: the process, and where its exit status is wanted
    while True:
        ready, _, _ = select.select([control, *running], [], [])
        for pidfd in set(ready) & running.keys():
            pid, wanted = running.pop(pidfd)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with suppress(BrokenPipeError):
                os.write(wanted, str(status).encode())
            os.close(wanted)
            os.close(pidfd)
        if control not in ready:
            continue
        length, fds, _, _ = socket.recv_fds(control, 32, 3)
        if not length:
            return None
        body = b""
        while len(body) < int(length):
            body += control.recv(2**14)
        request = json.loads(body)
        pid = os.fork()
        if pid == 0:
            for pidfd, (_, wanted) in running.items():
                os.close(pidfd)
                os.close(wanted)
            control.close()
            return _become(request, fds)
        with suppress(PermissionError, ProcessLookupError):
            os.setpgid(pid, pid)  # before anybody can send it a signal
        control.send(str(pid).encode())
        running[os.pidfd_open(pid)] = pid, fds.pop()
        for fd in fds:
            os.close(fd)


def _become(request: dict, fds: list[int]) -> list[str]:
    """Make this fork the process that was asked for."""
    with suppress(PermissionError):
        os.setpgid(0, 0)
    for number, fd in enumerate(fds[:2], start=1):
        os.dup2(fd, number)
    for fd in fds:
        os.close(fd)
    if request["env"] is not None:
        os.environ.clear()
        os.environ.update(request["env"])
    os.chdir(request["cwd"])
    return request["arguments"]


def run(arguments: list[str]) -> None:
    """Run a program as `python ...` would."""
    kind, *rest = arguments
    if kind == "-c":
        sys.argv = ["-c", *rest[1:]]
        sys.path.insert(0, "")
        main = sys.modules["__main__"] = ModuleType("__main__")
        exec(compile(rest[0], "<string>", "exec"), main.__dict__)  # noqa: S102  it is what `python -c` does
    elif kind == "-m":
        sys.argv = rest
        sys.path.insert(0, str(Path.cwd()))
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        sys.path.insert(0, str(Path(kind).resolve().parent))
        runpy.run_path(kind, run_name="__main__")


def main() -> None:
    """Import, serve, and in each fork run its program."""
    sys.path.pop(0)  # this file's own folder, which the programs do not have
    with socket.socket(fileno=int(sys.argv[1])) as control:
        os.set_inheritable(control.fileno(), False)
        for name in sys.argv[2:]:
            with suppress(ImportError):
                importlib.import_module(name)
        gc.collect()
        gc.freeze()  # so that no fork copies what all share
        arguments = serve(control)
    if arguments is not None:
        run(arguments)


if __name__ == "__main__":
    main()
