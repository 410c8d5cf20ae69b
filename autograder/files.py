"""Files that are either whole or not there, and folder names that any student id can be turned into."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from urllib.parse import unquote_to_bytes

# What file systems, addresses and nbgrader take as it is (nbgrader splits names at "+").
_SAFE = re.compile(rb"[A-Za-z0-9_.@ -]")
_LONGEST_NAME = 100


def write_text(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in UTF-8, atomically: readers find the old text or the new one, never a part."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, atomically; folders on the way are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


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
    safe = "".join(chr(byte) if _SAFE.match(bytes([byte])) else f"%{byte:02X}" for byte in data)
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
