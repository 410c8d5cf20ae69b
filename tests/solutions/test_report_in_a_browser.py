"""The report in a real browser: it fits a phone, works in the dark, and everybody can read it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_the_page_never_scrolls_sideways(browser: Any, made: SimpleNamespace, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((made.out / "report.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_the_page_asks_for_nothing_and_shows_every_image(browser: Any, made: SimpleNamespace) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((made.out / "report.html").as_uri())
    assert [url for url in asked if not url.startswith("data:")] == [(made.out / "report.html").as_uri()]
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_that_keeps_readers_out(browser: Any, made: SimpleNamespace, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(color_scheme=scheme)
    page.goto((made.out / "report.html").as_uri())
    violations = Axe().run(page).response["violations"]
    assert not [(found["id"], [node["target"] for node in found["nodes"]][:3]) for found in violations]
    page.close()
