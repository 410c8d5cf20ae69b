"""Examples in the docstrings of the site's tools give what they say."""

from __future__ import annotations

import doctest

import pytest

from tests.site.tools import extension, load_tool

MODULES = [
    load_tool("check_site"),
    extension().exercise,
    extension().notebook,
    extension().docstrings,
    extension().data,
]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_examples_hold(module):
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0
