"""Texts and pages made from templates. Whatever is put into an HTML page is escaped."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2


@cache
def template(path: Path) -> jinja2.Template:
    """Return the template in this file; in those for HTML, every value is escaped unless it is marked as HTML."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(path.parent),
        autoescape=jinja2.select_autoescape(["html.j2"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(path.name)
