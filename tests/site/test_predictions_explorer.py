"""The explorer of predictions in a real browser: the numbers of Python, by mouse, by keyboard, on a phone, in words."""

from __future__ import annotations

import json
import re
import subprocess
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.site.test_javascript import node
from tests.site.tools import ROOT, extension

PAGE = "predictions"
PHONE = {"width": 390, "height": 844}
MOST_BYTES = 4e6
JUDGE = """
import { answers, calibration, judge } from "%s";
const { labels, logits, classes, temperature, threshold, edges } = JSON.parse(process.argv[1]);
const given = answers(logits, temperature);
console.log(JSON.stringify({ ...judge(labels, given, classes, threshold), ...calibration(labels, given, edges),
  probabilities: given.map((one) => one.probabilities) }));
"""


def by_numpy(labels, logits, temperature: float, threshold: float, edges) -> dict:
    """Return what the explorer should find, computed another way."""
    labels, scaled = np.asarray(labels), np.asarray(logits) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    answers, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    classes, kept = probabilities.shape[1], sure >= threshold
    counts = np.zeros((classes, classes + 1), int)
    np.add.at(counts, (labels, np.where(kept, answers, classes)), 1)
    bins = np.clip(np.digitize(sure, edges) - 1, 0, len(edges) - 2)
    right = answers == labels
    gaps = [abs(sure[bins == b].mean() - right[bins == b].mean()) * np.mean(bins == b) for b in np.unique(bins)]
    with np.errstate(invalid="ignore"):
        precision = np.diag(counts) / counts[:, :-1].sum(axis=0)
    return {
        "counts": counts.tolist(),
        "recall": np.diag(counts) / counts.sum(axis=1),
        "precision": precision,
        "rejected": int((~kept).sum()),
        "right": int((right & kept).sum()),
        "ece": sum(gaps),
        "loss": -np.log(probabilities[np.arange(len(labels)), labels]).mean(),
        "probabilities": probabilities,
    }


