"""Hidden checks of exercise 4: the same statements as the visible ones, on other curves and other data."""

from __future__ import annotations

import numpy as np

from autograder.checking.core import check, part
from autograder.checking.expect import equal, expect
from autograder.checking.values import Dictionary, Function
from autograder.checking.values_keras import History
from autograder.checks.learning_curves import (
    ahead_at_the_end_run,
    almost_suspicious_run,
    caught_up_run,
    ending,
    expect_best,
    expect_best_weights,
    expect_curves,
    expect_diagnosis,
    expect_gap,
    expect_other,
    expect_stop,
    expect_stops,
    expect_two_runs,
    improving_run,
    level_run,
    overfitting_run,
    run_with_best,
    stopping_losses,
    suspicious_run,
    turning_run,
    unstable_run,
)

# How the runs were made says what is wrong with them: see the notebook's text.
DIAGNOSES = {
    "A": "overfitting",
    "B": "still improving",
    "C": "suspicious validation",
    "D": "unstable",
    "E": "underfitting",
    "F": "good fit",
}


@check(points=3, hidden=True)
def curves_are_drawn(plot_curves: Function, rng):
    """`plot_curves` also draws very short and very long runs rightly."""
    expect_curves(plot_curves, [level_run(rng, epochs) for epochs in (1, int(rng.integers(25, 40)))])


@check(points=2, hidden=True)
def runs_are_told_apart(by_eye: Dictionary):
    """Some of the diagnoses by eye are not right: compare them with the table once more."""
    right = sum(equal(by_eye.get(name), diagnosis) for name, diagnosis in DIAGNOSES.items())
    with part("most of them", points=1):
        expect(right >= 4, "four right diagnoses at least")
    with part("all of them", points=1):
        expect(right == 6, "six right diagnoses")


@check(points=1, hidden=True)
def gap_is_measured(accuracy_gap: Function, rng):
    """`accuracy_gap` holds for runs of any length, and is negative where validation is better."""
    for epochs in (1, 17):
        run = level_run(rng, epochs)
        gap = rng.uniform(-0.3, -0.05, epochs)
        run["accuracy"] = (np.array(run["val_accuracy"]) + gap).tolist()
        expect_gap(accuracy_gap(run), gap)


@check(points=1, hidden=True)
def best_epoch_is_found(best_epoch: Function, rng):
    """`best_epoch` finds the lowest validation loss wherever it is, and the first of several."""
    for best in (1, 14):
        expect_best(best_epoch, run_with_best(rng, best, epochs=14), best)
    tied = run_with_best(rng, 3, epochs=10)
    tied["val_loss"][6] = tied["val_loss"][2]
    expect_best(best_epoch, tied, 3)


@check(points=3, hidden=True)
def stopping_is_predicted(epochs_until_stop: Function, rng):
    """`epochs_until_stop` keeps to the rule with other losses and other patience; an equal loss is no improvement."""
    with part("stops", points=2):
        for patience in (1, 4, 5):
            losses, epochs = stopping_losses(rng, patience, more=4)
            expect_stop(epochs_until_stop, losses, patience, epochs)
        expect_stop(epochs_until_stop, [0.9, 0.6, 0.6, 0.6, 0.2], 2, 4)
        losses, epochs = stopping_losses(rng, 4, more=0)
        expect_stop(epochs_until_stop, losses, 4, epochs)
    with part("runs to the end", points=1):
        expect_stop(epochs_until_stop, sorted(rng.uniform(0.2, 2, 7).tolist(), reverse=True), 1, 7)
        expect_stop(epochs_until_stop, [0.7], 3, 1)
        expect_stop(epochs_until_stop, [0.9, 0.6, 0.59996, 0.59993, 0.59991, 0.5999, 0.7], 2, 7)


@check(points=2, hidden=True)
def training_stops_in_time(train_with_patience: Function, rng):
    """`train_with_patience` also stops in time with other data and another patience."""
    expect_stops(train_with_patience, rng, features=60, patience=4)


@check(points=2, hidden=True)
def best_weights_are_kept(train_with_patience: Function, rng):
    """With other data and another patience, too, the model has the weights of its best epoch."""
    expect_best_weights(train_with_patience, rng, features=70, patience=5)


@check(points=2, hidden=True)
def two_runs_are_kept(few_history: History, many_history: History, reference):
    """The two histories do not fit the two heads, or these were not trained as asked."""
    expect_two_runs(few_history, many_history, reference)


