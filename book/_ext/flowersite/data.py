"""Files that an executed page hands over to its scripts.

A cell can display elements such as these, and they become files below `_static/data`, which scripts fetch when they
need them. So what a cell computed stays in the cache of executed pages, and the page itself stays light.

    <script type="text/plain" data-file="predictions.json">{"labels": [0, 1]}</script>
    <script type="text/plain" data-file="predictions.jpg" data-encoding="base64">/9j/4AAQ</script>
"""

from __future__ import annotations

import base64
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

HANDED_OVER = re.compile(
    r'<script type="text/plain" data-file="([a-z][a-z0-9-]*\.[a-z]+)"( data-encoding="base64")?>([^<]*)</script>\s*'
)


def split(body: str) -> tuple[str, dict[str, bytes]]:
    """Return a page without the files that it holds, and these by name.

    >>> split('<p>a</p><script type="text/plain" data-file="b.json">[1]</script>')
    ('<p>a</p>', {'b.json': b'[1]'})
    """
    found = {
        name: base64.b64decode(content) if encoded else content.encode()
        for name, encoded, content in HANDED_OVER.findall(body)
    }
    return HANDED_OVER.sub("", body), found


def write_files(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Take a page's files out of it, and lay them where scripts find them."""
    context["body"], files = split(context.get("body", ""))
    folder = Path(app.outdir) / "_static" / "data"
    for name, content in files.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def setup(app: Sphinx) -> None:
    """Connect it."""
    app.connect("html-page-context", write_files)
