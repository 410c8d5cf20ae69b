"""Control groups: where they are made, what they hold a submission to, and what is said where there are none.

The tests of the class `TestHere` need a system that lets this user make some. They are skipped elsewhere.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.sandbox import control_group, watch
from autograder.sandbox.cage import Cage
from autograder.sandbox.control_group import ControlGroup, Unavailable
from autograder.sandbox.layout import course_layout
from autograder.sandbox.limits import MIB
from tests.sandbox.conftest import LIMITS

MOUNT = "24 1 0:22 {root} {top} rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"


def _system(tmp_path: Path, *, own: str = "0::/user/session", root: str = "/", controllers: str = "cpu memory pids"):
    """Return a stand-in for /proc/self; its groups lie below `tmp_path/groups`."""
    top = tmp_path / "groups"
    top.mkdir()
    (top / "cgroup.controllers").write_text(controllers)
    proc = tmp_path / "proc"
    proc.mkdir()
    (proc / "mountinfo").write_text("22 1 0:5 / /proc rw - proc proc rw\n" + MOUNT.format(root=root, top=top))
    (proc / "cgroup").write_text(f"4:memory:/elsewhere\n{own}\n")
    return proc


def _group(path: Path, *, controllers: str = "", hands_on: str = "") -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, text in (("controllers", controllers), ("subtree_control", hands_on), ("procs", "")):
        (path / f"cgroup.{name}").write_text(text)
    return path


class TestWhere:
    """Finding the place where groups are made."""

    def test_the_group_of_this_process_is_found_below_where_groups_are_mounted(self, tmp_path):
        proc = _system(tmp_path)
        assert control_group._groups(proc) == (tmp_path / "groups", tmp_path / "groups" / "user" / "session")

    def test_in_a_container_that_sees_a_part_of_them(self, tmp_path):
        proc = _system(tmp_path, own="0::/docker/abc/grading", root="/docker/abc")
        assert control_group._groups(proc) == (tmp_path / "groups", tmp_path / "groups" / "grading")

    @pytest.mark.parametrize("own", ["0::/../elsewhere", "0::/other"])
    def test_a_group_outside_of_what_can_be_seen_is_no_place(self, tmp_path, own):
        proc = _system(tmp_path, own=own, root="/docker/abc")
        with pytest.raises(Unavailable, match="lies outside"):
            control_group._groups(proc)

    def test_a_system_that_counts_memory_by_version_1(self, tmp_path):
        with pytest.raises(Unavailable, match="memory is not counted by version 2"):
            control_group._groups(_system(tmp_path, controllers=""))

    def test_a_system_without_version_2(self, tmp_path):
        proc = _system(tmp_path)
        (proc / "mountinfo").write_text("22 1 0:5 / /proc rw - proc proc rw\n")
        with pytest.raises(Unavailable, match="not mounted"):
            control_group._groups(proc)

    def test_the_nearest_that_limits_memory_below_it(self, tmp_path):
        top = _group(tmp_path / "top", controllers="memory", hands_on="memory")
        slice_ = _group(top / "slice", controllers="memory", hands_on="cpu memory pids")
        own = _group(slice_ / "session" / "mine", controllers="memory", hands_on="cpu")
        assert control_group._nearest(top, own) == slice_

    def test_never_above_the_outermost(self, tmp_path):
        outside = _group(tmp_path / "outside", hands_on="memory")
        top = _group(outside / "top")
        assert control_group._nearest(top, _group(top / "own")) is None

    def test_a_group_that_is_not_ours_to_divide(self, tmp_path):
        with pytest.raises(Unavailable, match="may make no control groups at"):
            control_group._made_usable(_group(tmp_path / "own", controllers="cpu pids"))


class TestWhatIsReported:
    """What becomes of a submission that the system ended at its group's limit."""

    @pytest.fixture
    def group(self, tmp_path) -> ControlGroup:
        group = ControlGroup.__new__(ControlGroup)
        group.path = tmp_path
        return group

    @pytest.mark.parametrize(("events", "ran_out"), [("low 0\noom 3\noom_kill 0\n", False), ("oom_kill 2\n", True)])
    def test_that_memory_ran_out(self, group, events, ran_out):
        (group.path / "memory.events").write_text(events)
        assert group.ran_out_of_memory is ran_out

    def test_nothing_where_the_system_says_nothing(self, group):
        assert group.ran_out_of_memory is False

    @pytest.mark.sandbox
    def test_a_kernel_that_was_ended_for_memory_did_not_just_crash(self, kernel, group):
        (group.path / "memory.events").write_text("oom_kill 1\n")
        kernel.supervisor.group = group
        kernel.execute("import os\nos.kill(os.getpid(), 9)")
        assert kernel.death == "out_of_memory"


