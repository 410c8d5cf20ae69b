"""Checks of 02-mobilenet-v2: features from a frozen backbone, a head trained on them, and the two together.

The trained head is judged by its weights on features that the grader has computed (`autograder.checking.heads`).
"""

from __future__ import annotations

import numpy as np

from autograder.checking import heads
from autograder.checking.arguments import tensor
from autograder.checking.core import check, part
from autograder.checking.expect import (
    expect,
    expect_close,
    expect_equal,
    expect_kind,
    expect_range,
    expect_shape,
)
from autograder.checking.heads import Head
from autograder.checking.messages import Failed, in_words
from autograder.checking.reference import Reference
from autograder.checking.values import Array, Function, Scalar, Sequence_, View
from autograder.checking.values_keras import History, Model
from flowercourse.backbones.registry import find

BACKBONE = find("mobilenet_v2")
NUM_FEATURES = BACKBONE.num_features
BATCH_SIZE = 32


@check(points=1)
def first_batch_is_prepared(
    first_images: Array, first_labels: Array, class_names: Sequence_, num_classes: Scalar, reference: Reference
) -> None:
    """`first_images` and `first_labels` are the first 32 validation pictures, ready for the network."""
    what, size = "first_images", BACKBONE.image_size
    expect_shape(first_images, (BATCH_SIZE, size, size, 3), what=what, hint="resize_and_scale, then batch(32).")
    expect_kind(first_images, "float", what=what)
    expect_range(first_images, 0, 1.0001, what=what, hint="Divide by 255 after resizing, once.")
    expect(float(first_images.max()) > 0.05, "first_images to use the range from 0 to 1", in_words(first_images))
    expect_first_labels(first_labels, reference)
    expect_equal(num_classes, reference.num_classes, what="num_classes", hint="As in notebook 1.")
    expect_equal(class_names, list(reference.class_names), what="class_names", hint="As in notebook 1.")


def expect_first_labels(first_labels: np.ndarray, reference: Reference) -> None:
    """Expect the labels of the first batch of the validation part."""
    expected = reference.labels()[1][:BATCH_SIZE]
    hint = 'split="train[70%:85%]", and no shuffling.'
    expect_shape(first_labels, expected.shape, what="first_labels", hint=hint)
    expect_kind(first_labels, "integer", what="first_labels", hint="Labels are whole numbers.")
    expect_equal(first_labels, expected, what="first_labels", hint=hint)


def expect_frozen(feature_extractor: View) -> None:
    """Expect a layer that training does not change."""
    name = feature_extractor.name
    trainable = feature_extractor.attribute("trainable", View).ask("get").value("value")
    hint = "hub.KerasLayer(..., trainable=False)."
    expect(trainable is False, f"`{name}` to be frozen", f"trainable is {in_words(trainable)}", hint)


@check(points=2)
def features_are_extracted(feature_extractor: View, first_features: Array, reference: Reference) -> None:
    """`feature_extractor` is frozen, and `first_features` is what it makes of the first 32 validation pictures."""
    with part("features", points=1):
        (train, _), (validation, _), _ = reference.features(BACKBONE.name)
        hint = "feature_extractor(first_images), with pixel values from 0 to 1."
        typical = np.asarray(train[:200], np.float64).mean(axis=0)
        heads.expect_same_pictures(
            first_features, validation[:BATCH_SIZE], typical, what="first_features: the features", hint=hint
        )
    with part("frozen", points=1):
        expect_frozen(feature_extractor)


def expect_predicted(dense_parameters: Function, inputs: int, outputs: int) -> None:
    """Expect inputs times outputs, and a bias for each output."""
    found = dense_parameters(inputs, outputs)
    expected = inputs * outputs + outputs
    hint = "A weight for each pair of input and output, and a bias for each output."
    expect_equal(found, expected, what=f"dense_parameters({inputs}, {outputs})", hint=hint)


@check(points=1)
def parameters_are_predicted(dense_parameters: Function, rng: np.random.Generator) -> None:
    """`dense_parameters` says how many parameters a dense layer has."""
    expect_predicted(dense_parameters, 3, 2)
    expect_predicted(dense_parameters, int(rng.integers(100, 2000)), int(rng.integers(2, 20)))


