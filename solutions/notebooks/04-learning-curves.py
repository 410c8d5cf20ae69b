# %% [markdown]
# # 4. Reading learning curves
#
# [Open it on Colab]({colab}) or [on Binder]({binder}).
#
# **When you have finished, you can**
#
# - draw accuracy and loss of a training run so that anybody can read them;
# - tell overfitting, underfitting, too short a training, too high a learning rate and a leaking validation set apart;
# - stop a training run at the right moment, and keep the best of it;
# - write down rules for all of this that a program can follow.
#
# **Why it matters.** A network that does badly doesn't say why. Its learning curves nearly do: each kind of trouble has
# a shape of its own, and each asks for a different remedy. More data help against overfitting and do nothing against
# underfitting. Whoever can read the curves knows what to try first.
#
# **Time:** about 60 minutes. **Points:** 20. **Before:** notebook 2.

# %% locked="setup"
import subprocess
import sys

if "google.colab" in sys.modules:  # Colab starts without the course's library; elsewhere it is installed already
    print("Installing the course's library from {learners}: about a minute, once for each session.")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "git+{learners}"], check=True)

import flowercourse  # before TensorFlow: it settles that `tf.keras` is Keras 2, which TF Hub's layers need

import math

import matplotlib.pyplot as plt
import numpy as np
import tf_keras as keras

from autograder.checks import learning_curves as checks
from flowercourse import DATASET, backbones, features, style

keras.utils.set_random_seed(0)  # the same random numbers in every run, so that you can repeat what you saw
style.use_course_style()
backbone = backbones.resolve("mobilenet_v2")
print(f"Data set in use: {DATASET}")
print(f"Backbone in use: {backbone.label}")

# %% [markdown]
# ## Six recorded runs
#
# Here are the curves of six training runs, as Keras recorded them (rounded): heads on MobileNet V2's features of
# `tf_flowers`, twelve epochs each. One went well. Each of the other five has a trouble of its own. At the end of this
# notebook you will know which is which, and so will a program that you have written.
#
# A recorded run is a dictionary with four lists of the same length, one number an epoch:
#
# | key | what it is |
# |---|---|
# | `"accuracy"`, `"loss"` | on the training part |
# | `"val_accuracy"`, `"val_loss"` | on the validation part |
#
# It is what `fit(...)` returns in its attribute `history`. One thing to know: Keras averages the training values
# *during* the epoch, while the weights are still changing, and measures the validation values *after* it. So in the
# first epoch the training values look worse than they should. That alone is no reason for worry, or for joy.

