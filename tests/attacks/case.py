"""One attack or accident: what is handed in, what it deserves, and what to look for afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from tests.attacks.course import NAME, as_bytes, notebook

PLACE = "{paths!r}"
"""Stands in a notebook's code for the list of paths that it must not reach; filled in when it is handed in."""


class Kind(Enum):
    """What to look for besides the score."""

    POINTS = "points"
    SECRETS = "secrets"
    SCRIPT = "script"
    BROKEN = "broken"


@dataclass(frozen=True)
class Case:
    """A submission.

    Attributes:
        name: what it is called.
        aim: what it tries, or what is wrong with it.
        hand_in: writes it into a student's folder; gets the folder and the paths that nobody inside may reach.
        deserves: the points it should get.
        status: the statuses that are honest about it.
        kind: what to look for.
        message: what the message in grades.csv must contain, in small letters.
        student: the folder's name, if it matters.
    """

    name: str
    aim: str
    hand_in: Callable[[Path, list[str]], None]
    deserves: float
    status: frozenset[str] = frozenset({"graded"})
    kind: Kind = Kind.POINTS
    message: str = ""
    student: str = ""
    settings: dict[str, float] = field(default_factory=dict)


def notebook_case(
    name: str,
    aim: str,
    made: dict,
    *,
    deserves: float,
    status: set[str] | None = None,
    kind: Kind = Kind.POINTS,
    message: str = "",
    student: str = "",
) -> Case:
    """Return a case that hands in this notebook."""

    def hand_in(folder: Path, paths: list[str]) -> None:
        cells = [{**cell, "source": cell["source"].replace(PLACE, repr(paths))} for cell in made["cells"]]
        write(folder, as_bytes({**made, "cells": cells}))

    return Case(name, aim, hand_in, deserves, frozenset(status or {"graded"}), kind, message, student)


def secrets_case(name: str, aim: str, code: str) -> Case:
    """Return a case with honest answers whose added cell prints what it can find out."""
    code = code.replace("{paths[0]}", "nothing").replace("{paths!r}", PLACE)
    return notebook_case(name, aim, notebook(added=code.replace("paths[0]", "'x'")), deserves=6, kind=Kind.SECRETS)


def bytes_case(name: str, aim: str, data: bytes, **settings: object) -> Case:
    """Return a broken case that hands in these bytes as a notebook."""
    settings = {"deserves": 0.0, "status": frozenset({"rejected"}), "kind": Kind.BROKEN, **settings}
    return Case(name, aim, lambda folder, paths: write(folder, data), **settings)  # type: ignore[arg-type]


def write(folder: Path, data: bytes, name: str = f"{NAME}.ipynb") -> None:
    """Hand in a file."""
    (folder / NAME).mkdir(parents=True, exist_ok=True)
    (folder / NAME / name).write_bytes(data)
