"""Downloads as learning platforms make them: the same names, flags and oddities, built from notebooks of a test."""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

Files = Mapping[str, bytes] | Iterable[tuple[str, bytes]]


def zipped(files: Files, *, says_utf8: bool = True) -> bytes:
    """Return a zip archive; names may come twice. ``says_utf8``: whether it says that names are in UTF-8."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items() if isinstance(files, Mapping) else files:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    data = made.getvalue()
    return data if says_utf8 else with_flags(data, off=0x800)


def with_flags(data: bytes, *, on: int = 0, off: int = 0) -> bytes:
    """Return an archive with flags set, or taken out, in both kinds of header."""
    made = bytearray(data)
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        for found in re.finditer(re.escape(signature), data):
            flags = slice(found.start() + place, found.start() + place + 2)
            made[flags] = ((int.from_bytes(made[flags], "little") | on) & ~off).to_bytes(2, "little")
    return bytes(made)


def symlink(name: str, target: str) -> bytes:
    """Return an archive that holds one symbolic link."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.create_system = 3
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, target)
    return made.getvalue()


def canvas_name(name: str, user: int, file: int, original: str, *, late: bool = False) -> str:
    """Return a file's name as Canvas's content_zipper.rb makes it of a sortable name."""
    sortable = re.sub(r"_(\d+)_", r"\1", name).lower()
    prefix = "_".join([sortable, *(["LATE"] if late else []), str(user)])
    word = re.sub(r"[^\w]", "", prefix)
    return f"{word}_{file}_{original}"


def moodle_folder(name: str, participant: int, *, old: bool = False) -> str:
    """Return a folder's name as Moodle's downloader.php makes it of a full name; before 4.1 with ``_`` at its end."""
    return f"{name.replace('_', ' ')}_{participant}_assignsubmission_file{'_' if old else ''}"


def save(path: Path, data: bytes) -> Path:
    """Write a download and return its path."""
    path.write_bytes(data)
    return path
