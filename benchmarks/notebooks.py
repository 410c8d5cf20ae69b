"""How long does each reference notebook take, from starting its kernel to its last check?

    python -m benchmarks.notebooks [ASSIGNMENT ...] [--rounds N]

Runs the instructor's notebook of every exercise, solutions, visible and hidden checks included, each in a kernel of its
own, with the embedded data set. Data, backbones and features are prepared before the clock starts. Limits on 2 cores:
60 seconds, and 120 for 03-inception-v3; the exit status is 1 where a median is above. Also prints how long the slowest
check keeps a learner waiting.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass

from flowercourse.startup import DEFAULTS

LIMIT_S = 60.0
LIMITS_S = {"03-inception-v3": 120.0}
SETTINGS = {
    "FLOWERCOURSE_DATASET": "mini_flowers",
    "FLOWERCOURSE_OFFLINE": "1",
    "FLOWERCOURSE_UNTRAINED": "1",
    "MPLBACKEND": "Agg",
    **DEFAULTS,
}


@dataclass(frozen=True)
class Run:
    """One run of a notebook: seconds in all, and of the slowest check with its name."""

    seconds: float
    slowest_s: float
    slowest: str


def prepare() -> None:
    """Have data, backbones and features in the cache."""
    from flowercourse import features

    for backbone in ("mobilenet_v2", "inception_v3"):
        found = features.extract(backbone, untrained=True)
        print(f"{found.dataset.name}, {found.backbone.label}: {len(found.y)} images", flush=True)


def run(name: str) -> Run:
    """Run one reference notebook in a new kernel.

    Raises:
        nbclient.exceptions.CellExecutionError: a cell raised, a check among them.
    """
    import nbformat
    from nbclient import NotebookClient

    from autograder.authoring.notebooks import dumps, instructor_notebook
    from autograder.authoring.sources import SOURCES, load

    assignment = load(SOURCES / f"{name}.py")
    notebook = nbformat.reads(dumps(instructor_notebook(assignment)), as_version=4)
    checks = {cell.id for cell in assignment.cells if cell.kind == "check"}
    began: dict[str, float] = {}
    took: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": folder}},
            on_cell_execute=lambda cell, cell_index: began.update({cell["id"]: time.perf_counter()}),
            on_cell_executed=lambda cell, cell_index, execute_reply: took.update(
                {cell["id"]: time.perf_counter() - began[cell["id"]]}
            ),
        )
        started = time.perf_counter()
        client.execute()
        seconds = time.perf_counter() - started
    slowest = max(checks & took.keys(), key=took.__getitem__)
    return Run(seconds, took[slowest], slowest)


def main() -> int:
    """Measure, print, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="parts of names; all where there are none")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each notebook, of which the median counts")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON at the end")
    options = parser.parse_args()
    os.environ.update(SETTINGS)

    from autograder.authoring.sources import SOURCES

    prepare()
    late, figures = False, {}
    for path in sorted(SOURCES.glob("[0-9][0-9]-*.py")):
        name = path.stem
        if options.names and not any(part in name for part in options.names):
            continue
        runs = [run(name) for _ in range(options.rounds)]
        seconds, limit = statistics.median(one.seconds for one in runs), LIMITS_S.get(name, LIMIT_S)
        slowest = max(runs, key=lambda one: one.slowest_s)
        late |= seconds > limit
        figures[name] = seconds
        verdict = "" if seconds <= limit else "   TOO SLOW"
        check = f"slowest check {slowest.slowest} {slowest.slowest_s:.1f} s"
        print(f"{name:20} {seconds:6.1f} s (limit {limit:.0f} s), {check}{verdict}", flush=True)
    if options.json:
        print(json.dumps(figures))
    return int(late)


if __name__ == "__main__":
    sys.exit(main())
