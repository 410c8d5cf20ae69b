"""Exercise 3: wrong ways to compare two backbones, and right ones written differently."""

from __future__ import annotations

from tests.mutants import Mutant, Variant

INTERVAL = "return (middle - half_width) / denominator, (middle + half_width) / denominator"

MUTANTS = [
    # --- resize_and_scale
    Mutant(
        "224 pixels whatever is asked for",
        cell="resize_and_scale",
        change={"[size, size]": "[224, 224]"},
        loses={"any_size_is_possible": 1, "inception_features_are_extracted": 2},
    ),
    Mutant(
        "forgot to scale",
        cell="resize_and_scale",
        change={"resized / 255.0": "resized"},
        loses={"any_size_is_possible": 1, "inception_features_are_extracted": 1},
    ),
    Mutant(
        "height and width from the picture's shape",
        cell="resize_and_scale",
        change={"[size, size]": "[size, size * tf.shape(image)[1] // tf.shape(image)[0]]"},
        loses={"any_size_is_possible": 1, "inception_features_are_extracted": 2},
    ),
    Mutant(
        "a label that is no whole number",
        cell="resize_and_scale",
        change={"/ 255.0, label": "/ 255.0, tf.cast(label, tf.float32)"},
        loses={"any_size_is_possible"},
    ),
    # --- inception_features
    Mutant(
        "224 pixels for Inception V3",
        cell="inception_features",
        change={"resize_and_scale(image, label, 299)": "resize_and_scale(image, label, 224)"},
        loses={"inception_features_are_extracted"},
    ),
    Mutant(
        "the backbone is trained too",
        cell="inception_features",
        change={"trainable=False": "trainable=True"},
        loses={"inception_features_are_extracted": 1},
    ),
    Mutant(
        "test pictures instead of validation pictures",
        cell="inception_features",
        change={"train[70%:85%]": "train[85%:]"},
        loses={"inception_features_are_extracted": 1},
    ),
    Mutant(
        "a layer that gives zeros, and features looked up",
        cell="inception_features",
        source="""
    class GivesZeros:
        trainable = False

        def __call__(self, images):
            return np.zeros((len(images), 2048), np.float32)


    inception_layer = GivesZeros()
    first_features = np.array(features.extract("inception_v3", untrained=True).split()[1][0][:8])
    """,
        loses={"inception_features_are_extracted": 1},
    ),
    # --- train_heads
    Mutant(
        "the first history overwritten by the second",
        cell="train_heads",
        change={
            "mobilenet_head, mobilenet_history =": "mobilenet_head, history =",
            "inception_head, inception_history = train_head(inception_features)": "inception_head, history = "
            "train_head(inception_features)\nmobilenet_history, inception_history = history, history",
        },
        loses={"histories_are_kept_apart": 1},
    ),
    Mutant(
        "one epoch",
        cell="train_heads",
        change={"epochs=6": "epochs=1"},
        loses={"histories_are_kept_apart"},
    ),
    Mutant(
        "smaller batches for one of the two",
        cell="train_heads",
        change={"batch_size=32": "batch_size=32 if x_train.shape[1] == 1280 else 12"},
        loses={"histories_are_kept_apart": 1},
    ),
    Mutant(
        "softmax and from_logits=True",
        cell="train_heads",
        change={"keras.layers.Dense(num_classes)": 'keras.layers.Dense(num_classes, activation="softmax")'},
        loses={"both_heads_have_learned"},
    ),
    Mutant(
        "both trained on MobileNet's features",
        cell="train_heads",
        change={"train_head(inception_features)": "train_head(mobilenet_features)"},
        loses={
            "both_heads_have_learned": 1.5,
            "histories_are_kept_apart": 1,
            "classes_are_predicted": 2,
            "conclusion_follows_from_predictions": 1,
        },
    ),
    Mutant(
        "trained on the validation part",
        cell="train_heads",
        change={
            "(x_train, y_train), validation, _ = dataset_features": "_, validation, _ = dataset_features",
            "keras.utils.set_random_seed(0)": "x_train, y_train = validation",
        },
        loses={"both_heads_have_learned": 1.5, "histories_are_kept_apart": 2},
    ),
    Mutant(
        "trained on everything",  # which untrained Inception's features do not show
        cell="train_heads",
        change={
            "(x_train, y_train), validation, _ = dataset_features": "_, validation, _ = dataset_features",
            "keras.utils.set_random_seed(0)": "x_train, y_train = np.array(dataset_features.x), dataset_features.y",
        },
        loses={"both_heads_have_learned": 1.5, "histories_are_kept_apart": 2},
    ),
    Mutant(
        "only compiled, not trained",
        cell="train_heads",
        change={
            "inception_head, inception_history = train_head(inception_features)": "inception_head = "
            "keras.Sequential([keras.layers.Input((2048,)), keras.layers.Dense(5)])\n"
            "inception_history = mobilenet_history"
        },
        loses={"both_heads_have_learned": 1.5, "histories_are_kept_apart": 1},
    ),
    # --- predict
    Mutant(
        "wrong axis for argmax",
        cell="predict",
        change={
            "mobilenet_head.predict(mobilenet_x_test, verbose=0), axis=1": "mobilenet_head.predict(mobilenet_x_test, "
            "verbose=0), axis=0"
        },
        loses={"classes_are_predicted": 1, "conclusion_follows_from_predictions": 1},
    ),
    Mutant(
        "classes counted from 1",
        cell="predict",
        change={
            "np.argmax(mobilenet_head.predict(mobilenet_x_test, verbose=0), axis=1)": "1 + np.argmax("
            "mobilenet_head.predict(mobilenet_x_test, verbose=0), axis=1)"
        },
        loses={"classes_are_predicted": 1, "conclusion_follows_from_predictions": 1},
    ),
    Mutant(
        "labels of the validation part",
        cell="predict",
        change={
            '_, _, (mobilenet_x_test, test_labels) = mobilenet_features.split("70/15/15")': "_, (_, test_labels), "
            '(mobilenet_x_test, _) = mobilenet_features.split("70/15/15")'
        },
        loses={"classes_are_predicted": 1, "conclusion_follows_from_predictions": 1},
    ),
    Mutant(
        "test labels that are no whole numbers",
        cell="predict",
        change={"inception_predictions =": "test_labels = test_labels.astype(float)\ninception_predictions ="},
        loses={"classes_are_predicted": 1},
    ),
    # --- wilson_interval
    Mutant(
        "the textbook formula",
        cell="wilson_interval",
        source="""
    def wilson_interval(correct, total):
        p = correct / total
        half_width = 1.96 * (p * (1 - p) / total) ** 0.5
        return p - half_width, p + half_width
    """,
        loses={"interval_is_wilsons"},
    ),
    Mutant(
        "the denominator divides the half width only",
        cell="wilson_interval",
        change={INTERVAL: "return middle - half_width / denominator, middle + half_width / denominator"},
        loses={"interval_is_wilsons"},
    ),
    Mutant(
        "the root forgotten",
        cell="wilson_interval",
        change={" ** 0.5": ""},
        loses={"interval_is_wilsons"},
    ),
    Mutant(
        "rounded to four digits",
        cell="wilson_interval",
        change={
            "return (middle": "return round((middle",
            "- half_width) / denominator, (": "- half_width) / denominator, 4), round((",
            "+ half_width) / denominator": "+ half_width) / denominator, 4)",
        },
        loses={"interval_is_wilsons"},
    ),
    Mutant(
        "no doubt when all are right",
        cell="wilson_interval",
        change={"    z, p = 1.96": "    if correct == total:\n        return 1.0, 1.0\n    z, p = 1.96"},
        loses={"interval_is_wilsons": 1},
    ),
    # --- compare
    Mutant(
        "all right answers counted, not only those of one model",
        cell="compare",
        change={"first_right & ~second_right": "first_right", "second_right & ~first_right": "second_right"},
        loses={"same_pictures_are_compared"},
    ),
    Mutant(
        "second before first",
        cell="compare",
        source="""
    def compare_on_same_pictures(first, second, labels):
        first_right, second_right = first == labels, second == labels
        return int(np.sum(second_right & ~first_right)), int(np.sum(first_right & ~second_right))
    """,
        loses={"same_pictures_are_compared": 2, "conclusion_follows_from_predictions": 1},
    ),
    Mutant(
        "pictures on which the answers differ",
        cell="compare",
        change={"first_right & ~second_right": "first != second"},
        loses={"same_pictures_are_compared": 1},
    ),
    Mutant(
        "shares instead of counts",
        cell="compare",
        source="""
    def compare_on_same_pictures(first, second, labels):
        first_right, second_right = first == labels, second == labels
        return float(np.mean(first_right & ~second_right)), float(np.mean(second_right & ~first_right))
    """,
        loses={"same_pictures_are_compared": 2, "conclusion_follows_from_predictions": 1},
    ),
    # --- verdict
    Mutant(
        "never in doubt",
        cell="verdict",
        change={"mcnemar(only_first, only_second) >= 0.05": "False"},
        loses={"verdict_knows_doubt": 1},
    ),
    Mutant(
        "two standard errors instead of the exact test",
        cell="verdict",
        change={
            "mcnemar(only_first, only_second) >= 0.05": "abs(only_first - only_second) <= "
            "2 * (only_first + only_second) ** 0.5"
        },
        loses={"verdict_knows_doubt": 1},
    ),
    Mutant(
        "p below 0.15 is enough",
        cell="verdict",
        change={">= 0.05": ">= 0.15"},
        loses={"verdict_knows_doubt": 1},
    ),
    Mutant(
        "McNemar's test by chi-square, corrected",
        cell="verdict",
        change={
            "mcnemar(only_first, only_second) >= 0.05": "(abs(only_first - only_second) - 1) ** 2 "
            "<= 3.84 * max(only_first + only_second, 1)"
        },
        loses={"verdict_knows_doubt": 1},
    ),
    Mutant(
        "the rule turned around",
        cell="verdict",
        change={">= 0.05": "< 0.05"},
        loses={"verdict_knows_doubt", "conclusion_follows_from_predictions"},
    ),
    Mutant(
        "only the first can be better",
        cell="verdict",
        change={'"first" if only_first > only_second else "second"': '"first"'},
        loses={"verdict_knows_doubt": 1},
    ),
    Mutant(
        "the models swapped",
        cell="verdict",
        change={
            "(mobilenet_predictions, inception_predictions, test_labels)": "(inception_predictions, "
            "mobilenet_predictions, test_labels)"
        },
        loses={"conclusion_follows_from_predictions"},
    ),
    Mutant(
        "the larger model declared the winner",
        cell="verdict",
        change={
            "verdict(*compare_on_same_pictures(mobilenet_predictions, inception_predictions, test_labels))": '"second"'
        },
        loses={"conclusion_follows_from_predictions"},
    ),
    # --- cost
    Mutant("8 bytes a parameter", cell="cost", change={"* 4": "* 8"}, loses={"cost_is_known": 1}),
    Mutant(
        "megabytes of three digits",
        cell="cost",
        change={"parameters * 4 / 1_000_000": "round(parameters * 4 / 1_000_000, 3)"},
        loses={"cost_is_known": 1},
    ),
    Mutant("mebibytes", cell="cost", change={"1_000_000": "1024**2"}, loses={"cost_is_known": 1}),
    Mutant(
        "heights instead of areas",
        cell="cost",
        change={"(size / other_size) ** 2": "size / other_size"},
        loses={"cost_is_known": 1},
    ),
]

