"""Hidden checks of 03-inception-v3: what the visible ones state, for other inputs."""

from __future__ import annotations

import numpy as np

from autograder.checking import heads, patterns
from autograder.checking.arguments import tensor
from autograder.checking.core import check, part
from autograder.checking.expect import expect, expect_close, expect_shape
from autograder.checking.reference import Reference
from autograder.checking.values import Array, Function, Text, View
from autograder.checking.values_keras import History, Model
from autograder.checks import inception_v3 as visible
from autograder.checks.inception_v3 import FIRST, INCEPTION, MOBILENET, head_of
from autograder.checks.mobilenet_v2 import expect_frozen

NEEDS_SECRET_PICTURES = (INCEPTION.name,)
"""Backbones of which these checks need secret pictures."""


@check(points=1, hidden=True)
def any_size_is_possible(resize_and_scale: Function, rng: np.random.Generator) -> None:
    """`resize_and_scale` should work for small and large sizes, and for tall and wide pictures."""
    visible.expect_prepared(resize_and_scale, int(rng.integers(40, 120)), rng)
    patterns.expect_resized(resize_and_scale, int(rng.integers(300, 500)), 120, size=384, given=(384,))
    patterns.expect_sharp(resize_and_scale, rng, size=200, given=(200,))


@check(points=2, hidden=True)
def inception_features_are_extracted(
    inception_layer: View, first_features: Array, reference: Reference, rng: np.random.Generator
) -> None:
    """`inception_layer` should take 299 x 299 pixels and stay frozen, and `first_features` should have 8 rows."""
    with part("features", points=1):
        layer = Function(inception_layer.session, inception_layer.target, inception_layer.name)
        secret = reference.two_secret_pictures(INCEPTION.name, rng)
        if secret is None:
            noise = rng.random((1, INCEPTION.image_size, INCEPTION.image_size, 3)).astype(np.float32)
            expect_shape(layer(tensor(noise)), (1, INCEPTION.num_features))
        else:
            heads.expect_extracts(layer, *secret)
        expect_shape(first_features, (FIRST, INCEPTION.num_features))
        (train, _), (validation, _), _ = reference.features(INCEPTION.name)
        typical = np.asarray(train[-200:], np.float64).mean(axis=0)
        heads.expect_same_pictures(first_features[-3:], validation[FIRST - 3 : FIRST], typical, what="", hint="")
    with part("frozen", points=1):
        expect_frozen(inception_layer)


@check(points=3, hidden=True)
def both_heads_have_learned(mobilenet_head: Model, inception_head: Model, reference: Reference) -> None:
    """Each head should also tell flowers apart that it has not been trained on, as far as its features allow."""
    for model, backbone in ((mobilenet_head, MOBILENET.name), (inception_head, INCEPTION.name)):
        with part(backbone, points=1.5):
            weights = head_of(model, backbone, reference)
            train, validation, test = reference.features(backbone)
            heads.expect_generalizes(weights, train, test)
            heads.expect_no_leak(model.name, weights, train, validation)


@check(points=2, hidden=True)
def histories_are_kept_apart(
    mobilenet_history: History,
    inception_history: History,
    mobilenet_head: Model,
    inception_head: Model,
    reference: Reference,
) -> None:
    """Each history should end with the validation values of its own head, after six epochs."""
    for history, model, backbone in (
        (mobilenet_history, mobilenet_head, MOBILENET.name),
        (inception_history, inception_head, INCEPTION.name),
    ):
        with part(backbone, points=1):
            visible.expect_own_history(history, model, backbone, reference)


@check(points=2, hidden=True)
def classes_are_predicted(
    mobilenet_predictions: Array,
    inception_predictions: Array,
    test_labels: Array,
    mobilenet_head: Model,
    inception_head: Model,
    reference: Reference,
) -> None:
    """Predictions should be class numbers, in the order of the test part."""
    with part("labels", points=1):
        visible.expect_test_labels(test_labels, reference)
    with part("predictions", points=1):
        for found, model, backbone in (
            (mobilenet_predictions, mobilenet_head, MOBILENET.name),
            (inception_predictions, inception_head, INCEPTION.name),
        ):
            visible.expect_predictions(found, "", model, backbone, reference)
            _, _, test = reference.features(backbone)
            share = float(np.mean(found == test[1]))
            expect_close(share, head_of(model, backbone, reference).accuracy(test), rtol=0, atol=0.011)


@check(points=3, hidden=True)
def interval_is_wilsons(wilson_interval: Function, rng: np.random.Generator) -> None:
    """`wilson_interval` should be right for few and for many pictures, and for low and high accuracies."""
    with part("some right", points=2):
        for total in (int(rng.integers(3, 30)), int(rng.integers(2000, 9000))):
            for share in (0.1, 0.5, 0.9):
                visible.expect_interval(wilson_interval, max(1, int(share * total)), total)
    with part("all or none", points=1):
        visible.expect_interval(wilson_interval, 1, 1)
        visible.expect_interval(wilson_interval, 0, int(rng.integers(50, 500)))
        visible.expect_interval(wilson_interval, *[int(rng.integers(50, 500))] * 2)


@check(points=2, hidden=True)
def same_pictures_are_compared(compare_on_same_pictures: Function, rng: np.random.Generator) -> None:
    """`compare_on_same_pictures` should keep the two counts apart, and give 0 and 0 for two equal models."""
    first, second, labels = visible.two_models(int(rng.integers(50, 90)), rng, skill=0.5)
    cases = (first, second, labels), (second, labels, labels), (first, first, labels)
    visible.expect_compared(compare_on_same_pictures, *cases)


@check(points=2, hidden=True)
def verdict_knows_doubt(verdict: Function, rng: np.random.Generator) -> None:
    """`verdict` should follow the rule for few and for many pictures, just above and just below p = 0.05."""
    with part("clear", points=1):
        for fewer, more in ((0, 6), (1, 9), (4, 13), (int(rng.integers(100, 150)), 300)):
            visible.expect_verdict(verdict, more, fewer, "first")
            visible.expect_verdict(verdict, fewer, more, "second")
    with part("not clear", points=1):
        visible.expect_verdict(verdict, 6, 0, "first")
        for fewer, more in ((0, 5), (2, 9), (5, 14), (0, 0), (int(rng.integers(180, 200)), 200)):
            visible.expect_verdict(verdict, more, fewer, visible.UNCLEAR)
            visible.expect_verdict(verdict, fewer, more, visible.UNCLEAR)


@check(points=1, hidden=True)
def conclusion_follows_from_predictions(
    conclusion: Text, mobilenet_head: Model, inception_head: Model, reference: Reference
) -> None:
    """`conclusion` should be one of the three texts that `verdict` returns, for your own two models."""
    expect(conclusion in visible.VERDICTS, "one of three texts")
    visible.expect_conclusion(conclusion, mobilenet_head, inception_head, reference)


@check(points=2, hidden=True)
def cost_is_known(megabytes: Function, times_the_pixels: Function, rng: np.random.Generator) -> None:
    """`megabytes` should count 4 bytes for each parameter, and `times_the_pixels` may be below 1."""
    with part("megabytes", points=1):
        visible.expect_megabytes(megabytes, 1)
        visible.expect_megabytes(megabytes, int(rng.integers(10**3, 10**9)))
    with part("pixels", points=1):
        visible.expect_pixels(times_the_pixels, INCEPTION.image_size, MOBILENET.image_size)
        visible.expect_pixels(times_the_pixels, int(rng.integers(10, 50)), int(rng.integers(50, 400)))
