"""Checks of exercise 6, the capstone: from a folder of photographs to a classifier.

Folders and files are made here and written where the learner's functions run.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Iterable

import numpy as np

from autograder.checking import chance, heads, patterns
from autograder.checking.arguments import backbone, file, folder, linear_model, tensor
from autograder.checking.core import check, part
from autograder.checking.expect import (
    expect,
    expect_between,
    expect_close,
    expect_equal,
    expect_kind,
    expect_range,
    expect_shape,
)
from autograder.checking.heads import Head
from autograder.checking.messages import Failed, in_words, plural
from autograder.checking.numbers import as_items, as_numbers
from autograder.checking.values import ARRAY, Anything, Array, Function, Scalar, Sequence_
from autograder.checking.values_keras import Model
from autograder.conversation.protocol import Build, Plain
from autograder.conversation.session import Refused

NO_PICTURE = b"This is a shopping list: bread, milk, a hand lens."
NUM_FEATURES = 1280
MOST_BY_RESIZING = 0.2  # by which a test accuracy may change with the way in which the photographs were resized
IN_FOLDER = 200  # photographs that the notebook puts there: the training part's first


def encoded(picture: np.ndarray, kind: str = "JPEG") -> bytes:
    """Return a picture, uint8 (height, width, 3) or (height, width) for gray, as the bytes of a JPEG or PNG file."""
    from PIL import Image

    target = io.BytesIO()
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    Image.fromarray(picture).save(target, kind, **options)
    return target.getvalue()


# --- step 1: the list -------------------------------------------------------------------------------------------------


@check(points=3)
def photographs_are_listed(list_photographs: Function, rng):
    """`list_photographs` gives the photographs' names, class by class, their labels, and the class names."""
    files = {
        "violets/b.jpg": NO_PICTURE,
        "violets/a.jpg": NO_PICTURE,
        "asters/7.png": NO_PICTURE,
        "lilies/late.jpeg": NO_PICTURE,
        "lilies/early.jpeg": NO_PICTURE,
    }
    more = {"lilies/notes.txt": NO_PICTURE, "violets/z9.JPG": NO_PICTURE, "readme.jpg": NO_PICTURE}
    more["irises/to do.txt"] = NO_PICTURE
    expect_listed(list_photographs, files, more)


def expect_listed(list_photographs: Function, files: dict[str, bytes], more: dict[str, bytes]) -> None:
    """Expect class names (1 point), names and labels (1), and care with other files and capitals (1).

    Args:
        list_photographs: the learner's function.
        files: photographs with endings in small letters.
        more: further files: photographs with endings in capitals, others, and some outside of the classes.
    """
    found, classes = _listed(list_photographs, files), _sub_folders(files)
    with part("class names", points=1):
        expect_equal(found[2], classes, what="class_names", hint="In alphabetical order: `sorted(...)`.")
    with part("names and labels", points=1):
        _expect_names_and_labels(found, sorted(files), "", classes)
    with part("other files", points=1):
        every = files | more
        wanted = [name for name in sorted(every) if "/" in name and name.lower().endswith((".jpg", ".jpeg", ".png"))]
        hint = "Endings may be in capitals; other files, and files outside of the sub-folders, are left out."
        _expect_names_and_labels(_listed(list_photographs, every), wanted, hint, _sub_folders(every))


def _sub_folders(files: Iterable[str]) -> list[str]:
    """Return the sub-folders of the folder that these files are in, in order."""
    return sorted({name.split("/")[0] for name in files if "/" in name})


def _listed(list_photographs: Function, files: dict[str, bytes]) -> tuple:
    found = list_photographs(folder(files))
    if not isinstance(found, (tuple, list)) or len(found) != 3 or as_items(found[0]) is None:
        raise Failed("list_photographs(folder): (names, labels, class_names)", in_words(found))
    return tuple(found)


def _paths(found: Plain, what: str) -> list[str]:
    """Return a list of paths as text, with slashes on every system, or raise `Failed` where it is no list."""
    items = as_items(found)
    if items is None or not all(isinstance(item, str) for item in items):
        raise Failed(f"{what}: a list of text", in_words(found))
    return [str(name).replace("\\", "/") for name in items]


