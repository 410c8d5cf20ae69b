"""Checks of exercise 5, looking at predictions.

Inputs are made backwards wherever that is possible, from the answer: the confusion matrix first, and the labels from
it. So few checks need to know how an answer is found.
"""

from __future__ import annotations

import numpy as np

from autograder.checking import heads, patterns
from autograder.checking.core import check, part
from autograder.checking.expect import (
    equal,
    expect,
    expect_close,
    expect_equal,
    expect_kind,
    expect_length,
    expect_shape,
)
from autograder.checking.messages import Failed, in_words, plural
from autograder.checking.numbers import as_numbers
from autograder.checking.values import Array, Function, Scalar
from autograder.checking.values_keras import Axes, Figure, Model
from autograder.conversation.protocol import Plain
from flowercourse.style import RIGHT_SIGN, WRONG_SIGN

NAMES = ("aster", "begonia", "camellia", "dahlia", "edelweiss", "freesia", "gentian")
BATCH = 32
TURNED = ((1, -1), (-1, 1), (-1, -1))  # steps down and to the right through a picture that is mirrored or upside down
PLAIN = 0.3
"""Share of a picture that must show: 30 in a figure of Matplotlib's own size leave little more, one turned 0.2."""
LARGE_RTOL = 1e-3  # of probabilities from large logits: sums of such logits in float32 are off by up to 3e-4


@check(points=1)
def names_are_in_order(class_names: Array, reference):
    """`class_names` holds the names of the classes, in the order of the labels."""
    expect_kind(class_names, "text", what="class_names")
    hint = "The order is the data set's own, not that of the alphabet."
    expect_equal(class_names, list(reference.class_names), what="class_names", hint=hint)


def expect_numbers(found: Plain, sizes: tuple[int, ...], *, what: str, hint: str = "") -> np.ndarray:
    """Return numbers of this shape, whether they came as an array, a tensor or a list, or raise `Failed`."""
    numbers = as_numbers(found)
    if numbers is None:
        raise Failed(f"{what}: numbers", in_words(found), hint)
    expect_shape(numbers, sizes, what=what, hint=hint)
    return numbers


def looks_like(found: Plain, mistake: np.ndarray) -> bool:
    """Return whether the answer is that of a well-known mistake, which gets a hint of its own."""
    numbers = as_numbers(found)
    if numbers is None or numbers.shape != mistake.shape:
        return False
    with np.errstate(invalid="ignore"):
        return bool(np.allclose(numbers, mistake, equal_nan=True))


# --- steps 2 to 4: probabilities and answers --------------------------------------------------------------------------


