"""Checks of 03-inception-v3: a second backbone, and a comparison that says how sure it is.

No check depends on which backbone is better, or on whether its weights are trained.
"""

from __future__ import annotations

import numpy as np

from autograder.checking import heads, patterns
from autograder.checking.core import check, part
from autograder.checking.expect import expect, expect_close, expect_equal, expect_kind, expect_shape
from autograder.checking.heads import Head
from autograder.checking.messages import Failed, in_words, number
from autograder.checking.numbers import as_numbers
from autograder.checking.reference import Reference
from autograder.checking.values import Array, Function, Text, View
from autograder.checking.values_keras import History, Model
from autograder.checks.mobilenet_v2 import expect_frozen
from autograder.conversation.protocol import Plain
from flowercourse.backbones.registry import find
from flowercourse.paired import LEVEL, mcnemar

MOBILENET, INCEPTION = find("mobilenet_v2"), find("inception_v3")
FIRST = 8  # pictures whose features are computed in the notebook
Z = 1.96
UNCLEAR = "no clear difference"
VERDICTS = ("first", "second", UNCLEAR)


# --- steps 1 and 2: pictures and features -----------------------------------------------------------------------------


def expect_prepared(resize_and_scale: Function, size: int, rng: np.random.Generator) -> None:
    """Expect pictures of any height and width to come out whole, of this size, from 0 to 1, with their label."""
    height, width = (int(length) for length in rng.integers(100, 400, size=2))
    patterns.expect_resized(resize_and_scale, height, width, size=size, given=(size,))
    patterns.expect_scaled(resize_and_scale, [int(value) for value in rng.integers(0, 256, size=3)], given=(size,))
    patterns.expect_scaled(resize_and_scale, (255, 0, 255), given=(size,))
    patterns.expect_label_kept(resize_and_scale, int(rng.integers(1, 1000)), given=(size,))


@check(points=1)
def any_size_is_possible(resize_and_scale: Function, rng: np.random.Generator) -> None:
    """`resize_and_scale` makes square pictures of the size that is asked for, with values from 0 to 1."""
    expect_prepared(resize_and_scale, INCEPTION.image_size, rng)
    expect_prepared(resize_and_scale, MOBILENET.image_size, rng)


@check(points=2)
def inception_features_are_extracted(inception_layer: View, first_features: Array, reference: Reference) -> None:
    """`inception_layer` is frozen, and `first_features` is what it makes of the first 8 validation pictures."""
    with part("features", points=1):
        (train, _), (validation, _), _ = reference.features(INCEPTION.name)
        typical = np.asarray(train[:200], np.float64).mean(axis=0)
        what = "first_features: the features"
        hint = "Inception V3 takes 299 x 299 pixels with values from 0 to 1."
        heads.expect_same_pictures(first_features, validation[:FIRST], typical, what=what, hint=hint)
    with part("frozen", points=1):
        expect_frozen(inception_layer)


# --- steps 3 and 4: heads and predictions -----------------------------------------------------------------------------


def head_of(model: Model, backbone: str, reference: Reference) -> Head:
    """Return the weights of the head for this backbone's features, or raise `Failed`."""
    return Head.of(model, find(backbone).num_features, reference.num_classes)


def expect_good_head(model: Model, backbone: str, reference: Reference, rng: np.random.Generator) -> None:
    """Expect a head that gives logits and has learned from the training part."""
    train, validation, test = reference.features(backbone)
    weights = head_of(model, backbone, reference)
    heads.expect_logits(model, find(backbone).num_features, reference.num_classes, rng)
    heads.expect_learned(model.name, weights, train)
    heads.expect_no_leak(model.name, weights, train, validation)
    heads.expect_no_leak(model.name, weights, train, test, what="test")


@check(points=3)
def both_heads_have_learned(
    mobilenet_head: Model, inception_head: Model, reference: Reference, rng: np.random.Generator
) -> None:
    """Each of the two heads has learned from its own backbone's features of the training part, and gives logits."""
    with part("mobilenet_head", points=1.5):
        expect_good_head(mobilenet_head, MOBILENET.name, reference, rng)
    with part("inception_head", points=1.5):
        expect_good_head(inception_head, INCEPTION.name, reference, rng)


def expect_own_history(history: History, model: Model, backbone: str, reference: Reference) -> None:
    """Expect six epochs that end with this head's values on the validation part."""
    train, validation, _ = reference.features(backbone)
    heads.expect_six_epochs(history)
    heads.expect_batches(history, len(train[1]))
    heads.expect_history_of(history, model.name, head_of(model, backbone, reference), train, validation)


@check(points=2)
def histories_are_kept_apart(
    mobilenet_history: History,
    inception_history: History,
    mobilenet_head: Model,
    inception_head: Model,
    reference: Reference,
) -> None:
    """Each history records 6 epochs of its own head."""
    with part("mobilenet_history", points=1):
        expect_own_history(mobilenet_history, mobilenet_head, MOBILENET.name, reference)
    with part("inception_history", points=1):
        expect_own_history(inception_history, inception_head, INCEPTION.name, reference)


