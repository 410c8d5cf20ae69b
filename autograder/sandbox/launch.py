"""Starts a zygote behind each of the isolations that this knows how to make; `doctor` says which of them works."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from autograder.files import PrivateFolder
from autograder.sandbox import linux
from autograder.sandbox.inner import NOTEBOOK_DIR
from autograder.sandbox.layout import COURSE_DIR, Layout, Step
from autograder.sandbox.outer import FIRST_USER, give_users

Process: TypeAlias = "subprocess.Popen[bytes]"
Isolation = Literal["bubblewrap", "unshare", "user", "none"]
ISOLATIONS: tuple[Isolation, ...] = ("bubblewrap", "unshare", "user", "none")

FOLDER = "autograder-cage-"  # how folders of cages are called
USERS_OF_A_ZYGOTE = 256
"""So many submissions later a user number is used again."""


@dataclass
class Launched:
    """A zygote's process and what it was started with.

    Attributes:
        process: the outermost process.
        isolation: what it was started behind.
        first_user: submissions become the user of this number plus their serial number; None where they stay what the
            zygote is, a user without rights below bubblewrap and unshare.
        readable: what submissions may read where they see the whole file tree.
        folder: where its file tree is put together, or where its files are if it sees the whole tree; to be removed.
    """

    process: Process
    isolation: Isolation
    first_user: int | None = None
    readable: tuple[str, ...] = ()
    folder: PrivateFolder | None = None


@dataclass(frozen=True)
class Start:
    """What to start.

    Attributes:
        layout: what is visible inside.
        control: the zygote's end of a SOCK_SEQPACKET pair.
        preload: modules to import before the first submission.
        log: file descriptor of a file for what the zygote and its programs print.
    """

    layout: Layout
    control: socket.socket
    preload: tuple[str, ...]
    log: int

    def zygote(self, *, notebooks: Path | None = None) -> list[str]:
        """Return the command that becomes the zygote; `notebooks` is for submissions' folders without namespaces."""
        known = {"preload": self.preload, "namespaces": notebooks is None, "notebooks": str(notebooks or "")}
        options = json.dumps(known)
        fd = str(self.control.fileno())
        return [self.layout.python, "-s", "-m", "autograder.sandbox.zygote", fd, options]

    def popen(self, command: list[str], environment: dict[str, str], fds: list[int], cwd: str = "/") -> Process:
        """Start a program that inherits the control socket and `fds`, and ends with the thread that starts it."""
        return subprocess.Popen(
            command,
            pass_fds=[self.control.fileno(), *fds],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            cwd=cwd,
            preexec_fn=linux.die_with_parent,
        )


def launch(isolation: Isolation, start: Start) -> Launched:
    """Start a zygote that serves `control`.

    Args:
        isolation: which isolation to start it behind.
        start: what to start.

    Raises:
        CourseError: submissions would have to run as root.
        OSError: a program that is needed for it is not there.
    """
    if isolation != "none":
        start.layout.refuse_to_run_as_root()
    return _LAUNCHERS[isolation](start)


def _bubblewrap(start: Start) -> Launched:
    program = shutil.which("bwrap")
    if program is None:
        raise FileNotFoundError("bwrap")
    root = os.geteuid() == 0
    fds: list[int] = []
    command = [program, *_bubblewrap_arguments(start.layout, fds)]
    info_read, info_write = os.pipe()
    go_read, go_write = os.pipe()
    if root:
        command += ["--info-fd", str(info_write), "--userns-block-fd", str(go_read)]
        fds += [info_write, go_read]
    command += ["--", *start.zygote()]
    process = start.popen(command, {"PATH": "/usr/bin:/bin"}, fds)
    for fd in [*fds, *([] if root else [info_write, go_read])]:
        os.close(fd)
    try:
        if root:
            give_users(_information(info_read)["child-pid"])
            os.write(go_write, b"x")
    except (OSError, ValueError, KeyError):
        process.kill()
        process.wait()
        raise
    finally:
        os.close(info_read)
        os.close(go_write)
    return Launched(process, "bubblewrap", _first_user())


def _information(fd: int) -> dict[str, Any]:
    """Return what bubblewrap says about itself, which it writes in pieces."""
    with os.fdopen(os.dup(fd), "rb") as information:
        return json.loads(information.read())


