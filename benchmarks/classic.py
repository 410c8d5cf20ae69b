"""The classic procedure, as most tutorials have it: the backbone inside the model, run anew in every epoch.

    python -m benchmarks.classic [--dataset auto] [--epochs 6] [--seed 0]

``tfds.load``, ``image / 255`` after resizing, ``shuffle(n // 4).batch(32).prefetch(1)``, a Sequential model of a
frozen ``hub.KerasLayer`` and a Dense layer on logits, Adam, ``fit`` with validation data, ``predict``. It is what the
reference pipeline is measured against, and shares no code with it but the search for data and weights.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

from flowercourse import backbones, datasets


@dataclass(frozen=True)
class ClassicRun:
    """What the classic procedure gave.

    Attributes:
        seconds: Time from finding the data to the last prediction; imports are not included.
        history: ``fit(...).history``.
        correct: Number of validation images classified right at the end.
        num_validation: Number of validation images.
    """

    seconds: float
    history: dict[str, list[float]]
    correct: int
    num_validation: int


def run(dataset: str = "auto", backbone: str = "mobilenet_v2", epochs: int = 6, seed: int = 0) -> ClassicRun:
    """Train as the tutorials do, on the first 70 % of the images, and validate on the other 30 %."""
    import numpy as np
    import tensorflow as tf
    import tensorflow_datasets as tfds
    import tensorflow_hub as hub
    import tf_keras as keras

    started = time.perf_counter()
    keras.utils.set_random_seed(seed)
    found = datasets.find(dataset)
    (training, validation), info = tfds.load(
        datasets.register(found),
        split=["train[:70%]", "train[70%:]"],
        as_supervised=True,
        with_info=True,
        data_dir=found.data_dir,
    )
    num_training = len(training)
    spec = backbones.find(backbone)

    def prepare(image: tf.Tensor, label: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.image.resize(image, (spec.image_size, spec.image_size)) / 255.0, label

    training_batches = training.shuffle(num_training // 4, seed=seed).map(prepare).batch(32).prefetch(1)
    validation_batches = validation.map(prepare).batch(32).prefetch(1)
    model = keras.Sequential(
        [
            hub.KerasLayer(
                backbones.handle(backbone), input_shape=(spec.image_size, spec.image_size, 3), trainable=False
            ),
            keras.layers.Dense(info.features["label"].num_classes),
        ]
    )
    model.compile(
        optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    history = model.fit(training_batches, epochs=epochs, validation_data=validation_batches, verbose=0).history
    predicted = model.predict(validation_batches, verbose=0).argmax(axis=1)
    labels = np.array([label for _, label in found.load("train[70%:]", decode=False).as_numpy_iterator()])
    return ClassicRun(
        seconds=time.perf_counter() - started,
        history={name: [float(value) for value in values] for name, values in history.items()},
        correct=int((predicted == labels).sum()),
        num_validation=len(labels),
    )


def main() -> None:
    """Run it and print accuracy and time."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--dataset", default="auto")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    result = run(options.dataset, epochs=options.epochs, seed=options.seed)
    accuracy = result.correct / result.num_validation
    print(f"classic procedure: validation accuracy {accuracy:.3f} in {result.seconds:.1f} s")


if __name__ == "__main__":
    main()
