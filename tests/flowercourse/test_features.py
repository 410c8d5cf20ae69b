"""Features are computed once and kept: whole or not at all, by one process at a time, and equal to the hub layer's."""

from __future__ import annotations

import dataclasses
import errno
import os
import resource
import signal
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

from flowercourse import backbones, datasets, features, paths, progress
from flowercourse.backbones import Backbone
from flowercourse.backbones.forward import frozen
from flowercourse.errors import CourseError
from tests.flowercourse.data import make_known_features


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of 2 classes with 20 images each, of sizes that no backbone takes, and one file that is none."""
    from PIL import Image

    rng, top = np.random.default_rng(1), tmp_path_factory.mktemp("photos")
    for number in range(40):
        made = top / ("round" if number % 2 else "square") / f"{number:02}.{'png' if number % 3 else 'jpg'}"
        made.parent.mkdir(exist_ok=True)
        pixels = rng.integers(0, 256, (9 + number, 30 - number // 2, 3), np.uint8)
        Image.fromarray(pixels).save(made)
    (top / "round" / "notes.jpg").write_text("no image")
    return top


@pytest.fixture
def data(folder: Path, empty_cache: Path) -> datasets.Dataset:
    """Return the folder as a data set, and start with no features."""
    return datasets.find(str(folder))


def kept(cache: Path) -> list[str]:
    """Return the names of what is in the features' part of the cache, locks apart."""
    return sorted(path.name for path in (cache / "features").iterdir() if not path.name.endswith(".lock"))


def test_features_are_those_of_the_hub_layer_on_resized_images(small: Backbone, data: datasets.Dataset) -> None:
    import tensorflow as tf
    import tensorflow_hub

    found = features.extract(small, data, batch_size=7)
    layer = tensorflow_hub.KerasLayer(small.handle, input_shape=(8, 8, 3))
    expected = [layer(tf.image.resize(image, (8, 8))[None] / 255)[0] for image, _ in data.load("train")]
    np.testing.assert_allclose(found.x, expected, atol=1e-5)
    np.testing.assert_array_equal(found.y, [label for _, label in data.load("train")])
    assert (found.x.shape, found.x.dtype, found.y.dtype) == ((40, 4), np.float32, np.int64)
    assert isinstance(found.x, np.memmap)
    assert not found.x.flags.writeable
    assert [(Path(path).name, why) for path, why in found.skipped] == [(Path(p).name, w) for p, w in data.skipped]
    assert Path(found.skipped[0][0]).name == "notes.jpg"
    for (x, y), name in zip(found.split("70/15/15"), datasets.split_names("70/15/15"), strict=True):
        np.testing.assert_array_equal(y, [label for _, label in data.load(name)])
        assert len(x) == len(y)


@pytest.mark.notebook
@pytest.mark.parametrize("name", ["mobilenet_v2", "inception_v3"])
def test_the_fast_forward_pass_gives_what_the_hub_layer_gives(name: str) -> None:
    import tensorflow as tf
    import tensorflow_hub

    backbone = backbones.resolve(name, untrained=True)
    images = tf.image.resize(make_known_features.images(), (backbone.spec.image_size,) * 2).numpy()
    layer = tensorflow_hub.KerasLayer(backbone.handle, input_shape=backbone.spec.input_shape)
    fast = features.of_images(images, backbone)
    np.testing.assert_allclose(fast, layer(images), atol=1e-4)
    assert fast.std() > 0.05


def test_simplifying_a_graph_changes_its_cost_and_not_its_numbers() -> None:
    from flowercourse.backbones.forward import simplify
    from tests.flowercourse import graphs

    graph = graphs.frozen_graph(graphs.convolutions())
    before, after = graph.as_graph_def(), simplify.simplify(graph, graph.outputs[0].name)
    images = np.random.default_rng(0).random((2, 11, 14, 3), np.float32)
    np.testing.assert_allclose(graphs.run(after, graph, images), graphs.run(before, graph, images), rtol=1e-5)
    counts = [[node.op for node in definition.node].count for definition in (before, after)]
    # Left are the normalization that follows no convolution of its own, and the padding of an image.
    assert [count("FusedBatchNormV3") for count in counts] == [4, 1]
    assert [count("Pad") for count in counts] == [2, 1]


