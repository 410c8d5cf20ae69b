"""The learner's kernel: an IPython shell that runs cells, and the agent that answers questions about its names.

It runs in the same process as the learner's code, which can change anything here. So nothing here decides anything: the
grader takes what comes out as untrusted data and keeps its own clock. Two channels lead to the grader, both carrying
messages of `autograder.conversation.protocol`:

    cells      kernel: {"ready": True}, once
               grader: {"number", "code"}    kernel: any number of {"number", "output": JSON of an nbformat output},
                                             then {"number", "state": "ok" | "error", "error": exception's name}
    questions  see `autograder.conversation.agent`

What is printed goes to file descriptors 1 and 2, which are pipes to the grader.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import select
import signal
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import matplotlib
import matplotlib.pyplot  # noqa: F401 - here, so that the zygote imports it once and not each submission
import numpy as np
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from matplotlib_inline.backend_inline import configure_inline_support
from traitlets import Type
from traitlets.config import Config

from autograder.conversation import protocol
from autograder.conversation.agent import Agent

Emit = Callable[[dict[str, Any]], None]


def serve(cells_fd: int, questions_fd: int) -> int:
    """Run cells and answer questions until the grader closes either channel; return the exit status."""
    np.random.seed()  # otherwise every submission would draw the same numbers
    runner = CellRunner(cells_fd)
    answer = Interruptible()
    signal.signal(signal.SIGINT, answer.on_signal)
    agent = Agent(runner.shell.user_ns)
    write_all(cells_fd, protocol.encode({"ready": True}))
    poller = select.poll()
    poller.register(cells_fd, select.POLLIN)
    poller.register(questions_fd, select.POLLIN)
    while True:
        for fd, _ in poller.poll():
            message = read_message(fd)
            if message is None:
                return 0
            if fd == cells_fd:
                answer.during(partial(runner.run, message), runner.stopped)
            else:
                write_all(fd, answer.during(partial(agent.answer, message), partial(agent.interrupted, message)))


class Interruptible:
    """Lets SIGINT interrupt a cell or an answer, and never the reading and writing between them."""

    def __init__(self) -> None:
        self.working = False

    def on_signal(self, number: int, frame: Any) -> None:
        """Handle SIGINT."""
        if self.working:
            raise KeyboardInterrupt

    def during(self, work: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
        """Return what `work` gives, or what `otherwise` gives where it was interrupted or wanted to end the process."""
        try:
            self.working = True
            try:
                return work()
            finally:
                self.working = False
        except BaseException:
            self.working = False
            return otherwise()


class CellRunner:
    """An IPython shell whose outputs go to the grader."""

    def __init__(self, cells_fd: int) -> None:
        self.fd = cells_fd
        self.number = ""
        _use_pipes_for_text()
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "NoColor"
        config.InteractiveShell.xmode = "Context"
        config.Completer.use_jedi = False
        _Shell.emit = staticmethod(self.emit)
        self.shell = _Shell.instance(config=config)
        _use_inline_figures(self.shell)

    def emit(self, output: dict[str, Any]) -> None:
        """Send one output of the running cell."""
        with contextlib.suppress(OSError, ValueError, TypeError, protocol.ProtocolError):
            sys.stdout.flush()
            text = json.dumps(output, default=str)
            write_all(self.fd, protocol.encode({"number": self.number, "output": text}))

    def run(self, message: bytes) -> None:
        """Run one cell."""
        request = protocol.decode(message)
        self.number = request["number"]
        result = self.shell.run_cell(request["code"], store_history=True)
        error = result.error_before_exec or result.error_in_exec
        self._done("error" if error is not None else "ok", type(error).__name__ if error is not None else "")

    def stopped(self) -> None:
        """Say that a cell was interrupted outside the shell's own handling."""
        self._done("error", "KeyboardInterrupt")

    def _done(self, state: str, error: str) -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        write_all(self.fd, protocol.encode({"number": self.number, "state": state, "error": error}))


class _Publisher(DisplayPublisher):
    def publish(self, data: Any, metadata: Any = None, *_: Any, **__: Any) -> None:
        _Shell.emit({"output_type": "display_data", "data": dict(data), "metadata": metadata or {}})

    def clear_output(self, wait: bool = False) -> None:
        pass


class _DisplayHook(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: Mapping[str, Any], md_dict: Any = None) -> None:
        self.result = {"data": dict(format_dict), "metadata": md_dict or {}}

    def finish_displayhook(self) -> None:
        count = getattr(self.shell, "execution_count", None)
        _Shell.emit({"output_type": "execute_result", "execution_count": count, **self.result})


class _Shell(InteractiveShell):
    emit: Emit
    displayhook_class = Type(_DisplayHook)
    display_pub_class = Type(_Publisher)

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        text = {"ename": getattr(etype, "__name__", str(etype)), "evalue": str(evalue)}
        self.emit({"output_type": "error", **text, "traceback": [str(line) for line in stb]})

    def enable_gui(self, gui: Any = None) -> None:
        """Accept `%matplotlib`, which asks for an event loop that is not needed here."""

    def _tee(self, channel: Any) -> Any:
        """Keep no copy of what is printed, which newer versions of IPython do."""
        return contextlib.nullcontext()

    def ask_exit(self) -> None:
        """`exit` and `quit` in a cell end the kernel, as they do in Jupyter."""
        sys.stdout.flush()
        os._exit(0)


def _use_pipes_for_text() -> None:
    for name, fd in (("stdout", 1), ("stderr", 2)):
        binary = io.FileIO(fd, "w", closefd=False)
        setattr(sys, name, io.TextIOWrapper(io.BufferedWriter(binary), "utf-8", "replace", line_buffering=True))
    sys.stdin = io.StringIO()


def _use_inline_figures(shell: InteractiveShell) -> None:
    """Show figures as Jupyter does: as pictures below the cell that drew them."""
    backend = "module://matplotlib_inline.backend_inline"
    matplotlib.use(backend)
    configure_inline_support(shell, backend)


def read_message(fd: int) -> bytes | None:
    """Return one whole message, None where the other side has closed."""
    prefix = _read(fd, protocol.PREFIX.size)
    if prefix is None:
        return None
    body = _read(fd, protocol.body_length(prefix))
    return None if body is None else prefix + body


def _read(fd: int, count: int) -> bytes | None:
    data = bytearray()
    while len(data) < count:
        piece = os.read(fd, count - len(data))
        if not piece:
            return None
        data += piece
    return bytes(data)


def write_all(fd: int, data: bytes) -> None:
    """Write all of it."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]
