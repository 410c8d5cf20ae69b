"""The grader's handle on a zygote and on the submissions that it forks.

    with Cage("bubblewrap", course_layout()) as cage, cage.open(limits) as kernel:
        outcome = kernel.execute("x = 1 + 1")
        kernel.session.ask("get", Target("x"))

Nothing that arrives here is believed: outputs are cut to size and rebuilt from plain data, an end of a cell that is
announced too early or never only changes what the next question finds, and the clock, the memory and the number of
processes are looked at from outside.
"""

from __future__ import annotations

import json
import os
import secrets
import select
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from autograder.conversation import protocol
from autograder.conversation.protocol import ProtocolError
from autograder.conversation.session import PipeStream
from autograder.sandbox import control_group, inner, watch
from autograder.sandbox.bounded import BoundedSession
from autograder.sandbox.capture import Outputs
from autograder.sandbox.control_group import ControlGroup
from autograder.sandbox.launch import USERS_OF_A_ZYGOTE, Isolation, Start, launch
from autograder.sandbox.layout import Layout
from autograder.sandbox.limits import MIB, Limits
from autograder.sandbox.supervisor import Supervisor

PRELOAD = (
    "tensorflow",
    "tf_keras",
    "tensorflow_hub",
    "tensorflow_datasets",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "PIL.Image",
    "scipy.stats",
    "flowercourse.features",
    "flowercourse.style",
    "autograder.checks",
    "autograder.checking.reference",
)
START_TIMEOUT_S = 120.0
_EVENT = protocol.MessageLimits(message_bytes=2 * protocol.LIMITS.json_bytes)  # an event is text

State = Literal["ok", "error", "timeout", "not_run"]
Death = Literal["", "crashed", "timeout", "out_of_memory", "machine_full", "too_many_processes"]


class CageError(Exception):
    """The cage itself failed: our fault or the machine's, never the learner's."""


@dataclass(frozen=True)
class Executed:
    """What became of one cell.

    Attributes:
        state: `ok`, `error`, `timeout`, or `not_run` where the kernel was gone or ended during the cell.
        error: name of the exception that ended it, as the learner's process says; may be empty.
        outputs: what it showed, as nbformat 4 outputs; untrusted text, but of the right shape and cut to size.
        seconds: how long it took.
    """

    state: State
    error: str = ""
    outputs: tuple[Mapping[str, Any], ...] = ()
    seconds: float = 0.0