def _expect_names_and_labels(found: tuple, wanted: list[str], hint: str, classes: list[str]) -> None:
    names = _paths(found[0], "names")
    expect_equal(names, wanted, what="names", hint=hint or 'The path below the folder: "daisy/017.jpg", sorted.')
    hint = hint and "Every sub-folder is a class, also one that holds no photograph."
    expect_equal(found[1], [classes.index(name.split("/")[0]) for name in wanted], what="labels", hint=hint)
    expect_kind(found[1], "integer", what="labels", hint="Positions in class_names are whole numbers.")


# --- steps 2 and 3: reading -------------------------------------------------------------------------------------------


@check(points=3)
def photographs_are_read(read_photograph: Function, rng):
    """`read_photograph` makes float32 (size, size, 3) with values from 0 to 1 of JPEG and PNG files, color or gray."""
    height, width = (int(n) for n in rng.integers(40, 90, 2))
    with part("color", points=1):
        for kind in ("JPEG", "PNG"):
            expect_read(read_photograph, encoded(patterns.ramps(height, width), kind), f"f.{kind.lower()}", 32)
    with part("gray", points=1):
        expect_gray(read_photograph, int(rng.integers(60, 200)), "PNG", 24)
    with part("no picture", points=1):
        expect_refused(read_photograph, NO_PICTURE)


def expect_read(read_photograph: Function, content: bytes, name: str, size: int) -> None:
    """Expect a picture of `ramps`, all of it, in the right size, type and range."""
    found = _read(read_photograph, content, name, size)
    expect_range(found, 0, 1, what=f"values of {name}", hint="Divide by 255, once.")
    # Some ways of resizing take pixels a little beyond 1.
    expect_between(found.max(), 0.9, 1 + 1e-4, what=f"the largest value of {name}", hint="Divide by 255, once.")
    patterns.expect_whole_picture(found, what=f"read_photograph of {name}")


def expect_gray(read_photograph: Function, gray: int, kind: str, size: int) -> None:
    """Expect three equal channels of a picture that has one: about this gray, lighter to the right, darker below."""
    places = np.linspace(-1, 1, 60)
    content = encoded(_shades(gray, places).round().astype(np.uint8), kind)
    found = _read(read_photograph, content, f"gray.{kind.lower()}", size)
    there = (np.arange(size) + 0.5) / size * 60 - 0.5  # where the small picture's pixels lie in the large one
    shades = _shades(gray, np.interp(there, np.arange(60), places)) / 255
    wanted = np.repeat(shades[..., None], 3, axis=2)
    expect_close(found, wanted, atol=0.03, what=f"a gray {kind}", hint="channels=3")


def _shades(gray: int, places: np.ndarray) -> np.ndarray:
    """Return a square of grays around this one, at these places from -1 to 1 across and down."""
    return gray + min(gray, 255 - gray) * (0.7 * places[None, :] - 0.3 * places[:, None])


def expect_refused(read_photograph: Function, content: bytes) -> None:
    """Expect an error for a file that is no picture, from a function that can read one."""
    _read(read_photograph, encoded(patterns.ramps(20, 20)), "fine.jpg", 16)
    try:
        found = read_photograph.attempt(file("broken.jpg", content), 16)
    except Refused as error:
        if error.reason == "raised":
            return
        raise
    raise Failed("an error for a file that is no picture", f"it returned {in_words(found)}", "Let the error through.")


def _read(read_photograph: Function, content: bytes, name: str, size: int) -> np.ndarray:
    found = read_photograph(file(name, content), size)
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "biuf":
        raise Failed(f"read_photograph of {name}: an array", in_words(found))
    expect_shape(found, (size, size, 3), what=f"read_photograph of {name}")
    right = found.dtype == np.float32
    expect(right, f"read_photograph of {name}: float32", found.dtype.name, "Divide what tf.image.resize gives.")
    return found


def expect_noise_read(read_photograph: Function, rng: np.random.Generator, size: int) -> None:
    """Expect a picture of noise that has the right size already to keep its pixels."""
    picture = patterns.noise(size, rng)
    found = _read(read_photograph, encoded(picture, "PNG"), "noise.png", size)
    patterns.expect_pixels_kept(found, picture, what="read_photograph of noise.png")


