"""Run the main job, from data to graded class and built site, and end by saying what was made and where.

    python build_tools/course.py [--epochs 6] [--jobs 2]

Each step is a command that can be run alone; this script prints it, runs it, and stops at the first that fails.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

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
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "1",
    "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', '')}",
}


@dataclass(frozen=True)
class Step:
    """One step of the main job: what it does, in words, and the command that does it."""

    title: str
    command: list[str]


def steps(epochs: int, jobs: int) -> list[Step]:
    """Return the main job's steps in order."""
    python = [sys.executable]
    autograder = [str(BIN / "autograder")]
    return [
        Step("Prepare data, backbones and features", [str(BIN / "flowercourse"), "prepare", "--features"]),
        Step("Generate the exercises from the solutions", [*autograder, "build"]),
        Step(
            "Run the reference pipeline on both backbones",
            [*python, "-m", "solutions.pipeline", "--backbone", "mobilenet_v2", "inception_v3"]
            + ["--epochs", str(epochs), "--seed", "0", "--out", str(REPORT)],
        ),
        Step("Make the sample class", [*python, "-m", "solutions.sample_class", "--out", str(CLASS / "submitted")]),
        Step(
            "Grade the sample class",
            [*autograder, "grade", str(CLASS / "submitted"), "--out", str(GRADES), "--jobs", str(jobs)],
        ),
        Step(
            "Compare the grades with what they must be",
            [*python, "-m", "solutions.sample_class", "--compare", str(GRADES / "grades.csv")],
        ),
        Step("Build the site", [*python, "build_tools/site.py"]),
    ]


def run(step: Step, number: int, count: int) -> float:
    """Run one step; exits with its status and the way to run it alone when it fails.

    Returns:
        The seconds it took.
    """
    print(f"\n[{number}/{count}] {step.title}", flush=True)
    started = time.monotonic()
    status = subprocess.run(step.command, cwd=ROOT, env=ENVIRONMENT, check=False).returncode
    if status:
        print(
            f"\n{step.title}: failed with status {status}. Its message stands above. Run this step alone with\n"
            f"  {shlex.join(step.command)}",
            file=sys.stderr,
        )
        sys.exit(1)
    return time.monotonic() - started


def accuracies(report: dict) -> list[str]:
    """Return a line for each backbone of a report: test accuracy, its interval, and whose weights it has."""
    lines = []
    for backbone in report["backbones"]:
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
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="submissions to grade at once")
    options = parser.parse_args()
    todo = steps(options.epochs, options.jobs)
    seconds = [(step.title, run(step, number, len(todo))) for number, step in enumerate(todo, start=1)]
    print(summary(seconds))


if __name__ == "__main__":
    main()
