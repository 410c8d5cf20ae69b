"""Checks of 01-preprocessing: data cut in three, counted, resized, scaled and batched.

Inputs are drawn or painted here (`autograder.checking.patterns`), so the checks hold for every data set. What they
state is written once, as functions of the input (`expect_...`), for the hidden checks to use with other inputs.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Sequence

import numpy as np

from autograder.checking import patterns
from autograder.checking.arguments import dataset
from autograder.checking.core import check, part
from autograder.checking.expect import (
    expect,
    expect_close,
    expect_equal,
    expect_kind,
    expect_length,
    expect_range,
    expect_shape,
)
from autograder.checking.messages import Failed, in_words, plural
from autograder.checking.reference import Reference
from autograder.checking.tracing import (
    BATCH_SIZE,
    Album,
    album_batches,
    expect_batch_sizes,
    expect_every_example_once,
    expect_kept_order,
    expect_shuffled,
)
from autograder.checking.values import Batches, Function, Scalar, Sequence_
from autograder.conversation.protocol import Plain
from autograder.conversation.session import SessionError, Target

IMAGE_SIZE = 224
_SLICE = re.compile(r"train(?:\[(?:(-?\d+)%)?:(?:(-?\d+)%)?\])?", re.ASCII)  # TFDS takes no spaces


# --- step 1: the parts' names -----------------------------------------------------------------------------------------


def percents_of(name: Plain) -> tuple[int, int]:
    """Return where a TFDS split name such as "train[70%:85%]" begins and ends, in percent."""
    found = _SLICE.fullmatch(name[:100]) if isinstance(name, str) else None
    if found is None:
        raise Failed(
            'split names such as "train[70%:85%]"',
            in_words(name),
            "A part is text: the bounds in percent, with a colon.",
        )
    start, end = (int(bound) if bound else None for bound in found.groups())
    if any(bound is not None and abs(bound) > 100 for bound in (start, end)):
        raise Failed("bounds from 0 to 100 percent", in_words(name), "TFDS refuses what lies beyond the end.")
    bounds = range(100)[start:end]
    return bounds.start, bounds.stop


def expect_parts(split_names: Function, percents: Sequence[int]) -> None:
    """Expect `split_names(percents)` to name parts of these sizes, one after the other."""
    call = f"split_names({list(percents)})"
    names = split_names(list(percents))
    if not isinstance(names, (list, tuple)):
        hint = "Collect the names in a list and return it."
        if isinstance(names, np.ndarray):
            hint = "That is a NumPy array, which tfds.load does not take: `.tolist()` makes a list of it."
        raise Failed(f"{call}: a list of texts", in_words(names), hint)
    expect_length(names, len(percents), what=call, hint="One name for each part.")
    found = [percents_of(name) for name in names]
    bounds = [0, *itertools.accumulate(percents)]
    expected = list(itertools.pairwise(bounds))
    words = ", ".join(f"{start} to {end}" for start, end in expected)
    expect(
        found == expected,
        f"{call}: parts from {words} percent",
        ", ".join(f"{start} to {end}" for start, end in found),
        "A part starts where the one before it ends: at the sum of the sizes so far.",
    )


@check(points=2)
def parts_cover_everything_once(split_names: Function) -> None:
    """Every example belongs to exactly one part."""
    with part("two parts", points=1):
        expect_parts(split_names, [70, 30])
    with part("three parts", points=1):
        expect_parts(split_names, [70, 15, 15])


# --- steps 2 to 4: the data -------------------------------------------------------------------------------------------


def go_through(data: Batches, count: int) -> None:
    """Go through a data set of `count` elements once, before anything reads only a part of it.

    The learner may have cached it: when the first iterator is dropped halfway, TensorFlow's cache in memory now and
    then takes what was read so far for all there is, from then on.
    """
    with contextlib.suppress(Failed):  # what is wrong with it is for others to say
        data.count(count + 1)


def expect_pairs(part_of_data: Batches) -> None:
    """Expect single examples, each a pair of a stored image and its label."""
    name = part_of_data.name
    hint = "Ask tfds.load for pairs: as_supervised=True."
    expect(not holds_dictionaries(part_of_data), f"each element of `{name}` to be (image, label)", "dictionaries", hint)
    elements = part_of_data.take(2)
    expect(elements, f"`{name}` to hold examples", "none", 'Which split do you pass to `tfds.load`? "train[70%:85%]"')
    for element in elements:
        expect(len(element) == 2, f"each element of `{name}` to be (image, label)", plural(len(element), "item"), hint)
        image, label = element
        expect(
            isinstance(image, np.ndarray) and image.ndim == 3,
            f"single pictures in `{name}`, shape (height, width, 3)",
            in_words(image),
            "No batches yet: they come in step 8.",
        )
        expect_shape(image, (None, None, 3), what=f"the pictures of `{name}`")
        expect(
            image.dtype == np.uint8,
            f"the pictures of `{name}` as they are stored, uint8 from 0 to 255",
            in_words(image),
            "Leave them as they are for now: resizing and scaling come in step 7.",
        )
        single = isinstance(label, (int, np.ndarray, np.generic)) and np.ndim(label) == 0
        expect(single, f"single labels in `{name}`, whole numbers", in_words(label), hint)
        expect_kind(label, "integer", what=f"the labels of `{name}`")


def holds_dictionaries(data: Batches) -> bool:
    """Return whether the elements of a tf.data set are dictionaries, which TFDS gives without `as_supervised=True`."""
    try:
        target = Target(data.target.root, (*data.target.path, "element_spec"))
        return isinstance(data.session.ask("get", target).value("value"), dict)
    except SessionError:
        return False


def all_labels(part_of_data: Batches, count: int) -> np.ndarray | None:
    """Return the labels of a data set of `count` examples, going through it once; None where it has no such labels.

    One more than `count` is asked for, so that too many show. For why it is gone through, see `go_through`.
    """
    try:
        return part_of_data.labels(count + 1)
    except Failed:
        return None


def expect_labels_in_place(part_of_data: Batches, found: np.ndarray, labels: np.ndarray, where: str) -> None:
    """Expect the labels found to be all of those of this part of the data set."""
    both = min(len(found), len(labels))
    words = f"`{part_of_data.name}` to be {where} of the data, in their order"
    if not np.all(found[:both] == labels[:both]):
        first = int(np.argmax(found[:both] != labels[:both]))
        here, there = in_words(found[first : first + 8]), in_words(labels[first : first + 8])
        hint = "Look at the split names and at their order: no shuffle, no shuffle_files, no batch yet."
        raise Failed(words, f"other examples (from number {first} on the labels {here} instead of {there})", hint)
    few = f"only {plural(len(found), 'example')}" if len(found) < len(labels) else "more examples"
    expect(len(found) == len(labels), words, f"{few}, where it has {len(labels)}", "Look at the split names.")


@check(points=2)
def data_is_loaded(train_set: Batches, validation_set: Batches, test_set: Batches, reference: Reference) -> None:
    """The three parts hold pairs of picture and label from 0 to 70, 70 to 85 and 85 to 100 percent of the data."""
    parts = (train_set, validation_set, test_set)
    found = [all_labels(one, len(labels)) for one, labels in zip(parts, reference.labels(), strict=True)]
    with part("pairs", points=1):
        for one in parts:
            expect_pairs(one)
    with part("parts", points=1):
        places = ("the first 70 percent", "70 to 85 percent", "the last 15 percent")
        for one, seen, labels, where in zip(parts, found, reference.labels(), places, strict=True):
            expect_labels_in_place(one, one.labels(60) if seen is None else seen, labels, where)


@check(points=1)
def classes_are_named(class_names: Sequence_, num_classes: Scalar, reference: Reference) -> None:
    """`class_names[label]` is the name of each label, and `num_classes` says how many there are."""
    expect_equal(num_classes, reference.num_classes, what="num_classes", hint="Look at info.features.")
    expected = list(reference.class_names)
    if sorted(map(str, class_names)) == sorted(expected):
        hint = "The order is the data set's own, not the alphabet's: take it from info."
    else:
        hint = "Look at info.features."
    expect_equal(class_names, expected, what="class_names", hint=hint)


@check(points=1)
def examples_are_counted(num_train: Scalar, num_validation: Scalar, num_test: Scalar, reference: Reference) -> None:
    """`num_train`, `num_validation` and `num_test` say how many examples each part has."""
    train, validation, test = reference.sizes()
    expect_equal(num_train, train, what="num_train", hint="Count the training part itself: examples, not batches.")
    expect_equal(num_validation, validation, what="num_validation", hint="Count the validation part itself.")
    expect_equal(num_test, test, what="num_test", hint="Count the test part itself.")


# --- steps 5 and 6: looking and counting ------------------------------------------------------------------------------


def expect_described(describe: Function, images: Sequence[np.ndarray], labels: np.ndarray, count: int) -> None:
    """Expect `describe(dataset, count)` to list shape and label of the first images."""
    found = describe(dataset(list(images), labels), count)
    call = f"describe(dataset of {len(labels)}, {count})"
    if not isinstance(found, (list, tuple)):
        raise Failed(f"{call}: a list", in_words(found), "Collect what you find in a list and return it.")
    shown = min(count, len(labels))
    expect_length(found, shown, what=call, hint="dataset.take(count) gives the first `count` examples, or all.")
    for position, item in enumerate(found):
        expected = (tuple(images[position].shape), int(labels[position]))
        hint = "A tuple of three whole numbers and a whole number: tuple(image.shape), int(label)."
        expect_equal(item, expected, what=f"item {position} of {call}", hint=hint)


@check(points=1)
def first_examples_are_described(describe: Function, rng: np.random.Generator) -> None:
    """`describe` gives shape and label of the first examples."""
    images = [patterns.flat(0, int(h), int(w)) for h, w in rng.integers(5, 60, size=(6, 2))]
    labels = rng.permutation(6)
    expect_described(describe, images, labels, 3)
    expect_described(describe, images[:2], labels[:2], 5)


def expect_counted(count_classes: Function, labels: np.ndarray, num_classes: int) -> None:
    """Expect `count_classes` to say how often each class occurs."""
    found = count_classes(labels, num_classes)
    expected = np.bincount(labels, minlength=num_classes)
    call = f"count_classes({in_words(labels)}, {num_classes})"
    if not isinstance(found, np.ndarray):
        raise Failed(f"{call}: an array", in_words(found), "Return a NumPy array, one entry for each class.")
    expect_shape(found, (num_classes,), what=call, hint="A class that does not occur has an entry too: 0.")
    expect_close(found, expected, rtol=0, what=call, hint="Entry c says how often class c occurs.")
    expect_kind(found, "integer", what=call, hint="Counts are whole numbers: `dtype=int`.")


@check(points=2)
def classes_are_counted(count_classes: Function, rng: np.random.Generator) -> None:
    """`count_classes` says how often each class occurs, 0 included."""
    with part("all classes occur", points=1):
        expect_counted(count_classes, rng.permutation(np.repeat(np.arange(5), rng.integers(1, 9, size=5))), 5)
    with part("classes that don't occur", points=1):
        expect_counted(count_classes, rng.permutation(np.repeat([0, 2, 3], rng.integers(1, 4, size=3))), 6)


def expect_majority(majority_accuracy: Function, counts: np.ndarray) -> None:
    """Expect `majority_accuracy` to be the largest class's share."""
    found = majority_accuracy(counts)
    hint = "The most frequent class's examples, divided by all examples: a number from 0 to 1."
    expect_close(found, counts.max() / counts.sum(), what=f"majority_accuracy({in_words(counts)})", hint=hint)


