"""Build the site, check it, and only then put it where people look for it.

    python build_tools/site.py [--fresh] [--serve] [--host 127.0.0.1] [--port 8000]

Runs Jupyter Book on book/, with every Sphinx warning an error. Jupyter Book can exit 0 although a cell failed, so the
execution reports are read as well, and the pages are searched for broken links, for images without a description, and
for anything that a reader's browser would fetch from another host (see check_site.py). A site that passes replaces
_build/site; one that fails leaves the last good one where it was.

Live pages, which run a network in the reader's browser, get it from the executed pages and a library from npm (see
live.py); where that can't be fetched, the site is built without their live part, and says so.

Pages are executed again when their code changes, or when what they stand on does: library, checks, data, weights.
Where nothing at all has changed since the last good build, there is nothing to do, and nothing is done.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import live
from check_site import problems_of

from flowercourse.paths import locked
from flowercourse.startup import DEFAULTS

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "_build" / "book"  # Jupyter Book writes below WORK/_build
HTML = WORK / "_build" / "html"
SITE = ROOT / "_build" / "site"
STAMP = WORK / "stands-on.txt"  # fingerprint of everything but the pages that the executed pages depend on
EXECUTED = WORK / "_build" / ".jupyter_cache"  # Jupyter Book's cache of executed pages
LIVE = ROOT / "_build" / "live"  # what live pages load, put together by live.py
DOCTREES = WORK / "_build" / ".doctrees"  # the pages as Sphinx has read them
LONGEST_BUILD_S = 3600.0
BUILT_FROM = ".built-from.json"  # beside the published pages: fingerprints of what they were made from

# What makes pages, besides book/: their settings, the docstrings of the reference, the packages that do the work.
SOURCES = (
    "book",
    "exercises",
    "_config.yml",
    "_toc.yml",
    "requirements.txt",
    "build_tools",
    "flowercourse",
    "solutions",
    "autograder",
)

# What executed pages stand on besides data and weights: the library and, on walkthroughs, what the checks say.
RUNS_ON = ("flowercourse", "autograder/checking", "autograder/checks", "autograder/conversation")

# Lines that Jupyter writes whatever one tells it, and that no reader can act on.
NOISE = re.compile(
    r"Kernel is running over TCP|^\s*$"
    # TensorFlow Lite's notices while a lesson converts a network
    r"|^fully_quantize: |Created TensorFlow Lite XNNPACK delegate"
    # where Jupyter Book has its pages, which is not where the site will be
    r"|^(\x1b\[\d+m)?=+(\x1b\[0m)?$|^(Your book's HTML pages|You can look at your book|Or paste this line)"
    r"|^ +(file://)?\S*_build/html/(index\.html)?\s*$"
)


def course_environment() -> dict[str, str]:
    """Return the environment in which pages are executed: the project's cache, and untrained weights as last resort."""
    defaults = {
        "FLOWERCOURSE_CACHE": str(ROOT / "_build" / "cache"),
        "FLOWERCOURSE_LIVE": str(LIVE),
        "FLOWERCOURSE_UNTRAINED": "1",
    }
    # Debugger warnings of frozen modules would appear in the pages' output, and so would Matplotlib's choice of Agg.
    # A page whose text claims what its numbers don't show ends the build; see flowercourse.claims.
    forced = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "FLOWERCOURSE_CLAIMS": "strict"}
    inherited = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    return defaults | DEFAULTS | inherited | forced


def sources_fingerprint(names: tuple[str, ...] = SOURCES) -> str:
    """Name the state of files and folders of the project by their contents."""
    digest = hashlib.sha256()
    for name in names:
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts and ".ipynb_checkpoints" not in path.parts:
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0")
                digest.update(path.read_bytes())
    return digest.hexdigest()


