"""One thing has one name: what learners look at is a picture, in lessons, exercises and in the titles of points."""

from __future__ import annotations

import importlib
import pkgutil
import re

import nbformat
import pytest

import autograder.checks
from autograder.checking.core import Check
from tests.site.tools import PAGES, ROOT, source

FIXED_TERM = re.compile(
    r"(?i)\bimage (sizes?|files?|formats?|classifi\w+|networks?|programs?)\b|\b(mirror|Docker|container) images?\b"
)
NOT_PROSE = re.compile(r"(?ms)\A---\n.*?\n---\n|^(```+)(?!\{glossary).*?^\1 *$|`[^`]*`|\]\([^)]*\)")
EXERCISES = sorted((ROOT / "exercises").glob("*/*.ipynb"))


def other_word(text: str) -> list[str]:
    """Return the places where prose says "image", outside of names in code and of fixed terms."""
    text = FIXED_TERM.sub("", NOT_PROSE.sub("", text))
    return [text[max(0, found.start() - 40) : found.end() + 20] for found in re.finditer(r"(?i)\bimages?\b", text)]


@pytest.mark.parametrize("page", PAGES)
def test_pages_say_picture(page: str) -> None:
    assert other_word(source(page)) == []


@pytest.mark.parametrize("path", EXERCISES, ids=lambda path: path.stem)
def test_exercises_say_picture(path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    assert [place for cell in cells if cell.cell_type == "markdown" for place in other_word(cell.source)] == []


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(autograder.checks.__path__)])
def test_titles_of_points_say_picture(name: str) -> None:
    module = importlib.import_module(f"autograder.checks.{name}")
    titles = [value.title for value in vars(module).values() if isinstance(value, Check)]
    assert titles
    assert [place for title in titles for place in other_word(title)] == []


def test_fixed_terms_and_names_in_code_may_stay() -> None:
    assert other_word("An image file of 3 kB, `image / 255`, a mirror image.") == []
    assert other_word("Look at the image.") != []
