"""Grades every hostile and broken submission and prints what each deserved, got, and did."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.attacks.harness import every_case, grade_cases


def main() -> int:
    """Print the table; return 1 where any harm was done."""
    parts, cases = zip(*every_case(), strict=True)
    with tempfile.TemporaryDirectory(prefix="autograder-attacks-") as folder:
        Path(folder).chmod(0o755)
        outcomes = grade_cases(list(cases), Path(folder))
    width = max(len(case.name) for case in cases)
    print(f"{'':8}  {'submission':<{width}}  deserves   got  status         harm")
    for part, outcome in zip(parts, outcomes, strict=True):
        case, result = outcome.case, outcome.result
        harm = "; ".join(outcome.harm) or "none"
        print(f"{part:8}  {case.name:<{width}}  {case.deserves:8g}  {result.score:4g}  {result.status:<13}  {harm}")
    harmed = sum(bool(outcome.harm) for outcome in outcomes)
    count = {part: parts.count(part) for part in ("hostile", "broken")}
    print(f"\n{count['hostile']} hostile and {count['broken']} broken submissions; {harmed} did harm.")
    return 1 if harmed else 0


if __name__ == "__main__":
    sys.exit(main())
