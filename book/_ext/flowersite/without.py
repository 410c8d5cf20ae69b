"""What the pages do without: Thebe, which asks another host for a kernel, and roles that mislead screen readers."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

# Docutils marks a bibliography as a list whose items have a role that no list may contain.
ROLES = ((' role="list" class="citation-list"', ' class="citation-list"'), (' role="doc-biblioentry"', ""))


def thebe(app: Sphinx, config: Any) -> None:
    """Take back what the extension sphinx_thebe has connected; Jupyter Book always loads it."""
    for listeners in app.events.listeners.values():
        listeners[:] = [listener for listener in listeners if listener.handler.__module__ != "sphinx_thebe"]
    app.registry.css_files[:] = [file for file in app.registry.css_files if "thebe" not in file[0]]
    app.registry.js_files[:] = [file for file in app.registry.js_files if "thebe" not in (file[0] or "")]


def roles(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: object) -> None:
    """Remove misleading roles from a page."""
    for wrong, right in ROLES:
        context["body"] = context.get("body", "").replace(wrong, right)


def setup(app: Sphinx) -> None:
    """Connect both."""
    app.connect("config-inited", thebe)
    app.connect("html-page-context", roles)
