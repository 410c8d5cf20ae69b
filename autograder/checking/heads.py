"""Judging trained heads: a single dense layer by its weights, on features that the grader has computed.

What a learner's process says about accuracy or loss is never believed: `predict`, `evaluate` and histories are compared
with what the exported weights give here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import entr, log_softmax, softmax

from autograder.checking.arguments import tensor
from autograder.checking.expect import expect, expect_close, expect_equal, expect_kind, expect_length, expect_shape
from autograder.checking.messages import Failed, in_words, number, plural, quote
from autograder.checking.reference import accuracy
from autograder.checking.values import Function, View
from autograder.checking.values_keras import ACCURACY, History, Model

EPOCHS = 6
BATCH_SIZE = 32
LEARNING_RATE = 0.001
PROGRESS = 0.4  # share that a head must have of what the recipe gains over guessing
TELLING = 0.3  # gain in loss that shows features worth learning from; trained backbones give 1.3, untrained 0.1
MEMORY = 1.15  # times by which training on the validation part must change the losses' ratio, for that to be told
TRAINING_GAP = 0.2  # by which training accuracy, a mean over the last epoch, may be off from that of the weights
MOST_EPOCHS = 60  # of the recipe; exercises ask for 20 at most
APART = 1.5  # times by which training on a part must change the loss there, for that to be told
NEARER_TO_SEEN = 0.45  # in doubt for the learner: 0 is the loss of who was trained on the part, 1 that of who was not
LEAK = 0.1  # by which the validation loss may be below the training loss; larger where validation was trained on

TRAIN_ALONE = "Train on the training part alone: the others are for pictures that it has not seen."

Part = tuple[np.ndarray, np.ndarray]
"""Features float32 (n, d) and labels int64 (n,)."""


@dataclass(frozen=True)
class Head:
    """A head's weights: kernel (d, classes) and bias (classes,)."""

    kernel: np.ndarray
    bias: np.ndarray

    @classmethod
    def of(cls, model: Model, num_features: int, num_classes: int) -> Head:
        """Return the weights of a learner's model's last layer, or raise `Failed`."""
        if not model.weights():  # made without an input's shape, a model makes its weights when it is first used
            model.predict(np.zeros((1, num_features), np.float32))
            model.look()
        return cls(*model.head(num_features, num_classes))

    def logits(self, features: np.ndarray) -> np.ndarray:
        """Return float64 (n, classes)."""
        return np.asarray(features, np.float64) @ self.kernel + self.bias

    def loss(self, part: Part) -> float:
        """Return the mean cross-entropy."""
        features, labels = part
        return float(-log_softmax(self.logits(features), axis=1)[np.arange(len(labels)), labels].mean())

    def accuracy(self, part: Part) -> float:
        """Return the share of right answers, from 0 to 1."""
        return accuracy(self.kernel, self.bias, *part)


def _together(one: Part, other: Part) -> Part:
    return np.concatenate([one[0], other[0]]), np.concatenate([one[1], other[1]])


def guessing_loss(labels: np.ndarray) -> float:
    """Return the cross-entropy of answering each class as often as it occurs: what is reached without looking."""
    return float(entr(np.bincount(labels) / len(labels)).sum())


def trained(part: Part, num_classes: int, *, seed: int = 0) -> Head:
    """Return a head trained by the exercises' recipe: 6 epochs, batches of 32, Adam, from random weights."""
    return next(itertools.islice(after_each_epoch(part, num_classes, seed=seed), EPOCHS - 1, None))


