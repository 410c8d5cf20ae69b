# %% [markdown]
# # 3. Inception V3, and an honest comparison
#
# [Open it on Colab]({colab}) or [on Binder]({binder}).
#
# **When you have finished, you can**
#
# - use another backbone with another input size, without a copy of your code;
# - train two heads by the same recipe and keep their records apart;
# - say how sure an accuracy is, with a confidence interval;
# - compare two models on the same pictures, and say "the data don't tell" when they don't.
#
# **Why it matters.** "Model B has 90.8 percent, model A has 89.9: take B." Sentences like this one decide what is built
# and bought. Often the difference would have gone the other way with other test pictures. And accuracy is one side
# only: the larger model costs memory and time, in every use, for as long as it is used.
#
# **Time:** about 75 minutes. **Points:** 20. **Before:** notebooks 1 and 2.

# %% locked="setup"
import subprocess
import sys

if "google.colab" in sys.modules:  # Colab starts without the course's library; elsewhere it is installed already
    print("Installing the course's library from {learners}: about a minute, once for each session.")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "git+{learners}"], check=True)

import flowercourse  # before TensorFlow: it settles that `tf.keras` is Keras 2, which TF Hub's layers need

import time

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import tensorflow_hub as hub
import tf_keras as keras

from autograder.checks import inception_v3 as checks
from flowercourse import DATASET, backbones, features, style
from flowercourse.paired import mcnemar

keras.utils.set_random_seed(0)  # the same random numbers in every run, so that you can repeat what you saw
style.use_course_style()
inception = backbones.resolve("inception_v3", untrained=True)  # untrained weights where there are no others
mobilenet = backbones.resolve("mobilenet_v2", untrained=True)
print(f"Data set in use: {DATASET}")
print(f"Backbones in use: {mobilenet.label}; {inception.label}")

# %% [markdown]
# Does the last line say **untrained**? Then this machine could not get trained weights for that network, and uses
# random ones of the same shape. All steps work as they would with trained ones, and your points don't depend on it. But
# the accuracies then say nothing about how good the network is once it is trained: with internet access, run the
# notebook again and compare.
#
# ## The candidates
#
# | | MobileNet V2 (2018) | Inception V3 (2016) |
# |---|---|---|
# | made for | telephones | accuracy |
# | pictures | 224 x 224 | **299 x 299** |
# | features | 1,280 | 2,048 |
# | parameters | 2,257,984 | 21,802,784 |
#
# Both take pixel values from 0 to 1.

# %% [markdown]
# ## Step 1: One function for every size
#
# A mistake easily made with Inception V3 is to feed it 224 x 224 pixels. Instead of a second function, give yours a
# parameter.
#
# **Your task:** write `resize_and_scale(image, label, size)`.
#
# - `image`: `uint8` `(height, width, 3)`, values from 0 to 255. `label`: a whole number. `size`: height and width of
#   the result in pixels.
# - Returns the pair `(image, label)`: the whole picture as `float32` `(size, size, 3)` with values from 0 to 1, and the
#   label unchanged.
#
# <details><summary>Hint</summary>
#
# Notebook 1's function, with `size` instead of 224. In `dataset.map` a function with a third argument needs a little
# wrapping: `dataset.map(lambda image, label: resize_and_scale(image, label, 299))`.
# </details>


# %% solution="resize_and_scale"
def resize_and_scale(image, label, size):
    """The picture as float32 (size, size, 3) with values in [0, 1], and its label."""
    ### BEGIN SOLUTION
    resized = tf.image.resize(image, [size, size])
    return resized / 255.0, label
    ### END SOLUTION


# %% check="any_size_is_possible" points=1
checks.any_size_is_possible()
### BEGIN HIDDEN TESTS
from solutions.hidden_checks import inception_v3 as hidden

