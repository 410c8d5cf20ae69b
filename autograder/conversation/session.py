"""The trusted side's end of the conversation with a learner's process.

A session asks one thing at a time and waits for the answer, each with a time limit. `LocalSession` asks an agent in
the same process (a learner checking her own notebook); `RemoteSession` asks one at the other end of a pair of pipes
(the grader). Both send and receive the same bytes, so a check behaves alike in both.

Every exception below is about the learner's side: code that asks turns them into a message for her. None of them, and
nothing that the other side may send, is a reason for the grader to stop.
"""

from __future__ import annotations

import _thread
import os
import secrets
import select
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from autograder.conversation import protocol
from autograder.conversation.agent import Agent
from autograder.conversation.protocol import MessageLimits, Plain, ProtocolError

TIMEOUT_S = 30.0
GRACE_S = 5.0
WorkT = TypeVar("WorkT")


class SessionError(Exception):
    """The learner's process gave no usable answer."""


class Refused(SessionError):
    """The agent answered that it cannot: a name that is missing, a function that raised, a value that is not plain.

    Attributes:
        reason: one of missing, raised, wrong_type, too_large, not_plain, interrupted, bad_request.
        type_name: the exception's type where something was raised, the value's type otherwise.
        text: the exception's message, at most 500 characters; words of the learner's process, to be quoted only.
    """

    def __init__(self, reason: str, type_name: str = "", text: str = "") -> None:
        super().__init__(f"{reason}: {type_name}: {text}")
        self.reason, self.type_name, self.text = reason, type_name, text


class TimedOut(SessionError):
    """No answer within the time limit."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} s")
        self.seconds = seconds


class Garbled(SessionError):
    """The answer is not in the protocol's language, or larger than allowed."""


class Gone(SessionError):
    """There is nobody to answer: the learner's process has ended or was given up."""


@dataclass(frozen=True)
class Target:
    """What a request is about: a name of the notebook, or a result kept by its number, and public attributes of it."""

    root: str | int
    path: tuple[str, ...] = ()

    def plain(self) -> dict[str, Plain]:
        """Return the target as plain data."""
        return {"root": self.root, "path": list(self.path)}

    def __str__(self) -> str:
        root = self.root if isinstance(self.root, str) else "the result"
        return ".".join((root, *self.path))


class Session:
    """Asks an agent. The ways to reach one differ only in `_exchange`.

    Args:
        timeout_s: seconds that one answer may take, where the request does not say otherwise.
        limits: the most that a message may hold, in both directions.
    """

    def __init__(self, *, timeout_s: float = TIMEOUT_S, limits: MessageLimits = protocol.LIMITS) -> None:
        self.timeout_s = timeout_s
        self.limits = limits
        self.failed: list[Any] = []  # cells of the learner's that raised: whoever runs them says so, for messages
        self.silent: dict[str, float] = {}  # functions that did not answer in time, and are not asked again

    def ask(self, op: str, target: Target | None = None, *, timeout_s: float | None = None, **fields: Plain) -> Answer:
        """Return the agent's answer to one request.

        Args:
            op: what to do; `autograder.conversation.agent.OPERATIONS` lists them.
            target: what it is about.
            timeout_s: seconds to wait, None for the session's own limit.
            fields: the operation's arguments, plain data and `Build`.

        Raises:
            SessionError: there is no answer, for one of the reasons above.
        """
        number = secrets.token_hex(8)
        request: dict[str, Plain] = {"number": number, "op": op, **fields}
        if target is not None:
            request["target"] = target.plain()
        if op == "call" and str(target) in self.silent:
            raise TimedOut(self.silent[str(target)])
        message = protocol.encode(request, self.limits)
        try:
            reply = self._exchange(message, number, self.timeout_s if timeout_s is None else timeout_s)
        except TimedOut as late:
            if op == "call":
                self.silent[str(target)] = late.seconds
            raise
        if "error" in reply:
            error = Answer(_dictionary(reply["error"]))
            raise Refused(error.text("reason"), error.text("type")[:100], error.text("text")[:500])
        return Answer(_dictionary(reply.get("answer")))

    def _exchange(self, message: bytes, number: str, timeout_s: float) -> dict[str, Plain]:
        raise NotImplementedError

    def _opened(self, message: bytes) -> dict[str, Plain]:
        try:
            return _dictionary(protocol.decode(message, self.limits))
        except ProtocolError as error:
            raise Garbled(str(error)) from None


