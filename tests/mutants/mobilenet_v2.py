"""Exercise 2: wrong ways to use a backbone and to train a head on it, and right ones written differently."""

from __future__ import annotations

from tests.mutants import Mutant, Variant

LOSS = "keras.losses.SparseCategoricalCrossentropy(from_logits=True)"
FIT = "x_train, y_train, epochs=6"
VALIDATION = "validation_data=(x_validation, y_validation)"

MUTANTS = [
    # --- first_batch
    Mutant(
        "forgot to scale",
        cell="first_batch",
        change={"resized / 255.0": "resized"},
        loses={"first_batch_is_prepared": 1, "features_are_extracted": 1, "model_is_assembled": 1},
    ),
    Mutant(
        "test pictures instead of validation pictures",
        cell="first_batch",
        change={"train[70%:85%]": "train[85%:]"},
        loses={"first_batch_is_prepared": 1, "features_are_extracted": 1, "model_is_assembled": 1},
    ),
    Mutant(
        "class names in alphabetical order",
        cell="first_batch",
        change={'info.features["label"].names': 'sorted(info.features["label"].names)'},
        loses={"first_batch_is_prepared"},
    ),
    Mutant(
        "noise with the right labels",
        cell="first_batch",
        change={
            "first_images, first_labels = next(iter(validation_set.map(resize_and_scale).batch(32)))": "first_labels = "
            "next(iter(validation_set.map(lambda image, label: label).batch(32)))\n"
            "first_images = tf.random.uniform((32, 224, 224, 3))",
        },
        loses={"first_batch_is_prepared": 1, "features_are_extracted": 1, "model_is_assembled": 1},
    ),
    # --- feature_extractor
    Mutant(
        "a backbone that looks features up",
        cell="feature_extractor",
        source="""
    class LooksUp:
        trainable = False

        def __call__(self, images):
            return first_features[: len(images)]


    first_features = np.array(features.extract("mobilenet_v2").split()[1][0][:32])
    feature_extractor = LooksUp()
    """,
        loses={"features_are_extracted": 1, "model_is_assembled": 2, "parameters_are_counted": 2},
    ),
    Mutant(
        "the backbone is trained too",
        cell="feature_extractor",
        change={"trainable=False": "trainable=True"},
        loses={"features_are_extracted": 1, "parameters_are_counted": 2},
    ),
    Mutant(
        "pixels from 0 to 255 into the backbone",
        cell="feature_extractor",
        change={"feature_extractor(first_images)": "feature_extractor(255 * first_images)"},
        loses={"features_are_extracted": 1, "model_is_assembled": 1},
    ),
    Mutant(
        "features of the pictures in reverse order",
        cell="feature_extractor",
        change={"feature_extractor(first_images).numpy()": "feature_extractor(first_images).numpy()[::-1]"},
        loses={"features_are_extracted": 1, "model_is_assembled": 1},
    ),
    # --- dense_parameters
    Mutant(
        "biases forgotten",
        cell="dense_parameters",
        change={"inputs * outputs + outputs": "inputs * outputs"},
        loses={"parameters_are_predicted"},
    ),
    Mutant(
        "a bias for each input",
        cell="dense_parameters",
        change={"inputs * outputs + outputs": "inputs * outputs + inputs"},
        loses={"parameters_are_predicted"},
    ),
    # --- build_head
    Mutant(
        "softmax and from_logits=True",
        cell="build_head",
        change={"keras.layers.Dense(num_classes)": 'keras.layers.Dense(num_classes, activation="softmax")'},
        loses={"head_gives_logits": 2, "model_is_assembled": 2},
    ),
    Mutant(
        "softmax, and a loss that knows it",
        cell="build_head",
        change={
            "keras.layers.Dense(num_classes)": 'keras.layers.Dense(num_classes, activation="softmax")',
            "from_logits=True": "from_logits=False",
        },
        loses={"head_gives_logits": 2, "model_is_assembled": 2},
    ),
    Mutant(
        "logits, and a loss that takes them for probabilities",
        cell="build_head",
        change={"from_logits=True": ""},
        loses={
            "head_is_compiled": 1,
            "head_has_learned": 3,
            "history_belongs_to_head": 1,
            "accuracy_is_tested": 1,
        },
    ),
    Mutant("SGD instead of Adam", cell="build_head", change={'"adam"': '"sgd"'}, loses={"head_is_compiled": 1}),
    Mutant("Nadam for Adam", cell="build_head", change={'"adam"': '"nadam"'}, loses={"head_is_compiled": 1}),
    Mutant(
        "learning rate ten times too high",
        cell="build_head",
        change={'"adam"': "keras.optimizers.Adam(0.01)"},
        loses={"head_is_compiled": 1},
    ),
    Mutant(
        "no accuracy measured",
        cell="build_head",
        change={', metrics=["accuracy"]': ""},
        loses={"head_is_compiled": 1, "history_belongs_to_head": 2, "accuracy_is_tested": 2},
    ),
    Mutant(
        "five classes whatever is asked for",
        cell="build_head",
        change={"keras.layers.Dense(num_classes)": "keras.layers.Dense(5)"},
        loses={"head_gives_logits": 1, "head_is_compiled": 1},
    ),
    Mutant(
        "one head for each size, with whatever it has learned",
        cell="build_head",
        change={"def build_head": "import functools\n\n\n@functools.cache\ndef build_head"},
        loses={"head_gives_logits": 1},
    ),
    Mutant(
        "a hidden layer",
        cell="build_head",
        change={
            "keras.layers.Dense(num_classes)": "keras.layers.Dense(64), keras.layers.Dense(num_classes)",
        },
        loses={
            "head_gives_logits": 2,
            "head_is_compiled": 1,
            "head_has_learned": 3,
            "history_belongs_to_head": 1,
            "model_is_assembled": 2,
            "parameters_are_counted": 1,
            "accuracy_is_tested": 2,
        },
    ),
    # --- split_features
    Mutant(
        "validation and test swapped",
        cell="split_features",
        change={
            "(x_validation, y_validation), (x_test, y_test)": "(x_test, y_test), (x_validation, y_validation)",
        },
        loses={"features_are_split": 1, "history_belongs_to_head": 1, "accuracy_is_tested": 2},
    ),
    Mutant(
        "no test part of its own",
        cell="split_features",
        source="""
    (x_train, y_train), (x_validation, y_validation) = dataset_features.split("70/30")
    x_test, y_test = x_validation, y_validation
    """,
        loses={"features_are_split": 1, "history_belongs_to_head": 1, "accuracy_is_tested": 2},
    ),
    # --- train
    Mutant(
        "a history of which only the last epoch was recorded",
        cell="train",
        change={
            "verbose=2)": "verbose=0)\nhistory.history = {k: [0.123] * 5 + v[-1:] for k, v in history.history.items()}"
        },
        loses={"history_belongs_to_head": 1},
    ),
    Mutant(
        "the last epoch six times",
        cell="train",
        change={"verbose=2)": "verbose=0)\nhistory.history = {k: v[-1:] * 6 for k, v in history.history.items()}"},
        loses={"history_belongs_to_head": 1},
    ),
    Mutant("one epoch", cell="train", change={"epochs=6": "epochs=1"}, loses={"history_belongs_to_head": 1}),
    Mutant(
        "trained on the validation part",
        cell="train",
        change={FIT: "x_validation, y_validation, epochs=6"},
        loses={"head_has_learned": 1, "history_belongs_to_head": 1},
    ),
    Mutant(
        "labels in another order than their pictures",
        cell="train",
        change={FIT: "x_train, np.random.permutation(y_train), epochs=6"},
        loses={"head_has_learned": 3},
    ),
    Mutant(
        "another head trained",
        cell="train",
        change={"head.fit(": "build_head(1280, num_classes).fit("},
        loses={"head_has_learned": 3, "history_belongs_to_head": 2},
    ),
    Mutant(
        "trained on every second example",
        cell="train",
        change={"fit(x_train, y_train": "fit(x_train[::2], y_train[::2]"},
        loses={"history_belongs_to_head": 1},
    ),
    Mutant(
        "trained on everything",
        cell="train",
        change={FIT: "np.array(dataset_features.x), dataset_features.y, epochs=6"},
        loses={"head_has_learned": 1, "history_belongs_to_head": 1},
    ),
    Mutant(
        "trained on the validation part too",
        cell="train",
        change={FIT: "np.concatenate([x_train, x_validation]), np.concatenate([y_train, y_validation]), epochs=6"},
        loses={"head_has_learned": 1, "history_belongs_to_head": 1},
    ),
    Mutant(
        "test part for validation",
        cell="train",
        change={VALIDATION: "validation_data=(x_test, y_test)"},
        loses={"history_belongs_to_head": 1},
    ),
    Mutant(
        "no validation data",
        cell="train",
        change={f", {VALIDATION}": ""},
        loses={"history_belongs_to_head": 2},
    ),
    Mutant(
        "history made up",
        cell="train",
        source="""
    head.fit(x_train, y_train, epochs=6, batch_size=32, verbose=0)
    history = keras.callbacks.History()
    good = [0.8, 0.9, 0.95, 0.97, 0.98, 0.99]
    history.history = {"accuracy": good, "val_accuracy": good, "loss": good[::-1], "val_loss": good[::-1]}
    """,
        loses={"history_belongs_to_head"},
    ),
    # --- assemble
    Mutant(
        "a new head on the backbone",
        cell="assemble",
        change={"[feature_extractor, head]": "[feature_extractor, build_head(1280, num_classes)]"},
        loses={"model_is_assembled"},
    ),
    Mutant(
        "softmax at the end",
        cell="assemble",
        change={"[feature_extractor, head]": "[feature_extractor, head, keras.layers.Softmax()]"},
        loses={"model_is_assembled"},
    ),
    Mutant(
        "probabilities for logits",
        cell="assemble",
        change={
            "model.predict(first_images, verbose=0)": "tf.nn.softmax(model.predict(first_images, verbose=0)).numpy()"
        },
        loses={"model_is_assembled": 1},
    ),
    Mutant(
        "arrays counted instead of numbers",
        cell="assemble",
        source="""
    model = keras.Sequential([feature_extractor, head])
    first_logits = model.predict(first_images, verbose=0)
    num_trainable, num_frozen = len(model.trainable_weights), len(model.non_trainable_weights)
    """,
        loses={"parameters_are_counted"},
    ),
    Mutant(
        "all parameters counted as trainable",
        cell="assemble",
        change={"model.trainable_weights": "model.weights"},
        loses={"parameters_are_counted": 1},
    ),
    Mutant(
        "a backbone that learns, and numbers of one that does not",
        cell="assemble",
        source="""
    feature_extractor.trainable = True
    model = keras.Sequential([feature_extractor, head])
    first_logits = model.predict(first_images, verbose=0)
    num_trainable, num_frozen = dense_parameters(1280, num_classes), 2_257_984
    """,
        loses={"parameters_are_counted"},
    ),
    # --- test
    Mutant(
        "evaluated on the training part",
        cell="test",
        change={"x_test, y_test": "x_train, y_train"},
        loses={"accuracy_is_tested"},
    ),
    Mutant(
        "accuracy in percent",
        cell="test",
        change={"verbose=0)": "verbose=0)\ntest_accuracy = 100 * test_accuracy"},
        loses={"accuracy_is_tested": 1},
    ),
    Mutant(
        "loss and accuracy swapped",
        cell="test",
        change={"test_loss, test_accuracy": "test_accuracy, test_loss"},
        loses={"accuracy_is_tested"},
    ),
]

