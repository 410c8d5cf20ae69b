"""What `build_tools/site.py` does with a good page, and with pages that must not be published."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.site.tools import ROOT, load_tool

pytestmark = pytest.mark.notebook

NOTEBOOK = """---
file_format: mystnb
kernelspec:
  name: python3
---
# A page

```{code-cell} python
%s
```
"""
MISTAKE = NOTEBOOK.replace("# A page\n", "# A page\n\n:::{after-trying} it\n:::\n") % (
    ":tags: [raises-exception]\n\nprint('passed')"
)
SETTINGS = """title: A small book
execute: {execute_notebooks: cache, raise_on_error: true}
repository: {url: https://github.com/somebody/course, branch: main}
launch_buttons: {thebe: false}
sphinx:
  local_extensions: {flowersite: book/_ext}
  config: {html_math_renderer: mathml, language: en, nb_execution_show_tb: true}
"""


@pytest.fixture(scope="module")
def small_book(tmp_path_factory) -> Path:
    """A project with one page, the course's extension, and nothing else; built once so that later builds are quick."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "book" / "_ext", folder / "book" / "_ext")
    (folder / "_config.yml").write_text(SETTINGS, encoding="utf-8")
    (folder / "_toc.yml").write_text("format: jb-book\nroot: index\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def warm_python():
    """A Python that has imported Jupyter Book and what it loads, which takes longer than a page."""
    warm = load_tool("warm")
    if not warm.AVAILABLE:
        yield None
        return
    modules = ("jupyter_book.cli.main", "jupyter_book.sphinx", "myst_nb.sphinx_ext", "sphinx_book_theme")
    with warm.WarmPython([*modules, "sphinxcontrib.bibtex", "sphinx.builders.html"]) as python:
        yield python


@pytest.fixture
def builder(small_book, monkeypatch, warm_python, tmp_path):
    """The build program, working on the small project, whose pages stand on nothing."""
    tool = load_tool("site")

    def run(command):
        """Run a Python program as the tool does, but from the warm Python."""
        with (tmp_path / "said").open("w+") as said:
            options = {"env": tool.course_environment(), "cwd": small_book}
            status = warm_python.start(command, **options, stdout=said.fileno(), stderr=said.fileno()).wait()
            said.seek(0)
            print(said.read())
        return status

    if warm_python:
        monkeypatch.setattr(tool, "run", run)
    work = small_book / "_build" / "book"
    places = {
        "ROOT": small_book,
        "WORK": work,
        "HTML": work / "_build" / "html",
        "SITE": small_book / "_build" / "site",
        "STAMP": work / "stands-on.txt",
        "SOURCES": ("book", "_config.yml", "_toc.yml"),
    }
    for name, value in places.items():
        monkeypatch.setattr(tool, name, value)
    monkeypatch.setattr(tool, "fingerprint", lambda: "nothing")
    monkeypatch.setattr(tool, "execute_pages", lambda: None)
    monkeypatch.setattr(tool.live, "state", lambda: "nothing")
    return tool


def write(folder: Path, text: str) -> None:
    """Replace the project's only page."""
    (folder / "book" / "index.md").write_text(text, encoding="utf-8")


def published(folder: Path) -> str:
    """Return the published page."""
    return (folder / "_build" / "site" / "index.html").read_text(encoding="utf-8")


@pytest.fixture
def published_once(builder, small_book) -> str:
    """The page after a good build."""
    write(small_book, NOTEBOOK % "print(6 * 7)")
    builder.build()
    return published(small_book)


def test_a_good_page_is_executed_and_published(published_once, small_book):
    assert ">42\n" in published_once
    assert (small_book / "_build" / "site" / ".nojekyll").exists()


def test_what_has_not_changed_is_not_built_again(builder, small_book, published_once, monkeypatch, capsys):
    monkeypatch.setattr(builder, "jupyter_book", lambda: pytest.fail("built again"))
    builder.build()
    assert "up to date" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("page", "complaint"),
    [
        (NOTEBOOK % "1 / 0", "ZeroDivisionError"),
        ("# A page\n\nSee {doc}`nowhere`.\n", "counts as an error"),
        ("# A page\n\n:::{quiz}\n? Why?\n+ so\n:::\n", "counts as an error"),
        ('# A page\n\n<a href="nowhere.html">this</a>\n', "broken link nowhere.html"),
        ('# A page\n\n<img src="https://example.org/a.png" alt="a cat">\n', "from another host"),
        ("# A page\n\n![](picture.png)\n", "has no description"),
        (MISTAKE, "no check fails in the cell"),
    ],
    ids=["failed cell", "dead reference", "bad quiz", "dead link", "other host", "undescribed", "no mistake"],
)
def test_a_bad_page_stops_the_build_and_leaves_the_last_good_site(
    builder, small_book, published_once, capsys, page, complaint
):
    shutil.copy(ROOT / "book" / "_static" / "flower.svg", small_book / "book" / "picture.png")
    write(small_book, page)
    with pytest.raises(SystemExit) as stopped:
        builder.build()
    assert stopped.value.code not in (0, None)
    assert complaint in capsys.readouterr().out + str(stopped.value)
    assert published(small_book) == published_once


CLAIM = """from flowercourse import claims
losses = %s
print("lowest:", min(losses))
claims.show("the loss turns up again", losses[-1] > 1.1 * min(losses), last=losses[-1])"""


def test_a_page_that_claims_what_its_numbers_do_not_show_stops_the_build(builder, small_book, published_once, capsys):
    write(small_book, NOTEBOOK % (CLAIM % "[1.0, 0.5, 0.9]"))
    builder.build()
    shown = published(small_book)
    assert "lowest: 0.5" in shown

    write(small_book, NOTEBOOK % (CLAIM % "[1.0, 0.5, 0.4]"))
    with pytest.raises(SystemExit) as stopped:
        builder.build()
    said = capsys.readouterr().out + str(stopped.value)
    assert "The text claims: the loss turns up again" in said
    assert "last = 0.4" in said
    assert published(small_book) == shown


LIVE_PAGE = "# A page\n\n:::{live} try\nWait for it.\n:::\n"


class TestLivePart:
    """A page whose script fills a place, if the site was built with what the script loads."""

    @pytest.fixture
    def project(self, builder, small_book, monkeypatch):
        """The small project with such a page, and a folder for what its script loads."""
        scripts = small_book / "book" / "_static" / "try"
        scripts.mkdir(parents=True, exist_ok=True)
        (scripts / "page.js").write_text('import "./other.js";\n', encoding="utf-8")
        write(small_book, LIVE_PAGE)
        monkeypatch.setattr(builder, "LIVE", small_book / "_build" / "live")
        shutil.rmtree(builder.LIVE, ignore_errors=True)
        builder.LIVE.mkdir(parents=True)
        yield builder
        shutil.rmtree(small_book / "book" / "_static")

    def test_is_missing_with_the_reason_and_comes_back(self, project, small_book, monkeypatch):
        (project.LIVE / "missing.txt").write_text("npm had a bad day.\n", encoding="utf-8")
        project.build()
        assert "missing in this copy of the site: npm had a bad day." in published(small_book)
        assert "page.js" not in published(small_book)

        (project.LIVE / "missing.txt").unlink()
        (project.LIVE / "network.bin").write_bytes(b"12345")
        monkeypatch.setattr(project.live, "state", lambda: "npm is well again")
        project.build()
        page = published(small_book)
        assert "missing in this copy" not in page
        assert "Wait for it." in page
        assert "{&quot;network.bin&quot;: 5}" in page
        assert page.count("page.js") == 1, "as a module of this page, and not as a script of every page"
        assert (small_book / "_build" / "site" / "_static" / "try" / "network.bin").read_bytes() == b"12345"
