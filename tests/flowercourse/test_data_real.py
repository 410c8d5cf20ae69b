"""tf_flowers, where TFDS has prepared it."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from flowercourse import datasets
from flowercourse.errors import CourseError

pytestmark = pytest.mark.real_data


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let no other data set be pinned or lie about."""
    monkeypatch.delenv("FLOWERCOURSE_DATASET")
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    return tmp_path


def test_it_is_found_in_a_data_directory_and_complete(real_data_dir, places):
    data = datasets.find(data_dir=real_data_dir)
    assert data.name == "tf_flowers"
    assert data.num_examples == 3670
    assert data.class_names == ("dandelion", "daisy", "tulips", "sunflowers", "roses")
    assert data.data_dir == real_data_dir
    counts = Counter(int(label) for _, label in data.load(decode=False).as_numpy_iterator())
    assert sorted(counts.values()) == [633, 641, 699, 799, 898]


def test_it_is_found_where_tfds_looks(real_data_dir, places, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(real_data_dir))
    assert datasets.find().name == "tf_flowers"
    found = [attempt.source for attempt in datasets.look_up() if attempt.found]
    assert found[0] == "tf_flowers in TFDS_DATA_DIR"


def test_parts_have_the_sizes_that_tfds_gives(real_data_dir):
    data = datasets.find("tf_flowers", data_dir=real_data_dir)
    assert [len(data.load(name)) for name in datasets.split_names("70/30")] == [2569, 1101]
    thirds = [len(data.load(name)) for name in datasets.split_names("70/15/15")]
    assert thirds == [len(part) for part in datasets.split_ranges(3670, "70/15/15")] == [2569, 551, 550]


def test_photographs_come_in_tfds_order(real_data_dir):
    import tensorflow_datasets as tfds

    ours = datasets.find("tf_flowers", data_dir=real_data_dir).load("train[70%:71%]")
    theirs = tfds.load("tf_flowers", split="train[70%:71%]", as_supervised=True, data_dir=real_data_dir)
    for (image, label), (same_image, same_label) in zip(
        ours.as_numpy_iterator(), theirs.as_numpy_iterator(), strict=True
    ):
        assert (image == same_image).all()
        assert label == same_label


def test_a_copy_elsewhere_has_the_same_fingerprint(real_data_dir, places):
    shutil.copytree(real_data_dir / "tf_flowers", places / "tfds" / "tf_flowers")
    here = datasets.find("tf_flowers").fingerprint
    assert here == datasets.find("tf_flowers", data_dir=real_data_dir).fingerprint
    assert here != datasets.find("mini_flowers", data_dir=_mini_flowers_dir()).fingerprint


def _mini_flowers_dir() -> Path:
    from tests.conftest import CACHE

    return CACHE / "tensorflow_datasets"


def test_an_incomplete_copy_is_not_taken(real_data_dir, places):
    directory = places / "tfds" / "tf_flowers" / "3.0.1"
    directory.mkdir(parents=True)
    for name in ("dataset_info.json", "features.json", "label.labels.txt"):
        shutil.copy(real_data_dir / "tf_flowers" / "3.0.1" / name, directory)
    with pytest.raises(CourseError, match="tf_flowers was not found: .*not prepared in .*FLOWERCOURSE_OFFLINE is set"):
        datasets.find("tf_flowers")
