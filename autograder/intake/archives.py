"""What lies in a downloaded archive or folder, one file after the other, each opened only as far as it is wanted.

Nothing is unpacked under the name that an archive gives: whoever reads an `Item` says where it goes. So a name that
climbs (``../x``) or a link leads nowhere. Everything is counted while it is read, and nothing is believed of what an
archive says about its own sizes: a zip of a few bytes can claim anything, and unpack to a thousand times its length.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from autograder.checking.quoting import quote
from autograder.intake.find import LITTER, readable
from autograder.intake.roster import composed
from flowercourse.errors import CourseError

MAX_MEMBERS = 200_000
"""The most files that a download may hold: ten thousand learners with twenty each."""
MAX_DIRECTORY_BYTES = 64 * 2**20
"""The largest list of contents of a platform's archive; what Python keeps of it takes some ten times that of memory."""
MAX_INNER_MEMBERS, MAX_INNER_DIRECTORY_BYTES = 500, 2**18
"""The same for an archive that a learner handed in."""
MAX_DEPTH = 12
LONGEST_NAME = 255
"""Bytes of a file's name that file systems take; an archive may have longer ones, which patterns take long to read."""

_CHUNK = 2**18
_COMPANION = "._"
_IS_COMPANION = "by its name it is what macOS keeps beside a file, and no notebook"
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# Whatever can be wrong with an archive, or with one file in it.
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError, OverflowError, struct.error)


class Unreadable(Exception):
    """One file could not be read; the text says why, as a clause."""


class NoArchive(Exception):
    """A file is no zip archive, or one that is not read; the text says why, as a clause."""


@dataclass(frozen=True)
class Item:
    """One file of a download.

    Attributes:
        name: Its path inside, with ``/``, in Unicode's composed form (NFC). A stranger chose it.
        open: Opens it for reading; raises `Unreadable` or `OSError`.
        problem: Why it cannot be used, as a clause; empty where nothing is known against it.
    """

    name: str
    open: Callable[[], IO[bytes]]
    problem: str = ""

    @property
    def parts(self) -> tuple[str, ...]:
        """Return the parts of its path."""
        return PurePosixPath(self.name).parts


def copy_bytes(item: Item, target: BinaryIO, limit: int) -> tuple[int, str]:
    """Copy a file's bytes, counting them, and return how many there were, and their SHA-256 as hexadecimal digits.

    Raises:
        Unreadable: There are more than ``limit`` of them, or they are damaged.
        OSError: ``target`` could not be written.
    """
    digest, size = hashlib.sha256(), 0
    try:
        source = item.open()
    except (*_BROKEN, NotImplementedError) as error:
        raise Unreadable(f"it is damaged ({_said(error)})") from error
    except OSError as error:
        raise Unreadable(f"it could not be read ({error.strerror})") from error
    with source:
        while chunk := _chunk(source):
            size += len(chunk)
            if size > limit:
                raise Unreadable(f"it unpacks to more than {limit // 2**20} MB")
            digest.update(chunk)
            target.write(chunk)
    return size, digest.hexdigest()


def _chunk(source: IO[bytes]) -> bytes:
    try:
        return source.read(_CHUNK)
    except _BROKEN as error:
        raise Unreadable(f"it is damaged ({_said(error)})") from error
    except OSError as error:
        raise Unreadable(f"it could not be read ({error.strerror})") from error


def _said(error: BaseException) -> str:
    return quote(str(error), 80) or type(error).__name__


@contextmanager
def open_download(path: Path) -> Iterator[Iterator[Item]]:
    """Open a downloaded archive or folder and yield its files.

    Raises:
        CourseError: It is neither, cannot be read, or holds more than any class hands in.
    """
    try:
        if path.is_dir():
            yield _counted(_in_folder(path, path, 0), path)
            return
        with path.open("rb") as file, zip_items(file) as items:
            yield _counted(items, path)
    except NoArchive as error:
        raise CourseError(
            f"{path} was not collected",
            str(error),
            "Name the .zip file as downloaded, once more if it was cut off, or the folder it was unpacked to",
        ) from error
    except (FileNotFoundError, PermissionError) as error:
        raise CourseError(
            f"{path} was not read", f"{error.strerror}", "Name a file or folder that you can read"
        ) from error


def _counted(items: Iterator[Item], path: Path) -> Iterator[Item]:
    for count, item in enumerate(items):
        if count >= MAX_MEMBERS:
            raise CourseError(
                f"{path} was not collected",
                f"it holds more than {MAX_MEMBERS:,} files",
                "Download one assignment at a time",
            )
        yield item