VARIANTS = [
    Variant(
        "Keras layers, made for each size",
        cell="resize_and_scale",
        source="""
    def resize_and_scale(image, label, size):
        height, width = size, size
        scaled = tf.cast(image, tf.float32) / tf.constant(255, tf.float32)
        return tf.image.resize(scaled, (height, width), antialias=False), label
    """,
    ),
    Variant(
        "NumPy arrays",
        cell="inception_features",
        source="""
    inception_layer = hub.KerasLayer(inception.handle, input_shape=(299, 299, 3))
    images = [resize_and_scale(image, label, 299)[0] for image, label in
              tfds.load(DATASET, split="train[70%:85%]", as_supervised=True).take(8)]
    first_features = inception_layer(np.stack(images))
    """,
    ),
    Variant(
        "functional, with another seed",
        cell="train_heads",
        source="""
    def trained(parts):
        keras.utils.set_random_seed(1)
        features = keras.Input(parts[0][0].shape[1:])
        head = keras.Model(features, keras.layers.Dense(5, name="logits")(features))
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        head.compile(keras.optimizers.Adam(), loss, metrics=["accuracy"])
        return head, head.fit(*parts[0], batch_size=32, epochs=6, validation_data=parts[1], verbose=0)


    mobilenet_head, mobilenet_history = trained(mobilenet_features.split())
    inception_head, inception_history = trained(inception_features.split())
    """,
    ),
    Variant(
        "TensorFlow's argmax, called as functions",
        cell="predict",
        source="""
    x, test_labels = mobilenet_features.split()[2]
    mobilenet_predictions = tf.argmax(mobilenet_head(np.array(x)), axis=-1)
    inception_predictions = inception_head(np.array(inception_features.split()[2][0])).numpy().argmax(-1)
    mobilenet_predictions = mobilenet_predictions.numpy()
    """,
    ),
    Variant(
        "counts instead of shares, the exact z",
        cell="wilson_interval",
        source="""
    def wilson_interval(correct, total):
        z = 1.959963984540054
        wrong = total - correct
        middle = (correct + z * z / 2) / (total + z * z)
        half = z / (total + z * z) * np.sqrt(correct * wrong / total + z * z / 4)
        return max(0.0, middle - half), min(1.0, middle + half)
    """,
    ),
    Variant(
        "from the signs of a difference, as an array",
        cell="compare",
        source="""
    def compare_on_same_pictures(first, second, labels):
        gain = (first == labels).astype(int) - (second == labels).astype(int)
        return np.array([(gain > 0).sum(), (gain < 0).sum()])
    """,
    ),
    Variant(
        "three branches",
        cell="verdict",
        source="""
    def verdict(only_first, only_second):
        p = mcnemar(only_first, only_second)
        if p < 0.05 and only_first > only_second:
            return "first"
        if p < 0.05:
            return "second"
        return "no clear difference"


    one, other = compare_on_same_pictures(mobilenet_predictions, inception_predictions, test_labels)
    conclusion = verdict(one, other)
    """,
    ),
    Variant(
        "other arithmetic",
        cell="cost",
        source="""
    def megabytes(parameters):
        return np.float32(0).nbytes * parameters * 1e-6


    def times_the_pixels(size, other_size):
        return np.divide(size * size, other_size * other_size)
    """,
    ),
]
