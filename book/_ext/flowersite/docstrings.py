"""Docstrings are plain text with code in backticks: what else reStructuredText would read into them is escaped.

So `|x - y|` in a docstring is an absolute value and no substitution, `2 * 3` is a product, and no docstring can break
the build of the reference by accident.
"""

from __future__ import annotations

import re

from sphinx.application import Sphinx

CODE = re.compile(r"(``.+?``|`[^`]+`)")
SECTION = re.compile(r"[A-Z][A-Za-z ]*:$")
ITEM = re.compile(r"([-*+]|\d+\.) ")
SPECIAL = re.compile(r"[|*]|(?<=\w)_(?!\w)")


def escape_line(line: str) -> str:
    """Escape the marks of reStructuredText outside backticks.

    >>> print(escape_line("at most |found - `a|b`| * 2"))
    at most \\|found - `a|b`\\| \\* 2
    """
    pieces = CODE.split(line)
    pieces[::2] = [SPECIAL.sub(lambda mark: f"\\{mark.group()}", piece) for piece in pieces[::2]]
    return "".join(pieces)


def mark_code(lines: list[str]) -> list[str]:
    """Return a docstring's lines with a `::` before each indented passage that stands on its own, which is code.

    What is indented below a heading of Google's style (`Args:`) or a list's item is none.
    """
    marked: list[str] = []
    above, in_section, in_code = "", False, False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if line.strip() and not indent:
            in_section, in_code = bool(SECTION.match(line)), False
        starts = line.strip() and indent >= 4 and marked and not marked[-1].strip() and above[:1].strip()
        if starts and not in_section and not in_code and not ITEM.match(above) and not above.endswith("::"):
            marked += ["::", ""]
            in_code = True
        if line.strip() and not (in_code and indent):
            above = line
        marked.append(line)
    return marked


def escape(lines: list[str]) -> list[str]:
    """Escape a docstring's lines, but for examples (`>>>` up to a blank line) and what is indented after `::`."""
    escaped = []
    literal: int | None = None  # indentation of the line that opened the literal block
    example = False
    for line in lines:
        indent = len(line) - len(line.lstrip())
        if literal is not None and line.strip() and indent <= literal:
            literal = None
        example = bool(line.strip()) and (example or line.lstrip().startswith(">>>"))
        escaped.append(line if example or literal is not None else escape_line(line))
        if literal is None and line.rstrip().endswith("::"):
            literal = indent
    return escaped


def process(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Escape a docstring in place, before Napoleon turns its sections into reStructuredText."""
    lines[:] = escape(mark_code(lines))


def setup(app: Sphinx) -> None:
    """Connect, ahead of Napoleon."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", process, priority=100)
