"""A folder with all that the course needs, for machines without internet: they set ``FLOWERCOURSE_CACHE`` to it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from flowercourse import paths
from flowercourse.backbones import Backbone
from flowercourse.backbones.store import read_record
from flowercourse.datasets import Dataset
from flowercourse.errors import CourseError, storage_error
from flowercourse.features import Features


def share(directory: Path, data: Dataset, known: Sequence[tuple[Backbone, Features]]) -> list[Path]:
    """Write data, backbones and features to `directory`, in the form of a cache; other files in it stay.

    Each part appears whole or not at all, so that a folder that is in use can be brought up to date.

    Args:
        directory: where to write; made where it is missing, and neither the cache nor a folder in it.
        data: the data set.
        known: each backbone with the data set's features.

    Returns:
        The folders that were written.

    Raises:
        CourseError: `directory` will not do, a backbone is a model of one's own, or the disk is full.
    """
    directory = directory.expanduser().absolute()
    _refuse_unfit(directory)
    parts = list(_parts(data, known))
    written = []
    for source, place in parts:
        target = directory / place
        with paths.locked(target), paths.whole_directory(target) as unfinished:
            shutil.copytree(source, unfinished, dirs_exist_ok=True)
        written.append(target)
    return written


def _refuse_unfit(directory: Path) -> None:
    what, cache = "Nothing was shared", paths.cache_dir().resolve()
    if cache in (directory.resolve(), *directory.resolve().parents):
        raise CourseError(what, f"{directory} is the course's cache, or lies in it", "Name a folder elsewhere")
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise CourseError(what, f"{directory} is no folder", "Name another one") from error
    except OSError as error:
        raise storage_error(what, directory, error) from error


def _parts(data: Dataset, known: Sequence[tuple[Backbone, Features]]) -> Iterator[tuple[Path, Path]]:
    """Yield each folder to copy, and its place in a cache."""
    yield data.directory, Path("tensorflow_datasets") / data.directory.relative_to(data.data_dir)
    for backbone, features in known:
        model = Path(backbone.handle)
        if read_record(model) is None:
            raise CourseError(
                "Nothing was shared",
                f"{backbone.spec.title} is a model of your own, in {model}",
                "Copy its folder yourself and set FLOWERCOURSE_MODELS there, or unset it here and try again",
            )
        yield model, Path("backbones") / backbone.spec.name / model.name
        yield features.path, Path("features") / features.path.name
