"""What the pipeline found out, as frozen dataclasses, and as the plain data of ``report.json``.

``report.schema.json`` documents every field; ``solutions.pipeline.schema`` checks a report against it.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from flowercourse.backbones import Backbone
from flowercourse.datasets import Dataset
from solutions.evaluation.diagnosis import Diagnosis
from solutions.evaluation.histories import as_lists
from solutions.evaluation.intervals import PairedDifference, standard_error, wilson
from solutions.evaluation.predictions import (
    Predictions,
    calibration,
    calibration_error,
    class_results,
    confusion_matrix,
)
from solutions.training.fine_tuning import FineTuned
from solutions.training.transfer import MEASURED, TrainedHead

SCHEMA_VERSION = 1
CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class FineTuning:
    """What fine-tuning the last block gave.

    Attributes:
        tuned: The fine-tuned classifier.
        predictions: What it predicts about the judged images.
        difference: Fine-tuned compared with head only, on the same images.
    """

    tuned: FineTuned
    predictions: Predictions
    difference: PairedDifference


@dataclass(frozen=True, eq=False)
class BackboneResult:
    """Everything the pipeline found out about one backbone.

    Attributes:
        backbone: The backbone, and where its weights come from.
        head: The trained head with its history.
        predictions: What the head predicts about the judged images (test split, or validation where there is none).
        diagnosis: What the curves say; None where they are too short to say anything.
        no_diagnosis: Why there is no diagnosis; empty where there is one.
        seconds: Time of each stage: features, training, prediction, and fine_tuning where there was any.
        features_reused: Whether the features had been computed before.
        features_computed_seconds: How long computing the features took, whenever that was.
        fine_tuning: What fine-tuning gave; None where it was not asked for.
    """

    backbone: Backbone
    head: TrainedHead
    predictions: Predictions
    diagnosis: Diagnosis | None
    no_diagnosis: str
    seconds: dict[str, float]
    features_reused: bool
    features_computed_seconds: float
    fine_tuning: FineTuning | None = None

    @property
    def final(self) -> Predictions:
        """What the final model predicts: the fine-tuned one where there is one, else the head on frozen features."""
        return self.fine_tuning.predictions if self.fine_tuning else self.predictions

    @property
    def head_parameters(self) -> int:
        """Number of weights of the head."""
        return int(self.head.model.count_params())


def as_json(record: Any) -> Any:
    """Return a dataclass as JSON's own kinds of data: dicts and lists.

    >>> as_json(PairedDifference(0.1, (0.0, 0.2), 0.95, 1, 2, 1.0))["interval"]
    [0.0, 0.2]
    """
    return json.loads(json.dumps(dataclasses.asdict(record)))


def dataset_json(dataset: Dataset, spec: str, labels: dict[str, Any]) -> dict[str, Any]:
    """Describe the data.

    Args:
        dataset: The data set.
        spec: The split in percent, such as ``"70/15/15"``.
        labels: The classes of each part's images, int64 (n,), by name of the part.
    """
    return {
        "name": dataset.name,
        "origin": dataset.origin,
        "fingerprint": dataset.fingerprint,
        "num_examples": dataset.num_examples,
        "class_names": list(dataset.class_names),
        "split": spec,
        "parts": [
            {
                "name": name,
                "num_examples": len(part),
                "per_class": [int((part == index).sum()) for index in range(len(dataset.class_names))],
            }
            for name, part in labels.items()
        ],
        "skipped": [{"path": str(path), "reason": reason} for path, reason in dataset.skipped],
    }


def backbone_json(result: BackboneResult, judged_on: str) -> dict[str, Any]:
    """Describe one backbone's results; ``judged_on`` is the name of the part that was predicted."""
    backbone = result.backbone
    diagnosis = as_json(result.diagnosis) if result.diagnosis else None
    return {
        "name": backbone.spec.name,
        "title": backbone.spec.title,
        "label": backbone.label,
        "year": backbone.spec.year,
        "paper": backbone.spec.paper,
        "image_size": backbone.spec.image_size,
        "num_features": backbone.spec.num_features,
        "parameters": {"frozen": backbone.spec.parameters, "head": result.head_parameters},
        "weights": {
            "trained": backbone.trained,
            "source": backbone.source,
            "fingerprint": backbone.fingerprint,
            "tried": [{"source": source, "why_not": why} for source, why in backbone.tried],
        },
        "seconds": {name: round(taken, 4) for name, taken in result.seconds.items()},
        "features_reused": result.features_reused,
        "features_computed_seconds": round(result.features_computed_seconds, 4),
        "history": as_lists(result.head.history),
        "history_measured": MEASURED,
        "running_history": as_lists(result.head.running),
        "diagnosis": diagnosis,
        "no_diagnosis": result.no_diagnosis,
        "test": judged_json(result.predictions, judged_on),
        "fine_tuning": fine_tuning_json(result.fine_tuning, judged_on),
    }


def judged_json(predictions: Predictions, judged_on: str) -> dict[str, Any]:
    """Describe how predictions fare on images that were not trained on."""
    count = len(predictions)
    return {
        "part": judged_on,
        "num_examples": count,
        "correct": predictions.correct,
        "accuracy": predictions.accuracy,
        "interval": list(wilson(predictions.correct, count, CONFIDENCE)),
        "confidence": CONFIDENCE,
        "standard_error": standard_error(predictions.correct, count),
        "loss": predictions.loss,
        "confusion_matrix": confusion_matrix(predictions).tolist(),
        "per_class": [as_json(entry) for entry in class_results(predictions)],
        "calibration": {
            "error": calibration_error(predictions),
            "bins": [as_json(entry) for entry in calibration(predictions)],
        },
    }


def fine_tuning_json(result: FineTuning | None, judged_on: str) -> dict[str, Any] | None:
    """Describe what fine-tuning gave, and what it cost."""
    if result is None:
        return None
    return {
        "epochs": len(result.tuned.history["loss"]),
        "seconds": round(result.tuned.seconds, 4),
        "trained_parameters": result.tuned.num_parameters,
        "variables": list(result.tuned.variables),
        "history": as_lists(result.tuned.history),
        "test": judged_json(result.predictions, judged_on),
        "gain": difference_json(result.difference),
    }


def difference_json(difference: PairedDifference) -> dict[str, Any]:
    """Describe a comparison of two models on the same images."""
    return as_json(difference) | {"tells_apart": difference.tells_apart}
