"""The command `flowercourse`."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from flowercourse import backbones, features
from flowercourse.cli import main
from flowercourse.errors import CourseError


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a small data set with a bad file, and let it be prepared in a cache of its own."""
    from tests.flowercourse.test_datasets_folder import photo

    monkeypatch.setenv("FLOWERCOURSE_CACHE", str(tmp_path / "cache"))
    for number in range(4):
        path = tmp_path / "photos" / ("iris" if number % 2 else "lily") / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(number))
    (tmp_path / "photos" / "iris" / "notes.txt").write_text("buy bulbs")
    return tmp_path / "photos"


def test_datasets_says_what_was_found_and_why_not_elsewhere():
    result = run("datasets")
    assert result.exit_code == 0, result.output
    lines = result.output.splitlines()
    assert lines[0].split()[:2] == ["source", "found"]
    assert any("tf_flowers from the internet" in line and "FLOWERCOURSE_OFFLINE is set" in line for line in lines)
    assert "The course uses mini_flowers: 1,200 pictures; drawn on this machine." in lines


def test_files_left_out_are_counted_and_named(folder):
    result = run("datasets", "--dataset", str(folder))
    assert result.exit_code == 0, result.output
    assert "4 pictures" in result.output
    assert "1 file left out:" in result.output
    assert f"{folder / 'iris' / 'notes.txt'}: its content is no picture" in result.output


def test_a_data_set_that_is_not_there_is_one_message_and_status_1():
    result = run("prepare", "--dataset", "nowhere")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The data set 'nowhere' was not found: ")
    assert "Traceback" not in result.output


@pytest.mark.parametrize("arguments", [["prepair"], ["prepare", "--dataset"], ["datasets", "--nope"]])
def test_wrong_usage_is_status_2(arguments):
    assert run(*arguments).exit_code == 2


@pytest.fixture
def one_backbone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let MobileNet V2 be found, and Inception V3 not."""

    def resolve(name: str, *, refresh: bool = False) -> backbones.Backbone:
        if name == "inception_v3":
            asked = (("TF Hub", "not reached"), ("Keras Applications", "not found there"))
            raise backbones.NoWeightsError("Inception V3 has no weights here", asked, "Connect to the internet")
        spec = backbones.BACKBONES[name]
        return backbones.Backbone(spec, "/models/m", "package index", True, "0" * 16, (("TF Hub", "not reached"),))

    monkeypatch.setattr(backbones, "resolve", resolve)


def test_backbones_says_what_was_found_and_why_not_elsewhere(one_backbone):
    result = run("backbones")
    assert result.exit_code == 0, result.output
    rows = [line.split(maxsplit=3) for line in result.output.splitlines()]
    assert ["TF", "Hub", "no", "not reached"] in rows
    assert ["package", "index", "taken", "/models/m"] in rows
    assert ["Keras", "Applications", "no", "not found there"] in rows
    assert "not available: Inception V3 has no weights here. Connect to the internet." in result.output


def test_prepare_goes_on_without_a_backbone_that_is_not_to_be_had(one_backbone):
    result = run("prepare")
    assert result.exit_code == 0, result.output
    assert "mini_flowers: 1,200 pictures, 5 classes" in result.output
    assert "MobileNet V2: package index" in result.output
    assert "not available: Inception V3 has no weights here" in result.output


def test_prepare_fails_where_there_is_no_backbone_at_all(monkeypatch):
    def none(name: str, *, refresh: bool = False) -> None:
        raise CourseError(f"{name} has no weights here", "not reached", "Connect to the internet")

    monkeypatch.setattr(backbones, "resolve", none)
    result = run("prepare")
    assert result.exit_code == 1
    assert "No backbone was prepared" in result.stderr


def test_prepare_computes_features_where_asked(one_backbone, monkeypatch):
    asked = []

    def extract(backbone: backbones.Backbone, data: object, *, progress: bool) -> None:
        asked.append(backbone.spec.name)
        raise CourseError("The features were not computed", "the disk is full", "Free some space")

    monkeypatch.setattr(features, "extract", extract)
    result = run("prepare", "--features")
    assert asked == ["mobilenet_v2"]
    assert result.exit_code == 1
    assert "the disk is full" in result.stderr
