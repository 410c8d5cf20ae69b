"""The system calls that Python's standard library does not have, through ctypes.

Imported by the grading side and inside the cage, so it imports nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import struct
from errno import EACCES, ENOMEM, ENOSYS, EPERM

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_libc.umount2.argtypes = (ctypes.c_char_p, ctypes.c_int)
_libc.prctl.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
_libc.syscall.restype = ctypes.c_long

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x00020000, 0x02000000, 0x04000000, 0x08000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
ALL_NAMESPACES = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET

MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REMOUNT = 1, 2, 4, 8, 32
MS_NOATIME, MS_NODIRATIME, MS_RELATIME = 0x400, 0x800, 0x200000
MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 0x1000, 0x2000, 0x4000, 0x40000
MNT_DETACH = 2

PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NAME, PR_CAPBSET_DROP = 1, 4, 15, 24
PR_SET_SECCOMP, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = 22, 36, 38, 47


def _check(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result


def unshare(flags: int) -> None:
    """Leave the namespaces named by `flags` for new ones."""
    _check(_libc.unshare(flags), "unshare")


def sethostname(name: str) -> None:
    """Name the machine, in this UTS namespace."""
    _check(_libc.sethostname(name.encode(), len(name)), "sethostname")


def mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """Mount `source` at `target`."""
    as_bytes = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    _check(_libc.mount(as_bytes[0], as_bytes[1], as_bytes[2], flags, as_bytes[3]), f"mount {target}")


def unmount(target: str) -> None:
    """Detach what is mounted at `target`."""
    _check(_libc.umount2(os.fsencode(target), MNT_DETACH), f"umount {target}")


def pivot_root(new_root: str, put_old: str) -> None:
    """Make `new_root` the root, the old one reachable at `put_old`."""
    number = {"x86_64": 155, "aarch64": 41}[platform.machine()]
    _check(_libc.syscall(number, os.fsencode(new_root), os.fsencode(put_old)), "pivot_root")


def prctl(option: int, *values: int) -> None:
    """Call prctl(2) with up to four numbers."""
    padded = [*values, 0, 0, 0, 0][:4]
    _check(_libc.prctl(option, *padded), f"prctl {option}")


class _CapHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def drop_capabilities() -> None:
    """Give up every capability for good: bounding set, ambient set, and the process's own."""
    capability = 0
    while _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    _libc.prctl(PR_CAP_AMBIENT, 4, 0, 0, 0)
    header, nothing = _CapHeader(0x20080522, 0), (ctypes.c_uint32 * 6)()
    _check(_libc.capset(ctypes.byref(header), nothing), "capset")


