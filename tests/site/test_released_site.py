"""The site that learners build from their edition: it is built, and no line of a solution stands in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.build import telling_lines
from autograder.authoring.release import release
from autograder.authoring.sources import load_all
from tests.autograder.test_release import walkthroughs_words
from tests.site.tools import ROOT, load_tool, plain

WORDS = {".html", ".js", ".json", ".md", ".ipynb", ".txt", ".inv"}


@pytest.fixture(scope="module")
def released_site(site, tmp_path_factory) -> Path:
    """Return the site of the learners' edition; what this repository's site has executed is not executed again."""
    builder = load_tool("site")
    edition = tmp_path_factory.mktemp("released") / "edition"
    release(edition)
    executed = edition / builder.EXECUTED.relative_to(ROOT)
    shutil.copytree(builder.EXECUTED, executed)
    environment = {
        **{name: value for name, value in os.environ.items() if name != "FLOWERCOURSE_LIVE"},
        "FLOWERCOURSE_CACHE": os.environ.get("FLOWERCOURSE_CACHE", str(ROOT / "_build" / "cache")),
        "PYTHONPATH": str(edition),
    }
    command = [sys.executable, "build_tools/site.py"]
    done = subprocess.run(command, cwd=edition, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return edition / "_build" / "site"


@pytest.fixture(scope="module")
def texts(released_site) -> dict[str, str]:
    """Return what stands in each file of the site, without tags, in one line."""
    files = [path for path in released_site.rglob("*") if path.is_file() and path.suffix in WORDS]
    return {str(path.relative_to(released_site)): plain(path.read_text("utf-8", "replace")) for path in files}


def test_it_has_exercises_to_read_and_no_walkthrough(released_site):
    assert {path.stem for path in (released_site / "exercises").glob("*.html")} == set(load_all())
    assert not [path for path in released_site.rglob("*") if "walkthrough" in path.name]
    page = (released_site / "exercises" / "01-preprocessing.html").read_text(encoding="utf-8")
    assert "When you have tried" not in page


def test_no_line_of_a_solution_stands_in_it(texts):
    """But for lines that lessons, the library, and the exercises' own hints have."""
    files = [*(ROOT / "book").glob("*.md"), *(ROOT / "flowercourse").rglob("*.py")]
    known = [path.read_text(encoding="utf-8") for path in files]
    public = plain("\n".join(known + [cell.given for one in load_all().values() for cell in one.cells]))
    lines = {plain(line).strip() for one in load_all().values() for line in telling_lines(one)}
    secret = {line for line in lines if line not in public}
    assert len(secret) > 100
    for name, text in texts.items():
        assert [line for line in secret if line in text] == [], name


def test_no_line_of_a_walkthrough_stands_in_it(texts):
    told = {plain(re.sub(r"[`*]|\{\w+\}", "", line)).strip() for line in walkthroughs_words()}
    assert len(told) > 100
    for name, text in texts.items():
        text = re.sub(r"[`*]", "", text)
        assert [line for line in told if line in text] == [], name
