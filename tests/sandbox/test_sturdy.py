"""A run that is told to stop, or whose disk is full, loses nothing, leaves nothing, and says how to go on."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from autograder import files
from autograder.files import PrivateFolder, remove_abandoned
from autograder.grading import grade
from autograder.grading.journal import Journal
from autograder.grading.machine import Machine, this_machine
from autograder.sandbox.cage import Cage
from autograder.sandbox.layout import course_layout
from flowercourse.errors import CourseError
from tests.sandbox.test_grade import _class, _grade, _graded, _rows

ROOT = Path(__file__).resolve().parents[2]
needs_bubblewrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")

# The command itself, on the tests' own small course.
RUN = """
import sys
from autograder.commands.learner import main
from autograder.grading import grade
from tests.sandbox.test_grade import course, LIMITS, PRELOAD
real = grade.grade_class
def of_the_small_course(submitted, out, **settings):
    return real(submitted, out, **{**settings, "course": course(), "limits": LIMITS, "preload": PRELOAD})
grade.grade_class = of_the_small_course
sys.argv = ["autograder", "grade", *sys.argv[1:]]
main()
"""


@pytest.mark.sandbox
@needs_bubblewrap
@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_a_signal_ends_the_run_in_order_and_says_how_to_go_on(tmp_path, name):
    _class(tmp_path, 6, added="import time; time.sleep(0.3)")
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    places = [str(tmp_path / "submitted"), "--out", str(tmp_path / "out")]
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", RUN, *places, "--jobs", "2"]
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while _graded(tmp_path) < 1 and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.Signals[name])
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + signal.Signals[name]
    assert f"Stopped by {name}: " in said
    assert " of 6 submissions are graded and kept. Go on with: autograder grade " in said
    assert "--jobs 2" in said  # as it was typed: the limits decide which grades are kept
    assert said.rstrip().endswith("--resume")
    assert "Traceback" not in said
    assert "Aborted" not in said
    assert [path.name for path in temporary.iterdir() if path.name.startswith("autograder")] == []
    before = _graded(tmp_path)
    assert 1 <= before < 6
    _grade(tmp_path, resume=True)
    assert len(_rows(tmp_path)) == 6
    assert {status for _, _, status in _rows(tmp_path)} == {"graded"}


def full(*_: object, **__: object) -> None:
    """Fail as on a full disk."""
    raise OSError(errno.ENOSPC, "No space left on device", "somewhere")


@pytest.mark.sandbox
@needs_bubblewrap
@pytest.mark.parametrize("where", ["journal", "gradebook", "feedback"])
def test_a_full_disk_ends_the_run_with_one_message_and_nothing_lost(tmp_path, monkeypatch, where):
    _class(tmp_path, 2)
    with monkeypatch.context() as patch:
        if where == "journal":
            patch.setattr(Journal, "add", full)
        else:
            patch.setattr(grade, {"gradebook": "record", "feedback": "write_feedback"}[where], full)
        with pytest.raises(CourseError) as stopped:
            _grade(tmp_path)
    assert f"the disk of {tmp_path / 'out'} is full: 0 of 2 submissions are graded and kept" in str(stopped.value)
    assert "--resume" in str(stopped.value)
    _grade(tmp_path, resume=True)
    assert [status for _, _, status in _rows(tmp_path)] == ["graded", "graded"]


@pytest.mark.sandbox
@needs_bubblewrap
def test_a_disk_that_fills_while_the_journal_is_written_ends_with_the_message_too(tmp_path):
    """With a real full device: what it did not take must not be tried again when the journal is closed."""
    _class(tmp_path, 2)
    folder = tmp_path / "out" / ".grading"
    folder.mkdir(parents=True)
    (folder / "journal.jsonl").symlink_to("/dev/full")
    with pytest.raises(CourseError, match="is full: 0 of 2 submissions are graded and kept"):
        _grade(tmp_path)
    (folder / "journal.jsonl").unlink()
    _grade(tmp_path, resume=True)
    assert [status for _, _, status in _rows(tmp_path)] == ["graded", "graded"]


def test_a_full_disk_is_noticed_where_nothing_runs(tmp_path, monkeypatch):
    for number in range(3):
        (tmp_path / "submitted" / f"student-{number}" / "01-toy").mkdir(parents=True)
    monkeypatch.setattr(grade, "choose", lambda wanted: "none")
    with monkeypatch.context() as patch:
        patch.setattr(grade, "record_all", full)
        with pytest.raises(CourseError, match="0 of 3 submissions are graded and kept"):
            _grade(tmp_path)
    _grade(tmp_path, resume=True)
    assert [status for _, _, status in _rows(tmp_path)] == ["rejected"] * 3


def test_what_was_rejected_is_published_once_and_again_when_it_changes(tmp_path, monkeypatch):
    for number in range(3):
        (tmp_path / "submitted" / f"student-{number}" / "01-toy").mkdir(parents=True)
    monkeypatch.setattr(grade, "choose", lambda wanted: "none")
    _grade(tmp_path)
    written: list[str] = []
    real = grade.write_feedback

    def noting(out: Path, result: object, *rest: object, **more: object) -> Path:
        written.append(result.student_id)
        return real(out, result, *rest, **more)

    monkeypatch.setattr(grade, "write_feedback", noting)
    _grade(tmp_path, resume=True)
    assert written == []
    (tmp_path / "submitted" / "student-1" / "01-toy" / "01-toy.ipynb").write_text("no notebook")
    _grade(tmp_path, resume=True)
    assert written == ["student-1"]
    assert len(_rows(tmp_path)) == 3


def test_only_what_is_provably_ours_and_abandoned_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(files.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(files, "ABANDONED_AFTER_S", 0.0)
    held = PrivateFolder("autograder-test-")
    code = "import os, sys\nfrom autograder.files import PrivateFolder\n"
    code += "print(PrivateFolder('autograder-test-').name, flush=True)\nos.kill(os.getpid(), 9)"
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    left = Path(killed.stdout.strip())
    assert left.is_dir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "autograder-test-link").symlink_to(elsewhere)
    (tmp_path / "autograder-test-file").touch()
    assert remove_abandoned("autograder-test-") == [str(left)]
    assert not left.exists()
    assert Path(held.name).is_dir()
    assert elsewhere.is_dir()
    held.cleanup()
    held.cleanup()
    assert not Path(held.name).exists()


_HELD = """
import os
from autograder.sandbox.cage import Cage
from autograder.sandbox.layout import course_layout
from tests.sandbox.conftest import LIMITS
cage = Cage({isolation!r}, course_layout(), preload=())
kernel = cage.open(LIMITS).__enter__()
kernel.execute("open('kept.txt', 'w').write('1')")
os.kill(os.getpid(), 9)
"""


@pytest.mark.sandbox
@pytest.mark.parametrize("isolation", ["unshare", "none"])
def test_folders_of_a_cage_whose_grader_was_killed_are_removed_by_the_next(isolation, tmp_path, monkeypatch):
    code = _HELD.format(isolation=isolation)
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False)
    (left,) = tmp_path.glob("autograder-cage-*")
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    with Cage(isolation, course_layout(), preload=()):
        assert left.exists()  # too young to be surely abandoned
    monkeypatch.setattr(files, "ABANDONED_AFTER_S", 0.0)
    with Cage(isolation, course_layout(), preload=()):
        assert not left.exists()
    assert not list(tmp_path.glob("autograder-*"))


def test_as_many_at_a_time_as_processors_and_memory_allow(tmp_path, monkeypatch):
    gib = 2**30
    assert Machine(4, 64 * gib).jobs == 4
    assert Machine(8, 5 * gib).jobs == 3
    assert Machine(2, gib // 2).jobs == 1
    assert str(Machine(1, 3 * gib)) == "1 processor, 3.0 GiB of memory are free"
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8 * gib))
    assert this_machine(tmp_path).memory == 8 * gib
    (tmp_path / "memory.max").write_text(f"{4 * gib}\n")
    (tmp_path / "memory.current").write_text(f"{gib}\n")
    assert this_machine(tmp_path).memory == 3 * gib
    (tmp_path / "memory.max").write_text("max\n")
    assert this_machine(tmp_path).memory == 8 * gib
