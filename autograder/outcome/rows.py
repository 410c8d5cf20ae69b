"""The results of a class, on the disk until they are asked for: only their names are in memory."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import overload

from autograder.outcome.results import SubmissionResult


class Rows(Sequence[SubmissionResult]):
    """Results in the order of every list of them, by student and then by assignment, without the cells that ran.

    Args:
        folder: where the file is that holds them. It has no name there, and is gone with this object.
    """

    def __init__(self, folder: Path) -> None:
        # Unbuffered: what a full disk did not take is not tried again when the file is closed.
        self._file = tempfile.TemporaryFile(dir=folder, buffering=0)  # noqa: SIM115 (open as long as this object is)
        self._places: list[tuple[str, str, int, int]] = []
        self._in_order = True

    def append(self, result: SubmissionResult) -> None:
        """Add a result.

        Raises:
            OSError: the disk is full.
        """
        line = json.dumps(replace(result, cells=()).to_json()).encode()
        place = self._file.seek(0, os.SEEK_END)
        left = memoryview(line)
        while left:
            left = left[self._file.write(left) :]
        self._places.append((result.student_id, sys.intern(result.assignment), place, len(line)))
        self._in_order = False

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> SubmissionResult: ...

    @overload
    def __getitem__(self, index: slice) -> list[SubmissionResult]: ...

    def __getitem__(self, index: int | slice) -> SubmissionResult | list[SubmissionResult]:
        if not self._in_order:
            self._places.sort()
            self._in_order = True
        if isinstance(index, slice):
            return [self[number] for number in range(len(self))[index]]
        *_, place, size = self._places[index]
        return SubmissionResult.from_json(json.loads(os.pread(self._file.fileno(), size, place)))

    def __iter__(self) -> Iterator[SubmissionResult]:
        return (self[number] for number in range(len(self)))