@check(points=2)
def head_gives_logits(
    build_head: Function, head: Model, num_classes: Scalar, reference: Reference, rng: np.random.Generator
) -> None:
    """A head is a single dense layer that gives one logit for each class."""
    with part("build_head", points=1):
        heads.expect_logits(build_head.returning(Model, 12, 4), 12, 4, rng)
    with part("head", points=1):
        expect_equal(num_classes, reference.num_classes, what="num_classes")
        heads.expect_logits(head, NUM_FEATURES, reference.num_classes, rng)


@check(points=2)
def head_is_compiled(build_head: Function, rng: np.random.Generator) -> None:
    """A head is compiled with Adam, cross-entropy from logits, and accuracy."""
    expect_head_compiled(build_head, 10, 3, rng)


def expect_head_compiled(build_head: Function, features: int, classes: int, rng: np.random.Generator) -> None:
    """Expect a head of this size with the right optimizer, loss and metric: two parts of a point each."""
    head = build_head.returning(Model, features, classes)
    heads.expect_compiled(head)
    with part("optimizer", points=1):
        heads.expect_adam(head)
    with part("loss and metric", points=1):
        heads.expect_measured(head, features, classes, rng)


def expect_part(x: np.ndarray, y: np.ndarray, expected: heads.Part, names: tuple[str, str]) -> None:
    """Expect features and labels of one part of the data."""
    hint = "The order is training, validation, test."
    expect_shape(x, expected[0].shape, what=names[0], hint=hint)
    expect_shape(y, expected[1].shape, what=names[1], hint=hint)
    expect_close(x, expected[0], rtol=1e-2, atol=1e-2, what=names[0], hint=hint)
    expect_close(y, expected[1], rtol=0, what=names[1], hint=hint)


@check(points=1)
def features_are_split(
    x_train: Array,
    y_train: Array,
    x_validation: Array,
    y_validation: Array,
    x_test: Array,
    y_test: Array,
    reference: Reference,
) -> None:
    """Features and labels are cut into training, validation and test part."""
    train, validation, test = reference.features(BACKBONE.name)
    expect_part(x_train, y_train, train, ("x_train", "y_train"))
    expect_part(x_validation, y_validation, validation, ("x_validation", "y_validation"))
    expect_part(x_test, y_test, test, ("x_test", "y_test"))


@check(points=3)
def head_has_learned(head: Model, reference: Reference) -> None:
    """The trained head tells flowers apart, and has learned it from the training part."""
    train, validation, test = reference.features(BACKBONE.name)
    with part("learned", points=2):
        weights = Head.of(head, NUM_FEATURES, reference.num_classes)
        heads.expect_learned("head", weights, train)
    with part("from the training part", points=1):
        weights = Head.of(head, NUM_FEATURES, reference.num_classes)
        heads.expect_learned("head", weights, train)
        heads.expect_no_leak("head", weights, train, validation)
        heads.expect_no_leak("head", weights, train, test, what="test")


@check(points=2)
def history_belongs_to_head(history: History, head: Model, reference: Reference) -> None:
    """`history` records 6 epochs of training `head`, with the validation part as validation data."""
    expect_own_history(history, head, reference)


def head_or_none(head: Model, reference: Reference) -> Head | None:
    """Return the weights of `head`, None where it is no single dense layer, which costs points elsewhere."""
    try:
        return Head.of(head, NUM_FEATURES, reference.num_classes)
    except Failed:
        return None


def expect_own_history(history: History, head: Model, reference: Reference) -> None:
    """Expect six epochs that end with the values of `head` on the validation part: two parts of a point each."""
    parts = reference.features(BACKBONE.name)
    with part("six epochs", points=1):
        heads.expect_six_epochs(history)
        heads.expect_batches(history, len(parts[0][1]))
        if (weights := head_or_none(head, reference)) is not None:
            heads.expect_recorded(history, "head", weights, parts)
    with part("validation", points=1):
        weights = Head.of(head, NUM_FEATURES, reference.num_classes)
        heads.expect_history_of(history, "head", weights, *parts[:2])


