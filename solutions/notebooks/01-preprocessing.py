# %% [markdown]
# # 1. Preparing photographs for a neural network
#
# [Open it on Colab]({colab}) or [on Binder]({binder}).
#
# **When you have finished, you can**
#
# - load a data set with TensorFlow Datasets and cut it into training, validation and test parts;
# - say how many examples and how many classes there are, and what accuracy comes for free;
# - bring photographs of any size to one size and one range of values;
# - feed them to a network in shuffled batches, without losing or repeating a single one.
#
# **Why it matters.** Many mistakes in machine learning happen before the first layer: pictures in the wrong range,
# labels that slipped against their pictures, test examples among the training examples. None of these stops the
# program. It runs, and its numbers are wrong. Here you build the part that prevents this, and the next notebooks use
# it.
#
# **Time:** about 50 minutes. **Points:** 20.
#
# **How it works.** Write your code where it says `YOUR CODE HERE` (delete the line `raise NotImplementedError()`). The
# cell below each task checks your answer and says what it expected, what it found and where to look. You can run it as
# often as you like. Stuck? Every task has a hint that you can unfold.

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

from autograder.checks import preprocessing as checks
from flowercourse import DATASET, style

keras.utils.set_random_seed(0)  # the same random numbers in every run, so that you can repeat what you saw
style.use_course_style()
print(f"Data set in use: {DATASET}")

# %% [markdown]
# The line above says which data set this machine works with. `tf_flowers` holds 3,670 photographs of five kinds of
# flowers. Where it can be neither found nor downloaded, `mini_flowers` takes its place: smaller, drawn by a program,
# with the same labels and the same kind of entries. Everything below is true of both.

# %% [markdown]
# ## Step 1: Three parts, and what each is for
#
# A network is judged on pictures that it has not learned from. So the data are cut before anything else happens:
#
# | part | what it is for |
# |---|---|
# | training | the network learns from it |
# | validation | you look at it while you make decisions: how long to train, which model to take |
# | test | you look at it once, at the very end |
#
# Why is validation not enough? Because you choose whatever looks best on it, and some of that was luck. The test part
# has had no say in any choice. Many courses cut the data 70 to 30 and stop there; here the 30 is cut once more.
#
# TensorFlow Datasets (TFDS) takes the cut as text: `"train[:70%]"` is the first 70 percent of what is stored under the
# name `train`, `"train[70%:85%]"` the part between 70 and 85 percent, and `"train[85%:]"` the rest. (`tf_flowers`
# stores everything under `train`.)
#
# **Your task:** write `split_names(percents)`.
#
# - `percents`: list of whole numbers that sum to 100, the size of each part in order.
# - Returns a list of strings, one for each part. Each part begins where the one before it ends, the first begins at the
#   start, the last ends at the end.
#
# ```python
# split_names([70, 30])      # ['train[:70%]', 'train[70%:]']
# split_names([70, 15, 15])  # ['train[:70%]', 'train[70%:85%]', 'train[85%:]']
# ```
#
# <details><summary>Hint</summary>
#
# Keep a running sum. A part starts at the sum so far and ends at the sum so far plus its own size. `"train[0%:70%]"`
# and `"train[85%:100%]"` are just as right as the shorter spellings.
# </details>


# %% solution="split_names"
def split_names(percents):
    """List of TFDS split names such as 'train[70%:85%]', one for each entry of `percents`."""
    ### BEGIN SOLUTION
    names, start = [], 0
    for percent in percents:
        end = start + percent
        names.append(f"train[{start or ''}{'%' if start else ''}:{end if end < 100 else ''}{'%' if end < 100 else ''}]")
        start = end
    return names
    ### END SOLUTION


# %% check="parts_cover_everything_once" points=2
checks.parts_cover_everything_once()
### BEGIN HIDDEN TESTS
from solutions.hidden_checks import preprocessing as hidden

hidden.parts_cover_everything_once()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 2: Load the data
#
# `tfds.load` finds the data (and downloads them where needed) and gives you a `tf.data.Dataset`: a recipe for a stream
# of examples. Nothing is read until you ask for it.
#
# **Your task:** load the data set `DATASET` in three parts of 70, 15 and 15 percent. Define
#
# - `train_set`, `validation_set`, `test_set`: data sets of pairs `(image, label)`;
# - `info`: the description of the data set.
#
# One call can do all of it. Ask for pairs with `as_supervised=True` and for the description with `with_info=True`.
#
# <details><summary>Hint</summary>
#
# `split=` takes a list of names, and `tfds.load` then returns a list of data sets, followed by `info`:
# `(first, second, third), info = tfds.load(...)`. You have just written the function that makes the list of names.
# </details>

