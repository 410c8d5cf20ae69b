"""Let TFDS prepare a data set: once, by one process at a time, wholly or not at all, and without other hosts."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flowercourse import paths
from flowercourse.datasets import prepared
from flowercourse.errors import CourseError, storage_error

if TYPE_CHECKING:
    import tensorflow_datasets as tfds

MakeBuilder = Callable[[Path], "tfds.core.DatasetBuilder"]


def prepare(
    directory: Path,
    make_builder: MakeBuilder,
    *,
    finish: Callable[[Path], None] | None = None,
    show_progress: bool = False,
) -> Path:
    """Return `directory` (``DATA_DIR/NAME/VERSION``) with the data set in it, preparing it where it is missing.

    Args:
        directory: Where the data set belongs.
        make_builder: Given a data directory, returns the builder that prepares ``NAME/VERSION`` in it.
        finish: Called with the prepared directory before it is put in its place.
        show_progress: Whether TFDS shows its progress bars, on a terminal.

    Raises:
        CourseError: if it cannot be prepared; nothing is left behind then.
    """
    if prepared.is_prepared(directory):
        return directory
    with paths.locked(directory):
        if prepared.is_prepared(directory):  # by the process that held the lock before
            return directory
        with paths.whole_directory(directory) as unfinished:
            made = _run(make_builder(unfinished / "data"), directory, show_progress and sys.stderr.isatty())
            if finish:
                finish(made)
            for path in made.iterdir():
                path.rename(unfinished / path.name)
            shutil.rmtree(unfinished / "data")
    return directory


def _run(builder: tfds.core.DatasetBuilder, directory: Path, show_progress: bool) -> Path:
    import tensorflow_datasets as tfds

    config = tfds.download.DownloadConfig(try_download_gcs=False)
    try:
        # What TFDS prints announces a download, whether or not there is one.
        with contextlib.redirect_stdout(io.StringIO()), _progress_bars(show_progress):
            builder.download_and_prepare(download_config=config)
    except Exception as error:
        raise _explained(error, f"{builder.name} was not prepared", directory) from error
    return Path(builder.data_path)


def _explained(error: Exception, what: str, directory: Path) -> Exception:
    """Return the error to raise for what TFDS raised, which may wrap the cause in others."""
    causes: list[BaseException] = [error]
    while (cause := causes[-1].__cause__) is not None:
        causes.append(cause)
    if ours := next((cause for cause in causes if isinstance(cause, CourseError)), None):
        return ours
    if any("No space left on device" in str(cause) for cause in causes):  # TensorFlow's errors carry no number
        return storage_error(what, directory, OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
    # What has a file name comes from a disk; other system errors come from the network.
    if disk := next((cause for cause in causes if isinstance(cause, OSError) and cause.filename), None):
        return storage_error(what, directory, disk)
    why = str(causes[-1]).splitlines()[0] if str(causes[-1]) else type(causes[-1]).__name__
    return CourseError(what, f"TFDS said: {why}", "Try again; if it was a download, check the connection first")


@contextlib.contextmanager
def _progress_bars(shown: bool) -> Iterator[None]:
    from tensorflow_datasets.core.utils import tqdm_utils

    before = getattr(tqdm_utils, "_active", True)
    tqdm_utils.display_progress_bar(enable=shown)
    try:
        yield
    finally:
        tqdm_utils.display_progress_bar(enable=before)
