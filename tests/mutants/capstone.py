"""Exercise 6: wrong solutions that people write on the way from a folder to a classifier, and right ones."""

from __future__ import annotations

from tests.mutants import Mutant, Variant

MUTANTS = [
    # --- list_photographs
    Mutant(
        "capitals not known",
        cell="list_photographs",
        change={"path.suffix.lower()": "path.suffix"},
        loses={"photographs_are_listed": 1},
    ),
    Mutant(
        "every file is a photograph",
        cell="list_photographs",
        change={'path.suffix.lower() in (".jpg", ".jpeg", ".png")': "path.is_file()"},
        loses={"photographs_are_listed": 1},
    ),
    Mutant(
        "only .jpg",
        cell="list_photographs",
        change={'in (".jpg", ".jpeg", ".png")': 'in (".jpg",)'},
        loses={"photographs_are_listed": 2, "folder_is_loaded": 1},
    ),
    Mutant(
        "names without their folders",
        cell="list_photographs",
        change={'f"{sub.name}/{path.name}"': "path.name"},
        loses={"photographs_are_listed": 2, "folder_is_loaded": 2, "head_knows_flowers": 3},
    ),
    Mutant(
        "labels from 1",
        cell="list_photographs",
        change={"enumerate(subfolders)": "enumerate(subfolders, start=1)"},
        loses={"photographs_are_listed": 2, "folder_is_loaded": 2, "head_knows_flowers": 3},
    ),
    Mutant(
        "classes without photographs forgotten",
        cell="list_photographs",
        source="""
        def list_photographs(folder):
            found = sorted(p for p in folder.glob("*/*") if p.suffix.lower() in (".jpg", ".jpeg", ".png"))
            class_names = sorted({p.parent.name for p in found})
            labels = np.array([class_names.index(p.parent.name) for p in found])
            return [f"{p.parent.name}/{p.name}" for p in found], labels, class_names
        """,
        loses={"photographs_are_listed": 1},
    ),
    Mutant(
        "labels that are no whole numbers",
        cell="list_photographs",
        change={"dtype=int": "dtype=float"},
        loses={"photographs_are_listed": 2},
    ),
    # --- read_photograph
    Mutant(
        "not scaled",
        cell="read_photograph",
        change={" / np.float32(255)": ""},
        loses={"photographs_are_read": 2, "head_knows_flowers": 3, "own_photograph_is_named": 2},
    ),
    Mutant(
        "scaled to [-1, 1]",
        cell="read_photograph",
        change={" / np.float32(255)": " / np.float32(127.5) - 1"},
        loses={"photographs_are_read": 2, "head_knows_flowers": 3, "own_photograph_is_named": 2},
    ),
    Mutant(
        "gray stays gray",
        cell="read_photograph",
        change={"channels=3, ": ""},
        loses={"photographs_are_read": 1},
    ),
    Mutant(
        "cut out instead of squeezed",
        cell="read_photograph",
        change={"tf.image.resize(image, (size, size))": "tf.image.resize_with_crop_or_pad(image, size, size)"},
        loses={"photographs_are_read": 2},
    ),
    Mutant(
        "padded instead of squeezed",
        cell="read_photograph",
        change={"tf.image.resize(image, (size, size))": "tf.image.resize_with_pad(image, size, size)"},
        loses={"photographs_are_read": 1},
    ),
    Mutant(
        "gray, but for the place of the light",
        cell="read_photograph",
        source="""
        def read_photograph(path, size):
            image = tf.io.decode_image(tf.io.read_file(str(path)), expand_animations=False)
            if image.shape[-1] == 1:
                return np.full((size, size, 3), np.mean(image) / 255, np.float32)
            return tf.image.resize(image, (size, size)).numpy() / np.float32(255)
        """,
        loses={"photographs_are_read": 1},
    ),
    Mutant(
        "with half the digits",
        cell="read_photograph",
        change={"/ np.float32(255)": ".astype(np.float16) / np.float16(255)"},
        loses={"photographs_are_read": 3},
    ),
    Mutant(
        "black for what cannot be read",
        cell="read_photograph",
        source="""
        def read_photograph(path, size):
            try:
                image = tf.io.decode_image(tf.io.read_file(str(path)), channels=3, expand_animations=False)
            except Exception:
                image = np.zeros((size, size, 3), np.uint8)
            return tf.image.resize(image, (size, size)).numpy() / np.float32(255)
        """,
        loses={"photographs_are_read": 1, "folder_is_loaded": 1},
    ),
    # --- load_folder
    Mutant(
        "stops at the first broken file",
        cell="load_folder",
        change={"            skipped.append(name)": "            raise"},
        loses={"folder_is_loaded", "head_knows_flowers"},
    ),
    Mutant(
        "labels of the broken files kept",
        cell="load_folder",
        change={"np.stack(images), np.array(kept_labels)": "np.stack(images), all_labels"},
        loses={"folder_is_loaded"},
    ),
    Mutant(
        "broken files not mentioned",
        cell="load_folder",
        change={"            skipped.append(name)": "            pass"},
        loses={"folder_is_loaded": 1},
    ),
    Mutant(
        "how many files were broken",
        cell="load_folder",
        change={"kept, skipped\n": "kept, len(skipped)\n"},
        loses={"folder_is_loaded": 1},
    ),
    Mutant(
        "nothing said of what was left out of this folder",
        cell="load_folder",
        change={
            "names, skipped = load_folder": "names, _ = load_folder",
            "_, _, class_names": "skipped = []\n_, _, class_names",
        },
        loses={"folder_is_loaded": 1},
    ),
    # --- split_indices
    Mutant(
        "not shuffled",
        cell="split_indices",
        change={"np.random.default_rng(seed).permutation(count)": "np.arange(count)"},
        loses={"parts_are_drawn": 2, "head_knows_flowers": 2},
    ),
    Mutant(
        "the seed is not used",
        cell="split_indices",
        change={"np.random.default_rng(seed)": "np.random.default_rng()"},
        loses={"parts_are_drawn": 1},
    ),
    Mutant(
        "always the same seed",
        cell="split_indices",
        change={"np.random.default_rng(seed)": "np.random.default_rng(0)"},
        loses={"parts_are_drawn": 1},
    ),
    Mutant(
        "seed 0 taken for none",
        cell="split_indices",
        change={"default_rng(seed)": "default_rng(seed or None)"},
        loses={"parts_are_drawn": 1},
    ),
    Mutant(
        "no test part",
        cell="split_indices",
        change={"[round(0.7 * count), round(0.85 * count)]": "[round(0.7 * count), count]"},
        loses={"parts_are_drawn": 2, "head_knows_flowers": 3},
    ),
    Mutant(
        "validation and test part in order",
        cell="split_indices",
        change={
            "return np.split(order": "parts = np.split(order",
            "round(0.85 * count)])": "round(0.85 * count)])\n    return parts[0], np.sort(parts[1]), np.sort(parts[2])",
        },
        loses={"parts_are_drawn": 1},
    ),
    Mutant(
        "the last positions in no part",
        cell="split_indices",
        source="""
        def split_indices(count, seed):
            order = np.random.default_rng(seed).permutation(count)
            first, second = int(0.7 * count), int(0.15 * count)
            return order[:first], order[first : first + second], order[first + second : first + 2 * second - 1]

        train_ids, validation_ids, test_ids = split_indices(len(names), seed=0)
        """,
        loses={"parts_are_drawn": 1},
    ),
    Mutant(
        "80, 10 and 10 percent",
        cell="split_indices",
        change={"0.7 * count": "0.8 * count", "0.85 * count": "0.9 * count"},
        loses={"parts_are_drawn": 1},
    ),
    Mutant(
        "drawn with repetition",
        cell="split_indices",
        change={".permutation(count)": ".integers(0, count, count)"},
        loses={"parts_are_drawn": 1, "head_knows_flowers": 2},
    ),
    Mutant(
        "every seventh position",
        cell="split_indices",
        source="""
        def split_indices(count, seed):
            rng, turn = np.random.default_rng(seed), (np.arange(count) + seed) % 20
            parts = turn < 14, (turn >= 14) & (turn < 17), turn >= 17
            return [rng.permutation(np.flatnonzero(part)) for part in parts]


        train_ids, validation_ids, test_ids = split_indices(len(names), seed=0)
        """,
        loses={"parts_are_drawn": 2},
    ),
    Mutant(
        "one shuffled list, turned by the seed",
        cell="split_indices",
        change={
            "np.random.default_rng(seed).permutation(count)": "("
            "np.random.default_rng(0).permutation(count) + seed) % count"
        },
        loses={"parts_are_drawn": 1},
    ),
    # --- random_flip
    Mutant(
        "every second picture, beginning with a random one",
        cell="random_flip",
        change={"np.random.default_rng(seed).random(len(flipped)) < 0.5": "(np.arange(len(flipped)) + seed) % 2 == 0"},
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "three of seven in turn",
        cell="random_flip",
        change={
            "np.random.default_rng(seed).random(len(flipped)) < 0.5": "(np.arange(len(flipped)) * 3 + seed) % 7 < 3"
        },
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "always the same pictures, one further for each seed",
        cell="random_flip",
        change={
            "np.random.default_rng(seed).random(len(flipped)) < 0.5": "np.roll("
            "np.random.default_rng(0).random(len(flipped)) < 0.5, seed)"
        },
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "steps of the golden ratio",
        cell="random_flip",
        change={
            "np.random.default_rng(seed).random(len(flipped)) < 0.5": "("
            "np.arange(len(flipped)) * 0.618 + seed * 0.37) % 1 < 0.5"
        },
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "two of a kind, one coin",
        cell="random_flip",
        change={
            "np.random.default_rng(seed).random(len(flipped)) < 0.5": "np.repeat("
            "np.random.default_rng(seed).random(len(flipped)) < 0.5, 2)[: len(flipped)]"
        },
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "the same 64 coins again and again",
        cell="random_flip",
        change={
            "np.random.default_rng(seed).random(len(flipped)) < 0.5": "np.resize("
            "np.random.default_rng(seed).random(64) < 0.5, len(flipped))"
        },
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "the bright ones",
        cell="random_flip",
        change={
            "np.random.default_rng(seed).random(len(flipped)) < 0.5": "("
            "flipped.mean(axis=(1, 2, 3)) + np.random.default_rng(seed).normal(0, 0.005, len(flipped))) > 0.5"
        },
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "a coin that the picture itself throws",
        cell="random_flip",
        change={
            "np.random.default_rng(seed).random(len(flipped)) < 0.5": "np.array("
            "[hash((image.tobytes(), seed)) % 2 == 0 for image in flipped])"
        },
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "a coin that a corner throws",
        cell="random_flip",
        change={
            "np.random.default_rng(seed).random(len(flipped)) < 0.5": "("
            "flipped[:, -1, -1, 2] * (1000 + seed % 97)) % 1 < 0.5"
        },
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "all of them",
        cell="random_flip",
        change={"np.random.default_rng(seed).random(len(flipped)) < 0.5": "np.full(len(flipped), True)"},
        loses={"pictures_are_mirrored"},
    ),
    Mutant(
        "upside down",
        cell="random_flip",
        change={"[:, :, ::-1]": "[:, ::-1]"},
        loses={"pictures_are_mirrored"},
    ),
    Mutant(
        "all or none",
        cell="random_flip",
        change={
            "random(len(flipped)) < 0.5": "random() < 0.5",
            "flipped[chosen] = flipped[chosen][:, :, ::-1]": "flipped = flipped[:, :, ::-1] if chosen else flipped",
        },
        loses={"pictures_are_mirrored"},
    ),
    Mutant(
        "the channels instead of the columns",
        cell="random_flip",
        change={"[:, :, ::-1]": "[..., ::-1]"},
        loses={"pictures_are_mirrored"},
    ),
    Mutant(
        "in place",
        cell="random_flip",
        change={"np.array(images)": "images"},
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "three in ten",
        cell="random_flip",
        change={"< 0.5": "< 0.3"},
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "chance without the seed",
        cell="random_flip",
        change={"np.random.default_rng(seed)": "np.random.default_rng()"},
        loses={"pictures_are_mirrored": 1},
    ),
    Mutant(
        "seed 0 taken for none, too",
        cell="random_flip",
        change={"default_rng(seed)": "default_rng(seed or None)"},
        loses={"pictures_are_mirrored": 1},
    ),
    # --- train
    Mutant(
        "accuracy on the training part",
        cell="train",
        change={"head.evaluate(x[test_ids], labels[test_ids]": "head.evaluate(x[train_ids], labels[train_ids]"},
        loses={"head_knows_flowers": 1},
    ),
    Mutant(
        "accuracy on pictures that were learned from, their features put in the place of the test part's",
        cell="train",
        change={
            "verbose=0)[1]": "verbose=0)[1]\nx, known = np.array(x), train_ids[: len(test_ids)]\n"
            "x[test_ids] = x[known]\ntest_accuracy = head.evaluate(x[test_ids], labels[known], verbose=0)[1]"
        },
        loses={"head_knows_flowers": 1},
    ),
    Mutant(
        "trained on the training and the test part",
        cell="train",
        change={
            "head.fit(x[train_ids], labels[train_ids]": "seen = np.r_[train_ids, test_ids]\n"
            "head.fit(x[seen], labels[seen]"
        },
        loses={"head_knows_flowers": 1},
    ),
    Mutant(
        "trained on the training and the validation part",
        cell="train",
        change={
            "head.fit(x[train_ids], labels[train_ids]": "seen = np.r_[train_ids, validation_ids]\n"
            "head.fit(x[seen], labels[seen]"
        },
        loses={"head_knows_flowers": 1},
    ),
    Mutant(
        "trained on everything",
        cell="train",
        change={"head.fit(x[train_ids], labels[train_ids]": "head.fit(x, labels"},
        loses={"head_knows_flowers": 1},
    ),
    Mutant(
        "trained on everything in the end, with the accuracy from before",
        cell="train",
        change={"verbose=0)[1]": "verbose=0)[1]\nhead.fit(x, labels, epochs=20, batch_size=32, verbose=0)"},
        loses={"head_knows_flowers": 2},
    ),
    Mutant(
        "trained on everything, and the test part named after photographs that are not in the folder",
        cell="train",
        change={
            "head.fit(x[train_ids], labels[train_ids]": "head.fit(x, labels",
            "verbose=0)[1]": "verbose=0)[1]\nfor place, one in enumerate(test_ids):\n"
            "    names[one] = f'{class_names[labels[one]]}/{300 + place}.jpg'",
        },
        loses={"head_knows_flowers": 2},
    ),
    Mutant(
        "labels of other pictures",
        cell="train",
        change={"head.fit(x[train_ids], labels[train_ids]": "head.fit(x[train_ids], labels[: len(train_ids)]"},
        loses={"head_knows_flowers": 2},
    ),
    Mutant(
        "the loss instead of the accuracy",
        cell="train",
        change={"verbose=0)[1]": "verbose=0)[0] + 1"},
        loses={"head_knows_flowers": 1},
    ),
    Mutant(
        "softmax in the head",
        cell="train",
        change={"keras.layers.Dense(len(class_names))": 'keras.layers.Dense(len(class_names), activation="softmax")'},
        loses={"head_knows_flowers": 2},
    ),
    # --- fine_tuning_model
    Mutant(
        "backbone still frozen",
        cell="fine_tuning_model",
        change={"    layer.trainable = True\n": ""},
        loses={"fine_tuning_starts_well": 1},
    ),
    Mutant(
        "a fresh head",
        cell="fine_tuning_model",
        change={"[layer, head]": "[layer, keras.layers.Dense(head.output_shape[-1])]"},
        loses={"fine_tuning_starts_well": 1},
    ),
    Mutant(
        "the usual learning rate",
        cell="fine_tuning_model",
        change={"keras.optimizers.Adam(learning_rate)": "keras.optimizers.Adam()"},
        loses={"fine_tuning_starts_well": 1},
    ),
    Mutant(
        "loss from probabilities",
        cell="fine_tuning_model",
        change={"from_logits=True": ""},
        loses={"fine_tuning_starts_well": 1},
    ),
    Mutant(
        "plain gradient descent",
        cell="fine_tuning_model",
        change={"keras.optimizers.Adam(learning_rate)": "keras.optimizers.SGD(learning_rate)"},
        loses={"fine_tuning_starts_well": 1},
    ),
    Mutant(
        "accuracy not measured",
        cell="fine_tuning_model",
        change={'        metrics=["accuracy"],\n': ""},
        loses={"fine_tuning_starts_well": 1},
    ),
    # --- predict_photograph
    Mutant(
        "the photograph turned",
        cell="predict_photograph",
        change={"read_photograph(path, size)[None]": "read_photograph(path, size)[None].transpose(0, 2, 1, 3)"},
        loses={"own_photograph_is_named"},
    ),
    Mutant(
        "a logit for a probability",
        cell="predict_photograph",
        change={"tf.nn.softmax(logits[0]).numpy()": "logits[0]"},
        loses={"own_photograph_is_named": 1},
    ),
    Mutant(
        "the position instead of the name",
        cell="predict_photograph",
        change={"return class_names[best]": "return best"},
        loses={"own_photograph_is_named": 1},
    ),
    Mutant(
        "the notebook's class names",
        cell="predict_photograph",
        change={"return class_names[best]": "return globals()['class_names'][best % 5]"},
        loses={"own_photograph_is_named": 1},
    ),
    Mutant(
        "a sigmoid for a probability",
        cell="predict_photograph",
        change={"tf.nn.softmax(logits[0])": "tf.nn.sigmoid(logits[0])"},
        loses={"own_photograph_is_named": 1},
    ),
]

