"""Train run A of exercise 4: a head with a hidden layer, which learns photographs and their wrong labels by heart.

    FLOWERCOURSE_DATASET=tf_flowers python -m benchmarks.recorded_run

Prints the four curves as `solutions/notebooks/04-learning-curves.py` has them, and how far the validation loss has
turned upward. What the exercise says of how this run was made is what the constants below say.
"""

from __future__ import annotations

import numpy as np
import tf_keras as keras

from flowercourse import features

PICTURES = 200
WRONG_LABELS = 0.25
HIDDEN = 256
LEARNING_RATE = 0.002
EPOCHS = 12
SEED = 0


def record(known: features.Features) -> dict[str, list[float]]:
    """Return the history of a head that learns from the first `PICTURES` of the training part, rounded."""
    (x, y), (x_val, y_val), _ = known.split("70/15/15")
    x, labels, classes = np.asarray(x[:PICTURES]), np.array(y[:PICTURES]), len(known.dataset.class_names)
    keras.utils.set_random_seed(SEED)
    rng = np.random.default_rng(SEED)
    wrong = rng.choice(PICTURES, int(WRONG_LABELS * PICTURES), replace=False)
    labels[wrong] = (labels[wrong] + rng.integers(1, classes, len(wrong))) % classes
    head = keras.Sequential(
        [keras.layers.Dense(HIDDEN, activation="relu", input_shape=(x.shape[1],)), keras.layers.Dense(classes)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    head.compile(keras.optimizers.Adam(LEARNING_RATE), loss, ["accuracy"])
    validation = np.asarray(x_val), y_val
    history = head.fit(x, labels, batch_size=32, epochs=EPOCHS, validation_data=validation, verbose=0).history
    return {
        key: [round(value, 3) for value in history[key]] for key in ("accuracy", "val_accuracy", "loss", "val_loss")
    }


def main() -> None:
    """Print the run."""
    known = features.extract("mobilenet_v2", untrained=False)
    run = record(known)
    for name, values in run.items():
        print(f'        "{name}": {values},')
    lowest, last = min(run["val_loss"]), run["val_loss"][-1]
    best = run["val_loss"].index(lowest) + 1
    print(f"{known.dataset.name}, {known.backbone.source}")
    print(f"validation loss: lowest {lowest} in epoch {best}, at the end {last / lowest:.2f} times as high")


if __name__ == "__main__":
    main()
