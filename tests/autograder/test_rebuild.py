"""The notebook that runs: what is taken from the submission, and what from the exercise."""

from __future__ import annotations

import ast
import copy
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.authoring.sources import load_all
from autograder.intake.find import find_submissions
from autograder.intake.rebuild import parse, rebuild
from autograder.intake.submissions import Found, Rejected
from tests.autograder.conftest import cell_of
from tests.conftest import tries


@pytest.fixture
def rebuilt(tiny, submitted, hand_in):
    """Return a function that hands in a notebook and returns what is made of it."""

    def make(notebook):
        hand_in(notebook)
        return rebuild(find_submissions(submitted)[0], tiny)

    return make


def code(source, **fields):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **fields}


def sources(rebuilt):
    return {cell.id: cell.source for cell in rebuilt.cells}


def ids(rebuilt):
    return [cell.id for cell in rebuilt.cells if not cell.id.startswith("cell-")]


def test_learners_code_is_taken_for_solution_cells_and_examples(tiny, exercise, rebuilt):
    cell_of(exercise, "add")["source"] = "def add(a, b): return b + a"
    example = next(cell.id for cell in tiny.cells if cell.kind == "example")
    cell_of(exercise, example)["source"] = "add(7, 8)"
    made = sources(rebuilt(exercise))
    assert made["add"] == "def add(a, b): return b + a"
    assert made[example] == "add(7, 8)"


@pytest.mark.parametrize("name", ["setup", "adds", "doubles"])
def test_given_code_and_checks_come_from_the_exercise(tiny, exercise, rebuilt, name):
    cell_of(exercise, name)["source"] = "points = 1000"
    cell_of(exercise, name)["metadata"]["nbgrader"] |= {
        "points": 1000,
        "grade": False,
        "solution": True,
        "locked": False,
    }
    cell_of(exercise, name)["cell_type"] = "markdown"
    made = rebuilt(exercise)
    assert sources(made)[name] == next(cell.given for cell in tiny.cells if cell.id == name)
    assert made.max_score == 5


def test_tags_metadata_outputs_and_attachments_are_dropped(exercise, rebuilt):
    plain = rebuilt(exercise).cells
    for cell in exercise["cells"]:
        cell["metadata"]["tags"] = ["skip-execution", "remove-cell"]
        cell["attachments"] = {"a.svg": {"image/svg+xml": "<svg/>"}}
        if cell["cell_type"] == "code":
            cell["outputs"] = [{"output_type": "execute_result", "data": {"text/plain": "1000"}}]
    assert rebuilt(exercise).cells == plain


def test_missing_cells_are_put_back_and_said_to_be(exercise, rebuilt):
    exercise["cells"] = [cell for cell in exercise["cells"] if cell["id"] not in ("adds", "double", "setup")]
    made = rebuilt(exercise)
    assert ids(made) == ["setup", "add", "adds", "double", "doubles", "thoughts"]
    notes = {cell.id: cell.note for cell in made.cells}
    assert notes["double"] == "This cell was missing and has been put back, empty."
    assert notes["setup"] == notes["adds"] == ""


def test_answers_merged_into_one_cell_are_not_undone_by_a_stub(exercise, rebuilt):
    merged = "def add(a, b): return a + b\n\n\ndef double(a): return add(a, a)"
    cell_of(exercise, "add")["source"] = merged
    exercise["cells"].remove(cell_of(exercise, "double"))
    made = rebuilt(exercise)
    namespace = {}
    for cell in made.cells:
        if cell.role == "learner":
            exec(cell.source, namespace)
    assert namespace["double"](4) == 8


