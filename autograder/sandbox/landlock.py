"""Which files a process may open, said by the process itself and for good: Landlock, in the kernel since Linux 5.13.

The second line where there are no mount namespaces: below `--isolation user` it hides what file permissions leave open.
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from autograder.sandbox import linux

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same on every machine
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | 1 << 14
_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def restrict_files(readable: Iterable[str], writable: Iterable[str]) -> bool:
    """Allow reading (and running) what lies at or below some paths, everything below others, and nothing else.

    Also refuses TCP, and signals and abstract sockets to processes outside, where the kernel knows how to.

    Returns:
        Whether it is in force: not where the kernel has no Landlock.
    """
    version = _libc.syscall(_CREATE_RULESET, None, 0, 1)
    if version < 1:
        return False
    everything = (1 << 13) - 1 | (version >= 2) << 13 | (version >= 3) << 14 | (version >= 5) << 15
    attributes = struct.pack("=QQQ", everything, 3, 3)[: 24 if version >= 6 else 16 if version >= 4 else 8]
    rules = _libc.syscall(_CREATE_RULESET, attributes, len(attributes), 0)
    if rules < 0:
        return False
    for path in readable:
        _allow(rules, path, _EXECUTE | _READ_FILE | _READ_DIR)
    for path in writable:
        _allow(rules, path, everything)
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    restricted = _libc.syscall(_RESTRICT_SELF, rules, 0) == 0
    os.close(rules)
    return restricted


def _allow(rules: int, path: str, access: int) -> None:
    with suppress(OSError):  # what is not there needs no permission
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        access &= -1 if Path(path).is_dir() else _OF_FILES
        _libc.syscall(_ADD_RULE, rules, 1, struct.pack("=Qi", access, fd), 0)
        os.close(fd)
