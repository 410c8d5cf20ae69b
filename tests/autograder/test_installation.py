"""What a learner installs: the learners' wheel and what it depends on, on the oldest and the newest Python."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from autograder.authoring.notebooks import dumps
from autograder.authoring.release import release
from autograder.authoring.sources import ROOT, load_all
from solutions.sample_class.recipes import solved
from tests.autograder.test_release import walkthroughs_words

OLDEST, NEWEST = "3.11", "3.13"
# What the course itself never needs where learners work; an environment that has it keeps its own version.
NOT_FOR_LEARNERS = (
    "nbgrader",
    "sqlalchemy",
    "jupyterlab",
    "notebook",
    "jupyter_server",
    "jinja2",
    "jupytext",
    "pytest",
)


def built(source: Path, out: Path) -> zipfile.ZipFile:
    """Build a folder's wheel, with what is installed here, and open it."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", out]
    subprocess.run([*command, str(source)], check=True, capture_output=True, text=True)
    (wheel,) = out.glob("*.whl")
    return zipfile.ZipFile(wheel)


@pytest.fixture(scope="module")
def sources(tmp_path_factory) -> Path:
    """Return a copy of what a wheel is built from: building leaves files beside the sources."""
    copy = tmp_path_factory.mktemp("sources")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("autograder", "flowercourse", "solutions"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


@pytest.fixture(scope="module")
def edition(tmp_path_factory) -> Path:
    """Return the learner's edition."""
    out = tmp_path_factory.mktemp("release") / "edition"
    release(out)
    return out


@pytest.fixture(scope="module")
def learners_wheel(edition, tmp_path_factory) -> zipfile.ZipFile:
    """Return the wheel that the edition makes."""
    return built(edition, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def wheel_with_solutions(tmp_path_factory) -> zipfile.ZipFile:
    """Return the wheel that an edition with walkthroughs makes: these are pages of its site, and nothing to install."""
    out = tmp_path_factory.mktemp("release") / "edition"
    release(out, with_solutions=True)
    return built(out, tmp_path_factory.mktemp("wheel"))


def test_the_whole_wheel_holds_all_that_is_not_python(sources, tmp_path):
    names = set(built(sources, tmp_path).namelist())
    for name in (
        "autograder/authoring/templates/learners_README.md.j2",
        "autograder/authoring/templates/nbgrader_config.py.j2",
        "autograder/outcome/templates/feedback.html.j2",
        "autograder/outcome/templates/feedback.css",
        "solutions/pipeline/templates/report.html.j2",
        "solutions/pipeline/templates/report.css",
        "solutions/pipeline/report.schema.json",
        "solutions/notebooks/01-preprocessing.py",
        "autograder/py.typed",
        "flowercourse/py.typed",
        "solutions/py.typed",
    ):
        assert name in names
    python = {
        str(path.relative_to(sources))
        for room in ("autograder", "flowercourse")
        for path in sources.glob(f"{room}/**/*.py")
    }
    assert python - names == set()


def test_the_learners_wheel_holds_no_solution_and_nothing_of_grading(learners_wheel):
    names = learners_wheel.namelist()
    assert "autograder/checks/preprocessing.py" in names
    rooms = {"/".join(name.split("/")[:2]) for name in names if name.startswith("autograder/") and name.count("/") > 1}
    assert rooms == {f"autograder/{room}" for room in ("checks", "checking", "commands", "conversation", "selfcheck")}
    assert not [name for name in names if "solution" in name or "hidden" in name or name.startswith("tests")]


@pytest.mark.parametrize("made", ["learners_wheel", "wheel_with_solutions"])
def test_the_learners_wheel_holds_no_line_of_a_walkthrough(request, made):
    wheel = request.getfixturevalue(made)
    assert not [name for name in wheel.namelist() if "walkthrough" in name or name.startswith("book")]
    told = walkthroughs_words()
    assert len(told) > 100
    for name in wheel.namelist():
        there = {line.strip() for line in wheel.read(name).decode("utf-8", "replace").split("\n")}
        assert there & told == set(), name


def test_the_learners_wheel_asks_for_nothing_of_grading(learners_wheel):
    (metadata,) = [name for name in learners_wheel.namelist() if name.endswith(".dist-info/METADATA")]
    asked = re.findall(r"(?m)^Requires-Dist: ([\w.-]+)[^;\n]*$", learners_wheel.read(metadata).decode())
    assert "tensorflow" in asked
    assert {name.lower() for name in asked} & set(NOT_FOR_LEARNERS) == set()
    assert "Provides-Extra: grading" not in learners_wheel.read(metadata).decode()


def interpreter(version: str) -> str:
    """Return what uv finds a Python by: its version, or its path where pyenv keeps it."""
    kept = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    return str(kept[-1]) if kept else version


@pytest.fixture(scope="module", params=[OLDEST, NEWEST], ids=["oldest Python", "newest Python"])
def learners_python(request, learners_wheel, tmp_path_factory) -> Path:
    """Return the Python of an environment that holds the learners' wheel and its dependencies, as locked, alone."""
    environment = tmp_path_factory.mktemp("environment") / "venv"
    uv = Path(sys.executable).with_name("uv")
    # The certificates that the system trusts, as pip's own settings may say.
    settings = {"UV_PYTHON_DOWNLOADS": "never", "UV_NATIVE_TLS": "1", "UV_SYSTEM_CERTS": "1"}
    quiet = {"capture_output": True, "text": True, "env": {**os.environ, **settings}}
    made = subprocess.run([uv, "venv", "--python", interpreter(request.param), environment], **quiet, check=False)
    if made.returncode:
        pytest.skip(f"no Python {request.param} on this machine")
    python = environment / "bin" / "python"
    asked = ["--constraint", str(ROOT / "requirements.txt"), str(learners_wheel.filename)]
    done = subprocess.run([uv, "pip", "install", "--python", python, *asked], **quiet, check=False)
    if done.returncode:  # pip takes minutes, and knows this machine's own settings for the package index
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
        done = subprocess.run([*pip, *asked], **quiet, check=False)
    assert done.returncode == 0, done.stderr
    return python


@pytest.mark.notebook
@pytest.mark.timeout(600)
def test_a_learner_works_with_the_learners_installation_alone(learners_python, edition, tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def run(program, *arguments):
        command = [learners_python.with_name(program), *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=280)

    code = f"""
import importlib.util as util, flowercourse, autograder
print([name for name in {NOT_FOR_LEARNERS} if util.find_spec(name)], util.find_spec("solutions"))
"""
    assert run("python", "-c", code).stdout == "[] None\n"
    assert "mini_flowers" in run("flowercourse", "datasets").stdout
    exercise = edition / "exercises/04-learning-curves/04-learning-curves.ipynb"
    notebook = json.loads(exercise.read_text())
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    solved()(notebook, load_all()["04-learning-curves"])
    mine = tmp_path / exercise.name
    mine.write_text(dumps(notebook))
    checked = run("autograder", "check", str(mine))
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stderr == ""
    assert "20 of 20 points" in checked.stdout
    untouched = run("autograder", "check", str(exercise))
    assert untouched.returncode == 1
    assert "  0 of 20 points" in untouched.stdout
    refused = run("autograder", "grade", ".", "--out", "x")
    assert refused.returncode == 2
    assert "not part of the learner's edition" in refused.stderr
