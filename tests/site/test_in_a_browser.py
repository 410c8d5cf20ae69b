"""The built pages in a real browser: quiet, self-contained, readable on a phone, accessible, usable."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from tests.site.tools import LESSONS_WITH_EXERCISE, PAGES

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 780}
SERIOUS = {"serious", "critical"}


# Tests of one page follow one another, so that those that only look at it need it opened once.
each_page = pytest.mark.parametrize("page", PAGES, scope="module")


@each_page
def test_loads_without_complaint_and_without_another_host(opened_page, address, page):
    tab = opened_page(page)
    tab.page.mouse.wheel(0, 20_000)  # what is loaded late is loaded now
    tab.page.wait_for_load_state("networkidle")
    assert tab.messages == []
    assert tab.failures == []
    host = urlsplit(address).netloc
    elsewhere = [r for r in tab.requests if urlsplit(r).scheme in ("http", "https") and urlsplit(r).netloc != host]
    assert elsewhere == []


@each_page
def test_every_figure_is_described_and_drawn(opened_page, page):
    tab = opened_page(page)
    figures = tab.page.eval_on_selector_all(
        "article img",
        "images => images.map(image => { image.loading = 'eager'; return [image.alt, image.src]; })",
    )
    assert all(len(alt.split()) >= 4 for alt, _ in figures), figures
    tab.page.wait_for_function("[...document.querySelectorAll('article img')].every(i => i.complete && i.naturalWidth)")


@each_page
def test_fits_a_phone(open_page, page):
    tab = open_page(page, **PHONE)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@each_page
def test_has_no_serious_accessibility_violation(opened_page, open_page, page, theme):
    from axe_playwright_python.sync_playwright import Axe

    tab = opened_page(page) if theme == "light" else open_page(page, theme=theme)
    assert tab.page.evaluate("document.documentElement.dataset.theme") == theme
    tab.page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished))")  # colors fade in
    violations = Axe().run(tab.page).response["violations"]
    found = [
        f"{violation['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for violation in violations
        if violation["impact"] in SERIOUS
        for node in violation["nodes"]
    ]
    assert not found, "\n".join(found)


def test_remembers_the_theme_that_a_reader_chose(open_page):
    tab = open_page("index")
    chosen = []
    for _ in range(3):
        tab.page.locator(".theme-switch-button").first.click()
        chosen.append(tab.page.evaluate("document.documentElement.dataset.theme"))
    assert {"light", "dark"} <= set(chosen)
    tab.page.reload()
    assert tab.page.evaluate("document.documentElement.dataset.theme") == chosen[-1]


def test_search_finds_bottleneck(open_page):
    tab = open_page("index")
    tab.page.keyboard.press("Control+k")
    tab.page.keyboard.type("bottleneck")
    tab.page.keyboard.press("Enter")
    tab.page.wait_for_selector("#search-results li a")
    tab.page.wait_for_function("document.querySelector('#search-results').innerText.includes('MobileNet V2')")
    titles = tab.page.locator("#search-results li a").all_inner_texts()
    assert any("MobileNet V2" in title for title in titles)
    assert any("Glossary" in title for title in titles)


@pytest.mark.parametrize("lesson", LESSONS_WITH_EXERCISE)
def test_launch_buttons_are_plain_links(open_page, lesson):
    tab = open_page(lesson)
    links = tab.page.eval_on_selector_all(".dropdown-launch-buttons a", "links => links.map(link => link.href)")
    for place in ("colab.research.google.com", "mybinder.org"):
        assert any(urlsplit(link).netloc == place for link in links), place


def test_formulas_are_mathml(open_page):
    tab = open_page("mobilenet-v2")
    assert tab.page.locator("article math").count() > 5
    assert "$" not in tab.page.locator("article p").first.inner_text()
    assert tab.page.locator("mjx-container, .MathJax").count() == 0


class TestQuiz:
    """A quiz by mouse, by keyboard, and without a script."""

    PAGE = "preprocessing"

    @staticmethod
    def question(tab, number=0):
        """Return a question of the page."""
        return tab.page.locator("form.quiz .quiz-question").nth(number)

    def test_says_that_a_right_answer_is_right_and_why(self, open_page):
        question = self.question(open_page(self.PAGE))
        question.locator("input[value=right]").click()
        question.get_by_role("button", name="Check").click()
        feedback = question.locator(".quiz-feedback").inner_text()
        assert feedback.startswith("✓ Right.")
        assert "test set" in feedback

    def test_says_that_a_wrong_answer_is_wrong_and_why_that_one(self, open_page):
        question = self.question(open_page(self.PAGE))
        wrong = question.locator("input[value=wrong]")
        said = []
        for index in range(wrong.count()):
            wrong.nth(index).click()
            question.get_by_role("button", name="Check").click()
            said.append(question.locator(".quiz-feedback").inner_text())
        assert all(text.startswith("✗ Not quite.") for text in said)
        assert len(set(said)) == len(said)

    def test_forgets_its_verdict_when_another_answer_is_chosen(self, open_page):
        question = self.question(open_page(self.PAGE))
        question.locator("input[value=wrong]").first.click()
        question.get_by_role("button", name="Check").click()
        question.locator("input[value=right]").click()
        assert question.locator(".quiz-feedback").inner_text() == ""

    def test_asks_for_an_answer_first(self, open_page):
        question = self.question(open_page(self.PAGE))
        question.get_by_role("button", name="Check").click()
        assert question.locator(".quiz-feedback").inner_text() == "Choose an answer first."

    def test_can_be_answered_with_the_keyboard_alone(self, open_page):
        tab = open_page(self.PAGE)
        question = self.question(tab)
        question.locator("input").first.focus()
        for _ in range(question.locator("input").count()):  # arrows move through the answers
            if question.locator("input:checked[value=right]").count():
                break
            tab.page.keyboard.press("ArrowDown")
        tab.page.keyboard.press("Enter")
        assert question.locator(".quiz-feedback").inner_text().startswith("✓ Right.")
        tab.page.keyboard.press("Tab")
        assert tab.page.evaluate("document.activeElement.className") == "quiz-check"
        tab.page.keyboard.press("Tab")
        assert tab.page.evaluate("document.activeElement.tagName") == "SUMMARY"

    def test_counts_what_was_right(self, open_page):
        tab = open_page(self.PAGE)
        total = tab.page.locator("form.quiz .quiz-question").count()
        for number in range(total):
            question = self.question(tab, number)
            question.locator("input[value=right]").click()
            question.get_by_role("button", name="Check").click()
        assert tab.page.locator(".quiz-score").inner_text() == f"{total} of {total} right."

    def test_feedback_is_announced_to_screen_readers(self, open_page):
        feedback = self.question(open_page(self.PAGE)).locator(".quiz-feedback")
        assert feedback.get_attribute("role") == "status"
        assert feedback.get_attribute("aria-live") == "polite"

    def test_explains_itself_without_a_script(self, open_page):
        tab = open_page(self.PAGE, script=False)
        question = self.question(tab)
        assert question.get_by_role("button", name="Check").count() == 0
        question.locator("summary").click()
        assert question.locator(".quiz-explained li").first.is_visible()
