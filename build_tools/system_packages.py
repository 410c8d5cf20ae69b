"""Install the system packages that parts of the course need, where this user may; elsewhere say how to get them.

bubblewrap isolates learners' notebooks, chromium runs the browser tests and prints the PDF, and the tests start a
PostgreSQL server of their own (not the one that the package may start). None is needed to read the course or to work
through its exercises, so a machine without them is told so and goes on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# Programs of which one will do, Debian package, what it is for, and how to get it where there is no apt-get.
NEEDED = (
    (
        ("bwrap",),
        "bubblewrap",
        "the sandbox for learners' notebooks",
        "Fedora: dnf install bubblewrap; Arch: pacman -S bubblewrap; macOS and Windows: grade in the Docker image",
    ),
    (
        ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
        "chromium",
        "the browser tests and the course as PDF",
        "Fedora: dnf install chromium; Arch: pacman -S chromium; macOS: brew install --cask chromium",
    ),
    (
        ("initdb",),
        "postgresql",
        "the tests of a gradebook in PostgreSQL",
        "Fedora: dnf install postgresql-server; Arch: pacman -S postgresql; macOS: brew install postgresql",
    ),
)


def is_here(programs: tuple[str, ...]) -> bool:
    """Return whether one of the programs is installed. Debian keeps those of a database's server away from the path."""
    apart = Path("/usr/lib/postgresql")
    return any(shutil.which(program) or [*apart.glob(f"*/bin/{program}")] for program in programs)


def may_install() -> list[str] | None:
    """Return what goes before apt-get ([] for root, sudo for others), or None where installing is not allowed."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo and subprocess.run([sudo, "-n", "true"], capture_output=True, check=False).returncode == 0:
        return [sudo, "-n"]
    return None


def install(packages: list[str], prefix: list[str]) -> None:
    """Install Debian packages, each for itself, as not every system has all; apt-get is heard only when it fails."""
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["apt-get", "update", "-qq"], *(["apt-get", "install", "-y", "-qq", one] for one in packages)):
        done = subprocess.run([*prefix, *command], env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print(f"{' '.join(command)} failed:\n{done.stderr.strip()[-2000:]}", file=sys.stderr)


def main() -> None:
    """Install what is missing, then report what is missing still. Never fails: the tests name what they skip."""
    missing = [row for row in NEEDED if not is_here(row[0])]
    prefix = may_install()
    if missing and prefix is not None:
        names = [package for _, package, _, _ in missing]
        print(f"Installing {', '.join(names)} ...", flush=True)
        install(names, prefix)
    for programs, package, purpose, elsewhere in missing:
        if not is_here(programs):
            print(
                f"Missing: {package}, for {purpose}.\n"
                f"  Debian and Ubuntu: sudo apt-get install {package}\n  {elsewhere}\n"
                "  Tests that need it are skipped and say so."
            )


if __name__ == "__main__":
    main()
