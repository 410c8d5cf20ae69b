"""What the checks of exercises 1 to 3 judge by: right work passes, whatever it is called, and what fails says where."""

from __future__ import annotations

import functools
import itertools

import numpy as np
import pytest

from autograder.checking import heads, patterns
from autograder.checking.messages import Failed, explain
from autograder.checking.reference import Reference
from autograder.checking.values import Batches, Function
from autograder.checking.values_keras import History
from autograder.checks import inception_v3, preprocessing
from autograder.conversation.session import LocalSession, Refused, Target

REFERENCE = Reference()


def of(kind, value, name="it"):
    """Return a learner's value as checks see it."""
    return kind(LocalSession({name: value}), Target(name), name)


# --- histories and heads ---


@pytest.mark.parametrize("name", ["accuracy", "acc", "sparse_categorical_accuracy"])
def test_accuracy_is_found_by_any_name_that_keras_gives_it(name):
    history = of(History, {"loss": [2.0], name: [0.25], f"val_{name}": [0.5]})
    assert (history["loss"], history["accuracy"], history["val_accuracy"]) == ([2.0], [0.25], [0.5])
    with pytest.raises(Failed, match="to hold val_loss"):
        print(history["val_loss"])


def test_six_epochs_are_six_numbers():
    good = dict.fromkeys(("accuracy", "loss", "val_accuracy", "val_loss"), [0.5] * 6)
    heads.expect_six_epochs(of(History, good))
    for bad in ({**good, "loss": [0.5] * 5}, {**good, "val_loss": [float("nan")] * 6}):
        with pytest.raises(Failed):
            heads.expect_six_epochs(of(History, bad))


@pytest.mark.parametrize("seed", range(1, 6))
def test_training_on_the_validation_part_too_is_told_from_training_without_it(seed):
    train, validation, test = REFERENCE.features("mobilenet_v2")
    heads.expect_no_leak("head", heads.trained(train, 5, seed=seed), train, validation)
    both, everything = (
        tuple(map(np.concatenate, zip(*parts, strict=True)))
        for parts in ((train, validation), (train, validation, test))
    )
    for part in (both, everything, validation):
        with pytest.raises(Failed, match="knows the validation part"):
            heads.expect_no_leak("head", heads.trained(part, 5, seed=seed), train, validation)


@pytest.mark.parametrize("seed", range(1, 6))
def test_training_on_the_test_part_too_is_told_from_training_without_it(seed):
    train, validation, test = REFERENCE.features("mobilenet_v2")
    heads.expect_no_leak("head", heads.trained(train, 5, seed=seed), train, test, what="test")
    both, everything = (
        tuple(map(np.concatenate, zip(*parts, strict=True))) for parts in ((train, test), (train, validation, test))
    )
    for part in (both, everything):
        with pytest.raises(Failed, match="knows the test part"):
            heads.expect_no_leak("head", heads.trained(part, 5, seed=seed), train, test, what="test")


@pytest.mark.parametrize("epochs", [10, 20, 40])
@pytest.mark.parametrize("seed", range(1, 4))
def test_thirty_pictures_are_enough_to_tell_whether_a_head_was_trained_on_them(seed, epochs):
    features, labels = REFERENCE.features("mobilenet_v2")[0]
    order = np.random.default_rng(seed).permutation(200)
    train, validation, test = ((features[ids], labels[ids]) for ids in np.split(order, [140, 170]))
    heads_of = functools.partial(after, epochs, seed)
    heads.expect_unseen("head", heads_of(train), train, test, what="test")
    for parts in ((train, test), (train, validation, test)):
        with pytest.raises(Failed, match="as if it had been trained on the test part"):
            heads.expect_unseen("head", heads_of(*parts), train, test, what="test")


def after(epochs, seed, *parts):
    """Return a head trained on these parts for some epochs."""
    together = tuple(map(np.concatenate, zip(*parts, strict=True)))
    return next(itertools.islice(heads.after_each_epoch(together, 5, seed=seed), epochs - 1, None))


def test_what_features_do_not_tell_costs_nobody_points():
    train, validation, _ = REFERENCE.features("inception_v3")
    assert heads.memory_limit(train, validation, 5) == (0, 0)
    few, others = ((part[0][:140], part[1][:140]) for part in (train, validation))
    heads.expect_unseen("head", after(6, 1, few, others), few, others, what="validation")


