"""The instructor's guide: every command in it is run, in its order, in a copy of the course and on a small class."""

from __future__ import annotations

import csv
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.authoring.sources import load_all
from autograder.outcome.results import STATUSES
from autograder.sandbox.limits import Limits
from solutions.sample_class.recipes import Notebook, Submission, write
from tests.autograder.downloads import canvas_name, save, zipped
from tests.site.tools import ROOT, source

# A block of commands, and the comment before it that says how to test those that cannot simply be run.
BLOCK = re.compile(r"(?m)^(?:% test: (?P<how>[a-z-]+)[^\n]*\n)?```bash\n(?P<code>(?s:.*?))^```$")
COPIED = ("_config.yml", "_toc.yml", "Makefile", "pyproject.toml", "requirements.txt", ".gitignore", "LICENSE")
COPIED_FOLDERS = ("autograder", "binder", "book", "build_tools", "exercises", "flowercourse", "solutions")
# Of the sample class, those that are graded quickly: one of each kind that the guide speaks of.
GRADED_HERE = {("learner-03", "01-preprocessing"), ("learner-05", "01-preprocessing")}
SECONDS_FOR_ALL = 1200
LATE_PAGE = "feedback/learner-03/01-preprocessing/01-preprocessing.html"


@dataclass(frozen=True)
class Block:
    """Commands of the guide, and how they are tested."""

    how: str
    code: str


def blocks() -> list[Block]:
    """Return the guide's commands in order."""
    return [Block(found["how"] or "run", found["code"]) for found in BLOCK.finditer(source("instructors/guide"))]


