"""One connected machine serves a class: what it has fetched, as a folder that others take with one setting."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from flowercourse import backbones, datasets, features, paths
from flowercourse.backbones import Backbone
from flowercourse.datasets import Dataset
from flowercourse.errors import CourseError
from flowercourse.features import Features
from flowercourse.sharing import share


@pytest.fixture
def here() -> tuple[Dataset, list[tuple[Backbone, Features]]]:
    """Return what the connected machine has."""
    data, backbone = datasets.find(), backbones.resolve("mobilenet_v2")
    return data, [(backbone, features.extract(backbone, data))]


def test_another_machine_takes_all_from_the_folder_without_a_network(here, tmp_path: Path, monkeypatch):
    written = share(tmp_path / "shared", *here)
    moved = tmp_path / "elsewhere"  # on the other machine, the folder has another place
    shutil.move(tmp_path / "shared", moved)
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(moved))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "nothing"))
    monkeypatch.setattr(paths, "is_writable", lambda directory: False)
    monkeypatch.setattr("flowercourse.network.why_unreachable", lambda address: pytest.fail(f"asked {address}"))
    data = datasets.find("mini_flowers")
    found = features.extract("mobilenet_v2", data)
    assert len(written) == 3
    assert data.directory.is_relative_to(moved)
    assert Path(backbones.resolve("mobilenet_v2").handle).is_relative_to(moved)
    assert found.reused
    assert found.path.is_relative_to(moved)
    assert (found.x == here[1][0][1].x).all()


def test_the_folder_can_be_written_again_and_keeps_other_files(here, tmp_path: Path):
    (tmp_path / "timetable.txt").write_text("Monday")
    first, second = (sorted(share(tmp_path, *here)) for _ in range(2))
    assert first == second
    assert (tmp_path / "timetable.txt").read_text() == "Monday"


def test_the_cache_itself_is_no_folder_to_share(here):
    with pytest.raises(CourseError, match="is the course's cache"):
        share(paths.cache_dir() / "shared", *here)


def test_a_file_is_no_folder_to_share(here, tmp_path: Path):
    (tmp_path / "shared").write_text("mine")
    with pytest.raises(CourseError, match="is no folder"):
        share(tmp_path / "shared", *here)
    assert (tmp_path / "shared").read_text() == "mine"


def test_a_model_of_ones_own_is_named_and_nothing_is_written(here, small: Backbone, tmp_path: Path):
    data, [(_, known)] = here
    with pytest.raises(CourseError, match="a model of your own"):
        share(tmp_path / "shared", data, [(small, known)])
    assert not any((tmp_path / "shared").iterdir())
