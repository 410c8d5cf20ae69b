"""Every lesson has the parts that readers were promised."""

from __future__ import annotations

import re

import nbformat
import pytest

from tests.site.tools import LESSONS, PAGES, ROOT, extension, load_tool, source

quiz = extension().quiz
format_pages = load_tool("format_pages")
QUIZ = re.compile(r"(?ms)^:::\{quiz\}\n(.*?)^:::$")


def prose(text: str) -> str:
    """Return what a page says in words: no header, no code."""
    text = re.sub(r"(?s)\A---\n.*?\n---\n", "", text)
    return re.sub(r"(?ms)^```.*?^```$", "", text)


@pytest.mark.parametrize("lesson", LESSONS)
def test_says_what_one_will_be_able_to_do_sums_up_and_points_to_its_exercise(lesson):
    text = source(lesson)
    headings = re.findall(r"(?m)^## (.*)$", text)
    assert headings[0] == "What you will be able to do"
    assert {"Summary", "Quiz"} <= set(headings)


@pytest.mark.parametrize("lesson", ["index", "setup", *LESSONS])
def test_has_a_quiz_of_five_questions_or_more(lesson):
    questions = [question for content in QUIZ.findall(source(lesson)) for question in quiz.parse(content)]
    assert len(questions) >= 5
    assert len({question.text for question in questions}) == len(questions)


@pytest.mark.parametrize("lesson", LESSONS)
def test_has_the_length_of_a_lesson(lesson):
    assert 1200 <= len(prose(source(lesson)).split()) <= 3000


@pytest.mark.parametrize("lesson", LESSONS)
def test_makes_figures_and_names_its_data(lesson):
    text = source(lesson)
    assert text.count("    alt: ") >= 1
    assert re.search(r"\{\w*(data|dataset)\w*\.name\}", text), "say which data set the numbers belong to"


@pytest.mark.parametrize("page", PAGES)
def test_code_fits_into_the_column(page):
    text = source(page)
    assert format_pages.long_lines(text) == []
    assert format_pages.format_page(text) == text, "run: python build_tools/format_pages.py"


@pytest.mark.parametrize("page", PAGES)
def test_pages_import_nothing_of_the_instructors_side(page):
    code = "\n".join(cell["code"] for cell in format_pages.CELL.finditer(source(page)))
    if page.startswith("walkthroughs/"):  # these show what the checks say, which learners have too
        code = re.sub(r"(?m)^from autograder\.checks import \w+ as checks$", "", code)
    assert not re.search(r"(?m)^\s*(import|from) (solutions|autograder)", code)


@pytest.mark.parametrize("lesson", LESSONS)
def test_can_be_downloaded_as_a_notebook_with_its_results(site, lesson):
    notebook = nbformat.read(site / "_sources" / f"{lesson}.ipynb", as_version=4)
    nbformat.validate(notebook)
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    assert f'href="_sources/{lesson}.ipynb"' in (site / f"{lesson}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_tells_nothing_of_the_machine_that_built_it(site, page):
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    assert str(ROOT) not in text
