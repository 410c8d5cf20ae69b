"""The head by hand: the same numbers as NumPy's, and a line that moves by mouse, by touch and by keyboard."""

from __future__ import annotations

import json
import math
import re
import subprocess
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.site.test_javascript import node
from tests.site.tools import ROOT

PAGE = "first-network"
PHONE = {"width": 390, "height": 844}
DESCEND = """
import { loss, step, ZERO } from "%s";
const { data, rate, steps } = JSON.parse(process.argv[1]);
const seen = [];
let parameters = ZERO;
for (let done = 0; done <= steps; done += 1) {
  seen.push({ ...parameters, loss: loss(data, parameters) });
  parameters = step(data, parameters, rate);
}
console.log(JSON.stringify(seen));
"""


def by_numpy(x: np.ndarray, y: np.ndarray, rate: float, steps: int) -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Return weights, biases and loss at zero and after each step, computed as the lesson computes them."""
    weights, biases, seen = np.zeros((2, 2)), np.zeros(2), []
    for _ in range(steps + 1):
        logits = x @ weights + biases
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        error = powers / powers.sum(axis=1, keepdims=True)
        seen.append((weights, biases, -np.log(error[np.arange(len(y)), y]).mean()))
        error[np.arange(len(y)), y] -= 1
        weights = weights - rate * x.T @ error / len(y)
        biases = biases - rate * error.mean(axis=0)
    return seen


@pytest.mark.parametrize("rate", [0.1, 3.0, 30.0])
def test_steps_are_those_of_numpy_even_where_they_are_too_long(rate):
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = np.clip(rng.normal(0.4 + 0.2 * y[:, None], 0.2, (40, 2)), 0, 1)
    question = {"data": {"points": x.tolist(), "labels": y.tolist()}, "rate": rate, "steps": 25}
    program = DESCEND % (ROOT / "book" / "_static" / "by-hand" / "descent.js").as_uri()
    command = [node(), "--input-type=module", "--eval", program, json.dumps(question)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    for one, (weights, biases, loss) in zip(found, by_numpy(x, y, rate, 25), strict=True):
        np.testing.assert_allclose(one["weights"], weights, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(one["biases"], biases, rtol=1e-7, atol=1e-9)
        assert one["loss"] == pytest.approx(loss, rel=1e-9)


FOCUSED = """
(({ labels, ariaLabel, textContent }) => labels?.[0]?.textContent || ariaLabel || textContent)(document.activeElement)
"""


def part(tab):
    """Return the live part of the lesson."""
    return tab.page.locator(".by-hand")


def held(tab) -> tuple[np.ndarray, np.ndarray]:
    """Return the points and labels that the page holds."""
    data = json.loads(part(tab).locator("script").text_content())
    return np.array(data["x"]), np.array(data["y"])


def state(tab) -> dict:
    """Return the parameters and the loss that the page shows."""
    return json.loads(part(tab).get_attribute("data-parameters"))


def press(tab, name: str) -> str:
    """Press a button and return what is said then."""
    part(tab).get_by_role("button", name=name, exact=True).click()
    return words(tab)


def words(tab) -> str:
    """Return what the page says in words."""
    return part(tab).get_by_role("status").inner_text()


def handle(tab, name: str):
    """Return one of the line's two handles."""
    return part(tab).get_by_role("slider", name=f"{name} handle of the line")