class Cage:
    """A zygote, from which every submission gets a fresh process of its own.

    Args:
        isolation: how to isolate; must be one that works here (see `autograder.sandbox.doctor`).
        layout: what is visible inside.
        preload: modules that the zygote imports once.

    Attributes:
        broken: whether it has failed, so that a new one is needed for the next submission.

    Start it from a thread that lives as long as the cage: the cage ends with the thread that started it.
    """

    def __init__(self, isolation: Isolation, layout: Layout, *, preload: tuple[str, ...] = PRELOAD) -> None:
        self.layout = layout
        self.serial = 0
        self.broken = False
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the cage
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self.launched = launch(isolation, Start(layout, theirs, preload, self.log.fileno()))
        except BaseException:
            self.control.close()
            self.log.close()
            raise
        finally:
            theirs.close()
        self.import_seconds = float(self._receive(START_TIMEOUT_S)["ready"])

    def __enter__(self) -> Cage:
        """Return the cage itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the cage."""
        self.close()

    @property
    def pid(self) -> int:
        """Return the number of the outermost process, of which all others descend."""
        return self.launched.process.pid

    def open(self, limits: Limits | None = None) -> Kernel:
        """Return a fresh kernel.

        Raises:
            CageError: the cage is broken; a new one is needed.
        """
        self.serial = self.serial % USERS_OF_A_ZYGOTE + 1
        limits = limits or Limits()
        launched = self.launched
        user = launched.first_user + self.serial if launched.first_user is not None else 0
        spec = inner.Inner(
            self.serial,
            limits.as_dict(),
            namespaces=launched.isolation in ("bubblewrap", "unshare"),
            user=user,
            readable=launched.readable,
            kept=self.layout.kept,
        )
        cells, cells_theirs = socket.socketpair()
        questions, questions_theirs = socket.socketpair()
        pipes = [os.pipe(), os.pipe()]
        theirs = [cells_theirs.detach(), questions_theirs.detach(), pipes[0][1], pipes[1][1]]
        try:
            socket.send_fds(self.control, [json.dumps({"spawn": asdict(spec)}).encode()], theirs)
            return Kernel(self, self.serial, limits, cells, questions, (pipes[0][0], pipes[1][0]))
        except OSError as error:
            raise CageError(f"the sandbox has ended ({error})") from error
        finally:
            for fd in theirs:
                os.close(fd)

    def ended(self, serial: int, timeout_s: float = 10.0) -> int:
        """Wait until a submission's last process has ended; return its kernel's exit status."""
        deadline = time.monotonic() + timeout_s
        while True:
            message = self._receive(deadline - time.monotonic())
            if message.get("ended") == serial:
                return int(message["status"])

    def _receive(self, timeout_s: float) -> dict[str, Any]:
        ready = select.select([self.control], [], [], max(0.0, timeout_s))[0]
        message = self.control.recv(65536) if ready else b""
        if not message:
            said = "said nothing in time" if not ready else "ended"
            raise CageError(f"the sandbox's first process {said}{self._last_words()}")
        return json.loads(message)

    def _last_words(self) -> str:
        """Return the last line that the zygote printed, in brackets."""
        self.log.seek(0)
        lines = self.log.read().decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f" ({last[:300]})" if last else ""

    def close(self) -> None:
        """End the zygote and everything below it."""
        self.control.close()
        process = self.launched.process
        try:
            process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self.log.close()
        if self.launched.folder is not None:
            self.launched.folder.cleanup()


