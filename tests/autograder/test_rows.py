"""The results of a class, on the disk."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

from autograder.checking.core import CheckResult
from autograder.outcome.results import CellOutcome, SubmissionResult
from autograder.outcome.rows import Rows


def result(student, assignment="01-tiny"):
    check = CheckResult("adds", "It adds.", "failed", 1.5, 2.0, "Expected 3, found 4. " * 100)
    return SubmissionResult(student, assignment, "graded", 1.5, 2.0, checks=(check,), seed=5, message="\ud800")


def test_results_come_back_in_order_without_the_cells_that_ran(tmp_path):
    rows = Rows(tmp_path)
    assert (len(rows), list(rows)) == (0, [])
    added = [result("b"), result("a", "02-tiny"), result("a"), result("\udce9")]
    for one in added:
        rows.append(replace(one, cells=(CellOutcome("a", "learner", "x = 1"),)))
    assert list(rows) == sorted(added, key=lambda one: one.key)
    rows.append(result("0"))
    assert (rows[0], rows[-1], len(rows), rows[1:3]) == (result("0"), result("\udce9"), 5, [result("a"), added[1]])


def test_their_files_leave_nothing_behind(tmp_path):
    rows = Rows(tmp_path)
    rows.append(result("a"))
    assert list(tmp_path.iterdir()) == []


def test_a_row_takes_a_few_hundred_bytes_of_memory_whatever_it_holds(tmp_path):
    rows = Rows(tmp_path)
    held = []
    tracemalloc.start()
    for number in range(6000):
        if number % 3000 == 0:
            held.append(tracemalloc.get_traced_memory()[0])
        rows.append(result(f"student-{number:06}"))
    held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert (held[2] - held[1]) / 3000 < 400