# %% locked="recorded_runs"
RUNS = {
    "A": {
        "accuracy": [0.39, 0.68, 0.745, 0.88, 0.91, 0.93, 0.955, 0.96, 1.0, 1.0, 1.0, 1.0],
        "val_accuracy": [0.701, 0.733, 0.682, 0.593, 0.633, 0.648, 0.584, 0.653, 0.668, 0.661, 0.677, 0.675],
        "loss": [1.899, 1.0, 0.697, 0.42, 0.318, 0.236, 0.15, 0.151, 0.063, 0.026, 0.017, 0.014],
        "val_loss": [0.868, 0.728, 0.79, 1.161, 1.022, 1.038, 1.218, 1.047, 1.05, 1.076, 1.097, 1.143],
    },
    "B": {
        "accuracy": [0.249, 0.321, 0.398, 0.458, 0.511, 0.555, 0.604, 0.647, 0.68, 0.701, 0.72, 0.735],
        "val_accuracy": [0.298, 0.359, 0.41, 0.475, 0.506, 0.563, 0.595, 0.613, 0.642, 0.661, 0.69, 0.708],
        "loss": [1.738, 1.581, 1.469, 1.371, 1.283, 1.205, 1.135, 1.073, 1.017, 0.967, 0.923, 0.882],
        "val_loss": [1.641, 1.53, 1.432, 1.342, 1.261, 1.192, 1.128, 1.072, 1.019, 0.973, 0.931, 0.895],
    },
    "C": {
        "accuracy": [0.444, 0.67, 0.756, 0.805, 0.8, 0.834, 0.836, 0.848, 0.852, 0.861, 0.87, 0.863],
        "val_accuracy": [0.783, 0.837, 0.877, 0.877, 0.9, 0.907, 0.913, 0.913, 0.913, 0.913, 0.92, 0.927],
        "loss": [1.471, 0.862, 0.657, 0.545, 0.538, 0.481, 0.459, 0.417, 0.417, 0.382, 0.379, 0.374],
        "val_loss": [0.683, 0.491, 0.412, 0.364, 0.332, 0.309, 0.297, 0.275, 0.27, 0.26, 0.245, 0.236],
    },
    "D": {
        "accuracy": [0.279, 0.679, 0.733, 0.824, 0.812, 0.912, 0.926, 0.902, 0.938, 0.889, 0.914, 0.91],
        "val_accuracy": [0.389, 0.411, 0.778, 0.567, 0.839, 0.906, 0.694, 0.911, 0.833, 0.761, 0.511, 0.889],
        "loss": [61.957, 12.536, 9.798, 3.142, 4.669, 0.807, 0.699, 1.388, 0.419, 1.175, 1.136, 1.609],
        "val_loss": [42.849, 43.403, 5.536, 12.927, 2.435, 1.264, 9.176, 1.277, 4.254, 3.766, 12.428, 1.45],
    },
    "E": {
        "accuracy": [0.357, 0.515, 0.564, 0.58, 0.581, 0.588, 0.589, 0.592, 0.598, 0.593, 0.597, 0.597],
        "val_accuracy": [0.494, 0.548, 0.557, 0.544, 0.55, 0.548, 0.552, 0.548, 0.546, 0.552, 0.55, 0.55],
        "loss": [1.493, 1.338, 1.254, 1.205, 1.174, 1.151, 1.138, 1.127, 1.119, 1.114, 1.109, 1.105],
        "val_loss": [1.392, 1.303, 1.251, 1.225, 1.203, 1.196, 1.191, 1.187, 1.182, 1.184, 1.179, 1.178],
    },
    "F": {
        "accuracy": [0.667, 0.85, 0.876, 0.891, 0.903, 0.911, 0.921, 0.922, 0.933, 0.935, 0.938, 0.946],
        "val_accuracy": [0.788, 0.848, 0.866, 0.88, 0.88, 0.893, 0.898, 0.897, 0.886, 0.884, 0.897, 0.895],
        "loss": [0.967, 0.496, 0.393, 0.339, 0.304, 0.28, 0.257, 0.24, 0.227, 0.215, 0.203, 0.193],
        "val_loss": [0.623, 0.475, 0.418, 0.377, 0.352, 0.331, 0.323, 0.313, 0.315, 0.312, 0.301, 0.297],
    },
}

# %% [markdown]
# ## Step 1: Draw the curves
#
# **Your task:** write `plot_curves(run)`.
#
# - `run`: a recorded run as above, with any number of epochs.
# - Returns a Matplotlib figure with two axes: accuracy in the first, loss in the second.
# - Each has two lines: the training values, labeled `training`, and the validation values, labeled `validation`. Epochs
#   are counted from 1, so the first value stands at x = 1.
# - Each has a legend, the x-axis the label `epoch`, the y-axis one that says what it shows. The two lines differ in
#   more than color (marker or line style): one reader in twenty sees colors differently, and printers often see none.
#
# <details><summary>Hint</summary>
#
# `figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2))`, then
# `left.plot(epochs, run["accuracy"], "o-", label="training")`, with `epochs = range(1, len(run["loss"]) + 1)`. A legend
# appears with `left.legend()`. `return figure` at the end.
# </details>


# %% solution="plot_curves"
def plot_curves(run):
    """A figure of two axes: accuracy and loss, each of training and validation, against the epoch."""
    ### BEGIN SOLUTION
    figure, axes = plt.subplots(1, 2, figsize=(9, 3.2))
    for ax, measure in zip(axes, ["accuracy", "loss"], strict=True):
        epochs = np.arange(1, len(run[measure]) + 1)
        ax.plot(epochs, run[measure], "o-", label="training")
        ax.plot(epochs, run["val_" + measure], "s--", label="validation")
        ax.set(xlabel="epoch", ylabel=measure)
        ax.legend()
    return figure
    ### END SOLUTION


# %% check="curves_are_drawn" points=3
checks.curves_are_drawn()
### BEGIN HIDDEN TESTS
from solutions.hidden_checks import learning_curves as hidden

hidden.curves_are_drawn()
### END HIDDEN TESTS

# %% [markdown]
# The six runs, drawn by your function. Look at the scales: they differ.

# %%
for name, run in RUNS.items():
    plot_curves(run)
    plt.gcf().suptitle(f"Run {name}")
    plt.show()

