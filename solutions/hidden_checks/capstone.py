"""Hidden checks of exercise 6: the same statements as the visible ones, on other folders and files."""

from __future__ import annotations

import numpy as np

from autograder.checking import patterns
from autograder.checking.core import check, part
from autograder.checking.values import Anything, Array, Function, Scalar, Sequence_
from autograder.checking.values_keras import Model
from autograder.checks.capstone import (
    NO_PICTURE,
    encoded,
    expect_fine_tuning,
    expect_flips,
    expect_folder,
    expect_gray,
    expect_head,
    expect_listed,
    expect_named,
    expect_noise_read,
    expect_parts,
    expect_photographs,
    expect_read,
    expect_refused,
    expect_skipped,
)


@check(points=3, hidden=True)
def photographs_are_listed(list_photographs: Function, rng):
    """`list_photographs` also holds for other folders: in order, with all endings, and without files of other kinds."""
    classes = [f"flower {letter}" for letter in rng.permutation(list("pqrstu"))[:5]]
    files = {f"{name}/{i:02d}{end}": NO_PICTURE for name in classes for i, end in enumerate((".png", ".jpg", ".jpeg"))}
    more = {f"{classes[0]}/scan.PNG": NO_PICTURE, f"{classes[1]}/old.Jpeg": NO_PICTURE, f"{classes[2]}/jpg": NO_PICTURE}
    more |= {
        "flower prim/list.txt": NO_PICTURE,
        "list.png": NO_PICTURE,
        f"{classes[3]}/movie.mp4": NO_PICTURE,
        f"{classes[4]}/a.jpg.txt": NO_PICTURE,
    }
    expect_listed(list_photographs, files, more)


@check(points=3, hidden=True)
def photographs_are_read(read_photograph: Function, rng):
    """`read_photograph` also holds for tall, wide and small photographs, gray JPEG files, and files cut off early."""
    with part("color", points=1):
        for height, width, kind in ((120, 30, "JPEG"), (40, 150, "PNG"), (64, 64, "JPEG")):
            expect_read(read_photograph, encoded(patterns.ramps(height, width), kind), f"f.{kind.lower()}", 48)
        name = "IMG_0001.JPG"
        expect_read(read_photograph, encoded(patterns.ramps(70, 50)), name, 20)
        expect_noise_read(read_photograph, rng, 96)
    with part("gray", points=1):
        for kind in ("JPEG", "PNG"):
            expect_gray(read_photograph, int(rng.integers(10, 250)), kind, 16)
    with part("no picture", points=1):
        for content in (b"", b"\xff\xd8\xff\xe0", encoded(patterns.ramps(60, 60), "PNG")[:40]):
            expect_refused(read_photograph, content)


@check(points=2, hidden=True)
def folder_is_loaded(
    load_folder: Function, names: Sequence_, labels: Array, skipped: Anything, class_names: Sequence_, rng
):
    """`load_folder` also holds for other folders and sizes, wherever the broken files are."""
    expect_photographs(names, labels, class_names)
    with part("what can be read", points=1):
        expect_folder(load_folder, rng, {"a": 1, "b": 5, "c": 2}, broken=[], size=33)
    with part("what cannot", points=1):
        broken = ["a/000.jpg", "b/002x.jpeg", "c/999.png"]
        expect_folder(load_folder, rng, {"a": 2, "b": 4, "c": 1}, broken=broken, size=12)
        expect_skipped(skipped, names)


@check(points=3, hidden=True)
def parts_are_drawn(split_indices: Function, rng):
    """`split_indices` also holds for other numbers of pictures and other seeds."""
    expect_parts(split_indices, int(rng.integers(400, 2000)), int(rng.integers(1000, 10_000)))


@check(points=2, hidden=True)
def pictures_are_mirrored(random_flip: Function, rng):
    """`random_flip` also holds for pictures of other sizes."""
    expect_flips(random_flip, rng, count=800, height=7, width=7)


@check(points=3, hidden=True)
def head_knows_flowers(
    head: Model,
    class_names: Sequence_,
    names: Sequence_,
    train_ids: Array,
    validation_ids: Array,
    test_ids: Array,
    test_accuracy: Scalar,
    rng,
    reference,
):
    """The head does not tell flowers apart well enough, or `test_accuracy` is not what it reaches on the test part."""
    expect_head(head, class_names, names, (train_ids, validation_ids, test_ids), test_accuracy, rng, reference)


@check(points=2, hidden=True)
def fine_tuning_starts_well(fine_tuning_model: Function, rng):
    """`fine_tuning_model` also holds for other backbones, heads and learning rates."""
    rate = float(np.exp(rng.uniform(np.log(1e-6), np.log(1e-3))))
    expect_fine_tuning(fine_tuning_model, rng, num_features=20, size=24, num_classes=7, learning_rate=rate)


@check(points=2, hidden=True)
def own_photograph_is_named(predict_photograph: Function, rng):
    """`predict_photograph` also holds for other models, class names, sizes and kinds of file."""
    names = tuple(rng.permutation(["iris", "lily", "peony", "pansy", "lupin", "lilac"]))
    expect_named(predict_photograph, rng, names=tuple(map(str, names)), size=14, kinds=("JPEG", "PNG"))