def _in_folder(folder: Path, top: Path, depth: int) -> Iterator[Item]:
    with os.scandir(folder) as found:
        entries = sorted((entry for entry in found if entry.name not in LITTER), key=lambda entry: entry.name)
    for entry in entries:
        path = Path(entry.path)
        name = composed("/".join(readable(part) for part in path.relative_to(top).parts))
        if entry.is_symlink():
            yield Item(name, _nothing, "it is a symbolic link, which is not followed")
        elif entry.is_dir(follow_symlinks=False):
            if depth < MAX_DEPTH:
                yield from _in_folder(path, top, depth + 1)
            else:
                yield Item(name, _nothing, f"it lies more than {MAX_DEPTH} folders deep")
        elif entry.name.startswith(_COMPANION):
            yield Item(name, _nothing, _IS_COMPANION)
        elif entry.is_file(follow_symlinks=False):
            yield Item(name, partial(_open_regular, path))
        else:
            yield Item(name, _nothing, "it is no regular file")


def _open_regular(path: Path) -> IO[bytes]:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Unreadable("it is no regular file")
    return os.fdopen(handle, "rb")


def _nothing() -> IO[bytes]:
    return io.BytesIO()


class _BoundedReads:
    """A file of which nobody reads more than a limit at once: `zipfile` reads an archive's list of contents whole."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file, self._limit = file, limit

    def read(self, size: int = -1) -> bytes:
        """Read ``size`` bytes, or all that are left."""
        data = self._file.read(self._limit + 1 if size < 0 else min(size, self._limit + 1))
        if len(data) > self._limit:
            raise NoArchive("its list of contents is longer than is read")
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Go to a place."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """Return the place."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Say that places can be gone to."""
        return True


@contextmanager
def zip_items(file: IO[bytes], *, inner: bool = False) -> Iterator[Iterator[Item]]:
    """Open a zip archive and yield its files, in their order in the archive; two may have the same name.

    Args:
        file: The archive, open for reading.
        inner: Whether a learner made it, not a platform: then it may hold less.

    Raises:
        NoArchive: It is none, or is not read.
    """
    limit = MAX_INNER_DIRECTORY_BYTES if inner else MAX_DIRECTORY_BYTES
    most = MAX_INNER_MEMBERS if inner else MAX_MEMBERS
    try:
        archive = zipfile.ZipFile(_BoundedReads(file, limit))  # type: ignore[arg-type]
    except (*_BROKEN, NotImplementedError, OSError) as error:
        raise NoArchive(f"it is no zip archive ({_said(error)})") from error
    with archive:
        members = [member for member in archive.infolist() if not member.orig_filename.endswith("/")]
        if len(members) > most:
            raise NoArchive(f"it holds more than {most:,} files")
        yield (_member(archive, member) for member in members if not _is_litter(member))


def _is_litter(member: zipfile.ZipInfo) -> bool:
    return bool(LITTER.intersection(member.filename.split("/")))


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Item:
    name = _name(member)
    kind = stat.S_IFMT(member.external_attr >> 16)
    problem = ""
    if kind == stat.S_IFLNK:
        problem = "it is a symbolic link, which is not followed"
    elif kind not in (0, stat.S_IFREG):
        problem = "it is no regular file"
    elif name.rpartition("/")[2].startswith(_COMPANION):
        problem = _IS_COMPANION
    elif any(len(part.encode("utf-8", "replace")) > LONGEST_NAME for part in name.split("/")):
        problem = "its name is longer than any file's"
    elif _climbs(name):
        problem = "its path leads out of the archive"
    elif member.flag_bits & 0x1:
        problem = "it is encrypted"
    elif member.compress_type not in _METHODS:
        problem = "it is packed by a method that is not read"
    return Item(name, lambda: archive.open(member), problem)


def _name(member: zipfile.ZipInfo) -> str:
    """Return a member's name. Writers that forget to say that it is UTF-8 are more than those that mean code page 437.

    A name with a NUL ends there for Python; the bytes are looked at whole.
    """
    name = member.orig_filename
    if not member.flag_bits & 0x800:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return composed(name.replace("\\", "/"))


def _climbs(name: str) -> bool:
    parts = name.split("/")
    return name.startswith("/") or ".." in parts or "\0" in name or (len(parts[0]) == 2 and parts[0][1] == ":")
