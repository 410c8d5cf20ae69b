"""Find the course's data set: the first source that works, and why the others were not taken."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flowercourse import network, paths
from flowercourse.datasets import folder, prepared
from flowercourse.datasets.preparation import prepare
from flowercourse.datasets.prepared import Dataset
from flowercourse.errors import CourseError

TF_FLOWERS = "tf_flowers"
MINI_FLOWERS = "mini_flowers"
_INTERNET = "tf_flowers from the internet"
TF_FLOWERS_URL = "http://download.tensorflow.org/example_images/flower_photos.tgz"


@dataclass(frozen=True)
class Attempt:
    """What became of one source.

    Attributes:
        source: The source, in words.
        found: Whether the data set is there, or can be made there.
        why: Where it is, or why it was not taken.
    """

    source: str
    found: bool
    why: str


def find(name: str = "auto", *, data_dir: str | os.PathLike[str] | None = None) -> Dataset:
    """Return the data set called `name`, preparing it where it is missing.

    Args:
        name: ``"auto"`` (what ``FLOWERCOURSE_DATASET`` names, else the best there is: tf_flowers, then mini_flowers),
            ``"tf_flowers"``, ``"mini_flowers"``, or the path of a folder with one sub-folder a class.
        data_dir: A TFDS data directory to look into before the usual ones (``TFDS_DATA_DIR``, TFDS's own, the cache).

    Raises:
        CourseError: if there is no such data set, with what was tried.
    """
    given = Path(data_dir).expanduser().absolute() if data_dir is not None else None
    if given is not None and not given.is_dir():
        raise CourseError(f"The data directory {given} was not used", "there is no such directory", "Check its path")
    if name == "auto":
        name = os.environ.get("FLOWERCOURSE_DATASET", "") or "auto"
    if name == MINI_FLOWERS:
        return _mini_flowers(given)
    if name in (TF_FLOWERS, "auto"):
        failed = []
        for attempt, take in _tf_flowers(given):
            try:
                if take:
                    return take()
                failed.append(f"{attempt.source}: {attempt.why}")
            except CourseError as error:
                if name != "auto" or attempt.source != _INTERNET:
                    raise  # what is damaged on this machine can be mended here
                failed.append(f"{attempt.source}: {error.why}")
        if name == "auto":
            return _mini_flowers(given)
        raise CourseError(
            f"{TF_FLOWERS} was not found",
            "; ".join(failed),
            "Set TFDS_DATA_DIR to the directory in which it is prepared, or use mini_flowers",
        )
    path = Path(name).expanduser()
    if path.is_dir():
        return folder.find(path)
    if path.is_file():
        raise _not_a_folder(path)
    raise CourseError(
        f"The data set {name!r} was not found",
        "it is neither tf_flowers, nor mini_flowers, nor a folder that exists",
        "Use one of these names, or the path of a folder with one sub-folder a class",
    )


def _not_a_folder(path: Path) -> CourseError:
    """Say what to do with a file. Who has an archive unpacks it: its folders show which of them holds the classes."""
    name = path.name.lower()
    is_zip = name.endswith(".zip")
    if not is_zip and not name.endswith((".tar", ".tar.gz", ".tgz", ".tar.xz", ".tar.bz2")):
        return CourseError(
            f"The file {path} was not used",
            "a data set is a folder",
            "Name the folder that holds one sub-folder a class",
        )
    unpacked = path.with_name(path.name.partition(".")[0])
    how = "zipfile -e" if is_zip else "tarfile --filter data -e"  # neither writes outside of the folder
    return CourseError(
        f"The archive {path} was not used",
        "a data set is a folder",
        f'Unpack it (python -m {how} "{path}" "{unpacked}"), then name the folder in {unpacked} that holds the classes',
    )


def look_up(data_dir: str | os.PathLike[str] | None = None) -> list[Attempt]:
    """Return what each source of data says, in the order in which `find` asks them; nothing is prepared."""
    given = Path(data_dir).expanduser().absolute() if data_dir is not None else None
    attempts = []
    if pinned := os.environ.get("FLOWERCOURSE_DATASET"):
        known = pinned in (TF_FLOWERS, MINI_FLOWERS, "auto")
        there = known or Path(pinned).expanduser().is_dir()
        why = "chosen" if known else "a folder of pictures" if there else "there is no such folder"
        attempts.append(Attempt(f"FLOWERCOURSE_DATASET={pinned}", there, why))
    attempts += [attempt for attempt, _ in _tf_flowers(given, stop_at_first=False)]
    at = next((place for place in _mini_flowers_places(given) if prepared.is_prepared(place)), None)
    why = f"prepared in {at}" if at else "drawn on this machine when first asked for"
    return [*attempts, Attempt("mini_flowers", True, why)]


def register(dataset: Dataset) -> str:
    """Make ``tfds.load(dataset.name)`` find this data set in this process, and return its name."""
    import tensorflow_datasets as tfds

    if dataset.name == MINI_FLOWERS:
        import flowercourse.mini_flowers.builder  # noqa: F401 (TFDS learns of a builder when it is defined)
    if dataset.data_dir not in map(Path, tfds.core.utils.file_utils.list_data_dirs()):
        tfds.core.add_data_dir(dataset.data_dir)
    return dataset.name


def _default_data_dir() -> Path:
    """Return the directory that TFDS uses when it is told none."""
    named = os.environ.get("TFDS_DATA_DIR")
    return Path(named).expanduser().absolute() if named else Path.home() / "tensorflow_datasets"


def data_dirs(given: Path | None) -> list[tuple[str, Path]]:
    """Return the TFDS data directories to look into, in order, each with its name for the reader."""
    named = [("data directory", given)] if given else []
    default = "TFDS_DATA_DIR" if "TFDS_DATA_DIR" in os.environ else "TFDS's directory"
    named += [(default, _default_data_dir()), ("cache", paths.cache_dir() / "tensorflow_datasets")]
    first_names = {path: name for name, path in reversed(named)}
    return [(name, path) for name, path in dict.fromkeys(named) if first_names[path] == name]


def _tf_flowers(
    given: Path | None, *, stop_at_first: bool = True
) -> Iterator[tuple[Attempt, Callable[[], Dataset] | None]]:
    """Yield what each source of tf_flowers says, with the function that takes it, where that is possible."""
    found = False
    for name, data_dir in data_dirs(given):
        source = f"tf_flowers in {name}"
        directory = _newest_prepared(data_dir / TF_FLOWERS)
        if directory is None:
            yield Attempt(source, False, f"not prepared in {data_dir}"), None
            continue
        yield Attempt(source, True, f"prepared in {directory}"), _reader(directory, f"TFDS, prepared in {data_dir}")
        if stop_at_first:
            return
        found = True
    source = _INTERNET
    if found:
        yield Attempt(source, False, "not needed"), None
    elif why := network.why_unreachable(TF_FLOWERS_URL):
        yield Attempt(source, False, why), None
    else:
        yield Attempt(source, True, f"can be downloaded from {TF_FLOWERS_URL} (229 MB)"), lambda: _download(given)


def _newest_prepared(parent: Path) -> Path | None:
    versions = (path for path in parent.glob("*.*.*") if prepared.is_prepared(path))
    return max(versions, key=lambda path: [int(part) for part in path.name.split(".") if part.isdigit()], default=None)


def _reader(directory: Path, origin: str) -> Callable[[], Dataset]:
    return lambda: prepared.read(directory, origin)


def _download(given: Path | None) -> Dataset:
    import tensorflow_datasets as tfds

    data_dir = given or paths.writable_dir("tensorflow_datasets")

    def make_builder(directory: Path) -> tfds.core.DatasetBuilder:
        return tfds.builder(TF_FLOWERS, data_dir=directory)

    version = str(tfds.builder_cls(TF_FLOWERS).VERSION)
    directory = prepare(data_dir / TF_FLOWERS / version, make_builder, show_progress=True)
    return prepared.read(directory, "TFDS, downloaded")


def _mini_flowers_places(given: Path | None) -> list[Path]:
    from flowercourse.mini_flowers import VERSION

    return [data_dir / MINI_FLOWERS / VERSION for _, data_dir in data_dirs(given)]


def _mini_flowers(given: Path | None) -> Dataset:
    from flowercourse.mini_flowers import ORIGIN, VERSION

    for place in _mini_flowers_places(given):
        if prepared.is_prepared(place):
            return prepared.read(place, ORIGIN)

    def make_builder(directory: Path):  # type: ignore[no-untyped-def]
        from flowercourse.mini_flowers.builder import MiniFlowers

        return MiniFlowers(data_dir=directory)

    directory = paths.writable_dir("tensorflow_datasets") / MINI_FLOWERS / VERSION
    return prepared.read(prepare(directory, make_builder), ORIGIN)