@pytest.mark.browser
class TestInABrowser:
    """By mouse, by keyboard, with a learning rate that is too large, on a phone, without a script."""

    def test_a_step_is_the_step_of_the_lesson(self, open_page):
        tab = open_page(PAGE)
        x, y = held(tab)
        assert "loss 0.693" in press(tab, "Weights of zero")
        said = press(tab, "One step")
        weights, biases, loss = by_numpy(x, y, 1.0, 1)[-1]
        np.testing.assert_allclose(state(tab)["weights"], weights, atol=1e-9)
        np.testing.assert_allclose(state(tab)["biases"], biases, atol=1e-9)
        assert said.startswith(f"After 1 step: loss {loss:.3f}, ")
        assert f"smaller by {math.log(2) - loss:.3f}" in said
        printed = re.search(r"after one step: (\d\.\d{4})", tab.page.locator("article").inner_text())
        assert float(printed[1]) == pytest.approx(loss, abs=1e-4)

    def test_the_gradient_goes_on_from_a_line_that_was_drawn(self, open_page):
        tab = open_page(PAGE)
        before = state(tab)["loss"]
        assert press(tab, "20 steps").startswith("After 20 steps: ")
        assert state(tab)["loss"] < before
        tab.page.wait_for_function(
            "document.querySelector('.by-hand-losses').getAttribute('d').split('L').length === 21"
        )

    def test_a_learning_rate_that_is_too_large_makes_the_loss_jump_up(self, open_page):
        tab = open_page(PAGE)
        press(tab, "Weights of zero")
        rate = part(tab).get_by_role("slider", name="learning rate")
        rate.focus()
        tab.page.keyboard.press("End")
        assert rate.get_attribute("aria-valuetext") == "300"
        x, y = held(tab)
        expected = by_numpy(x, y, 300.0, 20)[-1][2]
        press(tab, "20 steps")
        assert state(tab)["loss"] == pytest.approx(expected, rel=1e-6)
        assert max(one[2] for one in by_numpy(x, y, 300.0, 20)) > math.log(2)

    def test_the_line_is_dragged_with_the_mouse(self, open_page):
        tab = open_page(PAGE)
        before = state(tab)
        place = handle(tab, "first")
        place.scroll_into_view_if_needed()
        box = place.bounding_box()
        tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tab.page.mouse.down()
        tab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 90, steps=5)
        tab.page.mouse.up()
        after = state(tab)
        assert after["loss"] != before["loss"]
        x, y = held(tab)
        lead = np.diff(x @ np.array(after["weights"]) + np.array(after["biases"]), axis=1)[:, 0]
        assert after["loss"] == pytest.approx(np.logaddexp(0, np.where(y == 1, -lead, lead)).mean(), rel=1e-9)
        assert f"loss {after['loss']:.3f}" in words(tab)

    def test_the_line_and_all_else_can_be_moved_with_the_keyboard(self, open_page):
        tab = open_page(PAGE)
        handle(tab, "first").focus()
        before = handle(tab, "first").get_attribute("aria-valuetext"), state(tab)["loss"]
        tab.page.keyboard.press("ArrowDown")
        after = handle(tab, "first").get_attribute("aria-valuetext"), state(tab)["loss"]
        assert before[0] == "green 0.15, blue 0.60"
        assert after[0] == "green 0.15, blue 0.58"
        assert before[1] != after[1]
        reached = []
        for _ in range(7):
            tab.page.keyboard.press("Tab")
            focused = (
                "document.activeElement.labels?.[0]?.textContent || document.activeElement.getAttribute('aria-label')"
            )
            reached.append(tab.page.evaluate(f"{focused} || document.activeElement.textContent"))
        assert reached[:3] == ["second handle of the line", "steepness", "learning rate"]
        assert reached[3:] == ["One step", "20 steps", "Weights of zero", "A line to drag"]

    def test_a_steeper_line_stays_where_it_is(self, open_page):
        tab = open_page(PAGE)
        places = [handle(tab, name).get_attribute("aria-valuetext") for name in ("first", "second")]
        part(tab).get_by_role("slider", name="steepness").fill("12")
        assert [handle(tab, name).get_attribute("aria-valuetext") for name in ("first", "second")] == places
        slope = np.diff(state(tab)["weights"], axis=1)
        assert np.hypot(*slope) == pytest.approx(12)

    def test_without_a_line_it_says_so_and_offers_one(self, open_page):
        tab = open_page(PAGE)
        assert "There is no line in the drawing." in press(tab, "Weights of zero")
        assert not handle(tab, "first").is_visible()
        assert "no line" not in press(tab, "A line to drag")
        assert handle(tab, "first").is_visible()

    @pytest.mark.parametrize("theme", ["light", "dark"])
    @pytest.mark.parametrize("width", [PHONE["width"], 1280])
    def test_fits_is_quiet_and_has_no_accessibility_violation(self, open_page, address, theme, width):
        from axe_playwright_python.sync_playwright import Axe

        tab = open_page(PAGE, theme=theme, width=width)
        press(tab, "20 steps")
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
        high = part(tab).locator("svg text").first.evaluate("text => text.getBoundingClientRect().height")
        assert high >= 10, "too small to be read"
        assert tab.messages == []  # axe itself fetches style sheets, from where they are not
        violations = Axe().run(tab.page, context=".by-hand").response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200]) for one in violations] == []
        assert {urlsplit(one).netloc for one in tab.requests if one.startswith("http")} == {urlsplit(address).netloc}

    def test_without_a_script_there_is_a_sentence_and_the_table(self, open_page):
        tab = open_page(PAGE, script=False)
        assert "needs JavaScript" in part(tab).locator("noscript p").inner_text()
        table = tab.page.locator("table", has_text="steps that made it larger")
        assert table.locator("tbody tr").count() == 8
