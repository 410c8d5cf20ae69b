"""The one kind of error that this project raises on purpose: what happened, why, and what to do next."""

from __future__ import annotations

import errno
from pathlib import Path


class CourseError(Exception):
    """A problem that a reader of the message can act on.

    Attributes:
        what: What could not be done, with the path or name it concerns.
        why: The cause, as far as it is known.
        next_step: What to try, as an instruction.
        exit_status: What a command ends with; 2 where what it was given cannot be used.

    >>> print(CourseError("photo.jpg was not read", "it is empty", "Remove the file"))
    photo.jpg was not read: it is empty. Remove the file.
    """

    exit_status = 1

    def __init__(self, what: str, why: str, next_step: str) -> None:
        super().__init__(what, why, next_step)
        self.what = what
        self.why = why
        self.next_step = next_step

    def __str__(self) -> str:
        return f"{self.what}: {self.why.rstrip('.')}. {self.next_step.rstrip('.')}."


def is_full(error: BaseException | None) -> bool:
    """Return whether an exception was caused by a full disk, or by a quota; databases wrap such errors in their own."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        if "disk is full" in str(error) or "No space left on device" in str(error):
            return True
        error = error.__cause__
    return False


def storage_error(what: str, path: Path, error: OSError) -> CourseError:
    """Explain a failed write: a full disk and a missing permission need different next steps.

    Args:
        what: What could not be done, e.g. ``"mini_flowers was not prepared"``.
        path: Where it should have been written.
        error: What the operating system said.
    """
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return CourseError(
            what,
            f"the disk that holds {path} is full",
            "Free some space, or set FLOWERCOURSE_CACHE to a directory on another disk",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return CourseError(
            what,
            f"{path} cannot be written ({error.strerror})",
            "Set FLOWERCOURSE_CACHE to a directory of your own",
        )
    return CourseError(
        what, f"writing to {path} failed ({error})", "Check the disk, or set FLOWERCOURSE_CACHE to another directory"
    )