hidden.any_size_is_possible()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 2: Inception V3's features
#
# **Your task:** define
#
# - `inception_layer`: a frozen `hub.KerasLayer` of the handle `inception.handle` for pictures of shape `(299, 299, 3)`;
# - `first_features`: what it makes of the first 8 pictures of the validation part (`"train[70%:85%]"`), prepared with
#   your `resize_and_scale`: `float32` `(8, 2048)`.
#
# <details><summary>Hint</summary>
#
# Load the part with `tfds.load(..., as_supervised=True)`, then `take`, `map` and `batch`. The first batch of a data set
# is `next(iter(dataset))`.
# </details>

# %% solution="inception_features"
### BEGIN SOLUTION
inception_layer = hub.KerasLayer(inception.handle, input_shape=(299, 299, 3), trainable=False)
validation_set = tfds.load(DATASET, split="train[70%:85%]", as_supervised=True)
first_images, first_labels = next(
    iter(validation_set.take(8).map(lambda image, label: resize_and_scale(image, label, 299)).batch(8))
)
first_features = inception_layer(first_images).numpy()
### END SOLUTION

# %% check="inception_features_are_extracted" points=2
checks.inception_features_are_extracted()
### BEGIN HIDDEN TESTS
hidden.inception_features_are_extracted()
### END HIDDEN TESTS

# %% [markdown]
# The features of all pictures, for both backbones. (Where they have not been computed before, this takes some minutes.)

# %% locked="features"
mobilenet_features = features.extract("mobilenet_v2", untrained=True)
inception_features = features.extract("inception_v3", untrained=True)
print("MobileNet V2", mobilenet_features.x.shape, "  Inception V3", inception_features.x.shape)

# %% [markdown]
# ## Step 3: Two heads, one recipe
#
# A comparison is fair when everything but the one thing compared is the same: the same pictures in each part, the same
# number of epochs, the same optimizer, the same batch size. So write the recipe once.
#
# **Your task:** write a function that takes features and trains a head on them, and use it twice. Its name and
# parameters are yours to choose. In the end there are
#
# - `mobilenet_head` and `inception_head`: Keras models of a single dense layer, from features to logits (no
#   activation), trained on the training part for **6 epochs** with Adam (its usual learning rate), batches of 32, a loss
#   from logits and the metric `"accuracy"`;
# - `mobilenet_history` and `inception_history`: what `fit` returned for each, with the validation part as validation
#   data.
#
# A small trap: two trainings, one variable called `history`, and the second run overwrites the first. Then both curves
# in the figure are Inception's.
#
# The features are public: a head that was fitted elsewhere earns these points as well, if it has seen the training part
# only. What is learned here is the fitting.
#
# <details><summary>Hint</summary>
#
# `features.split("70/15/15")` gives three pairs `(x, y)`: training, validation, test. Let the function build, compile
# and fit the head as in notebook 2, and `return head, history`. The number of features is `x.shape[1]`.
# </details>