@check(points=2)
def folder_is_loaded(
    load_folder: Function, names: Sequence_, labels: Array, skipped: Anything, class_names: Sequence_, rng
):
    """`load_folder` reads every photograph that can be read and names the others."""
    expect_photographs(names, labels, class_names)
    with part("what can be read", points=1):
        expect_folder(load_folder, rng, {"asters": 3, "lilies": 2}, broken=[], size=20)
    with part("what cannot", points=1):
        expect_folder(load_folder, rng, {"asters": 2, "lilies": 3}, broken=["asters/000.jpg", "lilies/zz.png"], size=20)
        expect_skipped(skipped, names)


def expect_photographs(names: list, labels: np.ndarray, class_names: list) -> None:
    """Expect labels that belong to the names, for a number of photographs in several classes."""
    texts = _paths(names, "names")
    places = {str(name): place for place, name in reversed(list(enumerate(class_names)))}
    expect(len(texts) >= 20, "`names` of at least 20 photographs", str(len(texts)))
    expect_shape(labels, (len(texts),), what="labels")
    folders = [posixpath.dirname(name) for name in texts]
    wanted = [places.get(one, -1) for one in folders]
    expect_equal(labels, wanted, what="labels", hint="The positions of the folders' names in class_names.")


def expect_skipped(skipped: Plain, names: list) -> None:
    """Expect the notebook's broken file among those left out, where the folder is the notebook's."""
    left_out = _paths(skipped, "skipped")
    if "roses/broken.jpg" in _paths(names, "names") or len(names) != IN_FOLDER:
        return
    hint = "What load_folder gives for FOLDER: images, labels, names, skipped = load_folder(FOLDER, 224)."
    expect("roses/broken.jpg" in left_out, "`skipped` to name the broken file in FOLDER", in_words(left_out), hint)


def expect_folder(
    load_folder: Function, rng: np.random.Generator, counts: dict[str, int], *, broken: list[str], size: int
) -> None:
    """Expect numbered pictures in their classes, in order, and the broken files named where there are any."""
    shown = {f"{name}/{i + 1:03d}.jpg": name for name, count in counts.items() for i in range(count)}
    numbers = rng.permutation(patterns.NUMBERS)[: len(shown)]
    drawn = patterns.numbered(numbers, rng)
    files = {name: encoded(picture, "PNG") for name, picture in zip(shown, drawn, strict=True)}
    found = load_folder(folder(files | dict.fromkeys(broken, NO_PICTURE)), size)
    if not isinstance(found, (tuple, list)) or len(found) != 4:
        raise Failed("load_folder(folder, size): (images, labels, names, skipped)", in_words(found))
    given, labels, names, skipped = found
    images = as_numbers(given)
    if images is None:
        raise Failed("images: an array of numbers", in_words(given))
    hint = f"{plural(len(shown), 'picture')} can be read, {len(broken)} cannot."
    expect_shape(images, (len(shown), size, size, 3), what="images", hint=hint)
    expect_equal(
        patterns.numbers_of(images), numbers, what="the pictures' order", hint="The order of list_photographs."
    )
    expect_equal(labels, [sorted(counts).index(shown[name]) for name in shown], what="labels", hint=hint)
    expect_equal(_paths(names, "names"), list(shown), what="names", hint=hint)
    if broken:
        expect_equal(_paths(skipped, "skipped"), broken, what="skipped", hint=hint)


# --- steps 4 and 5: parts and mirror images ---------------------------------------------------------------------------


@check(points=3)
def parts_are_drawn(split_indices: Function, rng):
    """`split_indices` shuffles all positions into parts of 70, 15 and 15 percent, which a seed repeats."""
    expect_parts(split_indices, int(rng.integers(300, 500)), int(rng.integers(1000)))


