"""No function that learners' code can import, private ones included, answers a question of an exercise."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from tests.checks.importable import checks_of_functions, modules, tried
from tests.conftest import ROOT

# What of the autograder is in a cage, and why. A new module gets there only by being named here, with its functions
# tried below.
IN_THE_CAGE = {
    "autograder": "the package; it holds nothing",
    "autograder.checking": "check cells import it; it judges answers and must compute none",
    **dict.fromkeys(
        (
            f"autograder.checking.{name}"
            for name in (
                *("arguments", "cells", "chance", "core", "expect", "heads", "messages", "numbers", "patterns"),
                *("quoting", "reference", "secret_pictures", "tracing", "values", "values_keras"),
            )
        ),
        "a part of the language of checks",
    ),
    "autograder.checks": "the visible checks, which learners read",
    **dict.fromkeys(
        (
            f"autograder.checks.{name}"
            for name in ("capstone", "inception_v3", "learning_curves", "mobilenet_v2", "predictions", "preprocessing")
        ),
        "an exercise's visible checks",
    ),
    "autograder.conversation": "the agent answers the grader's questions there",
    **dict.fromkeys(
        (
            f"autograder.conversation.{name}"
            for name in (
                *("agent", "agent.batches", "agent.construct", "agent.figures", "agent.models", "agent.plain"),
                *("protocol", "session"),
            )
        ),
        "a part of what passes between the two sides; it turns values into plain data",
    ),
    "autograder.sandbox": "the part of the sandbox that works inside",
    **dict.fromkeys(
        (f"autograder.sandbox.{name}" for name in ("inner", "kernel", "landlock", "linux", "zygote")),
        "system calls and the kernel; nothing of an exercise",
    ),
}


def test_what_is_in_the_cage_is_there_for_a_reason():
    ours = [name for name in modules() if not name.startswith("flowercourse")]  # the library, which notebooks import
    assert sorted(ours) == sorted(IN_THE_CAGE)


def test_most_points_for_functions_are_tried():
    assert len(checks_of_functions()) > 20
    assert len(tried()) > 200


@pytest.fixture(scope="module")
def points(tmp_path_factory) -> dict[str, list[str]]:
    """Try all functions in a process of their own: there they may close, lock up and read whatever they like."""
    place = tmp_path_factory.mktemp("importable")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "ignore", "-m", "tests.checks.importable", "points.json"]
    subprocess.run(command, check=True, cwd=place, env=environment, stdin=subprocess.DEVNULL)
    return json.loads((place / "points.json").read_text())


@pytest.mark.notebook
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("check", checks_of_functions())
def test_no_function_that_can_be_imported_answers(points, check):
    assert points[check] == []
