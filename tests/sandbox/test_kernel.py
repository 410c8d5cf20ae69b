"""What a learner's cells can do, and what the grader gets to know of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.conversation.session import Gone, Refused, Target, TimedOut
from autograder.sandbox import watch
from autograder.sandbox.limits import Limits
from flowercourse.errors import CourseError
from tests.sandbox.conftest import LIMITS

pytestmark = pytest.mark.sandbox


def _shown(ran) -> str:
    return "".join(output.get("text", "") for output in ran.outputs)


def _value(kernel, name):
    return kernel.session.ask("get", Target(name)).value("value")


def test_names_stay_from_cell_to_cell(kernel):
    assert kernel.execute("x = 20").state == "ok"
    kernel.execute("x += 22")
    assert _value(kernel, "x") == 42


def test_outputs_come_back_in_the_notebooks_own_format(kernel):
    ran = kernel.execute("import sys\nprint('one')\nprint('two', file=sys.stderr)\n6 * 7")
    kinds = [(output["output_type"], output.get("name")) for output in ran.outputs]
    assert sorted(kinds, key=str) == [("execute_result", None), ("stream", "stderr"), ("stream", "stdout")]
    assert next(output["data"] for output in ran.outputs if "data" in output) == {"text/plain": "42"}


def test_a_figure_comes_back_as_a_picture(kernel):
    ran = kernel.execute("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    assert any("image/png" in output.get("data", {}) for output in ran.outputs)


def test_an_error_does_not_end_the_notebook(kernel):
    ran = kernel.execute("print('before')\n1 / 0")
    assert (ran.state, ran.error) == ("error", "ZeroDivisionError")
    assert ran.outputs[-1]["ename"] == "ZeroDivisionError"
    assert kernel.execute("1").state == "ok"


def test_a_cell_that_takes_too_long_is_interrupted_and_the_kernel_lives(kernel):
    kernel.execute("x = 1")
    ran = kernel.execute("while True: pass", timeout_s=0.5)
    assert ran.state == "timeout"
    assert _value(kernel, "x") == 1


def test_a_cell_that_ignores_interrupts_ends_its_kernel(kernel):
    code = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nwhile True: time.sleep(1)"
    assert kernel.execute(code, timeout_s=0.5).state == "timeout"
    assert kernel.death == "timeout"
    assert kernel.execute("1").state == "not_run"
    with pytest.raises(Gone):
        kernel.session.ask("get", Target("x"))


def test_an_answer_that_takes_too_long_is_interrupted_and_the_next_one_comes(kernel):
    kernel.execute("x = 7\ndef f():\n    while True: pass")
    with pytest.raises(TimedOut):
        kernel.session.ask("call", Target("f"), args=[], kwargs={}, keep=False, seed=None, timeout_s=0.5)
    assert _value(kernel, "x") == 7


def test_answers_of_one_check_share_their_time(kernel):
    kernel.execute("import time\ndef f(): time.sleep(0.3)")

    def ask_often():
        for _ in range(10):
            kernel.session.ask("call", Target("f"), args=[], kwargs={}, keep=False, seed=None)

    with kernel.session.at_most(0.5), pytest.raises(TimedOut):
        ask_often()
    assert kernel.session.was_late


def test_sys_exit_inside_a_checked_function_is_an_answer_like_any_other(kernel):
    kernel.execute("import sys\nx = 3\ndef f(): sys.exit()")
    with pytest.raises(Refused):
        kernel.session.ask("call", Target("f"), args=[], kwargs={}, keep=False, seed=None)
    assert _value(kernel, "x") == 3


@pytest.mark.parametrize("code", ["import os; os._exit(0)", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_a_kernel_that_ends_is_noticed_at_once(kernel, code):
    began = time.monotonic()
    assert kernel.execute(code).state == "not_run"
    assert kernel.death == "crashed"
    assert time.monotonic() - began < 5


def test_output_beyond_the_limit_is_cut_off_and_says_so(cage):
    with cage.open(Limits(output_mb=0.01)) as kernel:
        ran = kernel.execute("for _ in range(1000): print('x' * 1000)\ny = 2")
        assert ran.state == "ok"
        assert len(_shown(ran)) < 20_000
        assert "cut off" in _shown(ran)
        assert _value(kernel, "y") == 2
        assert _shown(kernel.execute("print('again')")) == "again\n"


def test_outputs_that_are_not_in_the_format_are_dropped(kernel):
    forged = [{"output_type": "evil"}, {"output_type": "error"}, [1], "x", {"output_type": "display_data", "data": 3}]
    code = "from autograder.sandbox import kernel\nimport json\n"
    code += f"for one in json.loads({json.dumps(forged)!r}): kernel._Shell.emit(one)"
    assert kernel.execute(code).outputs == ()


def test_too_much_memory_ends_the_kernel(kernel):
    kernel.execute("hoard = []\nwhile True: hoard.append(bytearray(b'x') * 10_000_000)")
    assert kernel.death == "out_of_memory"


def test_every_submission_starts_afresh(cage):
    traces = "import os\nfound = [p for p in ('/tmp/trace', '/dev/shm/trace', '/notebook/trace') if os.path.exists(p)]"
    with cage.open(LIMITS) as first:
        first.execute("import numpy\nnumpy.pi = 3\nfor p in ('/tmp', '/dev/shm', '/notebook'): open(p + '/trace', 'w')")
    with cage.open(LIMITS) as second:
        second.execute(f"{traces}\nimport numpy\npi = float(numpy.pi)")
        assert _value(second, "found") == []
        assert _value(second, "pi") > 3.1


def test_every_submission_draws_its_own_random_numbers(cage):
    drawn = []
    for _ in range(2):
        with cage.open(LIMITS) as kernel:
            kernel.execute("import numpy, random\nx = [float(numpy.random.rand()), random.random()]")
            drawn += _value(kernel, "x")
    assert len(set(drawn)) == 4


def test_nothing_outlives_a_submission(cage):
    with cage.open(LIMITS) as kernel:
        kernel.execute(
            "import subprocess\nfor _ in range(3): subprocess.Popen(['sleep', '600'], start_new_session=True)"
        )
        inside = watch.processes_below(kernel.supervisor.init_pid)
        assert len(inside) >= 4
    assert not [pid for pid in inside if Path(f"/proc/{pid}").exists()]


def test_nothing_outlives_the_grader(tmp_path):
    """Even where it is killed in the middle of a cell."""
    code = """
