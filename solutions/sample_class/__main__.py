"""Write the sample class's submissions, or compare its grades with what they must be."""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
from pathlib import Path

from autograder.authoring.sources import load_all
from solutions.sample_class.learners import CLASS
from solutions.sample_class.recipes import Submission, write


def differences(rows: list[dict[str, str]], submissions: list[Submission]) -> list[str]:
    """Return a line for each submission whose row in ``grades.csv`` is missing or not what it must be."""
    found = {(row["student_id"], row["assignment"]): row for row in rows}
    lines = []
    for one in submissions:
        row = found.get((one.learner, one.assignment))
        got = f"{row['status']}, {float(row['score']):g} points" if row else "no row"
        expected = f"{one.status}, {one.score:g} points"
        if got != expected:
            lines.append(f"{one.learner}, {one.assignment} ({one.story}): expected {expected}; got {got}")
    return lines


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m solutions.sample_class", description=__doc__)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--out", type=Path, help="folder for STUDENT/ASSIGNMENT/NOTEBOOK.ipynb; made anew")
    task.add_argument("--compare", type=Path, help="a grades.csv; exit 1 where a grade is not what it must be")
    arguments = parser.parse_args()
    assignments = load_all()
    if arguments.compare:
        with arguments.compare.open(encoding="utf-8", newline="") as file:
            lines = differences(list(csv.DictReader(file)), [one for one in CLASS if one.assignment in assignments])
        print("\n".join(lines) or "Every submission of the sample class has the grade that it must have.")
        sys.exit(1 if lines else 0)
    out = arguments.out
    if any(not path.name.startswith("learner-") for path in out.glob("*")):
        parser.error(f"{out} holds other things than a sample class; name another folder")
    shutil.rmtree(out, ignore_errors=True)
    paths = write(CLASS, assignments, out)
    print(f"{len(paths)} submissions of {len({path.parts[-3] for path in paths})} learners in {out}")


if __name__ == "__main__":
    main()
