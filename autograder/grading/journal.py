"""What has been graded so far, kept so that no interruption loses it.

One line of JSON for each submission, appended and forced to the disk as soon as its grade is known. A line that a crash
cut off is no line. Submissions are recognized by a key of everything that decides about their grade, so that `--resume`
grades again what has changed and nothing else.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.files import write_text
from autograder.outcome.results import SubmissionResult
from flowercourse.errors import CourseError
from flowercourse.paths import try_lock, whole_file

FOLDER = ".grading"
SECRET_BYTES = 32


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Let no other run write to an output folder meanwhile.

    Raises:
        CourseError: another one does.
    """
    with (_folder(out) / "lock").open("w") as lock:
        if not try_lock(lock.fileno()):
            raise CourseError(
                f"{out} is in use", "another autograder grade writes there", "Wait for it, or name another --out"
            )
        yield


def _folder(out: Path) -> Path:
    folder = out / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


class Journal:
    """The journal of one output folder, for a run that has it `alone`.

    Args:
        out: the folder that grades are written to.
        resume: whether to go on with what is there, or to begin anew.
        only: begin anew with this assignment only, and keep what is known of all others; None for all.
    """

    def __init__(self, out: Path, *, resume: bool, only: str | None = None) -> None:
        self.folder = _folder(out)
        self.path = self.folder / "journal.jsonl"
        self.secret = self._secret()
        # Where each grade's line begins. The grades stay on the disk: they hold all that notebooks showed.
        self.places: dict[str, int] = {}
        self.recorded: set[str] = set()
        keep = resume or only is not None
        if keep and self.path.exists():
            if not resume and only is not None:
                self._forget(only)
            self._read()
        # Unbuffered: what a full disk did not take is not tried again when the file is closed.
        self.file = self.path.open("ab" if keep else "wb", buffering=0)
        if self.file.seek(0, os.SEEK_END) and not _ends_with_newline(self.path):
            self.file.write(b"\n")

    def _secret(self) -> bytes:
        """Return this folder's own secret, from which the submissions' seeds are drawn: the same after a crash."""
        path = self.folder / "secret"
        if not path.exists() or path.stat().st_size != 2 * SECRET_BYTES:  # a power cut may leave an empty file
            write_text(path, secrets.token_hex(SECRET_BYTES), mode=0o600)
        return bytes.fromhex(path.read_text())

    def seed(self, key: str) -> int:
        """Return the seed of the submission with this key: a number of 63 bits that nobody can foretell."""
        return int.from_bytes(hmac.digest(self.secret, key.encode(), "sha256")[:8], "big") >> 1

    def add(self, key: str, result: SubmissionResult) -> None:
        """Keep a grade."""
        place = self.file.seek(0, os.SEEK_END)
        self._append({"key": key, "result": result.to_json()})
        self.places[key] = place

    def get(self, key: str) -> SubmissionResult | None:
        """Return the grade of this key; None where there is none."""
        if key not in self.places:
            return None
        with self.path.open("rb") as lines:
            lines.seek(self.places[key])
            return _entry(lines.readline()).result

    def mark_recorded(self, key: str) -> None:
        """Keep in mind that a grade has reached the gradebook."""
        self._append({"recorded": key})
        self.recorded.add(key)

    def mark_all_recorded(self, keys: Collection[str]) -> None:
        """Keep in mind that these have reached the gradebook."""
        self._append(*({"recorded": key} for key in keys))
        self.recorded.update(keys)

    def close(self) -> None:
        """Write no more."""
        self.file.close()

    def _append(self, *lines: dict[str, Any]) -> None:
        left = memoryview(b"".join(json.dumps(line, ensure_ascii=True).encode() + b"\n" for line in lines))
        while left:
            left = left[self.file.write(left) :]
        os.fsync(self.file.fileno())

    def _read(self) -> None:
        for place, entry in _places(self.path):
            if entry.result is None:
                self.recorded.add(entry.key)
            else:
                self.places[entry.key] = place
                self.recorded.discard(entry.key)

    def _forget(self, assignment: str) -> None:
        """Take an assignment's grades out of the journal; what was only rejected is found out again at no cost."""
        kept: set[str] = set()
        with self.path.open("rb") as lines, whole_file(self.path, mode=0o600) as file:
            for place, entry in _places(self.path):
                if entry.result is None and entry.key not in kept:
                    continue
                if entry.result is not None and entry.result.assignment == assignment:
                    continue
                kept.add(entry.key)
                lines.seek(place)
                file.write(lines.readline())


@dataclass(frozen=True)
class Entry:
    """A line of a journal.

    Attributes:
        key: the submission's key.
        result: its grade; None in a line that says that the grade has reached the gradebook.
    """

    key: str
    result: SubmissionResult | None = None


def entries(path: Path) -> Iterator[Entry]:
    """Yield a journal's lines, in the order in which they were written; what a crash cut off is no line."""
    return (entry for _, entry in _places(path))


def _places(path: Path) -> Iterator[tuple[int, Entry]]:
    """Yield where each line begins, and the line."""
    with path.open("rb") as lines:
        end = 0
        for line in lines:
            place, end = end, end + len(line)
            try:
                yield place, _entry(line)
            except (ValueError, KeyError, TypeError):  # cut off by a crash, or of an older version: grade it again
                continue


def _entry(line: bytes) -> Entry:
    data = json.loads(line)
    if "recorded" in data:
        return Entry(str(data["recorded"]))
    return Entry(str(data["key"]), SubmissionResult.from_json(data["result"]))


def key_of(*parts: str) -> str:
    """Return a digest of everything that decides about a grade."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
