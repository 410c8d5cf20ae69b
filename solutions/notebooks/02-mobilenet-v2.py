# %% [markdown]
# # 2. Transfer learning with MobileNet V2
#
# [Open it on Colab]({colab}) or [on Binder]({binder}).
#
# **When you have finished, you can**
#
# - put photographs through a pretrained network and get features out;
# - say how many numbers a layer learns before you build it;
# - train a new last layer, a *head*, on features that are computed only once;
# - join backbone and head to a model that goes from pixels to classes, and say how good it is.
#
# **Why it matters.** A network that recognizes things in photographs has millions of numbers to learn, and a few
# thousand flowers are far too few to learn them from. But most of what such a network learns (edges, textures, petals,
# fur) is useful for other pictures too. *Transfer learning* keeps that part, frozen, and trains a small new part on
# top. What is left to train then takes seconds on a laptop.
#
# **Time:** about 60 minutes. **Points:** 20. **Before:** notebook 1.

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

from autograder.checks import mobilenet_v2 as checks
from flowercourse import DATASET, backbones, features, style

keras.utils.set_random_seed(0)  # the same random numbers in every run, so that you can repeat what you saw
style.use_course_style()
backbone = backbones.resolve("mobilenet_v2")
print(f"Data set in use: {DATASET}")
print(f"Backbone in use: {backbone.label}")

# %% [markdown]
# ## The plan
#
# **MobileNet V2** was made at Google in 2018 to run on telephones. Its weights come from ImageNet: over a million
# photographs of 1,000 classes. Does that mean it has learned your flowers already? Of the five, only *daisy* is among
# the 1,000 classes. Dandelions, roses, sunflowers and tulips it has to tell apart by features that it learned for other
# things. (The line above says which weights are in use here, and whether they are trained.)
#
# You use it without its own last layer:
#
# | | shape |
# |---|---|
# | a batch of pictures | `(batch, 224, 224, 3)`, values from 0 to 1 |
# | → **backbone** (frozen: 2,257,984 parameters that stay as they are) | |
# | features | `(batch, 1280)` |
# | → **head** (new: one dense layer that learns) | |
# | logits: one score for each class | `(batch, 5)` |

# %% [markdown]
# ## Step 1: Bring your preprocessing along
#
# **Your task:** load the data set `DATASET` again and define
#
# - `first_images`: the first 32 pictures of the validation part (that is, from 70 to 85 percent of `train`), in their
#   order, as `float32` `(32, 224, 224, 3)` with values from 0 to 1;
# - `first_labels`: their labels, integers, `(32,)`;
# - `class_names` and `num_classes` as in notebook 1.
#
# Copy what you need from notebook 1. Arrays and tensors are both welcome.
#
# <details><summary>Hint</summary>
#
# `tfds.load(..., split="train[70%:85%]")`, then `map` with your `resize_and_scale`, then `batch(32)`. The first batch
# of a data set is `next(iter(dataset))`.
# </details>


# %% solution="first_batch"
### BEGIN SOLUTION
def resize_and_scale(image, label):
    resized = tf.image.resize(image, [224, 224])
    return resized / 255.0, label


validation_set, info = tfds.load(DATASET, split="train[70%:85%]", as_supervised=True, with_info=True)
class_names = info.features["label"].names
num_classes = len(class_names)
first_images, first_labels = next(iter(validation_set.map(resize_and_scale).batch(32)))
### END SOLUTION

# %% check="first_batch_is_prepared" points=1
checks.first_batch_is_prepared()
### BEGIN HIDDEN TESTS
from solutions.hidden_checks import mobilenet_v2 as hidden

hidden.first_batch_is_prepared()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 2: The backbone as a layer
#
# TensorFlow Hub makes a saved network into a Keras layer. `flowercourse.handle("mobilenet_v2")` says where the saved
# network is: on the web, or already on this machine.
#
# **Your task:** define
#
# - `feature_extractor`: a `hub.KerasLayer` of that handle for pictures of shape `(224, 224, 3)`. It must be *frozen*:
#   its numbers stay as they are, whatever is trained on top;
# - `first_features`: what it makes of `first_images`, `float32` `(32, 1280)`.
#
# <details><summary>Hint</summary>
#
# `hub.KerasLayer(handle, input_shape=..., trainable=...)`. A layer is called like a function: `layer(images)`.
# </details>

# %% solution="feature_extractor"
### BEGIN SOLUTION
feature_extractor = hub.KerasLayer(flowercourse.handle("mobilenet_v2"), input_shape=(224, 224, 3), trainable=False)
first_features = feature_extractor(first_images).numpy()
### END SOLUTION

# %% check="features_are_extracted" points=2
checks.features_are_extracted()
### BEGIN HIDDEN TESTS
hidden.features_are_extracted()
### END HIDDEN TESTS

# %% [markdown]
# Every row describes one picture in 1,280 numbers. What a single one of them stands for is hard to say. Together they
# place similar pictures close to one another. Here are the first 200 numbers of the first eight pictures:

