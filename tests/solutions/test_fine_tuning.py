"""Fine-tuning changes the last block and the head, and nothing else."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from flowercourse import backbones, datasets, features
from flowercourse.backbones.forward.last_block import cut
from flowercourse.errors import CourseError
from solutions.pipeline import __main__ as pipeline
from solutions.training.fine_tuning import fine_tune, last_block, on_images, on_stored_maps, train
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


SPLITS = datasets.split_names("70/30")


def trained_head(flower_folder: Path) -> SimpleNamespace:
    """Train a head on the folder's features."""
    dataset, backbone = datasets.find(str(flower_folder)), backbones.resolve("mobilenet_v2")
    parts = features.extract(backbone, dataset).split("70/30")
    head = train_head(parts[0], parts[1], num_classes=3, settings=HeadSettings(epochs=3)).model
    return SimpleNamespace(dataset=dataset, backbone=backbone, head=head, validation=parts[1])


@pytest.fixture(scope="module")
def tuned(flower_folder: Path) -> SimpleNamespace:
    """Train a head on the folder's features, and fine-tune for one epoch."""
    made = trained_head(flower_folder)
    x, made.labels = made.validation
    made.logits_of_head = made.head.predict(x, verbose=0)
    made.head_before = [array.copy() for array in made.head.get_weights()]
    untuned = on_stored_maps(made.backbone, made.head, made.dataset)
    made.logits_before = np.concatenate([untuned.forward(maps, False) for maps, _ in untuned.inputs(SPLITS[1], None)])
    made.result = fine_tune(made.backbone, made.head, made.dataset, SPLITS, epochs=1)
    return made


def test_before_it_begins_block_and_head_answer_as_the_head_on_features(tuned: SimpleNamespace) -> None:
    np.testing.assert_allclose(tuned.logits_before, tuned.logits_of_head, atol=0.02)


def test_the_head_changes_and_so_do_all_weights_of_the_block(tuned: SimpleNamespace) -> None:
    assert not np.array_equal(tuned.head_before[0], tuned.result.head.get_weights()[0])
    _, pretrained = cut(tuned.backbone)
    now = [variable.numpy() for variable in tuned.result.learner.variables]
    assert len(now) == 8  # four kernels and their biases
    assert not any(np.array_equal(a, b) for a, b in zip(now, pretrained.get_weights(), strict=True))


def test_the_count_of_trained_weights_is_right(tuned: SimpleNamespace) -> None:
    _, block = cut(tuned.backbone)
    assert tuned.result.num_parameters == block.count_params() + 1280 * 3 + 3


def test_logits_are_those_of_the_validation_images_in_order(tuned: SimpleNamespace) -> None:
    accuracy = (tuned.result.logits(SPLITS[1]).argmax(axis=1) == tuned.labels).mean()
    assert accuracy == pytest.approx(tuned.result.history["val_accuracy"][-1])


def test_pictures_go_through_the_frozen_part_once(tuned: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("a picture was read again")

    monkeypatch.setattr(features, "image_batches", refuse)
    fine_tune(tuned.backbone, tuned.head, tuned.dataset, SPLITS, epochs=1)


class TestOnImages:
    """A backbone that is not cut: of its variables, those of the last block alone are trained."""

    @pytest.fixture(scope="class")
    def trained(self, flower_folder: Path) -> SimpleNamespace:
        import tensorflow as tf
        import tensorflow_hub as hub

        made, layers = trained_head(flower_folder), []

        class Kept(hub.KerasLayer):
            def __init__(self, *arguments: object, **options: object) -> None:
                super().__init__(*arguments, **options)
                layers.append(self)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(hub, "KerasLayer", Kept)
            learner = on_images(made.backbone, made.head, made.dataset)
        train(learner, made.head, SPLITS, epochs=1, learning_rate=1e-4, seed=0, progress=lambda line: None)
        original = tf.saved_model.load(made.backbone.handle)
        return SimpleNamespace(
            original={v.name: v.numpy() for v in original.variables},
            now={v.name: v.numpy() for v in layers[0].resolved_object.variables},
            chosen={v.name for v in learner.variables},
        )

    def test_only_the_last_block_changes(self, trained: SimpleNamespace) -> None:
        changed = {name for name, values in trained.now.items() if not np.array_equal(values, trained.original[name])}
        assert changed == trained.chosen
        assert any("features.18" in name for name in changed)

    def test_averages_of_batch_normalization_stay(self, trained: SimpleNamespace) -> None:
        averages = [name for name in trained.now if "moving" in name]
        assert len(averages) == 104
        assert all(np.array_equal(trained.now[name], trained.original[name]) for name in averages)


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
