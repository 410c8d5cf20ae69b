"""Exercises stand on the site to be read, and their walkthroughs say what is true, to those who have tried."""

from __future__ import annotations

import ast
import functools
import importlib
import json
import re
import textwrap

import nbformat
import pytest

from autograder.authoring.sources import SOURCES, load
from tests.mutants import Change
from tests.site.tools import PAGES, ROOT, extension, load_tool, plain, source

EXERCISES = [path.stem for path in sorted(SOURCES.glob("[0-9][0-9]-*.py"))]
WALKTHROUGHS = [page for page in PAGES if page.startswith("walkthroughs/")]
MISTAKES = 3
CELL = load_tool("format_pages").CELL


def answers(page: str) -> list[tuple[str, bool]]:
    """Return the answers on a walkthrough in order: code, and whether it is shown as a mistake."""
    cells = [(cell["open"], cell["code"]) for cell in CELL.finditer(source(page))]
    shown = [(options, code) for options, code in cells if not re.search(r"hide-|remove-", options)]
    return [(code, "raises-exception" in options) for options, code in shown]


def essence(code: str) -> str:
    """Return code as Python reads it, without docstrings, calls of checks and prints at its end."""
    tree = ast.parse(textwrap.dedent(code))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    imports = (ast.Import, ast.ImportFrom)
    kept = [one for one in tree.body if not isinstance(one, imports)]
    return ast.dump(ast.Module([one for one in kept if not is_shown_only(one)], []))


