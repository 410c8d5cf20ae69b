"""Answers that stay folded until a reader says that she has tried.

    ## Step 1

    :::{after-trying} step 1
    :::

    What follows, up to the next heading of the same level, cells included.

The page shows a plain `<details>` element, which works with a keyboard, with screen readers and without JavaScript.
Search does not show what stands on such a page. A cell that is tagged `raises-exception` shows a mistake: the build
ends where the check that it calls finds nothing wrong.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import nbformat
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from flowersite.exercise import with_results

logger = logging.getLogger(__name__)


class after_trying(nodes.General, nodes.Element):  # noqa: N801  (docutils names nodes so)
    """What is folded away; `summary` is the line that unfolds it."""


class AfterTryingDirective(SphinxDirective):
    """`{after-trying} WHAT`: folds the rest of its section."""

    required_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Mark the place."""
        self.env.metadata[self.env.docname] |= {"after_trying": True, "nosearch": True}
        return [after_trying("", summary=f"I have tried {self.arguments[0]}: show me")]


class Fold(SphinxTransform):
    """Moves what follows a mark into it; cells can't stand inside of a directive."""

    default_priority = 210

    def apply(self) -> None:
        """Move it."""
        for mark in list(self.document.findall(after_trying)):
            position = mark.parent.index(mark) + 1
            following = mark.parent.children[position:]
            del mark.parent[position:]
            mark.extend(following)
            for said in mark.findall(nodes.literal_block):
                if said.get("language") == "ipythontb":  # what a check says is words, and no traceback
                    said["language"] = "text"


def _visit(translator, node: after_trying) -> None:
    translator.body.append(f'<details class="after-trying"><summary>{escape(node["summary"])}</summary>\n')


def _depart(translator, node: after_trying) -> None:
    translator.body.append("</details>\n")


def _pass(translator, node: nodes.Node) -> None:
    """Other writers show what is inside."""


def without_failure(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the source of each cell that shows a mistake, but of which no check has said anything."""
    shown = [cell for cell in notebook.cells if "raises-exception" in cell.metadata.get("tags", ())]
    failed = ("CheckFailed",)
    return [cell.source for cell in shown if not any(output.get("ename") in failed for output in cell.outputs)]


def demand_messages(app: Sphinx, env: BuildEnvironment) -> None:
    """Warn, which ends the build, of a mistake that its check takes for a right answer."""
    for name, metadata in env.metadata.items():
        executed = Path(app.outdir).parent / "jupyter_execute" / f"{name}.ipynb"
        if "after_trying" in metadata and executed.is_file():
            for source in without_failure(with_results(nbformat.read(executed, as_version=4), app)):
                logger.warning("no check fails in the cell %r", source[:200], location=name)


def setup(app: Sphinx) -> None:
    """Register the directive and how its node is written."""
    app.add_directive("after-trying", AfterTryingDirective)
    app.add_transform(Fold)
    plain = dict.fromkeys(("latex", "text", "man", "texinfo"), (_pass, _pass))
    app.add_node(after_trying, html=(_visit, _depart), **plain)
    app.connect("env-check-consistency", demand_messages)