@check(points=2)
def model_is_assembled(
    model: Model,
    head: Model,
    feature_extractor: Function,
    first_images: Array,
    first_logits: Array,
    reference: Reference,
    rng: np.random.Generator,
) -> None:
    """`model` goes from pixels to the logits of the trained head."""
    weights = Head.of(head, NUM_FEATURES, reference.num_classes)
    with part("pixels to logits", points=1):
        expect_joined(model, feature_extractor, weights, rng)
    with part("first_logits", points=1):
        _, (validation, _), _ = reference.features(BACKBONE.name)
        expect_shape(first_images, (BATCH_SIZE, None, None, 3), what="first_images")
        expect_kind(first_logits, "float", what="first_logits", hint="model.predict(...).")
        expect_shape(first_logits, (BATCH_SIZE, reference.num_classes), what="first_logits", hint="model.predict(...).")
        expected = weights.logits(validation[:BATCH_SIZE])
        with np.errstate(all="ignore"):  # equal logits everywhere are like nothing: NaN, which is not above 0.9
            same = np.corrcoef(expected.ravel(), first_logits.astype(np.float64).ravel())[0, 1]
        scale = float(np.std(first_logits) / max(float(np.std(expected)), 1e-12))
        good = bool(same > 0.9 and 0.6 < scale < 1.6)
        words = "first_logits: what `model` says about first_images"
        hint = "Logits of the trained head: no softmax. And are first_images the right ones, from 0 to 1?"
        expect(good, words, in_words(first_logits), hint)


def expect_joined(model: Model, feature_extractor: Function, weights: Head, rng: np.random.Generator) -> None:
    """Expect a model that gives, for pictures that it has never seen, the head's logits of the extractor's features."""
    size = BACKBONE.image_size
    pictures = rng.random((2, size, size, 3)).astype(np.float32)
    answers = model.predict(pictures)
    features = Function(feature_extractor.session, feature_extractor.target, "feature_extractor")(tensor(pictures))
    expect_shape(answers, (2, weights.kernel.shape[1]), what="answers of `model` for 2 pictures")
    expect_shape(features, (2, NUM_FEATURES), what="features of 2 pictures")
    expect_kind(features, "float", what="features of 2 pictures")
    expected = weights.logits(features)
    hint = "keras.Sequential([...]) of feature_extractor and the trained head, in this order, and nothing else."
    expect_close(answers, expected, rtol=1e-2, atol=2e-2, what="logits of `model` for new pictures", hint=hint)


@check(points=2)
def parameters_are_counted(num_trainable: Scalar, num_frozen: Scalar, reference: Reference) -> None:
    """`num_trainable` and `num_frozen` say how many parameters learn and how many stay as they are."""
    with part("trainable", points=1):
        expected = NUM_FEATURES * reference.num_classes + reference.num_classes
        expect_equal(
            num_trainable, expected, what="num_trainable", hint="Only the head learns. Is the backbone frozen?"
        )
    with part("frozen", points=1):
        hint = "All parameters of the backbone: count the numbers in each array, not the arrays."
        expect_equal(num_frozen, BACKBONE.parameters, what="num_frozen", hint=hint)


@check(points=2)
def accuracy_is_tested(test_loss: Scalar, test_accuracy: Scalar, head: Model, reference: Reference) -> None:
    """`test_loss` and `test_accuracy` are those of the trained head on the test part."""
    _, _, test = reference.features(BACKBONE.name)
    weights = Head.of(head, NUM_FEATURES, reference.num_classes)
    hint = "head.evaluate on x_test and y_test."
    with part("accuracy", points=1):
        expect_close(test_accuracy, weights.accuracy(test), rtol=0, atol=1e-3, what="test_accuracy", hint=hint)
    with part("loss", points=1):
        expect_close(test_loss, weights.loss(test), rtol=5e-3, atol=1e-3, what="test_loss", hint=hint)
