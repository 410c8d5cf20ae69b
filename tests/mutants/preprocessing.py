"""Exercise 1: wrong ways to cut, count, resize and batch, and right ones written differently."""

from __future__ import annotations

from tests.mutants import Mutant, Variant

RESIZE = "tf.image.resize(image, (IMAGE_SIZE, IMAGE_SIZE)) / 255.0"
SHUFFLE = "dataset = dataset.shuffle(shuffle_buffer)"

MUTANTS = [
    # --- split_names
    Mutant(
        "every part starts at the beginning",
        cell="split_names",
        source="""
    def split_names(percents):
        return [f"train[:{percent}%]" for percent in percents]
    """,
        loses={"parts_cover_everything_once": 2, "data_is_loaded": 1, "batches_are_ready": 1},
    ),
    Mutant(
        "70, 15, 15 whatever is asked for",
        cell="split_names",
        source="""
    def split_names(percents):
        return ["train[:70%]", "train[70%:85%]", "train[85%:]"]
    """,
        loses={"parts_cover_everything_once"},
    ),
    Mutant(
        "right for two and three parts only",
        cell="split_names",
        source="""
    def split_names(percents):
        first, second = percents[0], sum(percents[:2])
        if len(percents) == 2:
            return [f"train[:{first}%]", f"train[{first}%:]"]
        return [f"train[:{first}%]", f"train[{first}%:{second}%]", f"train[{second}%:]"]
    """,
        loses={"parts_cover_everything_once": 1},
    ),
    Mutant(
        "one percent is lost at each border",
        cell="split_names",
        change={"        start = end\n": "        start = end + 1\n"},
        loses={
            "parts_cover_everything_once": 2,
            "data_is_loaded": 1,
            "examples_are_counted": 1,
            "batches_are_ready": 1,
        },
    ),
    Mutant(
        "one percent beyond the end",
        cell="split_names",
        change={"{end if end < 100 else ''}{'%' if end < 100 else ''}": "{end if end < 100 else 101}%"},
        loses={"parts_cover_everything_once"},
        also={
            "load_data": """
    (train_set, validation_set, test_set), info = tfds.load(
        DATASET, split=["train[:70%]", "train[70%:85%]", "train[85%:]"], as_supervised=True, with_info=True
    )
    """
        },
    ),
    # --- load_data
    Mutant(
        "test part is the validation part and more",
        cell="load_data",
        change={"split=split_names([70, 15, 15])": 'split=["train[:70%]", "train[70%:]", "train[70%:]"]'},
        loses={"data_is_loaded": 1, "examples_are_counted": 1, "batches_are_ready": 1},
    ),
    Mutant(
        "trains on everything",
        cell="load_data",
        change={"split=split_names([70, 15, 15])": 'split=["train", "train[70%:85%]", "train[85%:]"]'},
        loses={"data_is_loaded": 1, "examples_are_counted": 1, "batches_are_ready": 1},
    ),
    Mutant(
        "dictionaries instead of pairs",
        cell="load_data",
        change={"as_supervised=True, ": ""},
        loses={"data_is_loaded": 1, "batches_are_ready": 2},
    ),
    Mutant(
        "the test part at the end of the training part, in place of what is there",
        cell="load_data",
        source="""
    (train_set, validation_set, test_set), info = tfds.load(
        DATASET, split=split_names([70, 15, 15]), as_supervised=True, with_info=True
    )
    train_set = train_set.take(len(train_set) - len(test_set)).concatenate(test_set)
    """,
        loses={"data_is_loaded": 1},
    ),
    Mutant(
        "the right labels under one small gray picture",
        cell="load_data",
        source="""
    parts, info = tfds.load(DATASET, split=split_names([70, 15, 15]), as_supervised=True, with_info=True)
    train_set, validation_set, test_set = [
        part.map(lambda image, label: (tf.fill((2, 2, 3), tf.cast(128, tf.uint8)), label)) for part in parts
    ]
    """,
        loses={"data_is_loaded": 1, "batches_are_ready": 2},
    ),
    Mutant(
        "the right labels under pictures upside down",
        cell="load_data",
        source="""
    parts, info = tfds.load(DATASET, split=split_names([70, 15, 15]), as_supervised=True, with_info=True)
    train_set, validation_set, test_set = [
        part.map(lambda image, label: (image[::-1], label)) for part in parts
    ]
    """,
        loses={"data_is_loaded": 1},
    ),
    # --- name_classes
    Mutant(
        "class names in alphabetical order",
        cell="name_classes",
        change={'info.features["label"].names': 'sorted(info.features["label"].names)'},
        loses={"classes_are_named"},
    ),
    Mutant(
        "number of the last class for the number of classes",
        cell="name_classes",
        change={'info.features["label"].num_classes': "len(class_names) - 1"},
        loses={"classes_are_named"},
    ),
    # --- count_examples
    Mutant(
        "batches counted instead of examples",
        cell="count_examples",
        change={"len(train_set)": "len(train_set.batch(32))"},
        loses={"examples_are_counted": 1, "batches_are_ready": 1},  # a buffer of a quarter of them is too small
    ),
    Mutant(
        "all examples counted for training",
        cell="count_examples",
        change={"len(train_set)": 'info.splits["train"].num_examples'},
        loses={"examples_are_counted"},
    ),
    # --- describe
    Mutant(
        "three examples whatever is asked for",
        cell="describe",
        change={"dataset.take(count)": "dataset.take(3)"},
        loses={"first_examples_are_described"},
    ),
    Mutant(
        "width before height",
        cell="describe",
        change={"tuple(image.shape)": "(image.shape[1], image.shape[0], image.shape[2])"},
        loses={"first_examples_are_described"},
    ),
    Mutant(
        "three channels, whatever the picture has",
        cell="describe",
        change={"tuple(image.shape)": "(*image.shape[:2], 3)"},
        loses={"first_examples_are_described"},
    ),
    Mutant(
        "printed, not returned",
        cell="describe",
        source="""
    def describe(dataset, count):
        for image, label in dataset.take(count):
            print(tuple(image.shape), int(label))
    """,
        loses={"first_examples_are_described"},
    ),
    # --- count_classes and majority_accuracy
    Mutant(
        "classes that don't occur at the end are forgotten",
        cell="count_classes",
        change={", minlength=num_classes": ""},
        loses={"classes_are_counted": 1},
    ),
    Mutant(
        "only classes that occur are counted",
        cell="count_classes",
        change={"np.bincount(labels, minlength=num_classes)": "np.unique(labels, return_counts=True)[1]"},
        loses={"classes_are_counted": 1},
    ),
    Mutant(
        "shares instead of counts",
        cell="count_classes",
        change={
            "np.bincount(labels, minlength=num_classes)": "np.bincount(labels, minlength=num_classes) / len(labels)"
        },
        loses={"classes_are_counted"},
    ),
    Mutant(
        "counts up to 255",
        cell="count_classes",
        change={"minlength=num_classes)": "minlength=num_classes).astype(np.uint8)"},
        loses={"classes_are_counted": 1},
    ),
    Mutant(
        "counts that are no whole numbers",
        cell="count_classes",
        change={"minlength=num_classes)": "minlength=num_classes).astype(float)"},
        loses={"classes_are_counted"},
    ),
    Mutant(
        "the most frequent class instead of its share",
        cell="count_classes",
        change={"float(counts.max() / counts.sum())": "int(counts.argmax())"},
        loses={"lazy_accuracy_is_known"},
    ),
    Mutant(
        "one divided by the number of classes",
        cell="count_classes",
        change={"float(counts.max() / counts.sum())": "1 / len(counts)"},
        loses={"lazy_accuracy_is_known"},
    ),
    # --- resize_and_scale
    Mutant(
        "forgot to scale",
        cell="resize_and_scale",
        change={" / 255.0": ""},
        loses={"images_are_scaled", "batches_are_ready"},
    ),
    Mutant(
        "scaled twice",
        cell="resize_and_scale",
        change={" / 255.0": " / 255.0 / 255.0"},
        loses={"images_are_scaled", "batches_are_ready"},
    ),
    Mutant(
        "scaled to [-1, 1]",
        cell="resize_and_scale",
        change={" / 255.0": " / 127.5 - 1"},
        loses={"images_are_scaled", "batches_are_ready"},
    ),
    Mutant("divided by 256", cell="resize_and_scale", change={" / 255.0": " / 256.0"}, loses={"images_are_scaled"}),
    Mutant(
        "each picture stretched to its own range",
        cell="resize_and_scale",
        change={RESIZE: "tf.image.resize(image, (IMAGE_SIZE, IMAGE_SIZE))\n    image = image / tf.reduce_max(image)"},
        loses={"images_are_scaled"},
    ),
    Mutant(
        "299 pixels",
        cell="resize_and_scale",
        change={"IMAGE_SIZE = 224": "IMAGE_SIZE = 299"},
        loses={"images_are_resized": 1, "batches_are_ready": 2},
    ),
    Mutant(
        "a square cut out",
        cell="resize_and_scale",
        change={
            f"image = {RESIZE}": "side = tf.minimum(tf.shape(image)[0], tf.shape(image)[1])\n"
            "    image = tf.image.resize(image[:side, :side], (IMAGE_SIZE, IMAGE_SIZE)) / 255.0"
        },
        loses={"images_are_resized": 1},
    ),
    Mutant(
        "borders added",
        cell="resize_and_scale",
        change={RESIZE: "tf.image.resize_with_pad(image, IMAGE_SIZE, IMAGE_SIZE) / 255.0"},
        loses={"images_are_resized": 1},
    ),
    Mutant(
        "labels counted from 1",
        cell="resize_and_scale",
        change={"return image, label": "return image, label + 1"},
        loses={"images_are_resized": 1, "shuffling_mixes_pairs": 1, "batches_are_ready": 2},
    ),
    Mutant(
        "labels up to 255",
        cell="resize_and_scale",
        change={"return image, label": "return image, tf.cast(label, tf.uint8)"},
        loses={"images_are_resized": 1},
    ),
    Mutant(
        "made small first, so blurred",
        cell="resize_and_scale",
        change={"tf.image.resize(image, (": "tf.image.resize(tf.image.resize(image, (32, 32)), ("},
        loses={"images_are_resized": 1},
    ),
    Mutant(
        "the label forgotten",
        cell="resize_and_scale",
        change={"return image, label": "return image"},
        loses={
            "images_are_resized",
            "images_are_scaled",
            "batches_keep_every_example",
            "shuffling_mixes_pairs",
            "batches_are_ready",
        },
    ),
    # --- make_batches
    Mutant(
        "the last batch dropped",
        cell="make_batches",
        change={"dataset.batch(BATCH_SIZE)": "dataset.batch(BATCH_SIZE, drop_remainder=True)"},
        loses={"batches_keep_every_example": 2, "batches_are_ready": 1},
    ),
    Mutant(
        "repeated without end",
        cell="make_batches",
        change={SHUFFLE: f"{SHUFFLE}.repeat()"},
        loses={"batches_keep_every_example": 2, "batches_are_ready": 1},
    ),
    Mutant(
        "batches of 64",
        cell="make_batches",
        change={"BATCH_SIZE = 32": "BATCH_SIZE = 64"},
        loses={"batches_keep_every_example": 1, "batches_are_ready": 2},
    ),
    Mutant(
        "whole batches shuffled",
        cell="make_batches",
        source="""
    BATCH_SIZE = 32


    def make_batches(dataset, shuffle_buffer=0):
        dataset = dataset.map(resize_and_scale).batch(BATCH_SIZE)
        if shuffle_buffer > 0:
            dataset = dataset.shuffle(shuffle_buffer)
        return dataset.prefetch(tf.data.AUTOTUNE)
    """,
        loses={"shuffling_mixes_pairs": 1},
    ),
    Mutant(
        "always shuffled, with a buffer of its own size",
        cell="make_batches",
        source="""
    BATCH_SIZE = 32


    def make_batches(dataset, shuffle_buffer=0):
        return dataset.shuffle(1000).map(resize_and_scale).batch(BATCH_SIZE).prefetch(1)
    """,
        loses={"shuffling_mixes_pairs": 2, "batches_are_ready": 1},
    ),
    Mutant(
        "half of the buffer asked for",
        cell="make_batches",
        change={"dataset.shuffle(shuffle_buffer)": "dataset.shuffle(shuffle_buffer // 2)"},
        loses={"shuffling_mixes_pairs": 1},
    ),
    Mutant(
        "images and labels shuffled apart",
        cell="make_batches",
        change={
            SHUFFLE: "images = dataset.map(lambda image, label: image).shuffle(shuffle_buffer)\n"
            "        labels = dataset.map(lambda image, label: label).shuffle(shuffle_buffer)\n"
            "        dataset = tf.data.Dataset.zip((images, labels))"
        },
        loses={"shuffling_mixes_pairs": 1},
    ),
    Mutant(
        "the same order in every epoch",
        cell="make_batches",
        change={SHUFFLE: "dataset = dataset.shuffle(shuffle_buffer, reshuffle_each_iteration=False)"},
        loses={"shuffling_mixes_pairs": 1, "batches_are_ready": 1},
    ),
    # --- batches
    Mutant(
        "validation shuffled",
        cell="batches",
        change={"make_batches(validation_set)": "make_batches(validation_set, shuffle_buffer=num_validation // 4)"},
        loses={"batches_are_ready": 1},
    ),
    Mutant(
        "one color in place of each picture",
        cell="batches",
        source="""
    def emptied(images, labels):
        return tf.zeros_like(images) + tf.reduce_mean(images, axis=(1, 2), keepdims=True), labels


    train_batches = make_batches(train_set, shuffle_buffer=num_train // 4).map(emptied)
    validation_batches = make_batches(validation_set).map(emptied)
    test_batches = make_batches(test_set).map(emptied)
    """,
        loses={"batches_are_ready": 2},
    ),
    Mutant(
        "training not shuffled",
        cell="batches",
        change={"make_batches(train_set, shuffle_buffer=num_train // 4)": "make_batches(train_set)"},
        loses={"batches_are_ready": 1},
    ),
    Mutant(
        "a shuffle buffer of four",
        cell="batches",
        change={"shuffle_buffer=num_train // 4": "shuffle_buffer=4"},
        loses={"batches_are_ready": 1},
    ),
    Mutant(
        "a shuffle buffer of one batch",
        cell="batches",
        change={"num_train // 4": "32"},
        loses={"batches_are_ready": 1},
    ),
    Mutant(
        "test batches from the validation part",
        cell="batches",
        change={"make_batches(test_set)": "make_batches(validation_set)"},
        loses={"batches_are_ready": 1},
    ),
]

