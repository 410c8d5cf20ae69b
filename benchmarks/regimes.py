"""Train heads in known regimes, and record their learning curves as evidence for the diagnosis of curves.

    python -m benchmarks.regimes                     # records anew and prints how often the diagnosis agrees
    python -m benchmarks.regimes --no-record         # only prints, from the recorded curves

A regime is defined by how a run is made (``REGIMES``), never by what its curves look like. Settings are drawn at
random within the regime's bounds. Runs with an even number are for tuning the thresholds of
``solutions.evaluation.diagnosis``, those with an odd number are held out: they decide whether the thresholds hold, and
nothing is tuned on them.

All runs use MobileNet V2's features of mini_flowers. Each is recorded twice: with measures taken at the end of each
epoch, and as Keras' ``fit`` reports them (training measures are running means over the epoch).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from flowercourse import datasets, features
from flowercourse.backbones.forward import frozen
from solutions.evaluation.diagnosis import diagnose
from solutions.training.transfer import HeadSettings, train_head

ROOT = Path(__file__).resolve().parent.parent
RECORD = ROOT / "tests" / "data" / "histories.json"
RUNS_PER_REGIME = 16
COPIES = 4  # how often each training image stands in an augmented set, each time another crop
AUGMENTED = 800  # only the first images of the data set are augmented
MEASUREMENTS = ("end_of_epoch", "running_mean")


@dataclass(frozen=True)
class Recipe:
    """How a run is made.

    Attributes:
        train: Number of training images.
        epochs: Passes over them.
        learning_rate: Adam's.
        validation: Number of validation images.
        l2: Weight of the L2 penalty.
        dropout: Share of features dropped in training.
        num_features: How many of the 1,280 features the head sees.
        label_noise: Share of the training labels replaced by random ones.
        leak: How many copies of each validation image stand in the training set.
        augmented: Whether training images, and only they, are heavily augmented.
    """

    train: int
    epochs: int
    learning_rate: float
    validation: int = 300
    l2: float = 0.0
    dropout: float = 0.0
    num_features: int = 1280
    label_noise: float = 0.0
    leak: int = 0
    augmented: bool = False


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform, rounded to three digits."""
    return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.3g}")


def _whole(rng: np.random.Generator, low: int, high: int) -> int:
    return int(rng.integers(low, high + 1))


def good_fit(rng: np.random.Generator, number: int) -> Recipe:
    """Enough images, a fitting learning rate, and stopped in time."""
    return Recipe(
        train=_whole(rng, 600, 900),
        epochs=_whole(rng, 8, 14),
        learning_rate=_between(rng, 7e-4, 2e-3),
        dropout=float(rng.choice([0.0, 0.2])),
        l2=float(rng.choice([0.0, 1e-4])),
    )


def overfitting(rng: np.random.Generator, number: int) -> Recipe:
    """A few dozen images, or labels of which many are wrong, and far too many epochs."""
    if number % 4 < 2:
        return Recipe(train=_whole(rng, 20, 45), epochs=_whole(rng, 25, 60), learning_rate=_between(rng, 1e-3, 4e-3))
    return Recipe(
        train=_whole(rng, 200, 400),
        epochs=_whole(rng, 40, 70),
        learning_rate=_between(rng, 2e-3, 4e-3),
        label_noise=round(float(rng.uniform(0.3, 0.5)), 2),
    )


def underfitting(rng: np.random.Generator, number: int) -> Recipe:
    """A head that sees a handful of features, or that an L2 penalty holds down, and epochs enough."""
    if number % 4 < 2:
        return Recipe(
            train=_whole(rng, 500, 900),
            epochs=_whole(rng, 25, 40),
            learning_rate=_between(rng, 5e-3, 2e-2),
            num_features=_whole(rng, 2, 4),
        )
    return Recipe(
        train=_whole(rng, 500, 900),
        epochs=_whole(rng, 20, 35),
        learning_rate=_between(rng, 1e-3, 3e-3),
        l2=_between(rng, 2.0, 8.0),
    )


