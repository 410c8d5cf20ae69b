"""A tiny assignment without TensorFlow, made for attacking: four points' worth of answers in a few seconds."""

from __future__ import annotations

from autograder.authoring.course import Course
from autograder.authoring.notebooks import CODE_STUB, Assignment, Cell, dumps, learner_notebook

NAME = "01-toy"

SETUP = "import numpy as np\n\nlabels = [0, 2, 1, 1, 0, 2, 2, 2]"
SOLUTIONS = {
    "scale": "def scale(images):\n    return np.asarray(images, dtype=np.float32) / 255",
    "accuracy": "def accuracy(labels, predictions):\n    return float(np.mean(np.equal(labels, predictions)))",
    "counts": "counts = np.bincount(labels, minlength=3)",
    "closing": "def softmax(logits):\n    e = np.exp(logits - np.max(logits, axis=1, keepdims=True))\n"
    "    return e / e.sum(axis=1, keepdims=True)",
}
CHECKS = {
    "scale": ("images_are_scaled", 2),
    "accuracy": ("accuracy_is_measured", 2),
    "counts": ("labels_are_counted", 1),
    "closing": ("probabilities_add_up", 1),
}
MAX_SCORE = 6.0


def assignment() -> Assignment:
    """Return the assignment."""
    cells = [
        Cell("intro", "text", "# A toy", "# A toy"),
        Cell("setup", "locked", SETUP, SETUP),
    ]
    for name, solution in SOLUTIONS.items():
        grade_id, points = CHECKS[name]
        cells.append(Cell(name, "solution", solution, CODE_STUB))
        cells.append(Cell(grade_id, "check", f"checks.{grade_id}()", f"checks.{grade_id}()", points))
    return Assignment(NAME, "A toy", tuple(cells))


def course() -> Course:
    """Return the course that has only this assignment."""
    return Course({NAME: assignment()}, visible="tests.attacks.visible", hidden="tests.attacks.hidden")


def notebook(*, solve: bool = True, added: str = "", last: str = "", **answers: str) -> dict:
    """Return a submission.

    Args:
        solve: whether cells that `answers` does not name hold the right solution, or the untouched stub.
        added: code of a cell that the learner added before her first answer.
        last: code of a cell that she added at the end.
        answers: code of her answers, by the solution cell's name.
    """
    made = learner_notebook(assignment())
    for cell in made["cells"]:
        if cell["id"] in SOLUTIONS:
            default = SOLUTIONS[cell["id"]] if solve else cell["source"]
            cell["source"] = answers.get(cell["id"], default)
    if added:
        made["cells"].insert(2, code_cell(added))
    if last:
        made["cells"].append(code_cell(last))
    return made


def code_cell(source: str) -> dict:
    """Return a cell as a learner adds it."""
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def as_bytes(made: dict) -> bytes:
    """Return a notebook's file."""
    return dumps(made).encode()
