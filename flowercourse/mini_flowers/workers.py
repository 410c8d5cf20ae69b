"""Draw pictures with all processors: child processes of this module, which send back numbered JPEG files.

Plain child processes rather than `multiprocessing`: that starts the caller's main module again (a script without a
main guard would run twice), or forks a process in which TensorFlow has started threads.
"""

from __future__ import annotations

import io
import os
import queue
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO

from flowercourse import environment
from flowercourse.mini_flowers import CLASS_NAMES

_HEADER = struct.Struct("<II")  # number of the picture, length of its file
_QUALITIES = (80, 84, 88, 92)


def draw(number: int) -> bytes:
    """Return picture `number` as a JPEG file; its class is ``number % 5``."""
    from flowercourse.mini_flowers import garden

    file = io.BytesIO()
    picture = garden.picture(CLASS_NAMES[number % len(CLASS_NAMES)], number)
    picture.save(file, "JPEG", quality=_QUALITIES[number % len(_QUALITIES)])
    return file.getvalue()


def draw_all(count: int, *, processes: int | None = None) -> Iterator[tuple[int, io.BytesIO]]:
    """Yield (number, JPEG file) of pictures 0 to `count` - 1, in no particular order.

    Args:
        count: Number of pictures.
        processes: Number of child processes; None: one a processor. Where none can be started, this process draws.
    """
    processes = processes if processes is not None else environment.processors()
    missing = set(range(count))
    if processes > 1:
        for number, jpeg in _from_children(count, processes):
            missing.discard(number)
            yield number, io.BytesIO(jpeg)
    for number in sorted(missing):  # all of them, or what a child that was killed left undone
        yield number, io.BytesIO(draw(number))


def _from_children(count: int, processes: int) -> Iterator[tuple[int, bytes]]:
    children = []
    try:
        for first in range(processes):
            command = [sys.executable, "-m", "flowercourse.mini_flowers.workers", f"{first}:{count}:{processes}"]
            variables = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
            children.append(subprocess.Popen(command, stdout=subprocess.PIPE, env=variables))
    except OSError:  # no process may be started here
        pass
    arrived: queue.SimpleQueue[tuple[int, bytes] | None] = queue.SimpleQueue()
    try:
        # A reader thread for each child, so that none waits for another.
        for child in children:
            threading.Thread(target=_forward, args=(child.stdout, arrived), daemon=True).start()
        for _ in children:
            while (picture := arrived.get()) is not None:
                yield picture
    finally:
        for child in children:
            child.kill()
            child.wait()


def _forward(stream: BinaryIO, arrived: queue.SimpleQueue[tuple[int, bytes] | None]) -> None:
    """Put what comes in into the queue, and None at its end."""
    try:
        with stream:
            for picture in _read(stream):
                arrived.put(picture)
    finally:
        arrived.put(None)


def _read(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    while len(header := stream.read(_HEADER.size)) == _HEADER.size:
        number, length = _HEADER.unpack(header)
        jpeg = stream.read(length)
        if len(jpeg) < length:
            return
        yield number, jpeg


def main() -> None:
    """Write the pictures FIRST, FIRST + STEP, ... below STOP to standard output (argument ``FIRST:STOP:STEP``)."""
    first, stop, step = (int(part) for part in sys.argv[1].split(":"))
    try:
        for number in range(first, stop, step):
            jpeg = draw(number)
            sys.stdout.buffer.write(_HEADER.pack(number, len(jpeg)) + jpeg)
            sys.stdout.buffer.flush()
    except BrokenPipeError:  # whoever asked is gone
        os._exit(1)


if __name__ == "__main__":
    main()
