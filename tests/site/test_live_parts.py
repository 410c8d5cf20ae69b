"""Live parts of pages at build time: there, or missing with a reason that the page tells."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from tests.site.tools import ROOT, load_tool

live = load_tool("live")


@pytest.fixture
def shipped(tmp_path):
    """A folder such as the lesson writes."""
    folder = tmp_path / "shipped"
    folder.mkdir()
    (folder / "flowers.tflite").write_bytes(b"network")
    return folder


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Installed packages that hold the files that pages load."""
    for name in live.FILES:
        file = tmp_path / "node_modules" / "@tensorflow" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    monkeypatch.setattr(live, "library", lambda: tmp_path / "node_modules")


def test_what_pages_load_is_put_together(tmp_path, shipped, packages):
    target = tmp_path / "live"
    assert live.assemble(target, shipped) == ""
    assert (target / "model" / "flowers.tflite").read_bytes() == b"network"
    assert len(list((target / "tfjs").iterdir())) == len(live.FILES)
    assert not (target / "missing.txt").exists()


def test_without_the_library_nothing_is_left_but_the_reason(tmp_path, shipped, packages, monkeypatch):
    target = tmp_path / "live"
    live.assemble(target, shipped)

    def fail():
        raise live.MissingError("TensorFlow.js could not be fetched.")

    monkeypatch.setattr(live, "library", fail)
    assert live.assemble(target, shipped) == "TensorFlow.js could not be fetched."
    assert [file.name for file in target.iterdir()] == ["missing.txt"]
    assert live.state() == "TensorFlow.js could not be fetched."


def test_without_the_classifier_the_reason_is_told(tmp_path, packages):
    assert "has not run" in live.assemble(tmp_path / "live", tmp_path / "nowhere")


def test_a_registry_that_cannot_be_reached_is_no_reason_to_fail(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "INSTALLED", tmp_path)
    monkeypatch.setattr(live, "npm", lambda: ["false"])
    assert "could not be fetched" in live.state()
    assert not list(tmp_path.rglob("complete"))


def test_versions_and_hashes_are_pinned_and_no_host_is_named():
    lock = json.loads((live.PINNED / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    assert not any("resolved" in one for one in packages.values())
    wanted = json.loads((live.PINNED / "package.json").read_text())["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in wanted.values())
    assert all(packages[f"node_modules/{name}"]["version"] == version for name, version in wanted.items())


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this folder is no git repository")
def test_nothing_of_the_library_is_in_the_repository():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert not re.search(r"node_modules|tf-core|\.wasm|\.tflite", tracked)
