"""The built site, served on the loopback address, and a real browser to read it with."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.site.tools import ROOT, load_tool

SECONDS_FOR_A_BUILD = 1800


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the first test that needs the site the time to build it; building it executes its pages."""
    for item in items:
        if "site" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.timeout(SECONDS_FOR_A_BUILD))
            item.add_marker(pytest.mark.notebook)


@pytest.fixture(scope="session")
def site() -> Path:
    """Return the folder of the built site; builds it where it is not there or older than what it is made from."""
    builder = load_tool("site")
    if builder.built_from().get("sources") != builder.sources_fingerprint():
        command = [sys.executable, "build_tools/site.py"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"the site could not be built:\n{done.stdout}\n{done.stderr}"
    return builder.SITE


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing about each request."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Serve the site as any file server would, and return its address."""
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@dataclass
class Tab:
    """An open page and what happened while it was loaded and used."""

    page: Any
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def _open(browser: Any, url: str, *, theme: str, width: int, height: int, script: bool) -> Tab:
    """Open a page in a fresh browser profile."""
    size = {"width": width, "height": height}
    context = browser.new_context(viewport=size, color_scheme=theme, java_script_enabled=script)
    page = context.new_page()
    tab = Tab(page)
    page.on("console", lambda m: tab.messages.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: tab.messages.append(str(error)))
    page.on("request", lambda request: tab.requests.append(request.url))
    page.on("response", lambda r: tab.failures.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.goto(url, wait_until="load")
    return tab


@pytest.fixture
def open_page(browser, address: str) -> Iterator[Callable[..., Tab]]:
    """Return a function that opens a page of the site in a fresh browser profile."""
    tabs = []

    def open_it(name: str, *, theme: str = "light", width: int = 1280, height: int = 900, script: bool = True) -> Tab:
        options = {"theme": theme, "width": width, "height": height, "script": script}
        tabs.append(_open(browser, f"{address}/{name}.html", **options))
        return tabs[-1]

    yield open_it
    for tab in tabs:
        tab.page.context.close()


@pytest.fixture(scope="module")
def opened_page(browser, address: str) -> Iterator[Callable[[str], Tab]]:
    """Return a function that gives an open page to several tests in turn, which look at it and change nothing."""
    last: dict[str, Tab] = {}

    def give(name: str) -> Tab:
        if name not in last:
            for tab in last.values():
                tab.page.context.close()
            last.clear()
            last[name] = _open(browser, f"{address}/{name}.html", theme="light", width=1280, height=900, script=True)
        return last[name]

    yield give
    for tab in last.values():
        tab.page.context.close()
