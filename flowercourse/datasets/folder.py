"""A folder of images, one sub-folder a class, as a data set; bad files are left out and named."""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flowercourse import images, paths
from flowercourse.datasets import prepared
from flowercourse.datasets.layout import HOW, Layout, layout_of
from flowercourse.datasets.preparation import prepare
from flowercourse.datasets.prepared import Dataset
from flowercourse.errors import CourseError
from flowercourse.progress import progress_bar

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

_VERSION = "1.0.0"
_AT_ONCE = 64


def find(path: Path) -> Dataset:
    """Return the images in `path` as a data set: prepared on first use, and again when a file changes.

    `layout.layout_of` says which folders are classes, and which are parts. A folder's own parts follow one another in
    the order of training, validation and test, so that the course's cut by percent takes test images from its test part
    and training images from its training part, as far as these reach, and no image comes twice. A file that is no
    whole image is left out and listed in `Dataset.skipped`; whole images of any kind are used, see `images.decode`.
    The cache keeps a copy of the images as TFDS stores them, so that reading them costs no more than for tf_flowers.

    Raises:
        CourseError: if `path` has fewer than two classes, or a class without a usable image.
    """
    path = path.absolute()
    try:
        layout = layout_of(path)
        directory = _directory(path, layout)
    except OSError as error:
        raise CourseError(
            f"The folder {path} was not used", f"{error.filename or path}: {error.strerror}", "Check its permissions"
        ) from error
    known = paths.cache_dir() / "tensorflow_datasets" / directory
    if not prepared.is_prepared(known):
        known = paths.writable_dir("tensorflow_datasets") / directory
    skipped: list[tuple[str, str]] = list(layout.left_out)

    def make_builder(data_dir: Path) -> tfds.core.DatasetBuilder:
        return _builder(directory.parent.name, path, layout, data_dir, skipped)

    def finish(made: Path) -> None:
        (made / prepared.SKIPPED_FILE).write_text(json.dumps(sorted(skipped), indent=1), encoding="utf-8")
        _forget_earlier_states(known.parent)

    return prepared.read(prepare(known, make_builder, finish=finish), f"the folder {path}{layout.in_words}")


def _directory(path: Path, layout: Layout) -> Path:
    """Return NAME/VERSION for the folder in its present state (names, sizes and times of its files)."""
    place = hashlib.blake2b(os.fsencode(path), digest_size=3).hexdigest()
    digest = hashlib.blake2b(digest_size=5)
    for key, _, file in layout.files():
        stat = file.stat()
        digest.update(f"{key} {stat.st_size} {stat.st_mtime_ns}\n".encode(errors="surrogateescape"))
    slug = re.sub(r"[^a-z0-9]+", "_", path.name.lower()).strip("_")[:40] or "images"
    return Path(f"folder_{slug}_{place}_{digest.hexdigest()}") / _VERSION


def _forget_earlier_states(prepared_folder: Path) -> None:
    """Remove the copies that were made before the folder changed, so that they do not pile up in the cache."""
    place, _, _ = prepared_folder.name.rpartition("_")
    for earlier in prepared_folder.parent.glob(f"{place}_*"):
        if earlier != prepared_folder:
            shutil.rmtree(earlier, ignore_errors=True)


def _builder(
    name: str, path: Path, layout: Layout, data_dir: Path, skipped: list[tuple[str, str]]
) -> tfds.core.DatasetBuilder:
    from flowercourse.datasets.folder_builder import FolderBuilder

    return FolderBuilder(
        name=name,
        version=_VERSION,
        class_names=list(layout.classes),
        examples=_examples(path, layout, skipped),
        in_order=layout.has_parts,
        description=f"The pictures in {path}, one sub-folder a class.",
        data_dir=data_dir,
    )


def _examples(path: Path, layout: Layout, skipped: list[tuple[str, str]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (key, example) for every usable file, and add the others to `skipped`."""
    used: Counter[str] = Counter()
    files = list(layout.files())
    contents = _contents([file for _, _, file in files])
    pairs = zip(files, contents, strict=True)
    for (key, name, file), content in progress_bar("Reading pictures", "files", total=len(files), of=pairs):
        if isinstance(content, CourseError):
            skipped.append((str(file), content.why))
        else:
            used[name] += 1
            yield key, {"image": io.BytesIO(content), "label": name}
    for name in layout.classes:
        if not used[name]:
            reasons = "; ".join(f"{file}: {why}" for file, why in skipped if Path(file).parent.name == name)
            raise CourseError(
                f"The folder {path} was not used", f"its class {name!r} has no usable picture ({reasons[:500]})", HOW
            )


def _contents(files: list[Path]) -> Iterator[bytes | CourseError]:
    """Yield `_content` of each file, several read at once, never more than a few in memory."""
    with ThreadPoolExecutor() as pool:
        for start in range(0, len(files), _AT_ONCE):
            yield from pool.map(_content, files[start : start + _AT_ONCE])


def _content(file: Path) -> bytes | CourseError:
    """Return `file` as bytes that TensorFlow decodes to what `images.decode` gives, or what is wrong with it."""
    import tensorflow as tf
    from PIL import Image

    try:
        pixels = images.decode(file)
    except CourseError as error:
        return error
    data = file.read_bytes()
    if images.is_plain_jpeg(data):
        try:
            tf.io.decode_jpeg(data, channels=3)
            return data
        except tf.errors.InvalidArgumentError:
            pass  # Pillow forgives some damage that TensorFlow does not
    as_png = io.BytesIO()
    Image.fromarray(pixels).save(as_png, "PNG", compress_level=1)
    return as_png.getvalue()
