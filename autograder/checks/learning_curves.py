"""Checks of exercise 4, reading learning curves.

Curves are made here, each with a known property, so that no check needs to know how a property is found.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from autograder.checking import heads
from autograder.checking.core import check, part
from autograder.checking.expect import equal, expect, expect_between, expect_close, expect_equal
from autograder.checking.messages import Failed, in_words, number, plural
from autograder.checking.numbers import as_numbers
from autograder.checking.values import Dictionary, Function
from autograder.checking.values_keras import Axes, Figure, History, Line, Model
from autograder.conversation.protocol import Plain

DIAGNOSES = ("good fit", "overfitting", "underfitting", "still improving", "unstable", "suspicious validation")
NUM_CLASSES = 5
FEW = 40
PATIENCE, MOST_EPOCHS = 3, 30  # of the learner's two runs

Run = dict[str, list[float]]
Part = tuple[np.ndarray, np.ndarray]


# --- step 1: the figure -----------------------------------------------------------------------------------------------


@check(points=3)
def curves_are_drawn(plot_curves: Function, rng):
    """`plot_curves` draws accuracy and loss of training and validation, labeled and told apart without color."""
    expect_curves(plot_curves, [level_run(rng, epochs=int(rng.integers(5, 9)))])


MEASURES = ("accuracy", "loss")


def expect_curves(plot_curves: Function, runs: list[Run]) -> None:
    """Expect figures of these runs that show their values (1 point), over the epochs (1), labeled (1)."""
    drawn = []
    y_labels = []
    for run in runs:
        figure = plot_curves.returning(Figure, run)
        found, hint = f"one with {len(figure.axes)}", "`figure, axes = plt.subplots(1, 2)`."
        expect(len(figure.axes) == 2, "a figure with two axes", found, hint)
        expect_ink(figure)
        y_labels.append([ax.ylabel.strip().lower() for ax in figure.axes])
        drawn += [(ax, run, measure) for ax, measure in zip(figure.axes, MEASURES, strict=True)]
    with part("values", points=1):
        for ax, run, measure in drawn:
            curves_of(ax, run, measure)
    with part("epochs", points=1):
        for ax, run, measure in drawn:
            for line in curves_of(ax, run, measure):
                wanted = np.arange(1, len(line.y) + 1)
                expect_close(line.x, wanted, what=f"x of the {measure}'s lines", hint="Count epochs from 1.")
    with part("labels", points=1):
        for ax, run, measure in drawn:
            expect_readable(ax, *curves_of(ax, run, measure), measure)
        for first, second in y_labels:
            same = first == second or ("loss" in first and "accuracy" in second)
            hint = "`ax.set_ylabel(...)`: accuracy in the first, loss in the second."
            expect(not same, "y-axes that say what they show", f"`{first}` and `{second}`", hint)


def expect_ink(figure: Figure) -> None:
    """Expect a figure that, when it is drawn, is more than an empty sheet."""
    drawing = figure.drawing()
    inked = float((drawing != drawing[:1, :1]).any(axis=2).mean()) > 0.005
    expect(inked, "a figure in which something is drawn", "an empty one")


def curves_of(ax: Axes, run: Run, measure: str) -> tuple[Line, Line]:
    """Return the lines that show a measure's training and validation values.

    Raises:
        Failed: one of them is not there.
    """
    place = "first" if measure == "accuracy" else "second"
    return (
        _line(ax, run[measure], f"training {measure} in the {place} axes"),
        _line(ax, run[f"val_{measure}"], f"validation {measure} in the {place} axes"),
    )


def _line(ax: Axes, values: Sequence[float], what: str) -> Line:
    same = [
        line
        for line in ax.lines
        if line.y.shape == (len(values),) and np.allclose(line.y, values, atol=1e-6, equal_nan=True)
    ]
    if same:
        expect_seen(ax, same, what)
        return next(line for line in same if line.seen)
    drawn = f"{len(ax.lines)} lines, none of them with these values" if ax.lines else "no line"
    raise Failed(f"a line for the {what}", drawn, "`ax.plot(epochs, values, label=...)` draws one.")


def expect_seen(ax: Axes, lines: Sequence[Line], what: str) -> None:
    """Expect one of these lines to be where a reader sees it: drawn, and most of its points inside of the axes."""
    hint = "Leave color, alpha and line width as they are, or choose some that stand out."
    expect(any(line.seen for line in lines), f"a line for the {what} that can be seen", "one that cannot", hint)
    inside = [_between(line.x, ax.xlim) & _between(line.y, ax.ylim) for line in lines if line.seen]
    hint = "Leave the limits of the axes to Matplotlib, or choose some that hold all values."
    most = any(one.mean() >= 0.75 for one in inside)
    expect(most, f"the {what} inside of the axes", "a line outside of what is shown", hint)


def _between(values: np.ndarray, limits: Sequence[float]) -> np.ndarray:
    """Return which values lie within limits in either order."""
    if len(limits) != 2:
        return np.zeros(len(values), bool)
    low, high = sorted(limits)
    return (low <= values) & (values <= high)


def expect_readable(ax: Axes, training: Line, validation: Line, measure: str) -> None:
    """Expect a legend, labels on both axes, and lines that differ in more than color."""
    for line, label in ((training, "training"), (validation, "validation")):
        words = f"the line of the {label} {measure} labeled `{label}`"
        found = in_words(line.label) if line.label else "no label"
        hint = f'`ax.plot(..., label="{label}")`, and `ax.legend()` after it.'
        expect(label in line.label.lower(), words, found, hint)
        alike = sum(label in one.label.lower() for one in ax.lines if one.seen)
        hint = "A new figure each time: `plt.subplots` makes one."
        expect(alike == 1, f"one line labeled `{label}` in the axes of the {measure}", str(alike), hint)
    shown = " ".join(ax.legend).lower()
    expect(
        "training" in shown and "validation" in shown, "a legend with both labels", shown or "none", "`ax.legend()`."
    )
    found = in_words(ax.xlabel) if ax.xlabel else "no label"
    expect("epoch" in ax.xlabel.lower(), "the x-axis labeled `epoch`", found, '`ax.set_xlabel("epoch")`.')
    expect(bool(ax.ylabel.strip()), f"a label on the y-axis of the {measure}", "none", "`ax.set_ylabel(...)`.")
    same = (training.style, training.marker) == (validation.style, validation.marker)
    expect(not same, "lines that differ in marker or line style", "a difference in color only", 'Try "o-" and "s--".')


# --- step 2: by eye ---------------------------------------------------------------------------------------------------


@check(points=2)
def runs_are_told_apart(by_eye: Dictionary):
    """`by_eye` gives each of the six runs one of the six diagnoses, each of them once.

    Whether they are the right ones is not said here: step 8 of the notebook finds it out.
    """
    with part("one of the six for each run", points=1):
        expect_complete(by_eye)
    with part("each of them once", points=1):
        expect_complete(by_eye)
        expect(len(set(by_eye.values())) == 6, "each diagnosis once", in_words(list(by_eye.values())))


def expect_complete(by_eye: dict) -> None:
    """Expect a diagnosis of the table for each run."""
    expect_equal(sorted(map(str, by_eye)), list("ABCDEF"), what="keys of `by_eye`")
    for name in "ABCDEF":
        found = by_eye.get(name)
        known = isinstance(found, str) and found in DIAGNOSES
        expect(known, f"one of the six diagnoses for run {name}", in_words(found), "Copy its spelling from the table.")


# --- steps 3 to 5: gap, best epoch, stopping --------------------------------------------------------------------------


@check(points=1)
def gap_is_measured(accuracy_gap: Function, rng):
    """`accuracy_gap` is training accuracy minus validation accuracy, epoch by epoch."""
    gap = rng.uniform(-0.1, 0.2, 6).round(3)
    run = level_run(rng, epochs=6)
    run["accuracy"] = (np.array(run["val_accuracy"]) + gap).tolist()
    expect_gap(accuracy_gap(run), gap)


def expect_gap(found: Plain, gap: np.ndarray) -> None:
    """Expect this gap; a gap the wrong way round gets its own hint."""
    numbers = as_numbers(found)
    turned = numbers is not None and numbers.shape == gap.shape and np.allclose(numbers, -gap, atol=1e-6)
    hint = "Training minus validation, not the other way round." if turned else "One number for each epoch."
    expect_close(found, gap, what="accuracy_gap(run)", hint=hint)


@check(points=1)
def best_epoch_is_found(best_epoch: Function, rng):
    """`best_epoch` is the epoch, counted from 1, with the lowest validation loss."""
    for best in rng.choice(np.arange(2, 9), 3, replace=False):
        expect_best(best_epoch, run_with_best(rng, int(best), epochs=9), int(best))


def run_with_best(rng: np.random.Generator, best: int, epochs: int) -> Run:
    """Return a run whose lowest validation loss is in this epoch, and whose other curves have their best elsewhere."""
    run = level_run(rng, epochs)
    losses = rng.uniform(0.5, 1.0, epochs).round(3)
    losses[best - 1] = 0.4
    run["val_loss"] = losses.tolist()
    return run


def expect_best(best_epoch: Function, run: Run, best: int) -> None:
    """Expect `best_epoch` to answer so; answers that count from 0 get their own hint."""
    found = best_epoch(run)
    hint = "The lowest validation loss decides."
    if equal(found, best - 1):
        hint = "Count epochs from 1."
    elif equal(found, min(run["val_loss"])):
        hint = "That is the loss itself: return the epoch in which it stands, with `np.argmin`."
    elif isinstance(found, (list, np.ndarray)):
        hint = "One number, not a list or an array of them: `int(...)` makes an `int`."
    listed = ", ".join(map(number, run["val_loss"]))
    expect_equal(found, best, what=f"best_epoch(run) with the val_loss [{listed}]", hint=hint)


@check(points=3)
def stopping_is_predicted(epochs_until_stop: Function, rng):
    """`epochs_until_stop` says how many epochs are trained before early stopping ends the run."""
    with part("stops", points=2):
        for patience in (2, 3):
            losses, epochs = stopping_losses(rng, patience, more=3)
            expect_stop(epochs_until_stop, losses, patience, epochs)
    with part("runs to the end", points=1):
        losses, epochs = stopping_losses(rng, 3, more=0)
        expect_stop(epochs_until_stop, losses[:-1], 3, epochs - 1)


def stopping_losses(rng: np.random.Generator, patience: int, *, more: int) -> tuple[list[float], int]:
    """Return validation losses, and after how many of them training stops.

    Improvements come after waits that are shorter than `patience`, until one is not. After it come `more` losses, lower
    than all before, which training never gets to see.
    """
    lowest, losses = 2.0, [2.0]
    for wait in [*rng.integers(0, patience, 3), patience]:
        losses += (lowest + rng.uniform(0.01, 0.3, wait)).tolist()
        if wait < patience:
            lowest -= 0.2
            losses.append(lowest)
    return [round(loss, 3) for loss in losses] + [0.1] * more, len(losses)


def expect_stop(epochs_until_stop: Function, losses: list[float], patience: int, epochs: int) -> None:
    """Expect this number of epochs."""
    found = epochs_until_stop(losses, patience)
    hint = "An improvement sets the count of waiting epochs back to 0."
    if found is None:
        hint = "Where training never stops early, `return len(val_losses)` after the loop."
    elif equal(found, epochs - 1) or equal(found, epochs + 1):
        hint = "Off by one: the epoch in which patience runs out is still trained, and epochs count from 1."
    listed = ", ".join(number(loss) for loss in losses)
    expect_equal(found, epochs, what=f"epochs_until_stop([{listed}], patience={patience})", hint=hint)


# --- steps 6 and 7: training ------------------------------------------------------------------------------------------


def noisy_part(rng: np.random.Generator, centers: np.ndarray, examples: int) -> Part:
    """Return examples of five classes around their centers, two labels in five left to chance: soon overfitted."""
    true = rng.integers(0, NUM_CLASSES, examples)
    x = (centers[true] + rng.normal(size=(examples, centers.shape[1]))).astype(np.float32)
    return x, np.where(rng.random(examples) < 0.4, rng.integers(0, NUM_CLASSES, examples), true)


def noisy_parts(rng: np.random.Generator, features: int) -> tuple[Part, Part]:
    """Return a training and a validation part on which a head overfits within a few epochs."""
    centers = rng.normal(size=(NUM_CLASSES, features)) * 0.6
    return noisy_part(rng, centers, 80), noisy_part(rng, centers, 200)


def recorded_losses(history: History) -> list[float]:
    """Return the recorded validation losses, at least one."""
    losses = history["val_loss"]
    expect(bool(losses), f"`{history.name}` to hold at least one epoch", "none")
    return losses


def longest_wait(losses: Sequence[float]) -> int:
    """Return the largest number of epochs in a row that were no improvement."""
    best = np.minimum.accumulate(losses)
    improved = np.flatnonzero(np.r_[True, best[1:] < best[:-1], True])
    return int(np.diff(improved).max()) - 1


@check(points=2)
def training_stops_in_time(train_with_patience: Function, rng):
    """`train_with_patience` stops when patience has run out, and after `max_epochs` at the latest."""
    expect_stops(train_with_patience, rng, features=40, patience=2)


def expect_stops(train_with_patience: Function, rng: np.random.Generator, features: int, patience: int) -> None:
    """Expect training to stop as it should: one point for stopping early, one for keeping to `max_epochs`."""
    training, validation = noisy_parts(rng, features)
    train = train_with_patience.within(60)
    with part("patience", points=1):
        history = train.returning(History, training, validation, patience, 60, 0.05)
        expect_trained(history, training, validation, learning_rate=0.05)
        losses = recorded_losses(history)
        hint = "EarlyStopping(monitor='val_loss', patience=patience) in callbacks."
        waited = len(losses) - 1 - int(np.argmin(losses))
        wanted = f"training to stop after {plural(patience, 'epoch')} without improvement of the validation loss"
        expect(
            waited == patience == longest_wait(losses),
            wanted,
            f"{waited} such epochs at the end of {len(losses)}",
            hint,
        )
    with part("max_epochs", points=1):
        history = train.returning(History, training, validation, 1, 3, 1e-6)
        losses = recorded_losses(history)
        epochs = next((i + 1 for i in range(1, min(3, len(losses))) if losses[i] >= min(losses[:i])), 3)
        hint = "However small, a fall of the loss is an improvement: leave min_delta as it is."
        what = f"epochs with max_epochs=3 and losses that {'fall to the end' if epochs == 3 else 'rise'}"
        expect_equal(history.epochs, epochs, what=what, hint=hint if history.epochs < epochs else "epochs=max_epochs")
        head = trained_head(history, features)
        expect_recorded(history, head, validation, "validation_data=validation in fit.")


def expect_trained(history: History, training: Part, validation: Part, *, learning_rate: float) -> None:
    """Expect a model that learned from the training part at this rate, and of which the recorded losses are."""
    head = trained_head(history, training[0].shape[1])
    rate = history.attribute("model", Model).learning_rate
    if rate is not None:
        hint = "build_head(num_features, 5, learning_rate)"
        expect_close(rate, learning_rate, rtol=1e-3, what="the model's learning rate", hint=hint)
    expect_recorded(history, head, validation, "validation_data=validation in fit.")
    heads.expect_batches(history, len(training[1]))
    _, accuracy = judge(*head, training)
    expect_between(accuracy, 0.35, 1, what="accuracy on its training part", hint="Is the model trained at all?")


def trained_head(history: History, num_features: int) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias of the model that belongs to what fit returned."""
    if history.ask("describe").text("type") == "dict":
        hint = "Return it without `.history`: the trained model is its attribute `model`."
        raise Failed(f"`{history.name}` to be what fit returns", "the dictionary in it", hint)
    return history.attribute("model", Model).head(num_features, NUM_CLASSES)