class Answer:
    """An answer's fields, each fetched with the type that it must have.

    Every method raises `Garbled` where the field is missing or of another type.
    """

    def __init__(self, fields: Mapping[str, Plain]) -> None:
        self.fields = fields

    def value(self, name: str) -> Plain:
        """Return the field, whatever plain data it is."""
        if name not in self.fields:
            raise Garbled(f"the answer has no {name}")
        return self.fields[name]

    def of_type(self, name: str, kind: type | tuple[type, ...]) -> Any:
        """Return the field, which must be exactly of one of these types."""
        value = self.value(name)
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if type(value) not in kinds:
            raise Garbled(f"the answer's {name} has another type than asked for")
        return value

    def text(self, name: str) -> str:
        """Return the field as text."""
        return self.of_type(name, str)

    def number(self, name: str) -> int:
        """Return the field as an integer."""
        return self.of_type(name, int)

    def parts(self, name: str) -> list[Answer]:
        """Return the field as a list of answers of their own."""
        return [Answer(_dictionary(item)) for item in self.of_type(name, list)]


def _dictionary(value: Plain) -> dict[str, Plain]:
    if type(value) is not dict or not all(type(key) is str for key in value):
        raise Garbled("the answer is not a dictionary")
    return value


# --- in the same process ----------------------------------------------------------------------------------------------


class LocalSession(Session):
    """Asks an agent in this process about a namespace, through the same bytes as across processes.

    The time limit works in the main thread, where the answer can be interrupted; elsewhere nothing limits the time.
    """

    def __init__(self, namespace: Mapping[str, Any], **settings: Any) -> None:
        super().__init__(**settings)
        self.agent = Agent(namespace, limits=self.limits)

    def _exchange(self, message: bytes, number: str, timeout_s: float) -> dict[str, Plain]:
        return self._opened(interrupted_after(timeout_s, lambda: self.agent.answer(message)))


