# %% [markdown]
# # 6. Capstone: from a folder of photographs to a model card
#
# [Open it on Colab]({colab}) or [on Binder]({binder}).
#
# **When you have finished, you can**
#
# - make a classifier from any folder of photographs, your own included;
# - cope with what real folders hold: other formats, gray pictures, files that are no pictures at all;
# - fine-tune a backbone without spoiling it;
# - tell others, in a page, what your model can do, and what it can't.
#
# **Why it matters.** So far somebody had prepared the data for you. Outside of courses nobody does. This notebook puts
# everything together, and adds the two things that turn a result into something that others can use: care with messy
# data and an honest description.
#
# **Time:** about 90 minutes. **Points:** 20, and 10 more for the model card, which your instructor reads.
# **Before:** notebooks 1 to 5.

# %% locked="setup"
import subprocess
import sys

if "google.colab" in sys.modules:  # Colab starts without the course's library; elsewhere it is installed already
    print("Installing the course's library from {learners}: about a minute, once for each session.")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "git+{learners}"], check=True)

import flowercourse  # before TensorFlow: it settles that `tf.keras` is Keras 2, which TF Hub's layers need

import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import tensorflow_hub as hub
import tf_keras as keras

from autograder.checks import capstone as checks
from flowercourse import DATASET, backbones, features, style

keras.utils.set_random_seed(0)  # the same random numbers in every run, so that you can repeat what you saw
style.use_course_style()
backbone = backbones.resolve("mobilenet_v2")
print(f"Data set in use: {DATASET}")
print(f"Backbone in use: {backbone.label}")

# %% [markdown]
# ## The folder
#
# The next cell makes a folder as you might find it: one sub-folder for each kind of flower, 200 photographs from the
# course's training part, and, as in any real folder, two files that don't belong there. If you have photographs of your
# own, work through the notebook with these first. Then come back, set `FOLDER` to your own folder, and run it all
# again.