def after_each_epoch(part: Part, num_classes: int, *, seed: int = 0) -> Iterator[Head]:
    """Yield a head after each epoch of training it by the exercises' recipe, without end."""
    features, labels = part
    rng = np.random.default_rng(seed)
    limit = np.sqrt(6 / (features.shape[1] + num_classes))
    weights = np.zeros((features.shape[1] + 1, num_classes), np.float32)  # the last row is the bias
    weights[:-1] = rng.uniform(-limit, limit, (features.shape[1], num_classes))
    mean, square = np.zeros_like(weights), np.zeros_like(weights)
    step = 0
    while True:
        order = rng.permutation(len(labels))
        for start in range(0, len(labels), BATCH_SIZE):
            chosen = np.sort(order[start : start + BATCH_SIZE])  # sorted: neighbors are quicker to read
            x = np.concatenate([features[chosen], np.ones((len(chosen), 1), np.float32)], axis=1)
            probabilities = softmax(x @ weights, axis=1)
            probabilities[np.arange(len(chosen)), labels[chosen]] -= 1
            gradient = x.T @ probabilities / len(chosen)
            step += 1
            mean = 0.9 * mean + 0.1 * gradient
            square = 0.999 * square + 0.001 * gradient**2
            rate = LEARNING_RATE * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
            weights -= (rate * mean / (np.sqrt(square) + 1e-7)).astype(np.float32)
        yield Head(weights[:-1].astype(np.float64), weights[-1].astype(np.float64))


# --- what a head must be ----------------------------------------------------------------------------------------------


def expect_logits(model: Model, num_features: int, num_classes: int, rng: np.random.Generator) -> None:
    """Expect a single dense layer without activation: its answers are features times kernel plus bias."""
    name = model.name
    head = Head.of(model, num_features, num_classes)
    expected = num_features * num_classes + num_classes
    parameters = model.trainable_parameters + model.frozen_parameters
    hint = "One Dense layer with bias, and nothing else that has parameters."
    expect_equal(parameters, expected, what=f"parameters of `{name}`", hint=hint)
    expect_equal(
        model.frozen_parameters, 0, what=f"frozen parameters of `{name}`", hint="The head must be able to learn."
    )
    features = rng.normal(0, 2, size=(6, num_features)).astype(np.float32)
    answers = model.predict(features)
    expect_shape(answers, (6, num_classes), what=f"answers of `{name}` for 6 pictures", hint="Dense(num_classes).")
    sums = answers.sum(axis=1)
    if bool(np.all(answers >= 0)) and np.allclose(sums, 1, atol=1e-3):
        raise Failed(
            f"`{name}` to give logits", "probabilities: each row sums to 1", "Leave the activation out: no softmax."
        )
    hint = "A Dense layer without activation."
    expect_close(answers, head.logits(features), rtol=1e-3, atol=1e-3, what=f"logits of `{name}`", hint=hint)


def expect_new_each_time(
    build_head: Function, made: Model, num_features: int, num_classes: int, rng: np.random.Generator
) -> None:
    """Expect another head of the same size, and not the one that was made before, with whatever it has learned."""
    learned = [rng.normal(size=shape).astype(np.float32) for shape in ((num_features, num_classes), (num_classes,))]
    made.attribute("set_weights", Function)(learned)
    another = Head.of(build_head.returning(Model, num_features, num_classes), num_features, num_classes)
    expect(not np.allclose(another.kernel, learned[0]), "a new head each time", "the one that was made before")


def expect_compiled(model: Model) -> None:
    """Expect a model that has been compiled."""
    hint = "model.compile(optimizer=..., loss=..., metrics=...)."
    expect(model.compiled, f"`{model.name}` to be compiled", "no loss yet", hint)


def expect_adam(model: Model) -> None:
    """Expect the optimizer Adam, with its usual learning rate."""
    name = model.name
    optimizer = model.optimizer or "none"
    hint = 'Compile it with optimizer="adam".'
    if optimizer.startswith("LossScaleOptimizer"):  # what Keras makes of any optimizer under mixed precision
        hint = "Leave out the line that sets a mixed-precision policy: it puts another optimizer around yours."
    expect(optimizer.lower() == "adam", f"the optimizer of `{name}`: Adam", optimizer, hint)
    if model.learning_rate is not None:
        expect_close(model.learning_rate, LEARNING_RATE, rtol=1e-3, what=f"the learning rate of `{name}`")