def expect_parts(split_indices: Function, count: int, seed: int) -> None:
    """Expect every position once (1 point), shuffled parts of the right sizes (1), and seeds that matter (1)."""
    found = _parts(split_indices, count, seed)
    with part("every position once", points=1):
        total = sum(map(len, found))
        expect(total == count, f"{count} positions in all parts together", str(total), "Every position, once.")
        together = np.sort(np.concatenate(found))
        hint = "A position in two parts is a picture that was learned from and judged by."
        expect_equal(together, np.arange(count), what=f"the positions in all parts of {count}", hint=hint)
    with part("sizes and order", points=1):
        for name, positions, share in zip(("training", "validation", "test"), found, (0.7, 0.15, 0.15), strict=True):
            near = abs(len(positions) - share * count) < 2.01
            expect(near, f"about {share * count:.0f} positions in the {name} part", str(len(positions)))
        expect_drawn(found, count)
    with part("seeds", points=1):
        again, other = _parts(split_indices, count, seed), _parts(split_indices, count, seed + 1)
        with_zero = [_parts(split_indices, count, 0) for _ in range(2)]
        same = all(np.array_equal(a, b) for a, b in zip(found, again, strict=True))
        expect(same, "the same parts for the same seed", "others", "np.random.default_rng(seed)")
        same = all(np.array_equal(a, b) for a, b in zip(*with_zero, strict=True))
        expect(same, "the same parts for seed 0 each time", "others", "0 is a seed like any other.")
        shared = max(np.isin(other[2], (found[2] + step) % count).sum() for step in range(-5, 6))
        differs = shared < chance.TOGETHER * len(other[2])
        expect(differs, "other parts for another seed", "the same, or nearly", "np.random.default_rng(seed)")


def expect_drawn(found: list[np.ndarray], count: int) -> None:
    """Expect three parts of `count` positions, drawn at random and in random order."""
    hint = "Shuffle all positions before you cut: np.random.default_rng(seed).permutation(count)."
    inside = all(len(one) and one.min() >= 0 and one.max() < count for one in found)
    expect(inside, f"positions from 0 to {count - 1}", "others", hint)
    shuffled = 0.25 < np.mean(found[2]) / count < 0.75 and all(chance.is_shuffled(one) for one in found)
    expect(shuffled, "positions in random order", "positions in their old order, or in another simple one", hint)
    for name, positions in zip(("validation", "test"), found[1:], strict=True):
        pattern = chance.pattern_of_part(positions, count)
        expect(not pattern, f"a {name} part drawn at random", pattern, hint)


def _parts(split_indices: Function, count: int, seed: int) -> list[np.ndarray]:
    found = split_indices(count, seed)
    if not isinstance(found, (tuple, list)) or len(found) != 3:
        raise Failed("split_indices(count, seed): three arrays", in_words(found))
    parts = [as_numbers(one) for one in found]
    good = [one for one in parts if one is not None and one.ndim == 1 and (one.dtype.kind in "iu" or not one.size)]
    expect(len(good) == 3, "three arrays of positions", in_words(found))
    return good


@check(points=2)
def pictures_are_mirrored(random_flip: Function, rng):
    """`random_flip` mirrors each picture with probability 1/2, independently, and repeats it for the same seed."""
    expect_flips(random_flip, rng, count=600, height=6, width=9)


def expect_flips(random_flip: Function, rng: np.random.Generator, *, count: int, height: int, width: int) -> None:
    """Expect each picture or its mirror image (1 point), and chance with a seed (1)."""
    images = rng.random((count, height, width, 3)).astype(np.float32)
    seed = int(rng.integers(1000))
    found = random_flip(images, seed)
    with part("mirror images", points=1):
        flipped = _flipped(found, images)
        expect(0 < flipped.sum() < count, "some pictures mirrored and some not", f"{flipped.sum()} of {count} mirrored")
        expect_unchanged(random_flip, images[:5], seed)
    with part("chance", points=1):
        flipped = _flipped(found, images)
        expect_about_half(flipped, f"about half of {count} pictures mirrored", "A probability of 1/2.")
        alike = np.array_equal(flipped, _flipped(random_flip(images, seed), images))
        expect(alike, "the same pictures for the same seed", "others", "np.random.default_rng(seed)")
        with_zero = [_flipped(random_flip(images, 0), images) for _ in range(2)]
        expect(
            np.array_equal(with_zero[0], with_zero[1]),
            "the same pictures for seed 0 each time",
            "others",
            "0 is a seed like any other.",
        )
        other = _flipped(random_flip(images, seed + 1), images)
        expect(not np.array_equal(flipped, other), "others for another seed", "the same pictures")
        pattern = chance.pattern_of_coins(flipped, images.mean(axis=(1, 2, 3)), images[:, 0, 0, 0])
        hint = "A coin for each picture: np.random.default_rng(seed).random(len(images)) < 0.5."
        expect(not pattern, "each picture mirrored by chance alone", pattern, hint)
        again = chance.follow(flipped, *(np.roll(other, step) for step in range(-5, 6)))
        why = "One generator for all pictures: with `seed + i` for each, the next seed throws its neighbors' coins."
        expect(not again, "other coins for another seed", "the same ones, moved along by some pictures", why)
        expect_coins_for_twins(random_flip, images[0], count, seed + int(rng.integers(2, 1000)), hint)


