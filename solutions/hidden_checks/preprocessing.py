"""Hidden checks of 01-preprocessing: what the visible ones state, for other inputs."""

from __future__ import annotations

import numpy as np

from autograder.checking import patterns
from autograder.checking.core import check, part
from autograder.checking.expect import expect, expect_equal, expect_kind, expect_range
from autograder.checking.reference import Reference
from autograder.checking.secret_pictures import ALIKE, OVERVIEW, THUMBNAIL, seen_from_afar
from autograder.checking.tracing import (
    Album,
    album_batches,
    expect_batch_sizes,
    expect_every_example_once,
    expect_kept_order,
    expect_shuffled,
)
from autograder.checking.values import Batches, Function, Scalar, Sequence_
from autograder.checks import preprocessing as visible

NEEDS_SECRET_PICTURES = (OVERVIEW,)
"""What these checks need of `autograder.checking.secret_pictures`."""
LOOKED_AT = 6  # stored pictures of each part: they are as large as cameras make them


@check(points=2, hidden=True)
def parts_cover_everything_once(split_names: Function, rng: np.random.Generator) -> None:
    """`split_names` should work for any sizes and any number of parts, also for a single one of 100 percent."""
    two = int(rng.integers(5, 95))
    cuts = np.sort(rng.choice(np.arange(5, 95), size=3, replace=False))
    with part("few", points=1):
        visible.expect_parts(split_names, [two, 100 - two])
    with part("many", points=1):
        visible.expect_parts(split_names, np.diff([0, *cuts, 100]).tolist())
        visible.expect_parts(split_names, [100])


@check(points=2, hidden=True)
def data_is_loaded(train_set: Batches, validation_set: Batches, test_set: Batches, reference: Reference) -> None:
    """Each part should hold its own pictures, no more and no fewer, as pairs of picture and label."""
    parts = (train_set, validation_set, test_set)
    with part("pairs", points=1):
        for one in parts:
            visible.expect_pairs(one)
    with part("whole", points=1):
        for one, size, labels in zip(parts, reference.sizes(), reference.labels(), strict=True):
            told = one.ask("batches", count=0, only=[], summary=True).value("cardinality")
            expect_equal(size if told is None else told, size)
            first = one.labels(100)
            expect_equal(first, labels[: len(first)])
        if known := reference.overview:
            for one, thumbnails in zip(parts, (known.train, known.validation, known.test), strict=True):
                expect_stored_pictures(one, thumbnails[:LOOKED_AT])


def expect_stored_pictures(part_of_data: Batches, thumbnails: np.ndarray) -> None:
    """Expect a part to begin with these pictures, whatever their size."""
    found = [seen(image) for image, _ in part_of_data.take(len(thumbnails))]
    expect(len(found) == len(thumbnails), "as many pictures")
    off = np.abs(np.asarray(found) - thumbnails).mean(axis=(1, 2, 3))
    expect(np.median(off) < ALIKE, "the data set's own pictures, in their order")


def seen(image: np.ndarray) -> np.ndarray:
    """Return a stored image from afar, with values from 0 to 1."""
    expect(isinstance(image, np.ndarray) and image.ndim == 3 and image.shape[2] == 3, "pictures of three channels")
    expect(min(image.shape[:2]) >= THUMBNAIL and image.dtype.kind in "uif", "pictures with something in them")
    return seen_from_afar(image[None])[0] / 255


def nearest(images: np.ndarray, thumbnails: np.ndarray) -> np.ndarray:
    """Return which of these pictures each of a batch resembles most, int (n,).

    Points for resizing are given elsewhere: a batch whose borders are cut off still resembles its own pictures.
    """
    far = np.abs(seen_from_afar(images)[:, None] - thumbnails[None]).mean(axis=(2, 3, 4))
    expect(bool(np.all(images.std(axis=(1, 2, 3)) > 0.01)), "pictures with something in them")
    return far.argmin(axis=1)


@check(points=1, hidden=True)
def classes_are_named(class_names: Sequence_, num_classes: Scalar, reference: Reference) -> None:
    """`num_classes` should be a whole number and `class_names` a list with a text for each label."""
    expect(isinstance(num_classes, int) and not isinstance(num_classes, bool), "a whole number")
    expect_equal([num_classes, *class_names], [reference.num_classes, *reference.class_names])


@check(points=1, hidden=True)
def examples_are_counted(num_train: Scalar, num_validation: Scalar, num_test: Scalar, reference: Reference) -> None:
    """The three counts should be whole numbers that add up to the number of all examples."""
    counts = (num_train, num_validation, num_test)
    expect(all(isinstance(count, int) for count in counts), "whole numbers")
    expect_equal(sum(counts), reference.num_examples)
    expect_equal(counts, reference.sizes())


@check(points=1, hidden=True)
def first_examples_are_described(describe: Function, rng: np.random.Generator) -> None:
    """`describe` should work for any data set and any count, in the data set's order, height before width."""
    images = [patterns.flat(9, int(h), int(w)) for h, w in zip((7, 30, 12, 5), rng.integers(40, 90, 4), strict=True)]
    images[1] = images[1][..., :1]  # gray
    labels = rng.integers(0, 5, 4)
    for count in (1, 3, 4, 40):
        visible.expect_described(describe, images, labels, count)