# %% [markdown]
# ## Step 2: Look first
#
# Before any formula, use your eyes. These are the six diagnoses of this course:
#
# | diagnosis | how it shows | what to try |
# |---|---|---|
# | `"good fit"` | both curves have leveled off, high and close together | nothing: look at the test part |
# | `"overfitting"` | training is far better than validation; validation loss turns upward | more data, augmentation, early stopping |
# | `"underfitting"` | both have leveled off, and even training is poor | better features, a larger model, less regularization |
# | `"still improving"` | validation loss falls to the very end | train longer, or raise the learning rate |
# | `"unstable"` | the loss jumps up and down | a lower learning rate |
# | `"suspicious validation"` | validation beats training in every epoch | look for a leak, or for trouble that only training has |
#
# The last one surprises many: is it not good when validation is best? A pupil who does better in the exam than in all
# her homework may be brilliant. It is wiser to ask first who saw the exam. There is a harmless reason too: *dropout*
# and augmentation make the task harder in training only.
#
# **Your task:** define `by_eye`, a dictionary that gives each of the six runs one of the six diagnoses:
# `by_eye = {"A": "...", "B": "...", ...}`. Each diagnosis occurs once.
#
# <details><summary>Hint</summary>
#
# Start with the two that are easiest to see: the loss that jumps, and the validation accuracy that lies above training
# all the time. Then look at the right end of each validation loss.
# </details>

# %% solution="by_eye"
### BEGIN SOLUTION
by_eye = {
    "A": "overfitting",
    "B": "still improving",
    "C": "suspicious validation",
    "D": "unstable",
    "E": "underfitting",
    "F": "good fit",
}
### END SOLUTION

# %% check="runs_are_told_apart" points=2
checks.runs_are_told_apart()
### BEGIN HIDDEN TESTS
hidden.runs_are_told_apart()
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How the six runs were made (open it when you have decided)</summary>
#
# A learned from only 200 pictures, a quarter of them with a wrong label, with a hidden layer of 256 units in the head, in
# batches of 4 and with a learning rate of 0.002: it learned the wrong labels by heart as well. B had a learning
# rate of 0.00002. C had strong dropout, and its validation pictures were among its training pictures. D was trained
# by plain gradient descent instead of Adam, in batches of 64 and with a learning rate of 1. E could see only 12 of the
# 1,280 features. F is the head of notebook 2, with a learning rate of 0.0005.
# </details>

# %% [markdown]
# ## Step 3: How far apart?
#
# The distance between the curves says how much of what was learned holds only for the training pictures.
#
# **Your task:** write `accuracy_gap(run)`.
#
# - Returns a float array `(epochs,)`: training accuracy minus validation accuracy of each epoch. It is positive where
#   training is better.
#
# ```python
# accuracy_gap({"accuracy": [0.5, 0.75], "val_accuracy": [0.625, 0.5], "loss": [1.2, 0.7], "val_loss": [1.0, 1.1]})
# # array([-0.125,  0.25 ])
# ```
#
# <details><summary>Hint</summary>
#
# Python lists cannot be subtracted. `np.array(...)` makes arrays of them, which can.
# </details>


# %% solution="accuracy_gap"
def accuracy_gap(run):
    """Training accuracy minus validation accuracy, epoch by epoch."""
    ### BEGIN SOLUTION
    return np.array(run["accuracy"]) - np.array(run["val_accuracy"])
    ### END SOLUTION


# %% check="gap_is_measured" points=1
checks.gap_is_measured()
### BEGIN HIDDEN TESTS
hidden.gap_is_measured()
### END HIDDEN TESTS

# %%
for name, run in RUNS.items():
    print(
        f"run {name}: at the end training is {100 * accuracy_gap(run)[-1]:+.1f} points of accuracy ahead of validation"
    )

# %% [markdown]
# ## Step 4: Which epoch was best?
#
# **Your task:** write `best_epoch(run)`.
#
# - Returns an `int`, counted from 1: the epoch with the lowest validation loss; of several equally low ones the first.
#
# Why the loss, when accuracy is what we care about? Accuracy only counts whether the right answer comes first. The loss
# also notices how sure the network is of its mistakes, so it moves earlier and is less at the mercy of a few pictures.
#
# ```python
# run = {
#     "accuracy": [0.5, 0.7, 0.9], "val_accuracy": [0.5, 0.6, 0.6],
#     "loss": [1.2, 0.7, 0.3], "val_loss": [1.2, 0.9, 1.0],
# }
# best_epoch(run)  # 2
# ```
#
# <details><summary>Hint</summary>
#
# `np.argmin` counts from 0.
# </details>


# %% solution="best_epoch"
def best_epoch(run):
    """The epoch, counted from 1, with the lowest validation loss."""
    ### BEGIN SOLUTION
    return int(np.argmin(run["val_loss"])) + 1
    ### END SOLUTION


