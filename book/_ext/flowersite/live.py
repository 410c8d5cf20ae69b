"""Places for live parts: what a page's script fills in, where the site was built with what that script loads.

    :::{live} try
    Sentences that stand there until the script has filled the place.
    :::

A cell can display such a place, too, and calls its sentence `<p class="live-waiting">`.

The script is the module `_static/try/page.js`. What it loads lies in the folder that the environment variable
FLOWERCOURSE_LIVE names, as build_tools/live.py left it, and is copied beside it (`_static/try/tfjs` and so on).
Where something was not to be had, the page says so in place of the live part. Without JavaScript it says that.
"""

from __future__ import annotations

import json
import os
import shutil
from html import escape
from pathlib import Path, PurePosixPath

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

NOT_MADE = "it was built without what the live part needs. The command “make site” adds it."
WITHOUT_SCRIPT = (
    "JavaScript is switched off in this browser, and this part needs it: the network runs in the page itself. "
    "The rest of the course does not."
)


def missing() -> str:
    """Return why live parts can't be there, as half a sentence; "" where they can."""
    folder = os.environ.get("FLOWERCOURSE_LIVE")
    if not folder or not Path(folder).is_dir():
        return NOT_MADE
    note = Path(folder) / "missing.txt"
    return note.read_text(encoding="utf-8").strip() if note.is_file() else ""


def sizes() -> dict[str, int]:
    """Return the bytes of each file that a live part may load, by its path below the folder of its script."""
    folder = Path(os.environ["FLOWERCOURSE_LIVE"])
    return {str(PurePosixPath(p.relative_to(folder))): p.stat().st_size for p in folder.rglob("*") if p.is_file()}


class LiveDirective(SphinxDirective):
    """`{live} NAME`: the place that `_static/NAME/page.js` fills."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Make the place, or the sentence that stands for it."""
        name = self.arguments[0]
        self.env.metadata[self.env.docname]["live"] = name
        if reason := missing():
            text = f"The live part of this page is missing in this copy of the site: {reason}"
            note = nodes.admonition("", nodes.title("", "Not in this copy"), classes=["live-missing"])
            note += nodes.paragraph("", text)
            return [note]
        place = nodes.container(classes=["live-waiting"])
        self.state.nested_parse(self.content, self.content_offset, place)
        before = f'<div class="live" id="live-{name}" data-files="{escape(json.dumps(sizes()))}">'
        after = (
            f"</div><noscript><p><strong>{escape(WITHOUT_SCRIPT)}</strong></p></noscript>"
            f'<script type="module" src="_static/{name}/page.js"></script>'
        )
        return [nodes.raw("", before, format="html"), place, nodes.raw("", after, format="html")]


def reread(app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Have pages with live parts read again: whether the part can be there does not stand in their source."""
    return [name for name, metadata in env.metadata.items() if "live" in metadata]


def copy_parts(app: Sphinx, exception: Exception | None) -> None:
    """Lay what scripts load beside them."""
    names = {metadata["live"] for metadata in app.env.metadata.values() if "live" in metadata}
    if exception is not None or missing() or app.builder.name != "html":
        return
    for name in names:
        target = Path(app.outdir) / "_static" / name
        shutil.copytree(os.environ["FLOWERCOURSE_LIVE"], target, dirs_exist_ok=True)


def modules_only_where_imported(app: Sphinx, config: Config) -> None:
    """Keep scripts of sub-folders out of every page: they are modules, and only the pages that import them load them.

    Jupyter Book would add every script below `_static` to each page.
    """
    names = ((one if isinstance(one, str) else one[0], one) for one in config.html_js_files)
    config.html_js_files = [one for name, one in names if "/" not in name or "://" in name]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("live", LiveDirective)
    app.connect("config-inited", modules_only_where_imported, priority=100)
    app.connect("env-get-outdated", reread)
    app.connect("build-finished", copy_parts)
