"""Which data set is taken, and what is said of the others."""

from __future__ import annotations

import io
import struct
import tarfile
from pathlib import Path

import pytest

from flowercourse import datasets, network
from flowercourse.datasets import prepared, sources
from flowercourse.errors import CourseError
from tests.flowercourse.test_datasets_folder import photo


@pytest.fixture
def nothing_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.delenv("FLOWERCOURSE_DATASET", raising=False)
    return tmp_path


def test_every_source_is_listed_with_its_reason(nothing_prepared):
    listed = [(attempt.source, attempt.found) for attempt in datasets.look_up()]
    assert listed == [
        ("tf_flowers in TFDS_DATA_DIR", False),
        ("tf_flowers in cache", False),
        ("tf_flowers from the internet", False),
        ("mini_flowers", True),
    ]
    reasons = [attempt.why for attempt in datasets.look_up()]
    assert reasons[0] == f"not prepared in {nothing_prepared / 'tfds'}"
    assert reasons[2] == "FLOWERCOURSE_OFFLINE is set"


def test_a_directory_that_goes_by_two_names_is_listed_once(nothing_prepared, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(nothing_prepared / "cache" / "tensorflow_datasets"))
    assert [attempt.source for attempt in datasets.look_up()] == [
        "tf_flowers in TFDS_DATA_DIR", "tf_flowers from the internet", "mini_flowers",
    ]  # fmt: skip


def test_a_pinned_data_set_is_listed_first(nothing_prepared, monkeypatch):
    monkeypatch.setenv("FLOWERCOURSE_DATASET", str(nothing_prepared / "gone"))
    first = datasets.look_up()[0]
    assert (first.source, first.found) == (f"FLOWERCOURSE_DATASET={nothing_prepared / 'gone'}", False)
    with pytest.raises(CourseError, match="gone.* was not found"):
        datasets.find()


def test_it_is_downloaded_where_that_is_possible(nothing_prepared, monkeypatch):
    monkeypatch.setattr(network, "why_unreachable", lambda url, timeout_s=5.0: None)
    downloaded = datasets.Dataset("tf_flowers", ("a", "b"), 2, Path(), "TFDS, downloaded", "0", Path())
    monkeypatch.setattr(sources, "_download", lambda given: downloaded)
    assert datasets.find() is downloaded
    assert "can be downloaded" in datasets.look_up()[2].why


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Return an archive laid out as TensorFlow's flower_photos.tgz, with two small images a class."""
    path = tmp_path / "flower_photos.tgz"
    with tarfile.open(path, "w:gz") as tar:
        for number in range(10):
            name = ("dandelion", "daisy", "tulips", "sunflowers", "roses")[number % 5]
            content = photo(number)
            member = tarfile.TarInfo(f"flower_photos/{name}/{number}.jpg")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def test_a_download_is_prepared_in_the_cache_by_tfds(nothing_prepared, archive, monkeypatch):
    """All but the transfer itself is real: TFDS reads the archive, and the result is kept and found again."""
    import tensorflow_datasets as tfds

    monkeypatch.setattr(network, "why_unreachable", lambda url, timeout_s=5.0: None)
    monkeypatch.setattr(tfds.download.DownloadManager, "download", lambda self, url: archive)
    downloaded = datasets.find()
    assert (downloaded.name, downloaded.num_examples, downloaded.origin) == ("tf_flowers", 10, "TFDS, downloaded")
    assert downloaded.data_dir == nothing_prepared / "cache" / "tensorflow_datasets"
    labels = [downloaded.class_names[label] for _, label in downloaded.load().as_numpy_iterator()]
    assert sorted(labels) == sorted(downloaded.class_names * 2)
    monkeypatch.delattr(tfds.download.DownloadManager, "download")  # from now on it is there
    assert datasets.find().fingerprint == downloaded.fingerprint


