"""Following pictures through a learner's pipeline: which came, how often, in which order, with whose label."""

from __future__ import annotations

import numpy as np

from autograder.checking import patterns
from autograder.checking.arguments import dataset
from autograder.checking.expect import expect, expect_shape
from autograder.checking.messages import Failed, in_words, plural, shape
from autograder.checking.values import Batches, Function

BATCH_SIZE = 32
THINNED = 8  # pictures of one color are known by every eighth row and column


class Album:
    """Pictures that carry a number in their color, each with a label of its own, to be followed through a pipeline.

    Attributes:
        labels: label of each picture.
        data: the argument for the learner's function: a data set of (picture, label).
    """

    def __init__(self, count: int, rng: np.random.Generator) -> None:
        self.labels = rng.permutation(count) + 100
        self.data = dataset(patterns.numbered(range(count), rng), self.labels)

    def __len__(self) -> int:
        return len(self.labels)


def album_batches(batches: Batches, album: Album) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return each batch's picture numbers, int (batch,), -1 where a picture carries none, and labels, (batch,).

    Raises:
        Failed: the batches are no pairs of images and labels.
    """
    most = len(album) // 16 + 2
    found: list[tuple[np.ndarray, np.ndarray]] = []
    for batch in batches.take(most, step=THINNED):
        good = len(batch) == 2 and all(isinstance(one, np.ndarray) and one.dtype.kind in "biuf" for one in batch)
        if not good or batch[0].ndim != 4 or batch[1].ndim != 1 or len(batch[0]) != len(batch[1]):
            whole = batch if found else batches.first()
            words = ", ".join(in_words(one) for one in whole)
            hint = _of_no_pair([np.ndim(one) if isinstance(one, np.ndarray) else 0 for one in whole])
            raise Failed("batches of pictures (batch, 224, 224, 3) and labels (batch,)", f"({words})", hint)
        expect_shape(batch[0], (None, None, None, 3), what="the pictures of a batch")
        expect(len(batch[0]) <= 10 * len(album), "no more pictures than were given", plural(len(batch[0]), "picture"))
        expect(batch[0].size, "batches with something in them", "an empty one")
        found.append((patterns.numbers_of(batch[0]), batch[1]))
    return found


def _of_no_pair(dimensions: list[int]) -> str:
    """Return where to look if a batch, with parts of so many dimensions, is no pair of pictures and labels."""
    if dimensions[:1] == [3]:
        return "Single pictures: `batch` and `map` return a new data set, `dataset = dataset.batch(32)` keeps it."
    if len(dimensions) == 2 and dimensions[1] == 4:
        return "Pictures first, then labels: `return image, label` in resize_and_scale."
    return "map, then batch: each batch is a pair."


def in_order(batches: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """Return the numbers of all pictures, int (n,), in the order in which they came."""
    return np.concatenate([numbers for numbers, _ in batches]) if batches else np.empty(0, int)


def expect_every_example_once(batches: list[tuple[np.ndarray, np.ndarray]], album: Album) -> None:
    """Expect each picture to occur exactly once."""
    found = in_order(batches)
    words = f"{len(album)} examples, each exactly once"
    hint = "No repeat(), no take(), and no drop_remainder: the last batch has what is left."
    got = f"{len(found)} examples, {len(set(found.tolist()))} of them different"
    expect(sorted(found.tolist()) == list(range(len(album))), words, got, hint)


def expect_batch_sizes(batches: list[tuple[np.ndarray, np.ndarray]], album: Album) -> None:
    """Expect batches of 32, and a last one with what is left."""
    whole, left = divmod(len(album), BATCH_SIZE)
    sizes = tuple(len(numbers) for numbers, _ in batches)
    expected = (BATCH_SIZE,) * whole + ((left,) if left else ())
    hint = "dataset.batch(32). Shuffle before batching."
    expect(sizes == expected, f"batches of {shape(expected)} examples", shape(sizes), hint)


def expect_own_labels(batches: list[tuple[np.ndarray, np.ndarray]], album: Album) -> None:
    """Expect each picture to have come with its own label."""
    for numbers, labels in batches:
        known = (numbers >= 0) & (numbers < len(album))
        same = known.all() and bool(np.all(album.labels[np.where(known, numbers, 0)] == labels))
        hint = "Shuffle and map pairs, never pictures and labels apart."
        expect(same, "every picture to keep its own label", "pictures with another one's label", hint)


def expect_kept_order(make_batches: Function, album: Album, *args: int) -> None:
    """Expect pictures to come in the data set's order."""
    found = in_order(album_batches(make_batches.returning(Batches, album.data, *args), album))
    hint = "Without a shuffle buffer the order stays: shuffle only if shuffle_buffer > 0."
    expect(bool(np.all(found == np.arange(len(found)))), "the data set's own order", "another order", hint)


def expect_shuffled(make_batches: Function, album: Album, buffer: int) -> None:
    """Expect pictures drawn from a buffer of this size, anew each time, with their own labels."""
    batches = make_batches.returning(Batches, album.data, buffer)
    first = album_batches(batches, album)
    found, again = in_order(first), in_order(album_batches(batches, album))
    hint = "dataset.shuffle(shuffle_buffer), before batching."
    n = len(album)
    words = f"{n} pictures to be mixed by a buffer of {buffer}"
    expect(not np.array_equal(found, np.arange(len(found))), words, "the data set's own order", hint)
    together = all(np.array_equal(np.sort(part), np.arange(len(part)) + min(part, default=0)) for part, _ in first)
    whole = "whole batches mixed: the pictures of a batch stay together"
    expect(len(first) < 2 or not together, words, whole, "Shuffle, then batch.")
    ahead = int(np.max(found - np.arange(len(found)), initial=0))
    expect(
        buffer / 2 <= ahead < buffer,  # half of it or more, but for one of a million shuffles
        f"{words}: some come {-(-buffer // 2)} to {buffer - 1} places before their turn",
        f"{ahead} at most",
        "The buffer's size is the argument shuffle_buffer.",
    )
    expect_own_labels(first, album)
    anew = "another order in the next epoch"
    expect(not np.array_equal(found, again), anew, "the same order", "Leave reshuffle_each_iteration as it is.")
