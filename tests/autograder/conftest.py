"""A course with one tiny assignment, and helpers that hand things in."""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.notebooks import Assignment, dumps, learner_notebook
from autograder.authoring.sources import load
from autograder.commands import learner as cli

SOURCE = '''\
# %% [markdown]
# # Adding numbers
#
# You will write a function. See {repository}.

# %% locked="setup"
import math

from autograder.checks import tiny as checks

# %% [markdown]
# ## Step 1
# Write `add`.

# %% solution="add"
def add(a, b):
    """Return the sum of `a` and `b`."""
    ### BEGIN SOLUTION
    the_sum_of_both_numbers = a + b
    return the_sum_of_both_numbers
    ### END SOLUTION

# %%
# Try it here.
add(1, 2)

# %% check="adds" points=2
checks.adds()
### BEGIN HIDDEN TESTS
from solutions.hidden_checks import tiny as hidden

hidden.adds()
### END HIDDEN TESTS

# %% solution="double"
### BEGIN SOLUTION
def double(a):
    return add(a, a)
### END SOLUTION

# %% check="doubles" points=3
checks.doubles()

# %% [markdown]
# ## Step 2
# In your own words.

# %% [markdown] solution="thoughts" points=5
### BEGIN SOLUTION
# Adding is commutative.
### END SOLUTION
'''

CHECKS = '''\
from autograder.checking.core import check


@check(points=2)
def adds():
    """`add` adds."""


@check(points=3)
def doubles():
    """`double` doubles."""
'''


@pytest.fixture(scope="session")
def course(tmp_path_factory) -> Path:
    """Return the root of a course with the assignment 01-tiny."""
    root = tmp_path_factory.mktemp("course")
    for path, text in {
        "solutions/notebooks/01-tiny.py": SOURCE,
        "autograder/checks/tiny.py": CHECKS,
        "solutions/hidden_checks/tiny.py": CHECKS,
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture(scope="session")
def tiny(course) -> Assignment:
    """Return the assignment 01-tiny."""
    return load(course / "solutions/notebooks/01-tiny.py")


@pytest.fixture
def exercise(tiny) -> dict[str, Any]:
    """Return the learners' notebook of 01-tiny, for changing."""
    return copy.deepcopy(learner_notebook(tiny))


@pytest.fixture
def submitted(tmp_path) -> Path:
    """Return an empty folder for submissions."""
    folder = tmp_path / "submitted"
    folder.mkdir()
    return folder


@pytest.fixture
def hand_in(submitted) -> Callable[..., Path]:
    """Return a function that hands in a notebook (or any text or bytes) and returns the file's path."""

    def put(what: Any, student: str = "learner-01", name: str = "01-tiny.ipynb", assignment: str = "01-tiny") -> Path:
        path = submitted / student / assignment / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, dict):
            what = dumps(what) if all(isinstance(cell, dict) for cell in what.get("cells", ())) else json.dumps(what)
        path.write_bytes(what if isinstance(what, bytes) else what.encode("utf-8", "surrogatepass"))
        return path

    return put


@pytest.fixture
def autograder(monkeypatch, capsys):
    """Return a function that runs the command line and returns exit status, output and errors."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["autograder", *map(str, arguments)])
        try:
            cli.main()
            status = 0
        except SystemExit as exit_:
            status = exit_.code or 0
        out, err = capsys.readouterr()
        return status, out, err

    return run


def cell_of(notebook: dict[str, Any], cell_id: str) -> dict[str, Any]:
    """Return the cell with this id."""
    return next(cell for cell in notebook["cells"] if cell["id"] == cell_id)
