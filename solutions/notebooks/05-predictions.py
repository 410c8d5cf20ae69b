# %% [markdown]
# # 5. Looking at predictions
#
# [Open it on Colab]({colab}) or [on Binder]({binder}).
#
# **When you have finished, you can**
#
# - turn logits into probabilities, classes and names;
# - show predictions so that right and wrong are seen at a glance, in color and without;
# - say which flowers are taken for which, and which are overlooked;
# - find out whether a network that is "90 % sure" is right 90 % of the time;
# - look at the worst mistakes first.
#
# **Why it matters.** "89 percent" hides everything that you would want to know. Which flowers are confused? Are the
# sure answers right? Is a mistake the network's, or was the picture labeled wrongly? Two networks with the same
# accuracy can differ in all of this, and whoever uses one has to know.
#
# **Time:** about 60 minutes. **Points:** 20. **Before:** notebook 2.

# %% locked="setup"
import subprocess
import sys

if "google.colab" in sys.modules:  # Colab starts without the course's library; elsewhere it is installed already
    print("Installing the course's library from {learners}: about a minute, once for each session.")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "git+{learners}"], check=True)

import flowercourse  # before TensorFlow: it settles that `tf.keras` is Keras 2, which TF Hub's layers need

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import tf_keras as keras

from autograder.checks import predictions as checks
from flowercourse import DATASET, backbones, features, style

keras.utils.set_random_seed(0)  # the same random numbers in every run, so that you can repeat what you saw
style.use_course_style()
backbone = backbones.resolve("mobilenet_v2")
print(f"Data set in use: {DATASET}")
print(f"Backbone in use: {backbone.label}")

# %% [markdown]
# Here is a head, trained as in notebook 2. You will look at what it says about the **validation** part. Many courses
# show predictions on training pictures: there nearly everything is right, because the network has seen the answers. And
# the test part stays closed: you are going to look at single pictures, and whoever has looked at pictures makes
# decisions because of them, consciously or not.

# %% locked="head"
training, validation, test = features.extract("mobilenet_v2").split("70/15/15")
head = keras.Sequential([keras.layers.Input((1280,)), keras.layers.Dense(5)])
head.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
head.fit(*training, epochs=6, batch_size=32, verbose=0)

logits = head.predict(validation[0], verbose=0)  # float32 (n, 5)
labels = np.array(validation[1])  # integers (n,)
print(f"{len(labels)} validation pictures, logits {logits.shape}. The first row: {np.round(logits[0], 1)}")

# %% [markdown]
# ## Step 1: Names for numbers
#
# **Your task:** define `class_names`, the five names in the order of the labels, taken from the data set's description.
#
# A list will do. A NumPy array is handier: `class_names[ids]` with an array of ids gives an array of names, in one go. A
# list can't do that.
#
# <details><summary>Hint</summary>
#
# `tfds.builder(DATASET).info.features["label"].names` is a list of the names. `np.array(...)` makes an array of it.
# </details>

# %% solution="class_names"
### BEGIN SOLUTION
class_names = np.array(tfds.builder(DATASET).info.features["label"].names)
### END SOLUTION

# %% check="names_are_in_order" points=1
checks.names_are_in_order()
### BEGIN HIDDEN TESTS
from solutions.hidden_checks import predictions as hidden

hidden.names_are_in_order()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 2: From logits to probabilities
#
# Logits are scores. *Softmax* makes probabilities of them: $p_i = e^{z_i} / \sum_j e^{z_j}$ for each row $z$ of logits.
#
# There is a trap. A logit of 1,000 is unusual but legal, and $e^{1000}$ is more than a computer's float can hold. A way
# out: subtracting the same number from all logits of a row leaves the probabilities as they are (try it on paper). So
# subtract the row's largest, and no exponent is above 0.
#
# **Your task:** write `probabilities(logits)`.
#
# - `logits`: float array `(n, num_classes)`, any finite values.
# - Returns a float array of the same shape: values from 0 to 1, each row sums to 1. No `nan`, however large the logits
#   are.
#
# ```python
# probabilities(np.array([[0.0, 0.0], [1000.0, 1000.0]]))  # array([[0.5, 0.5], [0.5, 0.5]])
# ```
#
# <details><summary>Hint</summary>
#
# Sums and maxima run along a row, so `axis=1`, and `keepdims=True` keeps the shape `(n, 1)`, which fits under `(n, 5)`.
# `tf.nn.softmax` is welcome too: it knows the trick.
# </details>