class Afternoon:
    """A copy of the course in a folder of its own, and a terminal in it."""

    def __init__(self, place: Path) -> None:
        self.course, self.class_ = place / "course", place / "class"
        litter = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        for name in COPIED_FOLDERS:
            shutil.copytree(ROOT / name, self.course / name, ignore=litter)
        for name in COPIED:
            shutil.copy(ROOT / name, self.course / name)
        (self.course / "_build").mkdir()
        (self.course / "_build" / "cache").symlink_to(os.environ["FLOWERCOURSE_CACHE"])
        (self.course / ".venv").symlink_to(ROOT / ".venv")
        self.environment = os.environ | {"PYTHONPATH": str(self.course), "PYTHONDONTWRITEBYTECODE": "1"}
        self.before_each = "set -e\n" + "".join(block.code for block in blocks() if block.how == "before-each")

    def run(self, code: str, status: int = 0) -> str:
        """Run commands in a new terminal and return what they print."""
        done = subprocess.run(
            ["bash", "-c", self.before_each + code],
            cwd=self.course,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == status, f"{code}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def edit(self, path: str, old: str, new: str) -> None:
        """Change a file of the course, as an instructor would."""
        text = (self.course / path).read_text(encoding="utf-8")
        assert old in text
        (self.course / path).write_text(text.replace(old, new), encoding="utf-8")


def keep_a_few(submitted: Path) -> None:
    """Leave only what is graded quickly of the sample class, and add a learner who wrote nothing but a model card."""
    for path in submitted.glob("*/*/"):
        if (path.parent.name, path.name) not in GRADED_HERE:
            shutil.rmtree(path)
    for path in submitted.glob("*/"):
        if not any(path.iterdir()):
            path.rmdir()

    def model_card(notebook: Notebook, _: object) -> None:
        cell = next(cell for cell in notebook["cells"] if cell.get("id") == "model_card")
        cell["source"] = "It knows five flowers, and mistakes roses for tulips."

    card = Submission("learner-20", "06-capstone", "wrote a model card only", (model_card,), 0)
    write([card], load_all(), submitted)


def download(afternoon: Afternoon) -> None:
    """Put a download of Canvas and its roster where the guide's commands look for them."""
    notebook = afternoon.class_ / "submitted" / "learner-03" / "01-preprocessing" / "01-preprocessing.ipynb"
    name = canvas_name("Three, Learner", 4711, 900, "01-preprocessing-1.ipynb", late=True)
    save(afternoon.course / "submissions.zip", zipped({name: notebook.read_bytes()}))
    roster = 'Student,ID,SIS Login ID,Section\n"Three, Learner",4711,learner-03,A\n'
    roster += '"Five, Learner",4712,learner-05,A\n"Twenty, Learner",4713,learner-20,A\n'
    (afternoon.course / "roster.csv").write_text(roster, encoding="utf-8")
    worksheet = "Identifier,Full name,ID number\nParticipant 7,Three,learner-03\nParticipant 8,Five,learner-05\n"
    (afternoon.course / "worksheet.csv").write_text(worksheet, encoding="utf-8")


def grade_by_hand(command: str, afternoon: Afternoon) -> None:
    """Start Jupyter as the guide says, give the model card its points as formgrader's page does, and stop it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = f" --no-browser --allow-root --port={port} --ServerApp.port_retries=0 --IdentityProvider.token=secret"
    code = afternoon.before_each + command.strip().replace("&& ", "&& exec ") + options
    folder = afternoon.class_.parent / "jupyter"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": afternoon.course}
    environment = afternoon.environment | {"JUPYTER_CONFIG_DIR": str(folder), "JUPYTER_DATA_DIR": str(folder)}
    with subprocess.Popen(["bash", "-c", code], env=environment, **quiet) as server:
        try:
            base = f"http://127.0.0.1:{port}/formgrader/api"
            (notebook,) = ask(f"{base}/submitted_notebooks/06-capstone/06-capstone", wait_s=120)
            assert (notebook["student"], notebook["needs_manual_grade"]) == ("learner-20", True)
            (due,) = [
                one for one in ask(f"{base}/grades?submission_id={notebook['id']}") if one["name"] == "model_card"
            ]
            ask(f"{base}/grade/{due['id']}", {"manual_score": 3, "extra_credit": None})
        finally:
            server.terminate()


def ask(address: str, data: object = None, wait_s: float = 0.0) -> object:
    """Return what Jupyter answers, asking again until it answers at all."""
    headers = {"Authorization": "token secret", "Content-Type": "application/json"}
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(address, body, headers, method="GET" if data is None else "PUT")
    deadline = time.monotonic() + wait_s
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.loads(answer.read())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def rows(path: Path) -> dict[tuple[str, str], dict[str, str]]:
    """Return a table of grades by student and assignment."""
    with path.open(newline="", encoding="utf-8") as file:
        return {(row["student_id"], row["assignment"]): row for row in csv.DictReader(file)}


@pytest.fixture(scope="module")
def afternoon(tmp_path_factory) -> tuple[Afternoon, dict[str, str]]:
    """Run the whole guide; return the folder that it was run in, and what each block printed by its first line."""
    made = Afternoon(tmp_path_factory.mktemp("afternoon"))
    made.edit("solutions/notebooks/01-preprocessing.py", "# %% [markdown]\n# ", "# %% [markdown]\n# Hello! ")
    printed: dict[str, str] = {}
    for block in blocks():
        first = block.code.splitlines()[0]
        if block.how == "before-each":
            continue
        if block.how == "dry-run":
            printed[first] = made.run(block.code.replace("make ", "make --dry-run "))
        elif block.how == "server":
            grade_by_hand(block.code, made)
        elif block.how == "part-of-the-class":
            printed[first] = made.run(block.code, status=1)
        else:
            assert block.how in ("run", "download", "canvas", "moodle", "policy"), block
            if block.how == "policy":
                (course_file,) = re.findall(r"(?s)```toml\n(.*?)```", source("instructors/guide"))
                (made.course / "course.toml").write_text(course_file, encoding="utf-8")
            if block.how == "download":
                download(made)
            printed[first] = made.run(block.code)
        if block.how == "policy":  # later commands of the guide make the pages again
            printed[LATE_PAGE] = (made.class_ / "graded" / LATE_PAGE).read_text(encoding="utf-8")
        if "solutions.sample_class --out" in block.code:
            keep_a_few(made.class_ / "submitted")
    return made, printed


pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(SECONDS_FOR_ALL)]


def test_the_commands_end_with_the_grades_that_the_class_deserves(afternoon):
    made, printed = afternoon
    grades = rows(made.class_ / "graded" / "grades.csv")
    assert set(grades) == GRADED_HERE | {("learner-20", "06-capstone")}
    compared = printed["python -m solutions.sample_class --compare ../class/graded/grades.csv"]
    assert compared
    assert all(line.endswith("got no row") for line in compared.splitlines())


def test_points_given_by_hand_reach_learner_and_export(afternoon):
    made, _ = afternoon
    row = rows(made.class_ / "graded" / "export.csv")["learner-20", "06-capstone"]
    assert (row["manual_score"], row["awaiting"]) == ("3", "0")
    page = made.class_ / "graded" / "feedback" / "learner-20" / "06-capstone" / "06-capstone.html"
    assert f"{row['score']} of {row['max_score']} points" in page.read_text(encoding="utf-8")


def test_what_came_late_counts_less_and_says_why(afternoon):
    """Canvas marks learner-03's as late."""
    made, printed = afternoon
    row = rows(made.class_ / "graded" / "export.csv")["learner-03", "01-preprocessing"]
    assert float(row["final_score"]) == pytest.approx(0.9 * float(row["score"]))
    assert "The learning platform marks this as late." in printed[LATE_PAGE]


def test_grades_reach_both_platforms(afternoon):
    made, _ = afternoon
    graded = made.class_ / "graded"
    scores = {one: row["score"] for one, row in rows(graded / "grades.csv").items() if one[1] == "01-preprocessing"}
    with (graded / "export-canvas.csv").open(newline="", encoding="utf-8") as file:
        canvas = {row["SIS Login ID"]: row for row in csv.DictReader(file)}
    with (graded / "export-moodle.csv").open(newline="", encoding="utf-8") as file:
        moodle = {row["Full name"]: row["Grade"] for row in csv.DictReader(file)}
    for name, login in (("Three", "learner-03"), ("Five", "learner-05")):
        assert canvas[login]["01-preprocessing"] == moodle[name] == scores[login, "01-preprocessing"]
    assert canvas["learner-03"]["ID"] == "4711"
    assert (graded / "export-moodle-feedback.zip").is_file()


def test_an_appeal_asks_the_same_questions_again(afternoon):
    made, _ = afternoon

    def seed(folder: str) -> dict[tuple[str, str], object]:
        results = json.loads((made.class_ / folder / "results.json").read_text())["results"]
        return {(one["student_id"], one["assignment"]): (one["seed"], one["score"]) for one in results}

    key = "learner-03", "01-preprocessing"
    assert seed("appeal/graded")[key] == seed("graded")[key]


def test_an_edited_exercise_reaches_learners(afternoon):
    made, _ = afternoon
    exercise = made.class_ / "edition" / "exercises" / "01-preprocessing" / "01-preprocessing.ipynb"
    assert "Hello!" in exercise.read_text(encoding="utf-8")
    assert not (made.class_ / "edition" / "solutions").exists()


def test_the_doctor_and_the_instructors_copy_are_well(afternoon):
    _, printed = afternoon
    assert "It kept every promise." in printed["autograder doctor"]
    (report,) = [text for first, text in printed.items() if first.startswith("autograder check ")]
    assert re.search(r"(?m)^  (\d+) of \1 points", report)


def test_every_command_of_make_and_autograder_that_the_guide_names_is_there(afternoon):
    made, _ = afternoon
    text = source("instructors/guide")
    commands = {shlex.split(found)[0] for found in re.findall(r"`autograder ([a-z]+)", text)}
    for command in commands:
        made.run(f"autograder {command} --help")
    for target in set(re.findall(r"`make\s([a-z]+)`", text)):
        made.run(f"make --dry-run {target}")


def test_the_table_of_limits_says_what_the_program_does():
    text = source("instructors/guide")
    said = {}
    for options, default in re.findall(r"(?m)^\| (`--[^|]*) \| ([^|]*) \|", text):
        numbers = re.findall(r"[\d.]+", default)
        said |= dict(zip(re.findall(r"--([a-z-]+)", options), map(float, numbers), strict=True))
    names = {name: name.removesuffix("_s").replace("_", "-") for name in Limits().as_dict()}
    assert said == {names[name]: float(value) for name, value in Limits().as_dict().items()}


def test_every_status_is_explained():
    text = source("instructors/guide")
    assert all(f"| `{status}` |" in text for status in STATUSES)
