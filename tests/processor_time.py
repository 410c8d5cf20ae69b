"""`pytest --processor-time`: processor seconds of each file's tests, those of the programs that they run included.

Unlike `--durations`, it says the same whatever else the machine is doing, and of several processes of pytest-xdist.
"""

from __future__ import annotations

import resource
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

NAME = "processor_s"


def spent() -> float:
    """Return the processor seconds of this process, and of its children that have ended."""
    usages = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class ProcessorTime:
    """The plugin: measures each phase of a test, and adds up by file at the end."""

    def __init__(self) -> None:
        self.by_file: Counter[str] = Counter()
        self.tests: Counter[str] = Counter()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        """Put into each phase's report what was spent since the last one."""
        report: Any = yield
        now = spent()
        report.user_properties = [*report.user_properties, (NAME, now - self.before)]
        self.before = now
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Begin with a test; what collecting them all took is nobody's."""
        self.before = spent()
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add a phase to its file, wherever it ran."""
        file = report.nodeid.partition("::")[0]
        self.by_file[file] += dict(report.user_properties).get(NAME, 0.0)
        self.tests[file] += report.when == "call"

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table."""
        total, tests = sum(self.by_file.values()), sum(self.tests.values())
        terminalreporter.section(f"{total:.0f} processor seconds, {tests} tests")
        for file, seconds in self.by_file.most_common():
            terminalreporter.write_line(f"{seconds:8.1f}  {self.tests[file]:5}  {file}")
