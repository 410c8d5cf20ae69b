"""A class is graded on a cluster as it is on one machine, whatever becomes of workers and scheduler."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from autograder.authoring.course import Course
from autograder.grading import cluster as clusters
from autograder.grading.choose import Wishes, on_cluster
from autograder.grading.data import Ready
from autograder.grading.engine import ATTEMPTS, Scheduler
from autograder.grading.grade import grade_class
from autograder.grading.journal import entries
from autograder.grading.worker import Task
from autograder.intake.find import find_submissions
from autograder.intake.rebuild import rebuild
from autograder.sandbox.limits import Limits
from flowercourse.errors import CourseError
from tests.attacks.case import write
from tests.attacks.course import as_bytes, course, notebook
from tests.cluster.lethal.toy import DEADLY
from tests.cluster.local import ROOT, Cluster, cluster

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
LIMITS = Limits(cell_timeout_s=20, notebook_timeout_s=60)


def _grade(folder: Path, out: str = "out", scheduler: Scheduler | None = None, **settings):
    settings = {"limits": LIMITS, "preload": (), "progress": False, "course": course(), **settings}
    return grade_class(folder / "submitted", folder / out, scheduler=scheduler, **settings)


def _class(folder: Path, size: int, added: str = "") -> None:
    for number in range(size):
        answers = {} if number % 2 else {"counts": "counts = 0"}
        write(folder / "submitted" / f"student-{number:02}", as_bytes(notebook(added=added, **answers)))


def _rows(folder: Path, out: str = "out") -> list[dict[str, str]]:
    with (folder / out / "grades.csv").open(newline="") as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


def _right(size: int) -> list[tuple[str, str]]:
    return [(f"student-{n:02}", "6" if n % 2 else "5") for n in range(size)]


def _points(folder: Path) -> list[tuple[str, str]]:
    return [(row["student_id"], row["score"]) for row in _rows(folder)]


def _graded(folder: Path) -> int:
    journal = folder / "out" / ".grading" / "journal.jsonl"
    return journal.read_text().count('"result"') if journal.exists() else 0


class _Once:
    """What is called with each result, and does something when the first one has come."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.action, self.done = action, False

    def __call__(self, _: object) -> None:
        if not self.done:
            self.done = True
            self.action()


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory) -> Iterator[Cluster]:
    with cluster(tmp_path_factory.mktemp("cluster"), 2) as made:
        yield made


def test_grades_are_the_same_byte_for_byte_as_on_one_machine(tmp_path, two_workers):
    _class(tmp_path, 3)
    strange = {
        "crashes": notebook(counts="import os\nos._exit(3)"),
        "endless": notebook(counts="while True:\n    pass"),
        "typo": notebook(scale="def scale(images)\n    return images"),
        "=formula": notebook(solve=False),
    }
    for student, made in strange.items():
        write(tmp_path / "submitted" / student, as_bytes(made))
    write(tmp_path / "submitted" / "garbage", b"\x00 no notebook")
    limits = Limits(cell_timeout_s=5, notebook_timeout_s=60)
    _grade(tmp_path, "here", limits=limits)
    _grade(tmp_path, "there", two_workers.scheduler, limits=limits)
    assert _rows(tmp_path, "there") == _rows(tmp_path, "here")
    assert len(_rows(tmp_path, "there")) == 8


def test_results_are_kept_as_they_come_and_the_bar_shows_the_cluster(tmp_path, two_workers, capsys, monkeypatch):
    monkeypatch.setattr("flowercourse.progress.LINE_EVERY_S", 0.0)
    _class(tmp_path, 3)
    kept = []
    _grade(tmp_path, scheduler=two_workers.scheduler, progress=True, each=lambda _: kept.append(_graded(tmp_path)))
    assert kept == [1, 2, 3]
    assert "2 workers on 1 machine" in capsys.readouterr().err


def test_what_a_machine_needs_travels_to_it_once(tmp_path, two_workers, monkeypatch):
    _class(tmp_path, 4)
    asked: list[str] = []
    really = clusters.Cluster._submit

    def noted(self, worker, state, function, *arguments):
        asked.append(function.__name__)
        really(self, worker, state, function, *arguments)

    monkeypatch.setattr(clusters.Cluster, "_submit", noted)
    _grade(tmp_path, scheduler=two_workers.scheduler)
    assert (asked.count("unpack"), asked.count("begin"), asked.count("grade")) == (1, 2, 4)


