"""A data set that TFDS has prepared: what it is, its fingerprint, and its images."""

from __future__ import annotations

import functools
import hashlib
import json
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowercourse.errors import CourseError

if TYPE_CHECKING:
    import tensorflow as tf

SKIPPED_FILE = "skipped.json"


@dataclass(frozen=True)
class Dataset:
    """A prepared data set.

    Attributes:
        name: What to pass to ``tfds.load`` (after `flowercourse.datasets.register`).
        class_names: The classes' names; a label is an index into them.
        num_examples: Number of images.
        data_dir: TFDS's data directory, the parent of ``name/version/``.
        origin: Where it came from, in words.
        fingerprint: Hexadecimal; equal for equal class names, images, labels and order, on every machine.
        directory: The directory with the record files.
        skipped: For folders, files left out and why: ``((path, reason), ...)``.
    """

    name: str
    class_names: tuple[str, ...]
    num_examples: int
    data_dir: Path
    origin: str
    fingerprint: str
    directory: Path
    skipped: tuple[tuple[str, str], ...] = ()

    def load(self, split: str = "train", *, decode: bool = True) -> tf.data.Dataset:
        """Return the examples of `split`, always in the same order.

        Args:
            split: A split in TFDS's spelling, e.g. ``"train[:70%]"``.
            decode: If False, images stay encoded (scalar strings), for readers with a decoder of their own.

        Returns:
            Data set of (uint8 (height, width, 3), int64 ()), values from 0 to 255.

        Raises:
            CourseError: if `split` is none.
        """
        import tensorflow_datasets as tfds

        builder = tfds.builder_from_directory(self.directory)
        decoders = None if decode else {"image": tfds.decode.SkipDecoding()}
        try:
            return builder.as_dataset(split=split, as_supervised=True, shuffle_files=False, decoders=decoders)
        except (ValueError, AssertionError) as error:
            raise CourseError(
                f"The split {split!r} of {self.name} was not read",
                str(error).splitlines()[0],
                'Use TFDS\'s spelling, e.g. "train[:70%]"',
            ) from error


def is_prepared(directory: Path) -> bool:
    """Say whether `directory` holds a whole data set, every record file included."""
    try:
        info = json.loads((directory / "dataset_info.json").read_bytes())
        return bool(info["splits"]) and (directory / "features.json").is_file() and bool(_record_files(directory, info))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def read(directory: Path, origin: str) -> Dataset:
    """Describe the data set prepared in `directory` (``DATA_DIR/NAME/VERSION``) without importing TensorFlow.

    Raises:
        CourseError: if a file is missing or damaged, or it is no data set of labeled images.
    """
    try:
        info = json.loads((directory / "dataset_info.json").read_bytes())
        features = json.loads((directory / "features.json").read_bytes())["featuresDict"]["features"]
        if "image" not in features or "label" not in features:
            raise ValueError("it has no features 'image' and 'label'")
        names = (directory / "label.labels.txt").read_text(encoding="utf-8").splitlines()
        split = next((split for split in info["splits"] if split["name"] == "train"), None)
        if split is None:
            raise ValueError("it has no split 'train'")
        skipped = directory / SKIPPED_FILE
        return Dataset(
            name=info["name"],
            class_names=tuple(name for name in names if name),
            num_examples=sum(int(length) for length in split["shardLengths"]),
            data_dir=directory.parent.parent,
            origin=origin,
            fingerprint=fingerprint(directory, info),
            directory=directory,
            skipped=tuple((path, why) for path, why in json.loads(skipped.read_bytes())) if skipped.exists() else (),
        )
    except (OSError, ValueError, KeyError, TypeError, struct.error) as error:
        raise CourseError(
            f"The data set in {directory} was not read",
            f"it is damaged or of another kind ({error})",
            f"Remove {directory}, so that it is prepared again, or name another data directory",
        ) from error


def fingerprint(directory: Path, info: dict[str, Any]) -> str:
    """Identify a prepared data set by its class names and the contents of its records, in their order.

    A record is a map from names to an image and its label. Protobuf writes a map's entries in any order, one in one
    process and another in the next, so their order says nothing and does not count here.

    Returns:
        32 hexadecimal digits.
    """
    files = [directory / "label.labels.txt", *_record_files(directory, info)]
    return _of_files(tuple((path, path.stat().st_size, path.stat().st_mtime_ns) for path in files))


@functools.lru_cache(maxsize=8)
def _of_files(files: tuple[tuple[Path, int, int], ...]) -> str:
    """Return the fingerprint of files, each with its size and time; a process reads them once, until they change."""
    digest = hashlib.blake2b(digest_size=16)
    for path, _, _ in files:
        _add_records(digest, path) if ".tfrecord" in path.name else digest.update(path.read_bytes())
    return digest.hexdigest()


def _record_files(directory: Path, info: dict[str, Any]) -> list[Path]:
    """Return the record files in order.

    Raises:
        ValueError: if one is missing.
    """
    found = sorted(directory.glob(f"{info['name']}-*-of-*"))
    expected = sum(len(split["shardLengths"]) for split in info["splits"])
    if len(found) != expected:
        raise ValueError(f"{len(found)} of {expected} record files are there")
    return found


def _add_records(digest: hashlib.blake2b, path: Path) -> None:
    # A TFRecord file is a sequence of: length (8 bytes), its checksum (4), the record, its checksum (4).
    if path.stat().st_size == 0:
        raise ValueError(f"{path.name} is empty")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        position = 0
        while position < len(content):
            (length,) = struct.unpack_from("<Q", content, position)
            end = position + 12 + length + 4
            if end > len(content):
                raise ValueError(f"{path.name} is cut off")
            digest.update(content[position : position + 8])
            for entry in sorted(_entries(content[position + 12 : end - 4])):
                digest.update(entry)
            position = end


def _entries(record: bytes) -> list[bytes]:
    """Return the entries of the map that a serialized ``tf.train.Example`` is; anything else in one piece."""
    entries = []
    try:
        position, end = _field(record, 0)
        while position < end:
            _, after = _field(record, position)
            entries.append(record[position:after])
            position = after
    except (IndexError, ValueError):
        return [record]
    return entries if position == len(record) else [record]


def _field(message: bytes, position: int) -> tuple[int, int]:
    """Return where the content of the field at `position` begins and ends.

    It is written as 10 (field 1, with a length), the length in groups of seven bits, the lowest first, and the content;
    see https://protobuf.dev/programming-guides/encoding/.

    Raises:
        ValueError: it is another field, or cut off.
        IndexError: the message ends before the content.
    """
    if message[position] != 10:
        raise ValueError("not field 1 with a length")
    length, shift = 0, 0
    while True:
        position += 1
        length |= (message[position] & 127) << shift
        shift += 7
        if message[position] < 128:
            break
    begin = position + 1
    if begin + length > len(message):
        raise ValueError("cut off")
    return begin, begin + length
