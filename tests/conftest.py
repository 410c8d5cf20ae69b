"""What every test may rely on: the embedded data set, a cache inside the repository, and no network.

Set before anything imports TensorFlow or TFDS, which read some of these variables once, at import.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import psutil
import pytest
from xdist.scheduler import LoadScopeScheduling

from flowercourse import startup
from flowercourse.environment import processors
from tests.processor_time import ProcessorTime

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(os.environ.get("FLOWERCOURSE_CACHE", ROOT / "_build" / "cache"))

os.environ.update(
    FLOWERCOURSE_CACHE=str(CACHE),
    FLOWERCOURSE_DATASET="mini_flowers",
    FLOWERCOURSE_OFFLINE="1",
    FLOWERCOURSE_UNTRAINED="1",
    TFDS_DATA_DIR=str(CACHE / "tensorflow_datasets"),
    MPLBACKEND="Agg",
    **startup.DEFAULTS,
)


# No test is timed: how long an example takes says more about what else the machine is doing.
hypothesis.settings.register_profile("course", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=20)  # `make test-quick`
hypothesis.settings.load_profile("course")


def tries(count: int) -> int:
    """Return how many examples a test tries that wants `count`: a fifth of them in `make test-quick`."""
    return max(5, count * hypothesis.settings().max_examples // 100)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the command line ask where the time goes."""
    parser.addoption("--processor-time", action="store_true", help="print the processor seconds of each file's tests")


def pytest_configure(config: pytest.Config) -> None:
    """Measure processor time, also in the processes of pytest-xdist."""
    if config.getoption("--processor-time"):
        config.pluginmanager.register(ProcessorTime())


MUTANTS = "tests/mutants/test_mutants.py"

# What takes longest is begun first, so that no process works at the end while the others have nothing left to do: the
# site, which many files need, beside tests that don't, and those that mostly wait beside those that compute.
LONGEST_FIRST = (
    "tests/site/test_in_a_browser.py",  # builds the site
    MUTANTS,
    "tests/site/test_guide.py",
    "tests/cluster/",
    "tests/attacks/",
    "tests/sandbox/",
    "tests/autograder/test_installation.py",
    "tests/site/",
)
MEMORY_OF_A_PROCESS = 4 * 2**30  # with the programs that its tests start: notebooks, browsers, the site's kernels


def pytest_xdist_auto_num_workers() -> int:
    """Say how many processes `-n auto` is: one a processor, where there is the memory for them; two at least.

    More would fill the time in which tests wait, but on two processors four took longer than two: what computes side
    by side then runs into its limits.
    """
    return max(2, min(processors(), psutil.virtual_memory().total // MEMORY_OF_A_PROCESS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first."""

    def rank(item: pytest.Item) -> int:
        place = item.nodeid
        return next((n for n, first in enumerate(LONGEST_FIRST) if place.startswith(first)), len(LONGEST_FIRST))

    items.sort(key=rank)


# Files whose tests use what takes long to make, and is made once in a process: all go to the same one.
TOGETHER = (
    # Two clusters side by side would take one another's time.
    ("tests/cluster/test_cluster.py", "tests/cluster/test_commands.py", "tests/cluster/test_data.py"),
    ("tests/flowercourse/test_datasets_prepare.py", "tests/flowercourse/test_features.py"),  # a warm Python
    ("tests/solutions/test_pipeline.py", "tests/solutions/test_report_in_a_browser.py"),  # a report
)


class ByFile(LoadScopeScheduling):
    """Lets one process run all tests of a file, which share what they prepare; the longest share nothing."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return nodeid if file == MUTANTS else next((files[0] for files in TOGETHER if file in files), file)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Hand out tests file by file, in the order above."""
    config.option.loadscopereorder = False  # which would begin with the files that hold most tests
    return ByFile(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the repository's top folder."""
    return ROOT


@pytest.fixture(scope="session")
def real_data_dir() -> Path:
    """Return a TFDS directory with the real tf_flowers prepared; skip where FLOWERCOURSE_REAL_DATA names none."""
    directory = os.environ.get("FLOWERCOURSE_REAL_DATA", "")
    if not (Path(directory) / "tf_flowers").is_dir() or not directory:
        pytest.skip("needs the real tf_flowers: set FLOWERCOURSE_REAL_DATA to a TFDS directory in which it is prepared")
    return Path(directory)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Start chromium for one module's tests.

    No longer, because Playwright keeps an event loop running: a second one, and whatever else wants a loop of its own,
    would refuse to run in the same process beside it.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium here: `make system` says how to get it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Where every test is required (continuous integration), a skipped test of these has failed."""
    report = yield
    required = any(item.get_closest_marker(name) for name in ("sandbox", "browser", "postgresql"))
    if required and report.skipped and os.environ.get("REQUIRE_ALL_TESTS"):
        report.outcome = "failed"
        report.longrepr = f"skipped, where every test is required: {report.longrepr}"
    return report