def expect_about_half(flipped: np.ndarray, words: str, hint: str) -> None:
    """Expect about as many heads as tails."""
    # Of 600 fair coins, fewer than 240 or more than 360 heads come up in one of a million throws.
    about_half = 0.4 * len(flipped) <= flipped.sum() <= 0.6 * len(flipped)
    expect(about_half, words, f"{flipped.sum()}", hint)


def expect_coins_for_twins(random_flip: Function, image: np.ndarray, count: int, seed: int, hint: str) -> None:
    """Expect a coin for each of many copies of one picture: then nothing in the picture decides."""
    twins = np.repeat(image[None], count, axis=0)
    flipped = _flipped(random_flip(twins, seed), twins)
    expect_about_half(flipped, f"about half of {count} copies of one picture mirrored", hint)
    pattern = chance.pattern_of_coins(flipped)
    expect(not pattern, "each copy of a picture mirrored by chance alone", pattern, hint)


def expect_unchanged(random_flip: Function, images: np.ndarray, seed: int) -> None:
    """Expect a result from images that cannot be written to."""
    try:
        random_flip.attempt(Build("read_only", {"value": images}), seed)
    except Refused as error:
        if error.reason == "raised" and "read-only" in error.text:
            hint = "`.copy()` makes an array of your own, to be changed and returned."
            raise Failed("`images` itself to stay as it is", "it was written to", hint) from None
        raise


def _flipped(found: object, images: np.ndarray) -> np.ndarray:
    """Return which pictures were mirrored left to right, or raise `Failed`."""
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "biuf":
        raise Failed("random_flip(images, seed): an array", in_words(found))
    expect_shape(found, images.shape, what="random_flip(images, seed)")
    same = np.isclose(found, images, atol=1e-5).all(axis=(1, 2, 3))
    flipped = np.isclose(found, images[:, :, ::-1], atol=1e-5).all(axis=(1, 2, 3))
    upside_down = np.isclose(found, images[:, ::-1], atol=1e-5).all(axis=(1, 2, 3)).any()
    hint = "That is upside down: left to right is the third axis." if upside_down else "Nothing else is changed."
    wrong = int((~(same | flipped)).sum())
    expect(not wrong, "each picture as it was, or mirrored left to right", f"{plural(wrong, 'other picture')}", hint)
    return flipped


# --- step 6: the head -------------------------------------------------------------------------------------------------


@check(points=3)
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
    """`head` tells flowers apart that it has not seen, and `test_accuracy` is what it reaches on the test part."""
    ids = (train_ids, validation_ids, test_ids)
    expect_head(head, class_names, names, ids, test_accuracy, rng, reference)


