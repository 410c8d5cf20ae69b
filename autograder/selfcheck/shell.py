"""Runs a notebook's cells in this process, as Jupyter would, with their output kept away and a limit on their time."""

from __future__ import annotations

import contextlib
import io
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from autograder.conversation.agent.plain import short_text
from autograder.conversation.session import TimedOut, interrupted_after


@dataclass(frozen=True)
class CellError:
    """What a cell raised: the exception's type name, its message, and the cell's line, from 1 (0: not known)."""

    type_name: str
    text: str
    line: int = 0


class Windowless(InteractiveShell):
    """Takes `%matplotlib inline` and the like as Jupyter does, though there is no window to open."""

    def enable_gui(self, gui: str | None = None) -> None:
        """Do nothing."""


class Shell:
    """IPython without a kernel. There is one in a process; making another one empties it.

    Attributes:
        namespace: the cells' names. It stays the same dictionary, which functions defined in cells refer to.
    """

    def __init__(self) -> None:
        settings = Config(HistoryManager={"enabled": False})  # nothing of it belongs in the user's history file
        shell: Any = Windowless.instance(config=settings, colors="nocolor")
        shell.reset(new_session=True)
        self._shell = shell
        self.namespace: dict[str, Any] = shell.user_ns

    def run(self, source: str, *, timeout_s: float) -> CellError | None:
        """Run a cell; return what it raised, None where it ran to its end."""
        try:
            with _quiet():
                result = interrupted_after(timeout_s, lambda: self._shell.run_cell(source, silent=True))
        except TimedOut:
            return CellError("TimeoutError", f"the cell did not end within {timeout_s:g} seconds")
        error = result.error_before_exec or result.error_in_exec
        return None if error is None else CellError(type(error).__name__, _text(error), _line(error))


def _text(error: BaseException) -> str:
    return str(error.msg) if isinstance(error, SyntaxError) else short_text(error)


def _line(error: BaseException) -> int:
    """Return the line of the cell at which it was raised, or from which what raised it was called."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    cells = [frame for frame in traceback.extract_tb(error.__traceback__) if "ipython-input" in frame.filename]
    return (cells[0].lineno or 0) if cells else 0


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield
