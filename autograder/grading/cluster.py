"""Grading on a Dask cluster: the run's side. What its workers do is in `autograder.grading.remote`.

The scheduler is asked for no scheduling: each worker gets one submission at a time, from here. So no submission waits
at a worker that has died, it is known which one a worker died of, and the scheduler holds no more than what runs now.

Workers are trusted as this machine is: they have the hidden checks, and get the seeds. Each is asked first for its
versions, and refused by name where they are others. The secret pictures travel once to each machine, and so do features
of the data set that it lacks.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Literal

from distributed import Client, Future, Security
from tqdm import tqdm

from autograder.checking import secret_pictures
from autograder.checking.messages import plural
from autograder.files import PrivateFolder
from autograder.grading import remote
from autograder.grading.data import Ready
from autograder.grading.engine import Scheduler, Tasks
from autograder.grading.process import PRIVATE, Answer
from autograder.grading.remote import Parcel, Plan
from autograder.grading.worker import Task
from autograder.sandbox.launch import Isolation
from flowercourse.errors import CourseError

CONNECT_S = 15.0
WAIT_FOR_WORKERS_S = 60.0
"""How long a cluster may be without a worker that can grade."""
LOOK_S = 1.0
"""How often it is looked whether workers have come or gone."""
GATHER_S = 60.0

State = Literal["asked", "known", "unpacking", "beginning", "idle", "busy", "refused"]


@dataclass
class _Worker:
    """One of the cluster's workers, as far as it is known."""

    address: str
    name: str
    state: State = "asked"
    machine: str = ""
    isolation: str = ""
    missing: tuple[str, ...] = ()
    refusal: str = ""
    future: Future | None = None
    task: Task | None = None

    def __str__(self) -> str:
        return self.address if self.name == self.address else f"{self.address} ({self.name})"


class NoScheduler(CourseError):
    """No scheduler is where one was named, or it lets nobody in; a command ends with 2 for it."""

    exit_status = 2


class _Client(Client):
    """Ends at once where it cannot connect. Left to the garbage collector, it can lock up the next client's start."""

    def start(self, **kwargs: Any) -> None:
        """Connect."""
        try:
            super().start(**kwargs)
        except BaseException:
            with suppress(Exception):
                self.close(timeout=5)
            raise


@contextmanager
def connected(scheduler: Scheduler) -> Iterator[Client]:
    """Yield a client of a scheduler.

    Raises:
        NoScheduler: there is none, or it does not let us in.
    """
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is lost is said here, once
    warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
    try:
        client = _Client(
            scheduler.address,
            security=_security(scheduler),
            timeout=CONNECT_S,
            set_as_default=False,
            name="autograder",
        )
    except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
        raise NoScheduler(
            f"there is no scheduler at {scheduler.address} that lets us in",
            str(error) or type(error).__name__,
            "Start one with dask scheduler, and give the address that it shows; where it wants TLS, that begins with "
            "tls:// and needs --tls-ca-file, --tls-cert and --tls-key",
        ) from error
    try:
        yield client
    finally:
        with suppress(Exception):
            client.close(timeout=5)


def _security(scheduler: Scheduler) -> Security | None:
    """Return the certificates; where none are named, Dask's own configuration says which."""
    if scheduler.ca_file is None:
        return None
    return Security(
        tls_ca_file=str(scheduler.ca_file),
        tls_client_cert=str(scheduler.cert),
        tls_client_key=str(scheduler.key),
        require_encryption=True,
    )