def graph_of(backbone: Backbone, cache: Path) -> Path:
    """Return where the cache keeps the backbone's frozen graph."""
    (path,) = (cache / "frozen").glob(f"{backbone.spec.name}-{backbone.fingerprint}-*/graph.pb")
    return path


def test_the_frozen_graph_is_kept_and_used_again(
    small: Backbone, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = np.random.default_rng(0).random((3, 8, 8, 3))
    frozen.forward.cache_clear()
    expected = features.of_images(images, small)
    frozen.forward.cache_clear()
    monkeypatch.setattr(frozen, "_frozen", lambda backbone: pytest.fail("it was made again"))
    np.testing.assert_array_equal(features.of_images(images, small), expected)


def test_a_damaged_frozen_graph_is_made_again(small: Backbone, empty_cache: Path) -> None:
    images = np.random.default_rng(0).random((3, 8, 8, 3))
    for damage in (b"no graph", b""):
        frozen.forward.cache_clear()
        expected = features.of_images(images, small)
        graph_of(small, empty_cache).write_bytes(damage)
        frozen.forward.cache_clear()
        np.testing.assert_array_equal(features.of_images(images, small), expected)
        assert graph_of(small, empty_cache).read_bytes() != damage


def test_the_frozen_graph_holds_its_weights_once() -> None:
    backbone = backbones.resolve("mobilenet_v2", untrained=True)
    frozen.forward.cache_clear()
    frozen.forward(backbone)
    assert graph_of(backbone, paths.cache_dir()).stat().st_size < 1.1 * 4 * backbone.spec.parameters


def test_features_are_computed_once(small: Backbone, data: datasets.Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    first = features.extract(small, data)
    monkeypatch.setattr(frozen, "forward", lambda backbone: pytest.fail("they were computed again"))
    again = features.extract(small, data)
    assert (first.reused, again.reused) == (False, True)
    assert again.seconds == pytest.approx(first.seconds)
    np.testing.assert_array_equal(first.x, again.x)


def test_other_weights_or_other_data_have_other_features(small: Backbone, data: datasets.Dataset) -> None:
    first = features.extract(small, data)
    retrained = dataclasses.replace(small, fingerprint="another")
    renewed = dataclasses.replace(data, fingerprint="another")
    assert len({f.path for f in (first, features.extract(retrained, data), features.extract(small, renewed))}) == 3


def test_untrained_weights_show_in_the_progress_bar(small: Backbone, data: datasets.Dataset, capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0)
    features.extract(dataclasses.replace(small, trained=False), data, progress=True)
    assert "Features, Small (untrained weights): 40 of 40 pictures, " in capsys.readouterr().err


def test_no_progress_bar_where_nobody_looks(small: Backbone, data: datasets.Dataset, capsys) -> None:
    features.extract(small, data)
    assert capsys.readouterr().err == ""


def test_a_full_disk_is_said_and_leaves_no_half_file(
    small: Backbone, data: datasets.Dataset, empty_cache: Path
) -> None:
    frozen.forward(small)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))  # x.npy needs 768 bytes
    try:
        with pytest.raises(CourseError, match="writing to .* failed"):
            features.extract(small, data, batch_size=8)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert kept(empty_cache) == []
    assert not features.extract(small, data).reused