def expect_head(
    head: Model,
    class_names: list,
    names: list,
    ids: tuple,
    test_accuracy: float,
    rng: np.random.Generator,
    reference,
) -> None:
    """Expect a trained head (1 point), from the training part alone (1), and an honest test accuracy (1)."""
    train, _, test = reference.features("mobilenet_v2")
    with part("learned", points=1):
        _expect_trained(head, class_names, train, test, rng, reference)
    with part("from the training part", points=1):
        weights = _expect_trained(head, class_names, train, test, rng, reference)
        parts = _parts_in_folder(ids, names, train)
        for name in ("validation", "test"):
            heads.expect_unseen("head", weights, parts["train"], parts[name], what=name)
    with part("test_accuracy", points=1):
        weights = _head_in_reference_order(head, class_names, reference)
        judged = _parts_in_folder(ids, names, train)["test"]
        hint = "The head's accuracy on x[test_ids] and labels[test_ids]."
        if 1 < test_accuracy <= 100:
            hint = "A share from 0 to 1, not percent."
        found, picture = weights.accuracy(judged), 1 / len(judged[1])
        # The folder's files are JPEG copies, so a picture or two may fall on the other side.
        near = abs(test_accuracy - found) <= 2.5 * picture
        if not near and abs(test_accuracy - found) <= MOST_BY_RESIZING:
            own = _own_part(head, _paths(names, "names"), ids[2], train)
            near = own is not None and abs(test_accuracy - weights.accuracy(own)) <= 0.5 * picture
        expect(near, f"`test_accuracy` near {found:.2f}, the head's on your test part", in_words(test_accuracy), hint)


def _expect_trained(
    head: Model, class_names: list, train: heads.Part, test: heads.Part, rng: np.random.Generator, reference
) -> Head:
    """Expect a head that gives logits and tells other pictures apart; return it in the data set's order of classes."""
    weights = _head_in_reference_order(head, class_names, reference)
    _expect_logits(head, len(class_names), rng)
    limit, _ = heads.loss_limit(train, test, reference.num_classes)
    hint = "Train it on x[train_ids] and labels[train_ids], with Adam's usual learning rate and a loss from logits."
    # A seventh of the training part teaches less than all of it.
    expect_between(weights.loss(test), 0, 1.15 * limit, what="loss of `head` on other pictures", hint=hint)
    return weights


def _parts_in_folder(
    ids: tuple[np.ndarray, np.ndarray, np.ndarray], names: list, train: heads.Part
) -> dict[str, heads.Part]:
    """Return features and labels of the three parts, or raise `Failed` where they are not parts of the folder."""
    expect_ids(ids, len(names))
    known = _paths(names, "names")
    parts = {}
    for name, positions in zip(("train", "validation", "test"), ids, strict=True):
        parts[name] = _pictures_of([known[i] for i in positions], train)
        expect(len(parts[name][1]) >= 10, f"`{name}_ids` of at least 10 photographs in FOLDER", in_words(positions))
    return parts


def expect_ids(ids: tuple[np.ndarray, np.ndarray, np.ndarray], count: int) -> None:
    """Expect positions of `count` photographs in three parts: whole numbers in one dimension, none of them twice."""
    for name, found in zip(("train_ids", "validation_ids", "test_ids"), ids, strict=True):
        expect_shape(found, (None,), what=name, hint="What split_indices gives.")
        expect(len(found) <= count, f"{name}: no more positions than photographs ({count})", str(len(found)))
        expect_kind(found, "integer", what=name, hint="Positions are whole numbers.")
        inside = not len(found) or (found.min() >= 0 and found.max() < count)
        expect(inside, f"{name}: positions from 0 to {count - 1}", in_words(found))
    together = np.concatenate([one.astype(np.int64) for one in ids])
    twice = len(together) - len(np.unique(together))
    expect(not twice, "every photograph in one part only", f"{twice} in two parts or twice", "Cut one shuffled list.")


def _expect_logits(head: Model, num_classes: int, rng: np.random.Generator) -> None:
    """Expect the head to answer with what its last layer's weights give, and nothing done to it."""
    weights = Head.of(head, NUM_FEATURES, num_classes)
    features = rng.normal(0, 2, size=(6, NUM_FEATURES)).astype(np.float32)
    answers = head.predict(features)
    expect_shape(answers, (6, num_classes), what=f"answers of `{head.name}` for 6 pictures")
    if np.allclose(answers.sum(axis=1), 1, atol=1e-3):
        hint = "Leave the activation out: no softmax."
        raise Failed(f"`{head.name}` to give logits", "probabilities: each row sums to 1", hint)
    hint = "A single Dense layer without activation."
    expect_close(answers, weights.logits(features), rtol=1e-3, atol=1e-2, what=f"logits of `{head.name}`", hint=hint)