@check(points=2)
def best_weights_are_kept(train_with_patience: Function, rng):
    """A model whose training was stopped early has the weights of its best epoch."""
    expect_best_weights(train_with_patience, rng, features=50, patience=3)


def expect_best_weights(train_with_patience: Function, rng: np.random.Generator, features: int, patience: int) -> None:
    """Expect the trained head to have the lowest validation loss that was recorded, and to have learned something."""
    training, validation = noisy_parts(rng, features)
    history = train_with_patience.within(60).returning(History, training, validation, patience, 60, 0.05)
    kernel, bias = trained_head(history, features)
    found, _ = judge(kernel, bias, validation)
    losses = recorded_losses(history)
    hint = "EarlyStopping has an option that restores the best weights."
    last = " (the last epoch's)" if np.isclose(found, losses[-1], rtol=5e-3) else ""
    wanted = f"weights with a validation loss of {min(losses):.3f}, the best epoch's"
    expect(np.isclose(found, min(losses), rtol=5e-3), wanted, f"weights with {found:.3f}{last}", hint)
    _, accuracy = judge(kernel, bias, training)
    expect_between(accuracy, 0.35, 1, what="accuracy on its training part", hint="Is the model trained at all?")


def judge(kernel: np.ndarray, bias: np.ndarray, examples: Part) -> tuple[float, float]:
    """Return a linear head's mean cross entropy in nats and its accuracy on (features, labels)."""
    features, labels = examples
    logits = np.asarray(features, np.float64) @ kernel + bias
    logits -= logits.max(axis=1, keepdims=True)
    right = logits[np.arange(len(labels)), labels]
    loss = float(np.mean(np.log(np.exp(logits).sum(axis=1)) - right))
    return loss, float(np.mean(logits.argmax(axis=1) == labels))


