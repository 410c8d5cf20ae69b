"""A neighbor that takes the processors costs a submission no time of its own; a full machine ends who holds most."""

from __future__ import annotations

import os
import time

import pytest

from autograder.sandbox import clock, supervisor, watch
from autograder.sandbox.clock import SLOWEST, Clock
from autograder.sandbox.limits import MIB


@pytest.fixture
def now(monkeypatch):
    """Return a list whose only entry is the wall's time."""
    wall = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: wall[0])
    return wall


def test_time_spent_waiting_for_a_processor_is_not_the_submissions(now, monkeypatch):
    waiting = {"1": 0, "2": 0}
    monkeypatch.setattr(clock, "waiting_times", lambda pid: dict(waiting))
    own = Clock()
    own.look(1)
    began = own()
    for _ in range(10):
        now[0] += 1
        waiting["1"] += int(0.5e9)
        waiting["2"] += int(0.2e9)  # waits beside the other: not counted twice
        own.look(1)
    assert own() - began == pytest.approx(5)
    assert own.crowded_share == pytest.approx(0.5)


def test_however_long_it_says_it_waited_its_clock_goes_on(now, monkeypatch):
    waiting = {"1": 0}
    monkeypatch.setattr(clock, "waiting_times", lambda pid: dict(waiting))
    own = Clock()
    readings = [own()]
    for _ in range(20):
        now[0] += 1
        waiting["1"] += int(50e9)
        own.look(1)
        readings.append(own())
    assert readings == sorted(readings)
    assert readings[-1] - readings[0] == pytest.approx(20 * SLOWEST)


def test_where_the_system_does_not_tell_the_clock_is_the_walls(now, monkeypatch):
    monkeypatch.setattr(clock, "waiting_times", lambda pid: {})
    own = Clock()
    own.look(1)
    now[0] += 7
    own.look(1)
    assert own() == now[0]


def test_waiting_is_read_for_each_thread_and_for_no_process_that_is_gone():
    assert str(os.getpid()) in clock.waiting_times(os.getpid())
    assert clock.waiting_times(2**22 + 1) == {}


@pytest.mark.parametrize(
    ("total", "available", "floor"),
    [(33_000, 30_000, 1000), (1000, 900, 128), (500_000, 400_000, 1024), (33_000, 600, 300)],
)
def test_the_machines_reserve_suits_its_size_and_what_is_there(total, available, floor):
    assert supervisor.floor_of(watch.Memory(total * MIB, available * MIB)) // MIB == floor


def test_the_machines_memory_is_what_linux_says():
    memory = watch.machine_memory()
    assert 0 < memory.available <= memory.total < 2**50
