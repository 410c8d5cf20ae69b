"""The learning-curve explorer in a real browser: by mouse and by keyboard, on a phone, in both themes, in words."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.browser

PAGE = "learning-curves"
PHONE = {"width": 360, "height": 780}
SLIDERS = ("training pictures", "learning rate", "epochs")


def explorer(tab):
    """Return the page's explorer."""
    return tab.page.locator(".curves")


def slider(tab, name: str):
    """Return a slider by the name that readers and screen readers know it by."""
    return explorer(tab).get_by_role("slider", name=name, exact=True)


def runs(tab) -> dict:
    """Return the runs that the page holds."""
    return json.loads(explorer(tab).locator("script").text_content())


def words(tab) -> str:
    """Return what the explorer says in words."""
    return explorer(tab).get_by_role("status").inner_text()


def curves(tab) -> list[str]:
    """Return the drawn curves, training first."""
    return explorer(tab).locator("path.plot-line").evaluate_all("paths => paths.map(path => path.getAttribute('d'))")


def in_words(run: dict, epochs: int) -> str:
    """Return the beginning of what the explorer must say of a run after so many epochs."""
    loss, accuracy, val_loss, val_accuracy = (
        run[key][epochs - 1] for key in ("loss", "accuracy", "val_loss", "val_accuracy")
    )
    training = f"training loss {loss:.2f}, accuracy {100 * accuracy:.0f} %"
    return f"{training}; validation loss {val_loss:.2f}, accuracy {100 * val_accuracy:.0f} %"


def numbers(text: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(found) for found in re.findall(r"\d+(?:\.\d+)?", text)]


def test_begins_with_all_pictures_the_usual_rate_and_all_epochs(open_page):
    tab = open_page(PAGE)
    data = runs(tab)
    shown = [slider(tab, name).get_attribute("aria-valuetext") for name in SLIDERS]
    assert shown == [f"{data['sizes'][-1]:,}", "0.001", str(data["epochs"])]
    assert len(data["runs"]) == len(data["sizes"]) * len(data["rates"]) == 25
    assert len(curves(tab)) == 2


@pytest.mark.parametrize("name", SLIDERS)
def test_arrow_keys_move_a_slider_and_everything_that_depends_on_it(open_page, name):
    tab = open_page(PAGE)
    one = slider(tab, name)
    before = one.get_attribute("aria-valuetext"), words(tab), curves(tab)
    one.focus()
    tab.page.keyboard.press("ArrowLeft")
    after = one.get_attribute("aria-valuetext"), words(tab), curves(tab)
    assert all(old != new for old, new in zip(before, after, strict=True))
    row = one.locator("xpath=..")
    assert row.locator(".plot-value").inner_text() == after[0]
    tab.page.keyboard.press("ArrowRight")
    assert (one.get_attribute("aria-valuetext"), words(tab), curves(tab)) == before


def test_every_combination_shows_its_own_run(open_page):
    tab = open_page(PAGE)
    data = runs(tab)
    seen = set()
    for size in range(len(data["sizes"])):
        for rate in range(len(data["rates"])):
            slider(tab, "training pictures").fill(str(size))
            slider(tab, "learning rate").fill(str(rate))
            said = words(tab)
            expected = in_words(data["runs"][f"{size}/{rate}"], data["epochs"])
            assert numbers(expected) == pytest.approx(numbers(said)[1:5], abs=1.01), said  # rounding of halves
            seen.add(tuple(curves(tab)))
    assert len(seen) == len(data["runs"])


def test_fewer_epochs_show_the_beginning_of_the_same_run(open_page):
    tab = open_page(PAGE)
    run = runs(tab)["runs"]
    (last,) = [key for key in run if key == f"{len(runs(tab)['sizes']) - 1}/2"]
    slider(tab, "epochs").fill("4")  # counted from 0
    assert in_words(run[last], 5) in words(tab)
    assert words(tab).startswith("After 5 epochs:")
    assert [path.count("L") for path in curves(tab)] == [4, 4]
    slider(tab, "epochs").fill("0")
    assert words(tab).startswith("After 1 epoch:")


