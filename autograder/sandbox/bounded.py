"""A session whose answers together, and not only one by one, may take no longer than allowed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from autograder.conversation.protocol import Plain
from autograder.conversation.session import Answer, RemoteSession, Target, TimedOut


class BoundedSession(RemoteSession):
    """Asks an agent in another process, within a time for all that one check asks.

    Attributes:
        was_late: whether an answer was late in the block that `at_most` opened last.
    """

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.until = float("inf")
        self.was_late = False

    @contextmanager
    def at_most(self, seconds: float) -> Iterator[None]:
        """Allow so many seconds for everything that is asked inside."""
        self.until, self.was_late = self.clock() + seconds, False
        try:
            yield
        finally:
            self.until = float("inf")

    def ask(self, op: str, target: Target | None = None, *, timeout_s: float | None = None, **fields: Plain) -> Answer:
        """Return the agent's answer to one request, as every session does."""
        left = self.until - self.clock()
        wanted = self.timeout_s if timeout_s is None else timeout_s
        try:
            if left <= 0 and op != "forget":
                raise TimedOut(wanted)
            return super().ask(op, target, timeout_s=min(wanted, max(left, 1.0)), **fields)
        except TimedOut:
            self.was_late = True
            raise
