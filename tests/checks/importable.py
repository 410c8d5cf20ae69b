"""What learners' code can import of this project where it is graded, and all functions of it."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.checking.core import Check
from autograder.sandbox.layout import COURSE_DIR, course_layout


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