def test_a_run_leaves_nothing_on_its_workers(tmp_path, two_workers):
    _class(tmp_path, 2)
    _grade(tmp_path, scheduler=two_workers.scheduler)
    assert not _graders(two_workers)


def test_a_worker_that_is_killed_in_the_middle_costs_no_submission(tmp_path):
    _class(tmp_path, 6, added="import time; time.sleep(1)")
    with cluster(tmp_path, 2) as made:
        kill = _Once(made.workers[0].kill)
        _grade(tmp_path, scheduler=made.scheduler, each=kill)
    assert kill.done
    assert _points(tmp_path) == _right(6)


def test_a_worker_that_joins_later_helps(tmp_path):
    _class(tmp_path, 1)
    (found,) = find_submissions(tmp_path / "submitted")
    rebuilt = rebuild(found, course().assignments[found.assignment])
    deadline = time.monotonic() + 200

    def until_both_work() -> Iterator[Task]:
        for number in range(1000):
            if engine.at_work == "2 workers on 1 machine" or time.monotonic() > deadline:
                return
            yield Task(str(number), rebuilt, number)

    with cluster(tmp_path, 1) as made, on_cluster(made.scheduler, _wishes(), Ready()) as engine:
        made.add()
        answers = [answer for _, answer in engine.grade(until_both_work(), ())]
        assert engine.at_work == "2 workers on 1 machine"
    assert all("result" in answer for answer in answers)


def _wishes() -> Wishes:
    return Wishes("auto", LIMITS, course(), (), ())


def test_a_scheduler_that_dies_ends_the_run_with_one_message_and_resume_goes_on(tmp_path):
    _class(tmp_path, 5, added="import time; time.sleep(0.5)")
    with cluster(tmp_path, 2) as made, pytest.raises(CourseError, match="does not answer any more.*--resume"):
        _grade(tmp_path, scheduler=made.scheduler, each=_Once(made.process.kill))
    before = {one.result.student_id: one.result.seconds for one in _kept(tmp_path)}
    assert before
    with cluster(tmp_path, 2) as made:
        results = _grade(tmp_path, scheduler=made.scheduler, resume=True)
    assert _points(tmp_path) == _right(5)
    assert {one.student_id: one.seconds for one in results if one.student_id in before} == before


def _kept(folder: Path):
    journal = folder / "out" / ".grading" / "journal.jsonl"
    return [one for one in entries(journal) if one.result is not None]


def test_a_submission_that_its_workers_die_of_is_given_up_with_a_row(tmp_path):
    _class(tmp_path, 3)
    write(tmp_path / "submitted" / "deadly", as_bytes(notebook(counts=f"counts = np.array([{DEADLY}])")))
    lethal = Course(course().assignments, visible="tests.cluster.lethal", hidden="tests.attacks.hidden")
    with cluster(tmp_path, ATTEMPTS + 1) as made:
        results = {one.student_id: one for one in _grade(tmp_path, scheduler=made.scheduler, course=lethal)}
        assert sum(worker.poll() is not None for worker in made.workers) == ATTEMPTS
    assert results["deadly"].status == "crashed"
    assert "Grading failed 2 times, which is our fault" in results["deadly"].message
    assert [results[student].score for student, _ in _right(3)] == [float(points) for _, points in _right(3)]


def _other_checks(folder: Path) -> str:
    """Return the path of the course's tests with another hidden check."""
    shutil.copytree(ROOT / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "tests" / "attacks" / "hidden" / "toy.py").open("a") as file:
        file.write("\n# another version\n")
    return os.pathsep.join([str(folder), str(ROOT)])


