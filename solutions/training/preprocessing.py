"""From a data set's images to batches that a backbone takes.

Shapes: an image is uint8 (h, w, 3) with values 0 to 255; a prepared image is float32 (size, size, 3) with values in
[0, 1]; a batch is float32 (n, size, size, 3) and int64 (n,). ``prepare_image`` runs eagerly and inside
``tf.data.Dataset.map`` alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tensorflow as tf

BATCH_SIZE = 32


def prepare_image(image: tf.Tensor, image_size: int) -> tf.Tensor:
    """Resize an image, without keeping its proportions, and scale it to [0, 1].

    Args:
        image: uint8 (h, w, 3).
        image_size: Pixels a side that the backbone takes: 224 for MobileNet V2, 299 for Inception V3.

    Returns:
        float32 (image_size, image_size, 3), values in [0, 1].
    """
    import tensorflow as tf

    return tf.image.resize(image, (image_size, image_size)) / 255.0


def batches(
    examples: tf.data.Dataset,
    image_size: int,
    *,
    batch_size: int = BATCH_SIZE,
    shuffle_buffer: int | None = None,
    seed: int | None = None,
) -> tf.data.Dataset:
    """Return prepared, batched and prefetched examples.

    Args:
        examples: Pairs of uint8 (h, w, 3) and int64 (), as ``Dataset.load`` gives them.
        image_size: Pixels a side that the backbone takes.
        batch_size: Images a batch; the last one may be smaller.
        shuffle_buffer: Number of examples among which the next is drawn, anew each epoch; None keeps the order.
        seed: Seed of the shuffling; None for another order each time.

    Returns:
        Pairs of float32 (n, image_size, image_size, 3) in [0, 1] and int64 (n,).
    """
    import tensorflow as tf

    if shuffle_buffer:
        # Before resizing, so that the buffer holds small photographs and not large float tensors.
        examples = examples.shuffle(shuffle_buffer, seed=seed)
    prepared = examples.map(
        lambda image, label: (prepare_image(image, image_size), label), num_parallel_calls=tf.data.AUTOTUNE
    )
    return prepared.batch(batch_size).prefetch(tf.data.AUTOTUNE)
