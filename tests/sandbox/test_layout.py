"""What can be seen inside is what was let in."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.conversation.session import Target
from autograder.sandbox.cage import Cage
from autograder.sandbox.doctor import choose, starts
from autograder.sandbox.layout import ROOT, course_layout
from autograder.sandbox.linux import seccomp_program
from flowercourse.environment import quiet
from flowercourse.errors import CourseError
from tests.sandbox.conftest import LIMITS

WITH_TENSORFLOW = replace(LIMITS, cell_timeout_s=120, memory_mb=3072, disk_mb=64)


def _found(layout, isolation, code):
    with Cage(isolation, layout, preload=()) as cage, cage.open(LIMITS) as kernel:
        kernel.execute(code)
        return kernel.session.ask("get", Target("found")).value("value")


_SEE = "import os\nfound = [path for path in {paths!r} if os.path.exists(path)]"


@pytest.mark.sandbox
def test_solutions_tests_and_the_grading_side_are_not_there(cage):
    paths = [
        ROOT / name
        for name in ("solutions", "tests", "autograder/grading/run.py", "exercises", ".git", "_build/nbgrader")
    ]
    paths += [
        Path("/course") / name
        for name in ("solutions", "autograder/grading/run.py", "autograder/grading/grade.py", "tests")
    ]
    with cage.open(LIMITS) as kernel:
        kernel.execute(_SEE.format(paths=[str(path) for path in [*paths, Path.home() / ".bashrc"]]))
        assert kernel.session.ask("get", Target("found")).value("value") == []


@pytest.mark.sandbox
def test_what_learners_may_import_is_there(cage):
    with cage.open(LIMITS) as kernel:
        ran = kernel.execute("import flowercourse\nfrom autograder.checks import preprocessing as checks")
        assert ran.state == "ok", ran.outputs


@pytest.mark.sandbox
@pytest.mark.parametrize("isolation", ["bubblewrap", "unshare"])
def test_data_below_tmp_stays_visible_and_read_only(isolation, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "data").write_text("flowers")
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(cache))
    layout = course_layout()
    assert str(cache) in layout.kept
    code = f"found = [open({str(cache / 'data')!r}).read()]\ntry: open({str(cache / 'new')!r}, 'w')\n"
    code += "except OSError: found.append('read-only')\nopen('/tmp/mine', 'w').close()"
    assert _found(layout, isolation, code) == ["flowers", "read-only"]
    assert [path.name for path in cache.iterdir()] == ["data"]


@pytest.mark.sandbox
@pytest.mark.parametrize("isolation", ["bubblewrap", "unshare"])
def test_secret_folders_below_what_is_visible_are_empty(isolation, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted" / "work").write_text("somebody's")
    layout = course_layout()
    layout = replace(
        layout, binds=(*layout.binds, (str(tmp_path), str(tmp_path))), hidden=(str(tmp_path / "submitted"),)
    )
    code = f"import os\nfound = [os.listdir({str(tmp_path)!r}), os.listdir({str(tmp_path / 'submitted')!r})]"
    assert _found(layout, isolation, code) == [["submitted"], []]


def test_the_filter_knows_both_machines():
    for machine in ("x86_64", "aarch64"):
        with_network, without = (seccomp_program(machine, network=network) for network in (True, False))
        assert len(with_network) % 8 == 0
        assert len(without) > len(with_network)


@pytest.mark.sandbox
@pytest.mark.parametrize("isolation", ["bubblewrap", "unshare"])
@pytest.mark.parametrize("what", ["the folder", "a file in it"])
def test_where_roots_files_are_closed_to_others_nothing_runs_as_root(isolation, what, tmp_path, monkeypatch):
    """As on a machine where root's umask is 077: one would have to be root to read them."""
    if os.geteuid() != 0:
        pytest.skip("only root's files can be closed to learners' code and not to the grader")
    cache = tmp_path / "a cache"
    cache.mkdir(mode=0o700 if what == "the folder" else 0o755)
    (cache / "data").write_text("flowers")
    (cache / "data").chmod(0o600)
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(cache))
    expected = f"to read {cache}: it is closed to other users. open it to them: chmod -R a+rX '{cache}'"
    with pytest.raises(CourseError, match=re.escape(expected)):
        _found(course_layout(), isolation, "found = 1")
    with pytest.raises(CourseError, match="would have to run as root"):
        choose(isolation)
    with pytest.raises(CourseError, match="would have to run as root"):
        choose("auto")  # and no weaker isolation takes its place
    assert "would have to run as root" in starts(isolation)


@pytest.mark.sandbox
@pytest.mark.parametrize("isolation", ["bubblewrap", "unshare"])
def test_the_kernels_settings_cannot_be_opened_for_writing(isolation):
    code = """
import os
found = []
for top in ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/sys"):
    for at, _, names in os.walk(top):
        for name in names:
            try:
                os.close(os.open(os.path.join(at, name), os.O_WRONLY))
                found.append(os.path.join(at, name))
            except OSError:
                pass
for path in ("/proc/sysrq-trigger", "/proc/kcore", "/proc/keys", "/proc/timer_list"):
    try:
        if open(path, "rb").read(1):
            found.append(path)
    except OSError:
        pass
"""
    assert _found(course_layout(), isolation, code) == []


@pytest.mark.parametrize("named", ["by the grader", "for the run"])
def test_which_keras_runs_inside_does_not_depend_on_the_grader(named, monkeypatch):
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "0")
    layout = course_layout(environment={"TF_USE_LEGACY_KERAS": "0"} if named == "for the run" else None)
    assert layout.environment["TF_USE_LEGACY_KERAS"] == "1"
    assert quiet()["TF_USE_LEGACY_KERAS"] == "1"


_TENSORBOARD = """
import pathlib
import numpy as np
import tensorflow as tf
model = tf.keras.Sequential([tf.keras.layers.Dense(2)])
model.compile("sgd", "mse")
model.fit(np.ones((8, 3)), np.ones((8, 2)), callbacks=[tf.keras.callbacks.TensorBoard("logs")], verbose=0)
found = len(list(pathlib.Path("logs").rglob("events.out.tfevents.*")))
"""


@pytest.mark.sandbox
def test_keras_callback_for_tensorboard_writes_its_logs_inside():
    with Cage("bubblewrap", course_layout(), preload=()) as cage, cage.open(WITH_TENSORFLOW) as kernel:
        ran = kernel.execute(_TENSORBOARD)
        assert ran.state == "ok", ran.outputs
        assert kernel.session.ask("get", Target("found")).value("value") == 1