def test_no_space_left_is_called_by_its_name(
    small: Backbone, data: datasets.Dataset, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(CourseError, match="the disk that holds .* is full.*Free some space"):
        features.extract(small, data)
    assert kept(empty_cache) == []


def test_a_cache_that_cannot_be_written(
    small: Backbone, data: datasets.Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = features.extract(small, data)
    monkeypatch.setattr(paths, "is_writable", lambda directory: False)
    assert features.extract(small, data).path == complete.path  # reading needs no writing
    other = features.extract(dataclasses.replace(small, fingerprint="another"), data)
    assert other.path.is_relative_to(paths.private_dir())
    np.testing.assert_array_equal(other.x, complete.x)


def test_damaged_features_are_computed_again(small: Backbone, data: datasets.Dataset) -> None:
    first = features.extract(small, data)
    expected = np.array(first.x)
    os.truncate(first.path / "x.npy", 600)
    again = features.extract(small, data)
    assert not again.reused
    np.testing.assert_array_equal(again.x, expected)


def test_a_damaged_record_is_named_and_leaves_no_half_file(
    small: Backbone, data: datasets.Dataset, empty_cache: Path
) -> None:
    record = next(data.directory.glob("*.tfrecord*"))
    content = bytearray(record.read_bytes())
    content[len(content) // 2] ^= 0xFF
    record.write_bytes(content)
    with pytest.raises(CourseError, match=f"a record in {data.directory} can't be read"):
        features.extract(small, data, batch_size=4)
    assert kept(empty_cache) == []


WRITER = """
    import sys, time
    from pathlib import Path
    from flowercourse import progress, datasets, features
    from flowercourse.backbones import Backbone
    from flowercourse.backbones.forward import frozen
    from tests.flowercourse.small_backbone import SPEC
    backbone = Backbone(SPEC, sys.argv[1], "a test", True, "0123456789abcdef", ())
    pause = float(sys.argv[3])
    forward = frozen.forward(backbone)
    def slow(images):
        time.sleep(pause)
        return forward(images)
    frozen.forward = lambda backbone: slow
    found = features.extract(backbone, datasets.find(sys.argv[2]), batch_size=4)
    print("reused" if found.reused else "computed", found.x.sum())
"""


@pytest.fixture
def writer(small: Backbone, folder: Path, other_process):
    """Return a function that starts a process that computes the features, with a pause before each of 10 batches."""
    return lambda pause_s: other_process(textwrap.dedent(WRITER), small.handle, str(folder), str(pause_s))


def test_a_writer_that_is_killed_in_the_middle_leaves_nothing_that_counts(
    small: Backbone, data: datasets.Dataset, empty_cache: Path, writer
) -> None:
    process = writer(60)
    deadline = time.monotonic() + 60
    while not list(empty_cache.glob("features/.incomplete-*/x.npy")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(kept(empty_cache)) == 1  # the dead writer's
    found = features.extract(small, data)
    assert not found.reused
    assert kept(empty_cache) == [found.path.name]


def test_of_two_processes_one_computes_and_the_other_waits(data: datasets.Dataset, empty_cache: Path, writer) -> None:
    both = [writer(0.2) for _ in range(2)]
    answers = sorted(process.communicate(timeout=120)[0].split() for process in both)
    assert [answer[0] for answer in answers] == ["computed", "reused"]
    assert answers[0][1] == answers[1][1]
    assert len(kept(empty_cache)) == 1


def test_images_in_memory_must_be_what_the_backbone_takes(small: Backbone) -> None:
    images = np.random.default_rng(0).random((3, 8, 8, 3))
    assert features.of_images(images, small).shape == (3, 4)
    assert features.of_images(images[:0], small).shape == (0, 4)
    assert features.of_images(np.ones_like(images) + 3e-5, small).shape == (3, 4)  # what resizing leaves of white
    for wrong, why in (
        (images[0], r"shape \(n, 8, 8, 3\), and these have shape \(8, 8, 3\)"),
        (images[..., :1], r"shape \(n, 8, 8, 3\)"),
        (images * 255, r"should lie in \[0, 1\]. Divide"),
        (images - 1, r"should lie in \[0, 1\]"),
        (np.full_like(images, np.nan), "go from nan"),
    ):
        with pytest.raises(CourseError, match=why):
            features.of_images(wrong, small)
