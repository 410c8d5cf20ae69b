"""One submission's own cage inside the zygote's, made by the child itself after the fork, before any learner's code.

Three processes: a *guard* (in the zygote's process space) makes the namespaces and waits; *init* (process 1 of the new
space) makes the file systems, gives up every right, starts the *kernel* and reaps; when init ends, the operating
system ends everything that the learner's code started. Guard and init hold no channel to the grader.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.sandbox import landlock, linux

LEARNER = 1000
"""The learner's user and group number, as seen inside the cage."""

NOTEBOOK_DIR = "/notebook"
STAGING_DIR = "/.staging"
MIB = 1024 * 1024
_DEVICES = ("/dev/null", "/dev/full", "/dev/random", "/dev/urandom")
_HARMLESS = ("/proc/self", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat", "/sys/devices/system/cpu")


# The parts of /proc that belong to the machine and not to a process. The lists are those of the OCI runtime's defaults.
_READ_ONLY_IN_PROC = ("sys", "sysrq-trigger", "irq", "bus", "fs")
_HIDDEN_IN_PROC = (
    "acpi",
    "asound",
    "interrupts",
    "kcore",
    "keys",
    "latency_stats",
    "sched_debug",
    "scsi",
    "timer_list",
    "timer_stats",
)


@dataclass(frozen=True)
class Inner:
    """What the child needs to know to cage itself.

    Attributes:
        serial: Which submission of this zygote's, counting from 1; also names its user where the zygote may choose one.
        limits: `autograder.sandbox.limits.Limits` as plain data.
        namespaces: Whether to make namespaces: yes below bubblewrap and unshare, no where the isolation has none.
        user: The number of the user to become first, as the zygote counts them, another one for each submission; 0
            where the zygote may not choose.
        folder: Where there are no namespaces: the submission's own folder, made by the zygote.
        readable: Where there are no namespaces: what may be read, in as far as the system can keep the rest away.
        kept: Paths below /tmp that must stay visible there (course library, cache), for a checkout in /tmp.
    """

    serial: int
    limits: dict[str, Any]
    namespaces: bool = True
    user: int = 0
    folder: str = ""
    readable: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def run_guard(spec: Inner, kernel: Callable[[], int], release: Callable[[], None]) -> int:
    """Cage what `kernel` does; return its exit status, 128 plus the signal's number if one ended it.

    Args:
        spec: what is wanted.
        kernel: called in the innermost process, to be ended at any time.
        release: closes the channels to the grader; called in the processes that must not hold them.
    """
    if spec.user:
        become(spec.user)
    if spec.namespaces:
        _enter_namespaces()
    init = os.fork()
    if init == 0:
        _as_process(lambda: _run_init(spec, kernel, release))
    release()
    return exit_status(os.waitpid(init, 0)[1])


def become(user: int) -> None:
    """Become a user without any rights, for good."""
    os.setgroups([])
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    linux.prctl(linux.PR_SET_DUMPABLE, 1)  # cleared by the change; without it /proc/self belongs to root
    linux.die_with_parent()


def _as_process(body: Callable[[], int]) -> None:
    """Run `body` in a process that has just been forked, and end the process whatever happens."""
    status = 70
    try:
        linux.die_with_parent()
        status = body()
    except BaseException:
        with contextlib.suppress(BaseException):
            os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(status)


def exit_status(waited: int) -> int:
    """Return what a shell would say: the exit status, or 128 plus the signal's number."""
    return 128 + os.WTERMSIG(waited) if os.WIFSIGNALED(waited) else os.WEXITSTATUS(waited)


def _enter_namespaces() -> None:
    uid, gid = os.getuid(), os.getgid()
    linux.unshare(linux.ALL_NAMESPACES)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{LEARNER} {uid} 1")
    Path("/proc/self/gid_map").write_text(f"{LEARNER} {gid} 1")


def _run_init(spec: Inner, kernel: Callable[[], int], release: Callable[[], None]) -> int:
    # Process 1 receives no signal that it has no handler for, not even SIGKILL from inside its space.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if spec.namespaces:
        _make_file_systems(spec)
        linux.sethostname("notebook")
        # Neither this user namespace nor any below it may make another one.
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        _cover_kernel_settings()
        linux.drop_capabilities()
    linux.adopt_orphans()
    linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
    linux.prctl(linux.PR_SET_DUMPABLE, 0)  # nothing inside may look into process 1
    child = os.fork()
    if child == 0:
        _as_process(lambda: _run_kernel(spec, kernel))
    release()
    while True:
        pid, status = os.wait()
        if pid == child:
            return exit_status(status)


def _make_file_systems(spec: Inner) -> None:
    linux.mount(None, "/", None, linux.MS_REC | linux.MS_PRIVATE)
    flags = linux.MS_NOSUID | linux.MS_NODEV
    size = f"size={spec.limits['disk_mb']}m,nr_inodes={spec.limits['files']},mode=755"
    linux.mount("tmpfs", STAGING_DIR, "tmpfs", flags, size)
    for place in (NOTEBOOK_DIR, "/tmp", "/dev/shm"):  # noqa: S108 - the submission's own
        private = Path(STAGING_DIR) / place.replace("/", "_")
        private.mkdir(mode=0o700)
        if place == "/tmp":  # noqa: S108
            for path in spec.kept:
                _keep(path, private / Path(path).relative_to(place))
        linux.mount(str(private), place, None, linux.MS_BIND | linux.MS_REC)
    linux.unmount(STAGING_DIR)
    linux.mount("proc", "/proc", "proc", flags | linux.MS_NOEXEC)
    os.chdir(NOTEBOOK_DIR)


def _cover_kernel_settings() -> None:
    """Make the kernel's settings read-only, and hide what it says about itself, whoever looks and with what rights."""
    flags = linux.MS_NOSUID | linux.MS_NODEV | linux.MS_NOEXEC
    for name in _READ_ONLY_IN_PROC:
        if (path := Path("/proc") / name).exists():
            linux.mount(str(path), str(path), None, linux.MS_BIND | linux.MS_REC)
            linux.mount(None, str(path), None, linux.MS_REMOUNT | linux.MS_BIND | linux.MS_RDONLY | flags)
    for name in _HIDDEN_IN_PROC:
        if (path := Path("/proc") / name).is_dir():
            linux.mount("tmpfs", str(path), "tmpfs", flags | linux.MS_RDONLY, "size=0,mode=755")
        elif path.exists():
            linux.mount("/dev/null", str(path), None, linux.MS_BIND)


def _keep(path: str, at: Path) -> None:
    if Path(path).is_dir():
        at.mkdir(parents=True, exist_ok=True)
    else:
        at.parent.mkdir(parents=True, exist_ok=True)
        at.touch()
    linux.mount(path, str(at), None, linux.MS_BIND | linux.MS_REC)


def _run_kernel(spec: Inner, kernel: Callable[[], int]) -> int:
    os.setsid()
    linux.prctl(linux.PR_SET_DUMPABLE, 1)
    set_resource_limits(spec.limits, processes=spec.namespaces or spec.user != 0)
    if not spec.namespaces:
        _enter_folder(spec)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return kernel()


def _enter_folder(spec: Inner) -> None:
    """Where there are no file systems of its own to be had: work in the submission's folder, and open nothing else."""
    os.chdir(spec.folder)
    os.environ.update(HOME=spec.folder, TMPDIR=spec.folder, IPYTHONDIR=f"{spec.folder}/.ipython")
    os.environ["MPLCONFIGDIR"] = f"{spec.folder}/.matplotlib"
    if spec.user:
        landlock.restrict_files([*spec.readable, *_HARMLESS], [spec.folder, *_DEVICES])


def set_resource_limits(limits: dict[str, Any], *, processes: bool = True) -> None:
    """Set the limits that the operating system keeps by itself; `watch` keeps the others.

    The limit on processes counts all of a user's: it is set (`processes`) where the submission has a user of its own.

    Memory is watched, not limited here: TensorFlow reserves far more than it uses. Only a single senseless request,
    such as an array of a terabyte, is refused by the data limit, which gives the learner's code a MemoryError.
    """
    wanted = {
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_FSIZE: limits["file_mb"] * MIB,
        resource.RLIMIT_DATA: 2 * limits["memory_mb"] * MIB + 1024 * MIB,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_RTPRIO: 0,
    }
    if processes:
        wanted[resource.RLIMIT_NPROC] = limits["processes"]
    for which, value in wanted.items():
        with contextlib.suppress(OSError, ValueError):  # where the caller's own limit is lower still
            resource.setrlimit(which, (value, value))