# %% solution="train_heads"
### BEGIN SOLUTION
def train_head(dataset_features, num_classes=5):
    (x_train, y_train), validation, _ = dataset_features.split("70/15/15")
    keras.utils.set_random_seed(0)
    head = keras.Sequential([keras.layers.Input((x_train.shape[1],)), keras.layers.Dense(num_classes)])
    head.compile(
        optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    history = head.fit(x_train, y_train, epochs=6, batch_size=32, validation_data=validation, verbose=0)
    return head, history


mobilenet_head, mobilenet_history = train_head(mobilenet_features)
inception_head, inception_history = train_head(inception_features)
### END SOLUTION

# %% check="both_heads_have_learned" points=3
checks.both_heads_have_learned()
### BEGIN HIDDEN TESTS
hidden.both_heads_have_learned()
### END HIDDEN TESTS

# %% check="histories_are_kept_apart" points=2
checks.histories_are_kept_apart()
### BEGIN HIDDEN TESTS
hidden.histories_are_kept_apart()
### END HIDDEN TESTS

# %%
figure, ax = plt.subplots(figsize=(6, 3))
for history, sign, name in [(mobilenet_history, "o-", mobilenet.label), (inception_history, "s--", inception.label)]:
    recorded = getattr(history, "history", history)  # the dictionary in it, or the dictionary itself
    ax.plot(range(1, 7), recorded["val_accuracy"], sign, label=name)
ax.set(xlabel="epoch", ylabel="validation accuracy", title=DATASET)
ax.legend(loc="upper left", bbox_to_anchor=(0, -0.2))
plt.show()

# %% [markdown]
# ## Step 4: Two predictions for each test picture
#
# **Your task:** define
#
# - `mobilenet_predictions` and `inception_predictions`: the class that each model predicts for every picture of the
#   test part, integer arrays `(n,)`;
# - `test_labels`: the right answers, integer array `(n,)`.
#
# In notebook 2 you looked at the test part once, so this is a second look. What does it cost? Nothing was tuned by the
# first, so the comparison below is fair. But whoever picks the model that does better here picks its luck as well: the
# winner's accuracy is then a little too high for what comes after. Fresh pictures would give it without that luck.
#
# <details><summary>Hint</summary>
#
# The test part is the third pair of `split`. A head's logits have one row for each picture and one column for each
# class: the predicted class is the column with the largest value, `np.argmax(..., axis=...)`.
# </details>

# %% solution="predict"
### BEGIN SOLUTION
_, _, (mobilenet_x_test, test_labels) = mobilenet_features.split("70/15/15")
_, _, (inception_x_test, _) = inception_features.split("70/15/15")
mobilenet_predictions = np.argmax(mobilenet_head.predict(mobilenet_x_test, verbose=0), axis=1)
inception_predictions = np.argmax(inception_head.predict(inception_x_test, verbose=0), axis=1)
### END SOLUTION

# %% check="classes_are_predicted" points=2
checks.classes_are_predicted()
### BEGIN HIDDEN TESTS
hidden.classes_are_predicted()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 5: How sure is an accuracy?
#
# Nine right of ten is 90 percent, and so is 900 of 1,000. But after the first you know much less. A **confidence
# interval** says how much: it is made so that, in 95 of 100 repetitions with new pictures, it covers the accuracy that
# you would measure on infinitely many.
#
# The textbook formula `p ± 1.96 * sqrt(p * (1 - p) / n)` fails where it matters: after 20 right of 20 it claims an
# accuracy of exactly 100 percent, with no doubt at all. **Wilson's interval** doesn't. With $p$ the fraction that is
# right, $n$ the number of pictures and $z = 1.96$:
#
# $$\frac{p + \frac{z^2}{2n} \;\pm\; z\,\sqrt{\frac{p(1-p)}{n} + \frac{z^2}{4n^2}}}{1 + \frac{z^2}{n}}$$
#
# **Your task:** write `wilson_interval(correct, total)`.
#
# - `correct`, `total`: how many pictures were right, and how many there were; `0 <= correct <= total`, `total` at least
#   1.
# - Returns a pair `(low, high)` of `float` from 0 to 1. Don't round them.
#
# ```python
# wilson_interval(9, 10)      # about (0.596, 0.982)
# wilson_interval(900, 1000)  # about (0.880, 0.917)
# wilson_interval(20, 20)     # about (0.839, 1.0)
# ```
#
# <details><summary>Hint</summary>
#
# Compute the middle, the half width and the denominator in three lines, and mind the brackets: the denominator divides
# everything.
# </details>


# %% solution="wilson_interval"
def wilson_interval(correct, total):
    """The 95 % confidence interval (low, high) of an accuracy, after Wilson (1927)."""
    ### BEGIN SOLUTION
    z, p = 1.96, correct / total
    middle = p + z**2 / (2 * total)
    half_width = z * (p * (1 - p) / total + z**2 / (4 * total**2)) ** 0.5
    denominator = 1 + z**2 / total
    return (middle - half_width) / denominator, (middle + half_width) / denominator
    ### END SOLUTION


# %% check="interval_is_wilsons" points=3
checks.interval_is_wilsons()
### BEGIN HIDDEN TESTS
hidden.interval_is_wilsons()
### END HIDDEN TESTS

# %%
for name, predictions in [(mobilenet.label, mobilenet_predictions), (inception.label, inception_predictions)]:
    right = int(np.sum(predictions == test_labels))
    low, high = wilson_interval(right, len(test_labels))
    print(f"{name}: {right} of {len(test_labels)} right, {right / len(test_labels):.1%} ({low:.1%} to {high:.1%})")

# %% [markdown]
# ## Step 6: The same pictures for both
#
# Two intervals that overlap prove nothing: both models saw the *same* pictures, and they mostly stumble over the same
# difficult ones. Pictures that both get right, or both wrong, don't say which model is better. The others do: those that
# only the first model gets right, and those that only the second does.
#
# **Your task:** write `compare_on_same_pictures(first, second, labels)`.
#
# - `first`, `second`, `labels`: integer arrays `(n,)`: the two models' predictions and the right answers.
# - Returns a pair `(only_first, only_second)` of `int`: how many pictures only the first model gets right, and how many
#   only the second.
#
# ```python
# compare_on_same_pictures(np.array([0, 1, 2, 3]), np.array([0, 1, 1, 1]), np.array([0, 1, 2, 2]))  # (1, 0)
# ```
#
# <details><summary>Hint</summary>
#
# `first == labels` is an array of `bool`. `&` is "and", `~` is "not", and the sum counts the `True`.
# </details>


# %% solution="compare"
def compare_on_same_pictures(first, second, labels):
    """How many pictures only `first` gets right, and how many only `second`."""
    ### BEGIN SOLUTION
    first_right, second_right = first == labels, second == labels
    return int(np.sum(first_right & ~second_right)), int(np.sum(second_right & ~first_right))
    ### END SOLUTION


# %% check="same_pictures_are_compared" points=2
checks.same_pictures_are_compared()
### BEGIN HIDDEN TESTS
hidden.same_pictures_are_compared()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 7: A verdict that may be "don't know"
#
# If both models were equally good, each of these pictures would be the toss of a fair coin. **McNemar's test** says how
# often fair coins fall at least as unevenly: that is its p-value. `mcnemar(only_first, only_second)` computes it. 10
# against 2 has p = 0.039. 4 against 0 has p = 0.125: when four coins are thrown, all show the same side in one of eight
# cases.
#
# The rule: the models differ where p is **below 0.05**. Decide on the rule *before* you see the numbers; afterwards it
# is too tempting to find a reason.
#
# **Your task:** write `verdict(only_first, only_second)`.
#
# - `only_first`, `only_second`: the two counts of step 6.
# - Returns `"first"` where p is below 0.05 and the first model is right more often, `"second"` where p is below 0.05 and
#   the second is, and `"no clear difference"` otherwise.
#
# Then define `conclusion`, the verdict on your two models, MobileNet V2 being the first and Inception V3 the second.
#
# ```python
# verdict(10, 2)   # 'first'
# verdict(0, 4)    # 'no clear difference'
# ```
#
# <details><summary>Hint</summary>
#
# `mcnemar(2, 10)` and `mcnemar(10, 2)` are the same number. Which model is better, the two counts say.
# </details>


# %% solution="verdict"
def verdict(only_first, only_second):
    """'first', 'second' or 'no clear difference'."""
    ### BEGIN SOLUTION
    if mcnemar(only_first, only_second) >= 0.05:
        return "no clear difference"
    return "first" if only_first > only_second else "second"
    ### END SOLUTION


### BEGIN SOLUTION
conclusion = verdict(*compare_on_same_pictures(mobilenet_predictions, inception_predictions, test_labels))
### END SOLUTION

# %% check="verdict_knows_doubt" points=2
checks.verdict_knows_doubt()
### BEGIN HIDDEN TESTS
hidden.verdict_knows_doubt()
### END HIDDEN TESTS

# %% check="conclusion_follows_from_predictions" points=1
checks.conclusion_follows_from_predictions()
### BEGIN HIDDEN TESTS
hidden.conclusion_follows_from_predictions()
### END HIDDEN TESTS

# %%
only_first, only_second = compare_on_same_pictures(mobilenet_predictions, inception_predictions, test_labels)
print(
    f"{DATASET}: only {mobilenet.label} right on {only_first}, only {inception.label} right on {only_second} pictures"
)
print(f"p = {mcnemar(only_first, only_second):.2g}: {conclusion}")
if not (mobilenet.trained and inception.trained):
    print("Weights that were never trained are among them: the verdict says nothing about the two architectures.")

# %% [markdown]
# ## Step 8: What it costs
#
# Every parameter is a `float32` of 4 bytes. And a convolution slides over every pixel, so twice the pixels mean about
# twice the work in the same network.
#
# **Your task:** write two functions.
#
# `megabytes(parameters)`
#
# - `parameters`: how many parameters a network has, `int`.
# - Returns the memory that they need as `float`, in megabytes (1 megabyte = 1,000,000 bytes).
#
# `times_the_pixels(size, other_size)`
#
# - `size`, `other_size`: heights (= widths) of two square pictures in pixels, `int`.
# - Returns how many times as many pixels the first picture has, a `float`.
#
# ```python
# megabytes(2_257_984)        # 9.031936
# times_the_pixels(200, 100)  # 4.0
# ```
#
# <details><summary>Hint</summary>
#
# A square picture of twice the height has four times the pixels.
# </details>


# %% solution="cost"
def megabytes(parameters):
    """Memory of `parameters` float32 numbers, in megabytes."""
    ### BEGIN SOLUTION
    return parameters * 4 / 1_000_000
    ### END SOLUTION


def times_the_pixels(size, other_size):
    """How many times as many pixels a square picture of height `size` has as one of height `other_size`."""
    ### BEGIN SOLUTION
    return (size / other_size) ** 2
    ### END SOLUTION


# %% check="cost_is_known" points=2
checks.cost_is_known()
### BEGIN HIDDEN TESTS
hidden.cost_is_known()
### END HIDDEN TESTS

# %% [markdown]
# The time depends on the machine. Here is yours:

# %%
mobilenet_layer = hub.KerasLayer(mobilenet.handle, input_shape=(224, 224, 3), trainable=False)
for name, layer, spec in [
    ("MobileNet V2", mobilenet_layer, mobilenet.spec),
    ("Inception V3", inception_layer, inception.spec),
]:
    pictures = tf.zeros((4, spec.image_size, spec.image_size, 3))
    layer(pictures)  # the first call is slower: TensorFlow prepares itself
    started = time.perf_counter()
    layer(pictures)
    milliseconds = 1000 * (time.perf_counter() - started) / 4
    print(f"{name}: {megabytes(spec.parameters):5.1f} MB, {milliseconds:5.1f} ms for a picture")

# %% [markdown]
# ## What you have built
#
# - One preprocessing function and one recipe for any backbone.
# - Accuracies with intervals, on pictures that no training has touched.
# - A comparison on the same pictures, with a verdict whose rule was fixed beforehand.
# - The cost of each model, to put beside its accuracy.
#
# With trained weights on `tf_flowers`, expect the two backbones to be close. If a test part of this size cannot separate
# them, that is a result, not a failure: the choice may then be made by cost.
#
# **A question to think about.** How many test pictures would you need to see a true difference of one percentage point?
# An interval's width shrinks with $\sqrt{n}$. Where could that many pictures come from?
