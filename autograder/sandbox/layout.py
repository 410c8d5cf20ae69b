"""What can be seen inside the cage: the system's programs, Python, the course's library, the data. Nothing else.

The rule is a list of what is let in, not of what is kept out: solutions, hidden checks, the gradebook, submissions,
results, tests, home directories and the environment are not named here, and so are not there.
"""

from __future__ import annotations

import itertools
import os
import shlex
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from autograder.sandbox.inner import NOTEBOOK_DIR, STAGING_DIR
from flowercourse.errors import CourseError
from flowercourse.startup import ALWAYS, DEFAULTS

ROOT = Path(__file__).resolve().parent.parent.parent
COURSE_DIR = "/course"
FONTS_DIR = "/tmp/.matplotlib"  # noqa: S108 - the cage's own
SHARED_MEMORY = "/dev/shm"  # noqa: S108 - covered by each submission's own

_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/sbin")
_SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/localtime")
_SETTINGS = ("/etc/mime.types", "/etc/fonts")
# Of this package, what learners get too, and the part of the sandbox that works inside.
_LEARNERS_AUTOGRADER = ("__init__.py", "conversation", "checking", "checks")
_INSIDE_SANDBOX = ("__init__.py", "linux.py", "landlock.py", "inner.py", "kernel.py", "zygote.py")
_PASSED_ON = ("FLOWERCOURSE_DATASET", "FLOWERCOURSE_UNTRAINED", "TF_ENABLE_ONEDNN_OPTS")
_PASSED_PATHS = ("FLOWERCOURSE_CACHE", "FLOWERCOURSE_MODELS", "TFDS_DATA_DIR")


class Step(NamedTuple):
    """One step of making the tree: what is made, where, and from what (a path outside, a link's target, a text)."""

    what: Literal["directory", "bind", "empty", "link", "file"]
    path: str
    source: str = ""


@dataclass(frozen=True)
class Layout:
    """The file tree and the environment inside.

    Attributes:
        binds: (path outside, path inside), read-only, in the order in which they are to be made.
        links: (target, path inside): symbolic links.
        hidden: directories that lie below a bind and are replaced by empty ones.
        files: (text, path inside): small files of our own.
        environment: all variables that exist inside.
        python: the interpreter to run.
    """

    binds: tuple[tuple[str, str], ...]
    links: tuple[tuple[str, str], ...]
    hidden: tuple[str, ...]
    files: tuple[tuple[str, str], ...]
    environment: dict[str, str] = field(default_factory=dict)
    python: str = sys.executable

    def steps(self) -> Iterator[Step]:
        """Yield what makes the tree, in order: parents first, and what is hidden before what shows through it."""
        for path in (NOTEBOOK_DIR, STAGING_DIR, SHARED_MEMORY, "/etc", *self._ancestors()):
            yield Step("directory", path)
        through = [bind for bind in self.binds if any(Path(hidden) in Path(bind[1]).parents for hidden in self.hidden)]
        for bind in self.binds:
            if bind not in through:
                yield Step("bind", bind[1], bind[0])
        for path in self.hidden:
            yield Step("empty", path)
        for bind in through:
            yield Step("bind", bind[1], bind[0])
        for target, path in self.links:
            yield Step("link", path, target)
        for text, path in self.files:
            yield Step("file", path, text)

    def _ancestors(self) -> list[str]:
        """Return the directories that lead to the binds, from the root on."""
        places = [Path(inside) for _, inside in self.binds]
        above = {parent for place in places for parent in place.parents}
        below = {parent for parent in above if any(place in (parent, *parent.parents) for place in places)}
        return sorted(str(parent) for parent in above - below if parent != Path("/"))

    @property
    def closed(self) -> Path | None:
        """Return something that is bound and that a user without any rights cannot read; None where there is none."""
        for outside, _ in self.binds:
            path = Path(outside)
            if outside in (*_SYSTEM, *_SYSTEM_FILES, *_SETTINGS):
                continue
            inside = list(itertools.islice(path.iterdir(), 500)) if path.is_dir() else []
            for one in (path, *inside):
                if not _readable_by_all(one):
                    return path
        return None

    def refuse_to_run_as_root(self) -> None:
        """Where root grades, see to it that submissions can run under user numbers that are nobody's.

        Whoever has root's number can change the settings of the machine's kernel, whatever else was taken from him. So
        learners' code never has it, and what it needs must be open to others.

        Raises:
            CourseError: something that submissions need is closed to everybody but root.
        """
        if os.geteuid() == 0 and (closed := self.closed):
            raise CourseError(
                f"learners' code would have to run as root to read {closed}",
                "it is closed to other users",
                f"open it to them: chmod -R a+rX {shlex.quote(str(closed))}",
            )

    @property
    def kept(self) -> tuple[str, ...]:
        """Return the paths below /tmp that must stay visible over a submission's own /tmp."""
        return tuple(inside for _, inside in self.binds if inside.startswith("/tmp/"))  # noqa: S108


