"""The examples in docstrings of the reference pipeline do what they say."""

from __future__ import annotations

import doctest
import importlib

import pytest

MODULES = (
    "flowercourse.style",
    "solutions.evaluation.comparison",
    "solutions.evaluation.diagnosis",
    "solutions.evaluation.histories",
    "solutions.evaluation.intervals",
    "solutions.evaluation.predictions",
    "solutions.pipeline.report",
    "solutions.pipeline.results",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0
    assert result.failed == 0
