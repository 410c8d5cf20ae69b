"""The outer cage made with system calls alone, for machines without bubblewrap.

    python -m autograder.sandbox.outer OPTIONS

Three processes, as bubblewrap has: the first stays outside and, where it is root, hands out user numbers; the second
makes the user namespace and waits; the third, process 1 of the new space, makes the file tree and becomes the zygote.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from autograder.sandbox import linux
from autograder.sandbox.inner import NOTEBOOK_DIR, exit_status

FIRST_USER = 0x20000000
"""The first of the system's user numbers that submissions get where root may choose: far from any account."""
USERS = 60_000

_DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
_DEVICE_LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
}
# Flags of a mount that a user namespace may not take away, as statvfs spells them and as mount does.
_LOCKED = {
    os.ST_NOSUID: linux.MS_NOSUID,
    os.ST_NODEV: linux.MS_NODEV,
    os.ST_NOEXEC: linux.MS_NOEXEC,
    os.ST_NOATIME: linux.MS_NOATIME,
    os.ST_NODIRATIME: linux.MS_NODIRATIME,
    os.ST_RELATIME: linux.MS_RELATIME,
}
_READ_ONLY = linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | linux.MS_NOSUID | linux.MS_NODEV
_ALL_BUT_USER = linux.ALL_NAMESPACES & ~linux.CLONE_NEWUSER


def give_users(pid: int) -> None:
    """As root, give a cage a range of user numbers that no account has, so that nothing inside is root outside."""
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/{pid}/{name}").write_text(f"0 0 1\n1 {FIRST_USER} {USERS}\n")


def main(options: dict[str, Any]) -> int:
    """Start the zygote in a cage, wait for it, and return its exit status."""
    unshared, give = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _in_user_namespace(options, options["root"], unshared[1], give[0])
    os.close(unshared[1])
    if os.read(unshared[0], 1) and os.geteuid() == 0:
        give_users(child)
    os.write(give[1], b"x")
    return exit_status(os.waitpid(child, 0)[1])


def _in_user_namespace(options: dict[str, Any], root: str, unshared: int, given: int) -> None:
    status = 72
    try:
        linux.die_with_parent()
        uid, gid = os.geteuid(), os.getegid()
        linux.unshare(linux.CLONE_NEWUSER)
        if uid != 0:
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
            Path("/proc/self/gid_map").write_text(f"0 {gid} 1")
        os.write(unshared, b"x")
        os.read(given, 1)
        linux.unshare(_ALL_BUT_USER)
        first = os.fork()
        if first == 0:
            _as_first_process(options, root)
        status = exit_status(os.waitpid(first, 0)[1])
    except OSError as error:
        print(f"cage: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(status)


def _as_first_process(options: dict[str, Any], root: str) -> None:
    try:
        linux.die_with_parent()
        os.setsid()
        linux.sethostname("notebook")
        _make_tree(options["steps"], root)
        os.chdir(root)
        linux.pivot_root(".", ".")
        linux.unmount(".")
        os.chdir("/")
        linux.mount(None, "/", None, _READ_ONLY)
        os.chdir(NOTEBOOK_DIR)
        os.execve(options["command"][0], options["command"], options["environment"])  # noqa: S606 - an argument list
    except OSError as error:
        print(f"cage: {error}", file=sys.stderr, flush=True)
    finally:
        os._exit(73)


def _make_tree(steps: list[list[str]], root: str) -> None:
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", root, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
    for name in ("proc", "tmp", "dev"):
        (Path(root) / name).mkdir()
    linux.mount("proc", f"{root}/proc", "proc", linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC)
    linux.mount("tmpfs", f"{root}/tmp", "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "size=64m,mode=755")  # noqa: S108
    for name in _DEVICES:
        # Shared pages of /dev/zero can be given back to where no process has them. /dev/full reads alike, unmappable.
        _bind("/dev/full" if name == "zero" else f"/dev/{name}", f"{root}/dev/{name}")
    for name, target in _DEVICE_LINKS.items():
        (Path(root) / "dev" / name).symlink_to(f"/proc/self/{target}")
    for what, path, source in steps:
        _make(what, f"{root}{path}", source)


def _make(what: str, at: str, source: str) -> None:
    match what:
        case "directory":
            Path(at).mkdir(parents=True, exist_ok=True)
        case "bind":
            _bind(source, at)
            _make_read_only(at)
        case "empty":
            linux.mount("tmpfs", at, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
        case "link":
            Path(at).symlink_to(source)
        case "file":
            Path(at).write_text(source)


def _bind(source: str, at: str) -> None:
    if Path(source).is_dir():
        Path(at).mkdir(parents=True, exist_ok=True)
    elif not Path(at).exists():
        Path(at).parent.mkdir(parents=True, exist_ok=True)
        Path(at).touch()
    linux.mount(source, at, None, linux.MS_BIND | linux.MS_REC)


def _make_read_only(at: str) -> None:
    """Make a bind and everything that is mounted below it read-only."""
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for point in points:
        if point == at or point.startswith(f"{at}/"):
            found = os.statvfs(point).f_flag
            locked = sum(flag for spelled, flag in _LOCKED.items() if found & spelled)
            linux.mount(None, point, None, _READ_ONLY | locked)


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
