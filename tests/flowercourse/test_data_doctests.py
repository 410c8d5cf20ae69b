"""The examples in the docstrings of errors, splits and network are right."""

from __future__ import annotations

import doctest

import pytest

from flowercourse import errors, network, splits


@pytest.mark.parametrize("module", [errors, network, splits], ids=lambda module: module.__name__)
def test_examples_in_docstrings_are_right(module):
    failed, tried = doctest.testmod(module)
    assert tried > 0
    assert failed == 0
