"""The learner's edition: nothing in it gives an answer away, and a learner can work in it alone."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace

import pytest
import yaml

from autograder.authoring import release as releasing
from autograder.authoring.notebooks import dumps
from autograder.authoring.release import refuse_secrets, release, without
from autograder.authoring.sources import ROOT, load_all
from flowercourse.errors import CourseError


@pytest.fixture(scope="module")
def edition(tmp_path_factory):
    """Return the learner's edition of this repository."""
    out = tmp_path_factory.mktemp("release") / "edition"
    release(out)
    return out


@pytest.fixture(scope="module")
def texts(edition):
    """Return the text of every file of the edition, by path."""
    files = [path for path in edition.rglob("*") if path.is_file()]
    return {str(path.relative_to(edition)): path.read_bytes().decode("utf-8", "replace") for path in files}


def test_the_edition_holds_what_learners_need(edition, texts):
    for name in ("README.md", "Makefile", "LICENSE", "pyproject.toml", "requirements.txt", "_config.yml", "_toc.yml"):
        assert name in texts
    exercises = [path.relative_to(ROOT) for path in (ROOT / "exercises").glob("*/*.ipynb")]
    assert len(exercises) >= 5
    for path in exercises:
        assert (edition / path).read_bytes() == (ROOT / path).read_bytes()


def test_the_edition_holds_nothing_of_the_instructors_side(edition, texts):
    assert not (edition / "solutions").exists()
    assert not (edition / "tests").exists()
    assert not (edition / "book" / "instructors").exists()
    assert list(tomllib.loads((edition / "pyproject.toml").read_text())["project"]["optional-dependencies"]) == ["site"]
    assert not (edition / "book" / "walkthroughs").exists()
    grading = {"authoring", "intake", "grading", "sandbox", "outcome", "files", "templating"}
    assert not grading & {path.stem for path in (edition / "autograder").iterdir()}
    assert not (edition / "autograder" / "commands" / "instructor.py").exists()
    assert "solutions" not in texts["pyproject.toml"]


def test_no_function_of_solutions_and_hidden_checks_is_in_the_edition(texts):
    """Compares whole functions, as Python reads them, so that another layout hides nothing."""
    public = {dump for name, text in texts.items() if name.endswith(".py") for dump in functions(text)}
    for name, text in texts.items():
        if name.endswith(".ipynb"):
            cells = json.loads(text)["cells"]
            public |= {d for cell in cells if cell["cell_type"] == "code" for d in functions("".join(cell["source"]))}
    secret: dict[str, str] = {}
    # A hidden check that reads like the visible one (and draws its own inputs) has nothing to hide.
    visible = {dump for path in (ROOT / "autograder" / "checks").glob("*.py") for dump in functions(path.read_text())}
    for path in (ROOT / "solutions").rglob("*.py"):
        if path.parent.name != "notebooks":  # those hold given code, too; their solutions follow below
            hidden = path.parent.name == "hidden_checks"
            found = set(functions(path.read_text())) - (visible if hidden else set())
            secret |= dict.fromkeys(found, str(path))
    for assignment in load_all().values():
        for cell in assignment.cells:
            if cell.kind == "solution":
                secret |= dict.fromkeys(functions(cell.source), f"{assignment.name}, {cell.id}")
    assert len(secret) > 100
    assert sorted({secret[dump] for dump in secret.keys() & public}) == []


def functions(text):
    """Yield the bodies of functions of two statements or more, without their docstrings."""
    try:
        tree = ast.parse(text)
    except SyntaxError:  # magics in a notebook
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if len(body) > 1:
                yield ast.dump(ast.Module(body, []))


def test_every_module_of_the_edition_finds_what_it_imports(edition):
    for path in edition.glob("**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.split(".")[0] in ("autograder", "flowercourse", "solutions"):
                    target = edition / name.replace(".", "/")
                    assert target.is_dir() or target.with_suffix(".py").is_file(), f"{path}: {name}"


def test_the_edition_has_what_its_site_is_built_with(edition):
    command = [sys.executable, "build_tools/site.py", "--help"]
    options = {"cwd": edition, "env": os.environ | {"PYTHONPATH": str(edition)}, "capture_output": True, "text": True}
    done = subprocess.run(command, check=False, **options)
    assert done.returncode == 0, done.stderr
    pinned = {path.name for path in (edition / "build_tools" / "javascript").iterdir()}
    assert pinned == {path.name for path in (ROOT / "build_tools" / "javascript").iterdir()} - {"node_modules"}


def test_table_of_contents_lists_only_pages_that_are_there(edition):
    content = yaml.safe_load((edition / "_toc.yml").read_text())
    files = [chapter["file"] for part in content["parts"] for chapter in part["chapters"]]
    assert files
    assert all((edition / "book" / f"{name}.md").is_file() for name in files)
    for page in (edition / "book").rglob("*.md"):
        assert not re.search(r"\]\([^)]*(instructors|walkthroughs)/", page.read_text()), page.name


def test_the_edition_has_every_exercise_as_a_page_and_no_line_of_a_walkthrough(edition, texts):
    assert {path.stem for path in (edition / "book" / "exercises").glob("*.md")} == set(load_all())
    told = walkthroughs_words()
    assert len(told) > 100
    for name, text in texts.items():
        assert {line.strip() for line in text.split("\n")} & told == set(), name


def walkthroughs_words() -> set[str]:
    """Return the lines of words in all walkthroughs, below what every one of them begins with."""
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "book" / "walkthroughs").glob("*.md")]
    steps = [re.sub(r"(?ms)^```.*?^```$", "", page.partition("\n## ")[2]) for page in pages]
    return {line.strip() for page in steps for line in page.split("\n") if len(line.strip()) > 40}