@check(points=1)
def lazy_accuracy_is_known(majority_accuracy: Function, rng: np.random.Generator) -> None:
    """`majority_accuracy` is the accuracy of always giving the most frequent answer."""
    expect_majority(majority_accuracy, np.array([1, 0, 3, 0]))
    expect_majority(majority_accuracy, rng.integers(50, 500, size=5))


# --- step 7: images ---------------------------------------------------------------------------------------------------


@check(points=2)
def images_are_resized(resize_and_scale: Function, rng: np.random.Generator) -> None:
    """Photographs of any size come out whole, as 224 x 224 pixels with 3 channels, with their label."""
    with part("size", points=1):
        patterns.expect_resized(resize_and_scale, 300, 300)
        patterns.expect_resized(resize_and_scale, int(rng.integers(120, 200)), int(rng.integers(260, 400)))
    with part("label", points=1):
        patterns.expect_label_kept(resize_and_scale, int(rng.integers(1, 5)))


@check(points=2)
def images_are_scaled(resize_and_scale: Function, rng: np.random.Generator) -> None:
    """Pixel values come out as float32 from 0 to 1."""
    with part("black and white", points=1):
        patterns.expect_scaled(resize_and_scale, (255, 255, 255))
        patterns.expect_scaled(resize_and_scale, (0, 0, 0))
    with part("colors", points=1):
        patterns.expect_scaled(resize_and_scale, [int(value) for value in rng.integers(30, 226, size=3)])


