"""A head trained on features is the head that Keras would train, and its measures mean what they say."""

from __future__ import annotations

import numpy as np
import pytest

from flowercourse.errors import CourseError
from solutions.training.transfer import HeadSettings, build_head, train_head

Pair = tuple[np.ndarray, np.ndarray]


def examples(count: int, seed: int) -> Pair:
    """Return features of five classes that overlap a little, float32 (count, 20), and the classes."""
    centers = np.random.default_rng(0).normal(size=(5, 20))
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 5, count)
    return (centers[y] + rng.normal(scale=0.8, size=(count, 20))).astype(np.float32), y


@pytest.fixture(scope="module")
def trained():
    return train_head(examples(330, 1), examples(100, 2), num_classes=5, settings=HeadSettings(epochs=4, seed=3))


def test_a_head_has_a_weight_for_each_feature_and_class_and_gives_logits() -> None:
    model = build_head(1280, 5)
    assert model.count_params() == 6405
    assert model.output_shape == (None, 5)
    assert model.layers[-1].activation.__name__ == "linear"


def test_the_history_is_measured_on_the_head_at_the_end_of_each_epoch(trained) -> None:
    for prefix, (x, y) in (("", examples(330, 1)), ("val_", examples(100, 2))):
        loss, accuracy = trained.model.evaluate(x, y, verbose=0)
        assert trained.history[f"{prefix}loss"][-1] == pytest.approx(loss, abs=1e-5)
        assert trained.history[f"{prefix}accuracy"][-1] == pytest.approx(accuracy, abs=1e-6)


def test_the_running_history_is_what_keras_fit_reports(trained) -> None:
    import tf_keras as keras

    keras.utils.set_random_seed(3)
    model = build_head(20, 5, HeadSettings(seed=3))
    history = model.fit(*examples(330, 1), batch_size=32, epochs=4, validation_data=examples(100, 2), verbose=0).history
    assert set(history) == set(trained.running)
    for name, values in history.items():
        np.testing.assert_allclose(values, trained.running[name], atol=1e-5, err_msg=name)


def test_a_penalty_counts_in_the_running_losses_as_keras_does_and_not_in_the_others() -> None:
    import tf_keras as keras

    settings = HeadSettings(epochs=3, l2=0.1)
    mine = train_head(examples(330, 1), examples(100, 2), num_classes=5, settings=settings)
    keras.utils.set_random_seed(0)
    theirs = build_head(20, 5, settings).fit(
        *examples(330, 1), batch_size=32, epochs=3, validation_data=examples(100, 2), verbose=0
    )
    np.testing.assert_allclose(theirs.history["val_loss"], mine.running["val_loss"], atol=1e-5)
    np.testing.assert_allclose(theirs.history["loss"], mine.running["loss"], atol=1e-5)
    assert all(np.array(mine.history["val_loss"]) < np.array(mine.running["val_loss"]) - 0.1)


def test_logits_are_those_of_the_model(trained) -> None:
    x, _ = examples(50, 5)
    np.testing.assert_allclose(trained.logits(x), trained.model(x).numpy(), atol=1e-5)


def test_the_same_seed_gives_the_same_head_and_another_seed_another(trained) -> None:
    again = train_head(examples(330, 1), examples(100, 2), num_classes=5, settings=HeadSettings(epochs=4, seed=3))
    other = train_head(examples(330, 1), examples(100, 2), num_classes=5, settings=HeadSettings(epochs=4, seed=4))
    assert again.history == trained.history
    assert other.history != trained.history


def test_training_learns_what_can_be_learned() -> None:
    settings = HeadSettings(epochs=8, learning_rate=1e-2)
    head = train_head(examples(330, 1), examples(100, 2), num_classes=5, settings=settings)
    assert head.history["val_accuracy"][-1] > 0.8


@pytest.mark.parametrize(
    ("training", "validation", "message"),
    [
        (examples(0, 1), examples(10, 2), "training set is empty"),
        (examples(10, 1), examples(0, 2), "validation set is empty"),
        ((examples(10, 1)[0], examples(9, 1)[1]), examples(10, 2), "10 pictures and 9 classes"),
    ],
)
def test_sets_that_cannot_be_trained_on_are_refused(training: Pair, validation: Pair, message: str) -> None:
    with pytest.raises(CourseError, match=message):
        train_head(training, validation, num_classes=5)
