"""Run the main job, from data to graded class and built site, and end by saying what was made and where.

    python build_tools/course.py [--epochs 6]

Each step is a command that can be run alone. When data, weights and features are there, the class is graded while the
report and the site are made.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
REPORT = BUILD / "report"
CLASS = BUILD / "sample_class"
GRADES = CLASS / "graded"
BIN = Path(sys.executable).parent

# The course is built on any machine: where trained weights of a backbone cannot be had, untrained ones take their place
# and are marked so in every figure and report.
ENVIRONMENT = os.environ | {
    "FLOWERCOURSE_CACHE": os.environ.get("FLOWERCOURSE_CACHE", str(BUILD / "cache")),
    "FLOWERCOURSE_UNTRAINED": "1",
    "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
}


class Failed(Exception):
    """A step of the main job failed; the message says which, and how to run it alone."""


@dataclass(frozen=True)
class Step:
    """One step of the main job: what it does, in words, and the command that does it."""

    title: str
    command: list[str]


PREPARE = Step("Prepare data, backbones and features", [str(BIN / "flowercourse"), "prepare", "--features"])


def class_steps() -> list[Step]:
    """Return the steps from the solutions to the graded sample class."""
    autograder = str(BIN / "autograder")
    sample_class = [sys.executable, "-m", "solutions.sample_class"]
    return [
        Step("Generate the exercises from the solutions", [autograder, "build"]),
        Step("Make the sample class", [*sample_class, "--out", str(CLASS / "submitted")]),
        Step("Grade the sample class", [autograder, "grade", str(CLASS / "submitted"), "--out", str(GRADES)]),
        Step("Compare the grades with what they must be", [*sample_class, "--compare", str(GRADES / "grades.csv")]),
    ]


def reading_steps(epochs: int) -> list[Step]:
    """Return the steps that make what is read: the reference pipeline's report, and the site."""
    python = sys.executable
    return [
        Step(
            "Run the reference pipeline on both backbones",
            [python, "-m", "solutions.pipeline", "--backbone", "mobilenet_v2", "inception_v3"]
            + ["--epochs", str(epochs), "--seed", "0", "--out", str(REPORT)],
        ),
        Step("Build the site", [python, "build_tools/site.py"]),
    ]


def run(step: Step, output: IO[str] | None = None) -> float:
    """Run one step.

    Args:
        step: the step.
        output: where it writes what it says; None means to the terminal.

    Returns:
        The seconds it took.

    Raises:
        Failed: its exit status was not 0.
    """
    print(f"\n== {step.title}", file=output, flush=True)
    if output is not None:
        say_beside(f"Meanwhile: {step.title} ...")
    started = time.monotonic()
    options = {"stdout": output, "stderr": output, "cwd": ROOT, "env": ENVIRONMENT, "check": False}
    status = subprocess.run(step.command, **options).returncode
    if status:
        raise Failed(
            f"{step.title}: failed with status {status}. Its message stands above. Run this step alone with\n"
            f"  {shlex.join(step.command)}"
        )
    taken = time.monotonic() - started
    print(f"-- {step.title}: done in {taken:.1f} s", file=output, flush=True)
    if output is not None:
        say_beside(f"Meanwhile: {step.title}: done in {taken:.1f} s")
    return taken


def say_beside(line: str) -> None:
    """Print a line while another step may have a progress bar on the terminal: the bar goes on in the next line."""
    print(f"\r\x1b[K{line}" if sys.stdout.isatty() else line, flush=True)


def run_all(steps: list[Step], output: IO[str] | None = None) -> list[tuple[str, float]]:
    """Run steps one after the other, to the first that fails; return each one's title and seconds."""
    return [(step.title, run(step, output)) for step in steps]


def run_both(shown: list[Step], held: list[Step]) -> list[tuple[str, float]]:
    """Run two rows of steps at the same time, and show what the second one says when both have ended.

    Neither keeps all processors busy alone: Sphinx, for one, uses a single one.

    Raises:
        Failed: a step of either row failed; the other row was run to its end.
    """
    print("\nTwo rows of steps now run at once. What the second one says is shown when both are done:")
    for name, row in (("first", shown), ("second", held)):
        print(f"  {name}: {', '.join(step.title[0].lower() + step.title[1:] for step in row)}", flush=True)
    failures, seconds = [], []
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        with ThreadPoolExecutor(2) as pool:
            rows = [pool.submit(run_all, shown), pool.submit(run_all, held, output)]
        for row in rows:
            try:
                seconds += row.result()
            except Failed as failure:
                failures.append(str(failure))
        output.seek(0)
        shutil.copyfileobj(output, sys.stdout)
    if failures:
        raise Failed("\n\n".join(failures))
    return seconds


def accuracies(report: dict) -> list[str]:
    """Return a line for each backbone of a report: test accuracy, its interval, and whose weights it has."""
    lines = []
    for backbone in report["backbones"]:
        if not backbone["weights"]["trained"]:
            parameters = sum(backbone["parameters"].values())
            lines.append(f"  {backbone['label']}: {parameters:,} parameters; how accurate it is was not measured")
            continue
        test = backbone["test"]
        low, high = test["interval"]
        lines.append(
            f"  {backbone['label']}: test accuracy {test['accuracy']:.3f} (95 % interval {low:.3f} to {high:.3f})"
        )
    return lines


def grades(path: Path) -> list[str]:
    """Return the graded class as the lines of a table: learner, assignment, score, status."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [
        f"  {row['student_id']:14} {row['assignment']:18} {row['score']:>5} of {row['max_score']:<5} {row['status']}"
        for row in rows
    ]


def summary(seconds: list[tuple[str, float]]) -> str:
    """Return what is printed at the end: accuracies, grades, where things are, and how long each step took."""
    report = json.loads((REPORT / "report.json").read_text(encoding="utf-8"))
    where = {
        "reference report": REPORT / "report.html",
        "exercises": ROOT / "exercises",
        "grades": GRADES / "grades.csv",
        "feedback": GRADES / "feedback",
        "site": BUILD / "site" / "index.html",
    }
    lines = ["", f"Reference pipeline on {report['dataset']['name']}:", *accuracies(report)]
    lines += ["", "Grades of the sample class:", *grades(GRADES / "grades.csv")]
    lines += ["", "What was made:", *(f"  {name:17} {path.relative_to(ROOT)}" for name, path in where.items())]
    lines += ["", "Time:", *(f"  {taken:6.1f} s  {title}" for title, taken in seconds)]
    lines += ["", "Next: `make serve` to read the course, `make lab` to work through the exercises."]
    return "\n".join(lines)


def main() -> None:
    """Parse the command line, run the steps, print the summary."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--epochs", type=int, default=6, help="epochs to train each head (default: %(default)s)")
    options = parser.parse_args()
    started = time.monotonic()
    try:
        seconds = run_all([PREPARE]) + run_both(class_steps(), reading_steps(options.epochs))
    except Failed as failure:
        sys.exit(f"\n{failure}")
    print(summary([*seconds, ("all together", time.monotonic() - started)]))


if __name__ == "__main__":
    main()
