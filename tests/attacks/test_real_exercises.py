"""The same on one of the course's own exercises, with TensorFlow, its data and its hidden checks."""

from __future__ import annotations

import shutil

import pytest

from autograder.authoring.notebooks import dumps, instructor_notebook, learner_notebook
from autograder.authoring.sources import load_all
from autograder.grading.grade import grade_class
from tests.attacks.course import code_cell

NAME = "05-predictions"
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]

_FORGE = """
import autograder.conversation.agent, autograder.conversation.protocol as protocol, numpy as np
for name in ("allclose", "array_equal", "isclose"):
    setattr(np, name, lambda *a, **k: True)
def answer(self, message):
    number = protocol.decode(message, builds=True)["number"]
    return protocol.encode({"number": number, "answer": {"value": 1.0, "type": "float", "status": "passed"}})
autograder.conversation.agent.Agent.answer = answer
"""
_SEARCH = """
import os
found = []
for top in set(os.listdir('/')) - {'proc', 'usr', 'dev', 'lib', 'lib64'}:
    for folder, folders, names in os.walk('/' + top):
        folders[:] = [name for name in folders if name not in ('site-packages', '.pyenv')]
        found += [os.path.join(folder, name) for name in (*folders, *names)]
telling = ('hidden_checks', 'solutions', 'gradebook', 'submitted')
print([path for path in found if any(word in path for word in telling)])
import solutions.hidden_checks
"""


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """What became of a small class."""
    folder = tmp_path_factory.mktemp("real")
    assignment = load_all()[NAME]
    untouched, solved = learner_notebook(assignment), instructor_notebook(assignment)
    first = next(n for n, cell in enumerate(solved["cells"]) if cell["id"] == "setup") + 1

    def with_cell(made, at, source):
        return {**made, "cells": [*made["cells"][:at], code_cell(source), *made["cells"][at:]]}

    tagged = {**untouched, "cells": [{**cell, "metadata": {**cell["metadata"], "tags": ["skip-execution"]}}
                                     for cell in untouched["cells"]]}  # fmt: skip
    notebooks = {
        "honest": solved,
        "honest-crashes-late": with_cell(solved, len(solved["cells"]), "import os\nos._exit(1)"),
        "searches": with_cell(solved, first, _SEARCH),
        "skips": tagged,
        "untouched": untouched,
        "zz-forges": with_cell(untouched, first, _FORGE),
    }
    for student, made in notebooks.items():
        path = folder / "submitted" / student / NAME / f"{NAME}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_text(dumps(made))
    results = []
    grade_class(
        folder / "submitted", folder / "out", jobs=2, isolation="bubblewrap", progress=False, each=results.append
    )
    return {result.student_id: result for result in results}


def test_right_answers_get_everything(rows):
    full = rows["honest"].max_score
    assert full > 0
    assert [(rows[name].status, rows[name].score) for name in ("honest", "honest-crashes-late", "searches")] == [
        ("graded", full),
        ("graded", full),
        ("graded", full),
    ]


@pytest.mark.parametrize("student", ["skips", "untouched", "zz-forges"])
def test_no_answers_get_nothing_however_they_are_dressed(rows, student):
    assert rows[student].score == 0
    assert not [check for check in rows[student].checks if check.status == "error"]


def test_nothing_of_the_instructors_is_found(rows):
    shown = str([cell.outputs for cell in rows["searches"].cells if cell.id.startswith("added")])
    assert "[]" in shown
    assert "No module named 'solutions'" in shown
