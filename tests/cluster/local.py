"""A real cluster on the loopback address: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from autograder.grading.engine import Scheduler

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 120.0


class Cluster:
    """A scheduler and its workers.

    Args:
        folder: where it keeps what it needs.
        options: further options of both commands, such as certificates.
        scheme: `tcp` or `tls`.
    """

    def __init__(self, folder: Path, options: Sequence[str] = (), scheme: str = "tcp") -> None:
        self.folder, self.options, self.scheme = folder, tuple(options), scheme
        self.workers: list[subprocess.Popen[bytes]] = []
        self.file = folder / "scheduler.json"
        self.file.unlink(missing_ok=True)
        self.process = self._start(
            "scheduler", "--host", f"{scheme}://127.0.0.1", "--port", "0", "--scheduler-file", str(self.file)
        )
        deadline = time.monotonic() + PATIENCE_S
        while not (address := self._address()):
            assert time.monotonic() < deadline, "the scheduler did not start"
            time.sleep(0.05)
        self.address = address

    @property
    def scheduler(self) -> Scheduler:
        """Return where it is reached."""
        return Scheduler(self.address)

    def _address(self) -> str:
        with suppress(OSError, ValueError, KeyError):
            return json.loads(self.file.read_text())["address"]
        return ""

    def _start(self, what: str, *options: str, environment: dict[str, str] | None = None) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{what}", *options, *self.options, "--no-dashboard"]
        surroundings = {"PYTHONPATH": str(ROOT), "DASK_LOGGING__DISTRIBUTED": "error"}
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, env=os.environ | surroundings | (environment or {})
            )

    def add(self, count: int = 1, *options: str, **environment: str) -> None:
        """Start workers; they join as soon as they can."""
        for _ in range(count):
            self.workers.append(
                self._start(
                    "worker",
                    *(self.address, "--nthreads", "1", "--no-nanny", "--local-directory", str(self.folder), *options),
                    environment=environment,
                )
            )

    def end(self) -> None:
        """End all of it at once."""
        for process in (*self.workers, self.process):
            process.kill()
        for process in (*self.workers, self.process):
            process.wait()


@contextmanager
def cluster(folder: Path, workers: int = 0, options: Sequence[str] = (), scheme: str = "tcp") -> Iterator[Cluster]:
    """Yield a cluster that ends with the block."""
    made = Cluster(folder, options, scheme)
    try:
        made.add(workers)
        yield made
    finally:
        made.end()