@check(points=2)
def two_runs_are_kept(few_history: History, many_history: History, reference):
    """`few_history` and `many_history` belong to two heads, one trained on 40 examples, one on all of them."""
    expect_two_runs(few_history, many_history, reference)


def expect_two_runs(few_history: History, many_history: History, reference) -> None:
    """Expect two trained heads whose weights, on features computed here, have the losses that were recorded."""
    (x, y), validation, _ = reference.features("mobilenet_v2")
    few = trained_head(few_history, x.shape[1])
    many = trained_head(many_history, x.shape[1])
    hint = "Keep each run's history under its own name."
    with part("few_history", points=1):
        expect_recorded(few_history, few, validation, hint)
        expect_as_asked(few_history, FEW)
        # Of 40 examples a whole number is right, so the recorded accuracies are fortieths.
        right = np.array(few_history["accuracy"]) * FEW
        wanted = f"a head that was trained on {FEW} examples"
        expect(np.allclose(right, np.round(right), atol=1e-3), wanted, "accuracies that so few cannot give")
        seen, unseen = judge(*few, (x[:FEW], y[:FEW])), judge(*few, (x[FEW:], y[FEW:]))
        found = f"a loss of {seen[0]:.2f} on the first {FEW} and {unseen[0]:.2f} on the others"
        wanted = f"a head that has learned the first {FEW} training examples only"
        expect(seen[0] < 0.7 * unseen[0] and seen[1] > 0.5, wanted, found, "Cut features and labels alike.")
    with part("many_history", points=1):
        expect_recorded(many_history, many, validation, hint)
        expect_as_asked(many_history, len(y))
        loss, of_few = judge(*many, (x, y))[0], judge(*few, (x, y))[0]
        expect(
            loss < of_few, "a head that knows all training examples better than the other", "one that knows them less"
        )
        # Equal probabilities for all classes cost log(classes); random weights cost more, and any training brings less.
        guessing = np.log(many[1].shape[-1])
        wanted = f"a head that has learned something: a training loss below {guessing:.2f}, which is that of guessing"
        expect(loss < 0.97 * guessing, wanted, f"{loss:.2f}", "Train it with train_with_patience.")


