"""Fine-tuning changes the last block and the head, and nothing else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from flowercourse import backbones, datasets, features
from flowercourse.errors import CourseError
from solutions.pipeline import __main__ as pipeline
from solutions.training.fine_tuning import fine_tune, last_block
from solutions.training.preprocessing import batches
from solutions.training.transfer import HeadSettings, train_head

pytestmark = pytest.mark.notebook


def variable(name: str) -> SimpleNamespace:
    return SimpleNamespace(name=name)


def test_the_last_block_is_found_under_each_publishers_names_without_normalization() -> None:
    for first, last, normalization in (
        ("features.2.conv.0/kernel:0", "features.18.0/kernel:0", "features.18.1/gamma:0"),
        ("expanded_conv_project/kernel:0", "block_16_project/kernel:0", "block_16_project_BN/gamma:0"),
        ("MobilenetV2/Conv/weights:0", "MobilenetV2/Conv_1/weights:0", "MobilenetV2/Conv_1/BatchNorm/beta:0"),
    ):
        chosen = last_block([variable(name) for name in (first, last, normalization)], "mobilenet_v2")
        assert [v.name for v in chosen] == [last]


def test_a_backbone_with_unknown_names_is_refused_by_name() -> None:
    with pytest.raises(CourseError, match="mobilenet_v2.*some/kernel"):
        last_block([variable("some/kernel:0")], "mobilenet_v2")


@pytest.fixture(scope="module")
def tuned(flower_folder: Path) -> SimpleNamespace:
    """Train a head on the folder's features, and fine-tune for one epoch."""
    import tensorflow as tf

    dataset = datasets.find(str(flower_folder))
    backbone = backbones.resolve("mobilenet_v2")
    found = features.extract(backbone, dataset)
    parts = found.split("70/30")
    head = train_head(parts[0], parts[1], num_classes=3, settings=HeadSettings(epochs=3))
    before = [array.copy() for array in head.model.get_weights()]
    result = fine_tune(backbone, head.model, dataset, datasets.split_names("70/30"), epochs=1)
    original = tf.saved_model.load(backbone.handle)
    return SimpleNamespace(
        result=result,
        head_before=before,
        original={v.name: v.numpy() for v in original.variables},
        now={v.name: v.numpy() for v in result.layer.resolved_object.variables},
        validation=batches(dataset.load("train[70%:]"), 224),
        labels=parts[1][1],
    )


def test_only_the_last_block_changes(tuned: SimpleNamespace) -> None:
    changed = {name for name, values in tuned.now.items() if not np.array_equal(values, tuned.original[name])}
    assert changed == set(tuned.result.variables)
    assert any("features.18" in name for name in changed)


def test_averages_of_batch_normalization_stay(tuned: SimpleNamespace) -> None:
    averages = [name for name in tuned.now if "moving" in name]
    assert len(averages) == 104
    assert all(np.array_equal(tuned.now[name], tuned.original[name]) for name in averages)


def test_the_head_changes_too(tuned: SimpleNamespace) -> None:
    assert not np.array_equal(tuned.head_before[0], tuned.result.head.get_weights()[0])


def test_the_count_of_trained_weights_is_right(tuned: SimpleNamespace) -> None:
    block = sum(tuned.original[name].size for name in tuned.result.variables)
    assert tuned.result.num_parameters == block + 1280 * 3 + 3


def test_logits_are_those_of_the_validation_images_in_order(tuned: SimpleNamespace) -> None:
    accuracy = (tuned.result.logits(tuned.validation).argmax(axis=1) == tuned.labels).mean()
    assert accuracy == pytest.approx(tuned.result.history["val_accuracy"][-1])


def test_the_pipeline_says_what_fine_tuning_cost_and_gained(flower_folder: Path, tmp_path: Path) -> None:
    arguments = ["--dataset", str(flower_folder), "--epochs", "3", "--fine-tune", "1", "--out", str(tmp_path)]
    report = pipeline.run(pipeline.parse(arguments), lambda line: None)
    tuning = report["backbones"][0]["fine_tuning"]
    assert tuning["epochs"] == 1
    assert tuning["seconds"] > 0
    before = report["backbones"][0]["test"]["accuracy"]
    assert tuning["gain"]["difference"] == pytest.approx(tuning["test"]["accuracy"] - before)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Fine-tuning the last block" in page
    assert (tmp_path / "figures" / "mobilenet_v2-tuned-accuracy.png").is_file()
