"""What a worker may take while it judges: a bound for the process, and what follows for a point."""

from __future__ import annotations

import resource

import numpy as np
import pytest

from autograder.checking.core import check, run_check
from autograder.checking.values import Array
from autograder.conversation.session import LocalSession
from autograder.grading import memory


def test_an_allocation_beyond_the_bound_fails_and_the_bound_is_gone_afterwards():
    before = resource.getrlimit(resource.RLIMIT_DATA)
    with memory.at_most(512 * 2**20):
        np.ones(16 * 2**20)  # 128 MiB
        with pytest.raises(MemoryError):
            np.empty(2**30)
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert len(np.empty(2**28))


@check(points=1)
def too_much_is_made_of_it(answer: Array):
    """The answer is small."""
    np.empty(len(answer) * 2**30)


def test_memory_that_an_answer_takes_costs_its_point_and_is_no_error():
    with memory.at_most(512 * 2**20):
        result = run_check(too_much_is_made_of_it, LocalSession({"answer": np.zeros(3)}), seed=1)
    assert (result.status, result.score) == ("failed", 0)
    assert "ordinary size" in result.message