def test_sliders_can_be_dragged(open_page):
    tab = open_page(PAGE)
    one = slider(tab, "learning rate")
    one.scroll_into_view_if_needed()
    box = one.bounding_box()
    middle = box["y"] + box["height"] / 2
    tab.page.mouse.move(box["x"] + box["width"] / 2, middle)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + box["width"] - 2, middle, steps=5)
    tab.page.mouse.up()
    assert one.get_attribute("aria-valuetext") == str(runs(tab)["rates"][-1])


def test_loss_or_accuracy_by_mouse_and_by_keyboard(open_page):
    tab = open_page(PAGE)
    svg = explorer(tab).get_by_role("img")
    loss = curves(tab)
    assert "validation loss" in svg.get_attribute("aria-label")
    explorer(tab).get_by_text("accuracy", exact=True).first.click()
    accuracy = curves(tab)
    assert accuracy != loss
    assert svg.get_attribute("aria-label").startswith("Curves of training and validation accuracy")
    assert explorer(tab).locator("svg text", has_text=re.compile("^accuracy$")).count() == 1
    tab.page.keyboard.press("ArrowUp")
    assert curves(tab) == loss


def test_tab_reaches_every_control_in_the_order_of_reading(open_page):
    tab = open_page(PAGE)
    slider(tab, SLIDERS[0]).focus()
    reached = []
    for _ in range(4):
        reached.append(tab.page.evaluate("document.activeElement.labels[0].textContent"))
        tab.page.keyboard.press("Tab")
    assert reached == [*SLIDERS, "loss"]


def test_says_in_words_and_to_screen_readers_what_it_draws(open_page):
    tab = open_page(PAGE)
    status = explorer(tab).get_by_role("status")
    assert status.get_attribute("aria-live") == "polite"
    assert words(tab) in explorer(tab).get_by_role("img").get_attribute("aria-label")
    assert explorer(tab).get_by_role("group", name="show").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [PHONE["width"], 1280])
def test_fits_and_can_be_read(open_page, theme, width):
    tab = open_page(PAGE, theme=theme, width=width)
    outer = explorer(tab).bounding_box()
    for part in explorer(tab).locator("input, .plot-value, label, svg, p").all():
        box = part.bounding_box()
        assert box["x"] >= outer["x"] - 1
        assert box["x"] + box["width"] <= outer["x"] + outer["width"] + 1
    assert outer["x"] + outer["width"] <= width
    text = explorer(tab).locator("svg text").first
    high = text.evaluate("text => text.getBoundingClientRect().height")
    assert high >= 10, "too small to be read"
    for kind in ("training", "held"):
        colors = explorer(tab).evaluate(CONTRAST, f".plot-of-{kind}")
        assert colors >= 4.5, (kind, theme, colors)
        assert explorer(tab).evaluate(CONTRAST, f"path.plot-{kind}") >= 3


# WCAG's contrast between a shape or text in the explorer and the first background behind it that is not transparent.
CONTRAST = """
(box, selector) => {
  const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => numbers(color).slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const shape = box.querySelector(selector);
  const style = getComputedStyle(shape);
  const front = shape instanceof SVGElement ? style.stroke : style.color;
  let back = shape;
  const opaque = (one) => (numbers(getComputedStyle(one).backgroundColor)[3] ?? 1) > 0;
  while (back.parentElement && !opaque(back)) back = back.parentElement;
  const [high, low] = [light(front), light(getComputedStyle(back).backgroundColor)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}
"""


def test_is_quiet_and_asks_no_other_host_while_it_is_used(open_page, address):
    tab = open_page(PAGE)
    for name in SLIDERS:
        slider(tab, name).focus()
        for key in ("Home", "End", "ArrowLeft", "PageDown"):
            tab.page.keyboard.press(key)
    explorer(tab).get_by_text("accuracy", exact=True).first.click()
    assert tab.messages == []
    assert tab.failures == []
    assert {urlsplit(one).netloc for one in tab.requests if one.startswith("http")} == {urlsplit(address).netloc}
