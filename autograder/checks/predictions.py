"""Checks of exercise 5, looking at predictions.

Inputs are made backwards, from the answer: probabilities first and logits from them, the confusion matrix first and the
labels from it. So no check needs to know how an answer is found.
"""

from __future__ import annotations

import numpy as np

from autograder.checks import pictures
from autograder.checks.core import check, part
from autograder.checks.expect import expect, expect_close, expect_equal, expect_kind, expect_length, expect_shape
from autograder.checks.messages import Failed, in_words
from autograder.checks.values import Array, Function, Scalar
from autograder.checks.values_keras import Axes, Figure, Model
from flowercourse.style import RIGHT_SIGN, WRONG_SIGN

NAMES = ("aster", "begonia", "camellia", "dahlia", "edelweiss", "freesia", "gentian")
BATCH = 32


@check(points=1)
def names_are_in_order(class_names: Array, reference):
    """`class_names` holds the names of the classes, in the order of the labels."""
    expect_kind(class_names, "text", what="class_names")
    hint = "The order is the data set's own, not that of the alphabet."
    expect_equal(class_names.tolist(), list(reference.class_names), what="class_names", hint=hint)


# --- steps 2 to 4: probabilities and answers --------------------------------------------------------------------------


def logits_of(rng: np.random.Generator, rows: int, classes: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Return logits float64 (rows, classes) and the probabilities that they stand for.

    Logits are the logarithms of probabilities, but for a number added to each row, here around `shift`.
    """
    chances = rng.dirichlet(np.ones(classes), rows) * 0.9 + 0.1 / classes
    return np.log(chances) + shift + rng.uniform(-1, 1, (rows, 1)), chances


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
        expect_close(probabilities(logits), chances, what="probabilities of logits around 2,000", hint=hint)


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
        expect_shape(np.asarray(found), (9,), what="predict_ids of 9 rows", hint="np.argmax(logits, axis=1)")
        expect_equal(found, ids, what="predict_ids(logits)", hint="The largest logit wins, even a negative one.")
    with part("names_of", points=1):
        expect_names(names_of, rng.integers(0, 5, 8), NAMES[:5])


def expect_names(names_of: Function, ids: np.ndarray, names: tuple[str, ...]) -> None:
    """Expect the names of these ids, in their order."""
    found = names_of(ids, np.array(names))
    expect_equal(found, [names[i] for i in ids], what=f"names_of({ids.tolist()}, class_names)")


@check(points=2)
def first_batch_is_judged(head: Model, first_ids: Array, first_names: Array, num_right: Scalar, reference):
    """The first 32 validation pictures have their predicted ids and names, and the right ones are counted."""
    expect_first_batch(head, first_ids, first_names, num_right, reference)


def expect_first_batch(head: Model, first_ids, first_names, num_right, reference) -> None:
    """Expect what the head says about features that were computed here."""
    _, (x, y), _ = reference.features("mobilenet_v2")
    kernel, bias = head.head(x.shape[1], reference.num_classes)
    answers = np.argmax(np.asarray(x[:BATCH], np.float64) @ kernel + bias, axis=1)
    with part("first_ids and first_names", points=1):
        expect_shape(first_ids, (BATCH,), what="first_ids", hint="The first 32 rows: logits[:32].")
        expect_equal(first_ids, answers, what="first_ids", hint="What the head says, not the labels.")
        names = [reference.class_names[i] for i in answers]
        expect_equal(first_names.tolist(), names, what="first_names", hint="The names of first_ids, not of the labels.")
    with part("num_right", points=1):
        right = int(np.sum(answers == y[:BATCH]))
        expect_equal(num_right, right, what="num_right", hint="Compare the first 32 predictions with labels[:32].")


# --- step 5: the grid -------------------------------------------------------------------------------------------------


@check(points=4)
def predictions_are_shown(plot_predictions: Function, rng):
    """`plot_predictions` shows each picture with a title: blue and ✓ for right, red and ✗ for wrong."""
    expect_grid(plot_predictions, rng, count=8, classes=4, right=np.arange(8) % 2 == 0)


def expect_grid(
    plot_predictions: Function, rng: np.random.Generator, *, count: int, classes: int, right: np.ndarray
) -> None:
    """Expect pictures in order (1 point), names (1), blue and red (1) and signs (1).

    Args:
        plot_predictions: the learner's function.
        rng: draws labels and predictions.
        count: how many pictures.
        classes: how many classes.
        right: bool (count,), which predictions are right.
    """
    labels = rng.integers(0, classes, count)
    predicted = np.where(right, labels, (labels + rng.integers(1, classes, count)) % classes)
    images = np.stack([pictures.flat(7 * i + 5, 12, 12) for i in range(count)]).astype(np.float32) / 255
    figure = plot_predictions.within(60).returning(Figure, images, labels, predicted, np.array(NAMES[:classes]))
    shown = [ax for ax in figure.axes if ax.image_shapes]
    expect(len(shown) == count, f"{count} axes with a picture", str(len(shown)), "One `ax.imshow(image)` for each.")
    with part("pictures in order", points=1):
        for ax, image in zip(shown, images, strict=True):
            expect_picture(ax, image)
    with part("names", points=1):
        for ax, label, answer in zip(shown, labels, predicted, strict=True):
            expect_title(ax.title, NAMES[answer], NAMES[label])
    with part("colors", points=1):
        for ax, good in zip(shown, right, strict=True):
            expect_color(ax, bool(good))
    with part("signs", points=1):
        for ax, good in zip(shown, right, strict=True):
            sign, other = (RIGHT_SIGN, WRONG_SIGN) if good else (WRONG_SIGN, RIGHT_SIGN)
            wanted = f"{sign} in the title of a {'right' if good else 'wrong'} prediction"
            expect(
                sign in ax.title and other not in ax.title,
                wanted,
                in_words(ax.title),
                "style.RIGHT_SIGN, style.WRONG_SIGN",
            )


def expect_picture(ax: Axes, image: np.ndarray) -> None:
    """Expect this picture, and no other, in the axes."""
    pixels = ax.pixels[0]
    expect(pixels is not None and pixels.shape[:2] == image.shape[:2], "the pictures as they were given")
    gray = float(np.mean(np.asarray(pixels, np.float64)[..., :3]))
    same = min(abs(gray - image.mean()), abs(gray / 255 - image.mean())) < 0.01
    expect(same, "the pictures in the order in which they were given", "another order, or other pictures")


def expect_title(title: str, predicted: str, true: str) -> None:
    """Expect the predicted class's name, and the true one's where the prediction is wrong."""
    expect(predicted in title, f"a title with the predicted class, `{predicted}`", in_words(title))
    hint = "Say what it would have been, in parentheses for example."
    expect(true in title, f"a title with the true class too, `{true}`", in_words(title), hint)


def expect_color(ax: Axes, right: bool) -> None:
    """Expect blue where the prediction is right, red where it is wrong."""
    red, green, blue = ax.title_color[:3]
    is_blue = blue > red + 0.2 and blue >= green
    is_red = red > blue + 0.2 and red > green + 0.2
    wanted = f"{'blue' if right else 'red'} titles for {'right' if right else 'wrong'} predictions"
    found = "blue" if is_blue else "red" if is_red else "another color"
    expect(is_blue if right else is_red, wanted, found, "`ax.set_title(text, color=...)`")


# --- steps 6 and 7: confusion matrix and recall -----------------------------------------------------------------------


def answers_for(rng: np.random.Generator, matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and predictions, in random order, that have this confusion matrix."""
    true, predicted = np.indices(matrix.shape)
    order = rng.permutation(matrix.sum())
    return np.repeat(true.ravel(), matrix.ravel())[order], np.repeat(predicted.ravel(), matrix.ravel())[order]


@check(points=2)
def confusions_are_counted(confusion_matrix: Function, rng):
    """`confusion_matrix` counts how often the class of a row was taken for the class of a column."""
    expect_matrix(confusion_matrix, rng, rng.integers(0, 6, (4, 4)))


def expect_matrix(confusion_matrix: Function, rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Expect this matrix of labels and predictions that were made from it."""
    found = confusion_matrix(*answers_for(rng, matrix), len(matrix))
    turned = isinstance(found, np.ndarray) and found.shape == matrix.shape and np.array_equal(found, matrix.T)
    hint = "Rows are true classes, columns predicted ones." if turned else "One count for each pair of classes."
    expect_shape(
        np.asarray(found), matrix.shape, what="confusion_matrix(...)", hint="All classes, also those without pictures."
    )
    expect_equal(found, matrix, what="confusion_matrix(...)", hint=hint)


@check(points=2)
def recall_is_right(recall: Function, rng):
    """`recall` is the share of each class's pictures that were recognized."""
    expect_recall(recall, rng, rng.integers(1, 9, (4, 4)))


def expect_recall(recall: Function, rng: np.random.Generator, matrix: np.ndarray) -> None:
    """Expect the recall of each class; classes without pictures have none."""
    wanted = [row[i] / row.sum() if row.sum() else np.nan for i, row in enumerate(matrix)]
    columns = [row[i] / row.sum() if row.sum() else np.nan for i, row in enumerate(matrix.T)]
    found = recall(matrix)
    is_precision = isinstance(found, np.ndarray) and found.shape == (len(matrix),) and np.allclose(found, columns)
    hint = "Divide by the sum of each row: that of a column gives the precision." if is_precision else ""
    expect_close(found, np.array(wanted), nan_ok=True, what="recall(matrix)", hint=hint)


# --- steps 8 and 9: confidence ----------------------------------------------------------------------------------------


def answers_with_confidence(
    rng: np.random.Generator, confidence: np.ndarray, right: np.ndarray, classes: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return probabilities (n, classes) and labels (n,): answer i has this confidence, and is right or wrong.

    Args:
        rng: draws answers and labels.
        confidence: (n,), each above 1 / 2.
        right: bool (n,).
        classes: how many classes.
    """
    count = len(confidence)
    answers = rng.integers(0, classes, count)
    rest = rng.dirichlet(np.ones(classes - 1), count) * (1 - confidence[:, None])
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
    """Expect the three arrays, a point each, of answers of which each bin holds so many."""
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
    found = calibration(*answers_with_confidence(rng, *answers, classes), np.array(edges))
    if not isinstance(found, (list, tuple)) or len(found) != 3:
        hint = "`return means, accuracies, counts`"
        raise Failed("calibration(...): three arrays", in_words(found), hint)
    with part("confidence", points=1):
        expect_close(found[0], np.array(means), nan_ok=True, what="mean confidence of each bin")
    with part("accuracy", points=1):
        hint = "The share of the answers in the bin that are right."
        expect_close(found[1], np.array(accuracies), nan_ok=True, what="accuracy of each bin", hint=hint)
    with part("number", points=1):
        expect_close(found[2], np.array(counts), what="number of answers in each bin")


@check(points=2)
def worst_mistakes_are_found(worst_mistakes: Function, rng):
    """`worst_mistakes` gives the positions of the surest wrong answers, the surest first."""
    expect_worst(worst_mistakes, rng, mistakes=5, others=9, count=3, classes=4)


def expect_worst(
    worst_mistakes: Function, rng: np.random.Generator, *, mistakes: int, others: int, count: int, classes: int
) -> None:
    """Expect the surest of the mistakes, in order; the surest answers of all are right ones."""
    sure = np.sort(rng.uniform(0.55, 0.9, mistakes))[::-1] + np.linspace(0.05, 0, mistakes)
    confidence = np.concatenate([sure, rng.uniform(0.55, 0.99, others)])
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
