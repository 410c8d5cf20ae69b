"""Which engine grades: one of this machine, or a cluster. Here alone both are named."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from autograder.authoring.course import Course
from autograder.grading.data import Ready
from autograder.grading.engine import Engine, Scheduler
from autograder.grading.pool import Pool
from autograder.grading.worker import Setup
from autograder.sandbox.launch import Isolation
from autograder.sandbox.limits import Limits
from flowercourse.environment import share_of_processors

EVERYWHERE = ("FLOWERCOURSE_DATASET", "FLOWERCOURSE_UNTRAINED")
"""Variables that hold for every machine; where the data lies is each machine's own affair."""


@dataclass(frozen=True)
class Wishes:
    """What was asked for, and holds wherever it is graded.

    Attributes:
        isolation: the isolation in force; for a cluster also `auto`.
        limits: what a submission may use.
        course: the assignments and their checks.
        secret: folders that must stay unseen even below one that is shown.
        preload: modules that the zygote imports.
    """

    isolation: str
    limits: Limits
    course: Course
    secret: tuple[Path, ...]
    preload: tuple[str, ...]


def on_this_machine(jobs: int, wishes: Wishes, ready: Ready) -> Engine:
    """Return an engine that grades so many submissions at once here."""
    environment = tuple((share_of_processors(jobs) | dict(ready.environment)).items())
    in_force = cast(Isolation, wishes.isolation)
    return Pool(Setup(wishes.course, in_force, wishes.limits, wishes.secret, wishes.preload, environment), jobs)


def on_cluster(scheduler: Scheduler, wishes: Wishes, ready: Ready) -> Engine:
    """Return an engine that grades on the workers of a cluster."""
    from autograder.grading.cluster import Cluster  # so that nobody else needs Dask
    from autograder.grading.remote import Plan

    plan = Plan(
        run=secrets.token_hex(8),
        course=wishes.course,
        limits=wishes.limits,
        isolation=wishes.isolation,
        secret=wishes.secret,
        preload=wishes.preload,
        data={name: ready.environment[name] for name in EVERYWHERE if name in ready.environment},
        features=tuple(Path(path).name for path in ready.features.values()),
    )
    return Cluster(scheduler, plan, ready)