def course_layout(*, secret: tuple[Path, ...] = (), environment: dict[str, str] | None = None) -> Layout:
    """Return the layout for grading: this interpreter, its packages, the learner's side of the course, the data.

    Args:
        secret: directories that must not be seen even if they lie below something that can be, such as the submissions.
        environment: variables to add.
    """
    system, links = _system()
    data = {name: str(Path(os.environ[name]).resolve()) for name in _PASSED_PATHS if os.environ.get(name)}
    paths = [Path(path) for path in (*_python_paths(), *data.values(), os.environ.get("FLOWERCOURSE_DATASET", ""))]
    binds = [*system, *((str(path), str(path)) for path in _outermost(paths) if not _below(path, system))]
    variables = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return Layout(
        binds=(*binds, *_course(), *_fonts()),
        links=links,
        hidden=_hidden([ROOT, *secret], [outside for outside, _ in binds]),
        files=(
            (f"learner:x:1000:1000::{NOTEBOOK_DIR}:/bin/sh\n", "/etc/passwd"),
            ("learner:x:1000:\n", "/etc/group"),
            ("127.0.0.1 localhost\n", "/etc/hosts"),
        ),
        environment=_environment() | variables | data | (environment or {}) | ALWAYS,
        python=sys.executable,
    )


def _environment() -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": NOTEBOOK_DIR,
        "USER": "learner",
        "LANG": "C.UTF-8",
        "TMPDIR": "/tmp",  # noqa: S108 - the cage's own
        "PYTHONPATH": ":".join([COURSE_DIR, *_extra_site_packages()]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": FONTS_DIR,
        "IPYTHONDIR": "/tmp/.ipython",  # noqa: S108
        "FLOWERCOURSE_OFFLINE": "1",
        **DEFAULTS,
        # Memory in huge pages where there are any: fewer page faults, and a seventh less time in learners' cells. C
        # libraries but glibc ignore it.
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
        "CUDA_VISIBLE_DEVICES": "-1",  # a GPU's driver is a door that the cage has no lock for
    }


def _system() -> tuple[list[tuple[str, str]], tuple[tuple[str, str], ...]]:
    binds, links = [], []
    for path in map(Path, _SYSTEM):
        if path.is_symlink():
            links.append((str(path.readlink()), str(path)))
        elif path.is_dir():
            binds.append((str(path), str(path)))
    binds += [(str(Path(path).resolve()), path) for path in (*_SYSTEM_FILES, *_SETTINGS) if Path(path).exists()]
    return binds, tuple(links)


def _python_paths() -> list[str]:
    """Return the environment's own directory, the Python it was made from, and further places of packages."""
    prefixes = [sys.prefix, sys.base_prefix, sys.exec_prefix, str(Path(sys.executable).resolve().parent.parent)]
    return [*prefixes, *_extra_site_packages()]


def _extra_site_packages() -> list[str]:
    inside = (sys.prefix, sys.base_prefix)
    found = [path for path in sys.path if path.rstrip("/").endswith(("site-packages", "dist-packages"))]
    return [path for path in found if not path.startswith(inside)]


def _course() -> list[tuple[str, str]]:
    package = ROOT / "autograder"
    parts = [package / name for name in _LEARNERS_AUTOGRADER] + [package / "sandbox" / name for name in _INSIDE_SANDBOX]
    parts += [ROOT / "flowercourse"]
    return [(str(path), f"{COURSE_DIR}/{path.relative_to(ROOT)}") for path in parts if path.exists()]


def _fonts() -> list[tuple[str, str]]:
    """Return Matplotlib's list of this machine's fonts, if it has made one: it takes seconds to make."""
    import matplotlib

    found = sorted(Path(matplotlib.get_cachedir()).glob("fontlist-*.json"))
    return [(str(path), f"{FONTS_DIR}/{path.name}") for path in found if _readable_by_all(path)]


def _outermost(paths: list[Path]) -> list[Path]:
    """Return the directories that exist, without those below another one, and without whole trees that hold more."""
    present = {path for path in paths if path.is_absolute() and path.is_dir() and path != Path("/")}
    return sorted(path for path in present if not any(other in path.parents for other in present))


def _readable_by_all(path: Path) -> bool:
    try:
        mode = path.stat().st_mode
    except OSError:  # a link to nowhere
        return True
    wanted = stat.S_IROTH | stat.S_IXOTH if stat.S_ISDIR(mode) else stat.S_IROTH
    return mode & wanted == wanted or not (stat.S_ISDIR(mode) or stat.S_ISREG(mode))


def _below(path: Path, system: list[tuple[str, str]]) -> bool:
    return any(Path(outside) in (path, *path.parents) for outside, _ in system)


def _hidden(secrets: list[Path], visible: list[str]) -> tuple[str, ...]:
    """Return the secret directories that a bind would show, an installed copy of the solutions included."""
    installed = [Path(path) / "solutions" for path in sys.path if path.endswith("site-packages")]
    shown = map(Path, visible)
    candidates = [path.resolve() for path in [*secrets, *installed] if path.is_dir()]
    roots = list(shown)
    return tuple(sorted({str(path) for path in candidates if any(root in path.parents for root in roots)}))
