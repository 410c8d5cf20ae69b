"""What the build refuses to publish."""

from __future__ import annotations

import pytest

from tests.site.tools import load_tool

check_site = load_tool("check_site")

GOOD = '<html><body><h1>Title</h1><a href="other.html#place">x</a><img src="a.png" alt="A cat"></body></html>'
OTHER = '<html><body><p id="place">here</p><a href="index.html">back</a><a href="#place">up</a></body></html>'


@pytest.fixture
def small_site(tmp_path):
    """A site of two pages and an image, with nothing wrong."""
    (tmp_path / "index.html").write_text(GOOD)
    (tmp_path / "other.html").write_text(OTHER)
    (tmp_path / "a.png").write_bytes(b"png")
    return tmp_path


def problems_with(folder, body, name="index.html"):
    """Return what is wrong when a page has this body."""
    (folder / name).write_text(f"<html><body>{body}</body></html>")
    return check_site.problems_of(folder)


def test_finds_nothing_wrong_with_a_good_site(small_site):
    assert check_site.problems_of(small_site) == []


def test_an_empty_folder_is_no_site(tmp_path):
    assert "there are no pages" in check_site.problems_of(tmp_path)[0]


@pytest.mark.parametrize(
    "body",
    [
        '<script src="https://cdn.example/x.js"></script>',
        '<script src="//cdn.example/x.js"></script>',
        '<link rel="stylesheet" href="https://fonts.example/css">',
        '<link rel="preload" href="https://fonts.example/a.woff2">',
        '<img src="http://pictures.example/a.png" alt="A cat">',
        '<iframe src="https://video.example/1"></iframe>',
    ],
)
def test_refuses_what_a_browser_would_fetch_elsewhere(small_site, body):
    (problem,) = problems_with(small_site, body)
    assert problem.startswith("index.html: fetches ")
    assert problem.endswith("from another host")


def test_refuses_style_sheets_that_fetch_elsewhere(small_site):
    (small_site / "style.css").write_text('@import "https://fonts.example/css";')
    assert any("style.css: fetches from another host" in problem for problem in check_site.problems_of(small_site))


@pytest.mark.parametrize(
    "body",
    [
        '<a href="https://example.org/">a link that a reader may follow</a>',
        '<link rel="canonical" href="https://example.org/index.html">',
        '<a href="mailto:somebody@example.org">mail</a>',
        '<a href="#">top</a>',
        '<img src="data:image/png;base64,AA" alt="A cat">',
        '<img src="a.png" alt="" role="presentation">',
        "<style>b { background: url(data:image/png;base64,AA) }</style>",
    ],
)
def test_lets_pass_what_is_harmless(small_site, body):
    assert problems_with(small_site, body) == []


@pytest.mark.parametrize("link", ["missing.html", "other.html#nowhere", "#nowhere", "folder/", "other%20page.html"])
def test_finds_broken_links(small_site, link):
    assert problems_with(small_site, f'<a href="{link}">x</a>') == [f"index.html: broken link {link}"]


def test_finds_missing_images(small_site):
    assert problems_with(small_site, '<img src="b.png" alt="A dog">') == ["index.html: missing file b.png"]


@pytest.mark.parametrize("attributes", ["", 'alt=""', 'alt="figures/a.png"', 'alt="  "'])
def test_finds_images_without_a_description(small_site, attributes):
    assert problems_with(small_site, f'<img src="a.png" {attributes}>') == [
        "index.html: image a.png has no description"
    ]