@check(points=4, hidden=True)
def runs_are_diagnosed(diagnose: Function, rng):
    """`diagnose` follows the rules, in their order and to the number, also on losses that are no numbers."""
    with part("unstable and suspicious validation", points=1):
        for name, value in (("loss", np.nan), ("val_loss", np.inf), ("loss", np.inf), ("val_loss", np.nan)):
            run = overfitting_run(rng)
            run[name][int(rng.integers(1, 9))] = value
            expect_diagnosis(diagnose, run, "unstable", "")
        jumping = improving_run(rng)
        jumping["loss"][4] = 2.0 * jumping["loss"][3]
        expect_diagnosis(diagnose, jumping, "unstable", "")
        small_jump = level_run(rng, 9)
        small_jump["loss"][4] = 1.23 * small_jump["loss"][3]
        expect_diagnosis(diagnose, small_jump, "unstable", "")
        for epochs in (2, 15):
            expect_diagnosis(diagnose, suspicious_run(rng, epochs), "suspicious validation", "")
        improving = suspicious_run(rng)
        improving["val_loss"] = improving_run(rng)["val_loss"]
        expect_diagnosis(diagnose, improving, "suspicious validation", "")
        calm = level_run(rng, 9)
        calm["val_loss"][4] *= 1.5
        ahead, hardly_ahead = level_run(rng, 9, accuracy=0.85), level_run(rng, 9, accuracy=0.85)
        ahead["val_accuracy"] = (np.array(ahead["accuracy"]) + 0.023).tolist()
        hardly_ahead["val_accuracy"] = (np.array(hardly_ahead["accuracy"]) + 0.017).tolist()
        expect_diagnosis(diagnose, ahead, "suspicious validation", "")
        for run in (calm, almost_suspicious_run(rng), ahead_at_the_end_run(rng), hardly_ahead):
            expect_other(diagnose, run, "unstable", "suspicious validation")
    with part("still improving", points=1):
        expect_diagnosis(diagnose, improving_run(rng, 15, accuracy=0.5), "still improving", "")
        expect_diagnosis(diagnose, improving_run(rng, 2), "still improving", "")
        slowly, hardly = improving_run(rng), improving_run(rng)
        slowly["val_loss"][-1] = 0.975 * slowly["val_loss"][-2]
        hardly["val_loss"][-1] = 0.985 * hardly["val_loss"][-2]
        expect_diagnosis(diagnose, slowly, "still improving", "")
        expect_other(diagnose, hardly, "still improving")
        dip = level_run(rng, 9, accuracy=0.92, val_accuracy=0.9)
        dip["val_loss"] = [0.9, 0.5, 0.4, 0.33, 0.3, 0.31, 0.3, 0.33, 0.315]
        expect_diagnosis(diagnose, dip, "good fit", "")
    with part("underfitting and overfitting", points=1):
        poor = level_run(rng, 12, accuracy=0.72, val_accuracy=0.45, loss=0.9, val_loss=1.6)
        expect_diagnosis(diagnose, poor, "underfitting", "")
        for make in (overfitting_run, turning_run):
            expect_diagnosis(diagnose, make(rng, 14), "overfitting", "")
        expect_other(diagnose, caught_up_run(rng), "underfitting", "overfitting")
        expect_diagnosis(diagnose, ending(level_run(rng, 9), accuracy=0.74, val_accuracy=0.73), "underfitting", "")
        expect_diagnosis(diagnose, ending(level_run(rng, 9), accuracy=0.95, val_accuracy=0.84), "overfitting", "")
        expect_diagnosis(diagnose, ending(level_run(rng, 9, val_loss=0.3), val_loss=0.34), "overfitting", "")
    with part("good fit", points=1):
        for ends in ({"accuracy": 0.76, "val_accuracy": 0.75}, {"accuracy": 0.95, "val_accuracy": 0.86}):
            expect_diagnosis(diagnose, ending(level_run(rng, 9), **ends), "good fit", "")
        expect_diagnosis(diagnose, ending(level_run(rng, 9, val_loss=0.3), val_loss=0.32), "good fit", "")
        for epochs in (8, 20):
            expect_diagnosis(diagnose, level_run(rng, epochs, accuracy=0.96, val_accuracy=0.88), "good fit", "")
        expect_diagnosis(diagnose, level_run(rng, 10, accuracy=0.8, val_accuracy=0.79), "good fit", "")
        calm = unstable_run(rng)
        calm["loss"] = [1.0, 1.15, 0.9, 1.0, 0.8, 0.9, 0.7, 0.8, 0.75]
        expect_diagnosis(diagnose, calm, "good fit", "")