VARIANTS = [
    Variant(
        "bounds in full, by accumulate",
        cell="split_names",
        source="""
    import itertools


    def split_names(percents):
        bounds = [0, *itertools.accumulate(percents)]
        return tuple(f"train[{a}%:{b}%]" for a, b in zip(bounds, bounds[1:]))
    """,
    ),
    Variant(
        "three calls",
        cell="load_data",
        source="""
    train_set, info = tfds.load(DATASET, split="train[:70%]", as_supervised=True, with_info=True)
    validation_set = tfds.load(DATASET, split="train[70%:85%]", as_supervised=True)
    test_set = tfds.load(DATASET, split="train[-15%:]", as_supervised=True)
    """,
    ),
    Variant(
        "kept in memory",
        cell="load_data",
        source="""
    parts, info = tfds.load(DATASET, split=split_names([70, 15, 15]), as_supervised=True, with_info=True)
    train_set, validation_set, test_set = [part.cache().prefetch(1) for part in parts]
    """,
        keeps={"data_is_loaded", "batches_are_ready"},
    ),
    Variant(
        "names by int2str, as an array",
        cell="name_classes",
        source="""
    num_classes = np.int64(info.features["label"].num_classes)
    class_names = np.array([info.features["label"].int2str(label) for label in range(num_classes)])
    """,
    ),
    Variant(
        "cardinality, as NumPy numbers",
        cell="count_examples",
        source="""
    num_train, num_validation, num_test = (part.cardinality().numpy() for part in (train_set, validation_set, test_set))
    """,
    ),
    Variant(
        "a loop over NumPy values, lists instead of tuples",
        cell="describe",
        source="""
    def describe(dataset, count):
        found = []
        for image, label in dataset.as_numpy_iterator():
            if len(found) == count:
                break
            found.append([list(image.shape), label])
        return found
    """,
    ),
    Variant(
        "comparing with every class",
        cell="count_classes",
        source="""
    def count_classes(labels, num_classes):
        return np.sum(labels[:, None] == np.arange(num_classes), axis=0)


    def majority_accuracy(counts):
        return max(counts) / sum(counts)
    """,
    ),
    Variant(
        "TensorFlow's bincount",
        cell="count_classes",
        source="""
    def count_classes(labels, num_classes):
        return tf.math.bincount(labels, minlength=num_classes)


    def majority_accuracy(counts):
        return tf.reduce_max(counts) / tf.reduce_sum(counts)
    """,
    ),
    Variant(
        "scaled first, area method",
        cell="resize_and_scale",
        source="""
    def resize_and_scale(image, label):
        image = tf.image.convert_image_dtype(image, tf.float32)
        return tf.image.resize(image, [224, 224], method="area"), label
    """,
    ),
    Variant(
        "Keras layers",
        cell="resize_and_scale",
        source="""
    prepare = keras.Sequential([keras.layers.Resizing(224, 224), keras.layers.Rescaling(1 / 255)])


    def resize_and_scale(image, label):
        return prepare(image[None])[0], label
    """,
    ),
    Variant(
        "resized before shuffling, fixed seed",
        cell="make_batches",
        source="""
    def make_batches(dataset, shuffle_buffer=0):
        pictures = dataset.map(lambda image, label: resize_and_scale(image, label))
        if shuffle_buffer:
            pictures = pictures.shuffle(shuffle_buffer, seed=3)
        return pictures.padded_batch(32)
    """,
    ),
    Variant(
        "by hand",
        cell="batches",
        source="""
    train_batches = train_set.shuffle(num_train // 4).map(resize_and_scale).batch(32).prefetch(1)
    validation_batches = validation_set.map(resize_and_scale).batch(32)
    test_batches = test_set.map(resize_and_scale).batch(32).prefetch(2)
    """,
    ),
]
