"""Being told to stop: by Ctrl-C, by the system that ends a service, by a terminal that closes."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """A signal asked the run to end. No `Exception`: nothing that mends mistakes may take it for one.

    Attributes:
        signal: which.
        done: submissions that have a row already.
        total: submissions that were found.
    """

    def __init__(self, which: signal.Signals) -> None:
        super().__init__(which.name)
        self.signal = which
        self.done = self.total = 0


@contextmanager
def raising_stopped() -> Iterator[None]:
    """Raise `Stopped` where one of the signals arrives; further ones are ignored, so that the end is an orderly one."""

    def stop(number: int, frame: FrameType | None) -> None:
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        raise Stopped(signal.Signals(number))

    before = {one: signal.signal(one, stop) for one in SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)
