"""Which isolation works on this machine: found out by trying to break out of it, not by looking for programs."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from autograder.conversation.session import SessionError, Target
from autograder.files import PrivateFolder
from autograder.sandbox import control_group
from autograder.sandbox.cage import Cage, CageError, Kernel
from autograder.sandbox.launch import ISOLATIONS, Isolation
from autograder.sandbox.layout import course_layout
from autograder.sandbox.limits import Limits
from flowercourse import paths
from flowercourse.errors import CourseError

FOLDER = "autograder-doctor-"
NOT_HERE = (CageError, CourseError, SessionError, OSError)  # what a cage that does not start raises

HOW_TO_GET: dict[Isolation, str] = {
    "bubblewrap": "Debian, Ubuntu: apt install bubblewrap. Fedora: dnf install bubblewrap. Arch: pacman -S bubblewrap.",
    "unshare": "Needs util-linux and unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, "
    "user.max_user_namespaces above 0, on Ubuntu 24.04 kernel.apparmor_restrict_unprivileged_userns=0).",
    "user": "Run autograder as root, with a Python outside of folders that are closed to other users (such as /root).",
    "none": "Always possible, never safe: --isolation none.",
}

HOW_TO_GET_GROUPS = (
    "Needs Linux with version 2 of control groups, and a group that this user may divide: root has one, others get one "
    "with: systemd-run --user --scope --property=Delegate=yes autograder grade ..."
)

PROBE_LIMITS = Limits(
    cell_timeout_s=20, notebook_timeout_s=60, call_timeout_s=10, memory_mb=768, processes=40, disk_mb=16, files=200
)
_MEMORY_BOMB = "hoard = []\nwhile True:\n    hoard.append(bytearray(b'x') * 10_000_000)"


@dataclass(frozen=True)
class Promise:
    """One thing that a sandbox must keep a learner's code from: how it was tried, and whether it was kept."""

    what: str
    kept: bool


@dataclass(frozen=True)
class Tried:
    """What became of trying one isolation."""

    isolation: Isolation
    promises: tuple[Promise, ...] = ()
    problem: str = ""

    @property
    def works(self) -> bool:
        """Whether submissions can run behind it."""
        return not self.problem

    @property
    def broken(self) -> tuple[str, ...]:
        """Return the promises that it does not keep."""
        return tuple(promise.what for promise in self.promises if not promise.kept)


@dataclass(frozen=True)
class Report:
    """What the doctor found.

    Attributes:
        tried: what became of each isolation.
        no_groups: why submissions get no control groups; empty where they do.
    """

    tried: tuple[Tried, ...]
    no_groups: str = ""

    @property
    def in_force(self) -> Tried | None:
        """Return the isolation that `autograder grade` will use; None where it refuses."""
        return next((one for one in self.tried if one.works and one.isolation != "none"), None)

    @property
    def healthy(self) -> bool:
        """Whether the isolation in force keeps every promise."""
        return self.in_force is not None and not self.in_force.broken

    @property
    def text(self) -> str:
        """Return the report for people."""
        width = max(len(promise.what) for one in self.tried for promise in one.promises) if self._promises() else 0
        columns = [one for one in self.tried if one.works]
        lines = ["What a submission was kept from, tried just now:", ""]
        lines.append(f"  {'':<{width}}  " + "  ".join(one.isolation for one in columns))
        for row, what in enumerate(self._promises()):
            signs = ["yes" if one.promises[row].kept else "NO" for one in columns]
            cells = "  ".join(f"{sign:<{len(one.isolation)}}" for sign, one in zip(signs, columns, strict=True))
            lines.append(f"  {what:<{width}}  {cells}".rstrip())
        lines.append("")
        for one in self.tried:
            if not one.works:
                lines += [f"  {one.isolation}: does not work here ({one.problem}).", f"    {HOW_TO_GET[one.isolation]}"]
        lines += [self._groups(), self._verdict()]
        return "\n".join(lines)

    def _promises(self) -> list[str]:
        return next(([promise.what for promise in one.promises] for one in self.tried if one.promises), [])

    def _groups(self) -> str:
        if not self.no_groups:
            return (
                "Control groups: each submission has one. The system itself bounds its memory and its processes, and "
                "shares the processors out."
            )
        return (
            f"Control groups: none ({self.no_groups}). Memory and processes are looked at 20 times a second instead.\n"
            f"    {HOW_TO_GET_GROUPS}"
        )

    def _verdict(self) -> str:
        one = self.in_force
        if one is None:
            return "In force: nothing. autograder grade will refuse, unless told --isolation none."
        if one.broken:
            return f"In force: {one.isolation}, which does not keep: {'; '.join(one.broken)}."
        return f"In force: {one.isolation}. It kept every promise."


