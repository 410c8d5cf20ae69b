"""The grader's end of the conversation holds against whatever is at the other end."""

from __future__ import annotations

import _thread
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.checking.core import check, run_check
from autograder.checking.expect import expect_close
from autograder.checking.values import Function
from autograder.conversation import agent, protocol, session
from autograder.conversation.protocol import MAGIC, PREFIX, MessageLimits
from autograder.conversation.session import (
    Garbled,
    Gone,
    PipeStream,
    Refused,
    RemoteSession,
    SessionError,
    Target,
    TimedOut,
)
from tests.conftest import tries

Peer = Callable[[int, int], None]


@check(points=1)
def doubles(double: Function, rng: np.random.Generator) -> None:
    """`double` gives twice its argument."""
    x = rng.normal(size=5)
    expect_close(double(x), 2 * x)


@contextlib.contextmanager
def talking_to(peer: Peer, **settings) -> Iterator[RemoteSession]:
    """Open a session with a peer, which runs in a process of its own: `peer(read_fd, write_fd)`."""
    to_read, to_write = os.pipe()
    from_read, from_write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(to_write)
        os.close(from_read)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # which tests run in the background don't have
        with contextlib.suppress(BaseException):
            peer(to_read, from_write)
        os._exit(0)
    os.close(to_read)
    os.close(from_write)
    settings = {"timeout_s": 0.5, "interrupt": lambda: os.kill(child, signal.SIGINT), **settings}
    try:
        yield RemoteSession(PipeStream(from_read, to_write), **settings)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(to_write)
        os.close(from_read)


def honest(**names) -> Peer:
    """A notebook's process with these names."""
    return lambda read_fd, write_fd: agent.serve(names, read_fd, write_fd)


def replying(reply: Callable[[dict], bytes]) -> Peer:
    """A process that answers each request with bytes made from it."""

    def peer(read_fd: int, write_fd: int) -> None:
        with os.fdopen(read_fd, "rb") as requests:
            while prefix := requests.read(PREFIX.size):
                request = protocol.decode(prefix + requests.read(protocol.body_length(prefix)), builds=True)
                os.write(write_fd, reply(request))

    return peer


def endless(x):
    """Never return."""
    while True:
        pass


def test_a_check_gives_the_same_across_processes_as_in_one():
    for function in (lambda x: 2 * x, lambda x: 3 * x, lambda x: 1 / 0, lambda x: None):
        with talking_to(honest(double=function)) as remote:
            there = run_check(doubles, remote, seed=5)
        assert there == run_check(doubles, session.LocalSession({"double": function}), seed=5)


def test_after_a_loop_that_never_ends_the_next_question_is_answered():
    with talking_to(honest(double=endless, x=3)) as remote:
        result = run_check(doubles, remote, seed=1)
        assert result.message.startswith("Expected an answer from `double(...)` within 0.5 seconds; found none.")
        assert remote.ask("get", Target("x")).value("value") == 3


def test_a_loop_is_stopped_also_where_the_process_was_started_to_ignore_interrupts():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with pytest.raises(TimedOut):
            session.interrupted_after(0.2, lambda: endless(1))
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_work_that_fails_as_its_time_runs_out_is_not_interrupted_afterwards(monkeypatch):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    interrupt, asked = _thread.interrupt_main, threading.Event()

    def slowly():
        asked.set()
        time.sleep(0.1)
        interrupt()

    def failing():
        asked.wait()
        raise ValueError

    monkeypatch.setattr(_thread, "interrupt_main", slowly)
    try:
        with pytest.raises(TimedOut):
            session.interrupted_after(0.05, failing)
        time.sleep(0.2)  # where an interrupt that is still on its way would arrive
    finally:
        signal.signal(signal.SIGINT, before)