# %% check="best_epoch_is_found" points=1
checks.best_epoch_is_found()
### BEGIN HIDDEN TESTS
hidden.best_epoch_is_found()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 5: When to stop
#
# Nobody knows the best epoch beforehand. *Early stopping* watches the validation loss and gives up when it has not
# improved for a while. How long a while is called *patience*:
#
# - an epoch whose validation loss is **lower than all before it** is an improvement;
# - training stops at the end of the first epoch at which the last `patience` epochs in a row have all been without
#   improvement.
#
# **Your task:** write `epochs_until_stop(val_losses, patience)`.
#
# - `val_losses`: list of floats, the validation loss of each epoch that could be trained.
# - `patience`: `int`, at least 1.
# - Returns an `int`: how many epochs are trained. Where training never stops early, that is all of them.
#
# ```python
# epochs_until_stop([0.9, 0.7, 0.8, 0.75, 0.6], patience=2)  # 4: epochs 3 and 4 did not get below 0.7
# epochs_until_stop([0.9, 0.7, 0.8, 0.75, 0.6], patience=3)  # 5
# ```
#
# The first example shows the price of little patience: the fifth epoch would have been the best.
#
# <details><summary>Hint</summary>
#
# Go through the losses with a loop. Remember the lowest so far, and count the epochs since it was reached: an
# improvement sets the count back to 0.
# </details>


# %% solution="epochs_until_stop"
def epochs_until_stop(val_losses, patience):
    """How many epochs are trained before early stopping ends the run."""
    ### BEGIN SOLUTION
    lowest, waited = math.inf, 0
    for epoch, loss in enumerate(val_losses, start=1):
        waited = 0 if loss < lowest else waited + 1
        lowest = min(lowest, loss)
        if waited == patience:
            return epoch
    return len(val_losses)
    ### END SOLUTION


# %% check="stopping_is_predicted" points=3
checks.stopping_is_predicted()
### BEGIN HIDDEN TESTS
hidden.stopping_is_predicted()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 6: Train with patience
#
# Keras does the same with a *callback*, an object that `fit` consults after each epoch. One of its options deserves
# attention: by default, the weights after stopping are those of the **last** epoch. That is `patience` epochs past the
# best one.
#
# Here is the head of notebook 2 once more, with the learning rate as a parameter:


# %% locked="build_head"
def build_head(num_features, num_classes, learning_rate=0.001):
    """A compiled model of one dense layer, from features to logits."""
    model = keras.Sequential([keras.layers.Input((num_features,)), keras.layers.Dense(num_classes)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(learning_rate), loss=loss, metrics=["accuracy"])
    return model


# %% [markdown]
# **Your task:** write `train_with_patience(training, validation, patience, max_epochs, learning_rate=0.001)`.
#
# - `training`, `validation`: each a pair `(x, y)`; `x` is `float32` `(n, num_features)`, `y` is integer `(n,)` with values
#   from 0 to 4.
# - It builds a new head with `build_head` for 5 classes, with this learning rate, and trains it in batches of 32.
# - It stops early as in step 5, and after `max_epochs` at the latest.
# - Returns what `fit` returns. The trained model is its attribute `model`. When training was stopped early, the model
#   has the weights of the **best** epoch, the one with the lowest validation loss.
#
# <details><summary>Hint</summary>
#
# `keras.callbacks.EarlyStopping(monitor=..., patience=..., restore_best_weights=...)` goes into `fit(..., callbacks=[...])`.
# `verbose=0` keeps `fit` quiet.
# </details>


# %% solution="train_with_patience"
def train_with_patience(training, validation, patience, max_epochs, learning_rate=0.001):
    """What fit returns, of a head that was trained until its validation loss no longer improved."""
    ### BEGIN SOLUTION
    head = build_head(training[0].shape[1], 5, learning_rate)
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience, restore_best_weights=True)
    x, y = training
    return head.fit(x, y, epochs=max_epochs, batch_size=32, validation_data=validation, callbacks=[stop], verbose=0)
    ### END SOLUTION


# %% check="training_stops_in_time" points=2
checks.training_stops_in_time()
### BEGIN HIDDEN TESTS
hidden.training_stops_in_time()
### END HIDDEN TESTS

# %% check="best_weights_are_kept" points=2
checks.best_weights_are_kept()
### BEGIN HIDDEN TESTS
hidden.best_weights_are_kept()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 7: Few pictures, many pictures
#
# Now your own runs. The features are there already, from notebook 2 or from the course's preparation.

# %% locked="features"
training, validation, test = features.extract("mobilenet_v2").split("70/15/15")
print(f"{len(training[1]):,} training examples, {len(validation[1]):,} validation examples")