def expect_predictions(found: np.ndarray, name: str, model: Model, backbone: str, reference: Reference) -> None:
    """Expect the classes that the head gives for the test part; a picture on the fence may fall to either side."""
    _, _, (features, labels) = reference.features(backbone)
    hint = "np.argmax over the classes of the logits of the test part."
    expect_shape(found, labels.shape, what=name, hint=hint)
    expect_kind(found, "integer", what=name, hint=hint)
    expected = np.argmax(head_of(model, backbone, reference).logits(features), axis=1)
    different = int(np.sum(found != expected))
    words = f"{name}: the class with the highest logit of `{model.name}` for each test picture"
    expect(different <= len(labels) // 100, words, f"another class for {different} of {len(labels)} pictures", hint)


@check(points=2)
def classes_are_predicted(
    mobilenet_predictions: Array,
    inception_predictions: Array,
    test_labels: Array,
    mobilenet_head: Model,
    inception_head: Model,
    reference: Reference,
) -> None:
    """Both models' predictions for every test picture, and the right answers."""
    with part("labels", points=1):
        expect_test_labels(test_labels, reference)
    with part("predictions", points=1):
        args = (MOBILENET.name, reference)
        expect_predictions(mobilenet_predictions, "mobilenet_predictions", mobilenet_head, *args)
        args = (INCEPTION.name, reference)
        expect_predictions(inception_predictions, "inception_predictions", inception_head, *args)


def expect_test_labels(test_labels: np.ndarray, reference: Reference) -> None:
    """Expect the labels of the test part."""
    hint = "The third pair that split gives."
    expect_shape(test_labels, (reference.sizes()[2],), what="test_labels", hint=hint)
    expect_close(test_labels, reference.labels()[2], rtol=0, what="test_labels", hint=hint)
    expect_kind(test_labels, "integer", what="test_labels", hint=hint)


# --- steps 5 to 7: how sure -------------------------------------------------------------------------------------------


def pair_of(answer: Plain, *, what: str) -> tuple[Plain, Plain]:
    """Return the two items that a learner's function returned, or raise `Failed`."""
    if isinstance(answer, np.ndarray) and answer.shape == (2,):
        answer = answer.tolist()
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise Failed(f"{what}: a pair of numbers", in_words(answer), "return first, second")
    return answer[0], answer[1]


def expect_interval(wilson_interval: Function, correct: int, total: int) -> None:
    """Expect Wilson's interval for so many right of so many, not rounded.

    Its ends are those accuracies p from which the measured one is just Z standard errors away: where
    (p - correct / total)^2 = Z^2 p (1 - p) / total. Source: E. B. Wilson (1927), JASA 22, 209-212.
    """
    what = f"wilson_interval({correct}, {total})"
    found = pair_of(wilson_interval(correct, total), what=what)
    measured, spread = correct / total, Z**2 / total
    expected = np.sort(np.roots([1 + spread, -2 * measured - spread, measured**2]).real)
    # 1.96 or the exact 1.95996..., and one that was cut to [0, 1], are the same for every purpose.
    for place, value, wanted in zip(("low", "high"), found, expected, strict=True):
        hint = "Mind the brackets: the denominator divides everything. p is correct / total."
        numbers = as_numbers(value)
        if numbers is not None and numbers.size == 1 and abs(float(numbers.item()) - wanted) < 1e-3:
            hint = "That is near: leave the numbers as they are, without rounding, and z at 1.96."
        expect_close(value, wanted, rtol=5e-5, atol=1e-6, what=f"{what}: {place} end", hint=hint)


@check(points=3)
def interval_is_wilsons(wilson_interval: Function, rng: np.random.Generator) -> None:
    """`wilson_interval` is the 95 percent confidence interval of an accuracy, also where all or none are right."""
    with part("some right", points=2):
        expect_interval(wilson_interval, 9, 10)
        total = int(rng.integers(100, 1000))
        expect_interval(wilson_interval, int(rng.integers(total // 2, total)), total)
    with part("all right", points=1):
        expect_interval(wilson_interval, 20, 20)
        expect_interval(wilson_interval, 0, int(rng.integers(1, 30)))


Case = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Two models' predictions and the right answers, integers (n,)."""


def expect_count(compare: Function, case: Case, place: int) -> None:
    """Expect the number of pictures that only the first (place 0) or only the second model (place 1) gets right."""
    first, second, labels = case
    what = f"{compare.name}(...) of {len(labels)} pictures"
    found = pair_of(compare(first, second, labels), what=what)[place]
    one, other = (first, second) if place == 0 else (second, first)
    expected = int(np.sum((one == labels) & (other != labels)))
    hint = "Count the pictures on which this one is right and the other is wrong."
    expect_close(found, expected, atol=0, rtol=0, what=f"{what}: {('only_first', 'only_second')[place]}", hint=hint)


def expect_compared(compare: Function, *cases: Case) -> None:
    """Expect both counts of each case: two parts of a point each."""
    for place, name in enumerate(("only the first", "only the second")):
        with part(name, points=1):
            for case in cases:
                expect_count(compare, case, place)


def two_models(count: int, rng: np.random.Generator, *, skill: float = 0.8) -> Case:
    """Return predictions of two models that mostly fail on the same pictures, and the right answers."""
    labels = rng.integers(0, 5, size=count)
    first = np.where(rng.random(count) < skill, labels, (labels + 1) % 5)
    second = np.where(rng.random(count) < 0.2, rng.integers(0, 5, size=count), first)
    return first, second, labels


@check(points=2)
def same_pictures_are_compared(compare_on_same_pictures: Function, rng: np.random.Generator) -> None:
    """`compare_on_same_pictures` counts the pictures that only one of the two models gets right."""
    example = np.array([0, 1, 2, 3]), np.array([0, 1, 1, 1]), np.array([0, 1, 2, 2])
    expect_compared(compare_on_same_pictures, example, two_models(int(rng.integers(200, 400)), rng))


def expect_verdict(verdict: Function, only_first: int, only_second: int, expected: str) -> None:
    """Expect this verdict."""
    what = f"verdict({only_first}, {only_second})"
    p = number(mcnemar(only_first, only_second))
    hint = f"mcnemar({only_first}, {only_second}) is {p}; the rule asks for less than 0.05."
    found = verdict(only_first, only_second)
    if isinstance(found, str) and found not in VERDICTS:
        hint = f"One of {in_words(list(VERDICTS))}, spelled like this."
    expect_equal(found, expected, what=what, hint=hint)


@check(points=2)
def verdict_knows_doubt(verdict: Function, rng: np.random.Generator) -> None:
    """`verdict` names the better model where the difference is clear, and says so where it is not."""
    few = int(rng.integers(10, 30))
    with part("clear", points=1):
        expect_verdict(verdict, 3 * few, few, "first")
        expect_verdict(verdict, few, 3 * few, "second")
    with part("not clear", points=1):
        expect_verdict(verdict, 3 * few, few, "first")
        for counts in ((4, 0), (few, few + 3), (few, few)):
            expect_verdict(verdict, *counts, UNCLEAR)


@check(points=1)
def conclusion_follows_from_predictions(
    conclusion: Text, mobilenet_head: Model, inception_head: Model, reference: Reference
) -> None:
    """`conclusion` is the rule's verdict on MobileNet V2 (first) and Inception V3 (second), on the test part."""
    expect_conclusion(conclusion, mobilenet_head, inception_head, reference)


def expect_conclusion(conclusion: str, mobilenet_head: Model, inception_head: Model, reference: Reference) -> None:
    """Expect the verdict that the two heads have earned on the test part; on the fence either will do."""
    right = []
    for model, backbone in ((mobilenet_head, MOBILENET.name), (inception_head, INCEPTION.name)):
        _, _, (features, labels) = reference.features(backbone)
        right.append(np.argmax(head_of(model, backbone, reference).logits(features), axis=1) == labels)
    only_first, only_second = int(np.sum(right[0] & ~right[1])), int(np.sum(right[1] & ~right[0]))
    possible = [
        UNCLEAR if mcnemar(one, other) >= LEVEL else "first" if one > other else "second"
        for one, other in (
            (only_first, only_second),
            (only_first + 1, max(0, only_second - 1)),
            (max(0, only_first - 1), only_second + 1),
        )
    ]
    words = f'verdict({only_first}, {only_second}), which is "{possible[0]}"'
    hint = "verdict(*compare_on_same_pictures(...)), MobileNet V2 first."
    expect(conclusion in possible, words, in_words(conclusion), hint)


# --- step 8: cost -----------------------------------------------------------------------------------------------------


def expect_megabytes(megabytes: Function, parameters: int) -> None:
    """Expect 4 bytes for each parameter, a million bytes to the megabyte."""
    hint = "4 bytes for each parameter; 1 megabyte is 1,000,000 bytes."
    expect_close(megabytes(parameters), parameters * 4 / 1e6, atol=0, what=f"megabytes({parameters})", hint=hint)


def expect_pixels(times_the_pixels: Function, size: int, other_size: int) -> None:
    """Expect the ratio of the areas."""
    what, hint = f"times_the_pixels({size}, {other_size})", "Pixels are height times width."
    expect_close(times_the_pixels(size, other_size), (size / other_size) ** 2, what=what, hint=hint)


@check(points=2)
def cost_is_known(megabytes: Function, times_the_pixels: Function, rng: np.random.Generator) -> None:
    """`megabytes` and `times_the_pixels` say what a model costs in memory and in work."""
    with part("megabytes", points=1):
        expect_megabytes(megabytes, MOBILENET.parameters)
        expect_megabytes(megabytes, int(rng.integers(10**6, 10**8)))
    with part("pixels", points=1):
        expect_pixels(times_the_pixels, 200, 100)
        expect_pixels(times_the_pixels, int(rng.integers(200, 400)), int(rng.integers(50, 200)))