def test_what_is_there_or_why_it_is_not_is_found_by_trying():
    here = control_group.place()
    if here is None:
        assert control_group.problem()
    else:
        assert not control_group.problem()
        assert not list(here.glob(f"{control_group.PREFIX}*-*"))  # the trial has removed its own


@pytest.mark.skipif(control_group.place() is None, reason="this user may make no control groups here")
class TestHere:
    """The real thing."""

    @pytest.fixture(params=["bubblewrap", "unshare"])
    def cage(self, request):
        with Cage(request.param, course_layout(), preload=()) as cage:
            yield cage

    @pytest.fixture
    def unwatched(self, monkeypatch):
        monkeypatch.setattr(watch, "usage", lambda pids: watch.Usage(1, 0))

    def test_memory_that_nobody_sees_ends_at_the_limit(self, cage, unwatched):
        with cage.open(dataclasses.replace(LIMITS, memory_mb=128)) as kernel:
            kernel.execute("x = bytearray(b'x') * (100 * 2**20)")
            assert kernel.alive
            kernel.execute("y = bytearray(b'x') * (100 * 2**20)")
            assert kernel.death == "out_of_memory"

    def test_messages_that_nobody_has_received_count(self, cage, unwatched, monkeypatch):
        monkeypatch.setattr(watch, "socket_memory", lambda pid: 0)
        code = (
            "import socket\npairs = []\n"
            "for _ in range(200):\n"
            "    pairs.append(socket.socketpair())\n"
            "    pairs[-1][0].setblocking(False)\n"
            "    try:\n"
            "        while True: pairs[-1][0].send(bytes(150_000))\n"
            "    except BlockingIOError: pass\n"
        )
        with cage.open(dataclasses.replace(LIMITS, memory_mb=24, disk_mb=8)) as kernel:
            kernel.execute(code)
            assert kernel.death == "out_of_memory"

    def test_files_in_memory_count_with_the_rest(self, cage):
        with cage.open(LIMITS) as kernel:
            kernel.execute("open('file', 'wb').write(bytes(8 * 2**20))")
            held = int((kernel.group.path / "memory.current").read_text())
        assert held > 8 * MIB

    def test_processes_are_bounded(self, cage, unwatched):
        code = "import os, time\nfor n in range(400):\n    if os.fork() == 0:\n        time.sleep(30)\n"
        with cage.open(LIMITS) as kernel:
            kernel.execute(code)
            most = int((kernel.group.path / "pids.current").read_text())
        assert most <= LIMITS.processes + 1

    def test_all_of_a_submission_is_in_its_group_and_the_zygote_is_not(self, cage):
        with cage.open(LIMITS) as kernel:
            kernel.execute("import subprocess\nchild = subprocess.Popen(['sleep', '30'])")
            members = {int(pid) for pid in (kernel.group.path / "cgroup.procs").read_text().split()}
            assert members == set(watch.processes_below(kernel.supervisor.init_pid))
            assert cage.pid not in members

    def test_nothing_is_left(self, cage):
        with cage.open(LIMITS) as kernel:
            path = kernel.group.path
            kernel.execute("x = 1")
        assert not path.exists()

    def test_a_later_run_removes_what_a_killed_one_left(self, monkeypatch):
        place = control_group.place()
        ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
        left = place / f"{control_group.PREFIX}{int(ended.stdout)}-00000000"
        left.mkdir()
        control_group._remove_abandoned(place)
        assert not left.exists()

    def test_a_group_that_we_have_to_ourselves_is_divided(self):
        group = ControlGroup(control_group.place(), LIMITS)
        code = (
            "import sys; sys.stdin.readline()\n"
            "from pathlib import Path; from autograder.sandbox import control_group\n"
            f"own = Path({str(group.path)!r})\n"
            "assert control_group._made_usable(own) == own\n"
            "control_group._see_it_stop_a_process(own)\n"
            "print(Path('/proc/self/cgroup').read_text().strip().rpartition('/')[2])\n"
        )
        try:
            command = [sys.executable, "-c", code]
            with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
                group.add(process.pid)
                said, _ = process.communicate("\n", timeout=120)
            assert said.split() == [control_group.GRADERS]
            time.sleep(0.1)
            (group.path / control_group.GRADERS).rmdir()
        finally:
            group.close()

    def test_a_group_with_strangers_in_it_is_left_as_it_is(self):
        group = ControlGroup(control_group.place(), LIMITS)
        with subprocess.Popen(["sleep", "60"]) as ours:
            other = subprocess.Popen(["setsid", "--fork", "sleep", "60"])
            other.wait()
            strangers = [int(p) for p in subprocess.check_output(["pgrep", "-f", "^sleep 60$"]).split()]
            try:
                for pid in strangers:
                    group.add(pid)
                with pytest.raises(Unavailable, match="others work"):
                    control_group._move_relatives(group.path, group.path / control_group.GRADERS)
            finally:
                ours.kill()
                group.close()
