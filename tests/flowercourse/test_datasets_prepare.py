"""Preparing a data set ends with a whole one or with none: killed, on a full disk, twice at once, read-only."""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flowercourse import datasets, paths
from flowercourse.errors import CourseError

# mini_flowers with ten pictures, so that it takes a second.
SCRIPT = """
import os, signal, sys
from flowercourse import datasets
from flowercourse.datasets import preparation
from flowercourse.errors import CourseError
from flowercourse.mini_flowers import builder, workers
builder.NUM_PICTURES = 10
workers.environment.processors = lambda: 1
if sys.argv[1:] == ["killed"]:
    run = preparation._run
    def killed(*arguments):
        run(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)  # everything is written, nothing is in its place
    preparation._run = killed
try:
    data = datasets.find("mini_flowers")
    print(data.num_examples, data.fingerprint, data.data_dir)
except CourseError as error:
    sys.exit(f"CourseError: {error}")
"""
needs_bubblewrap = pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "elsewhere"))
    return tmp_path / "cache"


@pytest.fixture
def ten_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    from flowercourse.mini_flowers import builder, workers

    monkeypatch.setattr(builder, "NUM_PICTURES", 10)
    monkeypatch.setattr(workers.environment, "processors", lambda: 1)


def start(*within: str) -> subprocess.Popen[str]:
    """Start a process within a cage that asks for mini_flowers."""
    command = [*within, sys.executable, "-c", SCRIPT]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def data_sets(cache: Path) -> list[str]:
    """Return what a reader could take for data sets in the cache."""
    return [path.parent.name for path in cache.glob("tensorflow_datasets/*/[!.]*/dataset_info.json")]


def test_a_writer_that_is_killed_leaves_no_data_set_and_the_next_one_succeeds(cache, ten_pictures, other_process):
    top = cache / "tensorflow_datasets" / "mini_flowers"
    writer = other_process(SCRIPT, "killed")
    writer.communicate(timeout=240)
    assert writer.returncode == -signal.SIGKILL
    assert list(top.glob(".incomplete-*/**/*.tfrecord-*"))
    assert data_sets(cache) == []
    assert datasets.find("mini_flowers").num_examples == 10
    assert not list(top.glob(".incomplete-*"))  # also what the killed one left


def test_two_processes_that_ask_at_once_get_the_same_data_set(cache, other_process):
    both = [other_process(SCRIPT), other_process(SCRIPT)]
    answers = [process.communicate(timeout=240) for process in both]
    assert answers[0][0] == answers[1][0], answers
    assert answers[0][0].startswith("10 ")
    assert len(data_sets(cache)) == 1


@pytest.mark.sandbox
@needs_bubblewrap
def test_a_full_disk_is_said_to_be_full(cache):
    cache.mkdir()
    within = ("bwrap", "--dev-bind", "/", "/", "--size", "80000", "--tmpfs", str(cache))
    printed, errors = start(*within).communicate(timeout=240)
    assert not printed
    assert "CourseError: mini_flowers was not prepared: the disk that holds" in errors
    assert "is full" in errors
    assert "FLOWERCOURSE_CACHE" in errors


def test_an_error_while_preparing_leaves_nothing(cache, ten_pictures, monkeypatch):
    from flowercourse.mini_flowers import workers

    def full(number: int) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(workers, "draw", full)  # as it fails for a file that grows on a full disk
    with pytest.raises(CourseError, match="mini_flowers was not prepared: the disk that holds .* is full"):
        datasets.find("mini_flowers")
    assert not [path for path in cache.rglob("*") if path.is_file() and path.suffix != ".lock"]


@pytest.mark.sandbox
@needs_bubblewrap
def test_a_read_only_cache_without_the_data_is_left_alone(cache):
    cache.mkdir()
    within = ("bwrap", "--dev-bind", "/", "/", "--ro-bind", str(cache), str(cache))
    printed, errors = start(*within).communicate(timeout=240)
    assert printed.startswith("10 "), errors
    assert str(cache) not in printed
    assert list(cache.iterdir()) == []
    assert not Path(printed.split()[-1]).exists()  # the private directory went with its process


@pytest.mark.sandbox
@needs_bubblewrap
def test_a_complete_read_only_cache_serves_tfds(cache, ten_pictures):
    datasets.find("mini_flowers")
    code = (
        "import flowercourse, tensorflow_datasets as tfds\n"
        "print(sum(1 for _ in tfds.load(flowercourse.DATASET, split='train[:70%]', as_supervised=True)))"
    )
    command = ["bwrap", "--dev-bind", "/", "/", "--ro-bind", str(cache), str(cache), sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.stdout.strip() == "7", done.stderr


def test_a_damaged_data_set_is_prepared_again(cache, ten_pictures):
    before = datasets.find("mini_flowers")
    (record,) = cache.rglob("*.tfrecord-*")
    record.unlink()
    assert datasets.find("mini_flowers") == before


def test_a_record_file_that_is_cut_off_is_named(cache, ten_pictures):
    datasets.find("mini_flowers")
    (record,) = cache.rglob("*.tfrecord-*")
    record.write_bytes(record.read_bytes()[:-100])
    with pytest.raises(CourseError, match="is cut off") as refused:
        datasets.find("mini_flowers")
    assert str(record.parent) in str(refused.value)


class TestWholeDirectory:
    """`paths.whole_directory` and `paths.locked`, on which this and the feature cache rest."""

    def test_it_appears_in_one_step(self, tmp_path):
        with paths.whole_directory(tmp_path / "made") as unfinished:
            (unfinished / "file").write_text("content")
            assert not (tmp_path / "made").exists()
        assert [path.name for path in (tmp_path / "made").iterdir()] == ["file"]
        assert [path.name for path in tmp_path.iterdir()] == ["made"]

    def test_an_error_leaves_what_was_there(self, tmp_path):
        (tmp_path / "made").mkdir()
        (tmp_path / "made" / "old").touch()

        def fail() -> None:
            with paths.whole_directory(tmp_path / "made") as unfinished:
                (unfinished / "new").touch()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert [path.name for path in tmp_path.rglob("*")] == ["made", "old"]

    def test_a_lock_is_waited_for_no_longer_than_asked(self, tmp_path):
        with (
            paths.locked(tmp_path / "made"),
            pytest.raises(CourseError, match="another process"),
            paths.locked(tmp_path / "made", timeout_s=0.1),
        ):
            pass
        with paths.locked(tmp_path / "made", timeout_s=0.1):
            pass