# %% solution="probabilities"
def probabilities(logits):
    """The softmax of each row: float array (n, num_classes)."""
    ### BEGIN SOLUTION
    powers = np.exp(logits - np.max(logits, axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
    ### END SOLUTION


# %% check="probabilities_are_right" points=2
checks.probabilities_are_right()
### BEGIN HIDDEN TESTS
hidden.probabilities_are_right()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 3: From logits to answers
#
# The answer is the class with the largest logit. (Softmax keeps the order, so the largest probability is the same
# class.)
#
# **Your task:** write two functions.
#
# - `predict_ids(logits)`: integer array `(n,)`, for each row the id of the largest logit.
# - `names_of(ids, class_names)`: for an integer array `ids` `(n,)` the names, an array of text `(n,)`.
#
# ```python
# predict_ids(np.array([[0.1, 2.0, -1.0], [3.0, 0.0, 0.5]]))                # array([1, 0])
# names_of(np.array([1, 0, 1]), np.array(["dandelion", "daisy", "tulips"]))  # array(['daisy', 'dandelion', 'daisy'])
# ```
#
# <details><summary>Hint</summary>
#
# `np.argmax` needs to know along which axis: each *row* is a picture. The second function is one indexing.
# </details>


# %% solution="predict_ids"
def predict_ids(logits):
    """For each row the id of the largest logit."""
    ### BEGIN SOLUTION
    return np.argmax(logits, axis=1)
    ### END SOLUTION


def names_of(ids, class_names):
    """The names of ids."""
    ### BEGIN SOLUTION
    return np.asarray(class_names)[ids]
    ### END SOLUTION


# %% check="answers_are_found" points=2
checks.answers_are_found()
### BEGIN HIDDEN TESTS
hidden.answers_are_found()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 4: One batch, answer by answer
#
# **Your task:** for the **first 32** validation pictures define
#
# - `first_ids`: the predicted ids, `(32,)`;
# - `first_names`: their names, `(32,)`;
# - `num_right`: an `int`, how many of the 32 are right.
#
# `logits` and `labels` hold all validation pictures, in the same order.
#
# <details><summary>Hint</summary>
#
# `logits[:32]`. Comparing two arrays gives an array of `True` and `False`, and its sum counts the `True`.
# </details>

# %% solution="first_batch"
### BEGIN SOLUTION
first_ids = predict_ids(logits[:32])
first_names = names_of(first_ids, class_names)
num_right = int((first_ids == labels[:32]).sum())
### END SOLUTION

# %% check="first_batch_is_judged" points=2
checks.first_batch_is_judged()
### BEGIN HIDDEN TESTS
hidden.first_batch_is_judged()
### END HIDDEN TESTS

# %%
print("labels:     ", labels[:32])
print("predictions:", first_ids)
print(f"{num_right} of 32 are right")

# %% [markdown]
# ## Step 5: Show them
#
# **Your task:** write `plot_predictions(images, labels, predicted, class_names)`.
#
# - `images`: float array `(n, height, width, 3)`, values from 0 to 1, with `n` from 1 to 30.
# - `labels`, `predicted`: integer arrays `(n,)`. `class_names`: array of names.
# - Returns a Matplotlib figure that shows each picture in axes of its own, in order.
# - Each picture's title names the **predicted** class. Where that is wrong, it names the true class as well, after it.
# - The title is **blue** where the prediction is right and **red** where it is wrong. And because color alone doesn't
#   reach everybody, it holds the sign `✓` (`style.RIGHT_SIGN`) or `✗` (`style.WRONG_SIGN`) too. `style.RIGHT` and
#   `style.WRONG` are a blue and a red that can be read on white.
#
# For example: a blue `✓ daisy`, or a red `✗ roses (tulips)`.
#
# <details><summary>Hint</summary>
#
# `figure, axes = plt.subplots(rows, 6, figsize=(12, 2.2 * rows))`, then a loop over
# `zip(axes.flat, images, labels, predicted)`. For each: `ax.imshow(image)`, `ax.axis("off")` and
# `ax.set_title(text, color=...)`. With `squeeze=False`, `axes` is an array even for a single picture.
# </details>


# %% solution="plot_predictions"
def plot_predictions(images, labels, predicted, class_names):
    """A figure of the pictures, titled with what was predicted: blue and ✓ for right, red and ✗ for wrong."""
    ### BEGIN SOLUTION
    rows = -(-len(images) // 6)
    figure, axes = plt.subplots(rows, 6, figsize=(12, 2.2 * rows), squeeze=False)
    for ax in axes.flat:
        ax.axis("off")
    for ax, image, label, answer in zip(axes.flat, images, labels, predicted, strict=False):
        ax.imshow(image)
        if answer == label:
            ax.set_title(f"{style.RIGHT_SIGN} {class_names[answer]}", color=style.RIGHT, fontsize=10)
        else:
            title = f"{style.WRONG_SIGN} {class_names[answer]} ({class_names[label]})"
            ax.set_title(title, color=style.WRONG, fontsize=10)
    return figure
    ### END SOLUTION


# %% check="predictions_are_shown" points=4
checks.predictions_are_shown()
### BEGIN HIDDEN TESTS
hidden.predictions_are_shown()
### END HIDDEN TESTS

# %% [markdown]
# The first 30 validation pictures and what the head says about them:


# %%
def squeeze(image, label):
    return tf.image.resize(image, (160, 160)) / 255.0


pictures = tfds.load(DATASET, split="train[70%:85%]", as_supervised=True)
first_images = next(pictures.map(squeeze).batch(30).as_numpy_iterator())
plot_predictions(first_images, labels[:30], predict_ids(logits[:30]), class_names)
plt.gcf().suptitle(f"Validation pictures of {DATASET}, {backbone.label}")
plt.show()

# %% [markdown]
# ## Step 6: What is taken for what?
#
# **Your task:** write `confusion_matrix(labels, predicted, num_classes)`.
#
# - `labels`, `predicted`: integer arrays `(n,)`.
# - Returns an integer array `(num_classes, num_classes)`: the entry in **row** `i` and **column** `j` says how many
#   pictures of class `i` were taken for class `j`. So the right answers stand on the diagonal.
#
# ```python
# confusion_matrix(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), 3)
# # array([[1, 1, 0],
# #        [0, 1, 0],
# #        [0, 1, 0]])
# ```
#
# <details><summary>Hint</summary>
#
# Start with `np.zeros((num_classes, num_classes), dtype=int)` and add 1 for each picture, in a loop. `np.add.at` does
# it without one.
# </details>


# %% solution="confusion_matrix"
def confusion_matrix(labels, predicted, num_classes):
    """How often class i (row) was taken for class j (column)."""
    ### BEGIN SOLUTION
    matrix = np.zeros((num_classes, num_classes), dtype=int)
    np.add.at(matrix, (labels, predicted), 1)
    return matrix
    ### END SOLUTION


# %% check="confusions_are_counted" points=2
checks.confusions_are_counted()
### BEGIN HIDDEN TESTS
hidden.confusions_are_counted()
### END HIDDEN TESTS

# %%
matrix = np.array(confusion_matrix(labels, predict_ids(logits), 5))
figure, ax = plt.subplots(figsize=(5, 4.4))
ax.imshow(matrix)
ax.grid(False)
for i in range(5):
    for j in range(5):
        dark = matrix[i, j] > matrix.max() / 2
        ax.text(j, i, matrix[i, j], ha="center", va="center", color="white" if dark else "black")
ax.set_xticks(range(5), class_names, rotation=30, ha="right")
ax.set_yticks(range(5), class_names)
ax.set(xlabel="predicted", ylabel="true class", title=f"{DATASET}, validation part")
plt.show()

# %% [markdown]
# ## Step 7: Which flowers are overlooked?
#
# The *recall* of a class is the share of its pictures that were recognized. Where classes differ in size, accuracy is
# dominated by the large ones, and recall shows what it hides.
#
# **Your task:** write `recall(matrix)`.
#
# - `matrix`: a confusion matrix as in step 6.
# - Returns a float array `(num_classes,)`: the recall of each class, from 0 to 1; `nan` for a class that has no picture
#   at all (nobody knows how well it would be recognized).
#
# ```python
# recall(np.array([[3, 1], [0, 0]]))  # array([0.75,  nan])
# ```
#
# <details><summary>Hint</summary>
#
# `np.diag(matrix)` are the right answers, the sum of a *row* all pictures of that class. Dividing integers 0 by 0 gives
# `nan` and a warning in NumPy; `with np.errstate(invalid="ignore"):` says that you know.
# </details>


# %% solution="recall"
def recall(matrix):
    """Of each class, the share of its pictures that were recognized."""
    ### BEGIN SOLUTION
    with np.errstate(invalid="ignore"):
        return np.diag(matrix) / matrix.sum(axis=1)
    ### END SOLUTION


# %% check="recall_is_right" points=2
checks.recall_is_right()
### BEGIN HIDDEN TESTS
hidden.recall_is_right()
### END HIDDEN TESTS

# %%
for name, share, count in zip(class_names, recall(matrix), matrix.sum(axis=1), strict=True):
    print(f"{name:12} {share:.0%} of {count} pictures recognized")

# %% [markdown]
# ## Step 8: How sure is sure?
#
# The largest probability of a row is the network's *confidence* in its answer. If it says 0.9 for a hundred pictures,
# about ninety of these answers should be right. A network that keeps this promise is *calibrated*. To check it, sort
# the answers into bins by confidence, and compare in each bin the mean confidence with the accuracy.
#
# **Your task:** write `calibration(probs, labels, edges)`.
#
# - `probs`: float array `(n, num_classes)` of probabilities. `labels`: integers `(n,)`.
# - `edges`: increasing float array `(bins + 1,)`. An answer belongs to bin `b` if its confidence is at least `edges[b]`
#   and below `edges[b + 1]`.
# - Returns three arrays `(bins,)`: mean confidence, accuracy and number of answers of each bin. Mean confidence and
#   accuracy of an empty bin are `nan`.
#
# ```python
# probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
# calibration(probs, np.array([0, 0, 0]), np.array([0.5, 0.7, 1.01]))
# # (array([0.6 , 0.85]), array([1. , 0.5]), array([1, 2]))
# ```
#
# <details><summary>Hint</summary>
#
# `confidence = probs.max(axis=1)` and `right = probs.argmax(axis=1) == labels`. For each bin, a mask:
# `inside = (confidence >= low) & (confidence < high)`. Then `confidence[inside].mean()`, unless it is empty.
# </details>


# %% solution="calibration"
def calibration(probs, labels, edges):
    """Mean confidence, accuracy and number of the answers in each bin of confidence."""
    ### BEGIN SOLUTION
    confidence = probs.max(axis=1)
    right = probs.argmax(axis=1) == labels
    rows = []
    for low, high in zip(edges[:-1], edges[1:], strict=True):
        inside = (confidence >= low) & (confidence < high)
        count = inside.sum()
        rows.append((confidence[inside].mean(), right[inside].mean(), count) if count else (np.nan, np.nan, 0))
    means, accuracies, counts = zip(*rows, strict=True)
    return np.array(means), np.array(accuracies), np.array(counts)
    ### END SOLUTION


# %% check="calibration_is_measured" points=3
checks.calibration_is_measured()
### BEGIN HIDDEN TESTS
hidden.calibration_is_measured()
### END HIDDEN TESTS

# %%
probs = np.array(probabilities(logits))  # an array, also where the function returns a tensor
means, accuracies, counts = calibration(probs, labels, np.array([0.2, 0.5, 0.7, 0.8, 0.9, 1.01]))
figure, ax = plt.subplots(figsize=(5, 4))
ax.plot([0, 1], [0, 1], color="gray", linestyle=":", label="calibrated")
ax.plot(means, accuracies, "o-", label="this head")
for mean, accuracy, count in zip(means, accuracies, counts, strict=True):
    if count:
        ax.annotate(f"{count} pictures", (mean, accuracy), textcoords="offset points", xytext=(6, -12), fontsize=9)
ax.set(xlabel="confidence", ylabel="accuracy", title="Does the head keep its promises?")
ax.legend()
plt.show()

# %% [markdown]
# Below the dotted line the head is surer than it should be, above it more modest than necessary. Mind the numbers
# beside the points: a bin of ten pictures says little.
#
# ## Step 9: The worst mistakes
#
# The most instructive pictures are those of which the network was sure, and wrong. Some show what it has misunderstood,
# some are hard for anybody, and some are labeled wrongly.
#
# **Your task:** write `worst_mistakes(probs, labels, count)`.
#
# - `probs`: float array `(n, num_classes)`. `labels`: integers `(n,)`. `count`: `int`.
# - Returns an integer array of the positions (0 to n - 1) of the wrong answers with the highest confidence, the surest
#   first: `count` of them, or all wrong answers where there are fewer.
#
# ```python
# probs = np.array([[0.9, 0.1], [0.3, 0.7], [0.05, 0.95], [0.4, 0.6]])
# worst_mistakes(probs, np.array([1, 0, 1, 1]), 5)  # array([0, 1])
# ```
#
# <details><summary>Hint</summary>
#
# `wrong = np.flatnonzero(...)` gives the positions of the mistakes. `np.argsort` sorts from small to large; the minus
# sign turns it around. It sorts positions *within* `wrong`, so one more indexing is needed.
# </details>


# %% solution="worst_mistakes"
def worst_mistakes(probs, labels, count):
    """Positions of the wrong answers with the highest confidence, the surest first."""
    ### BEGIN SOLUTION
    wrong = np.flatnonzero(probs.argmax(axis=1) != labels)
    order = np.argsort(-probs[wrong].max(axis=1))
    return wrong[order[:count]]
    ### END SOLUTION


# %% check="worst_mistakes_are_found" points=2
checks.worst_mistakes_are_found()
### BEGIN HIDDEN TESTS
hidden.worst_mistakes_are_found()
### END HIDDEN TESTS

# %%
worst = worst_mistakes(probs, labels, 6)
if len(worst):
    all_images = np.concatenate(list(pictures.map(squeeze).batch(64).as_numpy_iterator()))
    plot_predictions(all_images[worst], labels[worst], predict_ids(logits[worst]), class_names)
    plt.gcf().suptitle(f"The surest mistakes on {DATASET}")
    plt.show()

# %% [markdown]
# ## What you have built
#
# - Probabilities that survive large logits, answers, and their names.
# - A grid that shows right and wrong in color and without.
# - A confusion matrix with a recall for each class, and a check whether confidence can be trusted.
# - The mistakes worth looking at, in the order in which they are worth it.
#
# **A question to think about.** Suppose someone uses your classifier to decide which plants to pull out of a garden,
# and dandelions go. Which entries of the confusion matrix would matter most to the gardener? How would you change the
# rule "the largest probability wins" for her?