def test_a_worker_of_another_version_is_refused_by_name(tmp_path, capsys):
    _class(tmp_path, 2)
    older = tmp_path / "older.py"
    older.write_text("import platform\n\nplatform.python_version_tuple = lambda: ('3', '9', '1')\n")
    other = tmp_path / "other"
    other.mkdir()
    with cluster(tmp_path, 1) as made:
        made.add(1, "--name", "old", "--preload", str(older))
        made.add(1, "--name", "changed", PYTHONPATH=_other_checks(other))
        _wait_for(made, 3)
        _grade(tmp_path, scheduler=made.scheduler)
    said = capsys.readouterr().err
    here = ".".join(map(str, sys.version_info[:2]))
    assert f"(old) is not used: Python is 3.9 there and {here} here. Install the same course" in said
    assert "(changed) is not used: the course's checks is" in said
    assert said.count("is not used") == 2
    assert _points(tmp_path) == _right(2)


def _wait_for(made: Cluster, count: int) -> None:
    with clusters.connected(made.scheduler) as client:
        client.wait_for_workers(count, timeout=60)


def test_where_all_workers_are_refused_the_message_says_why(tmp_path, monkeypatch):
    _class(tmp_path, 1)
    monkeypatch.setattr(clusters, "WAIT_FOR_WORKERS_S", 3.0)
    with cluster(tmp_path) as made:
        with pytest.raises(CourseError, match="no worker of the scheduler at .* none was there for 3 s"):
            _grade(tmp_path, scheduler=made.scheduler)
        made.add(PYTHONPATH=_other_checks(tmp_path))
        _wait_for(made, 1)
        with pytest.raises(CourseError, match="no worker .* can grade: .*the course's checks"):
            _grade(tmp_path, scheduler=made.scheduler)
    assert not (tmp_path / "out").exists()


def test_who_may_have_been_crowded_out_runs_again_with_a_machine_to_itself(tmp_path, two_workers, monkeypatch):
    _class(tmp_path, 3)
    most, really = [], clusters.Cluster.grade

    def crowded(self, tasks, archives, *, alone=False):
        for task, answer in really(self, tasks, archives, alone=alone):
            if alone:
                most.append(sum(worker.task is not None for worker in self.workers.values()))
            else:
                answer = {**answer, "result": {**answer["result"], "score": 0.0, "crowded": True}}
            yield task, answer

    monkeypatch.setattr(clusters.Cluster, "grade", crowded)
    _grade(tmp_path, scheduler=two_workers.scheduler)
    assert most == [0, 0, 0]
    assert _points(tmp_path) == _right(3)


def test_a_stopped_run_says_so_and_its_workers_stop_too(tmp_path, two_workers):
    _class(tmp_path, 2, added="import time; time.sleep(100)")
    program = """
import sys
from pathlib import Path
from autograder.grading.choose import Wishes, on_cluster
from autograder.grading.data import Ready
from autograder.grading.engine import Scheduler
from autograder.grading.stop import Stopped, raising_stopped
from tests.cluster.test_cluster import LIMITS, _grade
try:
    with raising_stopped():
        _grade(Path(sys.argv[1]), scheduler=Scheduler(sys.argv[2]), progress=True)
except Stopped as stopped:
    print(f"{stopped.done} of {stopped.total}")
"""
    run = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path), two_workers.address], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 100
    while not _graders(two_workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    run.terminate()
    out, _ = run.communicate(timeout=60)
    assert out.strip() == "0 of 2"
    while _graders(two_workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _graders(two_workers)


def _graders(made: Cluster) -> list[str]:
    """Return the numbers of the graders' processes that the cluster's workers have started."""
    lists = (list_of for one in made.workers for list_of in Path(f"/proc/{one.pid}/task").glob("*/children"))
    children = [child for list_of in lists for child in _said_of(list_of).split()]
    return [child for child in children if "grading.worker" in _said_of(Path(f"/proc/{child}/cmdline"))]


def _said_of(path: Path) -> str:
    """Return what the system says of a process or thread; nothing where it has ended since it was seen."""
    try:
        return path.read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_two_runs_share_a_cluster(tmp_path, two_workers):
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        _class(folder, 4)
    with ThreadPoolExecutor(2) as both:
        list(both.map(lambda folder: _grade(folder, scheduler=two_workers.scheduler), folders))
    assert [_points(folder) for folder in folders] == [_right(4)] * 2


def test_nothing_of_dask_is_loaded_without_the_option():
    program = (
        "import sys; import autograder.grading.grade, autograder.commands.instructor, autograder.grading.remote;"
        "print([name for name in sys.modules if name.split('.')[0] in ('dask', 'distributed')])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
