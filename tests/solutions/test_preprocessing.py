"""Images are prepared alike outside and inside an input pipeline, and a backbone gets what it expects."""

from __future__ import annotations

import numpy as np
import pytest

from flowercourse import datasets
from solutions.training.preprocessing import batches, prepare_image


@pytest.fixture(scope="module")
def examples():
    """Return 20 images of different sizes with their numbers for labels."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (30 + 3 * n, 50 - n, 3), dtype=np.uint8) for n in range(20)]

    def generate():
        yield from ((image, number) for number, image in enumerate(images))

    signature = (tf.TensorSpec((None, None, 3), tf.uint8), tf.TensorSpec((), tf.int64))
    return tf.data.Dataset.from_generator(generate, output_signature=signature)


def test_a_white_and_a_black_image_become_ones_and_zeros() -> None:
    for value, expected in ((255, 1.0), (0, 0.0)):
        prepared = prepare_image(np.full((40, 60, 3), value, np.uint8), 24).numpy()
        assert prepared.shape == (24, 24, 3)
        assert prepared.dtype == np.float32
        np.testing.assert_allclose(prepared, expected, atol=1e-6)


def test_preparing_inside_a_pipeline_gives_what_it_gives_eagerly(examples) -> None:
    eager = [prepare_image(image, 24).numpy() for image, _ in examples]
    piped = np.concatenate([images.numpy() for images, _ in batches(examples, 24, batch_size=8)])
    np.testing.assert_allclose(piped, np.stack(eager), atol=1e-6)


def test_without_shuffling_images_keep_their_order_and_the_last_batch_is_smaller(examples) -> None:
    labels = [batch.numpy().tolist() for _, batch in batches(examples, 24, batch_size=8)]
    assert labels == [list(range(8)), list(range(8, 16)), list(range(16, 20))]


def test_shuffling_keeps_every_image_and_differs_from_epoch_to_epoch(examples) -> None:
    shuffled = batches(examples, 24, batch_size=32, shuffle_buffer=20, seed=1)
    first, second = (next(iter(shuffled))[1].numpy().tolist() for _ in range(2))
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != list(range(20))
    once = [next(iter(batches(examples, 24, shuffle_buffer=20, seed=1)))[1].numpy().tolist() for _ in range(2)]
    assert once[0] == once[1]


def test_a_batch_of_the_data_set_fits_mobilenet(flower_folder) -> None:
    images, labels = next(iter(batches(datasets.find(str(flower_folder)).load("train[:10%]"), 224)))
    assert images.shape == (6, 224, 224, 3)
    assert 0 <= images.numpy().min() < images.numpy().max() <= 1
    assert labels.shape == (6,)
