"""The course's Sphinx extension: quizzes, exercises, answers folded away, live parts with data, formulas."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from flowersite import after_trying, data, docstrings, exercise, live, mathml, notebook, quiz, without


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the parts; each knows only its own nodes and options."""
    mathml.setup(app)
    quiz.setup(app)
    exercise.setup(app)
    notebook.setup(app)
    after_trying.setup(app)
    docstrings.setup(app)
    without.setup(app)
    live.setup(app)
    data.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
