"""What goes into the last block: computed once and kept, by weights, data, part, changes and seed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from flowercourse import backbones, block_inputs, datasets
from flowercourse.backbones.forward import last_block
from flowercourse.errors import CourseError

COUNT = 6
pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> datasets.Dataset:
    """A folder of six pictures, each darker on the left, no two alike."""
    from PIL import Image

    top, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    for number in range(COUNT):
        pixels = rng.integers(0, 256, (40, 60, 3), np.uint8)
        pixels[:, :20] //= 4
        made = top / ("a" if number % 2 else "b") / f"{number}.png"
        made.parent.mkdir(exist_ok=True)
        Image.fromarray(pixels).save(made)
    return datasets.find(str(top))


@pytest.fixture(scope="module")
def backbone() -> backbones.Backbone:
    return backbones.resolve("mobilenet_v2", untrained=True)


@pytest.fixture
def cut(monkeypatch) -> list[str]:
    """Let each pass through the frozen part leave a note."""
    passes, true = [], last_block.cut

    def counted(backbone):
        below, block = true(backbone)

        def noted(images):
            passes.append("pass")
            return below(images)

        return noted, block

    monkeypatch.setattr(last_block, "cut", counted)
    return passes


def augmenting():
    """Return layers that change pictures by chance."""
    import tf_keras as keras

    return keras.Sequential([keras.layers.RandomFlip("horizontal"), keras.layers.RandomContrast(0.3)])


def kept(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "features").iterdir() if not path.name.startswith("."))


def test_are_what_the_frozen_part_makes_of_the_pictures_of_a_part(empty_cache, backbone, data):
    import tensorflow as tf

    found = block_inputs.extract(backbone, data, "train[50%:]")
    below, _ = last_block.cut(backbone)
    images = [tf.image.resize(image, (224, 224)) / 255.0 for image, _ in data.load("train[50%:]")]
    assert found.shape == (COUNT // 2, 7, 7, 160)
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, below(tf.stack(images)), atol=2e-3, rtol=2e-3)


def test_are_computed_once(empty_cache, backbone, data, cut):
    first = np.array(block_inputs.extract(backbone, data, augment=augmenting()))
    assert len(cut) == 1
    layers = augmenting()
    layers(np.zeros((2, 224, 224, 3), np.float32), training=True)  # used before, and called by another name: the same
    again = block_inputs.extract(backbone, data, augment=layers)
    assert len(cut) == 1
    np.testing.assert_array_equal(again, first)
    assert len(kept(empty_cache)) == 1


def test_other_weights_data_parts_changes_and_seeds_are_kept_apart(empty_cache, backbone, data):
    other_weights = dataclasses.replace(backbone, fingerprint="0" * 16)
    other_data = dataclasses.replace(data, fingerprint="0" * 64)
    for one, pictures, options in (
        (backbone, data, {}),
        (other_weights, data, {}),
        (backbone, other_data, {}),
        (backbone, data, {"part": "train[:50%]"}),
        (backbone, data, {"augment": augmenting()}),
        (backbone, data, {"augment": augmenting(), "seed": 1}),
    ):
        block_inputs.extract(one, pictures, **options)
    assert len(kept(empty_cache)) == 6


def test_a_seed_gives_the_same_changes_whatever_was_drawn_before(empty_cache, backbone, data, tmp_path, monkeypatch):
    import tf_keras as keras

    found = []
    for number, seed in enumerate((3, 3, 4)):
        monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path / str(number)))
        keras.utils.set_random_seed(number)
        found.append(np.array(block_inputs.extract(backbone, data, augment=augmenting(), seed=seed)))
    np.testing.assert_array_equal(found[0], found[1])
    assert np.abs(found[0] - found[2]).max() > 0.01


def test_what_is_damaged_is_computed_again(empty_cache, backbone, data, cut):
    before = np.array(block_inputs.extract(backbone, data))
    (folder,) = (path for path in (empty_cache / "features").iterdir() if path.is_dir())
    (folder / "maps.npy").write_bytes(b"\x93NUMPY")
    np.testing.assert_array_equal(block_inputs.extract(backbone, data), before)
    assert len(cut) == 2


def test_a_part_that_is_none_is_named(empty_cache, backbone, data):
    with pytest.raises(CourseError, match="the_other_half"):
        block_inputs.extract(backbone, data, "the_other_half")