def expect_as_asked(history: History, examples: int) -> None:
    """Expect a run on so many examples at the usual learning rate that was not given up too early.

    Runs that went on for too long are those of a function that does not stop in time, which costs points elsewhere.
    """
    heads.expect_batches(history, examples)
    hint = "train_with_patience(..., patience=3, max_epochs=30), and learning_rate=0.001 where none is given."
    rate = history.attribute("model", Model).learning_rate
    if rate is not None:
        expect_close(rate, 0.001, rtol=1e-3, what=f"the learning rate of `{history.name}`", hint=hint)
    losses = recorded_losses(history)
    waited = len(losses) - 1 - int(np.argmin(losses))
    words = f"`{history.name}` to end after {MOST_EPOCHS} epochs, or {PATIENCE} in a row without improvement"
    found = f"{plural(len(losses), 'epoch')}, the last {waited} without"
    expect(len(losses) >= MOST_EPOCHS or waited >= PATIENCE, words, found, hint)


def expect_recorded(history: History, head: tuple[np.ndarray, np.ndarray], validation: Part, hint: str) -> None:
    """Expect a head that has, on the validation part, the best or the last loss that was recorded."""
    losses = recorded_losses(history)
    found, _ = judge(*head, validation)
    recorded = np.isclose(found, [min(losses), losses[-1]], rtol=0.02).any()
    wanted = f"a model with the validation loss that `{history.name}` recorded, {min(losses):.3f}"
    expect(recorded, wanted, f"{found:.3f}", hint)
    heads.expect_possible(history, len(validation[1]))