def still_improving(rng: np.random.Generator, number: int) -> Recipe:
    """A learning rate that would need many more epochs."""
    return Recipe(train=_whole(rng, 400, 900), epochs=_whole(rng, 4, 8), learning_rate=_between(rng, 4e-5, 1.5e-4))


def unstable(rng: np.random.Generator, number: int) -> Recipe:
    """A learning rate some hundred times too high, or more."""
    return Recipe(train=_whole(rng, 300, 900), epochs=_whole(rng, 8, 20), learning_rate=_between(rng, 0.2, 3.0))


def suspicious_validation(rng: np.random.Generator, number: int) -> Recipe:
    """Copies made before the split (leak), augmented training images, or wrong labels in training only."""
    recipe = Recipe(train=_whole(rng, 500, 800), epochs=_whole(rng, 5, 9), learning_rate=_between(rng, 5e-4, 2e-3))
    kind = number // 2 % 3
    if kind == 0:
        return replace(
            recipe, leak=_whole(rng, 3, 6), validation=100, label_noise=round(float(rng.uniform(0.1, 0.3)), 2)
        )
    if kind == 1:
        return replace(recipe, augmented=True, epochs=_whole(rng, 4, 7), learning_rate=_between(rng, 4e-4, 1e-3))
    return replace(recipe, label_noise=round(float(rng.uniform(0.2, 0.4)), 2))


REGIMES: dict[str, Callable[[np.random.Generator, int], Recipe]] = {
    "good fit": good_fit,
    "overfitting": overfitting,
    "underfitting": underfitting,
    "still improving": still_improving,
    "unstable": unstable,
    "suspicious validation": suspicious_validation,
}


@dataclass(frozen=True)
class Data:
    """Features of all images and of augmented copies of some, and the classes.

    Attributes:
        x: float32 (n, 1280).
        augmented: float32 (COPIES, AUGMENTED, 1280), of the first images.
        y: int64 (n,).
    """

    x: np.ndarray
    augmented: np.ndarray
    y: np.ndarray


def load_data() -> tuple[Data, dict[str, Any]]:
    """Return features of mini_flowers, and a description of where they come from."""
    dataset = datasets.find("mini_flowers")
    found = features.extract("mobilenet_v2", dataset, untrained=False)
    about = {"dataset": dataset.name, "fingerprint": dataset.fingerprint, "backbone": found.backbone.spec.name}
    about["weights"] = found.backbone.source
    return Data(np.array(found.x), augmented_features(dataset, found.backbone), np.array(found.y)), about


def augmented_features(dataset: datasets.Dataset, backbone: Any) -> np.ndarray:
    """Return features float32 (COPIES, AUGMENTED, 1280) of small crops, some mirrored, all lighter or darker."""
    import tensorflow as tf

    size = backbone.spec.image_size

    def spoil(image: tf.Tensor, number: tf.Tensor) -> tf.Tensor:
        crop, place, side, light = (tf.stack([number, tf.constant(use, tf.int64)]) for use in range(4))
        share = tf.random.stateless_uniform([], crop, 0.2, 0.8)
        edge = tf.cast(share * tf.cast(tf.reduce_min(tf.shape(image)[:2]), tf.float32), tf.int32)
        pixels = tf.image.stateless_random_crop(tf.cast(image, tf.float32) / 255.0, (edge, edge, 3), seed=place)
        pixels = tf.image.stateless_random_flip_left_right(tf.image.resize(pixels, (size, size)), seed=side)
        return tf.clip_by_value(tf.image.stateless_random_brightness(pixels, 0.35, seed=light), 0, 1)

    images = dataset.load(f"train[:{AUGMENTED}]").map(lambda image, _: image).repeat(COPIES)
    numbered = tf.data.Dataset.zip((images, tf.data.Dataset.range(COPIES * AUGMENTED)))
    spoiled = numbered.map(spoil, num_parallel_calls=tf.data.AUTOTUNE).batch(32).prefetch(2)
    forward = frozen.forward(backbone)
    found = np.concatenate([forward(batch).numpy() for batch in spoiled])
    return found.reshape(COPIES, AUGMENTED, -1)