def examine(isolations: tuple[Isolation, ...] = ISOLATIONS) -> Report:
    """Try every isolation and return what was found."""
    return Report(tuple(try_out(isolation) for isolation in isolations), control_group.problem())


def choose(wanted: str) -> Isolation:
    """Return the isolation to use: the best that works for `auto`, otherwise the one that was asked for.

    Raises:
        CourseError: it does not work here, or nothing does.
    """
    if wanted == "none":
        return "none"
    if wanted != "auto" and wanted not in ISOLATIONS:
        allowed = ", ".join(("auto", *ISOLATIONS))
        raise CourseError(f"there is no isolation {wanted!r}", f"there is {allowed}", "name one of them")
    with as_graded():
        course_layout().refuse_to_run_as_root()  # for every isolation alike: a weaker one would be no way out
    problems = []
    for isolation in ISOLATIONS[:-1]:
        if wanted not in ("auto", isolation):
            continue
        problem = starts(isolation)
        if not problem:
            return isolation
        problems.append(f"{isolation}: {problem}")
    raise CourseError(
        "learners' code cannot be isolated here",
        "; ".join(problems),
        "see autograder doctor, or say --isolation none to grade without any protection",
    )


@contextmanager
def as_graded() -> Iterator[None]:
    """Say where the data are, as grading does: what a sandbox binds is then what it will bind."""
    said = "FLOWERCOURSE_CACHE" in os.environ
    os.environ.setdefault("FLOWERCOURSE_CACHE", str(paths.cache_dir()))
    try:
        yield
    finally:
        if not said:
            del os.environ["FLOWERCOURSE_CACHE"]


def starts(isolation: Isolation) -> str:
    """Return why submissions cannot run behind an isolation, empty where they can."""
    try:
        with _working(isolation):
            return ""
    except NOT_HERE as error:
        return _why(error)


@contextmanager
def _working(isolation: Isolation) -> Iterator[Cage]:
    """Yield a cage in which a cell has run.

    Raises:
        CageError, CourseError, SessionError, OSError: submissions cannot run behind this isolation.
    """
    with as_graded(), Cage(isolation, course_layout(), preload=()) as cage:
        with cage.open(PROBE_LIMITS) as kernel:
            ran = kernel.execute("probe = 6 * 7", 20)
            value = kernel.session.ask("get", Target("probe")).value("value")
        if ran.state != "ok" or value != 42:
            raise CageError("a cell did not run in it")
        yield cage


def _why(error: BaseException) -> str:
    return str(error) or type(error).__name__


def try_out(isolation: Isolation) -> Tried:
    """Try to break out of an isolation in every way that it promises to prevent."""
    home = Path.home() if os.access(Path.home(), os.W_OK) else None
    place = str(home) if home else None
    with (
        PrivateFolder(FOLDER, place) as folder,
        socket.create_server(("127.0.0.1", 0)) as server,
        _environment_secret(),
    ):
        folder.chmod(0o755)
        secret = folder / "secret"
        secret.write_text("a secret")
        with ExitStack() as stack:
            try:
                cage = stack.enter_context(_working(isolation))
            except NOT_HERE as error:
                return Tried(isolation, problem=_why(error))
            facts = _Facts(cage, str(secret), server.getsockname()[1])
            return Tried(isolation, tuple(Promise(what, probe(facts)) for what, probe in PROBES.items()))


@contextmanager
def _environment_secret() -> Iterator[None]:
    os.environ["AUTOGRADER_PROBE"] = "secret"
    try:
        yield
    finally:
        del os.environ["AUTOGRADER_PROBE"]


@dataclass(frozen=True)
class _Facts:
    cage: Cage
    secret: str
    port: int


def _value(facts: _Facts, code: str) -> Any:
    """Run code inside that leaves its finding in `found`, and return it."""
    with facts.cage.open(PROBE_LIMITS) as kernel:
        kernel.execute(code)
        return kernel.session.ask("get", Target("found")).value("value")


def _refused(facts: _Facts, code: str) -> bool:
    """Return whether code inside raised an OSError (or did not get to its end)."""
    indented = "\n".join(f"    {line}" for line in code.splitlines())
    try:
        return _value(facts, f"try:\n{indented}\n    found = False\nexcept OSError:\n    found = True") is True
    except SessionError:
        return True


def _ended(facts: _Facts, code: str) -> Kernel:
    with facts.cage.open(PROBE_LIMITS) as kernel:
        kernel.execute(code)
        return kernel