# --- step 8: rules ----------------------------------------------------------------------------------------------------


def _toward(end: float, start: float, epochs: int) -> np.ndarray:
    """Return values that go from `start` to `end` quickly, and stay there."""
    return end + (start - end) * np.exp(-1.2 * np.arange(epochs))


def level_run(
    rng: np.random.Generator,
    epochs: int,
    *,
    accuracy: float = 0.93,
    val_accuracy: float = 0.9,
    loss: float = 0.25,
    val_loss: float = 0.32,
) -> Run:
    """Return a run whose curves have leveled off at these values (within half a percent): a good fit by default."""
    ends = {"accuracy": accuracy, "val_accuracy": val_accuracy, "loss": loss, "val_loss": val_loss}
    starts = {"accuracy": 0.4, "val_accuracy": 0.42, "loss": 4 * loss, "val_loss": 3 * val_loss}
    wobble = {name: 1 + rng.uniform(-0.004, 0.004, epochs) for name in ends}
    run = {name: _toward(end, starts[name], epochs) * wobble[name] for name, end in ends.items()}
    return {name: (np.minimum(values, 1) if "acc" in name else values).tolist() for name, values in run.items()}


def unstable_run(rng: np.random.Generator, epochs: int = 9) -> Run:
    """Return a run whose training loss jumps once."""
    run = level_run(rng, epochs)
    jump = int(rng.integers(2, epochs))
    run["loss"][jump] = run["loss"][jump - 1] * float(rng.uniform(1.5, 3))
    return run


