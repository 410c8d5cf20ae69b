"""What a submission may use. Every number can be changed; the defaults suit the course's own exercises."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from math import inf
from typing import Any

from flowercourse.errors import CourseError

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Limits on one submission. Times are seconds of its own clock (`sandbox.clock`), sizes are MiB.

    Attributes:
        cell_timeout_s: for one cell of the learner's, and for all answers that one check asks for.
        notebook_timeout_s: for the whole notebook, checks included.
        call_timeout_s: for one question that a check asks the learner's kernel.
        interrupt_grace_s: between asking a cell to stop (SIGINT) and ending its kernel (SIGKILL).
        memory_mb: resident memory of all the submission's processes together, pages shared with others counted in part.
        processes: processes and threads at once. TensorFlow starts some threads for each core.
        full_speed_processes: processes that run at the usual priority; those beyond wait for everybody else's.
        open_files: file descriptors of one process.
        file_mb: one file.
        disk_mb: everything in the submission's private file system (its working directory and /tmp together).
        files: number of files and directories there.
        output_mb: text and pictures that one cell may leave in the executed notebook, and a quarter of what all cells
            may leave together; the rest is cut off.
        reply_mb: one answer of the learner's kernel.
    """

    cell_timeout_s: float = 120.0
    notebook_timeout_s: float = 900.0
    call_timeout_s: float = 30.0
    interrupt_grace_s: float = 3.0
    memory_mb: int = 3072
    processes: int = 512
    full_speed_processes: int = 8
    open_files: int = 512
    file_mb: int = 256
    disk_mb: int = 512
    files: int = 20_000
    output_mb: float = 4.0
    reply_mb: int = 64

    def __post_init__(self) -> None:
        """Refuse limits under which no submission could run.

        Raises:
            CourseError: a limit is not a positive number.
        """
        for field in fields(self):
            value = getattr(self, field.name)
            if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < inf:
                raise CourseError(
                    f"the limit {field.name} cannot be {value!r}", "limits are positive numbers", "give one above 0"
                )

    def as_dict(self) -> dict[str, Any]:
        """Return the limits as plain data."""
        return asdict(self)
