"""What several tests of the library share."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from flowercourse.backbones import Backbone
from tests.flowercourse import small_backbone
from tests.site.tools import load_tool


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    """Return a backbone of 16 weights for images of 8 x 8 pixels."""
    return small_backbone.make(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the test start with nothing prepared, and return where the cache will be."""
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def warm_python() -> Iterator[Any]:
    """Start a Python that has imported TensorFlow, from which other processes are forked; None where that can't be."""
    warm = load_tool("warm")
    if not warm.AVAILABLE:
        yield None
        return
    with warm.WarmPython(["flowercourse", "numpy", "tensorflow", "tensorflow_datasets", "tf_keras"]) as python:
        yield python


@pytest.fixture
def other_process(warm_python: Any, tmp_path: Path) -> Callable[..., Any]:
    """Return a function that runs code in another process, as `subprocess.Popen` with pipes for its output does."""
    numbers = itertools.count()

    def start(code: str, *arguments: str) -> Any:
        if warm_python is None:
            pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
            return subprocess.Popen([sys.executable, "-c", code, *arguments], text=True, **pipes)
        said = [tmp_path / f"process-{next(numbers)}-{name}" for name in ("out", "err")]
        with said[0].open("w") as out, said[1].open("w") as err:
            options = {"env": os.environ, "stdout": out.fileno(), "stderr": err.fileno()}
            process = warm_python.start(["-c", code, *arguments], **options)

        def communicate(timeout: float | None = None) -> tuple[str, str]:
            process.wait(timeout)
            return said[0].read_text(), said[1].read_text()

        process.communicate = communicate
        return process

    return start
