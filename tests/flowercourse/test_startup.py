"""What `import flowercourse` settles before TensorFlow is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from flowercourse import startup

ROOT = Path(__file__).resolve().parents[2]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter in which nobody has set anything."""
    clean = {name: value for name, value in os.environ.items() if name not in startup.DEFAULTS}
    command = [sys.executable, "-W", "default::UserWarning", "-c", code]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=240, cwd=ROOT, env={**clean, **environment}, check=False
    )


@pytest.fixture(scope="module")
def as_notebooks_begin() -> subprocess.CompletedProcess[str]:
    """Import the course first, then TensorFlow and Keras, and use both."""
    return python(
        "import flowercourse\nimport tensorflow as tf, tf_keras\n"
        "print(int(tf.constant(1) + 1))\nprint(tf.keras.Sequential is tf_keras.Sequential)"
    )


def test_tensorflow_is_imported_without_a_word(as_notebooks_begin):
    answers = as_notebooks_begin.stdout.splitlines()
    assert (answers[0], len(answers), as_notebooks_begin.stderr) == ("2", 2, "")


def test_tf_keras_of_tensorflow_is_the_courses_keras(as_notebooks_begin):
    assert as_notebooks_begin.stdout.splitlines()[-1] == "True"


def test_it_is_so_too_where_tensorflow_was_imported_first_but_its_keras_not_yet_used():
    done = python(
        "import tensorflow as tf\nimport flowercourse, tf_keras\nprint(tf.keras.Sequential is tf_keras.Sequential)"
    )
    assert done.stdout == "True\n", done.stderr
    assert "Keras 3" not in done.stderr


def test_who_used_keras_3_before_is_told_what_to_do():
    done = python("import tensorflow as tf\ntf.keras.layers\nimport flowercourse")
    assert "tf.keras is Keras 3 in this process" in done.stderr
    assert "Restart the kernel and import flowercourse first" in done.stderr


def test_what_somebody_has_set_stays():
    done = python("import flowercourse, os\nprint(os.environ['TF_USE_LEGACY_KERAS'])", TF_USE_LEGACY_KERAS="0")
    assert done.stdout == "0\n"


def test_asking_whether_tensorflow_is_installed_does_not_make_its_import_loud():
    # etils does so whenever it looks at a path, and TFDS looks at paths before it needs TensorFlow.
    done = python(
        "import flowercourse, importlib.util\n"
        "assert importlib.util.find_spec('tensorflow') is not None\n"
        "import tensorflow as tf\nprint(tf.constant(1).numpy())"
    )
    assert (done.stdout, done.stderr) == ("1\n", "")


def test_only_notices_are_held_back(capfd):
    with startup.without_notices():
        os.write(2, b"I0000 00:00:1.2 3 port.cc:153] oneDNN custom operations are on. You may see\nsomething else\n")
    assert capfd.readouterr().err == "something else\n"


def test_nothing_is_held_back_where_it_fails(capfd):
    notice = b"I0000 00:00:1.2 3 port.cc:153] oneDNN custom operations are on.\n"

    def fails() -> None:
        with startup.without_notices():
            os.write(2, notice)
            raise ImportError

    with pytest.raises(ImportError):
        fails()
    assert capfd.readouterr().err == notice.decode()


CLASSIC = """
import flowercourse
import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
import tensorflow_hub as hub

(training, validation), info = tfds.load(
    flowercourse.DATASET, split=["train[:20%]", "train[70%:75%]"], as_supervised=True, with_info=True
)
classes = info.features["label"].num_classes
SIZE = 224


def prepare(image, label):
    return tf.image.resize(image, (SIZE, SIZE)) / 255.0, label


training = training.shuffle(200, seed=0).map(prepare).batch(32).prefetch(1)
validation = validation.map(prepare).batch(32).prefetch(1)
tf.keras.utils.set_random_seed(0)
backbone = hub.KerasLayer(flowercourse.handle("mobilenet_v2"), input_shape=(SIZE, SIZE, 3))
backbone.trainable = False
model = tf.keras.Sequential([backbone, tf.keras.layers.Dense(classes)])
model.compile(
    optimizer="adam",
    loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
folder = "LOGS"
history = model.fit(
    training,
    epochs=2,
    validation_data=validation,
    callbacks=[tf.keras.callbacks.TensorBoard(folder), tf.keras.callbacks.EarlyStopping(patience=2)],
    verbose=0,
)
predicted = np.argmax(model.predict(validation, verbose=0), axis=1)
print(history.history["val_accuracy"][-1], len(predicted), len(model.trainable_weights))
"""


@pytest.mark.notebook
def test_the_steps_that_the_whole_web_writes_with_tf_keras_train_a_model(tmp_path):
    """Load, resize, a hub layer, a dense layer, compile, fit with callbacks, predict: with `tf.keras` throughout."""
    done = python(CLASSIC.replace("LOGS", str(tmp_path / "logs")))
    assert done.returncode == 0, done.stderr
    accuracy, predictions, trainable = done.stdout.split()
    assert float(accuracy) > 0.5  # chance is 0.2
    assert (int(predictions), int(trainable)) == (60, 2)
    assert list((tmp_path / "logs").rglob("events.out.tfevents.*"))