def defined(source):
    """Return the names that a cell's code defines for the cells below it."""
    tree = ast.parse("\n".join(line for line in source.split("\n") if not line.startswith(("%", "!"))))
    functions = {node for node in tree.body if isinstance(node, ast.FunctionDef)}
    inner = {below for function in functions for below in ast.walk(function)}
    names = {node.name for node in functions}
    for node in set(ast.walk(tree)) - inner:
        if isinstance(node, ast.alias):
            names.add(node.asname or node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
    return names


@pytest.mark.parametrize("assignment", load_all().values(), ids=lambda assignment: assignment.name)
def test_nothing_given_stands_in_for_an_answer_that_is_missing(assignment):
    given = {name for cell in assignment.cells if cell.kind in ("locked", "example") for name in defined(cell.given)}
    answers = {name for cell in assignment.cells if cell.kind == "solution" for name in defined(cell.source)}
    assert len(answers) > 5
    assert not given & answers


def test_examples_and_written_answers_that_are_missing_are_put_back_as_they_were(tiny, exercise, rebuilt):
    gone = {cell.id: cell.given for cell in tiny.cells if cell.kind in ("example", "written")}
    exercise["cells"] = [cell for cell in exercise["cells"] if cell["id"] not in gone]
    made = [cell for cell in rebuilt(exercise).cells if cell.id in gone]
    assert {cell.id: cell.source for cell in made} == gone
    assert {cell.note for cell in made} == {"This cell was missing and has been put back."}


def test_order_comes_from_the_exercise(exercise, rebuilt):
    expected = rebuilt(exercise).cells
    exercise["cells"].reverse()
    assert rebuilt(exercise).cells == expected


def test_added_cells_run_behind_the_cell_that_they_stood_behind(exercise, rebuilt):
    place = exercise["cells"].index(cell_of(exercise, "add")) + 1
    exercise["cells"].insert(place, code("helper = 1", id="mine"))
    exercise["cells"].insert(0, code("first = 1"))
    exercise["cells"].append({"cell_type": "markdown", "source": "My notes", "metadata": {}})
    made = rebuilt(exercise)
    assert ids(made) == ["added-1", "setup", "add", "added-2", "adds", "double", "doubles", "thoughts", "added-3"]
    assert sources(made)["added-2"] == "helper = 1"
    assert [cell.role for cell in made.cells if cell.id.startswith("added-")] == ["learner", "learner", "text"]


def test_of_a_pasted_solution_cell_both_run_in_the_learners_order(exercise, rebuilt):
    place = exercise["cells"].index(cell_of(exercise, "add"))
    pasted = json.loads(json.dumps(exercise["cells"][place])) | {"source": "def add(a, b): return a + b", "id": "f00"}
    exercise["cells"].insert(place + 1, pasted)
    made = rebuilt(exercise)
    assert ids(made)[:4] == ["setup", "add", "added-1", "adds"]
    assert sources(made)["added-1"] == "def add(a, b): return a + b"


def test_a_check_pasted_twice_counts_once(exercise, rebuilt):
    exercise["cells"] += [json.loads(json.dumps(cell_of(exercise, "adds"))) for _ in range(3)]
    made = rebuilt(exercise)
    assert ids(made).count("adds") == 1
    assert made.max_score == 5


def test_cells_are_known_by_their_id_where_an_editor_dropped_nbgraders_marks(exercise, rebuilt):
    cell_of(exercise, "add")["source"] = "def add(a, b): return a + b"
    expected = rebuilt(exercise).cells
    for cell in exercise["cells"]:
        cell["metadata"] = {}
    assert rebuilt(exercise).cells == expected
    for cell in exercise["cells"]:
        cell["metadata"] = {"id": cell.pop("id")}  # as Colab keeps it
    assert rebuilt(json.loads(json.dumps(exercise))).cells == expected


def test_code_without_any_mark_runs_in_its_place_and_no_stub_undoes_it(exercise, rebuilt):
    cell_of(exercise, "add")["source"] = "def add(a, b): return a + b"
    for cell in exercise["cells"]:
        cell["metadata"] = {}
        del cell["id"]
    made = rebuilt(exercise)
    code_that_runs = [cell.source for cell in made.cells if cell.role == "learner" and cell.source]
    assert "def add(a, b): return a + b" in code_that_runs
    assert not any("def add" in source and "NotImplementedError" in source for source in code_that_runs)
    order = ids(made)
    assert order.index("add") < order.index("added-1") < order.index("adds")


def test_an_emptied_cell_stays_empty(exercise, rebuilt):
    cell_of(exercise, "add")["source"] = ""
    assert sources(rebuilt(exercise))["add"] == ""


def test_a_solution_turned_into_text_by_accident_is_run(exercise, rebuilt):
    cell_of(exercise, "add").update(cell_type="markdown", source="def add(a, b): return a + b")
    made = next(cell for cell in rebuilt(exercise).cells if cell.id == "add")
    assert (made.role, made.note) == ("learner", "This was a text cell; it has been run as code.")


def test_a_written_answer_is_text_with_its_points(exercise, rebuilt):
    cell_of(exercise, "thoughts")["source"] = "It commutes."
    made = next(cell for cell in rebuilt(exercise).cells if cell.id == "thoughts")
    assert (made.role, made.source, made.points) == ("text", "It commutes.", 5)


@pytest.mark.parametrize("source", ["a\nb", ["a\n", "b"], ["a", "\n", "b"]])
def test_source_may_be_text_or_lines(exercise, rebuilt, source):
    cell_of(exercise, "add")["source"] = source
    assert sources(rebuilt(json.dumps(exercise)))["add"] == "a\nb"


@pytest.mark.parametrize("bad", [None, 5, {"a": 1}, ["a", 5], True])
def test_a_cell_whose_source_is_no_text_is_left_out_with_a_note(exercise, rebuilt, bad):
    cell_of(exercise, "add")["source"] = bad
    made = rebuilt(json.dumps(exercise))
    assert sources(made)["add"] == ""
    assert made.notes == ("A damaged cell has been left out.",)


def test_damaged_cells_are_left_out_and_counted(exercise, rebuilt):
    exercise["cells"] += [None, 5, [], "x", {}, {"cell_type": 5, "source": ""}]
    made = rebuilt(json.dumps(exercise))
    assert made.notes == ("6 cells were damaged and have been left out.",)
    assert ids(made) == ["setup", "add", "adds", "double", "doubles", "thoughts"]


def test_half_a_surrogate_pair_becomes_a_question_mark(exercise, rebuilt):
    cell_of(exercise, "add")["source"] = "x = '?'"
    text = json.dumps(exercise).replace("x = '?'", "x = '\\ud800'")
    assert sources(rebuilt(text))["add"] == "x = '?'"


@pytest.mark.parametrize("metadata", [None, 5, [], "x", {"nbgrader": 5}, {"nbgrader": {"grade_id": ["add"]}}])
def test_odd_metadata_of_a_cell_is_ignored(exercise, rebuilt, metadata):
    cell_of(exercise, "add").update(metadata=metadata, source="y = 1")
    assert sources(rebuilt(json.dumps(exercise)))["add"] == "y = 1"


@pytest.mark.parametrize("kernel", [None, 5, {"name": "ir", "language": "R"}, {"language": ["x"]}])
def test_the_kernel_that_a_notebook_asks_for_does_not_matter(exercise, rebuilt, kernel):
    exercise["metadata"]["kernelspec"] = kernel
    assert rebuilt(json.dumps(exercise)).max_score == 5


@pytest.mark.parametrize("minor", [0, 5, 999, -1, "x", None])
def test_the_minor_version_of_the_format_does_not_matter(exercise, rebuilt, minor):
    assert rebuilt(json.dumps(exercise | {"nbformat_minor": minor})).max_score == 5


@pytest.mark.parametrize("major", [4, 4.0, "4", "4.0"])
def test_the_format_may_be_spelled_as_some_tools_do(exercise, rebuilt, major):
    assert rebuilt(json.dumps(exercise | {"nbformat": major})).notes == ()


@pytest.mark.parametrize("sign", ["", "-"])
def test_an_integer_of_thousands_of_digits_does_no_harm(exercise, rebuilt, sign):
    text = json.dumps(exercise).replace('"execution_count": null', f'"execution_count": {sign}{"9" * 5000}')
    assert rebuilt(text).notes == ()


def test_a_notebook_of_format_3_is_graded_like_the_same_in_format_4(exercise, rebuilt):
    cell_of(exercise, "add")["source"] = "def add(a, b): return b + a"
    exercise["cells"].insert(3, {"cell_type": "markdown", "source": "My heading", "metadata": {}})
    expected = rebuilt(exercise)
    old = json.loads(json.dumps(exercise)) | {"nbformat": 3, "nbformat_minor": 0}
    cells = old.pop("cells")
    for cell in cells:
        cell.pop("id", None)
        if cell["cell_type"] == "code":
            cell |= {"input": cell.pop("source"), "prompt_number": cell.pop("execution_count"), "language": "python"}
    cells[3] |= {"cell_type": "heading", "level": 2}
    old["worksheets"] = [{"cells": cells[:5], "metadata": {}}, {"cells": cells[5:], "metadata": {}}]
    made = rebuilt(json.dumps(old))
    assert made.cells == expected.cells
    assert made.notes == ()


def test_an_outdated_copy_with_the_same_tasks_is_graded_and_told(exercise, rebuilt):
    exercise["metadata"]["flowercourse"]["version"] = "0123456789ab"
    made = rebuilt(exercise)
    assert made.outdated
    assert "earlier version" in made.notes[0]


@pytest.mark.parametrize("change", ["lacks a point", "has another point"])
def test_an_outdated_copy_with_other_tasks_is_rejected_with_what_to_do(exercise, rebuilt, change):
    exercise["metadata"]["flowercourse"]["version"] = "0123456789ab"
    if change == "lacks a point":
        exercise["cells"].remove(cell_of(exercise, "adds"))
    else:
        cell_of(exercise, "double")["metadata"]["nbgrader"]["grade_id"] = "triple"
    with pytest.raises(Rejected, match="Get the current exercise, paste your answers"):
        rebuilt(exercise)


@pytest.mark.parametrize("metadata", [None, {}, {"flowercourse": None}, {"flowercourse": {"version": 5}}])
def test_a_copy_that_does_not_say_its_version_is_graded_with_a_note(exercise, rebuilt, metadata):
    exercise["metadata"] = metadata
    made = rebuilt(json.dumps(exercise))
    assert "does not say which version" in made.notes[0]
    assert not made.outdated


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
cells = st.dictionaries(
    st.sampled_from(["cell_type", "source", "input", "metadata", "id", "outputs"]),
    st.sampled_from(["code", "markdown", "heading", "add", "adds", {"nbgrader": {"grade_id": "add"}}]) | json_values,
)


@settings(max_examples=tries(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.binary(max_size=60)
    | st.builds(
        lambda cells, metadata: json.dumps({"nbformat": 4, "metadata": metadata, "cells": cells}).encode("utf-8"),
        st.lists(cells | json_values, max_size=6),
        json_values,
    )
    | st.builds(
        lambda cells, sheet: json.dumps({"nbformat": 3, "worksheets": [{"cells": cells}, sheet]}).encode("utf-8"),
        st.lists(cells | json_values, max_size=6),
        json_values,
    )
)
def test_any_file_whatever_is_rebuilt_or_rejected(tiny, tmp_path, data):
    path = tmp_path / "s" / "01-tiny" / "01-tiny.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    try:
        made = rebuild(Found("s", "01-tiny", path.parent, path), tiny)
    except Rejected:
        return
    assert made.max_score == 5
    assert [cell.id for cell in made.cells if cell.role == "graded"] == ["adds", "doubles"]
    for cell in made.cells:
        cell.source.encode("utf-8")


def spoiled(value, places, draw):
    """Replace what stands at one place of a notebook by any other value."""
    for depth, place in enumerate(places):
        if not isinstance(value, dict | list) or not value:
            break
        keys = list(value) if isinstance(value, dict) else range(len(value))
        key = keys[place % len(keys)]
        if depth == len(places) - 1 or not isinstance(value[key], dict | list) or not value[key]:
            value[key] = draw
            return
        value = value[key]


@settings(max_examples=tries(150), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.lists(
        st.tuples(st.lists(st.integers(0, 50), min_size=1, max_size=5), json_values | st.just("x" * 100_000)),
        min_size=1,
        max_size=4,
    )
)
def test_a_notebook_with_anything_in_any_of_its_places_is_rebuilt_or_rejected_with_a_reason(
    tiny, exercise, tmp_path, changes
):
    notebook = copy.deepcopy(exercise)
    for places, value in changes:
        spoiled(notebook, places, value)
    path = tmp_path / "s" / "01-tiny" / "01-tiny.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook))
    try:
        made, reason = rebuild(Found("s", "01-tiny", path.parent, path), tiny), ""
    except Rejected as rejected:
        made, reason = None, str(rejected)
    if made is None:
        assert reason.endswith(".")
        assert len(reason) < 600
    else:
        assert [cell.id for cell in made.cells if cell.role == "graded"] == ["adds", "doubles"]
        assert all(isinstance(cell.source, str) for cell in made.cells)


def test_parse_refuses_nothing_that_jupyter_writes(exercise):
    assert parse(json.dumps(exercise).encode())["cells"]


@pytest.mark.parametrize("other", [{"a": 1}, [1], 3, None, True, 1.5])
def test_a_grade_id_that_is_no_text_is_nobodys_in_an_outdated_copy_too(exercise, rebuilt, other):
    exercise["metadata"]["flowercourse"]["version"] = "000000000000"
    exercise["cells"].append(code("1", id="more", metadata={"nbgrader": {"grade_id": other}}))
    assert "earlier version" in " ".join(rebuilt(exercise).notes)
