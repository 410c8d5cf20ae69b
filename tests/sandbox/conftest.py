"""A cage for each isolation that is tried, shared by the tests of a module."""

from __future__ import annotations

import shutil

import pytest

from autograder.sandbox.cage import Cage
from autograder.sandbox.layout import course_layout
from autograder.sandbox.limits import Limits

LIMITS = Limits(
    cell_timeout_s=20, call_timeout_s=10, interrupt_grace_s=1, memory_mb=768, processes=48, disk_mb=16, files=300
)


@pytest.fixture(scope="module", params=["bubblewrap", "unshare"])
def cage(request):
    """A cage without TensorFlow."""
    if request.param == "bubblewrap" and shutil.which("bwrap") is None:
        pytest.skip("bubblewrap is not installed")
    with Cage(request.param, course_layout(), preload=()) as cage:
        yield cage


@pytest.fixture
def kernel(cage):
    """A fresh kernel."""
    with cage.open(LIMITS) as kernel:
        yield kernel
