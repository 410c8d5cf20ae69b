"""The stages of the reference pipeline for one backbone: features, head, diagnosis, predictions, fine-tuning."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowercourse import backbones, datasets, features, images
from flowercourse.datasets import Dataset
from flowercourse.errors import CourseError
from flowercourse.features import Features
from solutions.evaluation.comparison import compare
from solutions.evaluation.diagnosis import Diagnosis, diagnose
from solutions.evaluation.predictions import Predictions
from solutions.pipeline.figures import Gallery
from solutions.pipeline.results import BackboneResult, FineTuning
from solutions.training.transfer import HeadSettings, TrainedHead, train_head

PARTS = ("training", "validation", "test")
"""What the parts of a split are for, in order."""


@dataclass(frozen=True)
class Plan:
    """What is to be done with each backbone.

    Attributes:
        split: Sizes of the parts in percent, ``"70/15/15"`` or ``"70/30"``.
        head: How heads are trained.
        fine_tune_epochs: Epochs of fine-tuning the last block; 0 for none.
        untrained: Whether untrained weights will do; None for what the environment says.
    """

    split: str = "70/15/15"
    head: HeadSettings = HeadSettings()
    fine_tune_epochs: int = 0
    untrained: bool | None = None


def study(name: str, dataset: Dataset, plan: Plan, say: Callable[[str], None]) -> BackboneResult:
    """Do everything with one backbone.

    Args:
        name: ``"mobilenet_v2"`` or ``"inception_v3"``.
        dataset: The data.
        plan: What is to be done.
        say: Called with a line about each stage that is done.

    Raises:
        CourseError: If the backbone has no weights here, or the data cannot be split so.
    """
    backbone = backbones.resolve(name, untrained=plan.untrained)
    started = time.perf_counter()
    found = features.extract(backbone, dataset)
    seconds = {"features": time.perf_counter() - started}
    known = ", computed before" if found.reused else ""
    say(f"{backbone.label}: features of {len(found.y):,} pictures in {seconds['features']:.1f} s{known}")

    parts = split(found, plan.split)
    head = train_head(parts[0], parts[1], num_classes=len(dataset.class_names), settings=plan.head)
    seconds["training"] = head.seconds
    reached = f", validation accuracy {head.history['val_accuracy'][-1]:.3f}" if backbone.trained else ""
    say(f"{backbone.label}: head trained for {plan.head.epochs} epochs in {head.seconds:.1f} s{reached}")
    diagnosis, no_diagnosis = try_diagnosis(head)

    started = time.perf_counter()
    x, y = parts[-1]
    predictions = Predictions.from_logits(head.logits(x), y, dataset.class_names)
    seconds["prediction"] = time.perf_counter() - started

    tuning = None
    if plan.fine_tune_epochs:
        tuning = fine_tuning(found, head, predictions, plan, say)
        seconds["fine_tuning"] = tuning.tuned.seconds
    return BackboneResult(
        backbone=backbone,
        head=head,
        predictions=predictions,
        diagnosis=diagnosis,
        no_diagnosis=no_diagnosis,
        seconds=seconds,
        features_reused=found.reused,
        features_computed_seconds=found.seconds,
        fine_tuning=tuning,
    )


def split(found: Features, spec: str) -> tuple[tuple[NDArray[np.float32], NDArray[np.int64]], ...]:
    """Return features, float32 (n, d), and classes, int64 (n,), of each part.

    Raises:
        CourseError: If a part is empty, because there are too few images for such a split.
    """
    parts = found.split(spec)
    for name, (_, y) in zip(PARTS, parts, strict=False):
        if not len(y):
            raise CourseError(
                f"The {name} part is empty",
                f"{len(found.y)} pictures are too few for the split {spec}",
                "Add pictures, or use another split",
            )
    return parts


def try_diagnosis(head: TrainedHead) -> tuple[Diagnosis | None, str]:
    """Return the diagnosis of a head's curves, or None and the reason where they are too short for one."""
    try:
        return diagnose(head.history), ""
    except CourseError as error:
        return None, str(error)


def fine_tuning(
    found: Features, head: TrainedHead, before: Predictions, plan: Plan, say: Callable[[str], None]
) -> FineTuning:
    """Fine-tune the last block, judge it on the same images as the head, and say what it gave."""
    from solutions.training.fine_tuning import fine_tune

    splits = datasets.split_names(plan.split)
    tuned = fine_tune(
        found.backbone,
        head.model,
        found.dataset,
        splits,
        epochs=plan.fine_tune_epochs,
        seed=plan.head.seed,
        progress=lambda line: say(f"{found.backbone.label}: fine-tuning, {line}"),
    )
    after = Predictions.from_logits(tuned.logits(splits[-1]), before.labels, before.class_names)
    return FineTuning(tuned, after, compare(before, after))


def galleries(
    results: list[BackboneResult], dataset: Dataset, spec: str, *, count: int = 30, worst: int = 12
) -> list[dict[str, Gallery]]:
    """Return, for each backbone, the first judged images and its most confident mistakes, with predictions.

    Args:
        results: What was found out about each backbone.
        dataset: The data.
        spec: The split; its last part is the one that was judged.
        count: How many images to show.
        worst: How many mistakes to show.
    """
    wanted = [
        {
            "predictions": np.arange(min(count, len(result.final))),
            "mistakes": result.final.worst_mistakes(worst),
        }
        for result in results
    ]
    places = sorted({int(place) for named in wanted for chosen in named.values() for place in chosen})
    pictures = pick_images(dataset, datasets.split_names(spec)[-1], places)
    return [
        {name: Gallery([pictures[i] for i in chosen], result.final.take(chosen)) for name, chosen in named.items()}
        for named, result in zip(wanted, results, strict=True)
    ]


def pick_images(dataset: Dataset, part: str, places: list[int]) -> dict[int, NDArray[np.uint8]]:
    """Return some images of a part, uint8 (h, w, 3), by their place in it; only these are decoded."""
    chosen, last = set(places), max(places, default=-1)
    encoded = {}
    for place, (data, _) in enumerate(dataset.load(part, decode=False).take(last + 1).as_numpy_iterator()):
        if place in chosen:
            encoded[place] = data
    return {place: images.decode(data) for place, data in encoded.items()}