def interrupted_after(timeout_s: float, work: Callable[[], WorkT]) -> WorkT:
    """Do the work, interrupting the main thread when it takes longer.

    Raises:
        TimedOut: it took longer.
        KeyboardInterrupt: the user interrupted it herself.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()
    expired = threading.Event()
    lock, finished = threading.Lock(), False

    def interrupt() -> None:
        with lock:
            if not finished:
                expired.set()
                _thread.interrupt_main()

    timer = threading.Timer(timeout_s, interrupt)
    timer.daemon = True
    timer.start()
    try:
        with _interruptible():
            try:
                answer = work()
            finally:  # also where the work fails: an interrupt that is on its way arrives here and nowhere else
                with lock:
                    finished = True
                if expired.is_set():
                    time.sleep(0.05)
    except KeyboardInterrupt:
        if expired.is_set():
            raise TimedOut(timeout_s) from None
        raise
    finally:
        timer.cancel()
    if expired.is_set():
        raise TimedOut(timeout_s)
    return answer


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let interrupts arrive also in a process that ignores them, as shells start what runs in the background."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# --- in another process -----------------------------------------------------------------------------------------------


Clock = Callable[[], float]


class Stream(Protocol):
    """Bytes to and from a learner's process. `deadline` is in seconds of the session's clock."""

    def write(self, data: bytes, deadline: float) -> None:
        """Write all of it, or raise TimeoutError or EOFError."""

    def read(self, count: int, deadline: float) -> bytes:
        """Return exactly so many bytes, or raise TimeoutError or EOFError."""


class PipeStream:
    """A stream over two file descriptors. The write end is made non-blocking: nobody can make the grader hang.

    Args:
        read_fd: where bytes come from.
        write_fd: where they go.
        clock: what deadlines are measured on; at its slowest a fixed share of wall time, so that they all come.
    """

    def __init__(self, read_fd: int, write_fd: int, clock: Clock = time.monotonic) -> None:
        self.read_fd, self.write_fd, self.clock = read_fd, write_fd, clock
        os.set_blocking(read_fd, False)
        os.set_blocking(write_fd, False)

    def write(self, data: bytes, deadline: float) -> None:
        """Write all of it, or raise TimeoutError or EOFError."""
        view = memoryview(data)
        while view:
            self._wait(self.write_fd, select.POLLOUT, deadline)
            try:
                view = view[os.write(self.write_fd, view[:65536]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise EOFError("the other side has closed") from error

    def read(self, count: int, deadline: float) -> bytes:
        """Return exactly so many bytes, or raise TimeoutError or EOFError."""
        data = bytearray()
        while len(data) < count:
            self._wait(self.read_fd, select.POLLIN, deadline)
            try:
                piece = os.read(self.read_fd, min(count - len(data), 2**20))
            except BlockingIOError:
                continue
            except OSError as error:
                raise EOFError("the other side has closed") from error
            if not piece:
                raise EOFError("the other side has closed")
            data += piece
        return bytes(data)

    def _wait(self, fd: int, event: int, deadline: float) -> None:
        poller = select.poll()
        poller.register(fd, event)
        while (left := deadline - self.clock()) > 0:
            if poller.poll(max(1, int(left * 1000))):
                return
        raise TimeoutError


class RemoteSession(Session):
    """Asks an agent in another process.

    Args:
        stream: the bytes to and from it.
        interrupt: called when an answer takes too long, to interrupt what runs there (SIGINT); None where it can't be.
        clock: what time limits are measured on, the stream's own.
        settings: `timeout_s` and `limits`, as for every session.

    After a time limit the agent gets `GRACE_S` seconds to say that it was interrupted. If it does not, or if it sends
    something that is not the protocol's language, the session is over: every further request raises `Gone`.
    """

    def __init__(
        self,
        stream: Stream,
        *,
        interrupt: Callable[[], None] | None = None,
        clock: Clock = time.monotonic,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.stream, self.clock = stream, clock
        self.interrupt = interrupt
        self.over = ""

    def _exchange(self, message: bytes, number: str, timeout_s: float) -> dict[str, Plain]:
        if self.over:
            raise Gone(self.over)
        try:
            self.stream.write(message, self.clock() + timeout_s)
            return self._reply(number, self.clock() + timeout_s)
        except TimeoutError:
            self._stop_answering(number)
            raise TimedOut(timeout_s) from None
        except EOFError:
            self.over = "the notebook's process has ended"
            raise Gone(self.over) from None
        except Garbled:
            # Where the next message begins is now unknown.
            self.over = "the notebook's process sent something that is no answer"
            raise

    def _reply(self, number: str, deadline: float) -> dict[str, Plain]:
        prefix = self.stream.read(protocol.PREFIX.size, deadline)
        try:
            body = self.stream.read(protocol.body_length(prefix, self.limits), deadline)
        except ProtocolError as error:
            raise Garbled(str(error)) from None
        reply = self._opened(prefix + body)
        answered = reply.get("number")
        if type(answered) is not str or answered != number:
            raise Garbled("the answer belongs to another request")
        return reply

    def _stop_answering(self, number: str) -> None:
        """Interrupt the request; where the agent then answers it, the session can go on."""
        self.over = "the notebook's process does not answer any more"
        if self.interrupt is None:
            return
        with suppress(TimeoutError, EOFError, SessionError):
            self.interrupt()
            self._reply(number, self.clock() + GRACE_S)
            self.over = ""