def die_with_parent() -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that they can still be found below this process."""
    prctl(PR_SET_CHILD_SUBREAPER, 1)


# Seccomp: which calls are refused. Names and numbers for the two machines that TensorFlow's wheels exist for.
# Every call here is of use to administrators, debuggers or exploits, and of none to a learner's notebook.
_DENIED = {
    # name: (x86_64, aarch64)
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "syslog": (103, 116),
    "vhangup": (153, 58),
    "personality": (135, 92),
    "memfd_secret": (447, 447),
    # Memory and objects that belong to no process, so that no look at the processes finds them.
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "vmsplice": (278, 75),
}
_CLONE = {"x86_64": 56, "aarch64": 220}
_CLONE3 = 435
_MEMFD_CREATE = {"x86_64": 319, "aarch64": 279}
_MMAP = {"x86_64": 9, "aarch64": 222}
_MAP_SHARED_ANONYMOUS = 0x21
_SOCKET = {"x86_64": 41, "aarch64": 198}
_FCNTL, _SET_PIPE_SIZE = {"x86_64": 72, "aarch64": 25}, 1031
_SETSOCKOPT, _SEND_BUFFER = {"x86_64": 54, "aarch64": 208}, 7
_SETSID = {"x86_64": 112, "aarch64": 157}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000


def _instruction(code: int, jump_true: int, jump_false: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, jump_true, jump_false, value)


def _refuse_when_equal(number: int, error: int) -> bytes:
    return _instruction(0x15, 0, 1, number) + _instruction(0x06, 0, 0, _ERRNO | error)


def _refuse_argument(number: int, position: int, value: int, load_number: bytes) -> bytes:
    """Refuse a call where its argument at `position`, counted from 0, is `value`."""
    load_argument = _instruction(0x20, 0, 0, 16 + 8 * position)
    refused = load_argument + _instruction(0x15, 0, 1, value) + _instruction(0x06, 0, 0, _ERRNO | EPERM)
    return _instruction(0x15, 0, 4, number) + refused + load_number


def seccomp_program(machine: str, *, network: bool) -> bytes:
    """Return the filter: what is in `_DENIED`, new namespaces, and (unless `network`) every socket but local ones.

    Also memory that the watch over a submission's memory would not see: files without a name (memfd), and shared memory
    without a file, of which pages stay when no process has them in its address space any more. Shared memory in
    /dev/shm, which `multiprocessing` uses, is limited by that file system's size. Pipes and sockets keep the size of
    buffer that they are made with.

    A new session is not made, and no error is reported: the kernel shares processor time out among sessions, so a
    submission with many of them would take most of it. Code that asks for one runs as well in the session it has.
    """
    column = ("x86_64", "aarch64").index(machine)
    load_number, load_arch, load_argument = (_instruction(0x20, 0, 0, offset) for offset in (0, 4, 16))
    program = load_arch + _instruction(0x15, 1, 0, _AUDIT_ARCH[machine]) + _instruction(0x06, 0, 0, _ERRNO | EPERM)
    program += load_number
    if machine == "x86_64":  # the x32 interface has numbers of its own for the same calls
        program += _instruction(0x35, 0, 1, 0x40000000) + _instruction(0x06, 0, 0, _ERRNO | EPERM)
    for numbers in _DENIED.values():
        program += _refuse_when_equal(numbers[column], EPERM)
    # clone3 takes its flags by pointer, which a filter cannot read: say that there is none, and libc uses clone.
    program += _refuse_when_equal(_CLONE3, ENOSYS)
    namespaces = ALL_NAMESPACES | CLONE_NEWCGROUP
    program += _instruction(0x15, 0, 4, _CLONE[machine]) + load_argument
    program += _instruction(0x45, 0, 1, namespaces) + _instruction(0x06, 0, 0, _ERRNO | EPERM) + load_number
    program += _refuse_when_equal(_MEMFD_CREATE[machine], ENOSYS)
    program += _instruction(0x15, 0, 5, _MMAP[machine]) + _instruction(0x20, 0, 0, 40)  # its flags
    program += _instruction(0x54, 0, 0, _MAP_SHARED_ANONYMOUS) + _instruction(0x15, 0, 1, _MAP_SHARED_ANONYMOUS)
    program += _instruction(0x06, 0, 0, _ERRNO | ENOMEM) + load_number
    program += _refuse_argument(_FCNTL[machine], 1, _SET_PIPE_SIZE, load_number)
    program += _refuse_argument(_SETSOCKOPT[machine], 2, _SEND_BUFFER, load_number)
    program += _refuse_when_equal(_SETSID[machine], 0)
    if not network:
        program += _instruction(0x15, 0, 4, _SOCKET[machine]) + load_argument
        program += _instruction(0x15, 1, 0, 1) + _instruction(0x06, 0, 0, _ERRNO | EACCES) + load_number
    return program + _instruction(0x06, 0, 0, _ALLOW)


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def restrict_system_calls(*, network: bool = False) -> bool:
    """Install the seccomp filter for good, in this process and all it starts.

    Returns:
        Whether it was installed: not where the kernel lacks seccomp or the machine is another than the two known.
    """
    prctl(PR_SET_NO_NEW_PRIVS, 1)
    if platform.machine() not in _AUDIT_ARCH:
        return False
    program = seccomp_program(platform.machine(), network=network)
    argument = _Program(len(program) // 8, program)
    return _libc.prctl(PR_SET_SECCOMP, 2, ctypes.addressof(argument), 0, 0) == 0