# %% solution="load_data"
### BEGIN SOLUTION
(train_set, validation_set, test_set), info = tfds.load(
    DATASET, split=split_names([70, 15, 15]), as_supervised=True, with_info=True
)
### END SOLUTION

# %% check="data_is_loaded" points=2
checks.data_is_loaded()
### BEGIN HIDDEN TESTS
hidden.data_is_loaded()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 3: Which flowers are there?
#
# The labels are whole numbers. `info` knows what they stand for: `info.features["label"]` describes the label.
#
# **Your task:** define
#
# - `class_names`: list of the names, so that `class_names[label]` is the name of `label`;
# - `num_classes`: how many classes there are, an `int`.
#
# Take them from `info` rather than typing them: the order is the data set's own (it starts with *dandelion*), and a
# list in alphabetical order would give four of the five labels a wrong name.
#
# <details><summary>Hint</summary>
#
# `info.features["label"].names` and `info.features["label"].num_classes`.
# </details>

# %% solution="name_classes"
### BEGIN SOLUTION
class_names = info.features["label"].names
num_classes = info.features["label"].num_classes
### END SOLUTION

# %% check="classes_are_named" points=1
checks.classes_are_named()
### BEGIN HIDDEN TESTS
hidden.classes_are_named()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 4: How many examples in each part?
#
# **Your task:** define `num_train`, `num_validation` and `num_test`, each an `int`: the number of examples in each
# part.
#
# Count the parts themselves. 70 percent of the total may be one off, because percentages are rounded to whole examples.
#
# <details><summary>Hint</summary>
#
# `len(dataset)` works where TFDS knows the length, and so does `dataset.cardinality().numpy()`. Going through the data
# with a loop gives the same number, only slower.
# </details>

# %% solution="count_examples"
### BEGIN SOLUTION
num_train = len(train_set)
num_validation = len(validation_set)
num_test = len(test_set)
### END SOLUTION

# %% check="examples_are_counted" points=1
checks.examples_are_counted()
### BEGIN HIDDEN TESTS
hidden.examples_are_counted()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 5: Look at the first examples
#
# Before you change data, look at them.
#
# **Your task:** write `describe(dataset, count)`.
#
# - `dataset`: a data set of pairs `(image, label)`.
# - `count`: how many examples to look at, from the beginning; a data set with fewer examples gives them all.
# - Returns a list of `(shape, label)`: `shape` is the picture's `(height, width, channels)`, a tuple of `int`; `label` is
#   an `int`.
#
# For the first three training examples it gives something like this (your numbers depend on the data set):
#
# ```python
# describe(train_set, 3)  # [((333, 500, 3), 2), ((212, 320, 3), 3), ((240, 320, 3), 3)]
# ```
#
# <details><summary>Hint</summary>
#
# `dataset.take(count)` gives the first `count` examples. A tensor's shape as a plain tuple: `tuple(image.shape)`. A
# label as a plain number: `int(label)`.
# </details>


# %% solution="describe"
def describe(dataset, count):
    """The first `count` examples as a list of ((height, width, channels), label)."""
    ### BEGIN SOLUTION
    return [(tuple(image.shape), int(label)) for image, label in dataset.take(count)]
    ### END SOLUTION


# %% check="first_examples_are_described" points=1
checks.first_examples_are_described()
### BEGIN HIDDEN TESTS
hidden.first_examples_are_described()
### END HIDDEN TESTS

# %% [markdown]
# Here are the first three of yours:

# %%
for shape, label in describe(train_set, 3):
    print(f"{class_names[label]:12} {shape[0]} x {shape[1]} pixels, {shape[2]} channels")

# %% [markdown]
# ## Step 6: Which accuracy comes for free?
#
# Someone tells you: "My classifier is right 25 times out of 100." Is that good? Compare it with a lazy classifier,
# which gives the same answer every time, the most frequent class. To know its accuracy you need the number of examples
# in each class.
#
# **Your task:** write two functions.
#
# `count_classes(labels, num_classes)`
#
# - `labels`: integer array `(n,)`, values from 0 to `num_classes - 1`.
# - Returns an integer array `(num_classes,)`: entry `c` says how often class `c` occurs, 0 where it doesn't.
#
# `majority_accuracy(counts)`
#
# - `counts`: integer array `(num_classes,)`, as `count_classes` returns it.
# - Returns a `float` from 0 to 1: the accuracy of always answering the most frequent class.
#
# ```python
# counts = count_classes(np.array([2, 0, 2, 2]), 4)  # array([1, 0, 3, 0])
# majority_accuracy(counts)                          # 0.75
# ```
#
# <details><summary>Hint</summary>
#
# `np.bincount` counts; its option `minlength` takes care of classes at the end that don't occur. The lazy classifier is
# right on as many examples as the largest class has.
# </details>