def _leaves_nothing_running(facts: _Facts) -> bool:
    """Start a daemon that ignores every signal it may, end the submission, and look for the daemon."""
    mark = f"autograder-doctor-{os.getpid()}-{time.monotonic_ns()}"
    code = f"""
import subprocess, sys
script = "import signal, time; signal.signal(15, 1); signal.signal(1, 1); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", script, {mark!r}], start_new_session=True)
found = True
"""
    _value(facts, code)
    deadline = time.monotonic() + 2
    while _running(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _running(mark: str) -> list[psutil.Process]:
    """Return the processes that were started with this argument."""
    return [process for process in psutil.process_iter(["cmdline", "uids"]) if mark in (process.info["cmdline"] or ())]


def _is_not_root(facts: _Facts) -> bool:
    """Look from outside under which user number the machine's kernel knows a learner's process."""
    mark = f"autograder-doctor-user-{os.getpid()}-{time.monotonic_ns()}"
    code = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', 'import time; time.sleep(20)', {mark!r}])"
    with facts.cage.open(PROBE_LIMITS) as kernel:
        kernel.execute(code)
        deadline = time.monotonic() + 5
        while not (processes := _running(mark)) and time.monotonic() < deadline:
            time.sleep(0.05)
        return bool(processes) and all(process.info["uids"].effective != 0 for process in processes)


_CONNECT = "import socket\nsocket.create_connection(('127.0.0.1', {port}), timeout=3)"
_FORKS = """
import os, time
found, parent, end = 0, os.getpid(), time.monotonic() + 30
try:
    for _ in range(400):
        if os.fork() == 0:
            # Without isolation nobody ends it with its parent, whose channels it would keep open.
            while os.getppid() == parent and time.monotonic() < end:
                time.sleep(0.5)
            os._exit(0)
        found += 1
except OSError:
    pass
"""
_FILES = """
found = 0
try:
    for number in range(2000):
        open(f'file-{number}', 'w').close()
        found += 1
except OSError:
    pass
"""
_FILL = "with open('big', 'wb') as file:\n    for _ in range(64):\n        file.write(bytes(1_000_000))"
_PROCESSES = "import os\nfound = [int(name) for name in os.listdir('/proc') if name.isdigit()]"
_ENVIRON = "import os\nfound = 'AUTOGRADER_PROBE' in str(open('/proc/self/environ').read()) + str(dict(os.environ))"
_SETTINGS = """
import os
found = []
for top in ("sys", "sysrq-trigger", "irq", "bus", "fs", "acpi", "scsi", "asound"):
    top = f"/proc/{top}"
    below = [os.path.join(at, name) for at, _, names in os.walk(top) for name in names]
    for path in below or [top]:
        try:
            os.close(os.open(path, os.O_WRONLY))
        except OSError:
            continue
        found.append(path)
"""
_NAMESPACE = "import ctypes\nfound = ctypes.CDLL(None).unshare(0x10000000) != 0"

PROBES: dict[str, Callable[[_Facts], bool]] = {
    "reading a file of the instructor's": lambda facts: _refused(facts, f"open({facts.secret!r}).read()"),
    "writing outside of its own folder": lambda facts: _refused(facts, f"open({facts.secret + '-2'!r}, 'w')"),
    "changing Python's own packages": lambda facts: _refused(facts, "import numpy\nopen(numpy.__file__, 'a')"),
    "reaching the network": lambda facts: _refused(facts, _CONNECT.format(port=facts.port)),
    "seeing other processes": lambda facts: _within(facts, f"{_PROCESSES}\nfound = len(found)", 3),
    "seeing the grader's environment": lambda facts: _value(facts, _ENVIRON) is False,
    "being root outside": _is_not_root,
    "changing the machine's settings": lambda facts: _value(facts, _SETTINGS) == [],
    "becoming an administrator of its own": lambda facts: _value(facts, _NAMESPACE) is True,
    "leaving processes running": _leaves_nothing_running,
    "starting too many processes": lambda facts: _within(facts, _FORKS, 300),
    "using too much memory": lambda facts: _ended(facts, _MEMORY_BOMB).death == "out_of_memory",
    "filling the disk": lambda facts: _refused(facts, _FILL),
    "making too many files": lambda facts: _within(facts, _FILES, 1000),
    "running forever": lambda facts: _stops(facts),
}


def _within(facts: _Facts, code: str, most: int) -> bool:
    try:
        return _value(facts, code) <= most
    except (SessionError, TypeError):
        return True  # it was ended for trying


def _stops(facts: _Facts) -> bool:
    code = "import time\nwhile True:\n    try:\n        time.sleep(60)\n    except BaseException:\n        pass"
    with facts.cage.open(PROBE_LIMITS) as kernel:
        return kernel.execute(code, 1.0).state == "timeout" and not kernel.alive


def as_json(report: Report) -> str:
    """Return the report as JSON."""
    tried = [
        {"isolation": one.isolation, "problem": one.problem, "broken": one.broken, "works": one.works}
        for one in report.tried
    ]
    in_force = report.in_force.isolation if report.in_force else None
    return json.dumps({"tried": tried, "in_force": in_force, "no_control_groups": report.no_groups}, indent=1)