# %% [markdown]
# **Your task:** train two heads with `train_with_patience`, patience 3 and at most 30 epochs, the usual learning rate:
#
# - `few_history`: on the **first 40** training examples only;
# - `many_history`: on all of them.
#
# Both use the whole validation part. Two names, so that the second run doesn't overwrite the first.
#
# <details><summary>Hint</summary>
#
# `training` is a pair: `(training[0][:40], training[1][:40])`.
# </details>

# %% solution="two_runs"
### BEGIN SOLUTION
few = (training[0][:40], training[1][:40])
few_history = train_with_patience(few, validation, patience=3, max_epochs=30)
many_history = train_with_patience(training, validation, patience=3, max_epochs=30)
### END SOLUTION

# %% check="two_runs_are_kept" points=2
checks.two_runs_are_kept()
### BEGIN HIDDEN TESTS
hidden.two_runs_are_kept()
### END HIDDEN TESTS

# %%
for name, history in {"40 training examples": few_history, "all training examples": many_history}.items():
    plot_curves(history.history)
    plt.gcf().suptitle(f"{name} ({DATASET}, {backbone.label})")
    plt.show()

# %% [markdown]
# ## Step 8: Rules for a program
#
# Your eyes needed a minute for six runs. A program that tries a thousand settings needs rules. They will be rough:
# where "far better" begins is a matter of judgment, and another course would draw the lines elsewhere. But rules can be
# tested, corrected, and applied to everybody alike.
#
# **Your task:** write `diagnose(run)`.
#
# - `run`: a recorded run of at least two epochs. Losses may be `nan` or `inf`, accuracies never.
# - Returns the **first** of these that applies, as text:
#
# | | diagnosis | applies when |
# |---|---|---|
# | 1 | `"unstable"` | any loss (training or validation) is not a finite number, or the training loss is, in some epoch, more than 1.2 times that of the epoch before |
# | 2 | `"suspicious validation"` | in every epoch, validation accuracy is more than 0.02 above training accuracy |
# | 3 | `"still improving"` | the last validation loss is lower than 0.98 times the one before it, and lower than all others |
# | 4 | `"underfitting"` | the last training accuracy is below 0.75 |
# | 5 | `"overfitting"` | the last training accuracy is more than 0.1 above the last validation accuracy, or the last validation loss is more than 1.1 times the lowest |
# | 6 | `"good fit"` | otherwise |
#
# The order matters. Run C's validation loss is still falling too, but with a leak that means nothing.
#
# <details><summary>Hint</summary>
#
# Make arrays first: `loss = np.array(run["loss"])`. Then `loss[1:]` and `loss[:-1]` hold each epoch and the one before.
# `np.isfinite(...).all()` says whether all are finite. You have written `accuracy_gap` already.
# </details>


# %% solution="diagnose"
def diagnose(run):
    """One of the six diagnoses."""
    ### BEGIN SOLUTION
    loss, val_loss = np.array(run["loss"]), np.array(run["val_loss"])
    gap = accuracy_gap(run)
    if not np.isfinite([loss, val_loss]).all() or (loss[1:] > 1.2 * loss[:-1]).any():
        return "unstable"
    if (gap < -0.02).all():
        return "suspicious validation"
    if val_loss[-1] < 0.98 * val_loss[-2] and val_loss[-1] < val_loss[:-1].min():
        return "still improving"
    if run["accuracy"][-1] < 0.75:
        return "underfitting"
    if gap[-1] > 0.1 or val_loss[-1] > 1.1 * val_loss.min():
        return "overfitting"
    return "good fit"
    ### END SOLUTION


# %% check="runs_are_diagnosed" points=4
checks.runs_are_diagnosed()
### BEGIN HIDDEN TESTS
hidden.runs_are_diagnosed()
### END HIDDEN TESTS

# %% [markdown]
# Eyes and rules, side by side, and what the rules say about your own two runs:

# %%
for name, run in RUNS.items():
    print(f"run {name}: by eye {by_eye[name]!r}, by rule {diagnose(run)!r}")
for name, history in {"40 examples": few_history, "all examples": many_history}.items():
    print(f"{name}: {diagnose(history.history)!r}, best epoch {best_epoch(history.history)}")

# %% [markdown]
# ## What you have built
#
# - A figure of accuracy and loss that can be read without color.
# - Early stopping, first as a rule and then as a callback that hands back the best weights.
# - Two runs of your own, kept apart, from few and from many pictures.
# - A diagnosis that follows written rules, in an order that you can defend.
#
# **A question to think about.** Early stopping looks at the validation part after every epoch and picks the best of
# them. Is the validation accuracy of that epoch a fair estimate of how good the head is on new pictures? If not, in
# which direction is it off, and which part of the data would tell you?
