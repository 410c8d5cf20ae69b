"""Where prepared data, weights and features are kept."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import pytest

from flowercourse import paths


def test_a_named_cache_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path))
    assert paths.cache_dir() == tmp_path


def test_commands_in_the_courses_folder_find_what_make_has_prepared(
    monkeypatch: pytest.MonkeyPatch, root: Path
) -> None:
    monkeypatch.delenv("FLOWERCOURSE_CACHE")
    assert paths.cache_dir() == root / "_build" / "cache"


def test_an_installed_package_uses_the_systems_place_for_caches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FLOWERCOURSE_CACHE")
    monkeypatch.setattr(paths, "__file__", str(tmp_path / "site-packages" / "flowercourse" / "paths.py"))
    assert paths.cache_dir() == Path(platformdirs.user_cache_dir("flowercourse", appauthor=False))