VARIANTS = [
    Variant(
        "NumPy arrays, bicubic",
        cell="first_batch",
        source="""
    validation_set, info = tfds.load(DATASET, split="train[70%:85%]", with_info=True)
    num_classes, class_names = info.features["label"].num_classes, tuple(info.features["label"].names)
    examples = list(tfds.as_numpy(validation_set.take(32)))
    first_labels = np.array([example["label"] for example in examples])
    pictures = [tf.image.resize(example["image"], (224, 224), method="bicubic").numpy() for example in examples]
    first_images = np.clip(np.stack(pictures) / 255, 0, 1)
    """,
    ),
    Variant(
        "frozen afterwards, features by predict",
        cell="feature_extractor",
        source="""
    feature_extractor = hub.KerasLayer(flowercourse.handle("mobilenet_v2"), input_shape=[224, 224, 3])
    feature_extractor.trainable = False
    first_features = keras.Sequential([feature_extractor]).predict(first_images, verbose=0)
    """,
    ),
    Variant(
        "one more input, always 1",
        cell="dense_parameters",
        change={"inputs * outputs + outputs": "(inputs + 1) * outputs"},
    ),
    Variant(
        "functional, with dropout and a loss function",
        cell="build_head",
        source="""
    def cross_entropy(labels, logits):
        return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)


    def build_head(num_features, num_classes):
        features = keras.Input((num_features,))
        logits = keras.layers.Dense(num_classes, activation=None)(keras.layers.Dropout(0.1)(features))
        model = keras.Model(features, logits)
        model.compile(
            keras.optimizers.Adam(1e-3), cross_entropy, metrics=[keras.metrics.SparseCategoricalAccuracy("accuracy")]
        )
        return model


    head = build_head(1280, num_classes)
    """,
    ),
    Variant(
        "weights made when it is first used, accuracy by its short name",
        cell="build_head",
        source="""
    def build_head(num_features, num_classes):
        model = keras.Sequential([keras.layers.Dense(num_classes)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(optimizer="adam", loss=loss, metrics=["acc"])
        return model


    head = build_head(1280, num_classes)
    """,
        also={
            "train": """
    history = head.fit(x_train, y_train, epochs=6, validation_data=(x_validation, y_validation), verbose=0).history
    history["val_accuracy"] = history["val_acc"]
    """
        },
        keeps={"head_gives_logits", "head_is_compiled", "history_belongs_to_head"},
    ),
    Variant(
        "a class of its own",
        cell="build_head",
        source="""
    class Head(keras.Model):
        def __init__(self, num_classes):
            super().__init__()
            self.logits = keras.layers.Dense(num_classes)

        def call(self, features):
            return self.logits(features)


    def build_head(num_features, num_classes):
        model = Head(num_classes)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.legacy.Adam(), loss, metrics=["accuracy"])
        return model


    head = build_head(1280, num_classes)
    """,
    ),
    Variant(
        "cut by hand",
        cell="split_features",
        source="""
    n = len(dataset_features.y)
    first_cut, second_cut = round(0.7 * n), round(0.85 * n)
    x_train, x_validation, x_test = np.split(np.array(dataset_features.x), [first_cut, second_cut])
    y_train, y_validation, y_test = np.split(dataset_features.y, [first_cut, second_cut])
    """,
    ),
    Variant(
        "a tf.data pipeline",
        cell="train",
        source="""
    training = tf.data.Dataset.from_tensor_slices((x_train, y_train)).shuffle(1000).batch(32)
    validation = tf.data.Dataset.from_tensor_slices((x_validation, y_validation)).batch(100)
    history = head.fit(training, epochs=6, validation_data=validation, verbose=0)
    """,
    ),
    Variant(
        "functional, counted by Keras",
        cell="assemble",
        source="""
    pictures = keras.Input((224, 224, 3))
    model = keras.Model(pictures, head(feature_extractor(pictures)))
    first_logits = model(first_images)
    num_trainable = head.count_params()
    num_frozen = model.count_params() - num_trainable
    """,
    ),
    Variant(
        "computed from logits",
        cell="test",
        source="""
    test_logits = head.predict(x_test, verbose=0)
    test_accuracy = np.mean(np.argmax(test_logits, axis=1) == y_test)
    test_loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y_test, test_logits)
    """,
    ),
]
