"""How hard the course's data set is: `python -m benchmarks.difficulty [--dataset NAME] [--prepare] [--json FILE]`.

A data set is worth learning from if a linear head on a trained backbone's features does well but not perfectly, a small
network trained from scratch stays clearly below it, and a few training images overfit visibly. Prints accuracies, each
the mean of three seeds, on the validation part of the split 70/15/15:

- a linear head on MobileNet V2's features, 6 epochs;
- a small convolutional network on images of 96 x 96 pixels, trained from scratch for 20 epochs;
- the linear head on 40 training images, 60 epochs, on those images and on the validation part.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import click
import numpy as np
import tensorflow as tf
import tf_keras as keras

from flowercourse import datasets, features

SPLIT = "70/15/15"
SEEDS = (0, 1, 2)
SMALL = 96  # pixels
Part = tuple[np.ndarray, np.ndarray]


def linear_head(train: Part, validation: Part, *, epochs: int, seed: int, num_classes: int) -> dict[str, list[float]]:
    """Train a linear layer on features and return the accuracies of each epoch."""
    keras.utils.set_random_seed(seed)
    model = keras.Sequential([keras.layers.Dense(num_classes)])
    return _fit(model, train, validation, epochs)


def from_scratch(train: Part, validation: Part, *, epochs: int, seed: int, num_classes: int) -> dict[str, list[float]]:
    """Train a small convolutional network on images and return the accuracies of each epoch."""
    keras.utils.set_random_seed(seed)
    layers: list[keras.layers.Layer] = [keras.layers.Rescaling(1 / 255)]
    for filters in (16, 32, 64):
        layers += [keras.layers.Conv2D(filters, 3, padding="same", activation="relu"), keras.layers.MaxPooling2D()]
    layers += [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(64, activation="relu")]
    return _fit(keras.Sequential([*layers, keras.layers.Dense(num_classes)]), train, validation, epochs)


def _fit(model: keras.Model, train: Part, validation: Part, epochs: int) -> dict[str, list[float]]:
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    history = model.fit(*train, validation_data=validation, epochs=epochs, batch_size=32, verbose=0).history
    return {name: [float(value) for value in values] for name, values in history.items()}


def small_images(dataset: datasets.Dataset) -> tuple[Part, ...]:
    """Return the parts of the split as uint8 images (n, 96, 96, 3) and labels."""
    resize = lambda image, label: (tf.cast(tf.image.resize(image, (SMALL, SMALL)), tf.uint8), label)  # noqa: E731
    parts = []
    for split in datasets.split_names(SPLIT):
        examples = list(dataset.load(split).map(resize, tf.data.AUTOTUNE).as_numpy_iterator())
        parts.append((np.stack([image for image, _ in examples]), np.array([label for _, label in examples])))
    return tuple(parts)


def measure(name: str) -> dict[str, float]:
    """Return the figures for the data set `name`."""
    dataset = datasets.find(name)
    classes = len(dataset.class_names)
    train, validation, _ = features.extract("mobilenet_v2", dataset, untrained=False).split(SPLIT)
    train_images, validation_images, _ = small_images(dataset)
    heads, small, few = [], [], []
    for seed in SEEDS:
        common = {"seed": seed, "num_classes": classes}
        heads.append(linear_head(train, validation, epochs=6, **common))
        small.append(from_scratch(train_images, validation_images, epochs=20, **common))
        chosen = np.random.default_rng(seed).permutation(len(train[1]))[:40]
        few.append(linear_head((train[0][chosen], train[1][chosen]), validation, epochs=60, **common))

    def last(histories: list[dict[str, list[float]]], key: str) -> float:
        return float(np.mean([history[key][-1] for history in histories]))

    return {
        "images": dataset.num_examples,
        "linear head, validation": last(heads, "val_accuracy"),
        "linear head, lowest of the seeds": min(history["val_accuracy"][-1] for history in heads),
        "linear head, highest of the seeds": max(history["val_accuracy"][-1] for history in heads),
        "from scratch, training": last(small, "accuracy"),
        "from scratch, validation": last(small, "val_accuracy"),
        "40 images, training": last(few, "accuracy"),
        "40 images, validation": last(few, "val_accuracy"),
    }


def seconds_to_prepare() -> float:
    """Return how long TFDS takes to prepare mini_flowers, drawing included."""
    from flowercourse.mini_flowers.builder import MiniFlowers

    with tempfile.TemporaryDirectory() as directory:
        start = time.perf_counter()
        MiniFlowers(data_dir=directory).download_and_prepare()
        return time.perf_counter() - start


@click.command(help=__doc__)
@click.option("--dataset", default="mini_flowers", show_default=True, help="A name or a folder.")
@click.option("--prepare", is_flag=True, help="Also draw mini_flowers once more, and print the seconds that it takes.")
@click.option("--json", "file", type=click.Path(path_type=Path), help="Write the figures here, too.")
def main(dataset: str, prepare: bool, file: Path | None) -> None:
    figures = measure(dataset)
    if prepare:
        figures["seconds to prepare"] = seconds_to_prepare()
    for name, value in figures.items():
        click.echo(f"{name:<36}{value:>8.3f}" if isinstance(value, float) else f"{name:<36}{value:>8,}")
    if file:
        file.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
