"""The process in which `autograder check` runs a learner's notebook. Writes one JSON line for each thing that happened.

python -m autograder.selfcheck.worker NOTEBOOK ASSIGNMENT JOURNAL CELL_TIMEOUT_S
"""

from __future__ import annotations

import json
import re
import secrets
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from autograder.checking.cells import FailedCell, defined_names
from autograder.checking.core import Check, run_check
from autograder.checking.reference import Reference
from autograder.conversation.session import LocalSession
from autograder.selfcheck.check import Trouble, checks_of, read_notebook
from autograder.selfcheck.shell import Shell

QUESTION_TIMEOUT_S = 10.0
"""How long an answer may take by default; a check that needs longer says so."""

Report = Callable[[dict[str, Any]], None]


def run(notebook: dict[str, Any], checks: dict[str, Check], report: Report, *, cell_timeout_s: float) -> None:
    """Run the notebook's cells in order, and in place of each check cell its check; then the checks of missing cells.

    Args:
        notebook: the notebook as plain data.
        checks: the assignment's checks by name.
        report: called with each event: a `check.Progress` as a dictionary, `{"trouble": ...}` or `{"result": ...}`.
        cell_timeout_s: seconds that a cell may take.
    """
    shell, reference, seed = Shell(), Reference(), secrets.randbits(63)
    left = dict(checks)
    cells = notebook["cells"]
    failed: list[FailedCell] = []
    silent: dict[str, float] = {}

    def point(name: str) -> None:
        session = LocalSession(shell.namespace, timeout_s=min(QUESTION_TIMEOUT_S, cell_timeout_s))
        session.failed, session.silent = failed, silent  # what one check found out need not be found out by the next
        report({"result": asdict(run_check(left.pop(name), session, seed=seed, reference=reference))})

    for position, cell in enumerate(cells, start=1):
        source = cell.get("source") or ""
        text = source if isinstance(source, str) else "".join(map(str, source))
        name = check_called(text)
        report({"done": position - 1, "cells": len(cells), "doing": name or f"cell {position}"})
        if cell.get("cell_type") != "code":
            pass
        elif name in left:
            point(name)
        elif name not in checks:
            error = shell.run(text, timeout_s=cell_timeout_s)
            for defined in defined_names(text) & silent.keys():
                del silent[defined]
            if error is not None:
                failed.append(FailedCell(position, text, error.type_name, error.text, error.line))
                report({"trouble": asdict(Trouble(position, error.type_name, error.text, error.line, text[:20_000]))})
    for name in list(left):
        report({"done": len(cells), "cells": len(cells), "doing": name})
        point(name)


def check_called(source: str) -> str:
    """Return the name of the check that a cell begins by calling, "" where it calls none."""
    found = re.match(r"\s*checks\.(\w+)\(\)", source)
    return found[1] if found else ""


def main(path: str, assignment: str, journal: str, cell_timeout_s: str) -> None:
    """Run a notebook and write the journal."""
    sys.path.insert(0, str(Path(path).parent))
    with Path(journal).open("a", encoding="utf-8", buffering=1) as lines:
        run(
            read_notebook(Path(path)),
            checks_of(assignment),
            lambda event: print(json.dumps(event), file=lines),
            cell_timeout_s=float(cell_timeout_s),
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