# --- data ---


def test_labels_in_another_order_are_shown_from_where_they_differ():
    labels = np.arange(20) % 5
    swapped = labels.copy()
    swapped[[10, 11]] = swapped[[11, 10]]
    for found, words in (
        (swapped, r"from number 10 on the labels \[1, 0, 2, .*instead of \[0, 1, 2,"),
        (labels[:9], "only 9"),
    ):
        data = of(Batches, [(np.zeros((4, 4, 3)), label) for label in found], "train_set")
        with pytest.raises(Failed, match=words):
            preprocessing.expect_labels_in_place(data, data.labels(20), labels, "the first part")


@pytest.mark.parametrize(("classes", "tells"), [(5, True), (1, False)])
def test_a_tiny_shuffle_buffer_is_told_where_the_stored_labels_tell_it(classes, tells):
    rng = np.random.default_rng(0)
    stored = rng.integers(0, classes, size=800)
    buffer, found = list(stored[:4]), []
    for following in stored[4:36]:
        found.append(buffer.pop(rng.integers(4)))
        buffer.append(following)
    well = rng.permutation(stored[:232])[:32]
    preprocessing.expect_well_mixed(well, stored, buffer=4)
    if tells:
        with pytest.raises(Failed, match="nearly the order"):
            preprocessing.expect_well_mixed(np.array(found), stored, buffer=4)
    else:
        preprocessing.expect_well_mixed(np.array(found), stored, buffer=4)


def test_image_and_label_in_the_wrong_order_get_a_hint():
    with pytest.raises(Failed, match="picture first, then label"):
        patterns.image_of((3, np.zeros((4, 4, 3))), what="it")


def test_a_border_is_no_matter_of_scaling():
    def padded(image, label):
        out = np.zeros((40, 60, 3), np.float32)
        out[:, 5:55] = np.asarray(image) / 255
        return out, label

    patterns.expect_scaled(of(Function, padded), (255, 100, 30))
    with pytest.raises(Failed, match=r"values in \[0, 1\]; found"):
        patterns.expect_scaled(
            of(Function, lambda image, label: (np.asarray(image, np.float32), label)), (255, 100, 30)
        )


# --- comparing ---


@pytest.mark.parametrize(
    ("correct", "total", "low", "high"), [(9, 10, 0.59585, 0.98212), (20, 20, 0.83887, 1), (0, 7, 0, 0.35434)]
)
def test_wilsons_interval_is_what_the_literature_says(correct, total, low, high):
    inception_v3.expect_interval(of(Function, lambda correct, total: (low, high)), correct, total)
    with pytest.raises(Failed, match="low end"):
        inception_v3.expect_interval(of(Function, lambda correct, total: (low + 0.001, high)), correct, total)
    with pytest.raises(Failed, match="high end"):
        inception_v3.expect_interval(of(Function, lambda correct, total: (low, high - 0.001)), correct, total)


def test_counts_of_deciding_pictures_are_judged_exactly_and_the_message_names_which():
    case = np.array([0, 1, 2, 3]), np.array([0, 1, 1, 1]), np.array([0, 1, 2, 2])
    for right in ((1, 0), (1.0, 0.0)):
        inception_v3.expect_compared(of(Function, lambda *args, right=right: right), case)
    with pytest.raises(Failed, match="only_first"):
        inception_v3.expect_count(of(Function, lambda *args: (2, 0)), case, 0)


def test_a_verdict_that_names_a_winner_at_four_against_none_hears_the_p_value():
    with pytest.raises(Failed, match=r"0\.125"):
        inception_v3.expect_verdict(of(Function, lambda *args: "first"), 4, 0, "no clear difference")


def test_no_check_that_learners_get_is_a_finished_solution():
    assert not {"wilson", "right_verdict"} & set(vars(inception_v3))


# --- words ---


def test_a_missing_attribute_is_no_missing_name():
    missing = Refused("missing", "", "few_history.model")
    assert explain(missing, "few_history.model").one_line() == (
        "`few_history` should have the attribute `model`. Return what `fit` returns, not its `.history`."
    )
    assert explain(Refused("missing", "", "few_history"), "few_history.model").expected.startswith(
        "You have not defined"
    )