def is_shown_only(statement: ast.stmt) -> bool:
    """Return whether a statement asks a check or prints, and is no part of an answer."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return False
    return ast.unparse(statement.value.func).startswith(("checks.", "print"))


@functools.cache
def known(exercise: str, kind: str) -> set[str]:
    """Return the essence of each answer that `tests.mutants` knows to be wrong (MUTANTS) or right (VARIANTS)."""
    assignment = load(SOURCES / f"{exercise}.py")
    reference = {cell.id: cell.source for cell in assignment.cells if cell.is_code}
    changes: list[Change] = getattr(importlib.import_module(f"tests.mutants.{assignment.module}"), kind)
    found = {essence(text) for one in changes for text in one.sources(reference).values()}
    if kind == "VARIANTS":
        found |= {essence(cell.source) for cell in assignment.cells if cell.kind == "solution"}
    return found


@pytest.mark.parametrize("page", WALKTHROUGHS)
def test_every_right_way_is_one_that_visible_and_hidden_checks_are_known_to_accept(page):
    right = known(page.removeprefix("walkthroughs/"), "VARIANTS")
    unknown = [code for code, wrong in answers(page) if not wrong and essence(code) not in right]
    assert unknown == [], "write it into tests/mutants as a Variant"


@pytest.mark.parametrize("page", WALKTHROUGHS)
def test_every_mistake_is_one_that_checks_are_known_to_notice(page):
    wrong = known(page.removeprefix("walkthroughs/"), "MUTANTS")
    shown = [code for code, mistake in answers(page) if mistake]
    assert len(shown) == MISTAKES
    assert [code for code in shown if essence(code) not in wrong] == [], "write it into tests/mutants as a Mutant"
    assert all(re.search(r"(?m)^checks\.\w+\(\)$", code) for code in shown)


@pytest.mark.parametrize("page", WALKTHROUGHS)
def test_every_step_has_two_right_ways_and_asks_every_check_of_both(page):
    assignment = load(SOURCES / f"{page.removeprefix('walkthroughs/')}.py")
    asked = [
        name for code, wrong in answers(page) if not wrong for name in re.findall(r"(?m)^checks\.(\w+)\(\)$", code)
    ]
    for cell in assignment.cells:
        if cell.kind == "check":
            assert asked.count(cell.id) >= 2, cell.id


@pytest.mark.parametrize("page", WALKTHROUGHS)
def test_nothing_of_an_answer_stands_outside_of_a_fold(page):
    """The first section says what the page is, and each other one begins with its fold."""
    for section in source(page).split("\n## ")[1:]:
        assert re.match(r"[^\n]+\n\n:::\{after-trying\} [^\n]+\n:::\n", section), section[:80]


def test_every_exercise_has_a_page_and_a_walkthrough_in_the_contents():
    assert [page for page in PAGES if page.startswith("exercises/")] == [f"exercises/{name}" for name in EXERCISES]
    assert [f"walkthroughs/{name}" for name in EXERCISES] == WALKTHROUGHS


def test_a_mistake_that_no_check_notices_is_found():
    failed = nbformat.v4.new_output("error", ename="CheckFailed", evalue="", traceback=["0 of 2 points"])
    other = nbformat.v4.new_output("error", ename="NameError", evalue="", traceback=["NameError"])
    cells = [
        nbformat.v4.new_code_cell(name, outputs=outputs, metadata={"tags": ["raises-exception"]})
        for name, outputs in (("noticed", [failed]), ("passed", []), ("does not run", [other]))
    ]
    cells.append(nbformat.v4.new_code_cell("no mistake"))
    notebook = nbformat.v4.new_notebook(cells=cells)
    assert extension().after_trying.without_failure(notebook) == ["passed", "does not run"]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_an_exercise_can_be_read_opened_and_downloaded(site, exercise):
    page = (site / "exercises" / f"{exercise}.html").read_text(encoding="utf-8")
    notebook = json.loads((ROOT / "exercises" / exercise / f"{exercise}.ipynb").read_text(encoding="utf-8"))
    texts = [line for cell in notebook["cells"] if cell["cell_type"] == "markdown" for line in cell["source"]]
    shown = re.sub(r"[`*_]", "", plain(page))
    headings = [line for number, line in enumerate(texts) if number == 0 or line.startswith("## ")]
    for heading in (line.lstrip("# ").strip() for line in headings):
        assert re.sub(r"[`*_]", "", heading) in shown, heading
    assert "YOUR CODE HERE" in page
    assert "cell_output" not in page
    assert f"colab.research.google.com/github/flowercourse/flowercourse/blob/main/exercises/{exercise}/" in page
    offered = site / "_sources" / "exercises" / f"{exercise}.ipynb"
    assert json.loads(offered.read_text(encoding="utf-8")) == notebook
    assert f'href="../_sources/exercises/{exercise}.ipynb"' in page


@pytest.mark.parametrize("page", WALKTHROUGHS)
def test_every_mistake_stands_with_what_its_check_said_when_the_page_was_built(site, page):
    notebook = nbformat.read(site / "_sources" / f"{page}.ipynb", as_version=4)
    assert extension().after_trying.without_failure(notebook) == []
    html = (site / f"{page}.html").read_text(encoding="utf-8")
    assert len(re.findall(r"✗ \w+: [\d.]+ of \d", re.sub(r"<[^>]+>", "", html))) == MISTAKES


@pytest.mark.parametrize("page", WALKTHROUGHS)
def test_search_does_not_show_answers(site, page):
    index = (site / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(index.removeprefix("Search.setIndex(").removesuffix(")"))
    number = index["docnames"].index(page)
    holding = [
        word for word, places in index["terms"].items() if number in ([places] if isinstance(places, int) else places)
    ]
    assert holding == []


@pytest.mark.browser
class TestFold:
    """What is folded away, by keyboard, and without a script."""

    PAGE = "walkthroughs/01-preprocessing"

    def test_shows_nothing_before_the_reader_says_that_she_has_tried(self, open_page):
        tab = open_page(self.PAGE)
        folds = tab.page.locator("details.after-trying")
        assert folds.count() == len(re.findall(r"\{after-trying\}", source(self.PAGE)))
        assert tab.page.locator("details.after-trying pre:visible").count() == 0
        assert tab.page.locator("article h2:visible").count() == folds.count()

    @pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
    def test_opens_by_keyboard(self, open_page, script):
        tab = open_page(self.PAGE, script=script)
        fold = tab.page.locator("details.after-trying").first
        fold.locator("summary").first.focus()
        tab.page.keyboard.press("Enter")
        assert fold.locator("pre:visible").count() >= 2
        assert "✓ parts_cover_everything_once: 2 of 2 points" in fold.inner_text()
        assert tab.page.locator("details.after-trying pre:visible").count() == fold.locator("pre:visible").count()

    def test_says_to_a_screen_reader_which_step_it_opens(self, open_page):
        tab = open_page(self.PAGE)
        names = tab.page.locator("details.after-trying > summary").all_inner_texts()
        assert names[0] == "I have tried step 1: show me"

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_is_as_accessible_unfolded(self, open_page, theme):
        from axe_playwright_python.sync_playwright import Axe

        tab = open_page(self.PAGE, theme=theme)
        tab.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        tab.page.evaluate("Promise.allSettled(document.getAnimations().map(one => one.finished))")
        violations = Axe().run(tab.page).response["violations"]
        assert [one["id"] for one in violations if one["impact"] in ("serious", "critical")] == []

    def test_fits_a_phone_unfolded(self, open_page):
        tab = open_page(self.PAGE, width=390, height=844)
        tab.page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert tab.page.evaluate("document.documentElement.scrollWidth") <= 390