def run(recipe: Recipe, data: Data, seed: int) -> dict[str, dict[str, list[float]]]:
    """Train one head as the recipe says, and return its history in both measurements."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(data.y))
    if recipe.augmented:
        order = np.concatenate([order[order >= AUGMENTED], order[order < AUGMENTED]])
    held = order[: recipe.validation]
    chosen = order[-recipe.train :]
    columns = rng.permutation(data.x.shape[1])[: recipe.num_features]
    if recipe.augmented:
        x, y = np.concatenate(data.augmented[:, chosen][..., columns]), np.tile(data.y[chosen], COPIES)
    else:
        x, y = data.x[chosen][:, columns], data.y[chosen].copy()
    noisy = rng.random(len(y)) < recipe.label_noise
    y[noisy] = rng.integers(0, 5, noisy.sum())
    val_x, val_y = data.x[held][:, columns], data.y[held]
    if recipe.leak:
        x = np.concatenate([x, *[val_x] * recipe.leak])
        y = np.concatenate([y, *[val_y] * recipe.leak])
    settings = HeadSettings(
        epochs=recipe.epochs, learning_rate=recipe.learning_rate, seed=seed, l2=recipe.l2, dropout=recipe.dropout
    )
    head = train_head((x, y), (val_x, val_y), num_classes=5, settings=settings)
    return {"end_of_epoch": head.history, "running_mean": head.running}


def record_runs(data: Data) -> Iterator[dict[str, Any]]:
    """Train every run, and yield it as plain data."""
    from tqdm import tqdm

    todo = [(regime, number) for regime in REGIMES for number in range(RUNS_PER_REGIME)]
    for seed, (regime, number) in enumerate(tqdm(todo, unit="run", leave=False)):
        recipe = REGIMES[regime](np.random.default_rng([2026, seed]), number)
        histories = run(recipe, data, seed)
        yield {
            "name": f"{regime} {number}",
            "regime": regime,
            "half": "held out" if number % 2 else "tuning",
            "seed": seed,
            "recipe": vars(recipe),
            **{kind: _rounded(history) for kind, history in histories.items()},
        }


def _rounded(history: dict[str, list[float]]) -> dict[str, list[float]]:
    return {name: [round(value, 5) for value in values] for name, values in history.items()}


def write(about: dict[str, Any], runs: list[dict[str, Any]], path: Path = RECORD) -> None:
    """Write the runs as JSON, one a line, so that a change of one shows as such."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(entry) for entry in runs)
    path.write_text(f'{{"about": {json.dumps(about)},\n"runs": [\n{lines}\n]}}\n', encoding="utf-8")


def agreement(runs: list[dict[str, Any]]) -> None:
    """Print how often the diagnosis agrees with the regime, and each run on which it does not."""
    for half in ("tuning", "held out"):
        for kind in MEASUREMENTS:
            mine = [entry for entry in runs if entry["half"] == half]
            said = {entry["name"]: diagnose(entry[kind]).name for entry in mine}
            right = sum(said[entry["name"]] == entry["regime"] for entry in mine)
            print(f"{half:8}  {kind:12}  {right} of {len(mine)} agree, {100 * right / len(mine):.1f} %")
            for entry in mine:
                if said[entry["name"]] != entry["regime"] and half == "tuning":
                    print(f"    {entry['name']}: called {said[entry['name']]}")


def main() -> None:
    """Record the runs, unless told not to, and print the agreement."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--no-record", action="store_true", help="use the curves recorded before")
    if not parser.parse_args().no_record:
        data, about = load_data()
        write(about, list(record_runs(data)))
    agreement(json.loads(RECORD.read_text(encoding="utf-8"))["runs"])


if __name__ == "__main__":
    main()
