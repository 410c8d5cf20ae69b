"""Hidden checks of 02-mobilenet-v2: what the visible ones state, for other inputs."""

from __future__ import annotations

import numpy as np

from autograder.checking import heads
from autograder.checking.arguments import tensor
from autograder.checking.core import check, part
from autograder.checking.expect import expect, expect_close, expect_equal, expect_kind, expect_shape
from autograder.checking.heads import Head
from autograder.checking.reference import Reference
from autograder.checking.secret_pictures import ALIKE, OVERVIEW, seen_from_afar
from autograder.checking.values import Array, Function, Scalar, Sequence_, View
from autograder.checking.values_keras import History, Model
from autograder.checks import mobilenet_v2 as visible
from autograder.checks.mobilenet_v2 import BACKBONE, BATCH_SIZE, NUM_FEATURES

NEEDS_SECRET_PICTURES = (BACKBONE.name, OVERVIEW)
"""What these checks need of `autograder.checking.secret_pictures`."""


@check(points=1, hidden=True)
def first_batch_is_prepared(
    first_images: Array, first_labels: Array, class_names: Sequence_, num_classes: Scalar, reference: Reference
) -> None:
    """`first_images` should be 32 different pictures with values from dark to bright, and labels whole numbers."""
    expect_shape(first_images, (BATCH_SIZE, BACKBONE.image_size, BACKBONE.image_size, 3))
    expect_kind(first_labels, "integer")
    visible.expect_first_labels(first_labels, reference)
    flat = first_images.reshape(BATCH_SIZE, -1)
    expect(len(np.unique(flat.mean(axis=1).round(6))) > BATCH_SIZE // 2, "different pictures")
    expect(bool(np.all(flat.max(axis=1) > 0.1) and np.all(flat.std(axis=1) > 0.01)), "pictures with something in them")
    expect_equal([num_classes, *class_names], [reference.num_classes, *reference.class_names])
    expect_kind(first_images, "float")
    if reference.overview is not None:  # whatever way of resizing was used, from afar they look alike
        off = np.abs(seen_from_afar(first_images) - reference.overview.validation).mean(axis=(1, 2, 3))
        expect(np.median(off) < ALIKE, "the first pictures of the validation part")


@check(points=2, hidden=True)
def features_are_extracted(
    feature_extractor: View, first_features: Array, first_images: Array, reference: Reference, rng: np.random.Generator
) -> None:
    """`feature_extractor`, called on pictures, should give what `first_features` holds, and stay frozen."""
    with part("features", points=1):
        expect_shape(first_images, (BATCH_SIZE, BACKBONE.image_size, BACKBONE.image_size, 3))
        extractor = Function(feature_extractor.session, feature_extractor.target, feature_extractor.name)
        expect_shape(first_features, (BATCH_SIZE, NUM_FEATURES))
        for pair in (
            slice(0, 2),
            slice(2, 4),
        ):  # in pairs, as the secret pictures come: each size of batch costs a graph
            again = extractor(tensor(first_images[pair].astype(np.float32)))
            expect_shape(again, (2, NUM_FEATURES))
            expect_close(again, first_features[pair], rtol=1e-2, atol=1e-2)
        if secret := reference.two_secret_pictures(BACKBONE.name, rng):
            heads.expect_extracts(extractor, *secret)
    with part("frozen", points=1):
        visible.expect_frozen(feature_extractor)


@check(points=1, hidden=True)
def parameters_are_predicted(dense_parameters: Function, rng: np.random.Generator) -> None:
    """`dense_parameters` should be right for any number of inputs and outputs, also for one of each."""
    visible.expect_predicted(dense_parameters, 1, 1)
    for inputs, outputs in rng.integers(1, 5000, size=(3, 2)).tolist():
        visible.expect_predicted(dense_parameters, inputs, outputs)


@check(points=2, hidden=True)
def head_gives_logits(
    build_head: Function, head: Model, num_classes: Scalar, reference: Reference, rng: np.random.Generator
) -> None:
    """`build_head` should make a new head of the size that is asked for, each time."""
    with part("build_head", points=1):
        for features, classes in ((3, 2), (int(rng.integers(20, 90)), int(rng.integers(6, 15)))):
            made = build_head.returning(Model, features, classes)
            heads.expect_logits(made, features, classes, rng)
        heads.expect_new_each_time(build_head, made, features, classes, rng)
    with part("head", points=1):
        heads.expect_logits(head, NUM_FEATURES, reference.num_classes, rng)


@check(points=2, hidden=True)
def head_is_compiled(build_head: Function, rng: np.random.Generator) -> None:
    """Every head should be compiled, whatever its size, with a loss that takes logits and labels that are numbers."""
    features, classes = int(rng.integers(5, 40)), int(rng.integers(6, 12))
    visible.expect_head_compiled(build_head, features, classes, rng)


@check(points=1, hidden=True)
def features_are_split(
    x_train: Array,
    y_train: Array,
    x_validation: Array,
    y_validation: Array,
    x_test: Array,
    y_test: Array,
    reference: Reference,
) -> None:
    """The three parts should hold every picture once, each with its own label."""
    x = [x_train, x_validation, x_test]
    y = [y_train, y_validation, y_test]
    for (features, labels), found_x, found_y in zip(reference.features(BACKBONE.name), x, y, strict=True):
        expect_shape(found_x, features.shape)
        expect_close(found_x[-1], features[-1], rtol=1e-2, atol=1e-2)
        expect_equal(found_y, labels)


@check(points=3, hidden=True)
def head_has_learned(head: Model, reference: Reference) -> None:
    """The head should also tell flowers apart that it has not been trained on."""
    train, validation, test = reference.features(BACKBONE.name)
    with part("learned", points=2):
        weights = Head.of(head, NUM_FEATURES, reference.num_classes)
        heads.expect_generalizes(weights, train, test)
    with part("from the training part", points=1):
        weights = Head.of(head, NUM_FEATURES, reference.num_classes)
        heads.expect_generalizes(weights, train, test)
        heads.expect_no_leak("head", weights, train, validation)


@check(points=2, hidden=True)
def history_belongs_to_head(history: History, head: Model, reference: Reference) -> None:
    """`history` should be that of the last training of `head`, with six values for each quantity."""
    visible.expect_own_history(history, head, reference)


@check(points=2, hidden=True)
def model_is_assembled(
    model: Model,
    head: Model,
    feature_extractor: Function,
    first_features: Array,
    first_logits: Array,
    reference: Reference,
    rng: np.random.Generator,
) -> None:
    """`model` should give the trained head's logits of the backbone's features, and `first_logits` should be those."""
    weights = Head.of(head, NUM_FEATURES, reference.num_classes)
    with part("pixels to logits", points=1):
        expect_equal(model.trainable_parameters + model.frozen_parameters, BACKBONE.parameters + weights_of(weights))
        visible.expect_joined(model, feature_extractor, weights, rng)
        if secret := reference.two_secret_pictures(BACKBONE.name, rng):
            images, features = secret
            expect_close(model.predict(images), weights.logits(features), rtol=2e-2, atol=5e-2)
    with part("first_logits", points=1):
        expect_shape(first_features, (BATCH_SIZE, NUM_FEATURES))
        expect_kind(first_features, "float")
        expect_close(first_logits, weights.logits(first_features), rtol=1e-2, atol=2e-2)


def weights_of(head: Head) -> int:
    """Return how many numbers a head has learned."""
    return head.kernel.size + head.bias.size


@check(points=2, hidden=True)
def parameters_are_counted(num_trainable: Scalar, num_frozen: Scalar, model: Model, reference: Reference) -> None:
    """Both counts should be whole numbers, those of `model`, and together all of its parameters."""
    head = (NUM_FEATURES + 1) * reference.num_classes
    with part("trainable", points=1):
        expect(isinstance(num_trainable, int), "a whole number")
        expect_equal(num_trainable, head)
        expect_equal(num_trainable, model.trainable_parameters)
    with part("frozen", points=1):
        expect(isinstance(num_frozen, int), "a whole number")
        expect_equal(num_frozen, BACKBONE.parameters)
        expect_equal(num_frozen, model.frozen_parameters)


@check(points=2, hidden=True)
def accuracy_is_tested(test_loss: Scalar, test_accuracy: Scalar, head: Model, reference: Reference) -> None:
    """`test_accuracy` should be the share of right answers among all test pictures, and `test_loss` their mean loss."""
    _, _, test = reference.features(BACKBONE.name)
    weights = Head.of(head, NUM_FEATURES, reference.num_classes)
    with part("accuracy", points=1):
        expect_close(test_accuracy * len(test[1]), weights.accuracy(test) * len(test[1]), rtol=0, atol=0.5)
    with part("loss", points=1):
        expect_close(test_loss, weights.loss(test), rtol=5e-3, atol=1e-3)
