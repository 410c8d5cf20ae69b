"""No function that learners' code can import, private ones included, answers a question of an exercise."""

from __future__ import annotations

import ast
import contextvars
import functools
import importlib
import inspect

import pytest

from autograder.authoring.sources import load_all
from autograder.checking.core import Check, run_check
from autograder.conversation.session import LocalSession
from tests.checks.importable import functions, modules, takes

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
# They fetch, draw and keep whole data sets and networks, or are commands and system calls: not to be called with
# whatever comes, and of no exercise's kind.
NOT_TRIED = ("autograder.sandbox", "flowercourse.backbones", "flowercourse.cli", "flowercourse.datasets")
NOT_TRIED += ("flowercourse.mini_flowers", "flowercourse.network", "flowercourse.paths", "flowercourse.sharing")
NOT_TRIED += ("flowercourse.startup", "flowercourse.environment", "flowercourse.progress")


def _checks_of_functions():
    """Yield the checks that ask for functions only: name, check, and how many values each function takes."""
    for assignment in load_all().values():
        asked = importlib.import_module(f"autograder.checks.{assignment.module}")
        takes_so_many = {
            node.name: len(node.args.args)
            for cell in assignment.cells
            if cell.kind == "solution"
            for node in ast.walk(ast.parse(cell.source))
            if isinstance(node, ast.FunctionDef)
        }
        for cell in assignment.cells:
            check = getattr(asked, cell.id, None)
            if not isinstance(check, Check):
                continue
            wanted = [name for name in inspect.signature(check.function).parameters if name not in ("rng", "reference")]
            if all(name in takes_so_many for name in wanted):
                yield pytest.param(check, {name: takes_so_many[name] for name in wanted}, id=cell.id)


CHECKS = list(_checks_of_functions())


def _apart(function):
    """Return a function that knows nothing of the check that calls it, as in a process of its own."""

    def called(*values, **named):
        return contextvars.Context().run(function, *values, **named)

    return called


@functools.cache
def _tried():
    return functions([name for name in modules() if not name.startswith(NOT_TRIED)])


def test_what_is_in_the_cage_is_there_for_a_reason():
    ours = [name for name in modules() if not name.startswith("flowercourse")]  # the library, which notebooks import
    assert sorted(ours) == sorted(IN_THE_CAGE)


def test_most_points_for_functions_are_tried():
    assert len(CHECKS) > 20
    assert len(_tried()) > 200


@pytest.mark.notebook
@pytest.mark.filterwarnings("ignore")  # of functions that are called with what they are not made for
@pytest.mark.parametrize(("check", "wanted"), CHECKS)
def test_no_function_that_can_be_imported_answers(check, wanted):
    gave_points = []
    for name, function in _tried().items():
        answers = {one: _apart(function) for one, count in wanted.items() if takes(function, count)}
        if answers and run_check(check, LocalSession(answers, timeout_s=2), seed=3).score:
            gave_points.append(name)
    assert gave_points == []
