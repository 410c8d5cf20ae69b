"""What can be seen inside is what was let in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from autograder.conversation.session import Target
from autograder.sandbox.cage import Cage
from autograder.sandbox.layout import ROOT, course_layout
from autograder.sandbox.linux import seccomp_program
from tests.sandbox.conftest import LIMITS


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
def test_roots_closed_files_are_readable_where_they_are_let_in(isolation, tmp_path, monkeypatch):
    """As on a machine where root's umask is 077."""
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    (cache / "data").write_text("flowers")
    (cache / "data").chmod(0o600)
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(cache))
    layout = course_layout()
    assert not layout.readable_by_all
    assert _found(layout, isolation, f"found = open({str(cache / 'data')!r}).read()") == "flowers"