class Kernel:
    """One submission's process: runs cells, answers questions through `session`, and can be ended at any time.

    Attributes:
        clock: the submission's own; limits are measured on it.
        session: for questions about the names of the notebook.
    """

    def __init__(
        self,
        cage: Cage,
        serial: int,
        limits: Limits,
        cells: socket.socket,
        questions: socket.socket,
        pipes: tuple[int, int],
    ) -> None:
        self.cage, self.serial, self.limits = cage, serial, limits
        self.cells, self.questions = cells, questions
        self.outputs = Outputs(int(limits.output_mb * MIB))
        self.closed = False
        handles: list[int] = []
        self.group: ControlGroup | None = None
        try:
            handles = self._introduction()
            self.group = self._own_group(handles)
            self.supervisor = Supervisor(handles, pipes, self.outputs, limits, self.group)
        except BaseException:
            for fd in (*pipes, *handles):
                os.close(fd)
            cells.close()
            questions.close()
            if self.group is not None:
                self.group.close()
            raise
        self.clock = self.supervisor.clock
        self.stream = PipeStream(cells.fileno(), cells.fileno(), self.clock)
        self._await_ready()
        allowed = protocol.MessageLimits(message_bytes=limits.reply_mb * MIB)
        self.session = BoundedSession(
            PipeStream(questions.fileno(), questions.fileno(), self.clock),
            interrupt=self.interrupt,
            clock=self.clock,
            timeout_s=limits.call_timeout_s,
            limits=allowed,
        )

    def __enter__(self) -> Kernel:
        """Return the kernel itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the kernel."""
        self.close()

    def _introduction(self) -> list[int]:
        """Receive handles on the learner's process and on its init, sent before any of the learner's code runs."""
        if not select.select([self.cells], [], [], START_TIMEOUT_S)[0]:
            raise CageError("the sandbox did not start a kernel in time")
        message, handles, _, _ = socket.recv_fds(self.cells, 6, 2, socket.MSG_CMSG_CLOEXEC)
        if message != b"kernel" or len(handles) != 2:
            for fd in handles:
                os.close(fd)
            raise CageError("the sandbox could not start a kernel")
        return handles

    def _own_group(self, handles: list[int]) -> ControlGroup | None:
        """Put the learner's processes, which wait for their first cell, into a control group, where there are any."""
        place = control_group.place()
        return ControlGroup(place, self.limits, map(watch.pid_of, handles)) if place else None

    def _await_ready(self) -> None:
        """Wait until the kernel can take cells, so that its own start costs no cell any of its time."""
        deadline = self.clock() + START_TIMEOUT_S
        try:
            # A process that died while it started may leave its channel open in the one that forked it.
            while not select.select([self.cells], [], [], 0.1)[0]:
                if self.supervisor.death:
                    raise EOFError("the process ended")
                if self.clock() > deadline:
                    raise TimeoutError("no answer")
            self._event(deadline)
        except (EOFError, TimeoutError, ProtocolError) as error:
            said = "".join(output.get("text", "") for output in self.supervisor.finish_outputs()).strip()
            self.close()
            reason = said.splitlines()[-1] if said else type(error).__name__
            raise CageError(f"a kernel did not start in it: {reason}") from error

    @property
    def death(self) -> Death:
        """Return why the kernel is gone, empty while it lives."""
        return self.supervisor.death

    @property
    def alive(self) -> bool:
        """Return whether the kernel can still be asked."""
        return not self.supervisor.death and not self.session.over

    def execute(self, code: str, timeout_s: float | None = None) -> Executed:
        """Run one cell and return what became of it; never raises on account of the learner's code."""
        if not self.alive:
            return Executed("not_run")
        started = time.monotonic()
        limit = self.limits.cell_timeout_s if timeout_s is None else timeout_s
        number = secrets.token_hex(8)
        with self.supervisor.lock:
            self.outputs.start()
        state, error = self._run(number, code, self.clock() + limit)
        outputs = self.supervisor.finish_outputs()
        return Executed(state, error, outputs, time.monotonic() - started)

    def _run(self, number: str, code: str, deadline: float) -> tuple[State, str]:
        late = False
        try:
            self.stream.write(protocol.encode({"number": number, "code": code}), deadline)
            while True:
                try:
                    event = self._event(deadline)
                except TimeoutError:
                    if late:
                        self.kill("timeout")
                        return "timeout", ""
                    late = True
                    self.interrupt()
                    deadline = self.clock() + self.limits.interrupt_grace_s
                    continue
                if event.get("number") != number:
                    continue
                if "output" in event:
                    with self.supervisor.lock:
                        self.supervisor.drain()
                        self.outputs.add(event["output"])
                elif "state" in event:
                    error = event.get("error")
                    ended: State = "error" if event["state"] == "error" else "ok"
                    return ("timeout" if late else ended), error[:100] if isinstance(error, str) else ""
        except (EOFError, ProtocolError):
            self.kill("crashed")
            return ("timeout" if late else "not_run"), ""

    def _event(self, deadline: float) -> dict[str, Any]:
        prefix = self.stream.read(protocol.PREFIX.size, deadline)
        body = self.stream.read(protocol.body_length(prefix, _EVENT), max(deadline, self.clock() + 5.0))
        event = protocol.decode(prefix + body, _EVENT)
        if not isinstance(event, dict):
            raise ProtocolError("not an event")
        return event

    def interrupt(self) -> None:
        """Ask what runs to stop, as a user does with the stop button."""
        self.supervisor.interrupt()

    def kill(self, why: Death = "crashed") -> None:
        """End the submission's processes, all of them."""
        self.supervisor.kill(why)

    def close(self) -> int:
        """End the submission's processes, wait until the last is gone, and return the kernel's exit status.

        Where the cage does not say so in time, it is `broken`: what is known of the submission stays true.
        """
        if self.closed:
            return 0
        self.closed = True
        self.supervisor.stop()
        try:
            return self.cage.ended(self.serial)
        except CageError:
            self.cage.broken = True
            return -1
        finally:
            self.cells.close()
            self.questions.close()
            if self.group is not None:
                self.group.close()