class Cluster:
    """Grades tasks on the workers of a Dask cluster. See `autograder.grading.engine.Engine`.

    Args:
        scheduler: where it is reached.
        plan: what every machine gets to know.
        ready: where the data is on this machine, to draw secret pictures with.

    Raises (on entering):
        CourseError: there is no scheduler, no worker that can grade, or workers isolate in different ways.
    """

    is_crowded = True

    def __init__(self, scheduler: Scheduler, plan: Plan, ready: Ready) -> None:
        self.scheduler, self.address, self.plan, self.ready = scheduler, scheduler.address, plan, ready
        self.workers: dict[str, _Worker] = {}
        self.folders: dict[str, str] = {}  # of machines that have the parcel: the folder it is in; "" while it travels
        self.events: SimpleQueue[tuple[_Worker, Future]] = SimpleQueue()
        self.looked_at = self.seen_at = time.monotonic()

    def __enter__(self) -> Cluster:
        with ExitStack() as stack:
            self.client = stack.enter_context(connected(self.scheduler))
            self.private = stack.enter_context(PrivateFolder(PRIVATE))
            stack.callback(self._end_workers)
            self.isolation = self._agreed()
            self._stack = stack.pop_all()
        self.plan = replace(self.plan, isolation=self.isolation)
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def _end_workers(self) -> None:
        begun = [one.address for one in self.workers.values() if one.state not in ("asked", "known", "refused")]
        if begun and self.client.status == "running":
            with suppress(Exception):  # they end by themselves after a while
                self.client.run(remote.end, self.plan.run, workers=begun, on_error="ignore")

    @cached_property
    def versions(self) -> dict[str, str]:
        """Return what has to be the same on every worker."""
        return remote.versions(self.plan.course.visible, self.plan.course.hidden)

    @property
    def at_work(self) -> str:
        """Return how many workers grade, on how many machines."""
        ready = [one for one in self.workers.values() if one.state in ("idle", "busy")]
        machines = len({one.machine for one in ready})
        return f"{plural(len(ready), 'worker')} on {plural(machines, 'machine')}"

    def grade(
        self, tasks: Iterable[Task], archives: Iterable[str], *, alone: bool = False
    ) -> Generator[tuple[Task, Answer], None, None]:
        """Yield each task with its answer, in the order in which they end.

        Raises:
            CourseError: the scheduler is gone, or all workers are.
        """
        self._draw(archives)
        queue = Tasks(tasks)
        self.seen_at = time.monotonic()
        while queue or any(worker.task for worker in self.workers.values()):
            self._hand_out(queue, alone)
            for task, answer in self._turn():
                if not queue.try_again(task, answer):
                    yield task, answer

    def _agreed(self) -> Isolation:
        """Ask all workers that are there who they are, and return the isolation that is in force on all of them.

        One that is busy with another run answers later, and is refused then if it isolates in another way.
        """
        since = 0.0
        while True:
            list(self._turn())
            known = [worker for worker in self.workers.values() if worker.state == "known"]
            asked = any(worker.state == "asked" for worker in self.workers.values())
            since = since or (time.monotonic() if known else 0.0)
            if known and (not asked or time.monotonic() > since + CONNECT_S):
                break
        found = {worker.isolation for worker in known}
        if len(found) > 1:
            raise CourseError(
                "the cluster's workers do not isolate learners' code in the same way",
                "; ".join(f"{worker}: {worker.isolation}" for worker in known),
                "Name one that works on all of them with --isolation; autograder doctor --scheduler shows which do",
            )
        return known[0].isolation  # type: ignore[return-value]

    def _no_worker(self) -> CourseError:
        refused = [f"{worker}: {worker.refusal}" for worker in self.workers.values() if worker.refusal]
        return CourseError(
            f"no worker of the scheduler at {self.address} can grade",
            "; ".join(refused) or f"none was there for {WAIT_FOR_WORKERS_S:.0f} s",
            "Start workers with dask worker in the course's environment, then give the same command with --resume",
        )

    def _draw(self, archives: Iterable[str]) -> None:
        """Draw the secret pictures that are not there yet; what machines have of an earlier call then lacks some."""
        if not secret_pictures.make_shared(str(self.private), archives, os.environ | dict(self.ready.environment)):
            return
        self.folders.clear()
        for worker in self.workers.values():
            if worker.state != "refused":
                worker.state = "known"

    def _hand_out(self, queue: Tasks, alone: bool) -> None:
        """Bring every worker one step nearer to a submission, or give it one."""
        taken = {worker.machine for worker in self.workers.values() if worker.task}
        for worker in self.workers.values():
            if worker.state == "known":
                self._prepare(worker)
            elif worker.state == "idle" and queue and not (alone and worker.machine in taken):
                taken.add(worker.machine)
                worker.task = queue.take()
                self._submit(worker, "busy", remote.grade, self.plan.run, worker.task)

    def _prepare(self, worker: _Worker) -> None:
        """Send a machine what it needs, once; then have the worker begin."""
        folder = self.folders.get(worker.machine)
        if folder is None:
            self.folders[worker.machine] = ""
            lacking = [path for path in map(Path, self.ready.features.values()) if path.name in worker.missing]
            parcel = Parcel(_files(self.private), {path.name: _files(path) for path in lacking})
            self._submit(worker, "unpacking", remote.unpack, self.plan.run, parcel)
        elif folder:
            beside = sum(other.machine == worker.machine for other in self.workers.values())
            self._submit(worker, "beginning", remote.begin, self.plan, folder, beside)

    def _submit(self, worker: _Worker, state: State, function: Callable[..., Any], *arguments: object) -> None:
        """Have a worker, and no other, call a function of `remote`; the answer becomes an event."""
        worker.state = state
        future = self.client.submit(
            function, *arguments, workers=[worker.address], allow_other_workers=False, pure=False, retries=0
        )
        worker.future = future
        future.add_done_callback(lambda done: self.events.put((worker, done)))

    def _turn(self) -> Iterator[tuple[Task, Answer]]:
        """Wait a little for what happens; yield tasks that have come to an end with it.

        Raises:
            CourseError: the scheduler is gone, or all workers are.
        """
        yield from self._look()
        with suppress(Empty):
            worker, future = self.events.get(timeout=LOOK_S / 4)
            if worker.future is future:  # it has not been given up meanwhile
                worker.future = None
                yield from self._happened(worker, future)

    def _look(self) -> Iterator[tuple[Task, Answer]]:
        """Look from time to time whether workers have come or gone."""
        if self.client.status != "running":
            raise self._no_scheduler()
        now = time.monotonic()
        if self.workers and now < self.looked_at + LOOK_S:
            return
        self.looked_at = now
        try:
            there = self.client.scheduler_info(n_workers=-1)["workers"]
        except Exception as error:  # whatever a connection that breaks just now may raise
            raise self._no_scheduler() from error
        for address in there.keys() - self.workers.keys():
            worker = self.workers[address] = _Worker(address, str(there[address].get("name", address)))
            course = self.plan.course
            arguments = (course.visible, course.hidden, self.plan.isolation, tuple(self.plan.features))
            self._submit(worker, "asked", remote.introduce, *arguments)
        for address in self.workers.keys() - there.keys():
            yield from self._lost(self.workers.pop(address), "the worker died")
        if any(worker.state != "refused" for worker in self.workers.values()):
            self.seen_at = now
        elif now > self.seen_at + WAIT_FOR_WORKERS_S:
            raise self._no_worker()

    def _no_scheduler(self) -> CourseError:
        return CourseError(
            f"the scheduler at {self.address} does not answer any more",
            "it has ended, or the network has",
            "What was graded is kept: start scheduler and workers, then give the same command with --resume",
        )

    def _lost(self, worker: _Worker, why: str) -> Iterator[tuple[Task, Answer]]:
        """Forget what a worker was doing; its task is yielded."""
        if worker.future is not None:
            with suppress(Exception):
                worker.future.cancel()
            worker.future = None
        if worker.state == "unpacking":
            self.folders.pop(worker.machine, None)  # the next worker of this machine gets it
        if worker.task is not None:
            task, worker.task = worker.task, None
            yield task, {"failure": why}

    def _happened(self, worker: _Worker, future: Future) -> Iterator[tuple[Task, Answer]]:
        """Take the answer to what a worker was asked."""
        try:
            answer = future.result(timeout=GATHER_S)
        except Exception as error:
            if worker.state == "beginning" and isinstance(error, FileNotFoundError):
                self.folders.pop(worker.machine, None)  # it went with the worker that had made it
                worker.state = "known"
            else:
                yield from self._failed(worker, error)
        else:
            if worker.state == "asked":
                self._introduced(worker, answer)
            elif worker.state == "unpacking":
                self.folders[worker.machine] = answer
                worker.state, worker.missing = "known", ()
            elif worker.state == "beginning":
                worker.state = "idle"
                if answer:
                    self._refuse(worker, answer)
            elif worker.task is not None:
                task, worker.task, worker.state = worker.task, None, "idle"
                yield task, answer

    def _failed(self, worker: _Worker, error: Exception) -> Iterator[tuple[Task, Answer]]:
        """Decide what becomes of a worker that did not answer."""
        if self.client.status != "running":
            raise self._no_scheduler()
        said = str(error).strip().splitlines()
        why = f"{type(error).__name__}: {said[-1][:300] if said else ''}"
        state = worker.state
        yield from self._lost(worker, why)
        if state == "busy":
            worker.state = "known"  # it begins anew
        else:
            self._refuse(worker, f"it could not answer ({why})")

    def _introduced(self, worker: _Worker, about: dict[str, Any]) -> None:
        """Take a worker into service, or refuse it."""
        other = [
            f"{name} is {about['versions'].get(name, 'missing')} there and {version} here"
            for name, version in self.versions.items()
            if about["versions"].get(name) != version
        ]
        if other:
            self._refuse(worker, f"{'; '.join(other)}. Install the same course and requirements.txt there")
        elif about["problem"]:
            self._refuse(worker, about["problem"])
        else:
            worker.state, worker.machine = "known", about["machine"]
            worker.isolation, worker.missing = about["isolation"], tuple(about["missing"])

    def _refuse(self, worker: _Worker, why: str) -> None:
        worker.state, worker.refusal = "refused", why
        tqdm.write(f"Worker {worker} is not used: {why.rstrip('.')}.", file=sys.stderr)


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def examine(scheduler: Scheduler) -> Iterator[tuple[str, dict[str, Any]]]:
    """Try the isolations on every machine of a cluster; yield each worker's address, and what `remote.examine` found.

    Raises:
        CourseError: there is no scheduler, or it has no worker.
    """
    with connected(scheduler) as client:
        there = list(client.scheduler_info(n_workers=-1)["workers"])
        if not there:
            raise CourseError(
                f"the scheduler at {scheduler.address} has no worker", "none has joined it", "Start dask worker"
            )
        asked = [client.submit(remote.examine, workers=[one], allow_other_workers=False, pure=False) for one in there]
        for worker, future in zip(there, asked, strict=True):
            try:
                yield worker, future.result()
            except Exception as error:
                said = f"It could not answer ({type(error).__name__}: {error})."
                yield worker, {"machine": "?", "text": said, "healthy": False}