# %% locked="folder"
FOLDER = Path(tempfile.mkdtemp(prefix="photographs-"))
pictures, info = tfds.load(DATASET, split="train[:70%]", as_supervised=True, with_info=True)
for index, (image, label) in enumerate(pictures.take(200)):
    target = FOLDER / info.features["label"].int2str(int(label)) / f"{index:03d}.jpg"
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(tf.io.encode_jpeg(image, quality=95).numpy())
(FOLDER / "daisy" / "notes.txt").write_text("Took these in June. Ask about the blue ones.")
(FOLDER / "roses" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 a picture once, before the memory card failed")

for folder in sorted(FOLDER.iterdir()):
    print(f"{folder.name:12} {len(list(folder.iterdir()))} files")

# %% [markdown]
# ## Step 1: What is in the folder?
#
# **Your task:** write `list_photographs(folder)`.
#
# - `folder`: a `pathlib.Path`. Each sub-folder is a class and holds its photographs.
# - Returns `(names, labels, class_names)`:
#   - `class_names`: list of the sub-folders' names, in alphabetical order;
#   - `names`: list of text, the path of each photograph below `folder`, such as `"daisy/017.jpg"`, class by class, and
#     in alphabetical order within a class;
#   - `labels`: integer array, the class of each photograph as an index into `class_names`.
# - A photograph is a file that ends in `.jpg`, `.jpeg` or `.png`, in small letters or capitals. Other files are left
#   out, and so are files that lie in `folder` itself.
#
# Mind that this alphabetical order is not that of `tf_flowers`. That is no trouble as long as labels and names belong
# together, and it is why a model without its class names is worth little.
#
# <details><summary>Hint</summary>
#
# `sorted(folder.iterdir())` lists what is inside, `path.is_dir()` tells folders, and `path.suffix.lower()` is the
# ending in small letters. `f"{sub.name}/{path.name}"` makes the name.
# </details>


# %% solution="list_photographs"
def list_photographs(folder):
    """Names of the photographs below `folder`, their labels, and the class names."""
    ### BEGIN SOLUTION
    subfolders = sorted(path for path in folder.iterdir() if path.is_dir())
    names, labels = [], []
    for label, sub in enumerate(subfolders):
        for path in sorted(sub.iterdir()):
            if path.suffix.lower() in (".jpg", ".jpeg", ".png"):
                names.append(f"{sub.name}/{path.name}")
                labels.append(label)
    return names, np.array(labels, dtype=int), [sub.name for sub in subfolders]
    ### END SOLUTION


# %% check="photographs_are_listed" points=3
checks.photographs_are_listed()
### BEGIN HIDDEN TESTS
from solutions.hidden_checks import capstone as hidden

hidden.photographs_are_listed()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 2: Read a photograph
#
# **Your task:** write `read_photograph(path, size)`.
#
# - `path`: of a JPEG or PNG file, in color or gray.
# - Returns the picture as `float32` `(size, size, 3)` with values from 0 to 1: the whole picture, squeezed into the
#   square. A gray picture gets three equal channels.
# - A file that is no picture raises an error, of whatever kind.
#
# <details><summary>Hint</summary>
#
# `tf.io.read_file(str(path))` reads bytes, and `tf.io.decode_image(data, channels=3, expand_animations=False)` makes a
# `uint8` picture of them, or raises. What comes then you know from notebook 1.
# </details>


# %% solution="read_photograph"
def read_photograph(path, size):
    """The photograph as float32 (size, size, 3), values from 0 to 1."""
    ### BEGIN SOLUTION
    image = tf.io.decode_image(tf.io.read_file(str(path)), channels=3, expand_animations=False)
    return tf.image.resize(image, (size, size)).numpy() / np.float32(255)
    ### END SOLUTION


# %% check="photographs_are_read" points=3
checks.photographs_are_read()
### BEGIN HIDDEN TESTS
hidden.photographs_are_read()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 3: Read them all
#
# One broken file among thousands must not stop you. Nor must it vanish without a word: whoever uses your data wants to
# know what was left out.
#
# **Your task:** write `load_folder(folder, size)`.
#
# - Returns `(images, labels, names, skipped)`: pictures `float32` `(n, size, size, 3)`, integer labels `(n,)`, and the
#   list of their names, in the order of `list_photographs`, without those that could not be read; `skipped` is the list
#   of the names of these.
#
# Then define `images`, `labels`, `names` and `skipped`: what it gives for `FOLDER` and the 224 pixels of MobileNet V2,
# and `class_names`, the list from step 1.
#
# <details><summary>Hint</summary>
#
# A loop with `try: ... except Exception: skipped.append(name)`. `np.stack(list_of_images)` makes one array of many. For
# the labels, collect those of the photographs that were read.
# </details>


# %% solution="load_folder"
def load_folder(folder, size):
    """Pictures, labels and names of the photographs below `folder`, and the names of those that could not be read."""
    ### BEGIN SOLUTION
    images, kept_labels, kept, skipped = [], [], [], []
    all_names, all_labels, _ = list_photographs(folder)
    for name, label in zip(all_names, all_labels, strict=True):
        try:
            images.append(read_photograph(folder / name, size))
        except Exception:
            skipped.append(name)
        else:
            kept.append(name)
            kept_labels.append(label)
    return np.stack(images), np.array(kept_labels), kept, skipped
    ### END SOLUTION


### BEGIN SOLUTION
images, labels, names, skipped = load_folder(FOLDER, 224)
_, _, class_names = list_photographs(FOLDER)
### END SOLUTION

# %% check="folder_is_loaded" points=2
checks.folder_is_loaded()
### BEGIN HIDDEN TESTS
hidden.folder_is_loaded()
### END HIDDEN TESTS

# %%
print(f"{len(names)} photographs of {class_names}; left out: {skipped}")

# %% [markdown]
# ## Step 4: Cut it into parts
#
# Your names are sorted by class. Cut off the last 15 percent, and the test part is all tulips. So shuffle first. And
# shuffle in a way that can be repeated, or else tomorrow's test part holds pictures that today's model was trained on.
#
# **Your task:** write `split_indices(count, seed)`.
#
# - Returns three integer arrays: positions from 0 to `count - 1` for training, validation and test. Every position
#   occurs in exactly one of them, in random order.
# - About 70, 15 and 15 percent: of 200, that is 140, 30 and 30. (Where it doesn't come out even, one or two more or
#   less are fine. Don't round each size for itself: three rounded sizes need not add up to `count`.)
# - The same seed gives the same parts, another seed others.
#
# Then define `train_ids`, `validation_ids` and `test_ids` for your photographs, with seed 0.
#
# <details><summary>Hint</summary>
#
# `np.random.default_rng(seed).permutation(count)` is a shuffled list of all positions. `np.split(order, [a, b])` cuts
# it at `a` and `b`.
# </details>


# %% solution="split_indices"
def split_indices(count, seed):
    """Shuffled positions for training (70 %), validation (15 %) and test (15 %)."""
    ### BEGIN SOLUTION
    order = np.random.default_rng(seed).permutation(count)
    return np.split(order, [round(0.7 * count), round(0.85 * count)])
    ### END SOLUTION


### BEGIN SOLUTION
train_ids, validation_ids, test_ids = split_indices(len(names), seed=0)
### END SOLUTION

# %% check="parts_are_drawn" points=3
checks.parts_are_drawn()
### BEGIN HIDDEN TESTS
hidden.parts_are_drawn()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 5: More pictures from the same ones
#
# A mirrored daisy is a daisy. *Augmentation* shows the network changed copies of the **training** pictures, so that it
# can't learn them by heart. Validation and test pictures stay as they are: they stand for what users will send.
#
# **Your task:** write `random_flip(images, seed)`.
#
# - `images`: float array `(n, height, width, 3)`; it must not be changed itself.
# - Returns an array of the same shape in which each picture is mirrored left to right with probability 1/2,
#   independently of the others. The same seed gives the same pictures, another seed others.
#
# <details><summary>Hint</summary>
#
# `chosen = np.random.default_rng(seed).random(len(images)) < 0.5` is a mask. In `images[:, :, ::-1]` all pictures are
# mirrored. `.copy()` makes an array of your own.
# </details>


# %% solution="random_flip"
def random_flip(images, seed):
    """The pictures, each mirrored left to right with probability 1/2."""
    ### BEGIN SOLUTION
    flipped = np.array(images)
    chosen = np.random.default_rng(seed).random(len(flipped)) < 0.5
    flipped[chosen] = flipped[chosen][:, :, ::-1]
    return flipped
    ### END SOLUTION


# %% check="pictures_are_mirrored" points=2
checks.pictures_are_mirrored()
### BEGIN HIDDEN TESTS
hidden.pictures_are_mirrored()
### END HIDDEN TESTS

# %% [markdown]
# ## Step 6: Features, head, test
#
# `features.of_images` gives the features of pictures in memory. They are computed once, as always.

# %%
pixels = np.round(np.asarray(images, np.float32), 4)  # some ways of resizing go a hair beyond 0 and 1
x = features.of_images(pixels, "mobilenet_v2")
print(f"features {x.shape}")

# %% [markdown]
# **Your task:** train a head on the features of your training part and define
#
# - `head`: a Keras model with a single dense layer from 1,280 features to 5 logits (no activation), trained for 20
#   epochs in batches of 32 with Adam (its usual learning rate) and cross-entropy from logits, with the validation part as
#   validation data;
# - `test_accuracy`: a `float`, the share of right answers on your test part.
#
# The photographs are public: a head that was fitted elsewhere earns these points as well, if it has not seen your
# validation and test pictures. What is learned here is the fitting.
#
# <details><summary>Hint</summary>
#
# `x[train_ids]` and `labels[train_ids]` are the training part. The rest is notebook 2.
# </details>

# %% solution="train"
### BEGIN SOLUTION
head = keras.Sequential([keras.layers.Input((1280,)), keras.layers.Dense(len(class_names))])
head.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
held_out = (x[validation_ids], labels[validation_ids])
head.fit(x[train_ids], labels[train_ids], epochs=20, batch_size=32, validation_data=held_out, verbose=0)
test_accuracy = head.evaluate(x[test_ids], labels[test_ids], verbose=0)[1]
### END SOLUTION

# %% check="head_knows_flowers" points=3
checks.head_knows_flowers()
### BEGIN HIDDEN TESTS
hidden.head_knows_flowers()
### END HIDDEN TESTS

# %%
print(f"{DATASET}, {backbone.label}: {test_accuracy:.0%} of {len(test_ids)} test pictures are right")

# %% [markdown]
# ## Step 7: Fine-tuning
#
# Until now the backbone has not learned anything about your flowers. *Fine-tuning* lets it learn too, and that calls
# for caution: its weights were learned from a million photographs, and large steps would undo it. So first the head is
# trained, with the backbone frozen. (You have done that. A fresh head sends large and meaningless gradients.) Then both
# learn together, with a learning rate a hundred times lower than usual. (Batch normalization learns here, too. The lesson
# "Beyond the frozen backbone" keeps it fixed and trains the last block only, which is the better habit. Here the whole
# layer learns, because that takes one line.)
#
# **Your task:** write `fine_tuning_model(layer, head, learning_rate)`.
#
# - `layer`: a backbone as a Keras layer, frozen. `head`: your trained head, or another.
# - Returns a compiled Keras model from pictures to logits, made of both. All their weights learn. It has the weights
#   that they have now, so it begins where the head stopped. It takes pictures of whatever size the layer takes; don't
#   assume 224.
# - Compiled with Adam and this learning rate, cross-entropy from logits, and accuracy.
#
# <details><summary>Hint</summary>
#
# `layer.trainable = True` before you put the two into a `keras.Sequential`, and `keras.optimizers.Adam(learning_rate)`.
# </details>


# %% solution="fine_tuning_model"
def fine_tuning_model(layer, head, learning_rate):
    """A compiled model from pictures to logits in which backbone and head both learn."""
    ### BEGIN SOLUTION
    layer.trainable = True
    model = keras.Sequential([layer, head])
    model.compile(
        keras.optimizers.Adam(learning_rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model
    ### END SOLUTION


# %% check="fine_tuning_starts_well" points=2
checks.fine_tuning_starts_well()
### BEGIN HIDDEN TESTS
hidden.fine_tuning_starts_well()
### END HIDDEN TESTS

# %% [markdown]
# One careful epoch on 48 of your training pictures, mirrored at random. Each step goes forward *and* back through the
# whole backbone, so it takes far longer than everything above. With so few pictures it may help or not: the validation
# part decides, not hope. `model` is what you will use from here on.

# %%
layer = hub.KerasLayer(flowercourse.handle("mobilenet_v2"), input_shape=(224, 224, 3), trainable=False)
model = fine_tuning_model(layer, keras.models.clone_model(head), learning_rate=0.00001)
model.layers[-1].set_weights(head.get_weights())
model.run_eagerly = True  # compiling a graph of the whole training step would take longer than these three steps do

some = train_ids[:48]
before = model.evaluate(images[validation_ids], labels[validation_ids], verbose=0)
model.fit(random_flip(images[some], seed=1), labels[some], epochs=1, batch_size=16, verbose=0)
after = model.evaluate(images[validation_ids], labels[validation_ids], verbose=0)
print(f"validation loss {before[0]:.3f}, after fine-tuning {after[0]:.3f}")
print(f"validation accuracy {before[1]:.0%}, after fine-tuning {after[1]:.0%} ({len(validation_ids)} pictures)")

# %% [markdown]
# ## Step 8: Your own photograph
#
# **Your task:** write `predict_photograph(path, model, class_names, size)`.
#
# - `path`: of a photograph. `model`: a Keras model from pictures `(batch, size, size, 3)` to logits. `class_names`:
#   list of names.
# - Returns `(name, probability)`: the name of the predicted class, and its probability, a `float` from 0 to 1.
#
# <details><summary>Hint</summary>
#
# A model wants batches: `image[None]` is a batch of one. Softmax turns its logits into probabilities.
# </details>


# %% solution="predict_photograph"
def predict_photograph(path, model, class_names, size):
    """The predicted class's name and its probability."""
    ### BEGIN SOLUTION
    logits = model.predict(read_photograph(path, size)[None], verbose=0)
    chances = tf.nn.softmax(logits[0]).numpy()
    best = int(chances.argmax())
    return class_names[best], float(chances[best])
    ### END SOLUTION


# %% check="own_photograph_is_named" points=2
checks.own_photograph_is_named()
### BEGIN HIDDEN TESTS
hidden.own_photograph_is_named()
### END HIDDEN TESTS

# %%
figure, axes = plt.subplots(1, 4, figsize=(11, 3.2))
for ax, index in zip(axes, test_ids[:4], strict=True):
    name, probability = predict_photograph(FOLDER / names[index], model, class_names, 224)
    color, sign = style.verdict(name == class_names[labels[index]])
    ax.imshow(images[index])
    ax.axis("off")
    ax.set_title(f"{sign} {name}, {probability:.0%}", color=color, fontsize=10)
plt.show()

# %% [markdown]
# ## Step 9: The model card
#
# A *model card* says in one page what others need to know before they use a model. In the next cell, write one for
# yours, in 150 to 400 words, with numbers from this notebook. Your instructor reads it. These questions give it its
# order:
#
# 1. **What it does.** Input, output, classes, backbone and where its weights come from.
# 2. **Data.** How many photographs, from where, how they were cut into parts, what was left out and why.
# 3. **How good it is.** Test accuracy, on how many pictures, and what accuracy chance alone would explain. (It belongs to
#    the head of step 6: the fine-tuned `model` has not been tested.) What is the weakest class?
# 4. **Limits.** What it was never shown (other flowers, no flower at all, winter), what it will answer then, and who
#    should not use it.
# 5. **How to repeat it.** Seeds, epochs, learning rate, versions.
#
# (Points: two for each, given for what is said truthfully and concretely, not for length.)

# %% [markdown] solution="model_card" points=10
# ### BEGIN SOLUTION
# **What it does.** The model takes a color photograph, squeezed to 224 x 224 pixels, and answers with one of five kinds
# of flower and a probability. It is a single dense layer of 6,405 parameters on the features of MobileNet V2; the label
# that the setup cell printed says where the backbone's weights come from.
#
# **Data.** 200 photographs from the training part of the course's data set, in five folders. 140 were used for
# training, 30 for validation and 30 for the test, drawn at random with seed 0. One file was left out because it could
# not be decoded (`roses/broken.jpg`), a text file because it is no picture.
#
# **How good it is.** The cell of step 6 prints the test accuracy. It comes from 30 pictures: with 27 right, the 95 %
# interval reaches from 74 % to 97 %. So a difference of one or two pictures between two models means nothing. Always
# answering the most frequent class would be right about a quarter of the time.
#
# **Limits.** The model knows five flowers and nothing else. Shown a violet or a bicycle it names one of the five, often
# with a high probability. It has seen mostly close-ups in daylight. It should not decide about anything that matters,
# such as which plants are safe to eat.
#
# **How to repeat it.** Seed 0 for Keras and for the parts, 20 epochs, batches of 32, Adam with a learning rate of
# 0.001; fine-tuning: one epoch, 48 pictures, learning rate 0.00001. The course's requirements.txt pins all versions.
# ### END SOLUTION

# %% [markdown]
# ## What you have built
#
# - A way from any folder of photographs to a classifier, which survives what real folders hold.
# - Parts that can be drawn again tomorrow, and a test accuracy that deserves its name.
# - A fine-tuned model that began where the head had stopped.
# - A page that tells others what they are dealing with.
#
# That was the course. **A last question to think about.** What would have to happen to the world, or to cameras, for
# your model to become worse without anybody touching it? How would you notice?
