"""mini_flowers looks to a program just like tf_flowers, and is the same on every run."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from flowercourse import datasets
from flowercourse.mini_flowers import CLASS_NAMES, NUM_PICTURES, PICTURES_PER_CLASS, garden, workers


@pytest.fixture(scope="module")
def data() -> datasets.Dataset:
    return datasets.find("mini_flowers")


def test_it_has_the_names_features_and_order_of_tf_flowers(data):
    import tensorflow_datasets as tfds

    info = tfds.builder_from_directory(data.directory).info
    assert data.class_names == ("dandelion", "daisy", "tulips", "sunflowers", "roses")
    assert info.features["label"].names == list(data.class_names)
    assert info.features["image"].shape == (None, None, 3)
    assert info.features["image"].dtype == np.uint8
    assert info.supervised_keys == ("image", "label")


def test_it_is_large_enough_and_balanced(data):
    counts = Counter(int(label) for _, label in data.load(decode=False).as_numpy_iterator())
    assert data.num_examples == sum(counts.values()) == NUM_PICTURES >= 1000
    assert set(counts.values()) == {PICTURES_PER_CLASS}


def test_every_part_has_every_class(data):
    for name in datasets.split_names("70/15/15"):
        counts = Counter(int(label) for _, label in data.load(name, decode=False).as_numpy_iterator())
        assert min(counts.values()) > 0.6 * max(counts.values())
        assert len(counts) == 5


def test_sizes_vary_as_photographs_do(data):
    shapes = [image.shape for image, _ in data.load("train[:60]").as_numpy_iterator()]
    assert len(set(shapes)) > 20
    assert all(180 <= side <= 360 for shape in shapes for side in shape[:2])
    assert any(height > width for height, width, _ in shapes)
    assert any(height < width for height, width, _ in shapes)


def test_the_same_picture_is_drawn_in_every_process(data):
    here = workers.draw(7)
    code = "import sys; from flowercourse.mini_flowers import workers; sys.stdout.buffer.write(workers.draw(7))"
    environment = {**os.environ, "PYTHONHASHSEED": "5"}
    command = [sys.executable, "-c", code]
    there = subprocess.run(command, capture_output=True, check=True, timeout=120, env=environment).stdout
    assert here == there
    assert here in {image for image, _ in data.load(decode=False).as_numpy_iterator()}


def test_child_processes_draw_what_this_process_would():
    drawn = {number: jpeg.getvalue() for number, jpeg in workers.draw_all(6, processes=2)}
    assert drawn == {number: workers.draw(number) for number in range(6)}


def test_what_child_processes_leave_undone_is_drawn_all_the_same(monkeypatch):
    def no_process(*arguments: object, **options: object) -> None:
        raise PermissionError("no processes here")

    monkeypatch.setattr(subprocess, "Popen", no_process)
    assert sorted(number for number, _ in workers.draw_all(3, processes=2)) == [0, 1, 2]


@pytest.mark.parametrize("class_name", CLASS_NAMES)
def test_pictures_are_varied_and_neither_black_nor_white(class_name):
    start = CLASS_NAMES.index(class_name)
    pictures = [np.asarray(garden.picture(class_name, start + 5 * k), np.float32) for k in range(12)]
    assert all(picture.ndim == 3 and picture.shape[2] == 3 for picture in pictures)
    assert all(35 < picture.mean() < 215 for picture in pictures)
    assert all(picture.std() > 12 for picture in pictures)
    assert np.std([picture.mean(axis=(0, 1)) for picture in pictures], axis=0).mean() > 8


def test_colors_do_not_give_the_class_away(data):
    """The nearest class mean in color space is far worse than a look at the shapes: classes overlap in color."""
    colors, labels = [], []
    for jpeg, label in data.load("train[:500]", decode=False).as_numpy_iterator():
        colors.append(np.asarray(Image.open(io.BytesIO(jpeg)).resize((1, 1), Image.Resampling.BOX), float).ravel())
        labels.append(label)
    x, y = np.array(colors), np.array(labels)
    means = np.stack([x[:250][y[:250] == label].mean(axis=0) for label in range(5)])
    nearest = np.linalg.norm(x[250:, None] - means, axis=2).argmin(axis=1)
    assert np.mean(nearest == y[250:]) < 0.5
