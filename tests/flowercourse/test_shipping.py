"""The folder that is handed to the classifier's users: complete, consistent, and written in one step."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from flowercourse import features, shipping
from flowercourse.errors import CourseError

NETWORK = b"\x1c\x00\x00\x00TFL3" + b"weights"


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """The course's features, and a cache of these tests' own to write to."""
    found = features.extract("mobilenet_v2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWERCOURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield found


@pytest.fixture(scope="module")
def place(known):
    """The folder, written once."""
    return shipping.write(known, NETWORK, threshold=0.6, measured={"right": 9})


def test_holds_the_network_its_names_and_its_threshold(known, place):
    about = json.loads((place / shipping.ABOUT).read_text())
    assert (place / shipping.NETWORK).read_bytes() == NETWORK
    assert about["names"] == list(known.dataset.class_names)
    assert about["threshold"] == 0.6
    assert about["measured"] == {"right": 9}
    assert about["network"]["bytes"] == len(NETWORK)
    assert place == shipping.folder(known)


def test_neighbors_are_training_pictures_with_their_features_and_labels(known, place):
    neighbors = json.loads((place / shipping.ABOUT).read_text())["neighbors"]
    stored = np.fromfile(place / shipping.NEIGHBORS, np.uint8).reshape(-1, 1280) * neighbors["factor"]
    x, y = known.split()[0]
    assert neighbors["labels"] == y.tolist()
    assert np.abs(stored - x).max() <= neighbors["factor"] / 2 + 1e-6


def test_small_pictures_stand_in_the_order_of_the_features(known, place):
    sheet = Image.open(place / shipping.PICTURES)
    side, columns = shipping.SIDE, shipping.COLUMNS
    number = columns + 2  # the third of the second row
    image = next(iter(known.dataset.load(f"train[{number}:{number + 1}]").as_numpy_iterator()))[0]
    shown = sheet.crop((2 * side, side, 3 * side, 2 * side))
    away = np.asarray(shown, float) - np.asarray(Image.fromarray(image).resize((side, side)), float)
    assert np.abs(away).mean() < 12  # JPEG


def test_examples_are_test_pictures_of_every_class(known, place):
    examples = json.loads((place / shipping.ABOUT).read_text())["examples"]
    assert sorted(examples["labels"]) == sorted(2 * list(range(len(known.dataset.class_names))))
    assert Image.open(place / shipping.EXAMPLES).size == (10 * 224, 224)


@pytest.mark.parametrize(
    ("network", "threshold", "complaint"), [(b"nothing", 0.5, ".tflite"), (NETWORK, 1.5, "threshold is 1.5")]
)
def test_refuses_what_no_user_could_use(known, tmp_path, monkeypatch, network, threshold, complaint):
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path))
    with pytest.raises(CourseError, match=complaint):
        shipping.write(known, network, threshold=threshold, measured={})
    assert not shipping.folder(known).exists()


def test_a_frozen_model_answers_as_the_model_did_when_it_was_frozen():
    import tensorflow as tf
    import tf_keras as keras

    layers = [keras.layers.Conv2D(2, 3, input_shape=(6, 5, 3)), keras.layers.BatchNormalization()]
    model = keras.Sequential([*layers, keras.layers.Dropout(0.5), keras.layers.GlobalAveragePooling2D()])
    picture = np.random.default_rng(0).random((1, 6, 5, 3), np.float32)
    before = model.predict(picture, verbose=0)
    run = shipping.frozen(model, (6, 5, 3))
    model.set_weights([array + 1 for array in model.get_weights()])
    (answer,) = run(tf.constant(picture))
    np.testing.assert_allclose(answer, before, atol=1e-6)
    network = tf.lite.TFLiteConverter.from_concrete_functions([run], tf.Module()).convert()
    assert network[4:8] == b"TFL3"
