"""Live parts where no script runs: without JavaScript, and in pages that are opened as files."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

PARTS = {
    "try-your-own": "#live-try",
    "predictions": ".predictions",
    "learning-curves": ".curves",
    "first-network": ".by-hand",
}


@pytest.mark.parametrize("name", PARTS)
def test_without_javascript_one_sentence_says_so(open_page, name):
    tab = open_page(name, script=False)
    if tab.page.locator(".live-missing").count():
        pytest.skip("this site was built without the live part")
    sentence = tab.page.locator("article noscript p")
    assert sentence.count() == 1
    assert sentence.is_visible()
    assert "JavaScript" in sentence.inner_text()
    assert not tab.page.locator(".live-waiting").is_visible()


@pytest.mark.parametrize("name", PARTS)
def test_a_page_that_was_opened_as_a_file_says_what_to_do(browser, site, name):
    page = browser.new_page()
    page.goto((site / f"{name}.html").as_uri())
    if not page.locator(".live-missing").count():
        sentence = page.locator(f"{PARTS[name]} .live-waiting")
        page.wait_for_function(
            "place => getComputedStyle(place).visibility === 'visible'", arg=sentence.element_handle()
        )
        assert "make serve" in sentence.inner_text()
    page.close()


@pytest.mark.parametrize("name", PARTS)
def test_where_scripts_run_nobody_is_told_of_files(open_page, name):
    tab = open_page(name)
    if not tab.page.locator(".live-missing").count():
        tab.page.locator(PARTS[name]).scroll_into_view_if_needed()
        tab.page.wait_for_function("!document.querySelector('.live-waiting')")
