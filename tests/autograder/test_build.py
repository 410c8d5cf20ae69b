"""`autograder build`: from one source to the exercise, the instructor's notebook and nbgrader's course."""

from __future__ import annotations

import json

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.authoring.build import build, compare, orphans
from autograder.authoring.notebooks import dumps, instructor_notebook, learner_notebook
from autograder.authoring.sources import load
from flowercourse.errors import CourseError
from tests.autograder.conftest import CHECKS, SOURCE, cell_of
from tests.conftest import ROOT


def write(course, text, tmp_path, name="01-tiny.py"):
    """Make a course of its own with this source, and return the source's path."""
    for path in ("autograder/checks", "solutions/hidden_checks", "solutions/notebooks"):
        (tmp_path / path).mkdir(parents=True, exist_ok=True)
    (tmp_path / "autograder/checks/tiny.py").write_text(CHECKS)
    (tmp_path / "solutions/hidden_checks/tiny.py").write_text(CHECKS)
    source = tmp_path / "solutions/notebooks" / name
    source.write_text(text)
    return source


def test_learners_get_stubs_in_place_of_solutions_and_no_hidden_test(exercise):
    assert cell_of(exercise, "add")["source"].split("\n") == [
        "def add(a, b):",
        '    """Return the sum of `a` and `b`."""',
        "    # YOUR CODE HERE",
        "    raise NotImplementedError()",
    ]
    assert cell_of(exercise, "double")["source"] == "# YOUR CODE HERE\nraise NotImplementedError()"
    assert cell_of(exercise, "thoughts")["source"] == "YOUR ANSWER HERE"
    assert cell_of(exercise, "adds")["source"] == "checks.adds()"
    text = dumps(exercise)
    for secret in ("the_sum_of_both_numbers", "commutative", "hidden", "BEGIN", "END"):
        assert secret not in text


def test_instructors_get_everything(tiny):
    text = dumps(instructor_notebook(tiny))
    for part in ("the_sum_of_both_numbers", "commutative", "hidden.adds()", "BEGIN SOLUTION", "BEGIN HIDDEN TESTS"):
        assert part in text


@pytest.mark.parametrize("make", [learner_notebook, instructor_notebook])
def test_notebooks_are_valid_for_jupyter_and_nbgrader(tiny, make):
    notebook = nbformat.reads(dumps(make(tiny)), as_version=4)
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)


def test_notebook_says_which_exercise_and_version_it_is(tiny, exercise):
    assert exercise["metadata"]["flowercourse"] == {"assignment": "01-tiny", "version": tiny.version}
    assert len(tiny.version) == 12
    assert int(tiny.version, 16) >= 0
    assert (tiny.title, tiny.module, tiny.max_score, tiny.manual_points) == ("Adding numbers", "tiny", 5, 5)


def test_notebook_holds_no_output_and_no_tools_version(exercise):
    assert all(
        cell["outputs"] == [] and cell["execution_count"] is None for cell in exercise["cells"] if "outputs" in cell
    )
    assert exercise["metadata"]["language_info"] == {"name": "python"}
    assert "jupytext" not in dumps(exercise)


def test_places_are_filled_in_from_the_configuration(exercise):
    assert "https://" in exercise["cells"][0]["source"]
    assert "{repository}" not in exercise["cells"][0]["source"]


def test_same_source_gives_the_same_bytes(course):
    path = course / "solutions/notebooks/01-tiny.py"
    assert dumps(learner_notebook(load(path))) == dumps(learner_notebook(load(path)))


def test_a_corrected_sentence_keeps_the_version_and_changed_code_or_points_do_not(course, tiny, tmp_path):
    versions = {
        name: load(write(course, SOURCE.replace(old, new), tmp_path)).version
        for name, old, new in [
            ("sentence", "You will write a function.", "You'll write a function."),
            ("solution", "= a + b", "= b + a"),
            ("code", "import math", "import math, cmath"),
            ("stub", "def add(a, b):", "def add(a, b, c=0):"),
        ]
    }
    assert versions["sentence"] == versions["solution"] == tiny.version
    assert len({versions["code"], versions["stub"], tiny.version}) == 3


def test_inserting_a_cell_leaves_the_ids_of_the_others(course, tiny, tmp_path):
    longer = load(write(course, SOURCE.replace("# %% solution", "# %%\nx = 1\n\n# %% solution", 1), tmp_path))
    assert {cell.id for cell in tiny.cells} < {cell.id for cell in longer.cells}


def test_nbgraders_full_metadata_may_be_written_instead_of_the_short_words(course, tiny, tmp_path):
    full = (
        'nbgrader={"grade": true, "grade_id": "adds", "locked": true, "points": 2, "schema_version": 3, '
        '"solution": false, "task": false, "cell_type": "code"}'
    )
    assert load(write(course, SOURCE.replace('check="adds" points=2', full), tmp_path)).version == tiny.version


