"""Where the course keeps what it prepares, and how it writes there: all or nothing, one writer at a time."""

from __future__ import annotations

import atexit
import contextlib
import errno
import functools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar

from flowercourse.errors import CourseError, storage_error

_INCOMPLETE = ".incomplete-"
KeptT = TypeVar("KeptT")


def cache_dir() -> Path:
    """Return the directory of prepared data, converted weights and features (which need not exist yet).

    It is ``FLOWERCOURSE_CACHE`` where that is set, else ``_build/cache`` in the course's own folder, so that commands
    typed there by hand find what ``make`` has prepared; and where the package was installed without that folder, the
    usual place for caches on this system.
    """
    if named := os.environ.get("FLOWERCOURSE_CACHE"):
        return Path(named).expanduser().absolute()
    course = Path(__file__).resolve().parent.parent
    if (course / "pyproject.toml").is_file():
        return course / "_build" / "cache"
    import platformdirs

    return Path(platformdirs.user_cache_dir("flowercourse", appauthor=False))


def is_writable(directory: Path) -> bool:
    """Say whether files can be made in `directory`, making it where it does not exist yet."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=directory):
            return True
    except OSError as error:
        # A full disk is no reason to write elsewhere silently: the writer will say so.
        return error.errno in (errno.ENOSPC, errno.EDQUOT)


@functools.cache
def private_dir() -> Path:
    """Return a temporary directory of this process, removed when it ends; for caches that cannot be written."""
    directory = Path(tempfile.mkdtemp(prefix="flowercourse-"))
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    return directory


def writable_dir(*parts: str) -> Path:
    """Return the cache's sub-directory `parts`, or one like it in `private_dir` if the cache is read-only."""
    wanted = cache_dir().joinpath(*parts)
    if is_writable(wanted):
        return wanted
    fallback = private_dir().joinpath(*parts)
    fallback.mkdir(parents=True, exist_ok=True)
    return fallback


@contextlib.contextmanager
def locked(path: Path, *, timeout_s: float = 900.0) -> Iterator[None]:
    """Hold the lock of `path` (a file ``.NAME.lock`` beside it), so that one process at a time makes it.

    The operating system releases the lock when its holder dies, however it dies.

    Args:
        path: What is about to be made; its parent directory is made where it is missing.
        timeout_s: How long to wait for another holder, in seconds.

    Raises:
        CourseError: if the lock cannot be written, or another process holds it for longer than `timeout_s`.
    """
    lock = path.with_name(f".{path.name}.lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = lock.open("a+b")
    except OSError as error:
        raise storage_error(f"{path} was not made", lock, error) from error
    with handle:
        deadline = time.monotonic() + timeout_s
        while not try_lock(handle.fileno()):
            if time.monotonic() > deadline:
                raise CourseError(
                    f"{path} was not made",
                    f"another process has been making it for more than {timeout_s:.0f} s",
                    f"Wait for it to end, or end it; then try again (its lock is {lock})",
                )
            time.sleep(0.05)
        yield  # closing the file releases the lock


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file or folder, which ends with its holder; return whether nobody else has it."""
    try:
        if os.name == "nt":
            import msvcrt

            os.lseek(descriptor, 0, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def whole_file(path: Path, *, durable: bool = True, mode: int = 0o644) -> Iterator[BinaryIO]:
    """Yield a file that takes the place of `path` in one step if the block succeeds, and vanishes if it does not.

    Args:
        path: Where it goes; folders on the way are made.
        durable: Whether to wait until it is on the disk; without, a power cut soon after may leave an empty file.
        mode: Who may read and write it; nobody else may at any moment.

    Raises:
        OSError: it could not be written; what was there is there still.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        Path(unfinished).chmod(mode)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def whole_directory(target: Path) -> Iterator[Path]:
    """Yield an empty directory that becomes `target` in one step if the block succeeds, and vanishes if it does not.

    Call it under ``locked(target)``: what an earlier, killed writer left behind is then known to be dead, and removed.

    Raises:
        CourseError: if the disk is full or not writable.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for leftover in target.parent.glob(f"{_INCOMPLETE}{target.name}-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{_INCOMPLETE}{target.name}-", dir=target.parent))
        try:
            unfinished.chmod(0o777 & ~_umask())
            yield unfinished
            if target.exists():
                shutil.rmtree(target)
            unfinished.rename(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise storage_error(f"{target} was not made", target.parent, error) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def kept_or_made(
    *parts: str, opened: Callable[[Path], KeptT | None], write: Callable[[Path], None]
) -> tuple[KeptT, bool]:
    """Return what the cache keeps in its sub-directory `parts`, made now where it is not there, and whether it was.

    Args:
        *parts: The sub-directory; in `private_dir` where the cache is read-only and it has to be made.
        opened: Returns what a directory holds; None if that is nothing, or damaged.
        write: Fills a directory, of which nothing is seen before it is whole.

    Raises:
        CourseError: if the disk is full, or another process takes too long to make it.
    """
    if (found := opened(cache_dir().joinpath(*parts))) is not None:
        return found, True
    place = writable_dir(*parts[:-1]) / parts[-1]
    with locked(place):
        if (found := opened(place)) is not None:  # made by the process that held the lock before
            return found, True
        with whole_directory(place) as unfinished:
            write(unfinished)
    found = opened(place)
    assert found is not None, f"{place} cannot be opened"
    return found, False