def _head_in_reference_order(head: Model, class_names: list, reference) -> Head:
    """Return the head with its outputs in the order of the data set's labels."""
    known = [str(name) for name in class_names]
    expect_equal(sorted(known), sorted(reference.class_names), what="class_names, in whatever order")
    weights = Head.of(head, NUM_FEATURES, len(known))
    order = [known.index(name) for name in reference.class_names]
    return Head(weights.kernel[:, order], weights.bias[order])


def _pictures_of(names: list[str], train: heads.Part) -> heads.Part:
    """Return features and labels of the pictures in the notebook's folder, whose names say which they are."""
    places = _places_of(names, train)
    chosen = np.unique(places[places >= 0])  # a picture that is named a thousand times is one picture
    return train[0][chosen], train[1][chosen]


def _places_of(names: list[str], train: heads.Part) -> np.ndarray:
    """Return which pictures of the training part these are, int (n,), -1 for those that the notebook did not name."""
    stems = [posixpath.splitext(posixpath.basename(name))[0] for name in names]
    numbers = [int(stem) if stem.isascii() and stem.isdigit() and len(stem) < 10 else -1 for stem in stems]
    places = np.array(numbers, dtype=int)
    return np.where(places < min(IN_FOLDER, len(train[1])), places, -1)


def _own_part(head: Model, names: list[str], test_ids: np.ndarray, train: heads.Part) -> heads.Part | None:
    """Return the learner's own features of her test part, and its labels; None where they are of other pictures.

    Each good way of resizing gives features of its own, and a head knows those best that it was trained on.
    """
    places = _places_of([names[i] for i in test_ids], train)
    test_ids, places = test_ids[places >= 0], places[places >= 0]
    typical = np.asarray(train[0][:IN_FOLDER], np.float64).mean(axis=0)
    try:
        x = np.asarray(ARRAY.fetch(head.session, "x"))
        expect_shape(x, (len(names), NUM_FEATURES))
        own = x[test_ids]
        heads.expect_same_pictures(own, train[0][places], typical, what="x", hint="")
    except Failed:
        return None
    return own, train[1][places]


# --- steps 7 and 8: fine-tuning, own photographs ----------------------------------------------------------------------


@check(points=2)
def fine_tuning_starts_well(fine_tuning_model: Function, rng):
    """`fine_tuning_model` begins where the head stopped, and lets backbone and head learn, slowly."""
    expect_fine_tuning(fine_tuning_model, rng, num_features=12, size=16, num_classes=4, learning_rate=2e-5)


def expect_fine_tuning(
    fine_tuning_model: Function,
    rng: np.random.Generator,
    *,
    num_features: int,
    size: int,
    num_classes: int,
    learning_rate: float,
) -> None:
    """Expect both with their weights (1 point), all of them learning, with this rate and a loss from logits (1)."""
    seed = int(rng.integers(1000))
    kernel, bias = rng.normal(size=(num_features, num_classes)), rng.normal(size=num_classes)
    layer = backbone(num_features, size, seed=seed, trainable=False)
    made = fine_tuning_model.returning(Function, layer, linear_model(kernel, bias), learning_rate)
    images = rng.random((5, size, size, 3)).astype(np.float32)
    answers = made(tensor(images))  # a model that is called has all its weights, however it was made
    model = Model(made.session, made.target, made.name)
    answers = as_numbers(answers)
    if answers is None:
        raise Failed(f"`{made.name}` to answer with logits", "no numbers")
    expect_shape(answers, (5, num_classes), what=f"answers of `{made.name}` for 5 pictures")
    with part("weights", points=1):
        features = images.mean(axis=(1, 2)) @ np.random.default_rng(seed).normal(size=(3, num_features))
        hint = "The layer, then the head, both as they were given."
        expect_close(answers, features @ kernel + bias, rtol=1e-3, atol=1e-3, what="logits before training", hint=hint)
    with part("learning", points=1):
        hint = "`layer.trainable = True` before the model is built."
        parameters = 3 * num_features + num_features * num_classes + num_classes
        expect_equal(model.trainable_parameters, parameters, what="parameters that learn", hint=hint)
        expect(model.compiled, "a compiled model", "no loss yet", "model.compile(...)")
        optimizer = model.optimizer or "none"
        expect(optimizer.lower() == "adam", "Adam as the optimizer", optimizer, "keras.optimizers.Adam(learning_rate)")
        expect_close(model.learning_rate, learning_rate, rtol=1e-3, atol=0, what="the learning rate")
        expect_reported(model, images, answers.astype(np.float64), rng.integers(0, num_classes, 5))