def built_from() -> dict[str, str]:
    """Return the fingerprints that the published site was made from, empty where there is none."""
    try:
        return json.loads((SITE / BUILT_FROM).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def fingerprint() -> str:
    """Name what the executed pages depend on besides their own code: library, checks, data set and weights.

    Features that the pages would have to compute are computed here, once.
    """
    digest = hashlib.sha256(sources_fingerprint(RUNS_ON).encode())
    ask = (
        "from flowercourse import backbones, features\n"
        "print(*(features.extract(name, progress=True).fingerprint for name in backbones.BACKBONES))"
    )
    command = [sys.executable, "-c", ask]
    done = subprocess.run(command, env=course_environment(), stdout=subprocess.PIPE, text=True, check=False, cwd=ROOT)
    if done.returncode:
        sys.exit("The pages need data and weights, and these could not be had: see the message above.")
    digest.update(done.stdout.strip().splitlines()[-1].encode())
    return digest.hexdigest()


def forget_executions_if_outdated(now: str) -> None:
    """Drop the executed pages where what they stand on has changed since; `now` is its present fingerprint."""
    before = STAMP.read_text() if STAMP.is_file() else now
    if before != now:
        print("Library, checks, data or weights have changed: all pages are executed again.", flush=True)
        shutil.rmtree(WORK / "_build", ignore_errors=True)
    STAMP.write_text(now)


def shipped() -> Path:
    """Return the folder that the lesson on shipping a classifier writes to when it is executed."""
    ask = "from flowercourse import features, shipping; print(shipping.folder(features.extract('mobilenet_v2')))"
    command = [sys.executable, "-c", ask]
    done = subprocess.run(command, env=course_environment(), stdout=subprocess.PIPE, text=True, check=True, cwd=ROOT)
    return Path(done.stdout.strip().splitlines()[-1])


def execute_pages() -> None:
    """Execute the pages that the cache does not know, and put together what live pages load.

    A page that the cache knows writes nothing; where what it wrote has gone from the course's cache, all run again.
    """
    command = [sys.executable, str(ROOT / "build_tools" / "execute_pages.py"), str(EXECUTED)]
    classifier = shipped()
    if not classifier.is_dir():
        shutil.rmtree(EXECUTED, ignore_errors=True)
    run(command)
    if missing := live.assemble(LIVE, classifier):
        print(f"The site is built without the live part of its pages: {missing}", flush=True)


def run(command: list[str]) -> int:
    """Run a program in the pages' environment, show what it says but for noise, and return its exit status."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    with subprocess.Popen(command, cwd=ROOT, env=course_environment(), **options) as process:
        for line in process.stdout:
            if not NOISE.search(line):
                print(line, end="", flush=True)
    return process.returncode


def jupyter_book(builder: str = "html") -> int:
    """Run Jupyter Book with warnings as errors.

    Args:
        builder: "html" for the site, "singlehtml" for one long page.

    Returns:
        Its exit status.
    """
    program = Path(sys.executable).parent / "jupyter-book"
    command = [str(program), "build", "book", "--config", "_config.yml", "--toc", str(ROOT / "_toc.yml")]
    command += ["--path-output", str(WORK), "--builder", builder, "-W", "--keep-going", "--quiet"]
    return run(command)


def failed_cells() -> list[str]:
    """Return the reports that Jupyter Book wrote about cells that failed, each with its page's name."""
    reports = sorted((HTML / "reports").rglob("*.err.log")) if (HTML / "reports").is_dir() else []
    return [f"{report.name.removesuffix('.err.log')}:\n{report.read_text()}" for report in reports]


def publish(made_from: dict[str, str]) -> None:
    """Replace _build/site by the new pages, and note what they were made from."""
    fresh = SITE.with_name("site.new")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(HTML, fresh)
    (fresh / ".nojekyll").touch()  # GitHub Pages would leave out folders that start with an underscore
    (fresh / BUILT_FROM).write_text(json.dumps(made_from), encoding="utf-8")
    shutil.rmtree(SITE, ignore_errors=True)
    fresh.rename(SITE)


def build(fresh: bool = False) -> None:
    """Build, check and publish; exits with a message when anything is wrong.

    Args:
        fresh: Forget earlier builds and executed pages first.
    """
    started = time.monotonic()
    with locked(WORK, timeout_s=LONGEST_BUILD_S):  # a build that is under way ends first
        WORK.mkdir(parents=True, exist_ok=True)
        made_from = {
            "sources": sources_fingerprint(),
            "stands_on": fingerprint(),
            "looks": sources_fingerprint(("book/_static", "book/_ext")),
            "live": live.state(),
        }
        if fresh:
            shutil.rmtree(WORK / "_build", ignore_errors=True)
        elif built_from() == made_from:
            print(f"{SITE.relative_to(ROOT)}/index.html is up to date.")
            return
        forget_executions_if_outdated(made_from["stands_on"])
        if built_from().get("looks") != made_from["looks"]:
            shutil.rmtree(DOCTREES, ignore_errors=True)  # Sphinx looks at pages only; executed cells are kept
        shutil.rmtree(HTML / "reports", ignore_errors=True)
        execute_pages()
        status = jupyter_book()
        reports = failed_cells()
        if reports:
            sys.exit("Cells failed while the pages were executed.\n\n" + "\n".join(reports))
        if status:
            sys.exit("The site was not built: see the warnings above, each of which counts as an error.")
        problems = problems_of(HTML)
        if problems:
            sys.exit("The site was built, but is not fit to be read:\n  " + "\n  ".join(problems))
        publish(made_from)
    pages = len(list(SITE.rglob("*.html")))
    print(
        f"{pages} pages in {SITE.relative_to(ROOT)}/index.html, built and checked in {time.monotonic() - started:.0f} s"
    )


def serve(host: str, port: int) -> None:
    """Serve the built site on this machine until interrupted."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(SITE))
    with http.server.ThreadingHTTPServer((host, port), handler) as server:
        print(f"Serving on http://{host}:{server.server_port}/ (Ctrl-C stops)", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fresh", action="store_true", help="forget earlier builds and execute every page again")
    parser.add_argument("--serve", action="store_true", help="serve the site after building it")
    parser.add_argument("--host", default="127.0.0.1", help="address to serve on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="port to serve on (default: %(default)s)")
    options = parser.parse_args()
    build(fresh=options.fresh)
    if options.serve:
        serve(options.host, options.port)


if __name__ == "__main__":
    main()