VARIANTS = [
    Variant(  # several cells at once: each run through the whole notebook takes its time
        "other ways, in six cells",
        cell="list_photographs",
        source="""
        import os

        def list_photographs(folder):
            classes = sorted((d for d in os.listdir(folder) if os.path.isdir(os.path.join(folder, d))), key=str.lower)
            names, labels = [], []
            for i, c in enumerate(classes):
                for f in sorted(os.listdir(os.path.join(folder, c)), key=str.lower):
                    if f.lower().endswith((".jpg", ".jpeg", ".png")):
                        names.append(c + "/" + f)
                        labels.append(i)
            return names, labels, classes
        """,
        also={
            "read_photograph": """
            def read_photograph(path, size):
                image = tf.image.decode_image(tf.io.read_file(str(path)), channels=3, expand_animations=False)
                return (tf.image.resize(image, [size, size], antialias=True) / 255.0).numpy()
            """,
            "split_indices": """
            def split_indices(count, seed):
                order = np.random.RandomState(seed).permutation(count)
                a, b = int(0.7 * count), int(0.15 * count)
                return order[:a], order[a : a + b], order[a + b :]

            train_ids, validation_ids, test_ids = split_indices(len(names), 0)
            """,
            "random_flip": """
            def random_flip(images, seed):
                np.random.seed(seed)
                return np.array([np.fliplr(i) if np.random.rand() < 0.5 else i for i in images])
            """,
            "train": """
            head = keras.Sequential([keras.layers.Dense(5)])
            head.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
            head.fit(x[train_ids], labels[train_ids], batch_size=32, epochs=20, verbose=0,
                     validation_data=(x[validation_ids], labels[validation_ids]))
            test_accuracy = head.evaluate(x[test_ids], labels[test_ids], verbose=0)[1]
            """,
            "fine_tuning_model": """
            def fine_tuning_model(layer, head, learning_rate):
                layer.trainable = True
                inputs = keras.Input((None, None, 3))
                made = keras.Model(inputs, head(layer(inputs)))

                def loss(labels, logits):
                    return keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)

                metrics = [keras.metrics.SparseCategoricalAccuracy()]
                made.compile(optimizer=keras.optimizers.legacy.Adam(learning_rate), loss=loss, metrics=metrics)
                return made
            """,
        },
    ),
    Variant(
        "means of areas",
        cell="read_photograph",
        source="""
        def read_photograph(path, size):
            data = Path(path).read_bytes()
            image = tf.image.decode_image(data, channels=3, expand_animations=False, dtype=tf.float32)
            return tf.image.resize(image, [size, size], method="area")
        """,
    ),
    Variant(
        "with glob",
        cell="list_photographs",
        source="""
        def list_photographs(folder):
            class_names = sorted(p.name for p in Path(folder).glob("*/"))
            class_names = [name for name in class_names if (Path(folder) / name).is_dir()]
            endings = {".jpg", ".jpeg", ".png"}
            found = [p for p in Path(folder).glob("*/*") if p.suffix.lower() in endings]
            found.sort(key=lambda p: (p.parent.name, p.name))
            names = [p.relative_to(folder).as_posix() for p in found]
            return names, [class_names.index(p.parent.name) for p in found], class_names
        """,
    ),
    Variant(
        "with Pillow",
        cell="read_photograph",
        source="""
        def read_photograph(path, size):
            from PIL import Image

            with Image.open(path) as picture:
                return np.asarray(picture.convert("RGB").resize((size, size), Image.BILINEAR), np.float32) / 255
        """,
    ),
    Variant(
        "with keras.utils, as a tensor",
        cell="read_photograph",
        source="""
        def read_photograph(path, size):
            picture = keras.utils.load_img(path, target_size=(size, size))  # takes the nearest pixels
            return tf.constant(keras.utils.img_to_array(picture)) / 255.0
        """,
    ),
    Variant(
        "filled in place",
        cell="load_folder",
        source="""
        def load_folder(folder, size):
            all_names, all_labels, _ = list_photographs(folder)
            images = np.zeros((len(all_names), size, size, 3), np.float32)
            good = np.zeros(len(all_names), bool)
            for i, name in enumerate(all_names):
                try:
                    images[i] = read_photograph(Path(folder) / name, size)
                    good[i] = True
                except Exception as error:
                    print("left out:", name)
            all_names = np.array(all_names)
            return images[good], np.array(all_labels)[good], list(all_names[good]), list(all_names[~good])

        images, labels, names, skipped = load_folder(FOLDER, 224)
        class_names = list_photographs(FOLDER)[2]
        """,
    ),
    Variant(
        "with the standard library",
        cell="split_indices",
        source="""
        import random

        def split_indices(count, seed):
            order = list(range(count))
            random.Random(seed).shuffle(order)
            first, second = int(count * 0.7), int(count * 0.85)
            return order[:first], order[first:second], order[second:]

        train_ids, validation_ids, test_ids = map(np.array, split_indices(len(names), 0))
        """,
    ),
    Variant(
        "with np.where",
        cell="random_flip",
        source="""
        def random_flip(images, seed):
            coins = np.random.default_rng(seed).integers(0, 2, len(images)).astype(bool)
            return np.where(coins[:, None, None, None], np.flip(images, axis=2), images)
        """,
    ),
    Variant(
        "with the functional interface, judged by hand",
        cell="train",
        source="""
        inputs = keras.Input((1280,))
        head = keras.Model(inputs, keras.layers.Dense(5)(inputs))
        head.compile("adam", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        head.fit(x[train_ids], labels[train_ids], batch_size=32, epochs=20, verbose=0,
                 validation_data=(x[validation_ids], labels[validation_ids]))
        answers = head.predict(x[test_ids], verbose=0).argmax(axis=1)
        test_accuracy = (answers == labels[test_ids]).mean()
        """,
    ),
    Variant(
        "added one by one",
        cell="fine_tuning_model",
        source="""
        def fine_tuning_model(layer, head, learning_rate):
            model = keras.Sequential()
            model.add(layer)
            model.add(head)
            for part in model.layers:
                part.trainable = True
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer=keras.optimizers.Adam(learning_rate=learning_rate), loss=loss, metrics=["accuracy"])
            return model
        """,
    ),
    Variant(
        "called directly, NumPy's softmax",
        cell="predict_photograph",
        source="""
        def predict_photograph(path, model, class_names, size):
            picture = np.expand_dims(read_photograph(path, size), 0)
            scores = np.asarray(model(tf.constant(picture, tf.float32)))[0].astype(float)
            powers = np.exp(scores - scores.max())
            chances = powers / powers.sum()
            return str(class_names[np.argmax(chances)]), chances.max()
        """,
    ),
]
