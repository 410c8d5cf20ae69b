"""The templates that the autograder's texts and pages are made from. Whatever is put into an HTML page is escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

FOLDER = Path(__file__).parent / "templates"


@cache
def template(name: str) -> jinja2.Template:
    """Return the template of this name; in those for HTML, every value is escaped unless it is marked as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)