# %%
figure, ax = plt.subplots(figsize=(10, 2.4))
ax.imshow(first_features[:8, :200], aspect="auto", cmap="viridis", interpolation="nearest")
ax.set(xlabel="feature", title=f"Features of eight pictures ({backbone.label})")
ax.set_yticks(range(8), [class_names[int(label)] for label in first_labels[:8]])
plt.show()

# %% [markdown]
# ## Step 3: Count before you build
#
# A dense layer multiplies its inputs with a matrix (one weight for each pair of input and output) and adds a bias for
# each output.
#
# **Your task:** write `dense_parameters(inputs, outputs)`.
#
# - `inputs`, `outputs`: how many numbers go in and come out, both `int`.
# - Returns an `int`: how many parameters the layer has.
#
# ```python
# dense_parameters(3, 2)  # 8
# ```
#
# <details><summary>Hint</summary>
#
# Three inputs and two outputs: a 3 x 2 matrix, and two biases.
# </details>


# %% solution="dense_parameters"
def dense_parameters(inputs, outputs):
    """How many parameters a dense layer has."""
    ### BEGIN SOLUTION
    return inputs * outputs + outputs
    ### END SOLUTION


# %% check="parameters_are_predicted" points=1
checks.parameters_are_predicted()
### BEGIN HIDDEN TESTS
hidden.parameters_are_predicted()
### END HIDDEN TESTS

# %%
print(f"The head for {num_classes} classes will have {dense_parameters(1280, num_classes):,} parameters.")

# %% [markdown]
# ## Step 4: A head that gives logits
#
# The head is a single dense layer with one output for each class. It has **no activation**: its outputs are *logits*,
# plain scores that may be negative and sum to nothing in particular. The largest one is the answer. Turning them into
# probabilities (softmax) is left to the loss, which can do it with fewer rounding errors. `from_logits=True` tells the
# loss to do it. A mistake easily made is to do both: softmax in the model *and* `from_logits=True`. It raises no
# error. Where the softmax is the last step of the model, Keras finds it, warns, and trains as it should. But the model
# then puts out probabilities. Whoever takes them for logits and applies softmax again gets wrong ones.
#
# **Your task:** write `build_head(num_features, num_classes)`.
#
# - Returns a compiled Keras model from features `(batch, num_features)` to logits `(batch, num_classes)` with a single
#   dense layer: no activation, no further layers with parameters.
# - Compiled with the optimizer Adam (its usual learning rate of 0.001), the loss *sparse categorical cross-entropy*
#   from logits (sparse: the labels are numbers, not one-hot rows), and the metric `"accuracy"`.
#
# Then define `head`, a head for the 1,280 features and your `num_classes`.
#
# <details><summary>Hint</summary>
#
# `keras.Sequential([keras.layers.Input((num_features,)), keras.layers.Dense(...)])`, then `.compile(optimizer=...,
# loss=keras.losses.SparseCategoricalCrossentropy(...), metrics=[...])`. A function has to `return` its result.
# </details>


# %% solution="build_head"
def build_head(num_features, num_classes):
    """A compiled model of one dense layer, from features to logits."""
    ### BEGIN SOLUTION
    model = keras.Sequential([keras.layers.Input((num_features,)), keras.layers.Dense(num_classes)])
    model.compile(
        optimizer="adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"]
    )
    return model
    ### END SOLUTION


### BEGIN SOLUTION
head = build_head(1280, num_classes)
### END SOLUTION

# %% check="head_gives_logits" points=2
checks.head_gives_logits()
### BEGIN HIDDEN TESTS
hidden.head_gives_logits()
### END HIDDEN TESTS

# %% check="head_is_compiled" points=2
checks.head_is_compiled()
### BEGIN HIDDEN TESTS
hidden.head_is_compiled()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 5: Features once, heads many times
#
# The backbone is frozen. So the features of a picture are the same in every epoch, and computing them once is enough.
# How much does that save? Measure what your machine needs for one batch. (The first call, in step 2, took longer:
# TensorFlow prepared itself.)

# %%
started = time.perf_counter()
feature_extractor(first_images)
seconds_per_image = (time.perf_counter() - started) / 32
minutes = seconds_per_image * 3670 / 60
print(
    f"The backbone needs {1000 * seconds_per_image:.1f} ms for a picture: {minutes:.1f} minutes for all of tf_flowers."
)
print(f"In the training loop, six epochs would take {6 * minutes:.1f} minutes, and every new idea as much again.")

# %% [markdown]
# `features.extract` goes through the whole data set once and keeps the result in a file. The next time, and in the next
# notebook, it is there at once.

# %% locked="features"
dataset_features = features.extract("mobilenet_v2")
print(f"{dataset_features.x.shape[0]:,} pictures with {dataset_features.x.shape[1]:,} features each")

# %% [markdown]
# `dataset_features.x` holds the features `float32` `(n, 1280)` of all pictures in the order of the data set, and
# `dataset_features.y` their labels `(n,)`. The method `dataset_features.split("70/15/15")` cuts them just as TFDS cuts
# the pictures, and returns three pairs `(x, y)`.
#
# **Your task:** define `x_train`, `y_train`, `x_validation`, `y_validation`, `x_test` and `y_test`.
#
# <details><summary>Hint</summary>
#
# Python unpacks nested pairs at once: `(a, b), (c, d), (e, f) = ...`
# </details>

