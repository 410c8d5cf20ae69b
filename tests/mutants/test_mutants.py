"""The checks are tested: wrong solutions lose exactly their points, right ones none, and every point has both."""

from __future__ import annotations

import importlib.util

import pytest

from autograder.authoring import sources
from autograder.grading.data import ready_data
from tests.mutants.__main__ import run

pytestmark = pytest.mark.notebook

ASSIGNMENTS = sources.names()


@pytest.fixture(scope="module")
def data() -> None:
    """Have data and features ready: making them may take longer than a cell is given."""
    ready_data()


@pytest.mark.timeout(1800)
@pytest.mark.usefixtures("data")
@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_every_mutant_loses_exactly_its_points_and_every_variant_keeps_all(name):
    module = name.partition("-")[2].replace("-", "_")
    assert importlib.util.find_spec(f"tests.mutants.{module}"), f"tests/mutants/{module}.py is missing"
    table = run(name)
    assert not table.problems(), "\n".join(table.problems())
    assert table.killed() == len(table.mutants())