def test_magics_are_written_as_comments(course, tmp_path):
    assignment = load(write(course, SOURCE.replace("import math", "# %matplotlib inline\nimport math"), tmp_path))
    assert assignment.cells[1].source.startswith("%matplotlib inline\n")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('check="adds" points=2', 'check="adds"', "points are 0"),
        ('check="adds" points=2', 'check="adds" points=1.5', "points are 1.5"),
        ('check="adds" points=2', 'check="adds" points=1', "worth 2 points in its module, and 1 here"),
        ('check="adds" points=2', 'check="adds" pionts=2', "pionts=2"),
        ('check="adds" points=2', 'check="adds" solution="x" points=2', "both solution and check"),
        ('solution="add"', 'solution="add" points=2', "not graded has points"),
        ('solution="double"', 'solution="add"', "'add' is used twice"),
        ('solution="add"', 'solution="add-ing"', "cannot be a grade id"),
        ('solution="add"', "", "has a solution, but is no solution cell"),
        ("    ### END SOLUTION\n", "", "no end solution statement found"),
        ("checks.doubles()", "checks.doubles()\nprint(1)", "does something else than checks.doubles()"),
        ("hidden.adds()", "hidden.doubles()", "does not call hidden.adds()"),
        (
            'check="doubles" points=3\nchecks.doubles()',
            'check="triples" points=3\nchecks.triples()',
            "'triples' is not in",
        ),
        ('# %% locked="setup"', "# %%", 'not locked="setup"'),
    ],
)
def test_a_source_that_breaks_a_rule_is_refused_with_the_rule(course, tmp_path, old, new, complaint):
    assert old in SOURCE
    with pytest.raises(CourseError, match="01-tiny") as error:
        load(write(course, SOURCE.replace(old, new), tmp_path))
    assert complaint in str(error.value)


@pytest.mark.parametrize(
    "leak",
    [
        "# %%\nthe_sum_of_both_numbers = a + b\n\n# %% solution",
        "# %% [markdown]\n# Write this:\n#\n#     the_sum_of_both_numbers = a  +  b\n\n# %% solution",
        "# %%\nfrom solutions.hidden_checks import tiny\n\n# %% solution",
    ],
)
def test_nothing_is_written_where_learners_would_get_a_line_of_a_solution(course, tmp_path, leak):
    source = write(course, SOURCE.replace("# %% solution", leak, 1), tmp_path)
    with pytest.raises(CourseError, match="learners would get"):
        build(sources=source.parent, exercises=tmp_path / "exercises", course=None)
    assert not (tmp_path / "exercises").exists()


def test_build_makes_exercises_and_an_nbgrader_course(course, tiny, tmp_path):
    made = build(sources=course / "solutions/notebooks", exercises=tmp_path / "exercises", course=tmp_path / "nbgrader")
    assert [one.assignment.name for one in made] == ["01-tiny"]
    exercise = tmp_path / "exercises/01-tiny/01-tiny.ipynb"
    assert exercise.read_text() == (tmp_path / "nbgrader/release/01-tiny/01-tiny.ipynb").read_text()
    assert "BEGIN SOLUTION" in (tmp_path / "nbgrader/source/01-tiny/01-tiny.ipynb").read_text()
    assert (tmp_path / "nbgrader/nbgrader_config.py").is_file()
    assert (tmp_path / "nbgrader/gradebook.db").is_file()


def test_compare_tells_fresh_from_stale(course, tmp_path):
    folders = {"sources": course / "solutions/notebooks", "exercises": tmp_path}
    assert [one.fresh for one in compare(**folders)] == [False]
    build(**folders, course=None)
    assert [one.fresh for one in compare(**folders)] == [True]
    exercise = tmp_path / "01-tiny/01-tiny.ipynb"
    exercise.write_text(exercise.read_text().replace("checks.adds()", "pass"))
    assert [one.fresh for one in compare(**folders)] == [False]


def test_an_exercise_whose_source_is_gone_is_removed(course, tmp_path):
    old = tmp_path / "02-gone/02-gone.ipynb"
    old.parent.mkdir()
    old.write_text(json.dumps({"cells": []}))
    folders = {"sources": course / "solutions/notebooks", "exercises": tmp_path}
    assert orphans(compare(**folders), tmp_path) == [old]
    build(**folders, course=None)
    assert not old.exists()


@pytest.mark.parametrize("path", sorted((ROOT / "exercises").glob("*/*.ipynb")), ids=lambda path: path.stem)
def test_an_exercise_imports_the_course_before_tensorflow(path):
    """It settles which Keras `tf.keras` is, and holds TensorFlow's notices back."""
    first = next(cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code").source
    imported = [line.split()[1] for line in first.splitlines() if line.startswith("import ")]
    place = imported.index("flowercourse")
    brings_tensorflow = {"tensorflow", "tensorflow_datasets", "tensorflow_hub", "tf_keras"}
    assert not brings_tensorflow.intersection(imported[:place])
    assert brings_tensorflow.intersection(imported[place:])
