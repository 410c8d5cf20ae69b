"""Prints the table of mutants: `python -m tests.mutants [ASSIGNMENT ...]`. Two assignments at a time, one a process."""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from autograder.authoring import sources
from autograder.grading.data import ready_data
from flowercourse.environment import share_of_processors
from tests.mutants.table import Row, Table, table_of

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run what the command line asks for; return the exit status."""
    from tests import conftest  # noqa: F401  sets the environment, as for every test

    arguments = _arguments()
    if arguments.worker:
        table = table_of(arguments.worker, full=arguments.full, only=arguments.only, progress=_say)
        print(json.dumps(asdict(table)))
        return 0
    names = sources.names()
    chosen = [name for name in names if not arguments.names or any(one in name for one in arguments.names)]
    ready_data()  # drawing pictures and computing features may take longer than a cell is given
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        tables = list(pool.map(lambda name: run(name, full=arguments.full, only=arguments.only), chosen))
    problems = [problem for table in tables for problem in table.problems(whole=not arguments.only)]
    for table in tables:
        print(table.text(), end="\n\n")
    killed, total = sum(table.killed() for table in tables), sum(len(table.mutants()) for table in tables)
    print(f"kill rate over all: {killed} of {total} mutants ({killed / max(total, 1):.0%})")
    for problem in problems:
        print(f"- {problem}")
    return int(bool(problems))


def run(name: str, *, full: bool = False, only: str = "") -> Table:
    """Return an assignment's table, made in a process of its own; data and features must be ready (`ready_data`).

    Raises:
        RuntimeError: the process failed; with what it said.
    """
    command = [sys.executable, "-m", "tests.mutants", "--worker", name, "--only", only, *(["--full"] if full else [])]
    environment = os.environ | share_of_processors(2)  # two assignments at a time, here and in the tests
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise RuntimeError(f"the mutants of {name} could not be run:\n{done.stderr[-3000:]}")
    data = json.loads(done.stdout.splitlines()[-1])
    return Table(**{**data, "rows": [Row(**row) for row in data["rows"]]})


def _say(row: Row) -> None:
    print(f"{row.seconds:6.1f} s  {row.kind} {row.name} {row.lost}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="all where none is named")
    parser.add_argument("--full", action="store_true", help="run every notebook from its beginning (slow)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only changes whose name contains this text")
    parser.add_argument("--jobs", type=int, default=2, help="assignments at once (default: 2)")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