def suspicious_run(rng: np.random.Generator, epochs: int = 9) -> Run:
    """Return a run whose validation accuracy lies above training all the time."""
    run = level_run(rng, epochs, accuracy=0.85)
    run["val_accuracy"] = (np.array(run["accuracy"]) + rng.uniform(0.04, 0.1, epochs)).tolist()
    return run


def improving_run(rng: np.random.Generator, epochs: int = 9, accuracy: float = 0.82) -> Run:
    """Return a run whose validation loss falls by 4 to 10 percent an epoch, to the end."""
    run = level_run(rng, epochs, accuracy=accuracy, val_accuracy=accuracy - 0.01)
    run["val_loss"] = (1.5 * np.cumprod(rng.uniform(0.9, 0.96, epochs))).tolist()
    return run


def overfitting_run(rng: np.random.Generator, epochs: int = 9) -> Run:
    """Return a run with a wide gap between the accuracies, and level losses."""
    return level_run(rng, epochs, accuracy=0.99, val_accuracy=float(rng.uniform(0.7, 0.84)), loss=0.05, val_loss=0.6)


def almost_suspicious_run(rng: np.random.Generator, epochs: int = 9) -> Run:
    """Return a run whose validation accuracy lies above training in all epochs but one."""
    run = suspicious_run(rng, epochs)
    one = int(rng.integers(1, epochs))
    run["val_accuracy"][one] = run["accuracy"][one] - 0.01
    return run