# --- steps 8 and 9: batches -------------------------------------------------------------------------------------------


@check(points=2)
def batches_keep_every_example(make_batches: Function, rng: np.random.Generator) -> None:
    """`make_batches` gives every example exactly once, in batches of 32."""
    album = Album(int(rng.integers(36, 60)), rng)
    batches = album_batches(make_batches.returning(Batches, album.data), album)
    with part("examples", points=1):
        expect_every_example_once(batches, album)
    with part("batches", points=1):
        expect_batch_sizes(batches, album)


@check(points=2)
def shuffling_mixes_pairs(make_batches: Function, rng: np.random.Generator) -> None:
    """`make_batches` mixes examples by the shuffle buffer, and every picture keeps its label."""
    album = Album(44, rng)
    with part("no buffer", points=1):
        expect_kept_order(make_batches, album)
    with part("buffer of 11", points=1):
        expect_shuffled(make_batches, album, 11)


def expect_ready(batches: Batches, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Expect the first batch to be what a network takes; return its images and labels."""
    name = batches.name
    images, labels = batches.images_and_labels()
    expect_shape(
        images, (BATCH_SIZE, IMAGE_SIZE, IMAGE_SIZE, 3), what=f"the pictures of `{name}`", hint="Use make_batches."
    )
    expect_kind(images, "float", what=f"the pictures of `{name}`", hint="Use make_batches.")
    expect_range(images, 0, 1.0001, what=f"the pictures of `{name}`", hint="Divide by 255 after resizing, once.")
    expect(
        float(images.max()) > 0.05,
        f"the pictures of `{name}` to use the range from 0 to 1",
        in_words(images),
        "Scale once.",
    )
    expect_shape(labels, (BATCH_SIZE,), what=f"the labels of `{name}`")
    expect_kind(labels, "integer", what=f"the labels of `{name}`")
    expect_range(labels, 0, num_classes - 1, what=f"the labels of `{name}`", hint="Labels are counted from 0.")
    return images, labels.astype(np.int64)


@check(points=2)
def batches_are_ready(
    train_batches: Batches, validation_batches: Batches, test_batches: Batches, reference: Reference
) -> None:
    """Training batches are shuffled, validation and test batches are not, and each comes from its own part."""
    train, validation, test = reference.labels()
    with part("training", points=1):
        _, found = expect_ready(train_batches, reference.num_classes)
        reach = BATCH_SIZE + len(train) // 4
        hint = "make_batches(train_set, shuffle_buffer=num_train // 4)."
        in_turn = bool(np.all(found == train[:BATCH_SIZE]))
        expect(not in_turn, "`train_batches` to be shuffled", "the order in which the data are stored", hint)
        counts, most = (np.bincount(one, minlength=reference.num_classes) for one in (found, train[:reach]))
        in_reach = bool(np.all(counts <= most))
        expect(in_reach, "`train_batches` to come from `train_set`", f"labels {in_words(counts)} a class", hint)
        expect_well_mixed(found, train, buffer=4)
        _expect_batch_count(train_batches, len(train))
    with part("validation and test", points=1):
        for batches, labels in ((validation_batches, validation), (test_batches, test)):
            go_through(batches, len(labels) // BATCH_SIZE + 1)
            _, found = expect_ready(batches, reference.num_classes)
            same = bool(np.all(found == labels[:BATCH_SIZE]))
            words = f"`{batches.name}` to begin with the first 32 examples of its own part, in their order"
            expect(same, words, f"labels {in_words(found[:8])} instead of {in_words(labels[:8])}", "No shuffling here.")


def expect_well_mixed(found: np.ndarray, stored: np.ndarray, *, buffer: int) -> None:
    """Expect labels that no shuffle buffer as small as this gives; all is well where large ones may give them too."""
    rng = np.random.default_rng(0)
    in_reach = stored[: len(found) + len(stored) // 4]
    by_luck = any(comes_from(rng.permutation(in_reach)[: len(found)], stored, buffer) for _ in range(100))
    expect(
        by_luck or not comes_from(found, stored, buffer),
        f"`train_batches` to be mixed by a buffer of {len(stored) // 4}",
        "nearly the order in which the data are stored",
        "make_batches(train_set, num_train // 4).",
    )


def comes_from(found: np.ndarray, stored: np.ndarray, buffer: int) -> bool:
    """Return whether a shuffle buffer of this size can give these labels, all of them among the stored ones."""
    waiting = np.bincount(stored[:buffer], minlength=int(stored.max()) + 1)
    for label, following in zip(found, stored[buffer:], strict=False):
        if not waiting[label]:
            return False
        waiting[label] -= 1
        waiting[following] += 1
    return True


def _expect_batch_count(batches: Batches, num_examples: int) -> None:
    """Expect so many batches, where the data set can say how many it has; counting would decode every picture."""
    told = batches.ask("batches", count=0, only=[], summary=True).value("cardinality")
    wanted = -(-num_examples // BATCH_SIZE)
    if isinstance(told, int):
        expect_equal(
            told, wanted, what=f"batches in `{batches.name}`", hint="Batch once, 32 examples, without repeat()."
        )