@check(points=2, hidden=True)
def classes_are_counted(count_classes: Function, rng: np.random.Generator) -> None:
    """`count_classes` should give one entry for each class, whichever classes occur and however many there are."""
    with part("all classes occur", points=1):
        counts = rng.integers(1, 6, size=9)
        counts[5] += 300  # more than a byte holds
        visible.expect_counted(count_classes, rng.permutation(np.repeat(np.arange(9), counts)), 9)
    with part("some don't", points=1):
        visible.expect_counted(count_classes, np.full(int(rng.integers(2, 9)), 1), 3)
        visible.expect_counted(count_classes, rng.integers(4, 7, size=30), 12)


@check(points=1, hidden=True)
def lazy_accuracy_is_known(majority_accuracy: Function, rng: np.random.Generator) -> None:
    """`majority_accuracy` should be the share of the largest class, however many classes there are."""
    visible.expect_majority(majority_accuracy, rng.integers(0, 30, size=11) + np.eye(11, dtype=int)[3])
    visible.expect_majority(majority_accuracy, np.array([0, int(rng.integers(1, 9))]))


@check(points=2, hidden=True)
def images_are_resized(resize_and_scale: Function, rng: np.random.Generator) -> None:
    """Tall, wide, small and large photographs should all come out whole, as 224 x 224 pixels, with their label."""
    with part("size", points=1):
        patterns.expect_resized(resize_and_scale, int(rng.integers(400, 600)), int(rng.integers(100, 180)))
        patterns.expect_resized(resize_and_scale, 224, int(rng.integers(500, 700)))
        patterns.expect_resized(resize_and_scale, int(rng.integers(60, 90)), int(rng.integers(60, 90)))
        patterns.expect_sharp(resize_and_scale, rng)
    with part("label", points=1):
        for label in (0, int(rng.integers(5, 100)), int(rng.integers(300, 10_000))):
            patterns.expect_label_kept(resize_and_scale, label)


@check(points=2, hidden=True)
def images_are_scaled(resize_and_scale: Function, rng: np.random.Generator) -> None:
    """Black should become 0, white 1 and everything else what lies between, whatever else is in the picture."""
    with part("black and white", points=1):
        patterns.expect_scaled(resize_and_scale, (0, 255, 0))
        patterns.expect_scaled(resize_and_scale, (255, 0, 255))
    with part("dark and bright", points=1):
        patterns.expect_scaled(resize_and_scale, [int(value) for value in rng.integers(1, 40, size=3)])
        patterns.expect_scaled(resize_and_scale, [int(value) for value in rng.integers(200, 255, size=3)])


@check(points=2, hidden=True)
def batches_keep_every_example(make_batches: Function, rng: np.random.Generator) -> None:
    """`make_batches` should give each example once, with and without shuffling, however many there are."""
    albums = [Album(int(count), rng) for count in (rng.integers(5, 30), 64)]
    found = [
        album_batches(make_batches.returning(Batches, album.data, buffer), album)
        for album, buffer in zip(albums, (4, 0), strict=True)
    ]
    with part("examples", points=1):
        for batches, album in zip(found, albums, strict=True):
            expect_every_example_once(batches, album)
    with part("batches", points=1):
        for batches, album in zip(found, albums, strict=True):
            expect_batch_sizes(batches, album)


@check(points=2, hidden=True)
def shuffling_mixes_pairs(make_batches: Function, rng: np.random.Generator) -> None:
    """A small shuffle buffer should mix neighbors only, none should mix nothing, and labels should stay put."""
    album = Album(int(rng.integers(33, 60)), rng)
    with part("no buffer", points=1):
        expect_kept_order(make_batches, album)
    with part("small buffer", points=1):
        expect_shuffled(make_batches, album, 8)


@check(points=2, hidden=True)
def batches_are_ready(
    train_batches: Batches, validation_batches: Batches, test_batches: Batches, reference: Reference
) -> None:
    """Training batches should differ from epoch to epoch; the others should not, and should hold their whole part."""
    train, validation, test = reference.labels()
    with part("training", points=1):
        images, _ = visible.expect_ready(train_batches, reference.num_classes)
        if known := reference.overview:
            places = nearest(images, known.train)
            expect(len(set(places.tolist())) > visible.BATCH_SIZE // 2, "different pictures of the training part")
            expect(
                places.max() >= len(train) // 8, "a buffer of a quarter, from which some come long before their turn"
            )
        first, again = (train_batches.labels(2) for _ in range(2))
        expect(not np.array_equal(first, again), "another order in each epoch")
        for found in (first, again):
            expect_kind(found, "integer")
            expect_range(found, 0, train.max())
            visible.expect_well_mixed(found, train, buffer=4)
    with part("validation and test", points=1):
        for batches, labels, which in ((validation_batches, validation, "validation"), (test_batches, test, "test")):
            visible.go_through(batches, len(labels) // visible.BATCH_SIZE + 1)
            images, _ = visible.expect_ready(batches, reference.num_classes)
            if known := reference.overview:
                own = nearest(images, getattr(known, which)) == np.arange(len(images))
                expect(np.mean(own) > 0.25, "the part's own pictures, in their order")  # by luck, 1 in 32 of them
            expect_equal(batches.labels(-(-len(labels) // visible.BATCH_SIZE) + 1), labels)
