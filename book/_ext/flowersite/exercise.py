"""Exercise boxes and launch buttons, all made from `repository:` in `_config.yml`.

`{exercise} 01-preprocessing` shows a box that links to the notebook on Colab, Binder and the repository and gives the
commands for one's own machine. The page's header gets the same links as buttons.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import nbformat
from docutils import nodes
from jupyter_cache import get_cache
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole


def notebook_path(exercise: str) -> str:
    """Return an exercise's path in the repository.

    >>> notebook_path("01-preprocessing")
    'exercises/01-preprocessing/01-preprocessing.ipynb'
    """
    return f"exercises/{exercise}/{exercise}.ipynb"


def links(repository: str, branch: str, path: str) -> dict[str, str]:
    """Return where a file of the repository can be opened, by name of the place.

    Args:
        repository: The repository's address, such as https://github.com/name/project.
        branch: Branch to open it from.
        path: The file's path in the repository.

    Returns:
        Addresses for "Binder" and "Source", and for "Colab" where the repository is on GitHub and the file a notebook.
    """
    parts = urlsplit(repository)
    name = parts.path.strip("/")
    on_github = parts.netloc == "github.com"
    where = f"gh/{name}" if on_github else f"git/{quote(repository, safe='')}"
    found = {
        "Binder": f"https://mybinder.org/v2/{where}/{branch}?urlpath=lab/tree/{path}",
        "Source": f"{repository}/blob/{branch}/{path}",
    }
    if on_github and path.endswith(".ipynb"):
        found = {"Colab": f"https://colab.research.google.com/github/{name}/blob/{branch}/{path}"} | found
    return found


def _repository(app: Sphinx) -> tuple[str, str]:
    options = app.config.html_theme_options
    return options["repository_url"].rstrip("/"), options.get("repository_branch") or "main"


def exercise_box(env: BuildEnvironment, exercise: str, title: str) -> nodes.admonition:
    """Return a box that says where an exercise can be opened, read, and compared with answers."""
    box = nodes.admonition("", nodes.title("", title), _where_to_open(env, exercise), classes=["exercise"])
    box += _where_to_read(env, exercise)
    return box


def _where_to_open(env: BuildEnvironment, exercise: str) -> nodes.paragraph:
    path = notebook_path(exercise)
    paragraph = nodes.paragraph("", "Open it: ")
    for place, address in links(*_repository(env.app), path).items():
        text = "in the repository" if place == "Source" else f"on {place}"
        paragraph += [nodes.reference("", text, refuri=address), nodes.Text(" · ")]
    file = nodes.Text("download")
    paragraph += addnodes.download_reference("", "", file, refdoc=env.docname, reftarget=f"/../{path}")
    paragraph += [nodes.Text(". On your own machine: "), nodes.literal("", "make lab")]
    paragraph += [nodes.Text(", then open "), nodes.literal("", path), nodes.Text(".")]
    return paragraph


def _where_to_read(env: BuildEnvironment, exercise: str) -> list[nodes.Node]:
    """Return links to the exercise's page and to its walkthrough, nothing where this site has neither."""
    pages = {"exercises": "Read it here first", "walkthroughs": "When you have tried: right ways and easy mistakes"}
    paragraph = nodes.paragraph()
    for folder, text in pages.items():
        page = f"{folder}/{exercise}"
        if page in env.found_docs and page != env.docname:
            paragraph += [nodes.Text(" · ")] if paragraph.children else []
            options = {"refdomain": "std", "reftype": "doc", "refexplicit": True, "refwarn": True}
            words = nodes.inline("", text)
            paragraph += addnodes.pending_xref("", words, reftarget=f"/{page}", refdoc=env.docname, **options)
    return [paragraph] if paragraph.children else []


class ExerciseDirective(SphinxDirective):
    """`{exercise} NN-name`: the box; its content, if any, says what the learner will build."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make the box and remember the exercise for the page's launch buttons."""
        exercise = self.arguments[0]
        self.env.metadata[self.env.docname]["exercise"] = exercise
        box = exercise_box(self.env, exercise, f"Your turn: exercise {exercise}")
        if self.content:
            said = nodes.container()
            self.state.nested_parse(self.content, self.content_offset, said)
            box[1:1] = said.children
        return [box]


class RepositoryRole(SphinxRole):
    """`{repository}`path`` links to a file of the repository; an empty path (`.`) to the repository itself."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the link."""
        address, branch = _repository(self.env.app)
        if self.text == ".":
            return [nodes.reference("", address, refuri=address)], []
        kind = "tree" if self.text.endswith("/") else "blob"
        reference = nodes.reference("", "", refuri=f"{address}/{kind}/{branch}/{self.text.rstrip('/')}")
        reference += nodes.literal("", self.text)
        return [reference], []


def with_results(notebook: nbformat.NotebookNode, app: Sphinx) -> nbformat.NotebookNode:
    """Return a page's notebook with its outputs.

    MyST-NB writes it without them where they came from the cache; then they are taken from there once more.
    """
    if not any(cell.get("outputs") for cell in notebook.cells):
        with contextlib.suppress(KeyError):  # not in the cache: nothing in it has an output
            _, notebook = get_cache(app.env.mystnb_config.execution_cache_path).merge_match_into_notebook(notebook)
    return notebook


def offer_notebook(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree) -> None:
    """Lay the executed page beside its source as a notebook, where the theme's download menu links to it."""
    output = Path(app.outdir)
    executed = output.parent / "jupyter_execute" / f"{pagename}.ipynb"
    if app.builder.name == "html" and "kernelspec" in app.env.metadata.get(pagename, {}) and executed.is_file():
        target = output / "_sources" / f"{pagename}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(with_results(nbformat.read(executed, as_version=4), app), target)
        context["ipynb_source"] = f"{pagename}.ipynb"


def add_launch_buttons(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree) -> None:
    """Put "open on Colab" and "open on Binder" into the header of every page that has an exercise or runs code."""
    metadata = app.env.metadata.get(pagename, {})
    if "header_buttons" not in context:
        return
    if "exercise" in metadata:
        path, what = notebook_path(metadata["exercise"]), f"exercise {metadata['exercise']}"
    elif "kernelspec" in metadata:
        path, what = f"book/{pagename}.md", "this page"
    else:
        return
    buttons = [
        {"type": "link", "text": place, "tooltip": f"Open {what} on {place}", "icon": "fas fa-rocket", "url": address}
        for place, address in links(*_repository(app), path).items()
        if place != "Source"
    ]
    group = {
        "type": "group",
        "tooltip": f"Launch {what}",
        "icon": "fas fa-rocket",
        "buttons": buttons,
        "label": "launch-buttons",
    }
    context["header_buttons"].insert(0, group)


def setup(app: Sphinx) -> None:
    """Register the directive, the role and the buttons (before and after the theme, which makes the menus)."""
    app.add_directive("exercise", ExerciseDirective)
    app.add_role("repository", RepositoryRole())
    app.connect("html-page-context", offer_notebook, priority=450)
    app.connect("html-page-context", add_launch_buttons, priority=900)