# %% solution="count_classes"
def count_classes(labels, num_classes):
    """How often each class occurs: integer array (num_classes,)."""
    ### BEGIN SOLUTION
    return np.bincount(labels, minlength=num_classes)
    ### END SOLUTION


def majority_accuracy(counts):
    """Accuracy of always answering the most frequent class, from 0 to 1."""
    ### BEGIN SOLUTION
    return float(counts.max() / counts.sum())
    ### END SOLUTION


# %% check="classes_are_counted" points=2
checks.classes_are_counted()
### BEGIN HIDDEN TESTS
hidden.classes_are_counted()
### END HIDDEN TESTS

# %% check="lazy_accuracy_is_known" points=1
checks.lazy_accuracy_is_known()
### BEGIN HIDDEN TESTS
hidden.lazy_accuracy_is_known()
### END HIDDEN TESTS

# %% [markdown]
# The classes of your training part. (`PartialDecoding` reads the labels and leaves the pictures alone: much faster.)

# %%
only_labels = tfds.decode.PartialDecoding({"label": True})
train_labels = np.array(
    [e["label"] for e in tfds.as_numpy(tfds.load(DATASET, split="train[:70%]", decoders=only_labels))]
)
train_counts = count_classes(train_labels, num_classes)

figure, ax = plt.subplots(figsize=(7, 2.5))
ax.barh(class_names, train_counts)
ax.set(
    xlabel="training examples",
    title=f"{DATASET}: always answering “{class_names[np.argmax(train_counts)]}” "
    f"is right {majority_accuracy(train_counts):.0%} of the time",
)
plt.show()

# %% [markdown]
# ## Step 7: One size, one range
#
# A network wants all pictures of a batch in one shape, and pixel values in the range that it was trained with.
# MobileNet V2, which you will use next, takes 224 x 224 pixels; the course's backbones all expect values from 0 to 1.
# The stored pictures have `uint8` values from 0 to 255 and sizes of all kinds.
#
# **Your task:** write `resize_and_scale(image, label)`.
#
# - `image`: `uint8`, shape `(height, width, 3)`, values from 0 to 255, any height and width.
# - `label`: a whole number.
# - Returns the pair `(image, label)`: the picture as `float32`, shape `(224, 224, 3)`, values from 0 to 1; the label
#   unchanged. The *whole* picture is kept, squeezed into the square: nothing is cut off and no border added.
#
# ```python
# white = np.full((100, 300, 3), 255, np.uint8)
# image, label = resize_and_scale(white, 4)
# image.shape, float(image[0, 0, 0]), label  # (TensorShape([224, 224, 3]), 1.0, 4)
# ```
#
# <details><summary>Hint</summary>
#
# `tf.image.resize(image, (height, width))` returns `float32` and keeps the range, so the values still go up to 255
# afterwards. Divide once. The function will run inside `dataset.map`, so use TensorFlow's functions.
# </details>


# %% solution="resize_and_scale"
IMAGE_SIZE = 224  # pixels, height and width


def resize_and_scale(image, label):
    """The picture as float32 (224, 224, 3) with values in [0, 1], and its label."""
    ### BEGIN SOLUTION
    image = tf.image.resize(image, (IMAGE_SIZE, IMAGE_SIZE)) / 255.0
    return image, label
    ### END SOLUTION


# %% check="images_are_resized" points=2
checks.images_are_resized()
### BEGIN HIDDEN TESTS
hidden.images_are_resized()
### END HIDDEN TESTS

