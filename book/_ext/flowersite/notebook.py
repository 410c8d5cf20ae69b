"""Exercises as pages: `{notebook} NN-name` shows a learner's notebook as it is handed out. Nothing of it runs.

The page gets the notebook's text with its headings, its code, and a line above each cell that is the learner's or that
gives points. The notebook itself is what the page's download menu and its box hand out.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from flowersite.exercise import exercise_box, notebook_path

# The notebook's own line says where else it can be opened; the page's box says that, and more.
ALONE = re.compile(r"\s*:::\{notebook\} (\S+)\n:::\s*")
OPEN_LINE = re.compile(r"(?m)^\[Open it on Colab\]\([^)]*\).*\n+")


def label(cell: dict[str, Any]) -> str:
    """Return what stands above a cell: whose it is, or what it is worth; "" for text and examples.

    >>> label({"metadata": {"nbgrader": {"grade": True, "solution": False, "points": 1, "grade_id": "is_scaled"}}})
    'Check `is_scaled`: 1 point'
    """
    known = cell["metadata"].get("nbgrader", {})
    points = known.get("points", 0)
    worth = f"{points} point{'' if points == 1 else 's'}"
    if known.get("solution"):
        return f"Your answer, graded by hand: {worth}" if known.get("grade") else "Your answer"
    return f"Check `{known['grade_id']}`: {worth}" if known.get("grade") else ""


def as_markdown(notebook: dict[str, Any]) -> str:
    """Return a notebook as Markdown, its code as blocks that don't run."""
    parts = []
    for cell in notebook["cells"]:
        if words := label(cell):
            parts.append(f":::{{div}} cell-label\n{words}\n:::")
        is_code = cell["cell_type"] == "code"
        parts.append(f"````python\n{cell['source']}\n````" if is_code else OPEN_LINE.sub("", cell["source"]))
    return "\n\n".join(parts)


def show(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put a notebook's text around the directive that stands on its page alone; it goes below the first heading.

    A directive can't do this itself: MyST hangs the headings that it would parse onto the page, and not into it.
    """
    mark = ALONE.fullmatch(source[0])
    path = Path(app.srcdir).parent / notebook_path(mark[1]) if mark else None
    if mark and path and path.is_file():
        heading, _, rest = as_markdown(nbformat.read(path, as_version=4)).partition("\n")
        source[0] = f"{heading}\n\n{mark[0]}\n{rest}"


class NotebookDirective(SphinxDirective):
    """`{notebook} NN-name`: the whole page. What is left of it, when the text is there, is a box with links."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Make the box; a notebook that is missing is an error of the build."""
        exercise = self.arguments[0]
        path = Path(self.env.srcdir).parent / notebook_path(exercise)
        if not path.is_file():
            raise self.error(f"there is no exercise {notebook_path(exercise)}")
        self.env.note_dependency(str(path))
        self.env.metadata[self.env.docname] |= {"exercise": exercise, "notebook": str(path)}
        return [exercise_box(self.env, exercise, f"To work on it, open exercise {exercise}")]


def offer_exercise(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Lay the notebook where the theme's download menu links to it."""
    if path := app.env.metadata.get(pagename, {}).get("notebook"):
        target = Path(app.outdir) / "_sources" / f"{pagename}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        context["ipynb_source"] = f"{pagename}.ipynb"


def setup(app: Sphinx) -> None:
    """Register the directive and what it stands for."""
    app.add_directive("notebook", NotebookDirective)
    app.connect("source-read", show)
    app.connect("html-page-context", offer_exercise, priority=450)