def expect_measured(model: Model, num_features: int, num_classes: int, rng: np.random.Generator) -> None:
    """Expect what `evaluate` reports to be cross-entropy from logits and accuracy."""
    name = model.name
    part = rng.normal(0, 2, size=(40, num_features)).astype(np.float32), rng.integers(0, num_classes, size=40)
    head = Head.of(model, num_features, num_classes)
    reported = model.attribute("evaluate", Function)(*part, verbose=0, return_dict=True)
    if not isinstance(reported, dict) or "loss" not in reported:
        raise Failed(f"`{name}.evaluate` to report a loss", in_words(reported), "model.compile(loss=...).")
    hint = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)."
    expect_close(reported["loss"], head.loss(part), rtol=2e-2, what=f"the loss of `{name}` on test inputs", hint=hint)
    measured = next((reported[one] for one in ACCURACY if one in reported), None)
    hint = 'metrics=["accuracy"].'
    expect(measured is not None, f"`{name}` to measure accuracy", f"only {quote(', '.join(map(str, reported)))}", hint)
    expect_close(measured, head.accuracy(part), atol=1e-3, what=f"the accuracy of `{name}` on test inputs", hint=hint)


def loss_limit(train: Part, judged: Part, num_classes: int) -> tuple[float, float]:
    """Return the loss on `judged` below which a head has learned from `train`, and what the recipe reaches there.

    Where the features say little about the classes (those of an untrained backbone), nothing can be learned from them,
    and the limit is what guessing gives.
    """
    guessing, reached = guessing_loss(judged[1]), trained(train, num_classes).loss(judged)
    gain = guessing - reached
    return (guessing - PROGRESS * gain if gain > TELLING else guessing + LEAK), reached


def expect_learned(name: str, head: Head, train: Part) -> None:
    """Expect a training loss near that of the recipe, whatever the features are worth, and a bias that has moved."""
    limit, reached = loss_limit(train, train, head.kernel.shape[1])
    found = head.loss(train)
    words = f"a loss of `{name}` on the training part below {number(limit)} (6 epochs reach about {number(reached)})"
    hint = f"Train it on the training part for {EPOCHS} epochs, with Adam's usual learning rate and a loss from logits."
    expect(found < limit, words, number(found), hint)
    expect(bool(np.any(np.abs(head.bias) > 1e-6)), f"`{name}` to be trained", "a bias that is still 0", hint)


def expect_generalizes(head: Head, train: Part, test: Part) -> None:
    """Expect a test loss near that of a head trained by the recipe, whatever the features are worth."""
    limit, _ = loss_limit(train, test, head.kernel.shape[1])
    expect(head.loss(test) < limit, "a test loss near that of the recipe")


def memory_limit(train: Part, validation: Part, num_classes: int) -> tuple[float, float]:
    """Return the ratio of validation loss to training loss below which a head has learned both parts by heart.

    The second number is the training loss up to which this tells anything: with less training, nothing is known by
    heart. Both are 0 where the features say too little about the classes.
    """
    honest = trained(train, num_classes)
    leaked = trained(_together(train, validation), num_classes)
    ratio, low = (one.loss(validation) / max(one.loss(train), 1e-9) for one in (honest, leaked))
    gain = guessing_loss(validation[1]) - honest.loss(validation)
    if gain < TELLING or ratio < MEMORY * low:
        return 0.0, 0.0
    return low * float(np.cbrt(ratio / low)), 1.5 * honest.loss(train)  # nearer to the leak, in doubt for the learner


def expect_no_leak(name: str, head: Head, train: Part, judged: Part, *, what: str = "validation") -> None:
    """Expect a part not to have been trained on: it is no easier than the training part, and no better known by heart.

    Args:
        name: the head's name.
        head: its weights.
        train: the training part.
        judged: the part that training should not have seen.
        what: this part's name: "validation" or "test".
    """
    on_train, on_judged = head.loss(train), head.loss(judged)
    expect(
        on_judged > on_train - LEAK,
        f"`{name}` to know the training part best (loss {number(on_train)})",
        f"it knows the {what} part better (loss {number(on_judged)})",
        "Which part do you pass to fit first?",
    )
    limit, most = memory_limit(train, judged, head.kernel.shape[1])
    expect(
        on_train > most or on_judged >= limit * on_train,
        f"`{name}` to know the training part only (loss {number(on_train)})",
        f"it knows the {what} part just as well (loss {number(on_judged)})",
        TRAIN_ALONE,
    )