# %% solution="split_features"
### BEGIN SOLUTION
(x_train, y_train), (x_validation, y_validation), (x_test, y_test) = dataset_features.split("70/15/15")
### END SOLUTION

# %% check="features_are_split" points=1
checks.features_are_split()
### BEGIN HIDDEN TESTS
hidden.features_are_split()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 6: Train the head
#
# **Your task:** train `head` for **6 epochs** on the training part, in batches of 32, with the validation part as
# validation data. Keep what `fit` returns as `history`.
#
# If you run the cell again, the head goes on learning from where it was, and `history` covers the last six epochs only.
# For a fresh start run the cell that builds the head first.
#
# The features are public: a head that was fitted elsewhere earns these points as well, if it has seen the training part
# only. What is learned here is the fitting.
#
# <details><summary>Hint</summary>
#
# `head.fit(x_train, y_train, epochs=..., batch_size=..., validation_data=(..., ...))`. With `verbose=2` it prints one
# line for each epoch.
# </details>

# %% solution="train"
### BEGIN SOLUTION
history = head.fit(x_train, y_train, epochs=6, batch_size=32, validation_data=(x_validation, y_validation), verbose=2)
### END SOLUTION

# %% check="head_has_learned" points=3
checks.head_has_learned()
### BEGIN HIDDEN TESTS
hidden.head_has_learned()
### END HIDDEN TESTS

# %% check="history_belongs_to_head" points=2
checks.history_belongs_to_head()
### BEGIN HIDDEN TESTS
hidden.history_belongs_to_head()
### END HIDDEN TESTS

# %% [markdown]
# Six epochs, in a small part of the time that the backbone needs for all pictures once. The lazy classifier of
# notebook 1 is the line to beat:

# %%
lazy_accuracy = np.bincount(y_train).max() / len(y_train)
recorded = getattr(history, "history", history)  # the dictionary in it, or the dictionary itself
print(f"always the same answer: {lazy_accuracy:.1%}   your head on validation: {recorded['val_accuracy'][-1]:.1%}")

# %% [markdown]
# ## Step 7: From pixels to logits
#
# The head knows features only. Users have photographs.
#
# **Your task:** define
#
# - `model`: a Keras model from pictures `(batch, 224, 224, 3)` to logits, made of `feature_extractor` and the trained
#   `head`, in this order;
# - `first_logits`: what it says about `first_images`, `(32, num_classes)`;
# - `num_trainable` and `num_frozen`: how many of its parameters learn and how many don't, both `int`.
#
# Look at `model.summary()`: the two numbers are at its end, and the first should look familiar.
#
# <details><summary>Hint</summary>
#
# `keras.Sequential([..., ...])` takes layers and whole models alike. `model.trainable_weights` and
# `model.non_trainable_weights` are lists of arrays, and `np.prod(w.shape)` is the number of entries of one.
# </details>

# %% solution="assemble"
### BEGIN SOLUTION
model = keras.Sequential([feature_extractor, head])
model.summary()
first_logits = model.predict(first_images, verbose=0)
num_trainable = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
num_frozen = sum(int(np.prod(weight.shape)) for weight in model.non_trainable_weights)
### END SOLUTION

# %% check="model_is_assembled" points=2
checks.model_is_assembled()
### BEGIN HIDDEN TESTS
hidden.model_is_assembled()
### END HIDDEN TESTS

# %% check="parameters_are_counted" points=2
checks.parameters_are_counted()
### BEGIN HIDDEN TESTS
hidden.parameters_are_counted()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 8: The test part, once
#
# All decisions are made. Now, and only now, look at the test part.
#
# **Your task:** define `test_loss` and `test_accuracy`, both `float`: loss and accuracy (from 0 to 1) of the trained
# head on the test part.
#
# <details><summary>Hint</summary>
#
# `head.evaluate(x, y, verbose=0)` returns the loss and the metrics, in this order.
# </details>

# %% solution="test"
### BEGIN SOLUTION
test_loss, test_accuracy = head.evaluate(x_test, y_test, verbose=0)
### END SOLUTION

# %% check="accuracy_is_tested" points=2
checks.accuracy_is_tested()
### BEGIN HIDDEN TESTS
hidden.accuracy_is_tested()
### END HIDDEN TESTS

# %%
print(f"{DATASET}, {backbone.label}: test accuracy {test_accuracy:.1%} on {len(y_test)} pictures")

# %% [markdown]
# ## What you have built
#
# - A frozen backbone that turns a picture into 1,280 numbers.
# - A head of a few thousand parameters, trained in seconds on features that were computed once.
# - A model from pixels to logits, and its accuracy on pictures that no decision has touched.
#
# **A question to think about.** The test accuracy comes from a few hundred pictures. If you had drawn other pictures
# for the test part, how different could it be? (Notebook 3 gives an answer. Guess first.)
