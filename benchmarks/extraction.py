"""How fast are features computed, from JPEG files to the file of features, compared with other engines?

    python -m benchmarks.extraction [--backbone NAME] [--images N] [--rounds N] [--cpu-time]

Computes the features of the course's data set (or of the real photographs in ``FLOWERCOURSE_REAL_DATA``) with
`flowercourse.features.extract`, and the same network's with ONNX Runtime and OpenVINO, which get the same images from
the same decoder, the next batch being decoded while one is computed. All in one process, one after the other, several
rounds; the ratio is the median over the rounds of ours to the faster of the two. Target: 0.8.

``--cpu-time`` gives each engine one thread and counts the processor's time instead of the clock's. That can be trusted
on a machine that is busy with other things, but says nothing of how well an engine uses several cores.

What was found, with 2 cores (AVX-512), MobileNet V2 and the real photographs (240 pixels high or wide):

- Reading, decoding and resizing take 0.4 ms an image when TensorFlow's own decoder is called, 0.7 to 0.9 ms by TFDS'
  decoding with the same numbers. The forward pass takes 3 to 4 ms, so that is where the time goes.
- The forward pass, alone on the machine, images per second: hub layer frozen as it was first 247; batch normalization
  folded into the convolutions 317; without padded copies of the pictures as well (`backbones.even_padding`, which the
  hub layer has now, too) 351; OpenVINO 359, ONNX Runtime 314.
- By processor time, decoding included, on a slower machine: ours 87 images per second, OpenVINO 88, ONNX Runtime 99;
  forward pass alone: ours 81, the hub layer 67.
- Explicit padding inside the convolution would do without the larger kernel, but makes TensorFlow's graph optimizer
  crash (2.21). bfloat16 is out of the question: it changes features by up to 0.16.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import yardsticks
from flowercourse import backbones, datasets, features
from flowercourse.backbones import Backbone
from flowercourse.backbones.forward import frozen
from flowercourse.datasets import Dataset

TARGET = 0.8
OURS = "flowercourse"


@dataclass(frozen=True)
class Part(Dataset):
    """The first images of a data set, as a data set."""

    def load(self, split: str = "train", *, decode: bool = True) -> Any:
        """Return the first ``num_examples`` images, whatever the split."""
        return super().load(f"train[:{self.num_examples}]", decode=decode)


def data(images: int) -> Part:
    """Return the first ``images`` images: of the real photographs where they are, else of the course's data set."""
    real = os.environ.get("FLOWERCOURSE_REAL_DATA")
    whole = datasets.find("tf_flowers", data_dir=Path(real)) if real else datasets.find()
    known = {field.name: getattr(whole, field.name) for field in fields(whole)}
    return Part(**known | {"num_examples": min(images, whole.num_examples)})


def ours(backbone: Backbone, dataset: Dataset) -> np.ndarray:
    """Compute the features as learners do, into a cache that has none."""
    before = os.environ.get("FLOWERCOURSE_CACHE")
    with tempfile.TemporaryDirectory() as cache:
        os.environ["FLOWERCOURSE_CACHE"] = cache
        try:
            return np.array(features.extract(backbone, dataset).x)
        finally:
            if before is None:
                del os.environ["FLOWERCOURSE_CACHE"]
            else:
                os.environ["FLOWERCOURSE_CACHE"] = before


def theirs(engine: yardsticks.Engine, backbone: Backbone, dataset: Dataset) -> np.ndarray:
    """Compute the features with another engine, on the same images from the same decoder."""
    batches = features.image_batches(dataset, backbone.spec.image_size)
    return np.concatenate([engine(images.numpy()) for images, _ in batches])


def rates(
    systems: dict[str, Callable[[], Any]], images: int, rounds: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Return the images per second of each system in each round; in a round, each runs once, in turn."""
    found: dict[str, list[float]] = {name: [] for name in systems}
    for number in range(rounds):
        order = list(systems) if number % 2 == 0 else list(reversed(systems))
        for name in order:
            started = clock()
            systems[name]()
            found[name].append(images / (clock() - started))
    return found


def parts(backbone: Backbone, dataset: Dataset, rounds: int, clock: Callable[[], float]) -> dict[str, list[float]]:
    """Measure where the time goes: reading and decoding alone, the forward pass alone, and the plain hub layer's."""
    import tensorflow as tf
    import tensorflow_hub as hub

    batches = features.image_batches(dataset, backbone.spec.image_size)
    some = next(iter(batches))[0]
    layer = hub.KerasLayer(backbone.handle)
    call = tf.function(lambda images: layer(images, training=False))
    run = frozen.forward(backbone)
    times = max(1, len(dataset_labels(batches)) // len(some))

    def repeated(forward: Callable[[Any], Any]) -> Callable[[], None]:
        def measure() -> None:
            for _ in range(times):
                np.asarray(forward(some))

        measure()
        return measure

    whole = {"reading, decoding, resizing alone": lambda: dataset_labels(batches)}
    whole |= {"forward pass alone, ours": repeated(run), "forward pass alone, hub layer": repeated(call)}
    return rates(whole, times * len(some), rounds, clock)


def dataset_labels(batches: Any) -> np.ndarray:
    """Go once through a data set of batches, and return its labels."""
    return np.concatenate([labels.numpy() for _, labels in batches])


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbone", default="mobilenet_v2", choices=backbones.BACKBONES)
    parser.add_argument("--images", type=int, default=960, help="how many images each system gets in a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--cpu-time", action="store_true", help="one thread, images per second of processor time")
    options = parser.parse_args()
    clock = _one_thread() if options.cpu_time else time.perf_counter
    yardsticks.install()
    backbone, dataset = backbones.resolve(options.backbone, untrained=True), data(options.images)
    with tempfile.TemporaryDirectory() as scratch:
        engines = yardsticks.engines(backbone, Path(scratch), threads=1 if options.cpu_time else None)
        systems: dict[str, Callable[[], np.ndarray]] = {OURS: lambda: ours(backbone, dataset)}
        for name, engine in engines.items():
            systems[name] = lambda engine=engine: theirs(engine, backbone, dataset)
        print(f"{backbone.label}, {dataset.num_examples} images of {dataset.name}, {options.rounds} rounds")
        reference = systems[OURS]()  # also the warm-up
        for name in engines:
            print(f"  features of {name} differ from ours by at most {np.abs(systems[name]() - reference).max():.1e}")
        found = rates(systems, dataset.num_examples, options.rounds, clock)
    _print_rates(found | parts(backbone, dataset, options.rounds, clock))
    fastest = [max(found[name][number] for name in engines) for number in range(options.rounds)]
    ratio = statistics.median(mine / best for mine, best in zip(found[OURS], fastest, strict=True))
    print(f"ratio to the faster engine, decoding included: {ratio:.2f} (target: at least {TARGET})")


def _one_thread() -> Callable[[], float]:
    """Let TensorFlow use one thread, and return the clock that counts this process' processor time."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return time.process_time


def _print_rates(found: dict[str, list[float]]) -> None:
    print(f"{'images per second':36s} median     range")
    for name, values in found.items():
        print(f"{name:36s} {statistics.median(values):6.0f}   {min(values):.0f} to {max(values):.0f}")


if __name__ == "__main__":
    main()
