"""The whole course as one PDF."""

from __future__ import annotations

import re

import pytest

from tests.site.tools import PAGES, load_tool

pdf = load_tool("pdf")


@pytest.fixture(scope="module")
def document(site) -> str:
    """The course as one HTML page, as it goes to the printer."""
    return pdf.document()


def test_has_every_page_once_and_in_order(document):
    assert re.findall(r'<section class="chapter" id="([^"]+)"', document) == [pdf.anchor(page) for page in PAGES]


def test_names_are_unique_and_links_lead_to_them(document):
    names = re.findall(r'\sid="([^"]+)"', document)
    assert len(names) == len(set(names))
    targets = set(re.findall(r'href="#([^"]+)"', document))
    assert targets <= set(names)
    assert not re.findall(r'href="(?!https?://|#|mailto:)[^"]*\.html', document)


def test_pictures_are_where_the_document_says(document, site):
    images = [src for src in re.findall(r'<img [^>]*src="([^"]+)"', document) if not src.startswith("data:")]
    assert len(images) > 10
    assert all((site / image).is_file() for image in images)


def test_has_no_buttons_and_no_folded_code(document):
    assert "<button" not in document
    assert "above-input" not in document
    assert "Answers, explained" in document


@pytest.mark.browser
def test_prints_a_cover_and_numbered_pages(browser, site, tmp_path, monkeypatch):
    small = tmp_path / "small.html"
    small.write_text("<title>t</title><h1>Cover</h1><p style='break-before: page'>Second page</p>", encoding="utf-8")
    pdf.print_pdf(small, tmp_path / "small.pdf", "A course", browser=browser)
    content = (tmp_path / "small.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type\s*/Page\b", content)) == 2