def expect_reported(model: Model, images: np.ndarray, answers: np.ndarray, labels: np.ndarray) -> None:
    """Expect `evaluate` to report the cross-entropy of these answers from logits, and their accuracy."""
    reported = model.attribute("evaluate", Function)(images, labels, verbose=0, return_dict=True)
    if not isinstance(reported, dict) or "loss" not in reported:
        raise Failed("`evaluate` to report a loss", in_words(reported), "model.compile(loss=...)")
    unchanged = Head(np.eye(answers.shape[1]), np.zeros(answers.shape[1]))  # answers are logits already
    hint = "SparseCategoricalCrossentropy(from_logits=True)"
    expected = unchanged.loss((answers, labels))
    expect_close(reported["loss"], expected, rtol=2e-2, what="the loss: cross-entropy from logits", hint=hint)
    share = float(np.mean(answers.argmax(axis=1) == labels))
    measured = [as_numbers(value) for name, value in reported.items() if name != "loss"]
    good = any(one is not None and one.size == 1 and abs(float(one.item()) - share) < 1e-3 for one in measured)
    expect(good, f"accuracy to be measured, {share:.1f} here", in_words(reported), 'metrics=["accuracy"]')


@check(points=2)
def own_photograph_is_named(predict_photograph: Function, rng):
    """`predict_photograph` gives the predicted class's name and its probability."""
    expect_named(predict_photograph, rng, names=("aster", "begonia", "camellia"), size=8, kinds=("PNG",))


def expect_named(
    predict_photograph: Function, rng: np.random.Generator, *, names: tuple[str, ...], size: int, kinds: tuple[str, ...]
) -> None:
    """Expect name (1 point) and probability (1) of photographs, by models whose answers to them are known."""
    found, wanted = [], []
    for kind in kinds:
        chances = rng.dirichlet(np.ones(len(names))) * 0.7 + 0.3 / len(names)
        wanted.append((names[int(chances.argmax())], chances.max()))
        found.append(_named(predict_photograph, rng, chances, names, size, kind))
    with part("name", points=1):
        for answer, (name, _) in zip(found, wanted, strict=True):
            expect_equal(answer[0], name, what="name", hint="The class with the largest logit.")
    with part("probability", points=1):
        for answer, (_, chance_of_it) in zip(found, wanted, strict=True):
            hint = "Softmax makes probabilities of logits: shares from 0 to 1, not percent."
            expect_close(answer[1], chance_of_it, rtol=0.03, atol=0.01, what="probability", hint=hint)


def _named(
    predict_photograph: Function, rng: np.random.Generator, chances: np.ndarray, names: tuple, size: int, kind: str
) -> tuple:
    """Return what is answered for a photograph and a model that gives it these probabilities.

    A JPEG file holds one color, whose values survive whatever resizes them. A PNG file has the right size already: each
    pixel counts, in its place.
    """
    if kind == "PNG":
        photograph, weight = patterns.noise(size, rng), 0.3
        pixels = photograph / 255
    else:
        photograph, weight = patterns.flat(rng.integers(40, 220, 3).tolist(), 30, 40), 0.02
        pixels = np.broadcast_to(photograph[0, 0] / 255, (size, size, 3))
    kernel = rng.normal(size=(size * size * 3, len(names))) * weight
    model = linear_model(kernel, np.log(chances) - pixels.reshape(-1) @ kernel, (size, size, 3))
    content = encoded(photograph, kind)
    found = predict_photograph(file(f"mine.{kind.lower()}", content), model, list(names), size)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise Failed("predict_photograph(...): (name, probability)", in_words(found))
    return tuple(found)
