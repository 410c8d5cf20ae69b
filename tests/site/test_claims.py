"""What a page says of its figures is held against its numbers where the site is built."""

from __future__ import annotations

import re

import pytest

from tests.site.tools import LESSONS, load_tool, source

format_pages = load_tool("format_pages")


@pytest.mark.parametrize("page", LESSONS)
def test_a_page_whose_sentences_name_results_claims_them(page: str) -> None:
    assert re.search(r"(?m)^claims\.show\(", source(page))


def test_the_build_stops_where_a_page_does_not_show_what_it_claims() -> None:
    assert load_tool("site").course_environment()["FLOWERCOURSE_CLAIMS"] == "strict"


@pytest.mark.parametrize("page", LESSONS)
def test_claims_do_not_stand_between_a_reader_and_the_code_that_she_learns_from(page: str) -> None:
    assert not [cell["code"] for cell in format_pages.open_cells(source(page)) if "claims.show(" in cell["code"]]
