"""What has been graded so far, kept so that no interruption loses it.

One line of JSON for each submission, appended and forced to the disk as soon as its grade is known. A line that a crash
cut off is no line. Submissions are recognized by a key of everything that decides about their grade, so that `--resume`
grades again what has changed and nothing else.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.outcome.results import SubmissionResult
from flowercourse.errors import CourseError

FOLDER = ".grading"
SECRET_BYTES = 32


class Journal:
    """The journal of one output folder, held by one grading run at a time.

    Args:
        out: the folder that grades are written to.
        resume: whether to go on with what is there, or to begin anew.

    Raises:
        CourseError: another run is writing there.
    """

    def __init__(self, out: Path, *, resume: bool) -> None:
        self.folder = out / FOLDER
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = self.folder / "journal.jsonl"
        self.lock = (self.folder / "lock").open("w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.lock.close()
            raise CourseError(
                f"{out} is in use", "another autograder grade writes there", "wait for it, or name another --out"
            ) from None
        self.secret = self._secret()
        self.results: dict[str, SubmissionResult] = {}
        self.recorded: set[str] = set()
        if resume and self.path.exists():
            self._read()
        # Unbuffered: what a full disk did not take is not tried again when the file is closed.
        self.file = self.path.open("ab" if resume else "wb", buffering=0)
        if self.file.tell() and not _ends_with_newline(self.path):
            self.file.write(b"\n")

    def _secret(self) -> bytes:
        """Return this folder's own secret, from which the submissions' seeds are drawn: the same after a crash."""
        path = self.folder / "secret"
        if not path.exists() or path.stat().st_size != 2 * SECRET_BYTES:  # a power cut may leave an empty file
            made = path.with_suffix(".new")
            made.touch(mode=0o600)
            with made.open("w") as file:
                file.write(secrets.token_hex(SECRET_BYTES))
                file.flush()
                os.fsync(file.fileno())
            made.replace(path)
        return bytes.fromhex(path.read_text())

    def seed(self, key: str) -> int:
        """Return the seed of the submission with this key: a number of 63 bits that nobody can foretell."""
        return int.from_bytes(hmac.digest(self.secret, key.encode(), "sha256")[:8], "big") >> 1

    def add(self, key: str, result: SubmissionResult) -> None:
        """Keep a grade."""
        self._append({"key": key, "result": result.to_json()})
        self.results[key] = result

    def mark_recorded(self, key: str) -> None:
        """Keep in mind that a grade has reached the gradebook."""
        self._append({"recorded": key})
        self.recorded.add(key)

    def mark_all_recorded(self, keys: Collection[str]) -> None:
        """Keep in mind that these have reached the gradebook."""
        self._append(*({"recorded": key} for key in keys))
        self.recorded.update(keys)

    def close(self) -> None:
        """Let another run have the folder."""
        self.file.close()
        self.lock.close()

    def _append(self, *lines: dict[str, Any]) -> None:
        left = memoryview(b"".join(json.dumps(line, ensure_ascii=True).encode() + b"\n" for line in lines))
        while left:
            left = left[self.file.write(left) :]
        os.fsync(self.file.fileno())

    def _read(self) -> None:
        for entry in entries(self.path):
            if entry.result is None:
                self.recorded.add(entry.key)
            else:
                self.results[entry.key] = entry.result
                self.recorded.discard(entry.key)


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
    with path.open("rb") as lines:
        for line in lines:
            try:
                data = json.loads(line)
                if "recorded" in data:
                    yield Entry(str(data["recorded"]))
                else:
                    yield Entry(str(data["key"]), SubmissionResult.from_json(data["result"]))
            except (ValueError, KeyError, TypeError):  # cut off by a crash, or of an older version: grade it again
                continue


def key_of(*parts: str) -> str:
    """Return a digest of everything that decides about a grade."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
