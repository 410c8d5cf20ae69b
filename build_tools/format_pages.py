"""Format the code cells of the site's pages, so that every line fits into the column in which it is read.

    python build_tools/format_pages.py [--check]

Cells keep their options (`:tags:` lines or a YAML block); the code below them goes through `ruff format` with a line
length of 84. What ruff cannot break, such as a long docstring, is reported.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 84  # characters that fit beside the navigation on a laptop
CELL = re.compile(
    r"(?m)^(?P<open>```\{code-cell\}[^\n]*\n(?:---\n(?s:.*?)\n---\n|(?::[^\n]*\n)*)\n?)(?P<code>(?s:.*?))^```$"
)

# What is shown and not run: commands, files, pieces of code.
SHOWN = re.compile(r"(?ms)^(?P<indent> *)```(?:bash|python|text|toml|yaml|json)\n(?P<code>.*?)^(?P=indent)```$")


def format_code(code: str) -> str:
    """Return a cell's code as `ruff format` writes it.

    Raises:
        ValueError: ruff could not read the code; the message is ruff's.
    """
    command = [str(Path(sys.executable).parent / "ruff"), "format", "--isolated", "--line-length", str(WIDTH), "-"]
    done = subprocess.run(command, input=code, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.strip())
    return done.stdout


def format_page(text: str) -> str:
    """Return a page with all its code cells formatted; everything else stays as it is."""
    return CELL.sub(lambda cell: f"{cell['open']}{format_code(cell['code'])}```", text)


def open_cells(text: str) -> list[re.Match[str]]:
    """Return a page's code cells, but for those that are folded or left out."""
    return [cell for cell in CELL.finditer(text) if not re.search(r"hide-|remove-", cell["open"])]


def long_lines(text: str) -> list[str]:
    """Return the lines of code that are too long for the page, but for cells that are folded or left out."""
    shown = [*open_cells(text), *SHOWN.finditer(text)]
    return [line for cell in shown for line in cell["code"].splitlines() if len(line) > WIDTH]


def main() -> None:
    """Format every page; with --check, say what would change and exit 1."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if something is to be changed")
    options = parser.parse_args()
    complaints = []
    for path in sorted((ROOT / "book").rglob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = format_page(before)
        if after != before:
            if options.check:
                complaints.append(f"{path.relative_to(ROOT)}: not formatted")
            else:
                path.write_text(after, encoding="utf-8")
        complaints += [f"{path.relative_to(ROOT)}: too long: {line.strip()}" for line in long_lines(after)]
    if complaints:
        sys.exit("\n".join(complaints))


if __name__ == "__main__":
    main()
