"""What the tests of the site share: the tools that build it, and the list of its pages."""

from __future__ import annotations

import html
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import yaml

ROOT = Path(__file__).resolve().parents[2]


def load_tool(name: str) -> ModuleType:
    """Import a program of build_tools/ under a name that hides no module of Python's own, such as `site`."""
    folder = str(ROOT / "build_tools")
    if folder not in sys.path:
        sys.path.append(folder)
    spec = importlib.util.spec_from_file_location(f"build_tools_{name}", ROOT / "build_tools" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def extension() -> ModuleType:
    """Import the site's Sphinx extension."""
    folder = str(ROOT / "book" / "_ext")
    if folder not in sys.path:
        sys.path.append(folder)
    import flowersite

    return flowersite


def pages_by_part() -> dict[str, list[str]]:
    """Return the names of the site's pages by part of the navigation, the welcome page under ""."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = {part["caption"]: [chapter["file"] for chapter in part["chapters"]] for part in toc["parts"]}
    return {"": [toc["root"]]} | parts


PAGES = [page for group in pages_by_part().values() for page in group]
LESSONS = ["first-network", *pages_by_part()["Lessons"]]


def source(page: str) -> str:
    """Return a page's Markdown."""
    return (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")


# The first lesson, and the one on data, are read; the others have an exercise, which their rocket opens.
LESSONS_WITH_EXERCISE = [lesson for lesson in LESSONS if "\n:::{exercise}" in source(lesson)]


def plain(text: str) -> str:
    """Return text without tags and without differences in spaces and quotes."""
    bare = html.unescape(re.sub(r"</?[a-zA-Z!][^<>]*>", "", text)).translate(str.maketrans("“”‘’", "\"\"''"))
    return re.sub(r"\s+", " ", bare.replace('\\"', '"'))
