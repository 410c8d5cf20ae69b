"""What learners' code can import of this project where it is graded, and all functions of it.

    python -m tests.checks.importable FILE

gives each of them as an answer to every check that asks for functions, and writes which of them gave points. They are
called with whatever the checks have, small numbers that are a descriptor's among them: run it as a process of its own.
"""

from __future__ import annotations

import ast
import contextvars
import functools
import importlib
import inspect
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.authoring.sources import load_all
from autograder.checking.core import Check, run_check
from autograder.conversation.session import LocalSession
from autograder.sandbox.layout import COURSE_DIR, course_layout

# They fetch, draw and keep whole data sets and networks, or are commands and system calls: not to be called with
# whatever comes, and of no exercise's kind.
NOT_TRIED = ("autograder.sandbox", "flowercourse.backbones", "flowercourse.cli", "flowercourse.datasets")
NOT_TRIED += ("flowercourse.mini_flowers", "flowercourse.network", "flowercourse.paths", "flowercourse.sharing")
NOT_TRIED += ("flowercourse.startup", "flowercourse.environment", "flowercourse.progress")


def modules() -> list[str]:
    """Return the names of all modules of this project that are in a cage."""
    found = []
    for outside, inside in course_layout().binds:
        if not inside.startswith(f"{COURSE_DIR}/"):
            continue
        path, place = Path(outside), Path(inside).relative_to(COURSE_DIR)
        files = (
            [(path, place)] if path.is_file() else [(one, place / one.relative_to(path)) for one in path.rglob("*.py")]
        )
        found += [".".join(name.with_suffix("").parts).removesuffix(".__init__") for _, name in files]
    return sorted(found)


def functions(names: list[str]) -> dict[str, Callable[..., Any]]:
    """Return all functions, classes, class methods and static methods that these modules define, private ones too."""
    found: dict[str, Callable[..., Any]] = {}
    for name in names:
        for key, value in vars(importlib.import_module(name)).items():
            if not callable(value) or isinstance(value, Check) or getattr(value, "__module__", "") != name:
                continue
            found[f"{name}.{key}"] = value
            made = vars(value).items() if inspect.isclass(value) else ()
            found |= {
                f"{name}.{key}.{one}": getattr(value, one)
                for one, method in made
                if isinstance(method, staticmethod | classmethod)
            }
    return found


def takes(function: Callable[..., Any], count: int) -> bool:
    """Say whether a function can be called with so many values."""
    try:
        inspect.signature(function).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


@functools.cache
def tried() -> dict[str, Callable[..., Any]]:
    """Return the functions that are given as answers, by name."""
    return functions([name for name in modules() if not name.startswith(NOT_TRIED)])


@functools.cache
def checks_of_functions() -> dict[str, tuple[Check, dict[str, int]]]:
    """Return the checks that ask for functions only, and how many values each of these functions takes."""
    found: dict[str, tuple[Check, dict[str, int]]] = {}
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
                found[cell.id] = check, {name: takes_so_many[name] for name in wanted}
    return found


def giving_points(check: Check, wanted: dict[str, int]) -> list[str]:
    """Return the names of the functions that get points of a check."""
    gave = []
    for name, function in tried().items():
        answers = {one: _apart(function) for one, count in wanted.items() if takes(function, count)}
        if answers and run_check(check, LocalSession(answers, timeout_s=2), seed=3).score:
            gave.append(name)
    return gave


def _apart(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that knows nothing of the check that calls it, as in a process of its own."""

    def called(*values: Any, **named: Any) -> Any:
        return contextvars.Context().run(function, *values, **named)

    return called


if __name__ == "__main__":
    points = {name: giving_points(*one) for name, one in checks_of_functions().items()}
    Path(sys.argv[1]).write_text(json.dumps(points))