def logits_of(rng: np.random.Generator, rows: int, classes: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Return logits float64 (rows, classes) and the probabilities that they stand for.

    Logits are the logarithms of probabilities, but for a number added to each row, here around `shift`. They are
    numbers that float32 holds exactly, so that nothing is lost where a learner computes with it.
    """
    chances = rng.dirichlet(np.ones(classes), rows) * 0.9 + 0.1 / classes
    logits = (np.log(chances) + shift + rng.uniform(-1, 1, (rows, 1))).astype(np.float32).astype(np.float64)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return logits, powers / powers.sum(axis=1, keepdims=True)


@check(points=2)
def probabilities_are_right(probabilities: Function, rng):
    """`probabilities` is the softmax of each row, without overflow."""
    with part("softmax", points=1):
        logits, chances = logits_of(rng, 6, 4, shift=0)
        hint = "Each row is a picture: sum along axis 1, with keepdims=True."
        expect_close(probabilities(logits), chances, what="probabilities(logits)", hint=hint)
    with part("large logits", points=1):
        logits, chances = logits_of(rng, 3, 5, shift=2000)
        hint = "Subtract each row's largest logit before np.exp."
        what = "probabilities of logits around 2,000"
        expect_close(probabilities(logits), chances, rtol=LARGE_RTOL, what=what, hint=hint)
        far, sure = (
            np.array([[0.0, 3000.0, -3000.0], [-2000.0, 0.0, 500.0]]),
            np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        )
        expect_close(probabilities(far), sure, what="probabilities of logits that are far apart", hint=hint)


def logits_with_answers(rng: np.random.Generator, ids: np.ndarray, classes: int) -> np.ndarray:
    """Return logits (n, classes), all negative, whose largest in row i stands in column ids[i]."""
    logits = rng.uniform(-9, -2, (len(ids), classes))
    logits[np.arange(len(ids)), ids] = rng.uniform(-1.5, -1, len(ids))
    return logits


@check(points=2)
def answers_are_found(predict_ids: Function, names_of: Function, rng):
    """`predict_ids` finds each row's largest logit, `names_of` the names that belong to ids."""
    with part("predict_ids", points=1):
        ids = rng.integers(0, 4, 9)
        found = predict_ids(logits_with_answers(rng, ids, 4))
        numbers = expect_numbers(found, (9,), what="predict_ids of 9 rows", hint="np.argmax(logits, axis=1)")
        hint = "The largest logit wins, even a negative one."
        if not equal(numbers, np.round(numbers)):
            hint = "Ids are whole numbers: return where the largest logit stands, not the logit itself."
        expect_equal(found, ids, what="predict_ids(logits)", hint=hint)
        expect_kind(found, "integer", what="predict_ids(logits)", hint="`np.argmax` gives whole numbers.")
    with part("names_of", points=1):
        expect_names(names_of, rng.integers(0, 5, 8), NAMES[:5])


def expect_names(names_of: Function, ids: np.ndarray, names: tuple[str, ...]) -> None:
    """Expect the names of these ids, in their order."""
    found = names_of(ids, np.array(names))
    wanted, hint = [names[i] for i in ids], "Id 0 is the first name: `class_names[ids]`."
    expect_equal(found, wanted, what=f"names_of({ids.tolist()}, class_names)", hint=hint)


@check(points=2)
def first_batch_is_judged(head: Model, first_ids: Array, first_names: Array, num_right: Scalar, reference):
    """The first 32 validation pictures have their predicted ids and names, and the right ones are counted."""
    expect_first_batch(head, first_ids, first_names, num_right, reference)


def expect_first_batch(head: Model, first_ids, first_names, num_right, reference) -> None:
    """Expect what the head, a trained one, says about features that were computed here."""
    train, (x, y), _ = reference.features("mobilenet_v2")
    weights = heads.Head.of(head, x.shape[1], reference.num_classes)
    heads.expect_learned("head", weights, train)
    answers = np.argmax(weights.logits(x[:BATCH]), axis=1)
    with part("first_ids and first_names", points=1):
        expect_shape(first_ids, (BATCH,), what="first_ids", hint="The first 32 rows: logits[:32].")
        expect_equal(first_ids, answers, what="first_ids", hint="What the head says, not the labels.")
        names = [reference.class_names[i] for i in answers]
        expect_equal(first_names, names, what="first_names", hint="The names of first_ids, not of the labels.")
    with part("num_right", points=1):
        right = int(np.sum(answers == y[:BATCH]))
        expect_equal(num_right, right, what="num_right", hint="Compare the first 32 predictions with labels[:32].")


# --- step 5: the grid -------------------------------------------------------------------------------------------------


@check(points=4)
def predictions_are_shown(plot_predictions: Function, rng):
    """`plot_predictions` shows each picture with a title: blue and ✓ for right, red and ✗ for wrong."""
    expect_grid(plot_predictions, rng, classes=4, right=np.arange(8) % 2 == 0)


def expect_grid(
    plot_predictions: Function, rng: np.random.Generator, *, classes: int, right: np.ndarray, further: tuple = ()
) -> None:
    """Expect pictures in order (1 point), names (1), blue and red (1) and signs (1).

    Args:
        plot_predictions: the learner's function.
        rng: draws labels and predictions.
        classes: how many classes.
        right: bool (count,), which predictions are right.
        further: numbers of pictures in further figures.
    """
    labels, predicted = labels_and_answers(rng, classes, right)
    figure, shown = expect_pictures(plot_predictions, labels, predicted, classes)
    titled = list(zip(shown, labels, predicted, strict=True))
    with part("pictures in order", points=1):
        expect_in_order(figure, shown)
        for count in further:
            more = labels_and_answers(rng, classes, rng.random(count) < 0.6)
            figure, shown = expect_pictures(plot_predictions, *more, classes)
            titled += zip(shown, *more, strict=True)
            expect_in_order(figure, shown)
    with part("names", points=1):
        for ax, label, answer in titled:
            expect_title(ax.title, NAMES[answer], NAMES[label])
    with part("colors", points=1):
        for ax, label, answer in titled:
            expect_color(ax, bool(label == answer))
    with part("signs", points=1):
        for ax, label, answer in titled:
            sign, other = (RIGHT_SIGN, WRONG_SIGN) if label == answer else (WRONG_SIGN, RIGHT_SIGN)
            wanted = f"{sign} in the title of a {'right' if label == answer else 'wrong'} prediction"
            expect(
                sign in ax.title and other not in ax.title,
                wanted,
                in_words(ax.title),
                "`style.RIGHT_SIGN` and `style.WRONG_SIGN` hold the signs.",
            )


def labels_and_answers(rng: np.random.Generator, classes: int, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and predictions, right where `right` says so."""
    labels = rng.integers(0, classes, len(right))
    return labels, np.where(right, labels, (labels + rng.integers(1, classes, len(right))) % classes)


def numbered_images(count: int) -> np.ndarray:
    """Return images (count, 12, 14, 3) in [0, 1]: red rises to the right, green downward, blue from one to the next."""
    images = np.stack([patterns.ramps(12, 14)] * count).astype(np.float32) / 255
    images[..., 2] = (7 * np.arange(count)[:, None, None] + 5) / 255
    return images


def expect_pictures(
    plot_predictions: Function, labels: np.ndarray, predicted: np.ndarray, classes: int
) -> tuple[Figure, list[Axes]]:
    """Return the figure, and its axes that show pictures, as many as there are labels."""
    count = len(labels)
    given = numbered_images(count), labels, predicted, np.array(NAMES[:classes])
    figure = plot_predictions.within(60).returning(Figure, *given)
    shown = [ax for ax in figure.axes if ax.image_shapes]
    words, found = f"{plural(count, 'picture')}, each in axes of its own", f"{plural(len(shown), 'picture')}"
    expect(len(shown) == count, words, found, "One `ax.imshow(image)` for each.")
    return figure, shown


def expect_in_order(figure: Figure, shown: list[Axes]) -> None:
    """Expect the pictures of `numbered_images`, in their order, as data and before a reader's eyes."""
    images = numbered_images(len(shown))
    expect_given(shown, images)
    drawing = figure.drawing()[..., :3] / 255
    for ax, image in zip(shown, images, strict=True):
        expect_before_the_eyes(drawing, ax, image)


def expect_before_the_eyes(drawing: np.ndarray, ax: Axes, image: np.ndarray) -> None:
    """Expect that a drawing, (height, width, 3) in [0, 1], shows a picture upright where its axes are.

    It is looked at in 36 places. Some may show something else: a frame, words on the picture, or, in a crowded figure,
    its neighbors' titles and ticks.
    """
    seen = _cut(drawing, ax)
    places = (np.arange(6) + 0.5) / 6
    looked_at = [array[np.ix_(*((places * size).astype(int) for size in array.shape[:2]))] for array in (seen, image)]

    def same(down: int, right: int) -> bool:
        differences = np.abs(looked_at[0] - looked_at[1][::down, ::right]).max(axis=2)
        return bool((differences < 0.15).mean() >= PLAIN)

    found = "something else in its place, or nothing"
    if any(same(down, right) for down, right in TURNED):
        found = "turned or mirrored ones"
    hint = "`ax.imshow(image)` in axes of its own, opaque, with nothing over it."
    expect(same(1, 1), "the pictures as they were given, where one can see them", found, hint)


def _cut(drawing: np.ndarray, ax: Axes) -> np.ndarray:
    """Return the part of a drawing that axes take.

    Raises:
        Failed: the axes do not lie on the sheet, or are too small to show a picture.
    """
    if len(ax.box) != 4 or not 0 <= (ax.box[0] + ax.box[2]) / 2 <= 1 or not 0 <= (ax.box[1] + ax.box[3]) / 2 <= 1:
        raise Failed("all pictures on the figure", "one beside it", "`plt.subplots` places them.")
    height, width = drawing.shape[:2]
    left, top, right, bottom = np.clip(ax.box, 0, 1) * (width, height, width, height)
    cut = drawing[round(top) : round(bottom), round(left) : round(right)]
    hint = "Fewer in a row, or a larger `figsize`."
    expect(min(cut.shape[:2]) >= 6, "pictures that are large enough to be seen", "tiny ones", hint)
    return cut


def expect_given(shown: list[Axes], images: np.ndarray) -> None:
    """Expect axes that were given these pictures, in their order."""
    for ax, image in zip(shown, images, strict=True):
        pixels = as_numbers(ax.pixels[0])
        if pixels is None or pixels.ndim != 3 or pixels.shape[:2] != image.shape[:2] or pixels.shape[2] < 3:
            raise Failed("the pictures as they were given", in_words(ax.pixels[0]), "`ax.imshow(image)`.")
        colors = pixels[..., :3].astype(np.float64)
        same = any(np.allclose(colors / full, image, atol=0.01) for full in (1, 255))
        found = "another order, or other pictures"
        if any(np.allclose(colors[::down, ::right], image, atol=0.01) for down, right in TURNED):
            found = "turned or mirrored ones"
        expect(same, "the pictures as they were given, in their order", found, "`ax.imshow(image)` for each, in turn.")


def expect_title(title: str, predicted: str, true: str) -> None:
    """Expect the predicted class's name, the true one's after it where the prediction is wrong, and no other."""
    expect(predicted in title, f"a title with the predicted class, `{predicted}`", in_words(title))
    hint = "Say what it would have been, in parentheses for example."
    expect(true in title, f"a title with the true class too, `{true}`", in_words(title), hint)
    others = [name for name in NAMES if name in title and name not in (predicted, true)]
    words = f"a title with no other class than `{predicted}`" + (f" and `{true}`" if true != predicted else "")
    expect(not others, words, in_words(title), "The names of the two ids of this picture, not of all.")
    turned = title.index(true) < title.index(predicted)
    words = f"a title that names the prediction, `{predicted}`, before the truth, `{true}`"
    expect(not turned, words, in_words(title), "`labels` holds what is true, `predicted` what the head says.")


def expect_color(ax: Axes, right: bool) -> None:
    """Expect blue where the prediction is right, red where it is wrong."""
    found, wanted = color_name(ax.title_color), "blue" if right else "red"
    words = f"{wanted} titles for {'right' if right else 'wrong'} predictions"
    expect(found == wanted, words, found, "`ax.set_title(text, color=style.RIGHT)`, or style.WRONG.")


def color_name(color: tuple[float, ...]) -> str:
    """Return "blue" for blues from sky to navy, "red" for reds from vermilion to maroon, else "another color".

    Args:
        color: red, green, blue (and more) from 0 to 1.
    """
    if len(color) < 3:
        return "another color"
    red, green, blue = color[:3]
    if blue > red + 0.2 and blue > green + 0.08:  # not cyan, in which green is as strong
        return "blue"
    if red > blue + 0.2 and red > green + 0.2 and green - blue < 0.5 * (red - blue):  # not orange
        return "red"
    return "another color"


# --- steps 6 and 7: confusion matrix and recall -----------------------------------------------------------------------


def answers_for(rng: np.random.Generator, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and predictions, in random order, that have this confusion matrix."""
    true, predicted = np.indices(matrix.shape)
    order = rng.permutation(matrix.sum())
    return np.repeat(true.ravel(), matrix.ravel())[order], np.repeat(predicted.ravel(), matrix.ravel())[order]


@check(points=2)
def confusions_are_counted(confusion_matrix: Function, rng):
    """`confusion_matrix` counts how often the class of a row was taken for the class of a column."""
    expect_matrices(confusion_matrix, rng, rng.integers(1, 6, (4, 4)), without=2)


def expect_matrices(confusion_matrix: Function, rng: np.random.Generator, matrix: np.ndarray, *, without: int) -> None:
    """Expect this matrix (1 point), and the matrix without the classes from `without` on, which then have no pictures.

    Args:
        confusion_matrix: the learner's function.
        rng: draws the order of labels and predictions.
        matrix: at least 1 everywhere.
        without: the first class that does not occur in the second case.
    """
    with part("classes with pictures", points=1):
        expect_matrix(confusion_matrix, rng, matrix)
    with part("classes without pictures", points=1):
        sparse = matrix.copy()
        sparse[without:], sparse[:, without:] = 0, 0
        expect_matrix(confusion_matrix, rng, sparse)


def expect_matrix(confusion_matrix: Function, rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Expect this matrix of labels and predictions that were made from it."""
    found = confusion_matrix(*answers_for(rng, matrix), len(matrix))
    turned = looks_like(found, matrix.T)
    hint = "Rows are true classes, columns predicted ones." if turned else "One count for each pair of classes."
    every = "All classes, also those without pictures."
    expect_numbers(found, matrix.shape, what="confusion_matrix(...)", hint=every)
    expect_equal(found, matrix, what="confusion_matrix(...)", hint=hint)
    expect_kind(found, "integer", what="confusion_matrix(...)", hint="Counts are whole numbers: `dtype=int`.")


@check(points=2)
def recall_is_right(recall: Function, rng):
    """`recall` is the share of each class's pictures that were recognized."""
    expect_recalls(recall, rng, classes=4, without=int(rng.integers(4)))


def expect_recalls(recall: Function, rng: np.random.Generator, *, classes: int, without: int) -> None:
    """Expect the recall of each class (1 point), and where one class has no pictures (1).

    The recalls are drawn first, and a matrix is made that has them.
    """
    every = rng.integers(4, 12, classes)
    for name, pictures in (("classes with pictures", every), ("a class without pictures", every.copy())):
        if pictures is not every:
            pictures[without] = 0
        right = rng.integers(0, pictures + 1)
        shares = np.array([r / n if n else np.nan for r, n in zip(right, pictures, strict=True)])
        with part(name, points=1):
            expect_recall(recall, matrix_with(rng, right, pictures), shares)


def matrix_with(rng: np.random.Generator, right: np.ndarray, pictures: np.ndarray) -> np.ndarray:
    """Return a confusion matrix of classes with so many pictures, so many of them right and the others anywhere."""
    matrix = np.diag(right)
    for row, missing in enumerate(pictures - right):
        np.add.at(matrix[row], (row + rng.integers(1, len(right), missing)) % len(right), 1)
    return matrix


def expect_recall(recall: Function, matrix: np.ndarray, wanted: np.ndarray) -> None:
    """Expect the recall of each class; classes without pictures have none."""
    found = recall(matrix)
    hint = "The right answers of a class, divided by all its pictures: the sum of its row."
    if np.isnan(wanted).any():
        hint = "A class without pictures has no recall: nan."
    if looks_like(as_numbers(found), np.diag(matrix) / np.maximum(matrix.sum(axis=0), 1)):
        hint = "Divide by the sum of each row: that of a column gives the precision."
    elif looks_like(found, 100 * wanted):
        hint = "A share from 0 to 1, not percent."
    expect_close(found, wanted, nan_ok=True, what="recall(matrix)", hint=hint)


# --- steps 8 and 9: confidence ----------------------------------------------------------------------------------------


def answers_with_confidence(
    rng: np.random.Generator, confidence: np.ndarray, right: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (n, classes) and labels (n,): answer i has this confidence, and is right or wrong.

    Args:
        rng: draws answers and labels.
        confidence: (n,), each above 1 / classes.
        right: bool (n,).
        classes: how many classes.
    """
    count = len(confidence)
    answers = rng.integers(0, classes, count)
    even = (1 - confidence) / (classes - 1)  # of each other class, where they are all alike
    apart = np.where(confidence < 0.5, confidence - even, 1 - confidence)  # so much that none gets ahead of the answer
    rest = even[:, None] + apart[:, None] * (rng.dirichlet(np.ones(classes - 1), count) - 1 / (classes - 1))
    probs = np.empty((count, classes))
    for i in range(count):
        probs[i] = np.insert(rest[i], answers[i], confidence[i])
    return probs, np.where(right, answers, (answers + rng.integers(1, classes, count)) % classes)


@check(points=3)
def calibration_is_measured(calibration: Function, rng):
    """`calibration` gives mean confidence, accuracy and number of answers for each bin of confidence."""
    expect_calibration(calibration, rng, edges=[0.5, 0.65, 0.8, 1.01], counts=[4, 6, 5], classes=4)


def expect_calibration(
    calibration: Function, rng: np.random.Generator, *, edges: list[float], counts: list[int], classes: int
) -> None:
    """Expect the three arrays of answers of which each bin holds so many.

    Means and accuracies of the bins that hold any are a point each, the third is for the bins themselves: their
    numbers of answers, nothing but nan for the empty ones, and which bin an answer on an edge belongs to.
    """
    confidence, right, means, accuracies = [], [], [], []
    for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True):
        inside = rng.uniform(low + 0.01, min(high, 1) - 0.01, count)
        good = rng.permutation(np.arange(count) < rng.integers(1, max(count, 2)))
        confidence.append(inside)
        right.append(good)
        means.append(inside.mean() if count else np.nan)
        accuracies.append(good.mean() if count else np.nan)
    order = rng.permutation(sum(counts))
    answers = np.concatenate(confidence)[order], np.concatenate(right)[order]
    found = _three_rows(calibration(*answers_with_confidence(rng, *answers, classes), np.array(edges)))
    full = np.array(counts) > 0
    with part("confidence", points=1):
        hint = "One value for each bin: the mean of the largest probabilities in it."
        expect_close(_of_full(found[0], full), np.array(means)[full], what="mean confidence of each bin", hint=hint)
    with part("accuracy", points=1):
        hint = "One value for each bin: the share of the answers in it that are right."
        expect_close(_of_full(found[1], full), np.array(accuracies)[full], what="accuracy of each bin", hint=hint)
    with part("bins", points=1):
        hint = "One value for each bin: how many answers are in it."
        expect_close(found[2], np.array(counts), what="number of answers in each bin", hint=hint)
        for row, what in zip(found[:2], ("mean confidence", "accuracy"), strict=True):
            empty = expect_numbers(row, full.shape, what=f"{what} of each bin")[~full].astype(np.float64)
            hint = "`np.nan` where there are no answers."
            expect(np.isnan(empty).all(), f"{what} of the empty bins: nan", in_words(empty), hint)
        expect_edges(calibration, rng, classes)


def expect_edges(calibration: Function, rng: np.random.Generator, classes: int) -> None:
    """Expect an answer on the edge between two bins to belong to the upper one, and those outside of all to none."""
    confidence = np.array([0.75, 0.5, 0.625, 0.75, 0.9375, 0.875])
    probs, labels = answers_with_confidence(rng, confidence, np.full(6, True), classes)
    found = _three_rows(calibration(probs, labels, np.array([0.5625, 0.75, 0.9375])))
    hint = "A bin holds what is at least its lower edge, and below its upper edge. What lies outside of all is in none."
    what = "number of answers in each bin, with two on the edge between them and two outside of both"
    expect_close(found[2], np.array([1, 3]), what=what, hint=hint)


def _three_rows(found: Plain) -> list:
    """Return the three arrays that were returned, be it in a tuple, in a list, or as the rows of one array."""
    if isinstance(found, (list, tuple)) and len(found) == 3:
        return list(found)
    if isinstance(found, np.ndarray) and found.ndim == 2 and len(found) == 3:
        return list(found)
    raise Failed("calibration(...): three arrays", in_words(found), "`return means, accuracies, counts`")


def _of_full(found: Plain, full: np.ndarray) -> Plain:
    """Return the values of the bins that are not empty; those as they are where others were left out."""
    numbers = as_numbers(found)
    return numbers[full] if numbers is not None and numbers.shape == full.shape else found


@check(points=2)
def worst_mistakes_are_found(worst_mistakes: Function, rng):
    """`worst_mistakes` gives the positions of the surest wrong answers, the surest first."""
    expect_worst(worst_mistakes, rng, mistakes=5, others=9, count=3, classes=4)


def expect_worst(
    worst_mistakes: Function, rng: np.random.Generator, *, mistakes: int, others: int, count: int, classes: int
) -> None:
    """Expect the surest of the mistakes, in order; the surest answers of all are right ones."""
    sure = np.sort(rng.uniform(0.4, 0.9, mistakes))[::-1] + np.linspace(0.05, 0, mistakes)
    confidence = np.concatenate([sure, rng.uniform(0.4, 0.99, others)])
    right = np.arange(mistakes + others) >= mistakes
    place = rng.permutation(len(right))  # answer i goes to position place[i]
    shuffled, good = np.empty_like(confidence), np.empty_like(right)
    shuffled[place], good[place] = confidence, right
    probs, labels = answers_with_confidence(rng, shuffled, good, classes)
    wanted = place[: min(count, mistakes)]
    found = worst_mistakes(probs, labels, count)
    what = f"worst_mistakes(probs, labels, {count}) with {mistakes} mistakes among {len(right)} answers"
    expect_length(found, len(wanted), what=what, hint="Wrong answers only, and no more than asked for.")
    hint = "Positions among all answers, in the order of the confidence in the wrong answer."
    expect_equal(found, wanted, what=what, hint=hint)