import sys
from autograder.sandbox.cage import Cage
from autograder.sandbox.layout import course_layout
cage = Cage("unshare", course_layout(), preload=())
kernel = cage.open()
kernel.execute("import subprocess; subprocess.Popen(['sleep', '600'])")
print(kernel.supervisor.init_pid, cage.pid, flush=True)
kernel.execute("while True: pass")
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as grader:
        pids = [int(pid) for pid in grader.stdout.readline().split()]
        assert all(Path(f"/proc/{pid}").exists() for pid in pids)
        os.kill(grader.pid, signal.SIGKILL)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(_runs(pid) for pid in pids):
        time.sleep(0.05)
    assert not [pid for pid in pids if _runs(pid)]


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_a_learner_is_nobody_in_particular(kernel):
    kernel.execute("import os\nx = [os.getuid(), os.getgid(), os.getgroups()]\ny = sorted(os.environ)")
    assert _value(kernel, "x")[:2] == [1000, 1000]
    assert not {"USERNAME", "SSH_AUTH_SOCK", "COURSE_PASSWORD"} & set(_value(kernel, "y"))
    assert _value(kernel, "y") == sorted(kernel.cage.layout.environment) or "PWD" in _value(kernel, "y")


def test_once_it_has_ended_its_signals_reach_nobody_else(kernel):
    kernel.close()
    with subprocess.Popen(["sleep", "60"]) as bystander:
        handles = [os.pidfd_open(bystander.pid) for _ in range(20)]  # whatever numbers were free, these have them now
        try:
            kernel.interrupt()
            kernel.kill()
            time.sleep(0.1)
            assert bystander.poll() is None
        finally:
            bystander.kill()
            for handle in handles:
                os.close(handle)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give submissions users of their own")
def test_inside_root_is_not_root_outside(kernel):
    status = Path(f"/proc/{watch.pid_of(kernel.supervisor.handles[0])}/status").read_text()
    uid = next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))
    assert int(uid) > 100_000


def test_limits_must_leave_something():
    with pytest.raises(CourseError, match="memory_mb cannot be 0"):
        Limits(memory_mb=0)


HIDDEN_MEMORY = {
    "a child whose first thread has ended": """
import os, threading, time
if os.fork() == 0:
    import ctypes
    def hoard():
        kept = [bytearray(b'x') * 10_000_000 for _ in range(300)]
        time.sleep(60)
    threading.Thread(target=hoard).start()
    ctypes.CDLL(None).syscall(60 if os.uname().machine == 'x86_64' else 93, 0)
time.sleep(60)""",
    "the tables of a vast mapping's pages": """
import mmap
vast = mmap.mmap(-1, 2**40, flags=mmap.MAP_PRIVATE | 0x4000, prot=mmap.PROT_READ)
for at in range(0, 2**40, 2**21): vast[at]
import time; time.sleep(60)""",
    "messages that nobody receives": """
import os, socket, time
for _ in range(20):
    if os.fork() == 0:
        kept = []
        for _ in range(250):
            kept.append(socket.socketpair())
            kept[-1][0].setblocking(False)
            try:
                while True: kept[-1][0].send(bytes(4096))
            except OSError: pass
        time.sleep(60)
time.sleep(60)""",
}


@pytest.mark.parametrize("way", HIDDEN_MEMORY)
def test_memory_that_hides_ends_the_kernel_too(kernel, way):
    kernel.execute(HIDDEN_MEMORY[way])
    assert kernel.death == "out_of_memory"


def test_processes_beyond_a_few_wait_for_everybody_elses(kernel):
    kernel.execute(
        "import os, time\nfor _ in range(12):\n    if os.fork() == 0:\n        time.sleep(60)\n        os._exit(0)\n"
        "time.sleep(1)\nown = os.getpriority(os.PRIO_PROCESS, 0)\n"
        "low = sum(os.getpriority(os.PRIO_PROCESS, int(p)) == own + 19 for p in os.listdir('/proc') if p.isdigit())"
    )
    assert (_value(kernel, "own"), _value(kernel, "low") > 0) == (0, True)


def test_a_child_asked_to_have_a_session_of_its_own_runs_all_the_same(kernel):
    kernel.execute("import subprocess\nran = subprocess.run(['/bin/echo', 'x'], start_new_session=True).returncode")
    assert _value(kernel, "ran") == 0