def test_who_does_not_even_answer_an_interrupt_is_given_up(monkeypatch):
    monkeypatch.setattr(session, "GRACE_S", 0.2)

    def deaf(read_fd: int, write_fd: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(60)

    with talking_to(deaf) as remote:
        with pytest.raises(TimedOut):
            remote.ask("get", Target("x"))
        began = time.monotonic()
        with pytest.raises(Gone):
            remote.ask("get", Target("x"))
        assert time.monotonic() - began < 0.1


def test_a_process_that_ends_is_gone():
    with talking_to(lambda read_fd, write_fd: None) as remote:
        for _ in range(2):
            with pytest.raises(Gone):
                remote.ask("get", Target("x"))
        assert "has ended" in run_check(doubles, remote, seed=1).message


def test_bytes_that_come_one_by_one_do_not_hold_the_grader_up():
    def dripping(read_fd: int, write_fd: int) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for byte in PREFIX.pack(MAGIC, 100, 0) + b" " * 200:
            os.write(write_fd, bytes([byte]))
            time.sleep(0.05)

    with talking_to(dripping, interrupt=None) as remote:
        began = time.monotonic()
        with pytest.raises(TimedOut):
            remote.ask("get", Target("x"))
        assert time.monotonic() - began < 2


def test_a_request_that_is_never_read_does_not_hold_the_grader_up():
    with talking_to(lambda read_fd, write_fd: time.sleep(60), interrupt=None) as remote, pytest.raises(TimedOut):
        remote.ask("call", Target("x"), args=[np.zeros(2**20)], kwargs={}, keep=False, seed=None)


@pytest.mark.parametrize(
    "reply",
    [
        lambda request: b"score: 100",
        lambda request: b"x" * 5000,
        lambda request: PREFIX.pack(MAGIC, 2**60, 2**60),
        lambda request: PREFIX.pack(MAGIC, 3, 0) + b"{}}",
        lambda request: protocol.encode([1, 2]),
        lambda request: protocol.encode({1: 2}),
        lambda request: protocol.encode({"number": "0" * 16, "answer": {"value": 1, "type": "int"}}),
        lambda request: protocol.encode({"answer": {"value": 1, "type": "int"}}),
        lambda request: protocol.encode({"number": np.zeros(3), "answer": {}}),
        lambda request: protocol.encode({"number": request["number"]}),
        lambda request: protocol.encode({"number": request["number"], "answer": []}),
        lambda request: protocol.encode({"number": request["number"], "error": 1}),
        lambda request: protocol.encode({"number": request["number"], "error": {"reason": 1}}),
        lambda request: protocol.encode({"number": request["number"], "error": {}, "answer": {}}),
        lambda request: protocol.encode({"number": request["number"], "answer": {}}),
        lambda request: protocol.encode({"number": request["number"], "answer": {"callable": "yes"}}),
        lambda request: protocol.encode(
            {"number": request["number"], "answer": {"callable": True, "parameters": None, "type": 1, "value": None}}
        ),
    ],
)
def test_an_answer_that_is_none_costs_the_point_and_no_more(reply):
    with talking_to(replying(reply)) as remote:
        result = run_check(doubles, remote, seed=1)
    assert (result.status, result.score) == ("failed", 0)
    assert result.message


def test_answers_sent_before_they_were_asked_for_are_not_believed():
    def eager(read_fd: int, write_fd: int) -> None:
        guess = {"callable": True, "parameters": [], "type": "function", "value": 1}
        for _ in range(10):
            os.write(write_fd, protocol.encode({"number": "", "answer": guess}))
        time.sleep(60)

    with talking_to(eager) as remote, pytest.raises(Garbled):
        remote.ask("describe", Target("double"))


def test_an_answer_larger_than_allowed_is_refused():
    small, peer = MessageLimits(message_bytes=10**6), honest(x=np.zeros(10**6))
    with talking_to(peer, limits=small) as remote, pytest.raises(SessionError):
        remote.ask("get", Target("x"))


@settings(max_examples=tries(30), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=3))
def test_random_answers_never_make_the_grader_fail(noise):
    replies = iter(noise)
    with talking_to(replying(lambda request: next(replies)), timeout_s=0.1, interrupt=None) as remote:
        assert run_check(doubles, remote, seed=1).status == "failed"


def test_the_same_is_true_of_well_formed_answers_of_any_content():
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=8,
    )
    names = ["value", "type", "callable", "parameters", "handle", "reason", "text"]
    answers = st.dictionaries(st.sampled_from(names), values)

    @settings(max_examples=tries(60), deadline=None)
    @given(answers, st.booleans())
    def holds(answer, is_error):
        def reply(request: dict) -> bytes:
            return protocol.encode({"number": request["number"], "error" if is_error else "answer": answer})

        fake = session.Session()
        fake._exchange = lambda message, number, timeout_s: fake._opened(  # type: ignore[method-assign]
            reply(protocol.decode(message, builds=True))
        )
        assert run_check(doubles, fake, seed=1).status == "failed"

    holds()


def test_an_agent_answers_any_bytes_with_an_answer():
    one = agent.Agent({"x": 1})
    for message in (b"", b"noise", protocol.encode([]), protocol.encode({"number": "1", "op": "eval"})):
        assert "error" in protocol.decode(one.answer(message))


@pytest.mark.parametrize("path", [["__class__"], ["_private"], ["missing"], ["real", "__init__"]])
def test_only_public_attributes_can_be_asked_for(path):
    with pytest.raises(Refused, match="missing"):
        session.LocalSession({"x": 1}).ask("get", Target("x", tuple(path)))


def test_a_time_limit_does_not_reach_beyond_its_answer():
    one = session.LocalSession({"f": endless, "x": 1}, timeout_s=0.1)
    for _ in range(3):
        with pytest.raises(TimedOut):
            one.ask("call", Target("f"), args=[1], kwargs={}, keep=False, seed=None)
        assert one.ask("get", Target("x")).value("value") == 1
    time.sleep(0.3)
    assert threading.active_count() < 10


def test_results_that_were_kept_are_forgotten_after_the_check():
    one = session.LocalSession({"double": lambda x: 2 * x})
    Function.fetch(one, "double").returning(Function.__base__, np.zeros(3))
    assert one.agent.kept
    run_check(doubles, one, seed=1)
    assert not one.agent.kept