@pytest.fixture(scope="module")
def with_solutions(tmp_path_factory):
    """Return the learner's edition with the walkthroughs."""
    out = tmp_path_factory.mktemp("release") / "edition"
    release(out, with_solutions=True)
    return out


def test_walkthroughs_go_with_the_edition_where_they_are_asked_for(edition, with_solutions):
    names = {path.name for path in (ROOT / "book" / "walkthroughs").glob("*.md")}
    assert {path.name for path in (with_solutions / "book" / "walkthroughs").iterdir()} == names

    def files(folder):
        found = {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
        return {str(path) for path in found if "__pycache__" not in path.parts}  # of commands that were run there

    assert files(with_solutions) - files(edition) == {f"book/walkthroughs/{name}" for name in names}
    assert files(edition) - files(with_solutions) == set()
    listed = yaml.safe_load((with_solutions / "_toc.yml").read_text())["parts"]
    chapters = [chapter["file"] for part in listed for chapter in part["chapters"]]
    assert {f"walkthroughs/{name.removesuffix('.md')}" for name in names} <= set(chapters)
    assert not [name for name in chapters if name.startswith("instructors/")]


def test_walkthroughs_hold_nothing_of_hidden_checks_wherever_they_go(tiny, tmp_path, monkeypatch):
    """Not even where the page itself is the one that says it."""
    hidden = next(iter(dict(releasing.hidden_text(3))))
    page = tmp_path / "book" / "walkthroughs" / "01-tiny.md"
    page.parent.mkdir(parents=True)
    page.write_text("# Tiny\n\n## Step 1\n\nSome words of its own, which are no secret.\n" + "\n".join(hidden))
    pages = list(releasing.walkthrough_text([tiny], 3))
    pages += [(lines, page.name) for lines in releasing.neighbors(page.read_text().split("\n"), 3)]
    monkeypatch.setattr(releasing, "walkthrough_text", lambda assignments, count: pages)
    with pytest.raises(CourseError, match="hidden_checks"):
        refuse_secrets(tmp_path, [tiny], with_solutions=True)
    page.write_text("# Tiny\n\n## Step 1\n\nSome words of its own, which are no secret.\n")
    refuse_secrets(tmp_path, [tiny], with_solutions=True)


def test_a_walkthrough_that_leaves_by_mistake_is_refused(tiny, tmp_path):
    walkthrough = next((ROOT / "book" / "walkthroughs").glob("*.md"))
    for where in ("book/walkthroughs/01-tiny.md", "book/lesson.md", "flowercourse/notes.txt"):
        (tmp_path / where).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / where).write_text(walkthrough.read_text())
        with pytest.raises(CourseError, match=f"{where}.*book/walkthroughs/"):
            refuse_secrets(tmp_path, [tiny])
        if not where.startswith("book/walkthroughs"):
            with pytest.raises(CourseError, match=f"{where}.*book/walkthroughs/"):
                refuse_secrets(tmp_path, [tiny], with_solutions=True)
        (tmp_path / where).unlink()


def test_a_part_with_instructors_pages_alone_is_dropped():
    toc = yaml.safe_dump(
        {"parts": [{"caption": "A", "chapters": [{"file": "x"}]}, {"chapters": [{"file": "instructors/y"}]}]}
    )
    assert yaml.safe_load(without(toc, ["instructors"]))["parts"] == [{"caption": "A", "chapters": [{"file": "x"}]}]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(CourseError, match="not empty"):
        release(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("where", ["exercises/01-tiny/01-tiny.ipynb", "book/lesson.md", "flowercourse/helper.py"])
def test_an_edition_with_lines_of_a_solution_is_refused(tiny, tmp_path, where):
    leak = ["    the_sum_of_both_numbers = a + b", "    return the_sum_of_both_numbers"]
    if where.startswith("book"):  # where two lines may be the same
        source = tiny.cells[3].source.replace("    return", "    print(the_sum_of_both_numbers)\n    return")
        tiny = replace(tiny, cells=(replace(tiny.cells[3], source=source),))
        leak.insert(1, "print(the_sum_of_both_numbers)")
    text = dumps({"cells": [{"source": "\n".join(leak)}]}) if where.endswith("ipynb") else "\n\n".join(leak)
    (tmp_path / where).parent.mkdir(parents=True)
    (tmp_path / where).write_text(dumps({"cells": [{"source": "pass"}]}))
    refuse_secrets(tmp_path, [tiny])
    (tmp_path / where).write_text(text)
    with pytest.raises(CourseError, match=f"{where}.*solution of 01-tiny, cell add"):
        refuse_secrets(tmp_path, [tiny])


def test_a_refused_edition_leaves_nothing_behind(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise CourseError("no", "no", "no")

    monkeypatch.setattr(releasing, "refuse_secrets", refuse)
    with pytest.raises(CourseError):
        release(tmp_path / "edition")
    assert list(tmp_path.iterdir()) == []