def ahead_at_the_end_run(rng: np.random.Generator, epochs: int = 9) -> Run:
    """Return a run whose validation accuracy lies above training in its last epoch only."""
    run = level_run(rng, epochs, accuracy=0.9, val_accuracy=0.88)
    run["accuracy"][0] = run["val_accuracy"][0] + 0.01
    run["val_accuracy"][-1] = run["accuracy"][-1] + 0.05
    return run


def caught_up_run(rng: np.random.Generator, epochs: int = 9) -> Run:
    """Return a good run in which validation accuracy, at first far behind, has caught up."""
    run = level_run(rng, epochs)
    run["val_accuracy"] = (np.array(run["accuracy"]) - np.linspace(0.2, 0.03, epochs)).tolist()
    return run


def turning_run(rng: np.random.Generator, epochs: int = 9) -> Run:
    """Return a run whose validation loss has turned upward, although the accuracies are close."""
    run = level_run(rng, epochs, accuracy=0.95, val_accuracy=0.9)
    turn = int(rng.integers(3, 6))
    rise = np.maximum(np.arange(epochs) - turn, 0) * 0.12
    run["val_loss"] = (np.array(run["val_loss"]) * (1 + rise)).tolist()
    return run


def ending(run: Run, **last: float) -> Run:
    """Return the run with these values in its last epoch."""
    for name, value in last.items():
        run[name][-1] = value
    return run


@check(points=4)
def runs_are_diagnosed(diagnose: Function, rng):
    """`diagnose` follows the six rules, in their order."""
    with part("unstable and suspicious validation", points=1):
        expect_diagnosis(diagnose, unstable_run(rng), "unstable", "its training loss jumps")
        expect_diagnosis(diagnose, suspicious_run(rng), "suspicious validation", "validation is always better")
    with part("still improving", points=1):
        expect_diagnosis(diagnose, improving_run(rng), "still improving", "its validation loss falls to the end")
    with part("underfitting and overfitting", points=1):
        poor = level_run(rng, 9, accuracy=0.6, val_accuracy=0.58, loss=1.1, val_loss=1.15)
        expect_diagnosis(diagnose, poor, "underfitting", "it has leveled off at a training accuracy of 0.6")
        expect_diagnosis(diagnose, overfitting_run(rng), "overfitting", "training is more than 0.1 ahead")
        expect_diagnosis(diagnose, turning_run(rng), "overfitting", "its validation loss has risen from its lowest")
    with part("good fit", points=1):
        expect_diagnosis(diagnose, level_run(rng, 9), "good fit", "it has leveled off, high and close together")


def expect_diagnosis(diagnose: Function, run: Run, diagnosis: str, why: str) -> None:
    """Expect this diagnosis; the message says why, and not with which numbers."""
    expect_equal(diagnose(run), diagnosis, what=f"diagnosis of a run where {why}")


def expect_other(diagnose: Function, run: Run, *wrong: str) -> None:
    """Expect a diagnosis that is none of these, whichever else."""
    found = diagnose(run)
    others = [name for name in DIAGNOSES if name not in wrong]
    expect(any(equal(found, name) for name in others), f"one of {in_words(others)}", in_words(found))
