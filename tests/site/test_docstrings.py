"""The reference is made from docstrings that are written as plain text."""

from __future__ import annotations

import pytest

from tests.site.tools import extension

docstrings = extension().docstrings


@pytest.mark.parametrize(
    ("written", "escaped"),
    [
        ("|found - expected| <= 3", r"\|found - expected\| <= 3"),
        ("2 * 3 and `a * b`", r"2 \* 3 and `a * b`"),
        ("``x | y`` or |z|", r"``x | y`` or \|z\|"),
        ("name_ and snake_case", r"name\_ and snake_case"),
        ("plain text", "plain text"),
    ],
)
def test_marks_outside_backticks_are_text(written, escaped):
    assert docstrings.escape([written]) == [escaped]


def test_examples_and_code_blocks_stay_as_they_are():
    lines = [">>> 2 * 3", "6 | 7", "", "a * b", "Code::", "", "    x * y", "", "    |z|", "after * it"]
    assert docstrings.escape(lines) == [*lines[:3], r"a \* b", *lines[4:9], r"after \* it"]


def test_an_indented_passage_of_its_own_is_code():
    lines = [
        "Use it so.",
        "",
        "    a = b | c",
        "    d = a",
        "",
        "    e = d",
        "",
        "Args:",
        "    x: a number",
        "",
        "    more",
    ]
    marked = docstrings.mark_code(lines)
    assert marked == [*lines[:2], "::", "", *lines[2:]]
    assert docstrings.escape(marked)[4] == "    a = b | c"


@pytest.mark.parametrize(
    "lines",
    [
        ["Text.", "", "- an item", "", "    that goes on"],
        ["Text::", "", "    code"],
        ["Returns:", "    a number", "", "    and more of it"],
    ],
)
def test_lists_sections_and_marked_code_are_left_alone(lines):
    assert docstrings.mark_code(lines) == lines
