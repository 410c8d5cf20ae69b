"""Files that are whole or not there, private folders, and folder names that any student id can be turned into."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

from flowercourse.paths import try_lock, whole_file

# What file systems and nbgrader take as it is, besides what addresses do (nbgrader splits names at "+").
_SAFE = "@ "
_LONGEST_NAME = 100


def write_text(path: Path, text: str, *, durable: bool = True, mode: int = 0o644) -> None:
    """Write ``text`` to ``path`` in UTF-8, atomically: readers find the old text or the new one, never a part.

    ``durable`` and ``mode`` are those of `flowercourse.paths.whole_file`. Where it need not be durable, a file that
    holds the same already is left as it is.
    """
    data = text.encode("utf-8", "backslashreplace")
    if not durable and _holds(path, data):
        return
    with whole_file(path, durable=durable, mode=mode) as file:
        file.write(data)


def _holds(path: Path, data: bytes) -> bool:
    with suppress(OSError), path.open("rb") as file:
        return os.fstat(file.fileno()).st_size == len(data) and file.read() == data
    return False


@lru_cache(maxsize=4096)
def to_folder_name(name: str) -> str:
    """Return a folder name for any text, by which `from_folder_name` finds the text again.

    Ordinary ids stay as they are. Other characters become ``%XX``, as in addresses. A name that is too long for a file
    system, or for the gradebook's 128 characters, is cut, and a fingerprint of the whole takes the place of the rest;
    only then is the way back lost.

    >>> to_folder_name("learner-01"), to_folder_name("a/b")
    ('learner-01', 'a%2Fb')
    >>> to_folder_name(".."), to_folder_name("")
    ('%2E%2E', '%')
    """
    import hashlib

    data = name.encode("utf-8", "surrogateescape")
    safe = quote_from_bytes(data, _SAFE).replace("~", "%7E")  # "%~" marks a name that was cut
    # A leading dot hides a folder, leading dots climb, and Windows drops dots and spaces at the end.
    for wrong in (safe[:1], safe[-1:]):
        if wrong in (".", " "):
            safe = safe.replace(wrong, f"%{ord(wrong):02X}")
    if len(safe) > _LONGEST_NAME:
        safe = safe[:_LONGEST_NAME].rstrip("%. ") + "%~" + hashlib.sha256(data).hexdigest()[:16]
    return safe or "%"


def from_folder_name(folder: str) -> str:
    """Return the text that `to_folder_name` made ``folder`` of (unless it was cut).

    >>> from_folder_name(to_folder_name("=1+1; a/b"))
    '=1+1; a/b'
    """
    return "" if folder == "%" else unquote_to_bytes(folder).decode("utf-8", "surrogateescape")


class PrivateFolder:
    """A folder that only this user may enter, gone with all that is in it after `cleanup`.

    It lies in the temporary directory, or in ``place``.

    Its process holds a lock on it for as long as it lives. So a later one can tell what a process that was killed has
    left behind: whoever makes a folder of the same name removes that first (`remove_abandoned`).

    Attributes:
        name: Its path.
    """

    def __init__(self, prefix: str, place: str | None = None) -> None:
        remove_abandoned(prefix, place)
        self.name = tempfile.mkdtemp(prefix=prefix, dir=place)
        self._held = os.open(self.name, os.O_RDONLY | os.O_DIRECTORY)
        try_lock(self._held)

    def __enter__(self) -> Path:
        """Return its path."""
        return Path(self.name)

    def __exit__(self, *_: object) -> None:
        """Remove it."""
        self.cleanup()

    def cleanup(self) -> None:
        """Remove the folder; doing so again does no harm."""
        shutil.rmtree(self.name, ignore_errors=True)
        if self._held >= 0:
            os.close(self._held)
            self._held = -1


# Younger ones may be about to be locked.
ABANDONED_AFTER_S = 60.0


def remove_abandoned(prefix: str, place: str | None = None) -> list[str]:
    """Remove private folders of this name whose process has ended without `cleanup`; return their paths.

    Only what is provably ours: a folder, no link, that this user owns, of this name, on which nobody holds the lock.
    """
    removed = []
    for path in Path(place or tempfile.gettempdir()).glob(f"{prefix}*"):
        try:
            held = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            found = os.fstat(held)
            is_old = time.time() - found.st_ctime >= ABANDONED_AFTER_S
            if found.st_uid == os.geteuid() and is_old and try_lock(held):
                shutil.rmtree(path, ignore_errors=True)
                removed.append(str(path))
        finally:
            os.close(held)
    return removed
