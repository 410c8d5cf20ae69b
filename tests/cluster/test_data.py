"""The course's own exercises on a cluster: data is each machine's own, features travel, other data is refused."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from autograder.authoring.notebooks import dumps, instructor_notebook
from autograder.authoring.sources import load_all
from autograder.files import PrivateFolder
from autograder.grading import remote
from autograder.grading.grade import grade_class
from autograder.grading.process import PRIVATE
from autograder.sandbox.limits import Limits
from flowercourse import paths
from tests.attacks.course import course
from tests.cluster.local import cluster

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


def _another_cache(folder: Path) -> Path:
    """Return a cache with the data and the weights of this one, and no features."""
    cache = folder / "cache"
    cache.mkdir()
    cache.chmod(0o755)
    for part in ("tensorflow_datasets", "backbones", "frozen"):
        if (paths.cache_dir() / part).exists():
            shutil.copytree(paths.cache_dir() / part, cache / part, copy_function=os.link)
    return cache


def test_features_travel_to_a_machine_that_lacks_them(tmp_path):
    name = "05-predictions"
    assignment = load_all()[name]
    place = tmp_path / "submitted" / "student" / name
    place.mkdir(parents=True)
    (place / f"{name}.ipynb").write_text(dumps(instructor_notebook(assignment)))
    cache = _another_cache(tmp_path)
    with cluster(tmp_path) as made:
        made.add(1, FLOWERCOURSE_CACHE=str(cache), TFDS_DATA_DIR=str(cache / "tensorflow_datasets"))
        (result,) = grade_class(
            tmp_path / "submitted", tmp_path / "out", scheduler=made.scheduler, limits=Limits(), progress=False
        )
    assert (result.status, result.score) == ("graded", result.max_score)
    sent = {path.name for path in (cache / "features").iterdir() if path.is_dir()}
    assert sent
    for folder in sent:
        here = paths.cache_dir() / "features" / folder
        assert {path.name: path.read_bytes() for path in (cache / "features" / folder).iterdir()} == {
            path.name: path.read_bytes() for path in here.iterdir()
        }


@pytest.fixture
def plan(monkeypatch):
    monkeypatch.setattr(remote, "_RUNS", {})
    yield remote.Plan("a-run", course(), Limits(), "auto", (), ())
    remote.end("a-run")


def test_a_folder_that_went_with_its_worker_is_sent_again(plan, tmp_path):
    with pytest.raises(FileNotFoundError):
        remote.begin(plan, str(tmp_path / "gone"), 1)
    folder = remote.unpack(plan.run, remote.Parcel({"secret.npz": b"pictures"}))
    assert remote.begin(plan, folder, 1) == ""


def test_a_machine_with_other_data_cannot_grade(plan, monkeypatch):
    monkeypatch.setattr(remote, "ready_data", lambda pinned: remote.Ready({}, {"mobilenet_v2": "/cache/other-data"}))
    folder = remote.unpack(plan.run, remote.Parcel({}))
    wants_data = remote.Plan(plan.run, plan.course, plan.limits, "auto", (), (), {"A": "B"}, ("this-data",))
    said = remote.begin(wants_data, folder, 1)
    assert "its data set or its weights are others" in said
    assert "flowercourse prepare" in said


def test_secret_pictures_of_a_run_are_for_its_user_only_and_gone_afterwards(plan):
    folder = Path(remote.unpack(plan.run, remote.Parcel({"secret.npz": b"pictures"})))
    assert folder.stat().st_mode & 0o077 == 0
    assert folder.name.startswith(PRIVATE)
    remote.end(plan.run)
    assert not folder.exists()


def test_a_run_has_one_folder_in_a_worker_and_none_is_left(plan, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    folder = remote.unpack(plan.run, remote.Parcel({}))
    assert remote.begin(plan, folder, 1) == ""
    assert [str(path) for path in tmp_path.glob(f"{PRIVATE}*")] == [folder]
    remote.end(plan.run)
    assert not [*tmp_path.glob(f"{PRIVATE}*")]


def test_whoever_begun_a_grader_and_was_killed_leaves_none_for_long(plan, monkeypatch):
    monkeypatch.setattr(remote, "IDLE_S", 0.2)
    folder = remote.unpack(plan.run, remote.Parcel({}))
    assert remote.begin(plan, folder, 1) == ""
    grader = remote._RUNS[plan.run].grader
    assert grader is not None
    grader.process.wait(timeout=60)
    assert plan.run not in remote._RUNS


def test_a_worker_that_was_started_anew_says_so(plan):
    assert "started anew" in remote.grade("another-run", None)["failure"]  # type: ignore[arg-type]


def test_what_a_killed_worker_left_is_removed_by_the_next(plan, monkeypatch):
    monkeypatch.setattr("autograder.files.ABANDONED_AFTER_S", 0.0)
    left = PrivateFolder(PRIVATE)
    os.close(left._held)  # as the system does when its process is killed
    remote.unpack(plan.run, remote.Parcel({}))
    assert not Path(left.name).exists()
    left._held = -1
