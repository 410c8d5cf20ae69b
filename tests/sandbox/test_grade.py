"""A class is graded to the end, whatever happens on the way."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from autograder.grading.grade import grade_class
from autograder.grading.journal import Journal, alone
from autograder.grading.pool import Pool
from autograder.grading.worker import Setup, Task
from autograder.sandbox.limits import Limits
from flowercourse.errors import CourseError
from tests.attacks.case import write
from tests.attacks.course import MAX_SCORE, as_bytes, course, notebook
from tests.attacks.harness import PRELOAD

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
LIMITS = Limits(cell_timeout_s=10, notebook_timeout_s=30)


def _grade(folder: Path, **settings):
    settings = {"limits": LIMITS, "preload": PRELOAD, "progress": False, "isolation": "bubblewrap", **settings}
    return grade_class(folder / "submitted", folder / "out", course=course(), **settings)


def _class(folder: Path, size: int, added: str = "") -> None:
    for number in range(size):
        answers = {} if number % 2 else {"counts": "counts = 0"}
        write(folder / "submitted" / f"student-{number:02}", as_bytes(notebook(added=added, **answers)))


def _rows(folder: Path) -> list[tuple[str, str, str]]:
    with (folder / "out" / "grades.csv").open(newline="") as file:
        return [(row["student_id"], row["score"], row["status"]) for row in csv.DictReader(file)]


_RUN = """
import sys
from pathlib import Path
from tests.sandbox.test_grade import _grade
_grade(Path(sys.argv[1]), jobs=2, resume=True)
"""


def _start(folder: Path) -> subprocess.Popen:
    root = Path(__file__).resolve().parents[2]
    return subprocess.Popen([sys.executable, "-c", _RUN, str(folder)], cwd=root)


def _graded(folder: Path) -> int:
    journal = folder / "out" / ".grading" / "journal.jsonl"
    return journal.read_text().count('"result"') if journal.exists() else 0


def test_what_a_cell_that_never_ends_should_have_defined_is_told_so(tmp_path):
    write(tmp_path / "submitted" / "s", as_bytes(notebook(counts="while True:\n    pass\ncounts = 1")))
    (result,) = _grade(tmp_path, limits=Limits(cell_timeout_s=3, notebook_timeout_s=60))
    said = next(one.message for one in result.checks if one.grade_id == "labels_are_counted")
    assert "ended with TimeoutError: the cell did not end" in said
    assert "a loop that never ends" in said


@pytest.mark.parametrize("after", [0, 2, 5])
def test_a_killed_run_goes_on_and_runs_nothing_twice(tmp_path, after):
    _class(tmp_path, 8, added="import time; time.sleep(0.2)")
    with _start(tmp_path) as run:
        deadline = time.monotonic() + 60
        while _graded(tmp_path) < after and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(run.pid, signal.SIGKILL)
    before = {result.student_id: result.seconds for result in _journaled(tmp_path).values()}
    assert len(before) >= after
    results = _grade(tmp_path, jobs=2, resume=True)
    undisturbed = [(f"student-{n:02}", "6" if n % 2 else "5", "graded") for n in range(8)]
    assert _rows(tmp_path) == undisturbed
    assert {result.student_id: result.seconds for result in results if result.student_id in before} == before


def _journaled(folder: Path):
    journal = Journal(folder / "out", resume=True)
    journal.close()
    return {key: journal.get(key) for key in journal.places}


def test_resume_grades_again_what_has_changed_and_nothing_else(tmp_path):
    _class(tmp_path, 3)
    first = {result.student_id: result for result in _grade(tmp_path)}
    write(tmp_path / "submitted" / "student-00", as_bytes(notebook()))
    second = {result.student_id: result for result in _grade(tmp_path, resume=True)}
    assert (first["student-00"].score, second["student-00"].score) == (MAX_SCORE - 1, MAX_SCORE)
    assert second["student-01"] == first["student-01"]
    third = {result.student_id: result for result in _grade(tmp_path, resume=True, limits=Limits(cell_timeout_s=11))}
    assert third["student-01"].seed != first["student-01"].seed


def test_a_notebook_that_changes_before_its_turn_is_graded_as_it_is_then_and_its_row_says_so(tmp_path):
    _class(tmp_path, 4)  # 0 and 2 have a mistake
    submitted = tmp_path / "submitted"
    done = []

    def mend(result):
        done.append(result.student_id)
        if len(done) == 1:
            write(submitted / "student-02", as_bytes(notebook()))
            (submitted / "student-03" / "01-toy" / "01-toy.ipynb").write_text("{")

    first = {result.student_id: result for result in _grade(tmp_path, each=mend)}
    assert sorted(done) == sorted(first) == [f"student-{number:02}" for number in range(4)]
    assert (first["student-02"].score, first["student-03"].status) == (MAX_SCORE, "rejected")
    changed = {student for student, result in first.items() if "changed while" in result.message}
    assert changed == {"student-02", "student-03"}
    second = {result.student_id: result for result in _grade(tmp_path, resume=True)}
    assert second["student-02"] == first["student-02"]


def test_a_line_that_a_crash_cut_off_is_graded_again(tmp_path):
    _class(tmp_path, 2)
    _grade(tmp_path)
    journal = tmp_path / "out" / ".grading" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    last = max(n for n, line in enumerate(lines) if b'"result"' in line)
    journal.write_bytes(b"".join(lines[:last]) + lines[last][:200])
    assert len(_grade(tmp_path, resume=True)) == 2
    assert len(_journaled(tmp_path)) == 2


def test_the_same_submission_gets_the_same_inputs_when_it_is_graded_again(tmp_path):
    _class(tmp_path, 1)
    first = _grade(tmp_path)[0]
    assert _grade(tmp_path)[0].seed == first.seed


def test_a_run_for_one_assignment_keeps_the_rows_of_others(tmp_path):
    _class(tmp_path, 2)
    (tmp_path / "submitted" / "student-00" / "99-other").mkdir()
    (tmp_path / "submitted" / "student-00" / "99-other" / "99-other.ipynb").write_text("{}")
    _grade(tmp_path)
    whole = _rows(tmp_path)
    assert [status for _, _, status in whole] == ["graded", "rejected", "graded"]
    shutil.rmtree(tmp_path / "submitted" / "student-00" / "99-other")
    write(tmp_path / "submitted" / "student-00", as_bytes(notebook()))
    assert len(_grade(tmp_path, assignment="01-toy")) == 2
    assert _rows(tmp_path) == [("student-00", "6", "graded"), *whole[1:]]
    assert len(_grade(tmp_path)) == len(_rows(tmp_path)) == 2


def test_results_that_cannot_be_read_are_not_thrown_away(tmp_path):
    _class(tmp_path, 1)
    _grade(tmp_path)
    (tmp_path / "out" / "results.json").write_text("{")
    with pytest.raises(CourseError, match="without --assignment"):
        _grade(tmp_path, assignment="01-toy")
    assert (tmp_path / "out" / "results.json").read_text() == "{"


def test_two_runs_do_not_write_to_one_folder(tmp_path):
    _class(tmp_path, 1)
    with alone(tmp_path / "out"), pytest.raises(CourseError, match="in use"):
        _grade(tmp_path)


def test_a_run_that_is_refused_its_gradebook_loses_none_of_the_grades_that_are_there(tmp_path):
    _class(tmp_path, 2)
    _grade(tmp_path)
    before = {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    with pytest.raises(CourseError, match="gradebook was not opened"):
        _grade(tmp_path, db="sqlite:////no/such/folder/gradebook.db")
    assert {path: path.read_bytes() for path in (tmp_path / "out").rglob("*") if path.is_file()} == before


def test_a_worker_that_dies_costs_one_submission_one_more_try(tmp_path):
    from autograder.intake.find import find_submissions
    from autograder.intake.rebuild import rebuild

    _class(tmp_path, 3, added="import time; time.sleep(0.5)")
    the_course = course()
    rebuilt = [rebuild(found, the_course.assignments["01-toy"]) for found in find_submissions(tmp_path / "submitted")]
    with Pool(Setup(the_course, "bubblewrap", LIMITS, (), PRELOAD), 1) as pool:
        answers = pool.grade([Task(one.student_id, one, 1) for one in rebuilt])
        found = [next(answers)]
        pool.graders[0].process.kill()
        found += list(answers)
    assert sorted(task.key for task, _ in found) == [one.student_id for one in rebuilt]
    assert all("result" in answer for _, answer in found)


def test_what_fails_for_our_reasons_has_a_row_and_is_tried_again(tmp_path, monkeypatch):
    _class(tmp_path, 1)
    import autograder.grading.pool

    def failing(self, tasks, archives):
        yield from ((task, {"failure": "no space left"}) for task in tasks)

    with monkeypatch.context() as patch:
        patch.setattr(autograder.grading.pool.Pool, "grade", failing)
        result = _grade(tmp_path)[0]
    assert (result.status, result.max_score) == ("crashed", MAX_SCORE)
    assert "no space left" in result.message
    assert _grade(tmp_path, resume=True)[0].status == "graded"


def test_who_may_have_been_crowded_out_runs_once_more_alone_and_that_counts(tmp_path, monkeypatch):
    _class(tmp_path, 2)
    beside, by_themselves = [], []
    really = Pool.grade

    def crowded(self, tasks, archives, *, alone=False):
        tasks = list(tasks)
        (by_themselves if alone else beside).extend(task.rebuilt.student_id for task in tasks)
        for task, answer in really(self, tasks, archives, alone=alone):
            if not alone and task.rebuilt.student_id == "student-01":
                answer = {**answer, "result": {**answer["result"], "score": 0.0, "status": "timeout", "crowded": True}}
            yield task, answer

    monkeypatch.setattr(Pool, "grade", crowded)
    rows = {row.student_id: row for row in _grade(tmp_path, jobs=2)}
    assert (sorted(beside), by_themselves) == (["student-00", "student-01"], ["student-01"])
    assert (rows["student-01"].status, rows["student-01"].score) == ("graded", MAX_SCORE)
    assert _graded(tmp_path) == 2


def test_everything_about_a_grade_is_written(tmp_path):
    _class(tmp_path, 1)
    _grade(tmp_path)
    out = tmp_path / "out"
    assert {"grades.csv", "results.json", "gradebook.db", "feedback", "autograded"} <= {
        path.name for path in out.iterdir()
    }
    page = (out / "feedback" / "student-00" / "01-toy" / "01-toy.html").read_text()
    assert "labels_are_counted" in page or "how often each label occurs" in page
    seed = json.loads((out / "results.json").read_text())["results"][0]["seed"]
    assert str(seed) not in page


def test_an_unknown_isolation_or_assignment_says_what_there_is(tmp_path):
    _class(tmp_path, 1)
    with pytest.raises(CourseError, match="bubblewrap, unshare"):
        _grade(tmp_path, isolation="prayer")
    with pytest.raises(CourseError, match="01-toy"):
        _grade(tmp_path, assignment="02-nothing")
