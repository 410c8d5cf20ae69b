"""What several tests of the library share."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowercourse.backbones import Backbone
from tests.flowercourse import small_backbone


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    """Return a backbone of 16 weights for images of 8 x 8 pixels."""
    return small_backbone.make(tmp_path_factory.mktemp("models") / "small")


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the test start with nothing prepared, and return where the cache will be."""
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"