@pytest.mark.parametrize(("temperature", "threshold"), [(1.0, 0.0), (2.5, 0.4), (0.4, 0.9), (1.3, 0.999)])
def test_thresholds_temperatures_and_calibration_are_those_of_numpy(temperature, threshold):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 200)
    logits = rng.normal(0, 2, (200, 4)) + 2 * np.eye(4)[labels]
    edges = [0.0, 0.5, 0.7, 0.85, 0.95, 1.0]
    question = {"labels": labels.tolist(), "logits": logits.tolist(), "classes": 4, "edges": edges}
    question |= {"temperature": temperature, "threshold": threshold}
    program = JUDGE % (ROOT / "book" / "_static" / "predictions" / "judging.js").as_uri()
    command = [node(), "--input-type=module", "--eval", program, json.dumps(question)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    expected = by_numpy(labels, logits, temperature, threshold, edges)
    for key in ("counts", "rejected", "right"):
        assert found[key] == expected[key]
    for key in ("recall", "ece", "loss", "probabilities"):
        np.testing.assert_allclose(found[key], expected[key], rtol=1e-9, atol=1e-12)
    precision = [np.nan if one is None else one for one in found["precision"]]
    np.testing.assert_allclose(precision, expected["precision"], rtol=1e-9)


def test_files_that_a_cell_hands_over_leave_the_page():
    body = '<p>a</p><script type="text/plain" data-file="b.jpg" data-encoding="base64">/9g=</script><p>c</p>'
    assert extension().data.split(body) == ("<p>a</p><p>c</p>", {"b.jpg": b"\xff\xd8"})
    other = '<script type="text/plain" data-file="../b.html">x</script>'
    assert extension().data.split(other) == (other, {})


@pytest.fixture
def content(site) -> dict:
    """What the explorer loads."""
    return json.loads((site / "_static" / "data" / "predictions.json").read_text(encoding="utf-8"))


def ready(tab):
    """Come near, and wait until the explorer is there."""
    part(tab).scroll_into_view_if_needed()
    tab.page.wait_for_selector(".predictions[data-ready]", timeout=60_000)
    return tab


def part(tab):
    """Return the explorer."""
    return tab.page.locator(".predictions")


def words(tab) -> str:
    """Return what is said of threshold and rejected pictures."""
    return part(tab).locator(".predictions-words").first.inner_text()


def table(tab) -> list[list[int]]:
    """Return the counts that the matrix shows."""
    rows = part(tab).locator(".predictions-matrix tbody tr").all()
    return [[int(cell) for cell in row.locator(".predictions-cell").all_inner_texts()] for row in rows]


def heading(tab) -> str:
    """Return which pictures are shown."""
    return part(tab).locator(".predictions-details").get_by_role("status").inner_text().lower()


def found(tab) -> list[float]:
    """Return the numbers below the calibration curve: confidence, accuracy, calibration error, loss."""
    said = part(tab).locator(".predictions-words").last.inner_text()
    return [float(one) for one in re.findall(r"\d\.\d+", said)]


@pytest.mark.browser
class TestInABrowser:
    """What a reader does with it."""

    def test_loads_nothing_until_the_reader_comes_near_and_little_then(self, open_page, site):
        tab = open_page(PAGE)
        tab.page.wait_for_load_state("networkidle")
        assert not [url for url in tab.requests if "/data/" in url]
        ready(tab)
        names = [urlsplit(url).path.rsplit("/", 1)[1] for url in tab.requests if "/data/" in url]
        assert sorted(names) == ["predictions-training.jpg", "predictions.jpg", "predictions.json"]
        assert sum((site / "_static" / "data" / name).stat().st_size for name in names) < MOST_BYTES

    def test_begins_with_the_matrix_of_the_lesson(self, open_page, content):
        tab = ready(open_page(PAGE))
        expected = by_numpy(content["labels"], content["logits"], 1.0, 0.0, content["edges"])
        assert table(tab) == expected["counts"]
        assert f"{len(content['labels'])} of {len(content['labels'])} pictures answered, 0 rejected" in words(tab)

    def test_the_threshold_moves_precision_recall_and_the_number_of_rejected_pictures(self, open_page, content):
        tab = ready(open_page(PAGE))
        part(tab).get_by_role("slider", name="threshold").fill("0.9")
        expected = by_numpy(content["labels"], content["logits"], 1.0, 0.9, content["edges"])
        assert table(tab) == expected["counts"]
        assert f", {expected['rejected']} rejected" in words(tab)
        edge = part(tab).locator(".predictions-matrix tbody .predictions-edge").all_inner_texts()
        assert [float(one.split()[0]) for one in edge] == pytest.approx(100 * expected["recall"], abs=0.51)
        below = part(tab).locator(".predictions-matrix tfoot .predictions-edge").all_inner_texts()
        shown = [np.nan if one == "–" else float(one.split()[0]) for one in below]
        np.testing.assert_allclose(shown, 100 * expected["precision"], atol=0.51)

    def test_the_temperature_moves_the_calibration_curve_and_no_answer(self, open_page, content):
        tab = ready(open_page(PAGE))
        before, curve = table(tab), part(tab).locator(".predictions-curve").get_attribute("d")
        part(tab).get_by_role("slider", name="temperature").fill("1")
        expected = by_numpy(content["labels"], content["logits"], 2.0, 0.0, content["edges"])
        assert table(tab) == before
        assert part(tab).locator(".predictions-curve").get_attribute("d") != curve
        assert found(tab)[2:] == pytest.approx([expected["ece"], expected["loss"]], abs=6e-4)

    def test_finds_the_temperature_with_the_smallest_loss(self, open_page, content):
        tab = ready(open_page(PAGE))
        part(tab).get_by_role("button", name="Temperature with the smallest loss").click()
        powers = np.linspace(-2, 2, 81)
        losses = [by_numpy(content["labels"], content["logits"], 2**p, 0, content["edges"])["loss"] for p in powers]
        assert found(tab)[3] == pytest.approx(min(losses), abs=6e-4)
        shown = part(tab).get_by_role("slider", name="temperature").get_attribute("aria-valuetext")
        assert float(shown) == pytest.approx(2 ** powers[int(np.argmin(losses))], abs=0.006)

    def test_a_cell_shows_its_pictures_and_one_of_them_with_its_reasons(self, open_page, content):
        tab = ready(open_page(PAGE))
        counts, names = np.array(table(tab)), content["names"]
        row = int(counts.diagonal().argmax())
        name = f"{names[row]} recognized: {counts[row, row]}"
        part(tab).get_by_role("button", name=name, exact=True).click()
        assert heading(tab) == f"{names[row]} recognized: {counts[row, row]} pictures"
        assert part(tab).locator(".predictions-list button").count() == counts[row, row]
        part(tab).locator(".predictions-list button").nth(1).click()
        answers = np.argmax(content["logits"], axis=1)
        number = np.flatnonzero((answers == row) & (np.array(content["labels"]) == row))[1]
        probabilities = by_numpy(content["labels"], content["logits"], 1.0, 0, content["edges"])["probabilities"]
        said = part(tab).locator(".predictions-verdict").inner_text()
        assert said.startswith(f"✓ {names[row]}, ")
        shown = (
            part(tab).locator(".live-bar-filled").evaluate_all("bars => bars.map(bar => parseFloat(bar.style.width))")
        )
        assert shown == pytest.approx(100 * probabilities[number], abs=0.06)
        like = part(tab).locator(".live-nearest figcaption").all_inner_texts()
        labels = content["neighbors"]["labels"]
        assert [one.rsplit(", ", 1)[0] for one in like] == [names[labels[k]] for k in content["nearest"][number]]

    def test_the_map_of_a_picture_is_its_class_activation_map(self, open_page, content):
        tab = ready(open_page(PAGE))
        pixels = "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
        canvas, about = part(tab).locator(".predictions-picture"), part(tab).get_by_label("Color what speaks for")
        colored = np.array(canvas.evaluate(pixels), float)
        about.select_option(label="nothing")
        plain = np.array(canvas.evaluate(pixels), float)
        assert np.abs(colored - plain).mean() > 1
        assert part(tab).locator(".predictions-details .live-words").inner_text() == ""
        side = content["pictures"]["side"]
        assert len(plain) == 4 * side * side

    def test_a_mark_is_reached_with_arrows_and_chosen_with_enter(self, open_page, content):
        tab = ready(open_page(PAGE))
        part(tab).locator(".predictions-point[tabindex='0']").focus()
        seen = set()
        for key in ("ArrowLeft", "ArrowUp", "ArrowRight", "ArrowRight", "ArrowDown"):
            tab.page.keyboard.press(key)
            seen.add(tab.page.evaluate("document.activeElement.getAttribute('aria-label')"))
        assert len(seen) > 2
        assert part(tab).locator(".predictions-point[tabindex='0']").count() == 1
        last = tab.page.evaluate("document.activeElement.getAttribute('aria-label')")
        tab.page.keyboard.press("Enter")
        number = int(re.match(r"Picture (\d+): ", last)[1])
        assert part(tab).locator(".predictions-picture").get_attribute("aria-label").startswith(f"Picture {number}.")
        name = content["names"][content["labels"][number - 1]]
        assert heading(tab).startswith(name)

    def test_a_mark_is_chosen_with_the_mouse(self, open_page, content):
        tab = ready(open_page(PAGE))
        lonely = int(np.argmax(np.array(content["at"])[:, 0]))
        part(tab).locator(".predictions-point").nth(lonely).click()
        shown = part(tab).locator(".predictions-picture").get_attribute("aria-label")
        assert shown.startswith(f"Picture {lonely + 1}.")

    def test_classes_are_told_apart_without_color(self, open_page, content):
        tab = ready(open_page(PAGE))
        shapes = part(tab).locator(".plot-key .plot-mark").evaluate_all("marks => marks.map(m => m.getAttribute('d'))")
        assert len(set(shapes)) == len(content["names"]) <= 8

    def test_colors_of_classes_do_not_depend_on_the_order_of_style_sheets(self, open_page):
        tab = ready(open_page(PAGE))
        color = "mark => getComputedStyle(mark).fill"
        before = part(tab).locator(".plot-class-1").first.evaluate(color)
        tab.page.evaluate("document.head.prepend(document.querySelector('link[href*=\"predictions.css\"]'))")
        tab.page.wait_for_function("document.styleSheets[0].href?.includes('predictions.css')")
        assert part(tab).locator(".plot-class-1").first.evaluate(color) == before == "rgb(86, 180, 233)"

    def test_a_phone_shows_the_whole_matrix_with_recall_and_precision(self, open_page):
        tab = ready(open_page(PAGE, **PHONE))
        inside = part(tab).locator(".predictions-scroll").evaluate("box => [box.scrollWidth, box.clientWidth]")
        assert inside[0] <= inside[1]
        recall = part(tab).locator(".predictions-matrix tbody .predictions-edge").first.bounding_box()
        assert recall["x"] + recall["width"] <= PHONE["width"]

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [PHONE["width"], 1280])
    def test_fits_is_quiet_and_has_no_accessibility_violation(self, open_page, address, theme, width):
        from axe_playwright_python.sync_playwright import Axe

        tab = ready(open_page(PAGE, theme=theme, width=width))
        part(tab).get_by_role("slider", name="threshold").fill("0.8")
        tab.page.locator(".predictions-table summary").click()
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        assert tab.messages == []  # axe itself fetches style sheets, from where they are not
        assert tab.failures == []
        for place in (".predictions", ".predictions-table"):
            violations = Axe().run(tab.page, context=place).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:200]) for one in violations] == []
        assert {urlsplit(one).netloc for one in tab.requests if one.startswith("http")} == {urlsplit(address).netloc}

    def test_without_a_script_there_are_a_sentence_and_the_same_predictions_as_a_table(self, open_page, content):
        tab = open_page(PAGE, script=False)
        assert "needs JavaScript" in part(tab).locator("noscript p").inner_text()
        tab.page.locator(".predictions-table summary").click()
        rows = tab.page.locator(".predictions-table tbody tr")
        assert rows.count() == len(content["labels"])
        names, answers = content["names"], np.argmax(content["logits"], axis=1)
        for number in (0, len(content["labels"]) - 1):
            cells = rows.nth(number).locator("td").all_inner_texts()
            assert cells[1:3] == [names[content["labels"][number]], names[answers[number]]]
            assert cells[0] == ("✓" if cells[1] == cells[2] else "✗")

    def test_says_so_where_its_files_are_missing(self, open_page, address):
        tab = open_page("index")
        tab.page.route("**/data/predictions.json", lambda route: route.fulfill(status=404))
        tab.page.goto(f"{address}/{PAGE}.html")
        part(tab).scroll_into_view_if_needed()
        part(tab).get_by_text("The explorer was not loaded (the server answers 404).").wait_for()