def losses_with_and_without(head: Head, train: Part, judged: Part) -> tuple[float, float]:
    """Return the losses on `judged` of two heads that know `train` as well as this one does.

    The first is trained on both parts, the second on `train`, both by the recipe and for as many epochs as that takes.
    """
    num_classes, enough = head.kernel.shape[1], head.loss(train)
    losses = []
    for part in (_together(train, judged), train):
        for one in itertools.islice(after_each_epoch(part, num_classes), MOST_EPOCHS):
            if one.loss(train) <= enough:
                break
        losses.append(one.loss(judged))
    return losses[0], losses[1]


def expect_unseen(name: str, head: Head, train: Part, judged: Part, *, what: str) -> None:
    """Expect a part of few pictures not to have been trained on, for as long as that can be told.

    Of few pictures, chance decides how hard they are. So the head is held against two others on the same pictures, of
    which one was trained on them.

    Args:
        name: the head's name.
        head: its weights.
        train: the training part.
        judged: the part that training should not have seen.
        what: this part's name: "validation" or "test".
    """
    seen, unseen = losses_with_and_without(head, train, judged)
    limit = seen * (unseen / seen) ** NEARER_TO_SEEN if seen and unseen / seen > APART else 0.0
    expect(
        head.loss(judged) >= limit,
        f"`{name}` to know the training part only: a {what} loss above {number(limit)}",
        f"{number(head.loss(judged))}, as if it had been trained on the {what} part, too",
        TRAIN_ALONE,
    )


def expect_six_epochs(history: History) -> None:
    """Expect six values of each of the four quantities that `fit` records with validation data."""
    for quantity in ("accuracy", "loss", "val_accuracy", "val_loss"):
        what = f"{quantity} in `{history.name}`"
        expect_length(history[quantity], EPOCHS, what=what, hint="fit(..., epochs=6, validation_data=...).")
        expect(np.isfinite(history[quantity]).all(), f"{what}: numbers", "NaN or infinity", "Is there NaN in the loss?")


