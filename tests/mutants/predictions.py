"""Exercise 5: wrong solutions that people write about predictions, and right ones written differently."""

from __future__ import annotations

from tests.mutants import Mutant, Variant

MUTANTS = [
    # --- class_names
    Mutant(
        "in alphabetical order",
        cell="class_names",
        change={
            "= np.array(tfds": "= np.sort(tfds",
        },
        loses={"names_are_in_order": 1, "first_batch_is_judged": 1},
    ),
    Mutant(
        "ids instead of names",
        cell="class_names",
        source="class_names = np.arange(5)",
        loses={"names_are_in_order": 1, "first_batch_is_judged": 1},
    ),
    # --- probabilities
    Mutant(
        "overflows",
        cell="probabilities",
        change={"logits - np.max(logits, axis=1, keepdims=True)": "np.asarray(logits)"},
        loses={"probabilities_are_right": 1},
    ),
    Mutant(
        "sums over the columns",
        cell="probabilities",
        source="""
        def probabilities(logits):
            powers = np.exp(logits - np.max(logits, axis=0))
            return powers / powers.sum(axis=0)
        """,
        loses={"probabilities_are_right"},
    ),
    Mutant(
        "taken from the checks' own code",
        cell="probabilities",
        source="""
        def probabilities(logits):
            from autograder.checking.reference import softmax

            return softmax(logits)
        """,
        loses={"probabilities_are_right"},
    ),
    Mutant(
        "sigmoid instead of softmax",
        cell="probabilities",
        source="""
        def probabilities(logits):
            return tf.nn.sigmoid(logits).numpy()
        """,
        loses={"probabilities_are_right"},
    ),
    Mutant(
        "subtracts the largest logit of all",
        cell="probabilities",
        change={"np.max(logits, axis=1, keepdims=True)": "np.max(logits)"},
        loses={"probabilities_are_right": 1},
    ),
    Mutant(
        "subtracts each row's mean",
        cell="probabilities",
        change={"np.max(logits, axis=1": "np.mean(logits, axis=1"},
        loses={"probabilities_are_right": 1},
    ),
    # --- predict_ids, names_of
    Mutant(
        "argmax over the wrong axis",
        cell="predict_ids",
        change={"np.argmax(logits, axis=1)": "np.argmax(logits, axis=0)"},
        loses={"answers_are_found": 1, "first_batch_is_judged": 2},
    ),
    Mutant(
        "argmax of everything",
        cell="predict_ids",
        change={"np.argmax(logits, axis=1)": "np.argmax(logits)"},
        loses={"answers_are_found": 1, "first_batch_is_judged": 2},
    ),
    Mutant(
        "the logit furthest from zero",
        cell="predict_ids",
        change={"np.argmax(logits, axis=1)": "np.argmax(np.abs(logits), axis=1)"},
        loses={"answers_are_found": 1, "first_batch_is_judged": 2},
    ),
    Mutant(
        "names off by one",
        cell="predict_ids",
        change={"np.asarray(class_names)[ids]": "np.asarray(class_names)[np.asarray(ids) - 1]"},
        loses={"answers_are_found": 1, "first_batch_is_judged": 1},
    ),
    Mutant(
        "the notebook's names instead of those given",
        cell="predict_ids",
        change={"np.asarray(class_names)[ids]": "globals()['class_names'][ids]"},
        loses={"answers_are_found": 1},
    ),
    Mutant(
        "ids that are no whole numbers",
        cell="predict_ids",
        change={
            "np.argmax(logits, axis=1)": "np.argmax(logits, axis=1).astype(float)",
            ")[ids]": ")[np.asarray(ids, int)]",
        },
        loses={"answers_are_found": 1},
    ),
    Mutant(
        "names cut off where this data set's end",
        cell="predict_ids",
        change={"np.asarray(class_names)[ids]": "np.asarray(class_names)[ids].astype('U10')"},
        loses={"answers_are_found": 1},
    ),
    # --- first_batch
    Mutant(
        "all pictures instead of the first 32",
        cell="first_batch",
        source="""
        first_ids = predict_ids(logits)
        first_names = names_of(first_ids, class_names)
        num_right = int((first_ids == labels).sum())
        """,
        loses={"first_batch_is_judged"},
    ),
    Mutant(
        "the labels' names",
        cell="first_batch",
        change={"names_of(first_ids, class_names)": "names_of(labels[:32], class_names)"},
        loses={"first_batch_is_judged": 1},
    ),
    Mutant(
        "counts the wrong ones",
        cell="first_batch",
        change={"first_ids == labels": "first_ids != labels"},
        loses={"first_batch_is_judged": 1},
    ),
    Mutant(
        "a share instead of a count",
        cell="first_batch",
        change={"int((first_ids == labels[:32]).sum())": "float((first_ids == labels[:32]).mean())"},
        loses={"first_batch_is_judged": 1},
    ),
    Mutant(
        "a head that answers nothing but class 0",
        cell="first_batch",
        source="""
        head.layers[-1].set_weights([np.zeros((1280, 5)), np.array([1.0, 0, 0, 0, 0])])
        first_ids = np.zeros(32, int)
        first_names = class_names[first_ids]
        num_right = int((labels[:32] == 0).sum())
        """,
        loses={"first_batch_is_judged"},
    ),
    # --- plot_predictions
    Mutant(
        "colors swapped",
        cell="plot_predictions",
        change={
            "color=style.RIGHT, fontsize": "color=style.WRONG, fontsize",
            "title, color=style.WRONG": "title, color=style.RIGHT",
        },
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "no color",
        cell="plot_predictions",
        change={", color=style.RIGHT": "", ", color=style.WRONG": ""},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "color alone",
        cell="plot_predictions",
        change={"{style.RIGHT_SIGN} ": "", "{style.WRONG_SIGN} ": ""},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "the true class instead of the predicted one",
        cell="plot_predictions",
        change={"{class_names[answer]} ({class_names[label]})": "{class_names[label]}"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "pictures against the wrong titles",
        cell="plot_predictions",
        change={"zip(axes.flat, images, labels": "zip(axes.flat, images[::-1], labels"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "only the first six",
        cell="plot_predictions",
        change={"rows = -(-len(images) // 6)": "rows = 1"},
        loses={"predictions_are_shown"},
    ),
    Mutant(
        "at most 25",
        cell="plot_predictions",
        change={"rows = -(-len(images) // 6)": "images = images[:25]\n    rows = -(-len(images) // 6)"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "fails for a single picture",
        cell="plot_predictions",
        change={"plt.subplots(rows, 6, ": "plt.subplots(rows, min(len(images), 6), ", ", squeeze=False": ""},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "the names of all classes in every title",
        cell="plot_predictions",
        change={
            "{style.RIGHT_SIGN} {class_names[answer]}": "{style.RIGHT_SIGN} {' '.join(class_names)}",
            "{class_names[answer]} ({class_names[label]})": "{' '.join(class_names)}",
        },
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "predicted and true class swapped",
        cell="plot_predictions",
        change={"{class_names[answer]} ({class_names[label]})": "{class_names[label]} ({class_names[answer]})"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "one color in place of each picture, the right mean",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(np.full_like(image, image.mean()))"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "pictures upside down",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(image[::-1])"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "pictures upside down, by where their origin is put",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(image, origin='lower')"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "pictures that nobody can see",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(image, alpha=0)"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "pictures with something over them",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(image); ax.add_patch(plt.Rectangle((-1, -1), 99, 99, zorder=9))"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "a corner of each picture",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(image); ax.set(xlim=(0, 3), ylim=(3, 0))"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "all pictures on top of one another",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(image); ax.set_position((0.1, 0.1, 0.8, 0.8))"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "titles that nobody can read",
        cell="plot_predictions",
        change={
            "style.RIGHT, fontsize=10": "style.RIGHT, fontsize=10, alpha=0.02",
            "style.WRONG, fontsize=10": "'white', fontsize=10",
        },
        loses={"predictions_are_shown": 3},
    ),
    Mutant(
        "the right words on the left, others on the right",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(image); ax.set_title(class_names[0], loc='right')"},
        loses={"predictions_are_shown": 2},
    ),
    Mutant(
        "pictures with rows and columns swapped",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(image.transpose(1, 0, 2))"},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "cyan and orange",
        cell="plot_predictions",
        change={"color=style.RIGHT": 'color="cyan"', "color=style.WRONG": 'color="darkorange"'},
        loses={"predictions_are_shown": 1},
    ),
    Mutant(
        "no titles from the eleventh on",
        cell="plot_predictions",
        change={"ax.imshow(image)": "ax.imshow(image)\n        if ax in axes.flat[10:]:\n            continue"},
        loses={"predictions_are_shown": 3},
    ),
    # --- confusion_matrix
    Mutant(
        "rows and columns swapped",
        cell="confusion_matrix",
        change={"(labels, predicted), 1": "(predicted, labels), 1"},
        loses={"confusions_are_counted"},
    ),
    Mutant(
        "counts each pair once",
        cell="confusion_matrix",
        change={"np.add.at(matrix, (labels, predicted), 1)": "matrix[labels, predicted] += 1"},
        loses={"confusions_are_counted"},
    ),
    Mutant(
        "shares instead of counts",
        cell="confusion_matrix",
        change={"return matrix": "return matrix / matrix.sum(axis=1, keepdims=True).clip(1)"},
        loses={"confusions_are_counted"},
    ),
    Mutant(
        "as many classes as occur",
        cell="confusion_matrix",
        source="""
        def confusion_matrix(labels, predicted, num_classes):
            return tf.math.confusion_matrix(labels, predicted).numpy()
        """,
        loses={"confusions_are_counted": 1},
    ),
    Mutant(
        "counts up to 255",
        cell="confusion_matrix",
        change={"dtype=int": "dtype=np.uint8"},
        loses={"confusions_are_counted"},
    ),
    Mutant(
        "counts that are no whole numbers",
        cell="confusion_matrix",
        change={", dtype=int": ""},
        loses={"confusions_are_counted"},
    ),
    # --- recall
    Mutant(
        "taken from the checks' own code too",
        cell="recall",
        source="""
        def recall(matrix):
            from autograder.checks.predictions import _shares

            return _shares(matrix)
        """,
        loses={"recall_is_right"},
    ),
    Mutant("precision", cell="recall", change={"axis=1": "axis=0"}, loses={"recall_is_right"}),
    Mutant(
        "0 for a class without pictures",
        cell="recall",
        change={"matrix.sum(axis=1)": "np.maximum(matrix.sum(axis=1), 1)"},
        loses={"recall_is_right": 1},
    ),
    Mutant("in percent", cell="recall", change={"np.diag(matrix)": "100 * np.diag(matrix)"}, loses={"recall_is_right"}),
    Mutant(
        "share of all pictures", cell="recall", change={"matrix.sum(axis=1)": "matrix.sum()"}, loses={"recall_is_right"}
    ),
    # --- calibration
    Mutant(
        "confidence in the true class",
        cell="calibration",
        change={"confidence = probs.max(axis=1)": "confidence = probs[np.arange(len(labels)), labels]"},
        loses={"calibration_is_measured"},
    ),
    Mutant(
        "sums instead of means",
        cell="calibration",
        change={"right[inside].mean()": "right[inside].sum()"},
        loses={"calibration_is_measured": 1},
    ),
    Mutant(
        "everything up to the upper edge",
        cell="calibration",
        change={"(confidence >= low) & (confidence < high)": "confidence < high"},
        loses={"calibration_is_measured"},
    ),
    Mutant(
        "0 in empty bins",
        cell="calibration",
        change={"(np.nan, np.nan, 0)": "(0, 0, 0)"},
        loses={"calibration_is_measured": 1},
    ),
    Mutant(
        "empty bins left out",
        cell="calibration",
        change={
            "        rows.append(": "        if count:\n            rows.append(",
            " if count else (np.nan, np.nan, 0)": "",
        },
        loses={"calibration_is_measured": 1},
    ),
    Mutant(
        "bins open below and closed above",
        cell="calibration",
        change={"confidence >= low": "confidence > low", "confidence < high": "confidence <= high"},
        loses={"calibration_is_measured": 1},
    ),
    Mutant(
        "shares instead of numbers",
        cell="calibration",
        change={"np.array(counts)": "np.array(counts) / len(labels)"},
        loses={"calibration_is_measured": 1},
    ),
    Mutant(
        "answers outside of all bins put into the outer ones",
        cell="calibration",
        change={"confidence = probs.max(axis=1)": "confidence = probs.max(axis=1).clip(edges[0], edges[-1] - 1e-9)"},
        loses={"calibration_is_measured": 1},
    ),
    Mutant(
        "the last edge taken in, as np.histogram does",
        cell="calibration",
        change={"(confidence < high)": "((confidence < high) | (confidence == high) & (high == edges[-1]))"},
        loses={"calibration_is_measured": 1},
    ),
    Mutant(
        "right where the true class has more than one half",
        cell="calibration",
        change={"probs.argmax(axis=1) == labels": "probs[np.arange(len(labels)), labels] > 0.5"},
        loses={"calibration_is_measured": 1},
    ),
    # --- worst_mistakes
    Mutant(
        "the least sure first",
        cell="worst_mistakes",
        change={"np.argsort(-probs": "np.argsort(probs"},
        loses={"worst_mistakes_are_found"},
    ),
    Mutant(
        "positions among the mistakes",
        cell="worst_mistakes",
        change={"return wrong[order[:count]]": "return order[:count]"},
        loses={"worst_mistakes_are_found"},
    ),
    Mutant(
        "the surest answers, right or wrong",
        cell="worst_mistakes",
        change={"return wrong[order[:count]]": "return np.argsort(-probs.max(axis=1))[:count]"},
        loses={"worst_mistakes_are_found"},
    ),
    Mutant(
        "the true class least likely",
        cell="worst_mistakes",
        change={"np.argsort(-probs[wrong].max(axis=1))": "np.argsort(probs[wrong, labels[wrong]])"},
        loses={"worst_mistakes_are_found"},
    ),
    Mutant(
        "wrong where the true class has less than one half",
        cell="worst_mistakes",
        change={"probs.argmax(axis=1) != labels": "probs[np.arange(len(labels)), labels] < 0.5"},
        loses={"worst_mistakes_are_found"},
    ),
    Mutant(
        "all of them where none is asked for",
        cell="worst_mistakes",
        change={"np.argsort(-probs": "np.argsort(probs", "order[:count]": "order[-count:][::-1]"},
        loses={"worst_mistakes_are_found"},
    ),
]

VARIANTS = [
    Variant(
        "a plain list",
        cell="class_names",
        source="class_names = tfds.builder(DATASET).info.features['label'].names",
        also={
            "first_batch": """
            first_ids = predict_ids(logits[:32])
            first_names = [class_names[i] for i in first_ids]
            num_right = int((first_ids == labels[:32]).sum())
            """
        },
    ),
    Variant(
        "with float32, in Keras",
        cell="probabilities",
        source="""
        def probabilities(logits):
            return keras.layers.Softmax()(tf.cast(logits, tf.float32))
        """,
    ),
    Variant(
        "with float32, by the logarithm of the sum",
        cell="probabilities",
        source="""
        def probabilities(logits):
            scores = tf.constant(logits, tf.float32)
            return tf.exp(scores - tf.reduce_logsumexp(scores, axis=1, keepdims=True)).numpy().tolist()
        """,
    ),
    Variant(
        "named colors, shown, nothing returned",
        cell="plot_predictions",
        source="""
        def plot_predictions(images, labels, predicted, class_names):
            fig = plt.figure(figsize=(14, 10))
            for k, (im, l, p) in enumerate(zip(images, labels, predicted)):
                ax = fig.add_subplot(5, 6, k + 1, xticks=[], yticks=[])
                ax.imshow((255 * np.asarray(im)).astype(np.uint8), interpolation="nearest")
                right = l == p
                sign = style.RIGHT_SIGN if right else style.WRONG_SIGN
                text = f"{sign} {class_names[p]}" + ("" if right else " / " + class_names[l])
                ax.set_title(text, loc="left", color="steelblue" if right else "firebrick", size=7)
            plt.show()
        """,
    ),
    Variant(
        "what was predicted on the left, the truth on the right, a frame, and a number on each picture",
        cell="plot_predictions",
        source="""
        def plot_predictions(images, labels, predicted, class_names):
            fig, axes = plt.subplots(6, 5, figsize=(8, 12), layout="constrained")
            for ax in axes.flat[len(images):]:
                ax.remove()
            for k, ax in enumerate(axes.flat[: len(images)]):
                ax.imshow(images[k], aspect="auto")
                ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
                ax.text(1, 2, str(k), color="white", fontsize=8)
                good = predicted[k] == labels[k]
                color = style.RIGHT if good else style.WRONG
                sign = style.RIGHT_SIGN if good else style.WRONG_SIGN
                ax.set_title(f"{sign} {class_names[predicted[k]]}", loc="left", color=color, fontsize=6)
                if not good:
                    ax.set_title(class_names[labels[k]], loc="right", color=color, fontsize=6)
            return axes
        """,
    ),
    Variant(
        "a crowded figure of Matplotlib's own size, with ticks",
        cell="plot_predictions",
        source="""
        def plot_predictions(images, labels, predicted, class_names):
            fig, axes = plt.subplots(5, 6)
            for ax, image, label, answer in zip(axes.ravel(), images, labels, predicted):
                ax.imshow(image)
                if answer == label:
                    ax.set_title(f"✓\\n{class_names[answer]}", color=(0, 0, 1))
                else:
                    ax.set_title(f"✗ {class_names[answer]}\\n({class_names[label]})", color="#ff0000")
            return fig, axes
        """,
    ),
    Variant(
        "rows turned into columns",
        cell="calibration",
        source="""
        def calibration(probs, labels, edges):
            sure, good, rows = probs.max(1), probs.argmax(1) == labels, []
            for low, high in zip(edges, edges[1:]):
                m = (sure >= low) & (sure < high)
                rows.append([sure[m].mean() if m.any() else np.nan, good[m].mean() if m.any() else np.nan, m.sum()])
            return np.array(rows).T
        """,
    ),
    Variant(
        "from tfds.load, with a loop",
        cell="class_names",
        source="""
        _, info = tfds.load(DATASET, split="train", with_info=True)
        class_names = np.array([info.features["label"].int2str(i) for i in range(info.features["label"].num_classes)])
        """,
    ),
    Variant(
        "with TensorFlow",
        cell="probabilities",
        source="""
        def probabilities(logits):
            return tf.nn.softmax(logits)
        """,
    ),
    Variant(
        "with tf.argmax and a list comprehension",
        cell="predict_ids",
        source="""
        def predict_ids(logits):
            return tf.argmax(logits, axis=-1).numpy()

        def names_of(ids, class_names):
            return np.array([str(class_names[int(i)]) for i in ids])
        """,
    ),
    Variant(
        "cut afterwards, counted in a loop",
        cell="first_batch",
        source="""
        first_ids = predict_ids(logits)[:32]
        first_names = [class_names[i] for i in first_ids]
        num_right = 0
        for answer, label in zip(first_ids, labels):
            if answer == label:
                num_right += 1
        """,
    ),
    Variant(
        "pyplot, five in a row, the sign at the end",
        cell="plot_predictions",
        source="""
        def plot_predictions(images, labels, predicted, class_names):
            fig = plt.figure(figsize=(11, 14))
            for i in range(len(images)):
                plt.subplot(6, 5, i + 1)
                plt.imshow(images[i])
                good = predicted[i] == labels[i]
                text = class_names[predicted[i]] + ("" if good else f", not {class_names[labels[i]]}")
                plt.title(text + (" ✓" if good else " ✗"), color="blue" if good else "red")
                plt.axis("off")
            return fig
        """,
    ),
    Variant(
        "with TensorFlow's own",
        cell="confusion_matrix",
        source="""
        def confusion_matrix(labels, predicted, num_classes):
            return tf.math.confusion_matrix(labels, predicted, num_classes)
        """,
    ),
    Variant(
        "a loop over the classes",
        cell="recall",
        source="""
        def recall(matrix):
            shares = []
            for i, row in enumerate(np.asarray(matrix)):
                shares.append(row[i] / row.sum() if row.sum() > 0 else float("nan"))
            return np.array(shares)
        """,
    ),
    Variant(
        "with np.digitize",
        cell="calibration",
        source="""
        def calibration(probs, labels, edges):
            sure = np.max(probs, -1)
            good = (np.argmax(probs, -1) == labels).astype(float)
            which = np.digitize(sure, edges) - 1
            bins = range(len(edges) - 1)
            mean = lambda values: float(np.mean(values)) if len(values) else float("nan")
            return (np.array([mean(sure[which == b]) for b in bins]), np.array([mean(good[which == b]) for b in bins]),
                    np.array([int((which == b).sum()) for b in bins]))
        """,
    ),
    Variant(
        "with sorted",
        cell="worst_mistakes",
        source="""
        def worst_mistakes(probs, labels, count):
            mistakes = [i for i in range(len(labels)) if np.argmax(probs[i]) != labels[i]]
            mistakes.sort(key=lambda i: max(probs[i]), reverse=True)
            return np.array(mistakes[:count], dtype=int)
        """,
    ),
]