def test_a_download_that_breaks_off_leaves_nothing(nothing_prepared, monkeypatch):
    import tensorflow_datasets as tfds

    def break_off(self: object, url: str) -> Path:
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr(network, "why_unreachable", lambda url, timeout_s=5.0: None)
    monkeypatch.setattr(tfds.download.DownloadManager, "download", break_off)
    with pytest.raises(
        CourseError, match="tf_flowers was not prepared: TFDS said: .*Connection reset.* check the connection"
    ):
        datasets.find("tf_flowers")
    left = [path for path in (nothing_prepared / "cache").rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert left == []


def test_a_download_that_fails_is_made_up_for_by_mini_flowers(nothing_prepared, monkeypatch):
    def fail(given: object) -> None:
        raise CourseError("tf_flowers was not prepared", "TFDS said: the checksum is wrong", "Try again")

    drawn = datasets.Dataset("mini_flowers", ("a", "b"), 2, Path(), "drawn", "0", Path())
    monkeypatch.setattr(network, "why_unreachable", lambda url, timeout_s=5.0: None)
    monkeypatch.setattr(sources, "_download", fail)
    monkeypatch.setattr(sources, "_mini_flowers", lambda given: drawn)
    assert datasets.find() is drawn
    with pytest.raises(CourseError, match="the checksum is wrong"):
        datasets.find("tf_flowers")


def test_tf_flowers_is_not_replaced_where_it_was_asked_for_by_name(nothing_prepared):
    with pytest.raises(CourseError) as refused:
        datasets.find("tf_flowers")
    assert "from the internet: FLOWERCOURSE_OFFLINE is set" in refused.value.why
    assert "mini_flowers" in refused.value.next_step


def test_a_data_directory_that_does_not_exist_is_named(nothing_prepared):
    with pytest.raises(CourseError, match="nowhere was not used: there is no such directory"):
        datasets.find(data_dir=nothing_prepared / "nowhere")


def test_a_directory_of_another_kind_of_data_is_refused(nothing_prepared):
    directory = nothing_prepared / "tfds" / "tf_flowers" / "3.0.1"
    directory.mkdir(parents=True)
    (directory / "dataset_info.json").write_text(
        '{"name": "tf_flowers", "version": "3.0.1", "splits": [{"name": "train", "shardLengths": ["1"]}]}'
    )
    (directory / "features.json").write_text('{"featuresDict": {"features": {"text": {}}}}')
    (directory / "tf_flowers-train.tfrecord-00000-of-00001").write_bytes(b"x")
    with pytest.raises(CourseError, match="no features 'image' and 'label'") as refused:
        datasets.find("tf_flowers")
    assert str(directory) in str(refused.value)


def _written(directory: Path, *records: bytes) -> str:
    """Write a prepared data set's files with these records; return its fingerprint."""
    directory.mkdir()
    (directory / "label.labels.txt").write_text("daisy\nrose\n")
    framed = b"".join(struct.pack("<QI", len(record), 0) + record + bytes(4) for record in records)
    (directory / "garden-train.tfrecord-00000-of-00001").write_bytes(framed)
    return prepared.fingerprint(directory, {"name": "garden", "splits": [{"shardLengths": [str(len(records))]}]})


def test_the_fingerprint_follows_the_records_and_not_the_order_in_which_protobuf_wrote_their_fields(tmp_path):
    import tensorflow as tf

    def example(image: bytes, label: int, *, label_first: bool) -> bytes:
        values = {
            "image": tf.train.Feature(bytes_list=tf.train.BytesList(value=[image])),
            "label": tf.train.Feature(int64_list=tf.train.Int64List(value=[label])),
        }
        fields = [tf.train.Features(feature={name: values[name]}).SerializeToString() for name in sorted(values)]
        whole = tf.train.Example(features=tf.train.Features(feature=values))
        written = whole.SerializeToString()
        record = written[: -len(b"".join(fields))] + b"".join(reversed(fields) if label_first else fields)
        assert tf.train.Example.FromString(record) == whole
        return record

    daisy, rose = (b"a daisy" * 50, 0), (b"a rose", 1)
    first = _written(tmp_path / "1", example(*daisy, label_first=False), example(*rose, label_first=False))
    assert first == _written(tmp_path / "2", example(*daisy, label_first=True), example(*rose, label_first=True))
    assert first != _written(tmp_path / "3", example(*rose, label_first=False), example(*daisy, label_first=False))
    assert first != _written(
        tmp_path / "4", example(*daisy, label_first=False), example(b"a rise", 1, label_first=True)
    )
    assert first != _written(
        tmp_path / "5", example(*daisy, label_first=False), example(b"a rose", 0, label_first=True)
    )
    assert _written(tmp_path / "6", b"no example") != _written(tmp_path / "7", b"no examples")
