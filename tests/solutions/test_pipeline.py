"""The reference pipeline as an instructor runs it: one command, one report that can be shown to anybody."""

from __future__ import annotations

import json
import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from PIL import Image

from flowercourse.errors import CourseError
from solutions.pipeline import __main__ as pipeline
from solutions.pipeline.schema import check_report, load_schema
from tests.solutions.conftest import EPOCHS

pytestmark = pytest.mark.notebook


class Page(HTMLParser):
    """Collects the tags of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_schema_is_a_valid_schema_and_describes_every_field() -> None:
    schema = load_schema()
    jsonschema.Draft202012Validator.check_schema(schema)

    def undescribed(part: Any, place: str) -> list[str]:
        found = []
        for name, field in part.get("properties", {}).items():
            if not {"description", "$ref", "oneOf"} & set(field):
                found.append(f"{place}/{name}")
            found += undescribed(field, f"{place}/{name}")
        return found + (undescribed(part["items"], f"{place}/items") if "items" in part else [])

    assert not undescribed(schema, "")


def test_a_report_that_lost_a_field_is_refused_by_its_place(made) -> None:
    broken = json.loads(json.dumps(made.json))
    del broken["backbones"][0]["test"]["interval"]
    with pytest.raises(CourseError, match="backbones/0/test.*interval"):
        check_report(broken)


def test_an_accuracy_above_one_is_refused(made) -> None:
    broken = json.loads(json.dumps(made.json))
    broken["backbones"][0]["test"]["accuracy"] = 97.0
    with pytest.raises(CourseError, match="test/accuracy"):
        check_report(broken)


def test_the_report_follows_its_schema(made) -> None:
    check_report(made.json)


def test_the_report_counts_the_images_of_each_part(made) -> None:
    data = made.json["dataset"]
    assert data["num_examples"] == 60
    assert [part["num_examples"] for part in data["parts"]] == [42, 9, 9]
    assert [part["name"] for part in data["parts"]] == ["training", "validation", "test"]
    assert all(sum(part["per_class"]) == part["num_examples"] for part in data["parts"])


def test_files_that_could_not_be_used_are_listed_with_the_reason(made) -> None:
    skipped = {Path(entry["path"]).name: entry["reason"] for entry in made.json["dataset"]["skipped"]}
    assert set(skipped) == {"truncated.jpg", "notes.txt"}
    assert all(skipped.values())
    assert "truncated.jpg" in Page(made.html).text


def test_accuracy_and_confusion_matrix_agree(made) -> None:
    for backbone in made.json["backbones"]:
        test = backbone["test"]
        diagonal = sum(test["confusion_matrix"][i][i] for i in range(3))
        assert diagonal == test["correct"]
        assert test["accuracy"] == pytest.approx(diagonal / test["num_examples"])
        assert test["interval"][0] < test["accuracy"] <= test["interval"][1]
        assert sum(b["count"] for b in test["calibration"]["bins"]) == test["num_examples"]


def test_curves_have_a_value_for_each_epoch(made) -> None:
    for backbone in made.json["backbones"]:
        assert {len(values) for values in backbone["history"].values()} == {EPOCHS}
        assert backbone["diagnosis"]["name"]


def test_colors_are_learned_on_imagenet_features(made) -> None:
    assert made.json["backbones"][0]["test"]["accuracy"] > 0.8


def test_untrained_weights_are_marked_wherever_the_backbone_is_named(made) -> None:
    trained, untrained = made.json["backbones"]
    assert trained["weights"]["trained"]
    assert not untrained["weights"]["trained"]
    assert "untrained" in untrained["label"]
    text = Page(made.html).text
    assert "Untrained weights." in text
    assert text.count("untrained") >= 4
    for tag, attributes in Page(made.html).tags:
        if tag == "img" and "inception_v3" in (attributes.get("alt") or ""):
            assert "UNTRAINED" in attributes["alt"]


def test_every_backbone_is_compared_on_the_same_images(made) -> None:
    (comparison,) = made.json["comparisons"]
    first, second = (backbone["test"] for backbone in made.json["backbones"])
    assert comparison["result"]["difference"] == pytest.approx(second["accuracy"] - first["accuracy"])


def test_the_accuracy_of_random_weights_is_shown_as_no_result(made) -> None:
    (comparison,) = made.json["comparisons"]
    _, untrained = made.json["backbones"]
    text = Page(made.html).text
    assert comparison["summary"] not in text
    assert "Accuracies are compared where both networks have been trained." in text
    first = text[: text.index("Backbones compared")]
    assert f"{sum(untrained['parameters'].values()):,}".replace(",", "") in first.replace(",", "").replace("\u202f", "")
    assert "no accuracy stands here" in first
    of_untrained = [line for line in made.said.splitlines() if line.startswith(untrained["label"])]
    assert any("head trained" in line for line in of_untrained)
    assert not [line for line in of_untrained if re.search(r"accuracy \d", line)]
    assert re.search(r"validation accuracy \d", made.said)  # the trained one's


def test_figures_are_png_files_beside_the_report(made) -> None:
    figures = made.json["figures"]
    for name in ("accuracy", "loss", "confusion", "reliability", "predictions"):
        assert f"mobilenet_v2_{name}" in figures
    assert "comparison" in figures
    for path in figures.values():
        with Image.open(made.out / path) as image:
            assert image.format == "PNG"
            assert min(image.size) > 200
            assert len(image.text["Description"]) > 30


def test_the_page_holds_all_it_shows_and_asks_nobody_for_anything(made) -> None:
    page = Page(made.html)
    assert not [tag for tag, _ in page.tags if tag in ("script", "iframe", "object", "embed")]
    for tag, attributes in page.tags:
        for name in ("src", "href", "srcset", "data", "action"):
            if value := attributes.get(name):
                assert value.startswith(("data:", "#")), f"{tag} {name}={value[:60]}"
    assert not re.search(r"@import|url\((?!['\"]?data:)", made.html)


def test_every_image_of_the_page_has_words(made) -> None:
    images = [attributes for tag, attributes in Page(made.html).tags if tag == "img"]
    assert len(images) > 20
    assert all(len(attributes["alt"] or "") > 5 for attributes in images)
    assert all(attributes["width"] and attributes["height"] for attributes in images)


def test_headings_go_down_one_level_at_a_time(made) -> None:
    levels = [int(tag[1]) for tag, _ in Page(made.html).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_the_command_in_the_report_makes_it_again(made, flower_folder: Path) -> None:
    command = made.json["made"]["command"].replace(str(made.out), "DIR")
    options = pipeline.parse(shlex.split(command)[3:])
    assert options.backbone == ["mobilenet_v2", "inception_v3"]
    assert options.dataset == str(flower_folder)
    assert (options.epochs, options.seed, options.split) == (EPOCHS, 1, "70/15/15")


def test_the_same_seed_gives_the_same_numbers_and_features_are_used_again(
    made, flower_folder: Path, tmp_path: Path
) -> None:
    arguments = ["--dataset", str(flower_folder), "--epochs", str(EPOCHS), "--seed", "1", "--out", str(tmp_path)]
    report = pipeline.run(pipeline.parse(arguments), lambda line: None)
    before, now = made.json["backbones"][0], report["backbones"][0]
    assert now["features_reused"]
    for name in ("history", "test", "diagnosis"):
        assert now[name] == before[name]


def test_a_split_without_a_test_part_is_judged_on_validation_and_says_so(flower_folder: Path, tmp_path: Path) -> None:
    arguments = ["--dataset", str(flower_folder), "--split", "70/30", "--epochs", "1", "--out", str(tmp_path)]
    report = pipeline.run(pipeline.parse(arguments), lambda line: None)
    assert report["backbones"][0]["test"]["part"] == "validation"
    text = Page((tmp_path / "report.html").read_text(encoding="utf-8")).text
    assert "no test part" in text
    assert "test accuracy" not in text


def test_one_epoch_is_no_curve_and_the_report_says_why(flower_folder: Path, tmp_path: Path) -> None:
    arguments = ["--dataset", str(flower_folder), "--epochs", "1", "--out", str(tmp_path)]
    report = pipeline.run(pipeline.parse(arguments), lambda line: None)
    assert report["backbones"][0]["diagnosis"] is None
    assert "at least 3" in report["backbones"][0]["no_diagnosis"]
    assert "No diagnosis" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--backbone", "resnet"], "invalid choice: 'resnet'"),
        (["--epochs", "0"], "at least 1"),
        (["--epochs", "many"], "'many'"),
        (["--seed", "-1"], "seed"),
        (["--split", "70/20"], "add up to 100"),
        (["--fine-tune", "x"], "fine-tune"),
        ([], "--out"),
    ],
)
def test_wrong_usage_ends_with_status_2_and_says_what_is_wrong(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ["--out", str(tmp_path)] if arguments else []
    with pytest.raises(SystemExit) as exit_:
        pipeline.main([*arguments, *out])
    assert exit_.value.code == 2
    assert message in capsys.readouterr().err


def test_a_data_set_that_is_not_there_ends_with_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert pipeline.main(["--dataset", str(tmp_path / "nowhere"), "--out", str(tmp_path)]) == 1
    assert "was not found" in capsys.readouterr().err


def test_a_report_cannot_be_written_into_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "report").write_text("", encoding="utf-8")
    assert pipeline.main(["--dataset", "mini_flowers", "--out", str(tmp_path / "report")]) == 1
    assert "report was not written" in capsys.readouterr().err
