"""Print the built site as one PDF, with a cover, a table of contents and page numbers, through Chromium.

    python build_tools/pdf.py [--out _build/course.pdf]

The pages of _build/site are put into one document in the order of the navigation; links between them become links
inside it. Code that is folded away on the site is left out, and quizzes show their answers, explained. No LaTeX.
"""

from __future__ import annotations

import argparse
import datetime
import html
import posixpath
import shutil
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag
from playwright.sync_api import Browser, sync_playwright
from system_packages import NEEDED

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "site"

# Parts of a page that make no sense on paper.
LEFT_OUT = ("details.above-input", ".headerlink", ".quiz-check", ".quiz-feedback", "button", "script", ".screen-only")

STYLE = """
@page { size: A4; margin: 20mm 18mm 22mm 18mm; }
html, body { background: #fff; font-size: 10.5pt; height: auto; overflow: visible; }
.bd-article { max-width: none; padding: 0; }
section.chapter { break-before: page; }
.bd-article h1 { font-size: 22pt; }
.bd-article h2 { font-size: 15pt; margin-top: 1.6em; break-after: avoid; }
.bd-article h3 { font-size: 12pt; break-after: avoid; }
.bd-article div.highlight pre { font-size: 7.9pt; white-space: pre-wrap; }
.bd-article figure, .bd-article table, .admonition { break-inside: avoid; }
.bd-article figure img, .bd-article .cell_output img { max-height: 200mm; }
.cover { height: 245mm; display: flex; flex-direction: column; justify-content: center; text-align: center; }
.cover img { width: 50mm; margin: 0 auto 14mm; }
.cover h1 { font-size: 34pt; margin: 0 0 6mm; }
.cover p { font-size: 13pt; margin: 0 0 2mm; }
.contents-page { break-before: page; }
.contents-page ol { list-style: none; padding: 0; line-height: 2; font-size: 12pt; }
.contents-page .caption { font-weight: 700; margin-top: 5mm; }
"""
FOOTER = """<div style="width: 100%; font: 8pt 'DejaVu Sans', sans-serif; color: #555; padding: 0 18mm; display: flex;
justify-content: space-between"><span>{title}</span><span class="pageNumber"></span></div>"""


def settings() -> tuple[dict, list[tuple[str, list[str]]]]:
    """Return the site's settings, and its pages in order: (caption, page names) for each part of the navigation."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    parts = [(part["caption"], [chapter["file"] for chapter in part["chapters"]]) for part in toc["parts"]]
    return config, [("", [toc["root"]]), *parts]


def anchor(page: str, fragment: str = "") -> str:
    """Return the name of a place in the long document.

    >>> anchor("instructors/guide", "grading")
    'instructors-guide--grading'
    """
    return page.replace("/", "-") + (f"--{fragment}" if fragment else "")


def _inside(link: str, page: str, pages: set[str]) -> str | None:
    """Return where a link of a page leads inside the long document, None where it leaves it."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), unquote(parts.path))) if parts.path else page
    name = path.removesuffix(".html")
    return f"#{anchor(name, parts.fragment)}" if name in pages else None


def chapter(page: str, pages: set[str], address: str) -> Tag:
    """Return a page's article with identifiers, links and image addresses fit for the long document.

    Args:
        page: The page's name, such as "instructors/guide".
        pages: Names of all pages in the document.
        address: The repository's address; links that leave the document lead there when they are relative.
    """
    soup = BeautifulSoup((SITE / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    article = soup.select_one("article.bd-article")
    for unwanted in article.select(", ".join(LEFT_OUT)):
        unwanted.decompose()
    for element in article.select("[id]"):
        element["id"] = anchor(page, element["id"])
    for element in article.select("[for]"):
        element["for"] = anchor(page, element["for"])
    for link in article.select("a[href]"):
        link["href"] = _inside(link["href"], page, pages) or (link["href"] if "://" in link["href"] else address)
    for image in article.select("img[src]"):
        image["src"] = posixpath.normpath(posixpath.join(posixpath.dirname(page), image["src"]))
    for details in article.select("details"):
        details["open"] = ""
    section = soup.new_tag("section", attrs={"class": "chapter", "id": anchor(page)})
    section.append(article.extract())
    return section


def document() -> str:
    """Return the whole course as one HTML page that stands in the site's top folder."""
    config, parts = settings()
    pages = {page for _, group in parts for page in group}
    sections, contents = [], []
    for caption, group in parts:
        contents.append(f'<li class="caption">{html.escape(caption)}</li>' if caption else "")
        for page in group:
            section = chapter(page, pages, config["repository"]["url"])
            title = section.find("h1").get_text().strip()
            contents.append(f'<li><a href="#{anchor(page)}">{html.escape(title)}</a></li>')
            sections.append(str(section))
    title = html.escape(config["title"])
    first = BeautifulSoup((SITE / "index.html").read_text(encoding="utf-8"), "html.parser")
    styles = "".join(str(link) for link in first.select('link[rel="stylesheet"]'))
    today = datetime.date.today().strftime("%B %-d, %Y") if sys.platform != "win32" else str(datetime.date.today())
    return f"""<!DOCTYPE html><html lang="en" data-theme="light" data-mode="light"><head><meta charset="utf-8">
<title>{title}</title>{styles}<style>{STYLE}</style></head><body>
<section class="cover"><img src="_static/flower.svg" alt=""><h1>{title}</h1>
<p>{html.escape(config["author"])}</p><p>{today}</p><p>{html.escape(config["repository"]["url"])}</p></section>
<nav class="contents-page"><h2>Contents</h2><ol>{"".join(contents)}</ol></nav>
<main class="bd-content">{"".join(sections)}</main></body></html>"""


def browser_path() -> str:
    """Return a Chromium; exits where there is none."""
    browsers = next(programs for programs, package, *_ in NEEDED if package == "chromium")
    found = next((path for name in browsers if (path := shutil.which(name))), None)
    return found or sys.exit("The PDF is printed by Chromium, and none is installed here. Try: make system")


def print_pdf(source: Path, target: Path, title: str, browser: Browser) -> None:
    """Let Chromium print a local HTML file.

    Args:
        source: The HTML file.
        target: The PDF to write.
        title: Stands in the footer of each page, beside the page's number.
        browser: A running Chromium.
    """
    page = browser.new_page()
    page.goto(source.as_uri(), wait_until="load")
    page.pdf(
        path=str(target),
        prefer_css_page_size=True,
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER.format(title=html.escape(title)),
        outline=True,
        tagged=True,
    )
    page.close()


def main() -> None:
    """Parse the command line, put the document together, print it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--out", type=Path, default=ROOT / "_build" / "course.pdf", help="file (default: %(default)s)")
    options = parser.parse_args()
    if not (SITE / "index.html").is_file():
        sys.exit("There is no site yet to make a PDF of. Build it first: python build_tools/site.py")
    source = SITE / "whole-course.html"
    source.write_text(document(), encoding="utf-8")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=browser_path(), args=["--no-sandbox"])
            print_pdf(source, options.out, settings()[0]["title"], browser)
            browser.close()
    finally:
        source.unlink()
    print(f"{options.out} ({options.out.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