def expect_batches(history: History, examples: int) -> None:
    """Expect as many steps an epoch as so many examples make in batches of 32, where `fit` has noted them."""
    try:
        noted = history.attribute("params", View).ask("get").value("value")
    except Failed:  # only a dictionary was kept
        noted = None
    steps, whole = noted.get("steps") if isinstance(noted, dict) else None, -(-examples // BATCH_SIZE)
    right = not isinstance(steps, int) or steps in (whole, examples // BATCH_SIZE)
    words = (
        f"`{history.name}` of {plural(whole, 'step')} an epoch: {number(examples)} examples in batches of {BATCH_SIZE}"
    )
    expect(right, words, in_words(steps), "fit(x, y, batch_size=32, ...) with the training part, all of it.")


def expect_possible(history: History, examples: int) -> None:
    """Expect validation values that so many examples can give, in every epoch, and that change with training.

    An accuracy counts whole examples, and each wrong answer costs log(2) at least: the right class had no more than
    half of the probability.
    """
    losses, accuracies = np.array(history["val_loss"]), np.array(history["val_accuracy"])
    hint = f"`{history.name}` is what fit returned, as it returned it."
    expect(len(losses) == len(accuracies), "as many validation losses as accuracies", "other numbers", hint)
    with np.errstate(all="ignore"):
        right = accuracies * examples
        whole = np.all((np.abs(right - np.round(right)) < 0.02) & (accuracies >= 0) & (accuracies <= 1.0001))
        enough = np.all(losses >= (1 - accuracies) * np.log(2) - 1e-3)
    expect(whole, f"validation accuracies of {number(examples)} examples", "some that so many cannot give", hint)
    expect(enough, "validation losses that belong to the accuracies", "some that are too low for them", hint)
    moved = len(losses) < 2 or len(set(losses.tolist())) > 1
    expect(moved, "validation losses that change from epoch to epoch", "the same in all of them", hint)


def expect_recorded(history: History, name: str, head: Head, parts: Sequence[Part]) -> None:
    """Expect the last validation accuracy to be what this head has on one of the parts, or on all but the first."""
    rest = np.concatenate([x for x, _ in parts[1:]]), np.concatenate([y for _, y in parts[1:]])
    possible = [head.accuracy(part) for part in (*parts, rest)]
    found = history["val_accuracy"][-1]
    hint = f"Keep what fit returned when `{name}` was last trained, and build no new head afterwards."
    same = np.isclose(found, possible, rtol=1e-3, atol=1e-3).any()
    expect(same, f"`{history.name}` to be that of `{name}`", "that of another training", hint)


def expect_history_of(history: History, name: str, head: Head, train: Part, validation: Part) -> None:
    """Expect values that a training can have recorded, the last of them those of this head."""
    hint = f"`{history.name}` is what fit returned for `{name}`, with the validation part as validation data."
    pairs = (("val_loss", head.loss(validation), 5e-3), ("val_accuracy", head.accuracy(validation), 1e-3))
    for quantity, expected, tolerance in pairs:
        recorded = history[quantity]
        expect(recorded, f"`{history.name}` to hold {quantity} for each epoch", "nothing", hint)
        what = f"the last {quantity} in `{history.name}`"
        expect_close(recorded[-1], expected, rtol=tolerance, atol=1e-3, what=what, hint=hint)
    expect_possible(history, len(validation[1]))
    last = history["accuracy"][-1:]
    # Training values are means over an epoch in which the weights still change: in the first ones too much to compare.
    near = len(history["accuracy"]) < EPOCHS or abs(last[0] - head.accuracy(train)) < TRAINING_GAP
    expect(near, f"a last training accuracy near that of `{name}`", in_words(last), hint)


def expect_extracts(extractor: Function, images: np.ndarray, features: np.ndarray) -> None:
    """Expect these features of pictures that the learner cannot know.

    Args:
        extractor: the learner's backbone.
        images: float32 (n, size, size, 3), at least two.
        features: (n, d), the grader's; what is small beside their differences from one another is rounding.
    """
    found = extractor(tensor(images))
    expect_shape(found, features.shape)
    expect_kind(found, "float")
    off = np.linalg.norm(found.astype(np.float64) - features, axis=1)
    apart = float(np.linalg.norm(np.diff(features.astype(np.float64), axis=0), axis=1).min())
    expect(np.all(off < 0.2 * apart), "features of these pictures by this backbone", "others")


def expect_same_pictures(found: np.ndarray, expected: np.ndarray, typical: np.ndarray, *, what: str, hint: str) -> None:
    """Expect features of the same pictures by the same backbone.

    Another good way of resizing changes features a little. What they have in common with those of every picture
    (`typical`, their mean) proves nothing, so it is taken out before comparing.

    Args:
        found: (n, d), the learner's.
        expected: (n, d), the grader's.
        typical: (d,), the mean of the features of many pictures.
        what: what they are, for the message.
        hint: where to look.
    """
    expect_shape(found, expected.shape, what=what, hint=hint)
    expect_kind(found, "float", what=what, hint=hint)
    ours, theirs = expected.astype(np.float64) - typical, found.astype(np.float64) - typical
    expect(bool(np.isfinite(theirs).all()), f"{what}: numbers", "NaN or infinity", hint)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    similarity = (ours * theirs).sum(axis=1) / np.maximum(lengths, 1e-12)
    ratio = np.linalg.norm(theirs) / max(float(np.linalg.norm(ours)), 1e-12)
    good = bool(np.median(similarity) > 0.8 and similarity.min() > 0.4 and 0.6 < ratio < 1.6)
    words = f"{what} of these pictures by this backbone"
    expect(good, words, f"others (similarity {number(float(np.median(similarity)))} of 1)", hint)