# %% check="images_are_scaled" points=2
checks.images_are_scaled()
### BEGIN HIDDEN TESTS
hidden.images_are_scaled()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 8: Batches
#
# A network learns from a few pictures at a time, a *batch*. Three things matter on the way:
#
# - **Shuffle** the training examples, each epoch anew, so that no batch is all tulips. `dataset.shuffle(size)` keeps a
#   buffer of `size` examples and draws from it. (A quarter of the training part is large enough to mix well here, and
#   small enough for memory.)
# - **Batch** 32 examples at a time. The last batch has what is left over, perhaps fewer.
# - **Prefetch**: prepare the next batch while the network works on this one. That changes the speed and nothing else,
#   so no check can see it. It belongs there all the same.
#
# Shuffle first, while the pictures are small, resize after that, batch, and prefetch last.
#
# **Your task:** write `make_batches(dataset, shuffle_buffer=0)`.
#
# - `dataset`: data set of pairs `(image, label)` as TFDS gives them.
# - `shuffle_buffer`: how many examples the shuffle buffer holds; 0 means no shuffling.
# - Returns a data set of pairs: pictures `float32` `(batch, 224, 224, 3)` with values from 0 to 1, labels `(batch,)`.
#   Each example occurs exactly once. Every batch has 32 examples; only the last may have fewer.
#
# <details><summary>Hint</summary>
#
# `dataset.shuffle(shuffle_buffer)`, `dataset.map(resize_and_scale)`, `dataset.batch(32)` and
# `dataset.prefetch(tf.data.AUTOTUNE)` each return a *new* data set and leave the old one as it was: write
# `dataset = dataset.map(...)`. `shuffle(0)` is an error, so it needs an `if`.
# </details>


# %% solution="make_batches"
BATCH_SIZE = 32  # examples


def make_batches(dataset, shuffle_buffer=0):
    """Batches of 32 resized and scaled pictures with their labels, shuffled where `shuffle_buffer` is above 0."""
    ### BEGIN SOLUTION
    if shuffle_buffer > 0:
        dataset = dataset.shuffle(shuffle_buffer)
    dataset = dataset.map(resize_and_scale, num_parallel_calls=tf.data.AUTOTUNE)
    return dataset.batch(BATCH_SIZE).prefetch(tf.data.AUTOTUNE)
    ### END SOLUTION


# %% check="batches_keep_every_example" points=2
checks.batches_keep_every_example()
### BEGIN HIDDEN TESTS
hidden.batches_keep_every_example()
### END HIDDEN TESTS

# %% check="shuffling_mixes_pairs" points=2
checks.shuffling_mixes_pairs()
### BEGIN HIDDEN TESTS
hidden.shuffling_mixes_pairs()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 9: Put it together
#
# **Your task:** define, with `make_batches`,
#
# - `train_batches`: the training part, shuffled with a buffer of a quarter of its examples (`num_train // 4`);
# - `validation_batches` and `test_batches`: the other two parts, in their own order.
#
# Why no shuffling there? Accuracy does not depend on the order, so it would gain nothing. And with a fixed order the
# tenth prediction belongs to the tenth example, today and tomorrow.
#
# <details><summary>Hint</summary>
#
# Three calls of `make_batches`. Only the first has a second argument.
# </details>

# %% solution="batches"
### BEGIN SOLUTION
train_batches = make_batches(train_set, shuffle_buffer=num_train // 4)
validation_batches = make_batches(validation_set)
test_batches = make_batches(test_set)
### END SOLUTION

# %% check="batches_are_ready" points=2
checks.batches_are_ready()
### BEGIN HIDDEN TESTS
hidden.batches_are_ready()
### END HIDDEN TESTS

# %% [markdown]
# What the network will see:

# %%
images, labels = next(iter(train_batches))
print("images", images.shape, images.dtype.name, "labels", labels.shape, labels.dtype.name)

figure, axes = plt.subplots(2, 6, figsize=(10, 3.8))
for ax, image, label in zip(axes.flat, images.numpy(), labels.numpy(), strict=False):
    ax.imshow(image)
    ax.set_title(class_names[label], fontsize=10)
    ax.axis("off")
plt.show()

# %% [markdown]
# ## What you have built
#
# - Three parts that share no example: one to learn from, one to decide by, one to look at once.
# - The lazy classifier's accuracy, below which nothing counts as learning.
# - A function that brings every picture to 224 x 224 pixels and values from 0 to 1.
# - Batches in which every example occurs once and every picture still has its own label.
#
# In the next notebook a network that was made for ImageNet, a million photographs of a thousand kinds of things, looks
# at your pictures.
#
# **A question to think about.** Squeezing a wide photograph into a square makes its flowers narrower. You could cut out
# the middle instead, or add a border. What would each of these cost, for which of the five flowers would it matter
# most, and how would you find out?