def _bubblewrap_arguments(layout: Layout, fds: list[int]) -> list[str]:
    """Return bubblewrap's arguments; adds to `fds` what it must inherit."""
    # Order matters: an empty /tmp before what is bound below it, and everything read-only at the end.
    arguments = ["--unshare-all", "--unshare-user", "--uid", "0", "--gid", "0", "--cap-add", "ALL"]
    arguments += ["--die-with-parent", "--new-session", "--hostname", "notebook", "--clearenv"]
    for name, value in layout.environment.items():
        arguments += ["--setenv", name, value]
    arguments += ["--proc", "/proc", "--dev", "/dev", "--size", str(64 * 2**20), "--tmpfs", "/tmp"]  # noqa: S108
    arguments += ["--dev-bind", "/dev/full", "/dev/zero"]  # reads alike, but its pages cannot be mapped and hidden
    for step in layout.steps():
        arguments += _bubblewrap_step(step, fds)
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", NOTEBOOK_DIR]


def _bubblewrap_step(step: Step, fds: list[int]) -> list[str]:
    match step.what:
        case "directory":  # named one by one: those that bubblewrap makes by itself are closed to other users than root
            return ["--dir", step.path]
        case "bind":
            return ["--ro-bind", step.source, step.path]
        case "empty":
            return ["--tmpfs", step.path]
        case "link":
            return ["--symlink", step.source, step.path]
        case "file":
            fds.append(_memory_file(step.source))
            return ["--perms", "0644", "--ro-bind-data", str(fds[-1]), step.path]


def _memory_file(text: str) -> int:
    fd = os.memfd_create("cage")
    os.write(fd, text.encode())
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _unshare(start: Start) -> Launched:
    layout = start.layout
    # Made out here, where it can be removed again; what is mounted on it exists inside only.
    folder = PrivateFolder(FOLDER)
    options = {
        "root": folder.name,
        "steps": list(layout.steps()),
        "environment": layout.environment,
        "command": start.zygote(),
    }
    path = os.pathsep.join(entry for entry in sys.path if entry)
    command = [sys.executable, "-m", "autograder.sandbox.outer", json.dumps(options)]
    process = start.popen(command, {"PATH": "/usr/bin:/bin", "PYTHONPATH": path}, [])
    return Launched(process, "unshare", _first_user(), folder=folder)


def _first_user() -> int | None:
    """Return where a namespace's own user numbers begin, if there is more than one: only root may give them out."""
    return 0 if os.geteuid() == 0 else None


def _user(start: Start) -> Launched:
    if os.geteuid() != 0:
        raise PermissionError("only root can become another user")
    launched = _uncaged(start)
    launched.isolation = "user"
    # The process number keeps the submissions of two graders apart, who would otherwise end each other's processes.
    launched.first_user = FIRST_USER + (launched.process.pid % 2**20) * USERS_OF_A_ZYGOTE
    return launched


def _uncaged(start: Start) -> Launched:
    folder = PrivateFolder(FOLDER)
    course, notebooks = Path(folder.name, "course"), Path(folder.name, "notebooks")
    for place, mode in ((Path(folder.name), 0o711), (course, 0o755), (notebooks, 0o711)):
        place.mkdir(exist_ok=True)
        place.chmod(mode)
    readable = [str(course)]
    layout = start.layout
    for outside, inside in layout.binds:
        if not inside.startswith(COURSE_DIR):
            readable.append(outside)
            continue
        copy = course / Path(inside).relative_to(COURSE_DIR)
        copy.parent.mkdir(parents=True, exist_ok=True)
        if Path(outside).is_dir():
            shutil.copytree(outside, copy, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(outside, copy)
    path = layout.environment["PYTHONPATH"].replace(COURSE_DIR, str(course))
    environment = {**layout.environment, "PYTHONPATH": path, "HOME": str(course), "MPLCONFIGDIR": str(course)}
    process = start.popen(start.zygote(notebooks=notebooks), environment, [], cwd=str(course))
    readable += [target for target, _ in layout.links if target.startswith("/")]
    return Launched(process, "none", readable=tuple(readable), folder=folder)


_LAUNCHERS: dict[str, Callable[[Start], Launched]] = {
    "bubblewrap": _bubblewrap,
    "unshare": _unshare,
    "user": _user,
    "none": _uncaged,
}
